/*
 * title: the first line of the screen: the model, how its answer splits, scores, and the error of the sums.
 */
#ifndef TUI_TITLE_H
#define TUI_TITLE_H

struct app;
struct area;

/* If there is little room, the sizes of the model are left out first, then the scores. */
void title_draw(struct app *a, const struct area *all);

#endif
