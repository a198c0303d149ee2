/* linear: see linear.h. */
#include "model/linear.h"

#include <string.h>

#include "math/blas.h"
#include "math/kernels.h"
#include "model/neurons.h"

enum { PIECE = 256 };		/* numbers of a row that are converted to floats at a time */

/* The projection to queries or keys, and how many heads it has. */
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
		/* The transpose of a rotation is the rotation by the negative angle. */
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

/* Evaluates neuron n at position t of a run. */
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

int
ct_linear_unit(struct ct_pass *p, const struct ct_model *m, struct ct_arena *a, struct ct_error *err)
{
	int L = m->cfg.L;
	float *ones = ct_arena_need(a, (size_t)L + 1, sizeof *ones, "norm scales", err);

	if (!ones)
		return CT_ENOMEM;
	for (int i = 0; i <= L; i++)
		ones[i] = 1;
	*p = (struct ct_pass){ .m = m, .T = 1, .scale1 = ones, .scale2 = ones, .post1 = ones, .post2 = ones,
		.scale_f = ones };
	return CT_OK;
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

/* Numbers d..d+n-1 of row b of the unembedding or of its mean row; lent or in tmp. */
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
