/* linear: see linear.h. */
#include "model/linear.h"

#include "config.h"

#include <string.h>

#include "base/vector.h"
#include "math/blas.h"
#include "math/kernels.h"
#include "model/neurons.h"

enum {
	MIX_KEYS = 4,
	SUMS = 16,
	PIECE = 256		/* numbers of a row that are widened at a time */
};

/*
 * A row of a tile, in one or a few vector registers whatever the optimiser thinks of the loop (gcc -O3 keeps
 * plain arrays of this size in memory, at a quarter of the speed). Unaligned; may alias floats.
 */
#define MIX_COLUMNS 16
typedef float tile __attribute__((vector_size(MIX_COLUMNS * sizeof(float)), aligned(4), may_alias));

void
ct_attention_values(const struct ct_pass *p, int l, const float *dx, float *v, float *scratch)
{
	const struct ct_layer *ly = &p->m->layers[l];
	int T = p->T, D = p->m->cfg.D;

	for (int t = 0; t < T; t++)
		ct_norm_frozen(&ly->norm1, p->scale1[l * T + t], dx + (size_t)t * D, scratch + (size_t)t * D);
	ct_linear(&ly->v, T, scratch, false, v);
}

void
ct_attention_frozen(const struct ct_pass *p, int l, const float *dx, float *dmid, float *scratch)
{
	const struct ct_config *c = &p->m->cfg;
	const struct ct_layer *ly = &p->m->layers[l];
	int T = p->T, D = c->D, group = c->H / c->H_kv, width = c->H * c->head, kv = c->H_kv * c->head;
	const float *pattern = p->pattern + (size_t)l * c->H * T * T;
	float *y = scratch, *v = y + (size_t)T * D, *z = v + (size_t)T * kv;

	ct_attention_values(p, l, dx, v, y);
	for (int h = 0; h < c->H; h++)
		ct_sgemm(false, false, T, c->head, T, 1, pattern + (size_t)h * T * T, T,
		    v + (h / group) * c->head, kv, 0, z + h * c->head, width);
	ct_linear(&ly->o, T, z, false, dmid);
	for (int t = 0; t < T && ly->post1.w; t++)
		ct_norm_frozen(&ly->post1, p->post1[l * T + t], dmid + (size_t)t * D, dmid + (size_t)t * D);
	for (size_t i = 0; i < (size_t)T * D; i++)
		dmid[i] += dx[i];
}

int
ct_back_init(struct ct_back *s, const struct ct_model *m, size_t rows, size_t targets, struct ct_arena *a,
    struct ct_error *err)
{
	const struct ct_config *c = &m->cfg;
	size_t D = c->D;

	s->O = ct_arena_need(a, rows * c->H * c->head, sizeof *s->O, "gradients", err);
	s->V = ct_arena_need(a, rows * c->H_kv * c->head, sizeof *s->V, "gradients", err);
	s->N = ct_arena_need(a, rows * D, sizeof *s->N, "gradients", err);
	s->U = ct_arena_need(a, targets * c->H * D, sizeof *s->U, "gradients", err);
	s->P = ct_arena_need(a, m->layers[0].post2.w ? rows * D : 0, sizeof *s->P, "gradients", err);
	return s->O && s->V && s->N && s->U && s->P ? CT_OK : CT_ENOMEM;
}

/*
 * out[k] += sum_{q>=k} pattern[q,k] * in[q]: a head's attention backwards, for one target. Added, since query
 * heads share the rows of a key/value head.
 *   in (T',width), out (T',width) with row distances ld_in, ld_out; pattern (T',T) of one head, 0 where k > q
 * Tiles of 4 keys x 16 columns stay in registers, so that a row of `in` is read once for 4 keys.
 */
