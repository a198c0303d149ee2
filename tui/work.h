/*
 * work: computes the rows of a graph that is not complete yet: between keys, or all at once if a command
 * needs the whole graph.
 */
#ifndef TUI_WORK_H
#define TUI_WORK_H

#include <stdbool.h>

struct app;

/* Is there anything to compute now? */
bool work_waits(const struct app *a);
/* Some of it, until a key is pressed, a tenth of a second at most; returns what changed (enum did). */
int work_step(struct app *a);
/* Esc stops it if Esc has nothing else to close. False: there was nothing to stop. */
bool work_stop(struct app *a);
/* app.whole: all that is missing, with progress. */
bool work_finish(struct app *a);

#endif
