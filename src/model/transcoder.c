/*
 * transcoder: features of a run: encoders, activations, decoder rows, the skip path; see transcoder.h.
 * transcoder_open.c opens it.
 */
#include "model/transcoder.h"

#include <string.h>

#include "math/blas.h"
#include "model/model.h"
#include "model/neurons.h"

/* Tiles of matrices that are not floats in memory, small enough for a stack and the second cache. */
enum { TOKENS = 64, ROWS = 64, COLUMNS = 512 };

const char *
ct_transcoder_activation(const struct ct_transcoder *tc)
{
	static const char *const names[] = {
		[CT_TC_RELU] = "ReLU", [CT_TC_JUMPRELU] = "JumpReLU",
		[CT_TC_TOPK] = "TopK", [CT_TC_TOPK_RELU] = "TopK",
		[CT_TC_GROUPMAX] = "GroupMax", [CT_TC_BATCHTOPK] = "BatchTopK",
	};
	/* of the MLP */
	static const char *const own[] = {
		[CT_SILU] = "SiLU", [CT_GELU] = "GELU", [CT_GELU_TANH] = "GELU", [CT_RELU] = "ReLU",
	};

	return tc->neurons ? own[tc->neurons->cfg.act] : names[tc->act];
}

int
ct_transcoder_reach(const struct ct_transcoder *tc, int l)
{
	return tc->kind == CT_CLT ? tc->L - l : 1;
}

const float *
ct_transcoder_offset(const struct ct_transcoder *tc, int l)
{
	return tc->layers[l].b_dec;
}

/* n numbers from d on of row r of a matrix of `rows` rows of D. */
static void
read_row(const struct ct_tc_matrix *m, size_t rows, size_t D, size_t r, size_t d, size_t n, float *dst)
{
	if (!m->flipped)
		ct_tensor_read(dst, m->t, r * D + d, n);
	else
		for (size_t i = 0; i < n; i++)
			ct_tensor_read(dst + i, m->t, (d + i) * rows + r, 1);
}

/* What is multiplied: x (T,D), less off (D) if that is not NULL, by a matrix of `rows` rows. */
struct product {
	const struct ct_tc_matrix *m;
	int rows, D, T;
	const float *x, *off;
	float *C;			/* (T,rows), added to */
};

/* part (n_t,n_d) = x - off, tokens from t and numbers from d on. */
static void
read_input(const struct product *p, int t, int n_t, int d, int n_d, float *part)
{
	for (int i = 0; i < n_t; i++)
		for (int j = 0; j < n_d; j++) {
			float x = p->x[(size_t)(t + i) * p->D + d + j];

			part[i * n_d + j] = p->off ? x - p->off[d + j] : x;
		}
}

/* Rows r.., numbers d.. of the matrix, as they lie in the file: (n_r,n_d), or (n_d,n_r) when flipped. */
static void
read_tile(const struct product *p, int r, int n_r, int d, int n_d, float *tile)
{
	const struct ct_tensor *t = p->m->t;

	if (p->m->flipped)
		for (int j = 0; j < n_d; j++)
			ct_tensor_read(tile + j * n_r, t, (size_t)(d + j) * p->rows + r, (size_t)n_r);
	else
		for (int i = 0; i < n_r; i++)
			ct_tensor_read(tile + i * n_d, t, (size_t)(r + i) * p->D + d, (size_t)n_d);
}

static int
smaller(int a, int b)
{
	return a < b ? a : b;
}

