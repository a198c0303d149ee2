/* prices: see prices.h. */
#include "train/prices.h"

#include <math.h>

#include "math/blas.h"

enum { GRID = 4 };

/*
 * The first row in which the two sentences of the pair that begins with sentence i differ, i's first row
 * being `row`; the number of i's rows if none does.
 */
static int
differ(const struct ct_batch *b, int i, int row)
{
	int n = b->len[i], t = 0;
	const int *x = b->tokens + row, *y = x + n;

	if (!b->group || b->group[i] != CT_GROUP_PAIR || i + 1 >= b->n || n != b->len[i + 1])
		return n;
	while (t < n && x[t] == y[t])
		t++;
	return t;
}

static void
activity_backward(const struct ct_batch *b, int D, double factor, const float *mid, const float *out,
    float *restrict dout)
{
	for (int i = 0, r = 0; i < b->n && factor > 0; r += b->len[i++]) {
		for (int t = 1; t < b->len[i]; t++) {
			size_t at = (size_t)(r + t) * D;
			double whole = fmax(ct_sdot(D, mid + at, mid + at), 1e-20);

			ct_saxpy(D, (float)(factor / whole), out + at, dout + at);
		}
	}
}

static void
pairs_backward(const struct ct_batch *b, int D, double factor, const float *mid, const float *out,
    float *restrict dout)
{
	for (int i = 0, r = 0; i < b->n && factor > 0; r += b->len[i++]) {
		int n = b->len[i];

		for (int t = differ(b, i, r); t < n; t++) {
			size_t at = (size_t)(r + t) * D, as = at + (size_t)n * D;
			float k = (float)(factor / fmax(ct_sdot(D, mid + at, mid + at) +
			    ct_sdot(D, mid + as, mid + as), 1e-20));

			for (int d = 0; d < D; d++) {
				float g = k * (out[at + d] - out[as + d]);

				dout[at + d] += g;
				dout[as + d] -= g;
			}
		}
	}
}

/* The answer rows of a grid that sentence i begins, its first row being `row`; false: there is none. */
static bool
grid_rows(const struct ct_batch *b, int i, int row, size_t rows[GRID])
{
	if (!b->group || b->group[i] != CT_GROUP_GRID || i + GRID > b->n || !b->graded)
		return false;
	for (int k = 0; k < GRID; row += b->len[i + k++]) {
		int t = b->len[i + k] - 1;

		while (t > 0 && !b->graded[row + t])
			t--;
		if (t == 0)
			return false;
		rows[k] = (size_t)(row + t);
	}
	return true;
}

static void
grids_backward(const struct ct_batch *b, int D, double factor, const float *mid, const float *out,
    float *restrict dout)
{
	static const float sign[GRID] = { 1, -1, -1, 1 };
	size_t rows[GRID];

	for (int i = 0, r = 0; i < b->n && factor > 0; r += b->len[i++]) {
		double whole = 0;

		if (!grid_rows(b, i, r, rows))
			continue;
		for (int k = 0; k < GRID; k++)
			whole += ct_sdot(D, mid + rows[k] * D, mid + rows[k] * D);
		for (int d = 0; d < D; d++) {
			float joint = 0;

			for (int k = 0; k < GRID; k++)
				joint += sign[k] * out[rows[k] * D + d];
			joint *= (float)(factor / fmax(whole, 1e-20));
			for (int k = 0; k < GRID; k++)
				dout[rows[k] * D + d] += sign[k] * joint;
		}
	}
}

void
ct_prices_backward(const struct ct_net *net, const struct ct_batch *b, int l, double scale,
    const struct ct_prices *prices, const float *mid, const float *out, float *restrict dout)
{
	int D = net->s.D;

	activity_backward(b, D, 2 * scale * prices->activity, mid, out, dout);
	pairs_backward(b, D, 2 * scale * prices->pairs, mid, out, dout);
	if (l + 1 < net->s.L)
		grids_backward(b, D, 2 * scale * prices->grids, mid, out, dout);
}