MULTIVERSION static void
mix_back(int rows, int T, int width, const float *pattern, const float *in, int ld_in, float *restrict out,
    int ld_out)
{
	for (int k = 0; k < rows; k += MIX_KEYS) {
		int keys = rows - k < MIX_KEYS ? rows - k : MIX_KEYS;

		for (int d = 0; d < width; d += MIX_COLUMNS) {
			int columns = width - d < MIX_COLUMNS ? width - d : MIX_COLUMNS;
			float *o = out + (size_t)k * ld_out + d;

			if (keys == MIX_KEYS && columns == MIX_COLUMNS) {
				tile acc[MIX_KEYS] = { { 0 } };

				for (int q = k; q < rows; q++) {
					tile i = *(const tile *)(in + (size_t)q * ld_in + d);
					const float *p = pattern + (size_t)q * T + k;

					acc[0] += p[0] * i;
					acc[1] += p[1] * i;
					acc[2] += p[2] * i;
					acc[3] += p[3] * i;
				}
				for (int j = 0; j < MIX_KEYS; j++)
					*(tile *)(o + (size_t)j * ld_out) += acc[j];
				continue;
			}
			for (int q = k; q < rows; q++)
				for (int j = 0; j < keys; j++)
					for (int c = 0; c < columns; c++)
						o[(size_t)j * ld_out + c] += pattern[(size_t)q * T + k + j] *
									     in[(size_t)q * ld_in + d + c];
		}
	}
}

/* mean(w*g); several running sums, so that they can be one vector. */
MULTIVERSION static float
weighted_mean(int D, const float *restrict g, const float *restrict w)
{
	double sum[SUMS] = { 0 }, total = 0;
	int d = 0;

	for (; d + SUMS <= D; d += SUMS)
		for (int i = 0; i < SUMS; i++)
			sum[i] += (double)(w[d + i] * g[d + i]);
	for (; d < D; d++)
		total += (double)(w[d] * g[d]);
	for (int i = 0; i < SUMS; i++)
		total += sum[i];
	return (float)(total / D);
}

/* y += scale * (w*g - [centre] mean(w*g)): the frozen norm backwards, added. */
MULTIVERSION static void
add_norm_back(
    int D, bool centre, const float *restrict g, const float *restrict w, float scale, float *restrict y)
{
	float mean = centre ? weighted_mean(D, g, w) : 0;

	for (int d = 0; d < D; d++)
		y[d] += scale * (w[d] * g[d] - mean);
}

/* G += the norm before attention backwards on the gradient n, one row. */
static void
norm1_back(const struct ct_norm *norm, float scale, const float *n, float *restrict G, double *bias)
{
	if (norm->b)
		*bias += (double)ct_sdot(norm->width, n, norm->b);
	add_norm_back(norm->width, norm->kind == CT_LAYERNORM, n, norm->w, scale, G);
}

/*
 * Rows of the stream's gradient as the output projection gets them; at positions 0..Tp-1, or all at `own`
 * (-1: no).
 */
static const float *
before_post1(const struct ct_pass *p, int l, int rows, int Tp, int own, const float *G, float *tmp)
{
	const struct ct_norm *post = &p->m->layers[l].post1;
	int D = p->m->cfg.D;
	double none = 0;

	if (!post->w)
		return G;
	for (int r = 0; r < rows; r++)
		ct_norm_frozen_back(post, p->post1[l * p->T + (own < 0 ? r % Tp : own)], G + (size_t)r * D,
		    tmp + (size_t)r * D, &none);
	return tmp;
}

void
ct_attention_back(const struct ct_pass *p, int l, int n, int Tp, float *G, double *bias,
    const struct ct_back *s)
{
	const struct ct_config *c = &p->m->cfg;
	const struct ct_layer *ly = &p->m->layers[l];
	int D = c->D, T = p->T, wq = c->H * c->head, wk = c->H_kv * c->head, group = c->H / c->H_kv;
	const float *pattern = p->pattern + (size_t)l * c->H * T * T, *g;

	if (n == 0)
		return;
	g = before_post1(p, l, n * Tp, Tp, -1, G, s->N);
	for (int r = 0; r < n * Tp && ly->o.b; r++)
		bias[r / Tp] += (double)ct_sdot(D, g + (size_t)r * D, ly->o.b);
	ct_linear_back(&ly->o, n * Tp, g, 0, s->O);
	memset(s->V, 0, (size_t)n * Tp * wk * sizeof *s->V);
	for (int b = 0; b < n; b++)
		for (int h = 0; h < c->H; h++)
			mix_back(Tp, T, c->head, pattern + (size_t)h * T * T,
			    s->O + (size_t)b * Tp * wq + h * c->head, wq,
			    s->V + (size_t)b * Tp * wk + h / group * c->head, wk);
	ct_linear_back(&ly->v, n * Tp, s->V, 0, s->N);
	for (int r = 0; r < n * Tp; r++) {
		if (ly->v.b)
			bias[r / Tp] += (double)ct_sdot(wk, s->V + (size_t)r * wk, ly->v.b);
		norm1_back(&ly->norm1, p->scale1[l * T + r % Tp], s->N + (size_t)r * D, G + (size_t)r * D,
		    &bias[r / Tp]);
	}
}

