/* judge: the view of how necessary and sufficient an explanation is, for commands. */
#ifndef TUI_VIEW_JUDGE_H
#define TUI_VIEW_JUDGE_H

struct app;

/* What to judge: the pins if they include a feature, else the pruned graph; or one of the two. */
enum judge_of { JUDGE_EITHER, JUDGE_PINS, JUDGE_GRAPH };

/* Shows the judgement. Returns what was done. */
int judge_show(struct app *a, enum judge_of of);

#endif
