/* heads: the view of attention heads that carried an edge, for commands. */
#ifndef TUI_VIEW_HEADS_H
#define TUI_VIEW_HEADS_H

struct app;
struct ct_heads_question;

/* Shows the heads for a question (NULL: the tree's selected row). Returns what was done. */
int heads_show(struct app *a, const struct ct_heads_question *q);

#endif