/* U[b,h] = O[b,h] W_V[h], and the part of the value bias that head h carries. */
static void
values_back_own(const struct ct_config *c, const struct ct_linear *v, int n, double *bias,
    const struct ct_back *s)
{
	int wq = c->H * c->head, group = c->H / c->H_kv;

	for (int h = 0; h < c->H; h++) {
		size_t first = (size_t)(h / group) * c->head;
		struct ct_matrix w = ct_matrix_part(&v->w, (int)first, c->head);

		ct_matrix_apply_back(&w, n, s->O + h * c->head, wq, 0, s->U + (size_t)h * c->D, c->H * c->D);
		for (int b = 0; b < n && v->b; b++)
			bias[b] += (double)ct_sdot(c->head, s->O + (size_t)b * wq + h * c->head,
			    v->b + first);
	}
}

void
ct_attention_back_own(
    const struct ct_pass *p, int l, int n, int Tp, float *G, double *bias, const struct ct_back *s)
{
	const struct ct_config *c = &p->m->cfg;
	const struct ct_layer *ly = &p->m->layers[l];
	int D = c->D, T = p->T, pos = Tp - 1;
	const float *pattern = p->pattern + (size_t)l * c->H * T * T, *scale = p->scale1 + l * T, *g;
	float *own = s->N;

	if (n == 0)
		return;
	for (int b = 0; b < n; b++)
		memcpy(own + (size_t)b * D, G + ((size_t)b * Tp + pos) * D, (size_t)D * sizeof *own);
	g = before_post1(p, l, n, Tp, pos, own, own);
	for (int b = 0; b < n && ly->o.b; b++)
		bias[b] += (double)ct_sdot(D, g + (size_t)b * D, ly->o.b);
	ct_linear_back(&ly->o, n, g, 0, s->O);
	values_back_own(c, &ly->v, n, bias, s);
	/* N[k] = sum_h pattern_h[pos,k] U[h]: (T',H) x (H,D) with the patterns' rows transposed. */
	for (int b = 0; b < n; b++) {
		ct_sgemm(true, false, Tp, D, c->H, 1, pattern + (size_t)pos * T, T * T,
		    s->U + (size_t)b * c->H * D, D, 0, s->N, D);
		for (int k = 0; k < Tp; k++)
			norm1_back(&ly->norm1, scale[k], s->N + (size_t)k * D, G + ((size_t)b * Tp + k) * D,
			    &bias[b]);
	}
}

void
ct_attention_output_back(const struct ct_pass *p, int l, int t, int n, const float *g, float *o,
    float *scratch)
{
	ct_linear_back(&p->m->layers[l].o, n, before_post1(p, l, n, 1, t, g, scratch), 0, o);
}

float
ct_head_loading(const struct ct_pass *p, int l, int h, int q, int k, const float *o_row, const float *v_row)
{
	const struct ct_config *c = &p->m->cfg;
	const float *pattern = p->pattern + ((size_t)l * c->H + h) * p->T * p->T;

	return pattern[(size_t)q * p->T + k] *
	    ct_sdot(c->head, o_row + h * c->head, v_row + h / (c->H / c->H_kv) * c->head);
}

