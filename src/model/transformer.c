/* transformer: see transformer.h. */
#include "model/transformer.h"

#include <math.h>
#include <string.h>

#include "math/blas.h"
#include "math/kernels.h"
#include "model/maps.h"

size_t
ct_kv_size(const struct ct_model *m, int T)
{
	return (size_t)T * m->cfg.H_kv * m->cfg.head;
}

size_t
ct_pattern_size(const struct ct_model *m, int T)
{
	return (size_t)m->cfg.H * T * T;
}

/* Arrays of floats to be allocated together. */
struct part {
	float **to;
	size_t n;
};

static int
allocate(const struct part *list, size_t n, struct ct_arena *a, struct ct_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].n && !(*list[i].to = ct_arena_need(a, list[i].n, sizeof(float),
		    "the activations of a run", err)))
			return CT_ENOMEM;
	return CT_OK;
}

unsigned long long
ct_pass_bytes(const struct ct_model *m, int T)
{
	unsigned long long TD = (unsigned long long)T * m->cfg.D, L = m->cfg.L;

	return sizeof(float) * ((5 * L + 2) * TD + L * (ct_pattern_size(m, T) + 2 * ct_kv_size(m, T)));
}

int
ct_pass_init(struct ct_pass *p, const struct ct_model *m, int T, struct ct_arena *a, struct ct_error *err)
{
	size_t TD = (size_t)T * m->cfg.D, L = m->cfg.L;
	bool post1 = m->layers[0].post1.w, post2 = m->layers[0].post2.w;
	const struct part parts[] = {
		{ &p->x, (L + 1) * TD },
		{ &p->mid, L * TD },
		{ &p->mlp_in, L * TD },
		{ &p->mlp_out, L * TD },
		{ &p->mlp_raw, post2 ? L * TD : 0 },
		{ &p->pattern, L * ct_pattern_size(m, T) },
		{ &p->k, L * ct_kv_size(m, T) },
		{ &p->v, L * ct_kv_size(m, T) },
		{ &p->scale1, L * T },
		{ &p->scale2, L * T },
		{ &p->post1, post1 ? L * T : 0 },
		{ &p->post2, post2 ? L * T : 0 },
		{ &p->scale_f, (size_t)T },
		{ &p->final, TD },
	};
	int code;

	*p = (struct ct_pass){ .m = m, .T = T, .start = 1 };
	code = allocate(parts, sizeof parts / sizeof *parts, a, err);
	if (!p->mlp_raw)
		p->mlp_raw = p->mlp_out;
	return code;
}

void
ct_pass_copy(struct ct_pass *dst, const struct ct_pass *p)
{
	const struct ct_model *m = p->m;
	size_t T = (size_t)p->T, TD = T * m->cfg.D, L = (size_t)m->cfg.L, kv = ct_kv_size(m, p->T);

	dst->ids = p->ids;
	dst->start = p->start;
	memcpy(dst->x, p->x, (L + 1) * TD * sizeof *p->x);
	memcpy(dst->mid, p->mid, L * TD * sizeof *p->mid);
	memcpy(dst->mlp_in, p->mlp_in, L * TD * sizeof *p->mlp_in);
	memcpy(dst->mlp_out, p->mlp_out, L * TD * sizeof *p->mlp_out);
	if (p->mlp_raw != p->mlp_out)
		memcpy(dst->mlp_raw, p->mlp_raw, L * TD * sizeof *p->mlp_raw);
	memcpy(dst->pattern, p->pattern, L * ct_pattern_size(m, p->T) * sizeof *p->pattern);
	memcpy(dst->k, p->k, L * kv * sizeof *p->k);
	memcpy(dst->v, p->v, L * kv * sizeof *p->v);
	memcpy(dst->scale1, p->scale1, L * T * sizeof *p->scale1);
	memcpy(dst->scale2, p->scale2, L * T * sizeof *p->scale2);
	if (p->post1)
		memcpy(dst->post1, p->post1, L * T * sizeof *p->post1);
	if (p->post2)
		memcpy(dst->post2, p->post2, L * T * sizeof *p->post2);
	memcpy(dst->scale_f, p->scale_f, T * sizeof *p->scale_f);
	memcpy(dst->final, p->final, TD * sizeof *p->final);
}

