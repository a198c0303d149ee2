/*
 * title: the first line of the screen: the model, how its answer splits, scores, and how exact the sums are.
 */
#ifndef TUI_TITLE_H
#define TUI_TITLE_H

struct app;
struct area;

/* Where not all fits, the sizes of the model go first, then the scores. */
void title_draw(struct app *a, const struct area *all);

#endif
