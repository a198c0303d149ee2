/* sweep: the view of the clamps at many strengths, for commands. */
#ifndef TUI_VIEW_SWEEP_H
#define TUI_VIEW_SWEEP_H

struct app;

/* Runs the clamps at many strengths and shows the results. */
int sweep_run(struct app *a, double from, double to, int steps);

#endif