static void
multiply_tiles(const struct product *p)
{
	/* Tiles are long where the file runs on. */
	bool flipped = p->m->flipped;
	int step_r = flipped ? COLUMNS : ROWS, step_d = flipped ? ROWS : COLUMNS;
	float tile[ROWS * COLUMNS], part[TOKENS * COLUMNS];

	for (int t = 0; t < p->T; t += TOKENS)
		for (int d = 0; d < p->D; d += step_d) {
			int n_t = smaller(p->T - t, TOKENS), n_d = smaller(p->D - d, step_d);

			read_input(p, t, n_t, d, n_d, part);
			for (int r = 0; r < p->rows; r += step_r) {
				int n_r = smaller(p->rows - r, step_r);

				read_tile(p, r, n_r, d, n_d, tile);
				ct_sgemm(false, !flipped, n_t, n_r, n_d, 1, part, n_d, tile,
				    flipped ? n_r : n_d, 1, p->C + (size_t)t * p->rows + r, p->rows);
			}
		}
}

/* At once where the matrix is floats in memory, else by tiles. */
static void
multiply(const struct product *p)
{
	const float *w = p->off ? NULL : ct_tensor_f32(p->m->t);
	bool flipped = p->m->flipped;

	if (w)
		ct_sgemm(false, !flipped, p->T, p->rows, p->D, 1, p->x, p->D, w, flipped ? p->rows : p->D, 1,
		    p->C, p->rows);
	else
		multiply_tiles(p);
}

void
ct_transcoder_encode(const struct ct_transcoder *tc, int l, int T, const float *x, float *restrict pre)
{
	const struct ct_tc_layer *ly = &tc->layers[l];

	if (tc->neurons) {
		ct_neurons_at(tc->neurons, l, T, x, &(struct ct_neuron_rows){ .act = pre });
		return;
	}
	for (int t = 0; t < T; t++)
		memcpy(pre + (size_t)t * ly->F, ly->b_enc, (size_t)ly->F * sizeof *pre);
	multiply(&(struct product){ .m = &ly->enc, .rows = ly->F, .D = tc->D, .T = T, .x = x,
	    .off = tc->centred ? ly->b_dec : NULL, .C = pre });
}

/* <row r of M, x> */
static float
row_dot(const struct ct_tc_matrix *m, int rows, int D, int r, const float *x)
{
	const float *w = m->flipped ? NULL : ct_tensor_f32(m->t);
	float piece[COLUMNS], sum = 0;

	if (w)
		return ct_sdot(D, w + (size_t)r * D, x);
	for (int d = 0; d < D; d += COLUMNS) {
		int n = D - d < COLUMNS ? D - d : COLUMNS;

		read_row(m, (size_t)rows, (size_t)D, (size_t)r, (size_t)d, (size_t)n, piece);
		sum += ct_sdot(n, piece, x + d);
	}
	return sum;
}

float
ct_transcoder_encode_one(const struct ct_transcoder *tc, int l, int f, const float *x)
{
	if (tc->neurons)
		return ct_neuron_at(tc->neurons, l, f, x).act;
	return row_dot(&tc->layers[l].enc, tc->layers[l].F, tc->D, f, x);
}

float
ct_transcoder_bias(const struct ct_transcoder *tc, int l, int f)
{
	const struct ct_tc_layer *ly = &tc->layers[l];

	if (tc->neurons)
		return 0;
	return ly->b_enc[f] - (tc->centred ? row_dot(&ly->enc, ly->F, tc->D, f, ly->b_dec) : 0);
}

float
ct_transcoder_preactivation(const struct ct_transcoder *tc, int l, int f, const float *x)
{
	return ct_transcoder_bias(tc, l, f) + ct_transcoder_encode_one(tc, l, f, x);
}

void
ct_transcoder_preactivations(const struct ct_transcoder *tc, int l, int n, const struct ct_tc_place *at,
    const float *x, float *restrict pre)
{
	const struct ct_tc_matrix *m = &tc->layers[l].enc;
	size_t D = (size_t)tc->D, F = (size_t)tc->layers[l].F;
	float piece[ROWS];

	for (int i = 0; i < n; i++)
		pre[i] = m->flipped ? ct_transcoder_bias(tc, l, at[i].feature)
				    : ct_transcoder_preactivation(tc, l, at[i].feature,
					  x + (size_t)at[i].row * D);
	/* A few lines of the file at a time, so that they are in the cache for all features. */
	for (size_t d = 0; d < D && m->flipped; d += ROWS) {
		size_t part = D - d < ROWS ? D - d : ROWS;

		for (int i = 0; i < n; i++) {
			read_row(m, F, D, (size_t)at[i].feature, d, part, piece);
			pre[i] += ct_sdot((int)part, piece, x + (size_t)at[i].row * D + d);
		}
	}
}