/* The projection of a side, and how many heads it has. */
static const struct ct_linear *
score_projection(const struct ct_model *m, int l, enum ct_score_side side, int *heads)
{
	const struct ct_layer *ly = &m->layers[l];

	*heads = side == CT_QUERIES ? m->cfg.H : m->cfg.H_kv;
	return side == CT_QUERIES ? &ly->q : &ly->k;
}

void
ct_score_row(const struct ct_pass *p, int l, enum ct_score_side side, int t, float *y, float *scale,
    float *tmp)
{
	const struct ct_model *m = p->m;
	int heads;
	const struct ct_linear *lin = score_projection(m, l, side, &heads);
	float scale1;

	for (int h = 0; h < heads; h++)
		scale[h] = 1;
	ct_norm_run(&m->layers[l].norm1, 1, p->x + ((size_t)l * p->T + t) * m->cfg.D, tmp, &scale1);
	ct_linear(lin, 1, tmp, true, y);
	ct_heads_finish(m, l, side, t, 1, y, scale);
}

void
ct_score_back(const struct ct_pass *p, const struct ct_score_place *at, int n, float *r, float *g,
    double *bias)
{
	const struct ct_model *m = p->m;
	const struct ct_layer *ly = &m->layers[at->layer];
	const struct ct_norm *norm = at->side == CT_QUERIES ? &ly->q_norm : &ly->k_norm;
	int D = m->cfg.D, head = m->cfg.head, heads;
	const struct ct_linear *lin = score_projection(m, at->layer, at->side, &heads);
	struct ct_matrix w = ct_matrix_part(&lin->w, at->head * head, head);
	float scale1 = p->scale1[at->layer * p->T + at->pos];

	for (int i = 0; i < n; i++) {
		float *row = r + (size_t)i * head;

		bias[i] = 0;
		/* A rotation's transpose turns the other way. */
		if (m->cfg.position == CT_ROPE)
			ct_rope(1, -at->pos, 1, head, ly->rope, row);
		if (norm->w)
			ct_norm_frozen_back(norm, at->scale, row, row, &bias[i]);
		if (lin->b)
			bias[i] += (double)ct_sdot(head, row, lin->b + (size_t)at->head * head);
	}
	ct_matrix_apply_back(&w, n, r, head, 0, g, D);
	for (int i = 0; i < n; i++)
		ct_norm_frozen_back(&ly->norm1, scale1, g + (size_t)i * D, g + (size_t)i * D, &bias[i]);
}

void
ct_read_stream(const struct ct_model *m, const struct ct_transcoder *tc, int T, const float *mid,
    const float *mlp_in, const float *scale2, float *dst)
{
	int D = m->cfg.D;

	switch (tc->read) {
	case CT_READ_MID:
		memcpy(dst, mid, (size_t)T * D * sizeof *dst);
		break;
	case CT_READ_NORM2:
		memcpy(dst, mlp_in, (size_t)T * D * sizeof *dst);
		break;
	case CT_READ_NORM2_BARE:
		for (int t = 0; t < T; t++)
			ct_norm_linear(D, m->cfg.norm == CT_LAYERNORM, mid + (size_t)t * D, NULL, scale2[t],
			    dst + (size_t)t * D);
		break;
	}
}

void
ct_mlp_in_frozen(const struct ct_pass *p, int l, int t, const float *dmid, float *y)
{
	ct_norm_frozen(&p->m->layers[l].norm2, p->scale2[l * p->T + t], dmid, y);
}

void
ct_read_frozen(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t, const float *dmid,
    float *y)
{
	int D = p->m->cfg.D;

	switch (tc->read) {
	case CT_READ_MID:
		memmove(y, dmid, (size_t)D * sizeof *y);
		break;
	case CT_READ_NORM2:
		ct_mlp_in_frozen(p, l, t, dmid, y);
		break;
	case CT_READ_NORM2_BARE:
		ct_norm_linear(D, p->m->cfg.norm == CT_LAYERNORM, dmid, NULL, p->scale2[l * p->T + t], y);
		break;
	}
}

