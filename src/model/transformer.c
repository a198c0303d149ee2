/* transformer: see transformer.h. */
#include "model/transformer.h"

#include <math.h>
#include <string.h>

#include "math/blas.h"
#include "math/kernels.h"

int
ct_pass_init(struct ct_pass *p, const struct ct_model *m, int T, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_config *c = &m->cfg;
	size_t TD = (size_t)T * c->D, L = c->L, kv = (size_t)T * c->H_kv * c->head;
	struct {
		float **to;
		size_t n;
	} table[] = {
		{ &p->x, (L + 1) * TD },
		{ &p->mid, L * TD },
		{ &p->mlp_in, L * TD },
		{ &p->mlp_out, L * TD },
		{ &p->pattern, L * c->H * (size_t)T * T },
		{ &p->k, L * kv },
		{ &p->v, L * kv },
		{ &p->scale1, L * T },
		{ &p->scale2, L * T },
		{ &p->scale_f, (size_t)T },
		{ &p->final, TD },
	};

	p->T = T;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		*table[i].to = ct_arena_need(a, table[i].n, sizeof(float), "the activations of a run", err);
		if (!*table[i].to)
			return CT_ENOMEM;
	}
	return CT_OK;
}

void
ct_linear(const struct ct_linear *lin, int T, const float *x, bool bias, float *y)
{
	bool b = bias && lin->b;

	if (b)
		for (int t = 0; t < T; t++)
			memcpy(y + (size_t)t * lin->out, lin->b, (size_t)lin->out * sizeof *y);
	ct_sgemm(false, !lin->transposed, T, lin->out, lin->in, 1, x, lin->in, lin->w, lin->ld, b ? 1 : 0, y,
	    lin->out);
}

void
ct_linear_back(const struct ct_linear *lin, int T, const float *g, float beta, float *gx)
{
	ct_sgemm(
	    false, lin->transposed, T, lin->in, lin->out, 1, g, lin->out, lin->w, lin->ld, beta, gx, lin->in);
}

void
ct_embed(const struct ct_model *m, int T, int first, const int *ids, float *x)
{
	int D = m->cfg.D;

	for (int t = 0; t < T; t++, x += D) {
		memcpy(x, m->embed + (size_t)ids[t] * D, (size_t)D * sizeof *x);
		if (m->pos_embed) {
			const float *p = m->pos_embed + (size_t)(first + t) * D;

			for (int d = 0; d < D; d++)
				x[d] += p[d];
		}
	}
}

size_t
ct_layer_scratch(const struct ct_model *m, int T)
{
	const struct ct_config *c = &m->cfg;
	size_t attention = (size_t)T * (c->D + 2 * (size_t)c->H * c->head + (size_t)c->H_kv * c->head);
	size_t mlp = 2 * (size_t)T * c->mlp;

	return (attention > mlp ? attention : mlp) + (size_t)c->head;
}

static void
norm(const struct ct_model *m, const struct ct_norm_weights *n, int T, const float *x, float *y, float *scale)
{
	if (m->cfg.norm == CT_RMSNORM)
		ct_rmsnorm(T, m->cfg.D, x, n->w, m->cfg.eps, y, scale);
	else
		ct_layernorm(T, m->cfg.D, x, n->w, n->b, m->cfg.eps, y, scale);
}

void
ct_norm_frozen(
    const struct ct_model *m, const struct ct_norm_weights *n, float scale, const float *dx, float *y)
{
	ct_norm_linear(m->cfg.D, m->cfg.norm == CT_LAYERNORM, dx, n->w, scale, y);
}

void
ct_norm_frozen_back(
    const struct ct_model *m, const struct ct_norm_weights *n, float scale, const float *g, float *y)
{
	ct_norm_linear_back(m->cfg.D, m->cfg.norm == CT_LAYERNORM, g, n->w, scale, y);
}

/* z (n,H*head) = patterns of query rows first.. applied to v (T,H_kv*head). */
static void
mix(const struct ct_config *c, int first, int T, const float *pattern, const float *v, float *z)
{
	int n = T - first, group = c->H / c->H_kv, width = c->H * c->head, kv = c->H_kv * c->head;

	for (int h = 0; h < c->H; h++)
		ct_sgemm(false, false, n, c->head, T, 1, pattern + ((size_t)h * T + first) * T, T,
		    v + (h / group) * c->head, kv, 0, z + h * c->head, width);
}

