/*
 * judge: the view of how necessary and sufficient an explanation is, as commands ask for it.
 */
#ifndef TUI_VIEW_JUDGE_H
#define TUI_VIEW_JUDGE_H

struct app;

/* What is judged: what is pinned where any feature is, else the pruned graph; or one of them. */
enum judge_of { JUDGE_EITHER, JUDGE_PINS, JUDGE_GRAPH };

/* Returns what was done. */
int judge_show(struct app *a, enum judge_of of);

#endif