int
ct_layer_rows_init(struct ct_layer_rows *r, const struct ct_model *m, int first, int T, struct ct_arena *a,
    struct ct_error *err)
{
	size_t n = T - first;
	const struct part parts[] = {
		{ &r->k, ct_kv_size(m, T) },
		{ &r->v, ct_kv_size(m, T) },
		{ &r->pattern, ct_pattern_size(m, T) },
		{ &r->scale1, n },
		{ &r->scale2, n },
		{ &r->post1, n },
		{ &r->post2, n },
	};

	*r = (struct ct_layer_rows){ .first = first, .T = T };
	return allocate(parts, sizeof parts / sizeof *parts, a, err);
}

struct ct_layer_rows
ct_pass_rows(const struct ct_pass *p, int l)
{
	size_t kv = l * ct_kv_size(p->m, p->T), at = (size_t)l * p->T;

	return (struct ct_layer_rows){
		.T = p->T,
		.k = p->k + kv,
		.v = p->v + kv,
		.pattern = p->pattern + l * ct_pattern_size(p->m, p->T),
		.scale1 = p->scale1 + at,
		.scale2 = p->scale2 + at,
		.post1 = p->post1 ? p->post1 + at : NULL,
		.post2 = p->post2 ? p->post2 + at : NULL,
	};
}

void
ct_embed(const struct ct_model *m, int T, int first, const int *ids, float *x)
{
	int D = m->cfg.D;

	for (int t = 0; t < T; t++, x += D) {
		ct_embed_row(m, ids[t], x);
		if (m->pos_embed.data)
			ct_matrix_add_row(&m->pos_embed, first + t, x);
	}
}