void
ct_read_back(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t, const float *g, float *y,
    double *bias)
{
	int D = p->m->cfg.D;
	float scale = p->scale2[l * p->T + t];

	switch (tc->read) {
	case CT_READ_MID:
		memmove(y, g, (size_t)D * sizeof *y);
		break;
	case CT_READ_NORM2:
		ct_norm_frozen_back(&p->m->layers[l].norm2, scale, g, y, bias);
		break;
	case CT_READ_NORM2_BARE:
		ct_norm_linear_back(D, p->m->cfg.norm == CT_LAYERNORM, g, NULL, scale, y);
		break;
	}
}

/* Whether the norm after the MLP lies between the write point and the stream. */
static bool
norm_follows(const struct ct_model *m, const struct ct_transcoder *tc, int l)
{
	return tc->write == CT_WRITE_MLP && m->layers[l].post2.w;
}

bool
ct_stream_direct(const struct ct_model *m, const struct ct_transcoder *tc)
{
	return tc->read == CT_READ_MID && !norm_follows(m, tc, 0);
}

void
ct_to_write_point(const struct ct_model *m, const struct ct_transcoder *tc, int l, int T, float *y,
    float *scale)
{
	if (!norm_follows(m, tc, l))
		ct_layer_mlp_out(m, l, T, y, y, scale);
}

void
ct_from_write_point(const struct ct_model *m, const struct ct_transcoder *tc, int l, int T, float *y,
    float *scale)
{
	if (norm_follows(m, tc, l))
		ct_layer_mlp_out(m, l, T, y, y, scale);
}

void
ct_write_frozen(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t, const float *dy,
    float *y)
{
	if (norm_follows(p->m, tc, l))
		ct_norm_frozen(&p->m->layers[l].post2, p->post2[l * p->T + t], dy, y);
	else if (y != dy)
		memcpy(y, dy, (size_t)p->m->cfg.D * sizeof *y);
}

void
ct_write_back(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t, const float *g, float *y)
{
	double none = 0;

	if (norm_follows(p->m, tc, l))
		ct_norm_frozen_back(&p->m->layers[l].post2, p->post2[l * p->T + t], g, y, &none);
	else if (y != g)
		memcpy(y, g, (size_t)p->m->cfg.D * sizeof *y);
}

void
ct_mlp_out_back(const struct ct_pass *p, int l, int t, const float *g, float *y, double *bias)
{
	const struct ct_norm *post = &p->m->layers[l].post2;

	if (post->w)
		ct_norm_frozen_back(post, p->post2[l * p->T + t], g, y, bias);
	else if (y != g)
		memcpy(y, g, (size_t)p->m->cfg.D * sizeof *y);
}

const float *
ct_pass_written(const struct ct_pass *p, const struct ct_transcoder *tc, int l)
{
	return (norm_follows(p->m, tc, l) ? p->mlp_raw : p->mlp_out) + (size_t)l * p->T * p->m->cfg.D;
}

const float *
ct_write_constant(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t, float *tmp)
{
	if (!norm_follows(p->m, tc, l))
		return ct_transcoder_offset(tc, l);
	ct_write_frozen(p, tc, l, t, ct_transcoder_offset(tc, l), tmp);
	return tmp;
}

void
ct_skip_frozen(const struct ct_transcoder *tc, int l, int T, const float *dread, float *y)
{
	ct_transcoder_skip(tc, l, T, dread, y);
}

void
ct_skip_back(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int n, int Tp, float *G,
    double *bias, const struct ct_back *s)
{
	int D = tc->D;
	const float *g = G;

	if (!ct_transcoder_has_skip(tc, l) || n == 0)
		return;
	if (norm_follows(p->m, tc, l)) {
		for (int r = 0; r < n * Tp; r++)
			ct_write_back(p, tc, l, r % Tp, G + (size_t)r * D, s->P + (size_t)r * D);
		g = s->P;
	}
	ct_transcoder_skip_back(tc, l, n * Tp, g, s->N);
	for (int r = 0; r < n * Tp; r++) {
		float *row = s->N + (size_t)r * D, *to = G + (size_t)r * D;

		ct_read_back(p, tc, l, r % Tp, row, row, &bias[r / Tp]);
		for (int d = 0; d < D; d++)
			to[d] += row[d];
	}
}

