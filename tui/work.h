/*
 * work: computes the rows of a graph that is not complete yet: between keys, or all at once if a command
 * needs the whole graph.
 */
#ifndef TUI_WORK_H
#define TUI_WORK_H

#include <stdbool.h>

struct app;

/* Whether there is something to compute now. */
bool work_waits(const struct app *a);
/* Computes rows until a key is pressed, a tenth of a second at most. Returns what changed (enum did). */
int work_step(struct app *a);
/* Stops the work for Esc, if Esc has nothing else to close. Returns false if there was nothing to stop. */
bool work_stop(struct app *a);
/* For app.whole: computes all missing rows and shows progress. */
bool work_finish(struct app *a);

#endif