/* The k-th largest of v[0..n), which is reordered (Hoare's selection). */
static float
kth_largest(float *v, int n, int k)
{
	int lo = 0, hi = n - 1, want_at = k - 1;

	while (lo < hi) {
		float pivot = v[lo + (hi - lo) / 2];
		int i = lo, j = hi;

		while (i <= j) {
			while (v[i] > pivot)
				i++;
			while (v[j] < pivot)
				j--;
			if (i <= j) {
				float t = v[i];

				v[i++] = v[j];
				v[j--] = t;
			}
		}
		if (want_at <= j)
			hi = j;
		else if (want_at >= i)
			lo = i;
		else
			break;
	}
	return v[want_at];
}

/*
 * The k largest of pre[0..F), and of those the ones above `least`; of those that tie at the cut the lowest
 * indices.
 */
static void
keep_largest(const float *pre, int F, int k, bool positive, float *a, float *scratch)
{
	int left = k < F ? k : F;
	float cut;

	memcpy(scratch, pre, (size_t)F * sizeof *scratch);
	cut = kth_largest(scratch, F, left);
	for (int f = 0; f < F; f++)
		left -= pre[f] > cut;
	for (int f = 0; f < F; f++) {
		bool keep = pre[f] > cut || (pre[f] == cut && left-- > 0);

		a[f] = keep && (!positive || pre[f] > 0) ? pre[f] : 0;
	}
}

/* Of each of k groups of neighbours the largest, if it is above 0. */
static void
keep_of_groups(const float *pre, int F, int k, float *a)
{
	int size = F / k;

	for (int g = 0; g < F; g += size) {
		int best = g;
		float value;

		for (int f = g + 1; f < g + size; f++)
			if (pre[f] > pre[best])
				best = f;
		value = pre[best];
		memset(a + g, 0, (size_t)size * sizeof *a);
		a[best] = value > 0 ? value : 0;
	}
}

void
ct_transcoder_activate(const struct ct_transcoder *tc, int l, const float *pre, float *a, float *scratch)
{
	const struct ct_tc_layer *ly = &tc->layers[l];

	switch (tc->act) {
	case CT_TC_RELU:
		for (int f = 0; f < ly->F; f++)
			a[f] = pre[f] > 0 ? pre[f] : 0;
		break;
	case CT_TC_JUMPRELU:
		for (int f = 0; f < ly->F; f++)
			a[f] = pre[f] > ly->threshold[f] ? pre[f] : 0;
		break;
	case CT_TC_TOPK:
	case CT_TC_TOPK_RELU:
	case CT_TC_BATCHTOPK:	/* of a batch of one token */
		keep_largest(pre, ly->F, tc->k, tc->act != CT_TC_TOPK, a, scratch);
		break;
	case CT_TC_GROUPMAX:
		keep_of_groups(pre, ly->F, tc->k, a);
		break;
	case CT_TC_NEURONS:	/* pre are activations already */
		memmove(a, pre, (size_t)ly->F * sizeof *a);
		break;
	}
}

bool
ct_transcoder_competes(const struct ct_transcoder *tc)
{
	return tc->act != CT_TC_RELU && tc->act != CT_TC_JUMPRELU && !tc->neurons;
}