/* Neuron n at position t of a run. */
static struct ct_neuron
neuron_of(const struct ct_pass *p, int l, int t, int n)
{
	return ct_neuron_at(p->m, l, n, p->mlp_in + ((size_t)l * p->T + t) * p->m->cfg.D);
}

void
ct_feature_gradient(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t, int f, float *g,
    double *bias)
{
	if (tc->neurons) {
		struct ct_neuron at = neuron_of(p, l, t, f);

		*bias = ct_neuron_row(p->m, l, f, &at, g);
	} else {
		ct_transcoder_encoder_row(tc, l, f, g);
		*bias = (double)ct_transcoder_bias(tc, l, f);
	}
	ct_read_back(p, tc, l, t, g, g, bias);
}

void
ct_features_local(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int n,
    const struct ct_tc_place *at, bool change, const float *x, float *restrict pre)
{
	size_t D = (size_t)tc->D;

	if (!tc->neurons && !change) {
		ct_transcoder_preactivations(tc, l, n, at, x, pre);
		return;
	}
	for (int i = 0; i < n; i++) {
		const float *row = x + (size_t)at[i].row * D;

		if (tc->neurons) {
			struct ct_neuron local = neuron_of(p, l, at[i].row, at[i].feature);

			pre[i] = ct_neuron_apply(p->m, l, at[i].feature, &local, row, !change);
		} else {
			pre[i] = ct_transcoder_encode_one(tc, l, at[i].feature, row);
		}
	}
}

float
ct_embed_back(const struct ct_model *m, int t, int id, const float *g, double *bias)
{
	if (m->pos_embed.data)
		*bias += (double)ct_matrix_row_dot(&m->pos_embed, t, g);
	return ct_matrix_row_dot(&m->embed, id, g) *
	    (m->cfg.embed_scale > 0 ? (float)m->cfg.embed_scale : 1);
}

void
ct_final_frozen(const struct ct_pass *p, int t, const float *dx, float *y)
{
	ct_norm_frozen(&p->m->norm_f, p->scale_f[t], dx, y);
}

void
ct_unembed_row(const struct ct_model *m, int v, float *row)
{
	ct_matrix_read(&m->unembed, v, 0, m->cfg.D, row);
}

/* n numbers from d on of row b of the unembedding, or of its mean row; lent or in tmp. */
static const float *
unembed_piece(const struct ct_model *m, int b, int d, int n, float *tmp)
{
	if (b == CT_VOCAB_MEAN)
		return ct_model_unembed_mean(m) + d;
	ct_matrix_read(&m->unembed, b, d, n, tmp);
	return tmp;
}

double
ct_unembed_dot(const struct ct_model *m, int a, int b, const float *y)
{
	float x[PIECE], z[PIECE];
	double sum = 0;

	for (int d = 0; d < m->cfg.D; d += PIECE) {
		int n = m->cfg.D - d < PIECE ? m->cfg.D - d : PIECE;
		const float *A = unembed_piece(m, a, d, n, x), *B = unembed_piece(m, b, d, n, z);

		for (int i = 0; i < n; i++)
			sum += (double)y[d + i] * ((double)A[i] - (double)B[i]);
	}
	return sum;
}

void
ct_logit_gradient(const struct ct_pass *p, int t, int a, int b, float *g, double *bias)
{
	const struct ct_model *m = p->m;
	float piece[PIECE];

	ct_matrix_read(&m->unembed, a, 0, m->cfg.D, g);
	for (int d = 0; d < m->cfg.D; d += PIECE) {
		int n = m->cfg.D - d < PIECE ? m->cfg.D - d : PIECE;
		const float *B = unembed_piece(m, b, d, n, piece);

		for (int i = 0; i < n; i++)
			g[d + i] -= B[i];
	}
	*bias = 0;
	ct_norm_frozen_back(&m->norm_f, p->scale_f[t], g, g, bias);
}
