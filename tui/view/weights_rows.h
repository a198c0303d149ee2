/*
 * weights_rows: which rows the view of weights lists, of all that feed a feature and all that it feeds.
 */
#ifndef TUI_VIEW_WEIGHTS_ROWS_H
#define TUI_VIEW_WEIGHTS_ROWS_H

#include "base/arena.h"
#include "ctrace.h"

enum weights_rows { ROWS_BOTH, ROWS_FROM, ROWS_TO, N_ROWS };

/* What feeds the feature, or what it feeds. */
struct weights_side {
	const struct ct_weight_here *row;
	int n;
	int *here, n_here;		/* rows with an edge in this graph, the strongest first */
	int *shown, n_shown;		/* the rows that are listed, ascending */
};

int weights_side_init(struct weights_side *x, const struct ct_weight_here *row, int n, struct ct_arena *a,
    struct ct_error *err);

/*
 * Chooses the rows of side[0] (what feeds it) and side[1]. Of both sides: as many as there is room for, half
 * of them those with the strongest edges in this graph, the others those with the largest weights. Of one
 * side: all. Returns how many.
 */
int weights_rows_choose(struct weights_side side[2], enum weights_rows which, int room);
/* The i-th row that was chosen; *input: it feeds the feature. */
const struct ct_weight_here *weights_row(const struct weights_side side[2], int i, bool *input);

#endif
