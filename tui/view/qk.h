/* qk: the view of why a head attends to a token, for commands and for the view heads. */
#ifndef TUI_VIEW_QK_H
#define TUI_VIEW_QK_H

struct app;
struct ct_qk_question;

/* Explains a head and two tokens (NULL: what carries most in the pruned graph). Returns what was done. */
int qk_show(struct app *a, const struct ct_qk_question *q);
/* Changes what the rows list: pairs, terms of the query, terms of the key; step is 1 or -1. */
int qk_turn(struct app *a, int step);

#endif
