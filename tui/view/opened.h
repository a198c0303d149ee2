/*
 * opened: opens an error node of the tree into neurons.
 */
#ifndef TUI_VIEW_OPENED_H
#define TUI_VIEW_OPENED_H

struct app;

/* Splits the error's edge into a node, and says the sums; the card has the rest. Again: it folds. */
int opened_toggle(struct app *a, int error, int into);

#endif
