/*
 * transcoder: encoders, activations, decoder rows and the skip path; see transcoder.h. transcoder_open.c
 * opens transcoders.
 */
#include "model/transcoder.h"

#include <string.h>

#include "math/blas.h"
#include "model/model.h"
#include "model/neurons.h"

/* Inputs in a tile, small enough for the stack and the L2 cache; and lines of a file, for the L1 cache. */
enum { TOKENS = 64, COLUMNS = 512, LINES = 64 };

const char *
ct_transcoder_activation(const struct ct_transcoder *tc)
{
	static const char *const names[] = {
		[CT_TC_RELU] = "ReLU", [CT_TC_JUMPRELU] = "JumpReLU",
		[CT_TC_TOPK] = "TopK", [CT_TC_TOPK_RELU] = "TopK",
		[CT_TC_GROUPMAX] = "GroupMax", [CT_TC_BATCHTOPK] = "BatchTopK",
	};
	/* the MLP's own output */
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

static int
smaller(int a, int b)
{
	return a < b ? a : b;
}

/* Adds the products of enc with x - b to pre, like ct_matrix_apply, for x (T,D) and b (D). */
static void
add_centred(const struct ct_matrix *enc, const float *b, int T, const float *x, float *restrict pre)
{
	const struct ct_matrix lines = ct_matrix_transpose(enc);
	int D = enc->cols, F = enc->rows;
	float part[TOKENS * COLUMNS];

	for (int d = 0; d < D; d += COLUMNS) {
		int n_d = smaller(D - d, COLUMNS);
		const struct ct_matrix columns = ct_matrix_part(&lines, d, n_d);

		for (int t = 0; t < T; t += TOKENS) {
			int n_t = smaller(T - t, TOKENS);

			for (int i = 0; i < n_t; i++)
				for (int j = 0; j < n_d; j++)
					part[i * n_d + j] = x[(size_t)(t + i) * D + d + j] - b[d + j];
			ct_matrix_apply_back(&columns, n_t, part, n_d, 1, pre + (size_t)t * F, F);
		}
	}
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
	if (tc->centred)
		add_centred(&ly->enc, ly->b_dec, T, x, pre);
	else
		ct_matrix_apply(&ly->enc, T, x, tc->D, 1, pre, ly->F);
}

float
ct_transcoder_encode_one(const struct ct_transcoder *tc, int l, int f, const float *x)
{
	if (tc->neurons)
		return ct_neuron_at(tc->neurons, l, f, x).act;
	return ct_matrix_row_dot(&tc->layers[l].enc, f, x);
}

float
ct_transcoder_bias(const struct ct_transcoder *tc, int l, int f)
{
	const struct ct_tc_layer *ly = &tc->layers[l];

	if (tc->neurons)
		return 0;
	return ly->b_enc[f] - (tc->centred ? ct_matrix_row_dot(&ly->enc, f, ly->b_dec) : 0);
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
	const struct ct_matrix *enc = &tc->layers[l].enc;
	int D = tc->D;
	float piece[LINES];

	for (int i = 0; i < n; i++)
		pre[i] = enc->flipped ? ct_transcoder_bias(tc, l, at[i].feature)
				      : ct_transcoder_preactivation(tc, l, at[i].feature,
					    x + (size_t)at[i].row * D);
	/* A few lines of the file at a time, so that they are in the cache for all features. */
	for (int d = 0; d < D && enc->flipped; d += LINES) {
		int part = smaller(D - d, LINES);

		for (int i = 0; i < n; i++) {
			ct_matrix_read(enc, at[i].feature, d, part, piece);
			pre[i] += ct_sdot(part, piece, x + (size_t)at[i].row * D + d);
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
 * Keeps the k largest of pre[0..F) that are also above `least`; of those that tie at the cut, the ones with
 * the lowest indices.
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

/* Keeps the largest of each of k groups of neighbours, if it is above 0. */
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
	return tc->layers[l].skip.data;
}

void
ct_transcoder_skip(const struct ct_transcoder *tc, int l, int T, const float *x, float *restrict y)
{
	if (ct_transcoder_has_skip(tc, l))
		ct_matrix_apply(&tc->layers[l].skip, T, x, tc->D, 1, y, tc->D);
}

void
ct_transcoder_skip_back(const struct ct_transcoder *tc, int l, int T, const float *g, float *restrict gx)
{
	if (ct_transcoder_has_skip(tc, l))
		ct_matrix_apply_back(&tc->layers[l].skip, T, g, tc->D, 0, gx, tc->D);
	else
		memset(gx, 0, (size_t)T * tc->D * sizeof *gx);
}

void
ct_transcoder_encoder_row(const struct ct_transcoder *tc, int l, int f, float *dst)
{
	ct_matrix_read(&tc->layers[l].enc, f, 0, tc->D, dst);
}

void
ct_transcoder_decoder_row(const struct ct_transcoder *tc, int l, int f, int m, float *dst)
{
	const struct ct_tc_layer *ly = &tc->layers[l];

	if (tc->neurons)
		ct_neuron_decoder(tc->neurons, l, f, dst);
	else
		ct_matrix_read(&ly->dec, f, (m - ly->dec_first) * tc->D, tc->D, dst);
}

int
ct_transcoder_check_rows(const struct ct_transcoder *tc, int l, int f, struct ct_error *err)
{
	const struct ct_tc_layer *ly = &tc->layers[l];
	const struct ct_tensor *t = ly->enc_tensor;
	int first = (l - ly->dec_first) * tc->D;
	long long bad;

	/* A neuron's weights are the model's: every run has used and checked them. */
	if (tc->allow_nonfinite || tc->neurons || !t)
		return CT_OK;
	bad = ct_matrix_nonfinite(&ly->enc, f, 0, tc->D);
	if (bad < 0) {
		t = ly->dec_tensor;
		bad = ct_matrix_nonfinite(&ly->dec, f, first, ct_transcoder_reach(tc, l) * tc->D);
	}
	if (bad < 0)
		return CT_OK;
	return ct_fail(err, CT_EFORMAT, "%s: tensor %s is not finite at index %lld, of feature L%d#%d "
	    "(--allow-nonfinite overrides)", t->file, t->name, bad, l, f);
}