float
ct_transcoder_activate_one(
    const struct ct_transcoder *tc, int l, int f, const float *x, float *pre, float *scratch)
{
	const struct ct_tc_layer *ly = &tc->layers[l];
	float h;

	if (ct_transcoder_competes(tc)) {
		ct_transcoder_encode(tc, l, 1, x, pre);
		ct_transcoder_activate(tc, l, pre, pre, scratch);
		return pre[f];
	}
	h = ct_transcoder_preactivation(tc, l, f, x);
	if (tc->neurons)
		return h;
	return h > (tc->act == CT_TC_JUMPRELU ? ly->threshold[f] : 0) ? h : 0;
}

bool
ct_transcoder_has_skip(const struct ct_transcoder *tc, int l)
{
	return tc->layers[l].skip.t != NULL;
}

void
ct_transcoder_skip(const struct ct_transcoder *tc, int l, int T, const float *x, float *restrict y)
{
	if (ct_transcoder_has_skip(tc, l))
		multiply(&(struct product){ .m = &tc->layers[l].skip, .rows = tc->D, .D = tc->D, .T = T, .x =
		    x, .C = y });
}

void
ct_transcoder_skip_back(const struct ct_transcoder *tc, int l, int T, const float *g, float *restrict gx)
{
	struct ct_tc_matrix back = tc->layers[l].skip;

	memset(gx, 0, (size_t)T * tc->D * sizeof *gx);
	/* The transpose of a square matrix is the same one read in the other order. */
	back.flipped = !back.flipped;
	if (back.t)
		multiply(&(struct product){ .m = &back, .rows = tc->D, .D = tc->D, .T = T, .x = g, .C =
		    gx });
}

void
ct_transcoder_encoder_row(const struct ct_transcoder *tc, int l, int f, float *dst)
{
	const struct ct_tc_layer *ly = &tc->layers[l];

	read_row(&ly->enc, (size_t)ly->F, (size_t)tc->D, (size_t)f, 0, (size_t)tc->D, dst);
}

void
ct_transcoder_decoder_row(const struct ct_transcoder *tc, int l, int f, int m, float *dst)
{
	const struct ct_tc_layer *ly = &tc->layers[l];
	size_t D = (size_t)tc->D, own = (size_t)ly->dec_rows, row = (size_t)f * own +
	    (size_t)(m - ly->dec_first);

	if (tc->neurons) {
		ct_neuron_decoder(tc->neurons, l, f, dst);
		return;
	}
	read_row(&ly->dec, (size_t)ly->F * own, D, row, 0, D, dst);
}

/* The place in its file of the first number of row r of M that is not finite, or -1. */
static long long
nonfinite_in_row(const struct ct_tc_matrix *m, size_t rows, size_t D, size_t r)
{
	if (!m->flipped)
		return ct_tensor_nonfinite(m->t, r * D, D);
	for (size_t d = 0; d < D; d++) {
		long long bad = ct_tensor_nonfinite(m->t, d * rows + r, 1);

		if (bad >= 0)
			return bad;
	}
	return -1;
}

int
ct_transcoder_check_rows(const struct ct_transcoder *tc, int l, int f, struct ct_error *err)
{
	const struct ct_tc_layer *ly = &tc->layers[l];
	size_t D = (size_t)tc->D, first = (size_t)f * (size_t)ly->dec_rows + (size_t)(l - ly->dec_first);
	const struct ct_tensor *t = ly->enc.t;
	long long bad;

	/* What neurons read and write with, every run of the model has used and checked. */
	if (tc->allow_nonfinite || tc->neurons)
		return CT_OK;
	bad = nonfinite_in_row(&ly->enc, (size_t)ly->F, D, (size_t)f);
	for (int k = 0; bad < 0 && k < ct_transcoder_reach(tc, l); k++) {
		t = ly->dec.t;
		bad = nonfinite_in_row(&ly->dec, (size_t)ly->F * (size_t)ly->dec_rows, D, first + (size_t)k);
	}
	if (bad < 0)
		return CT_OK;
	return ct_fail(err, CT_EFORMAT, "%s: tensor %s is not finite at index %lld, of feature L%d#%d "
	    "(--allow-nonfinite overrides)", t->file, t->name, bad, l, f);
}
