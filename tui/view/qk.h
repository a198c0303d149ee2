/*
 * qk: the view of why a head attends to a token, as commands and the view of heads ask for it.
 */
#ifndef TUI_VIEW_QK_H
#define TUI_VIEW_QK_H

struct app;
struct ct_qk_question;

/* Shows it for a head and two tokens; NULL: what carries most in the pruned graph. Returns what was done. */
int qk_show(struct app *a, const struct ct_qk_question *q);
/* Its rows: pairs, then what is in the query, then what is in the key; step 1 or -1. */
int qk_turn(struct app *a, int step);

#endif
