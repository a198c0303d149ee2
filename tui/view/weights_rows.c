/* weights_rows: see weights_rows.h. */
#include "tui/view/weights_rows.h"

#include <math.h>
#include <stdlib.h>

static int
by_edge(const void *x, const void *y)
{
	const struct ct_weight_here *a = *(struct ct_weight_here *const *)x;
	const struct ct_weight_here *b = *(struct ct_weight_here *const *)y;

	if (fabs(a->here) != fabs(b->here))
		return fabs(a->here) > fabs(b->here) ? -1 : 1;
	return (a > b) - (a < b);
}

int
weights_side_init(struct weights_side *x, const struct ct_weight_here *row, int n, struct ct_arena *a,
    struct ct_error *err)
{
	const struct ct_weight_here **list = ct_arena_need(a, (size_t)n, sizeof *list, "weights", err);

	*x = (struct weights_side){ .row = row, .n = n };
	x->here = ct_arena_need(a, (size_t)n, sizeof *x->here, "weights", err);
	x->shown = ct_arena_need(a, (size_t)n, sizeof *x->shown, "weights", err);
	if (!list || !x->here || !x->shown)
		return CT_ENOMEM;
	for (int i = 0; i < n; i++)
		if (!isnan(row[i].here) && row[i].here != 0)
			list[x->n_here++] = &row[i];
	if (x->n_here)
		qsort(list, (size_t)x->n_here, sizeof *list, by_edge);
	for (int i = 0; i < x->n_here; i++)
		x->here[i] = (int)(list[i] - row);
	return CT_OK;
}

static bool
is_shown(const struct weights_side *x, int row)
{
	for (int i = 0; i < x->n_shown; i++)
		if (x->shown[i] == row)
			return true;
	return false;
}

static int
by_number(const void *x, const void *y)
{
	return *(const int *)x - *(const int *)y;
}

/* Only the first of several answers is shown where there is little room. */
static bool
is_minor(const struct weights_side *x, int row)
{
	return row > 0 && x->row[row].kind == CT_NODE_TARGET;
}

/* At most so many rows: half of them those with the strongest edges here, then the strongest everywhere. */
static void
choose(struct weights_side *x, int most)
{
	x->n_shown = 0;
	if (most >= x->n) {
		for (; x->n_shown < x->n; x->n_shown++)
			x->shown[x->n_shown] = x->n_shown;
		return;
	}
	for (int i = 0; i < x->n_here && x->n_shown < most / 2; i++)
		if (!is_minor(x, x->here[i]))
			x->shown[x->n_shown++] = x->here[i];
	for (int i = 0; i < x->n && x->n_shown < most; i++)
		if (!is_minor(x, i) && !is_shown(x, i))
			x->shown[x->n_shown++] = i;
	if (x->n_shown)
		qsort(x->shown, (size_t)x->n_shown, sizeof *x->shown, by_number);
}

int
weights_rows_choose(struct weights_side side[2], enum weights_rows which, int room)
{
	int half = room / 2;

	side[0].n_shown = side[1].n_shown = 0;
	if (which == ROWS_BOTH && side[0].n < half)
		half = side[0].n;
	else if (which == ROWS_BOTH && side[1].n < room - half)
		half = room - side[1].n;
	if (which != ROWS_TO)
		choose(&side[0], which == ROWS_BOTH ? half : side[0].n);
	if (which != ROWS_FROM)
		choose(&side[1], which == ROWS_BOTH ? room - half : side[1].n);
	return side[0].n_shown + side[1].n_shown;
}

const struct ct_weight_here *
weights_row(const struct weights_side side[2], int i, bool *input)
{
	const struct weights_side *from = &side[0], *to = &side[1];

	*input = i < from->n_shown;
	return *input ? &from->row[from->shown[i]] : &to->row[to->shown[i - from->n_shown]];
}
