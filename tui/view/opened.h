/* opened: splits an error node of the tree into neurons. */
#ifndef TUI_VIEW_OPENED_H
#define TUI_VIEW_OPENED_H

struct app;

/*
 * Splits the error's edge into a node and reports the sums; the card shows the parts. Called again, it folds
 * them.
 */
int opened_toggle(struct app *a, int error, int into);

#endif
