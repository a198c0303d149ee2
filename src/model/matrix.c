/* matrix: see matrix.h. */
#include "model/matrix.h"

#include <stdint.h>

#include "math/blas.h"

/*
 * Tiles are longest in the direction in which the file is contiguous, and small enough for a thread's stack.
 */
enum { LONG = 256, SHORT = 64 };

struct ct_matrix
ct_matrix_of(const float *data, int rows, int cols)
{
	return (struct ct_matrix){ .data = data, .type = CT_F32, .rows = rows, .cols = cols,
	    .ld = (size_t)cols };
}

struct ct_matrix
ct_matrix_of_tensor(const struct ct_tensor *t, bool flipped)
{
	return (struct ct_matrix){ .data = t->data, .type = t->dtype, .flipped = flipped,
		.rows = (int)t->dim[flipped], .cols = (int)t->dim[!flipped], .ld = t->dim[1] };
}

/* Where number `at` of the data is. */
static const void *
place(const struct ct_matrix *w, size_t at)
{
	return (const unsigned char *)w->data + at * ct_dtype_size(w->type);
}

struct ct_matrix
ct_matrix_part(const struct ct_matrix *w, int first, int rows)
{
	struct ct_matrix part = *w;

	part.rows = rows;
	part.data = place(w, w->flipped ? (size_t)first : (size_t)first * w->ld);
	return part;
}

struct ct_matrix
ct_matrix_transpose(const struct ct_matrix *w)
{
	struct ct_matrix back = *w;

	back.flipped = !w->flipped;
	back.rows = w->cols;
	back.cols = w->rows;
	return back;
}

/* The data itself if it is floats, else NULL. */
static const float *
in_place(const struct ct_matrix *w)
{
	return w->type == CT_F32 && (uintptr_t)w->data % sizeof(float) == 0 ? w->data : NULL;
}

static int
smaller(int a, int b)
{
	return a < b ? a : b;
}

/* Converts n numbers of each of m lines of the data, from line i and number j on, into tile (m,n). */
static void
widen(const struct ct_matrix *w, int i, int m, int j, int n, float *tile)
{
	for (int k = 0; k < m; k++)
		ct_widen(tile + k * n, w->type, place(w, (size_t)(i + k) * w->ld + (size_t)j), (size_t)n);
}

/* y (T,out) = beta*y + x (T,in) op(data). */
struct product {
	int T, in, out;
	const float *x;
	int ldx;
	float beta, *y;
	int ldy;
};

/* The data's lines are inputs if op is the identity, outputs if it is the transpose. */
static void
multiply(const struct ct_matrix *w, bool lines_out, const struct product *p)
{
	const float *floats = in_place(w);
	int step_in = lines_out ? LONG : SHORT, step_out = lines_out ? SHORT : LONG;
	float tile[LONG * SHORT];

	if (floats) {
		ct_sgemm(false, lines_out, p->T, p->out, p->in, 1, p->x, p->ldx, floats, (int)w->ld, p->beta,
		    p->y, p->ldy);
		return;
	}
	for (int o = 0; o < p->out; o += step_out)
		for (int i = 0; i < p->in; i += step_in) {
			int n = smaller(p->in - i, step_in), m = smaller(p->out - o, step_out);

			if (lines_out)
				widen(w, o, m, i, n, tile);
			else
				widen(w, i, n, o, m, tile);
			ct_sgemm(false, lines_out, p->T, m, n, 1, p->x + i, p->ldx, tile, lines_out ? n : m,
			    i == 0 ? p->beta : 1, p->y + o, p->ldy);
		}
}

void
ct_matrix_apply(const struct ct_matrix *w, int T, const float *x, int ldx, float beta, float *restrict y,
    int ldy)
{
	multiply(w, !w->flipped, &(struct product){ T, w->cols, w->rows, x, ldx, beta, y, ldy });
}

void
ct_matrix_apply_back(const struct ct_matrix *w, int T, const float *g, int ldg, float beta, float *restrict y,
    int ldy)
{
	multiply(w, w->flipped, &(struct product){ T, w->rows, w->cols, g, ldg, beta, y, ldy });
}

void
ct_matrix_read(const struct ct_matrix *w, int r, int c, int n, float *dst)
{
	if (!w->flipped)
		ct_widen(dst, w->type, place(w, (size_t)r * w->ld + (size_t)c), (size_t)n);
	else
		for (int i = 0; i < n; i++)
			ct_widen(dst + i, w->type, place(w, (size_t)(c + i) * w->ld + (size_t)r), 1);
}

long long
ct_matrix_nonfinite(const struct ct_matrix *w, int r, int c, int n)
{
	/* The length of a contiguous run of numbers, and the distance between runs. */
	size_t at = w->flipped ? (size_t)c * w->ld + (size_t)r : (size_t)r * w->ld + (size_t)c;
	size_t run = w->flipped ? 1 : (size_t)n;

	for (int i = 0; i < n; i += (int)run, at += w->ld) {
		long long bad = ct_nonfinite(w->type, place(w, at), run);

		if (bad >= 0)
			return (long long)at + bad;
	}
	return -1;
}

const float *
ct_matrix_row(const struct ct_matrix *w, int r, float *tmp)
{
	const float *floats = w->flipped ? NULL : in_place(w);

	if (floats)
		return floats + (size_t)r * w->ld;
	ct_matrix_read(w, r, 0, w->cols, tmp);
	return tmp;
}

void
ct_matrix_add_row(const struct ct_matrix *w, int r, float *restrict y)
{
	float piece[LONG];

	for (int c = 0; c < w->cols; c += LONG) {
		int n = smaller(w->cols - c, LONG);

		ct_matrix_read(w, r, c, n, piece);
		for (int i = 0; i < n; i++)
			y[c + i] += piece[i];
	}
}

float
ct_matrix_row_dot(const struct ct_matrix *w, int r, const float *x)
{
	const float *floats = w->flipped ? NULL : in_place(w);
	float piece[LONG], sum = 0;

	if (floats)
		return ct_sdot(w->cols, floats + (size_t)r * w->ld, x);
	for (int c = 0; c < w->cols; c += LONG) {
		int n = smaller(w->cols - c, LONG);

		ct_matrix_read(w, r, c, n, piece);
		sum += ct_sdot(n, piece, x + c);
	}
	return sum;
}

float
ct_matrix_at(const struct ct_matrix *w, int r, int c)
{
	float x;

	ct_matrix_read(w, r, c, 1, &x);
	return x;
}
