/* weights: the view of what a feature does in every prompt, for commands. */
#ifndef TUI_VIEW_WEIGHTS_H
#define TUI_VIEW_WEIGHTS_H

struct app;
struct ct_clamp;

/* Shows the weights of a feature, and what it does at its position in this prompt. Returns what was done. */
int weights_show(struct app *a, const struct ct_clamp *feature);
/* Changes what the rows list: both sides, what feeds it, what it feeds; step is 1 or -1. */
int weights_turn(struct app *a, int step);

#endif
