/* linear_attention: the attention of a layer in the frozen network, forwards and backwards. See linear.h. */
#include "model/linear.h"

#include <string.h>

#include "base/vector.h"
#include "math/blas.h"
#include "math/kernels.h"

enum {
	MIX_KEYS = 4,
	SUMS = 16
};

/*
 * A row of a tile, in one or a few vector registers. (gcc -O3 keeps plain arrays of this size in memory, at a
 * quarter of the speed.) Unaligned; may alias floats.
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
	float *y = scratch, *v = y + (size_t)T * D, *z = v + (size_t)T * kv, *rows = z + (size_t)T * width;
	struct ct_pattern part;

	ct_attention_values(p, l, dx, v, y);
	for (int h = 0; h < c->H; h++)
		for (int q = 0; q < T; q += part.n) {
			ct_pattern_rows(&part, p, l, h, q, T, rows);
			ct_sgemm(false, false, part.n, c->head, part.to - part.from, 1, part.p + part.from, T,
			    v + (size_t)part.from * kv + (h / group) * c->head, kv, 0,
			    z + (size_t)q * width + h * c->head, width);
		}
	ct_linear(&ly->o, T, z, false, dmid);
	for (int t = 0; t < T && ly->post1.w; t++)
		ct_norm_frozen(&ly->post1, p->post1[l * T + t], dmid + (size_t)t * D, dmid + (size_t)t * D);
	for (size_t i = 0; i < (size_t)T * D; i++)
		dmid[i] += dx[i];
}

size_t
ct_back_size(const struct ct_model *m, int T, size_t rows, size_t targets)
{
	const struct ct_config *c = &m->cfg;
	size_t D = c->D, row = (size_t)(c->H + c->H_kv) * c->head + D + (m->layers[0].post2.w ? D : 0);

	return rows * row + targets * c->H * D + ct_pattern_scratch(m, T);
}

int
ct_back_init(struct ct_back *s, const struct ct_model *m, int T, size_t rows, size_t targets,
    struct ct_arena *a, struct ct_error *err)
{
	const struct ct_config *c = &m->cfg;
	size_t D = c->D;

	s->O = ct_arena_need(a, rows * c->H * c->head, sizeof *s->O, "gradients", err);
	s->V = ct_arena_need(a, rows * c->H_kv * c->head, sizeof *s->V, "gradients", err);
	s->N = ct_arena_need(a, rows * D, sizeof *s->N, "gradients", err);
	s->U = ct_arena_need(a, targets * c->H * D, sizeof *s->U, "gradients", err);
	s->P = ct_arena_need(a, m->layers[0].post2.w ? rows * D : 0, sizeof *s->P, "gradients", err);
	s->pattern = ct_arena_need(a, ct_pattern_scratch(m, T), sizeof *s->pattern, "patterns", err);
	return s->O && s->V && s->N && s->U && s->P && s->pattern ? CT_OK : CT_ENOMEM;
}

/*
 * out[k] += sum_{q>=k} pattern[q,k] * in[q], over the queries of t: a head's attention backwards, for one
 * target. The sum is added to out, since query heads share the rows of a key/value head.
 *   in (T',width), out (T',width) with row distances ld_in, ld_out; t of one head, rows of T, 0 where k > q
 * Tiles of 4 keys x 16 columns stay in registers, so that a row of `in` is read once for 4 keys.
 */
MULTIVERSION static void
mix_back(const struct ct_pattern *t, int T, int width, const float *in, int ld_in, float *restrict out,
    int ld_out)
{
	int first = t->first, end = first + t->n;
	const float *rows = t->p;

	for (int k = t->from; k < end; k += MIX_KEYS) {
		int keys = end - k < MIX_KEYS ? end - k : MIX_KEYS, from = k > first ? k : first;

		for (int d = 0; d < width; d += MIX_COLUMNS) {
			int columns = width - d < MIX_COLUMNS ? width - d : MIX_COLUMNS;
			float *o = out + (size_t)k * ld_out + d;

			if (keys == MIX_KEYS && columns == MIX_COLUMNS) {
				tile acc[MIX_KEYS] = { { 0 } };

				for (int q = from; q < end; q++) {
					tile i = *(const tile *)(in + (size_t)q * ld_in + d);
					const float *p = rows + (size_t)(q - first) * T + k;

					acc[0] += p[0] * i;
					acc[1] += p[1] * i;
					acc[2] += p[2] * i;
					acc[3] += p[3] * i;
				}
				for (int j = 0; j < MIX_KEYS; j++)
					*(tile *)(o + (size_t)j * ld_out) += acc[j];
				continue;
			}
			for (int q = from; q < end; q++)
				for (int j = 0; j < keys; j++)
					for (int c = 0; c < columns; c++)
						o[(size_t)j * ld_out + c] +=
						    rows[(size_t)(q - first) * T + k + j] *
						    in[(size_t)q * ld_in + d + c];
		}
	}
}

/* mean(w*g), from several partial sums, which together fill a vector register. */
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

/* y += scale * (w*g - [centre] mean(w*g)): adds the frozen norm backwards. */
MULTIVERSION static void
add_norm_back(
    int D, bool centre, const float *restrict g, const float *restrict w, float scale, float *restrict y)
{
	float mean = centre ? weighted_mean(D, g, w) : 0;

	for (int d = 0; d < D; d++)
		y[d] += scale * (w[d] * g[d] - mean);
}

/* G += the gradient n taken back through the norm before attention, one row. */
static void
norm1_back(const struct ct_norm *norm, float scale, const float *n, float *restrict G, double *bias)
{
	if (norm->b)
		*bias += (double)ct_sdot(norm->width, n, norm->b);
	add_norm_back(norm->width, norm->kind == CT_LAYERNORM, n, norm->w, scale, G);
}

/*
 * Rows of the stream's gradient, taken back through the norm after attention, if there is one, to the output
 * projection; at positions 0..Tp-1, or all at position `own` if that is not -1.
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
	struct ct_pattern t;
	const float *g;

	if (n == 0)
		return;
	g = before_post1(p, l, n * Tp, Tp, -1, G, s->N);
	for (int r = 0; r < n * Tp && ly->o.b; r++)
		bias[r / Tp] += (double)ct_sdot(D, g + (size_t)r * D, ly->o.b);
	ct_linear_back(&ly->o, n * Tp, g, 0, s->O);
	memset(s->V, 0, (size_t)n * Tp * wk * sizeof *s->V);
	for (int h = 0; h < c->H; h++)
		for (int q = 0; q < Tp; q += t.n) {
			ct_pattern_rows(&t, p, l, h, q, Tp, s->pattern);
			for (int b = 0; b < n; b++)
				mix_back(&t, T, c->head, s->O + (size_t)b * Tp * wq + h * c->head, wq,
				    s->V + (size_t)b * Tp * wk + h / group * c->head, wk);
		}
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
	int D = c->D, T = p->T, pos = Tp - 1, ld;
	const float *pattern, *scale = p->scale1 + l * T, *g;
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
	pattern = ct_pattern_query(p, l, pos, &ld, s->pattern);
	/* N[k] = sum_h pattern_h[pos,k] U[h]: (T',H) x (H,D) with the patterns' rows transposed. */
	for (int b = 0; b < n; b++) {
		ct_sgemm(true, false, Tp, D, c->H, 1, pattern, ld,
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
ct_head_loading(const struct ct_config *c, int h, float pattern, const float *o_row, const float *v_row)
{
	return pattern * ct_sdot(c->head, o_row + h * c->head, v_row + h / (c->H / c->H_kv) * c->head);
}