size_t
ct_layer_scratch(const struct ct_model *m, int T)
{
	const struct ct_config *c = &m->cfg;
	size_t attention = (size_t)T * (c->D + (2 * (size_t)c->H + c->H_kv) * c->head + c->H);
	size_t mlp = 2 * (size_t)T * c->mlp;

	return (attention > mlp ? attention : mlp) + (size_t)c->head;
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

/* x = cap * tanh(x / cap) */
static void
softcap(int n, double cap, float *x)
{
	for (int i = 0; i < n && cap > 0; i++)
		x[i] = (float)(cap * tanh((double)x[i] / cap));
}

/* Patterns of rows first.. from queries q (n,H*head) and keys k (T,H_kv*head), both rotated. */
static void
patterns(const struct ct_config *c, int window, const struct ct_layer_rows *r, const float *q, float *pattern)
{
	int first = r->first, T = r->T, n = T - first, group = c->H / c->H_kv;
	float scale = (float)ct_score_scale(c);

	for (int h = 0; h < c->H; h++) {
		float *p = pattern + ((size_t)h * T + first) * T;

		ct_sgemm(false, true, n, T, c->head, scale, q + h * c->head, c->H * c->head,
		    r->k + (h / group) * c->head, c->H_kv * c->head, 0, p, T);
		for (int t = first; t < T; t++, p += T) {
			int from = window > 0 && t >= window ? t - window + 1 : 0;

			softcap(t + 1 - from, c->attn_softcap, p + from);
			ct_softmax(t + 1 - from, p + from);
			memset(p, 0, (size_t)from * sizeof *p);
			memset(p + t + 1, 0, (size_t)(T - t - 1) * sizeof *p);
		}
	}
}

void
ct_layer_attention(
    const struct ct_model *m, int l, const struct ct_layer_rows *r, const float *x, float *mid,
    float *scratch)
{
	const struct ct_config *c = &m->cfg;
	const struct ct_layer *ly = &m->layers[l];
	int first = r->first, T = r->T, n = T - first, D = c->D, width = c->H * c->head, kv =
	    c->H_kv * c->head;
	float *y = scratch, *q = y + (size_t)n * D, *z = q + (size_t)n * width,
	    *scale = z + (size_t)n * width;
	float *k = r->k + (size_t)first * kv;

	ct_norm_run(&ly->norm1, n, x, y, r->scale1);
	/* Keys are of use beyond a frozen pattern: generated tokens attend to them. */
	ct_linear(&ly->v, n, y, true, r->v + (size_t)first * kv);
	ct_linear(&ly->k, n, y, true, k);
	ct_heads_finish(m, l, CT_KEYS, first, n, k, scale);
	if (!r->frozen) {
		ct_linear(&ly->q, n, y, true, q);
		ct_heads_finish(m, l, CT_QUERIES, first, n, q, scale);
		patterns(c, ly->window, r, q, r->pattern);
	}
	mix(c, first, T, r->pattern, r->v, z);
	ct_linear(&ly->o, n, z, true, mid);
	if (ly->post1.w)
		ct_norm_run(&ly->post1, n, mid, mid, r->post1);
	for (size_t i = 0; i < (size_t)n * D; i++)
		mid[i] += x[i];
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
ct_layer_mlp_in(const struct ct_model *m, int l, int T, const float *mid, float *in, float *scale2)
{
	ct_norm_run(&m->layers[l].norm2, T, mid, in, scale2);
}

void
ct_layer_mlp(
    const struct ct_model *m, int l, int T, const float *mid, float *in, float *scale2, float *out,
    float *scratch)
{
	const struct ct_layer *ly = &m->layers[l];
	int n = T * m->cfg.mlp;
	float *up = scratch, *gate = scratch + n;

	ct_layer_mlp_in(m, l, T, mid, in, scale2);
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
ct_layer_mlp_out(const struct ct_model *m, int l, int T, const float *raw, float *out, float *post2)
{
	if (m->layers[l].post2.w)
		ct_norm_run(&m->layers[l].post2, T, raw, out, post2);
	else if (out != raw)
		memcpy(out, raw, (size_t)T * m->cfg.D * sizeof *out);
}

void
ct_final_norm(const struct ct_model *m, int T, const float *x, float *y, float *scale)
{
	ct_norm_run(&m->norm_f, T, x, y, scale);
}

void
ct_logits(const struct ct_model *m, int T, const float *y, float *logits)
{
	ct_unembed(m, T, y, logits);
	for (int t = 0; t < T; t++)
		softcap(m->cfg.V, m->cfg.final_softcap, logits + (size_t)t * m->cfg.V);
}

float
ct_logit(const struct ct_model *m, int token, const float *y)
{
	float logit = ct_matrix_row_dot(&m->unembed, token, y);

	softcap(1, m->cfg.final_softcap, &logit);
	return logit;
}

int
ct_forward(struct ct_pass *p, const int *ids, float *scratch, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_model *m = p->m;
	int T = p->T, L = m->cfg.L, code;
	size_t TD = (size_t)T * m->cfg.D;

	p->ids = ids;
	p->start = !m->special || m->special[ids[0]] ? 1 : 0;
	ct_embed(m, T, 0, ids, p->x);
	for (int l = 0; l < L; l++) {
		struct ct_layer_rows r = ct_pass_rows(p, l);
		float *x = p->x + l * TD, *mid = p->mid + l * TD, *next = x + TD;
		float *raw = p->mlp_raw + l * TD, *out = p->mlp_out + l * TD;

		if (!ct_job_go_on(job, "prompt", l, L))
			return ct_fail(err, CT_ECANCELLED, "prompt cancelled");
		ct_layer_attention(m, l, &r, x, mid, scratch);
		ct_layer_mlp(m, l, T, mid, p->mlp_in + l * TD, r.scale2, raw, scratch);
		ct_layer_mlp_out(m, l, T, raw, out, r.post2);
		for (size_t i = 0; i < TD; i++)
			next[i] = mid[i] + out[i];
	}
	ct_final_norm(m, T, p->x + L * TD, p->final, p->scale_f);
	code = ct_model_check_finite(m, p->final, TD, err);
	return code < 0 ? code : ct_model_check_finite(m, ct_model_unembed_mean(m), m->cfg.D, err);
}
