/*
 * work: the rows of a graph that is traced by and by: in the background between keys, and all at once where a
 * command needs the whole graph.
 */
#ifndef TUI_WORK_H
#define TUI_WORK_H

#include <stdbool.h>

struct app;

/* Is there any to do, now? */
bool work_waits(const struct app *a);
/* Some of it, until a key is pressed, a tenth of a second at most; returns what changed (enum did). */
int work_step(struct app *a);
/* Esc stops it where nothing else is to be left. False: there was nothing to stop. */
bool work_stop(struct app *a);
/* app.whole: all that is missing, with progress. */
bool work_finish(struct app *a);

#endif
