/*
 * heads: the view of which attention heads carried it, as commands may ask for it.
 */
#ifndef TUI_VIEW_HEADS_H
#define TUI_VIEW_HEADS_H

struct app;
struct ct_heads_question;

/* Shows them for a question; NULL: for the tree's selected row. Returns what was done. */
int heads_show(struct app *a, const struct ct_heads_question *q);

#endif