void
ct_layer_attention(const struct ct_model *m, int l, int first, int T, const float *x, float *k, float *v,
    float *pattern, bool frozen, float *scale1, float *mid, float *scratch)
{
	const struct ct_config *c = &m->cfg;
	const struct ct_layer *ly = &m->layers[l];
	int n = T - first, D = c->D, width = c->H * c->head, kv = c->H_kv * c->head, group = c->H / c->H_kv;
	float *y = scratch, *q = y + (size_t)n * D, *z = q + (size_t)n * width;

	norm(m, &ly->norm1, n, x, y, scale1);
	/* Keys are of use beyond a frozen pattern: generated tokens attend to them. */
	ct_linear(&ly->v, n, y, true, v + (size_t)first * kv);
	ct_linear(&ly->k, n, y, true, k + (size_t)first * kv);
	if (c->position == CT_ROPE)
		ct_rope(n, first, c->H_kv, c->head, m->rope_freq, k + (size_t)first * kv);
	if (!frozen) {
		ct_linear(&ly->q, n, y, true, q);
		if (c->position == CT_ROPE)
			ct_rope(n, first, c->H, c->head, m->rope_freq, q);
		for (int h = 0; h < c->H; h++) {
			float *p = pattern + ((size_t)h * T + first) * T;

			ct_sgemm(false, true, n, T, c->head, (float)(1 / sqrt(c->head)), q + h * c->head,
			    width, k + (h / group) * c->head, kv, 0, p, T);
			for (int i = 0; i < n; i++, p += T) {
				ct_softmax(first + i + 1, p);
				memset(p + first + i + 1, 0, (size_t)(n - i - 1) * sizeof *p);
			}
		}
	}
	mix(c, first, T, pattern, v, z);
	ct_linear(&ly->o, n, z, true, mid);
	for (size_t i = 0; i < (size_t)n * D; i++)
		mid[i] += x[i];
}

void
ct_layer_attention_frozen(
    const struct ct_model *m, const struct ct_pass *p, int l, const float *dx, float *dmid, float *scratch)
{
	const struct ct_config *c = &m->cfg;
	const struct ct_layer *ly = &m->layers[l];
	int T = p->T, D = c->D;
	float *y = scratch, *v = y + (size_t)T * D, *z = v + (size_t)T * c->H_kv * c->head;

	for (int t = 0; t < T; t++)
		ct_norm_frozen(m, &ly->norm1, p->scale1[l * T + t], dx + (size_t)t * D, y + (size_t)t * D);
	ct_linear(&ly->v, T, y, false, v);
	mix(c, 0, T, p->pattern + (size_t)l * c->H * T * T, v, z);
	ct_linear(&ly->o, T, z, false, dmid);
	for (size_t i = 0; i < (size_t)T * D; i++)
		dmid[i] += dx[i];
}

static void
activate(enum ct_act act, int n, float *x)
{
	switch (act) {
	case CT_SILU:
		ct_silu(n, x);
		break;
	case CT_GELU:
		ct_gelu(n, x);
		break;
	case CT_GELU_TANH:
		ct_gelu_tanh(n, x);
		break;
	case CT_RELU:
		ct_relu(n, x);
		break;
	}
}

void
ct_layer_mlp(const struct ct_model *m, int l, int T, const float *mid, float *in, float *scale2, float *out,
    float *scratch)
{
	const struct ct_layer *ly = &m->layers[l];
	int n = T * m->cfg.mlp;
	float *up = scratch, *gate = scratch + n;

	norm(m, &ly->norm2, T, mid, in, scale2);
	ct_linear(&ly->up, T, in, true, up);
	if (m->cfg.gated) {
		ct_linear(&ly->gate, T, in, true, gate);
		activate(m->cfg.act, n, gate);
		for (int i = 0; i < n; i++)
			up[i] *= gate[i];
	} else {
		activate(m->cfg.act, n, up);
	}
	ct_linear(&ly->down, T, up, true, out);
}

void
ct_final_norm(const struct ct_model *m, int T, const float *x, float *y, float *scale)
{
	norm(m, &m->norm_f, T, x, y, scale);
}

void
ct_logits(const struct ct_model *m, int T, const float *y, float *logits)
{
	ct_sgemm(
	    false, true, T, m->cfg.V, m->cfg.D, 1, y, m->cfg.D, m->unembed, m->cfg.D, 0, logits, m->cfg.V);
}

bool
ct_forward(const struct ct_model *m, struct ct_pass *p, const int *ids, float *scratch, ct_progress_fn progress,
    void *ctx)
{
	const struct ct_config *c = &m->cfg;
	size_t TD = (size_t)p->T * c->D, kv = (size_t)p->T * c->H_kv * c->head;

	ct_embed(m, p->T, 0, ids, p->x);
	for (int l = 0; l < c->L; l++) {
		float *x = p->x + l * TD, *mid = p->mid + l * TD, *next = x + TD, *out = p->mlp_out + l * TD;

		if (!ct_go_on(progress, ctx, "prompt", l, c->L))
			return false;
		ct_layer_attention(m, l, 0, p->T, x, p->k + l * kv, p->v + l * kv,
		    p->pattern + (size_t)l * c->H * p->T * p->T, false, p->scale1 + l * p->T, mid, scratch);
		ct_layer_mlp(m, l, p->T, mid, p->mlp_in + l * TD, p->scale2 + l * p->T, out, scratch);
		for (size_t i = 0; i < TD; i++)
			next[i] = mid[i] + out[i];
	}
	ct_final_norm(m, p->T, p->x + c->L * TD, p->final, p->scale_f);
	return true;
}
