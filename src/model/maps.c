/* maps: see maps.h. */
#include "model/maps.h"

#include <math.h>
#include <string.h>

#include "math/blas.h"
#include "math/kernels.h"

void
ct_linear(const struct ct_linear *lin, int T, const float *x, bool bias, float *y)
{
	int out = lin->w.rows;
	bool b = bias && lin->b;

	if (b)
		for (int t = 0; t < T; t++)
			memcpy(y + (size_t)t * out, lin->b, (size_t)out * sizeof *y);
	ct_matrix_apply(&lin->w, T, x, lin->w.cols, b ? 1 : 0, y, out);
}

void
ct_linear_back(const struct ct_linear *lin, int T, const float *g, float beta, float *gx)
{
	ct_matrix_apply_back(&lin->w, T, g, lin->w.rows, beta, gx, lin->w.cols);
}

void
ct_norm_run(const struct ct_norm *n, int T, const float *x, float *y, float *scale)
{
	if (n->kind == CT_RMSNORM)
		ct_rmsnorm(T, n->width, x, n->w, n->eps, y, scale);
	else
		ct_layernorm(T, n->width, x, n->w, n->b, n->eps, y, scale);
}

void
ct_norm_frozen(const struct ct_norm *n, float scale, const float *dx, float *y)
{
	ct_norm_linear(n->width, n->kind == CT_LAYERNORM, dx, n->w, scale, y);
}

void
ct_norm_frozen_back(const struct ct_norm *n, float scale, const float *g, float *y, double *bias)
{
	if (n->b)
		*bias += (double)ct_sdot(n->width, g, n->b);
	ct_norm_linear_back(n->width, n->kind == CT_LAYERNORM, g, n->w, scale, y);
}

void
ct_heads_finish(const struct ct_model *m, int l, enum ct_score_side side, int first, int n, float *x,
    float *scale)
{
	const struct ct_config *c = &m->cfg;
	const struct ct_layer *ly = &m->layers[l];
	const struct ct_norm *norm = side == CT_QUERIES ? &ly->q_norm : &ly->k_norm;
	int heads = side == CT_QUERIES ? c->H : c->H_kv;

	if (norm->w)
		ct_norm_run(norm, n * heads, x, x, scale);
	if (c->position == CT_ROPE)
		ct_rope(n, first, heads, c->head, ly->rope, x);
}

double
ct_score_scale(const struct ct_config *c)
{
	return c->query_scale > 0 ? c->query_scale : 1 / sqrt(c->head);
}

void
ct_embed_row(const struct ct_model *m, int id, float *row)
{
	ct_matrix_read(&m->embed, id, 0, m->cfg.D, row);
	for (int d = 0; d < m->cfg.D && m->cfg.embed_scale > 0; d++)
		row[d] *= (float)m->cfg.embed_scale;
}

void
ct_unembed(const struct ct_model *m, int T, const float *y, float *logits)
{
	ct_matrix_apply(&m->unembed, T, y, m->cfg.D, 0, logits, m->cfg.V);
}
