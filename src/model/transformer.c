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

enum { MAX_PARTS = 18 };

/* Lists the arrays of a pass; returns how many there are. */
static size_t
parts_of(struct part parts[MAX_PARTS], struct ct_pass *p, const struct ct_model *m, int T)
{
	const struct ct_config *c = &m->cfg;
	size_t t = (size_t)T, TD = t * c->D, L = c->L, kv = L * ct_kv_size(m, T);
	bool post1 = m->layers[0].post1.w, post2 = m->layers[0].post2.w, kept = ct_pattern_kept(m, T);
	const struct part list[] = {
		{ &p->x, (L + 1) * TD },
		{ &p->mid, L * TD },
		{ &p->mlp_in, L * TD },
		{ &p->mlp_out, L * TD },
		{ &p->mlp_raw, post2 ? L * TD : 0 },
		{ &p->k, kv },
		{ &p->v, kv },
		{ &p->pattern, kept ? L * ct_pattern_size(m, T) : 0 },
		{ &p->q, kept ? 0 : L * t * c->H * c->head },
		{ &p->top, kept ? 0 : L * t * c->H },
		{ &p->sum, kept ? 0 : L * t * c->H },
		{ &p->scale1, L * t },
		{ &p->scale2, L * t },
		{ &p->post1, post1 ? L * t : 0 },
		{ &p->post2, post2 ? L * t : 0 },
		{ &p->scale_f, t },
		{ &p->final, TD },
	};

	memcpy(parts, list, sizeof list);
	return sizeof list / sizeof *list;
}

unsigned long long
ct_pass_bytes(const struct ct_model *m, int T)
{
	struct part parts[MAX_PARTS];
	struct ct_pass none;
	unsigned long long sum = 0;
	size_t n = parts_of(parts, &none, m, T);

	for (size_t i = 0; i < n; i++)
		sum += parts[i].n;
	return sum * sizeof(float);
}

int
ct_pass_init(struct ct_pass *p, const struct ct_model *m, int T, struct ct_arena *a, struct ct_error *err)
{
	struct part parts[MAX_PARTS];
	size_t n;
	int code;

	*p = (struct ct_pass){ .m = m, .T = T, .start = 1 };
	n = parts_of(parts, p, m, T);
	code = allocate(parts, n, a, err);
	if (!p->mlp_raw)
		p->mlp_raw = p->mlp_out;
	p->seen = p->q ? p->k : NULL;
	return code;
}

void
ct_pass_copy(struct ct_pass *dst, const struct ct_pass *src)
{
	struct part to[MAX_PARTS], from[MAX_PARTS];
	struct ct_pass read = *src;
	size_t n = parts_of(to, dst, src->m, src->T);

	parts_of(from, &read, src->m, src->T);
	dst->ids = src->ids;
	dst->start = src->start;
	for (size_t i = 0; i < n; i++)
		if (to[i].n)
			memcpy(*to[i].to, *from[i].to, to[i].n * sizeof(float));
	if (dst->seen && dst->seen != dst->k)
		memcpy(dst->seen, src->seen, src->m->cfg.L * ct_kv_size(src->m, src->T) *
		    sizeof *dst->seen);
}

int
ct_pass_freeze(struct ct_pass *p, struct ct_arena *a, struct ct_error *err)
{
	size_t n = p->m->cfg.L * ct_kv_size(p->m, p->T);
	float *seen;

	if (!p->seen || p->seen != p->k)
		return CT_OK;
	if (!(seen = ct_arena_need(a, n, sizeof *seen, "the activations of a run", err)))
		return CT_ENOMEM;
	memcpy(seen, p->seen, n * sizeof *seen);
	p->seen = seen;
	return CT_OK;
}

int
ct_layer_rows_init(struct ct_layer_rows *r, const struct ct_model *m, int first, int T, struct ct_arena *a,
    struct ct_error *err)
{
	size_t n = T - first;
	const struct part parts[] = {
		{ &r->k, ct_kv_size(m, T) },
		{ &r->v, ct_kv_size(m, T) },
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
	const struct ct_config *c = &p->m->cfg;
	size_t kv = l * ct_kv_size(p->m, p->T), at = (size_t)l * p->T;

	return (struct ct_layer_rows){
		.T = p->T,
		.k = p->k + kv,
		.v = p->v + kv,
		.pattern = p->pattern ? p->pattern + l * ct_pattern_size(p->m, p->T) : NULL,
		.q = p->q ? p->q + at * c->H * c->head : NULL,
		.top = p->q ? p->top + at * c->H : NULL,
		.sum = p->q ? p->sum + at * c->H : NULL,
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

/* Floats for the rows of a layer's attention, without patterns. */
static size_t
attention_scratch(const struct ct_config *c, int n)
{
	return (size_t)n * (c->D + (2 * (size_t)c->H + c->H_kv) * c->head + c->H);
}

size_t
ct_layer_scratch_last(const struct ct_model *m, int n, int T)
{
	size_t attention = attention_scratch(&m->cfg, n) + ct_pattern_live_scratch(m, n, T);
	size_t mlp = 2 * (size_t)n * m->cfg.mlp;

	return (attention > mlp ? attention : mlp) + (size_t)m->cfg.head;
}

size_t
ct_layer_scratch(const struct ct_model *m, int T)
{
	return ct_layer_scratch_last(m, T, T);
}

/* z (T-first,H*head) = patterns, computed from queries q or frozen, applied to the values. */
static void
mix(const struct ct_model *m, int l, const struct ct_layer_rows *r, const float *q, float *z, float *scratch)
{
	const struct ct_config *c = &m->cfg;
	int group = c->H / c->H_kv, width = c->H * c->head, kv = c->H_kv * c->head;
	struct ct_pattern t;

	for (int h = 0; h < c->H; h++)
		for (int i = r->first; i < r->T; i += t.n) {
			if (r->frozen)
				ct_pattern_rows(&t, r->frozen, l, h, i, r->T, scratch);
			else
				ct_pattern_live(&t, m, l, r, q, h, i, scratch);
			ct_sgemm(false, false, t.n, c->head, t.to - t.from, 1, t.p + t.from, r->T,
			    r->v + (size_t)t.from * kv + (h / group) * c->head, kv, 0,
			    z + (size_t)(i - r->first) * width + h * c->head, width);
		}
}

void
ct_layer_attention(
    const struct ct_model *m, int l, const struct ct_layer_rows *r, const float *x, float *mid,
    float *scratch)
{
	const struct ct_config *c = &m->cfg;
	const struct ct_layer *ly = &m->layers[l];
	int first = r->first, n = r->T - first, D = c->D, width = c->H * c->head, kv = c->H_kv * c->head;
	float *y = scratch, *z = y + (size_t)n * D, *own = z + (size_t)n * width,
	    *scale = own + (size_t)n * width, *patterns = scratch + attention_scratch(c, n);
	float *k = r->k + (size_t)first * kv, *q = r->q ? r->q + (size_t)first * width : own;

	ct_norm_run(&ly->norm1, n, x, y, r->scale1);
	/* Keys are needed even if the pattern is frozen: generated tokens attend to them. */
	ct_linear(&ly->v, n, y, true, r->v + (size_t)first * kv);
	ct_linear(&ly->k, n, y, true, k);
	ct_heads_finish(m, l, CT_KEYS, first, n, k, scale);
	if (!r->frozen) {
		ct_linear(&ly->q, n, y, true, q);
		ct_heads_finish(m, l, CT_QUERIES, first, n, q, scale);
	}
	mix(m, l, r, q, z, patterns);
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
		ct_softcap(m->cfg.V, m->cfg.final_softcap, logits + (size_t)t * m->cfg.V);
}

float
ct_logit(const struct ct_model *m, int token, const float *y)
{
	float logit = ct_matrix_row_dot(&m->unembed, token, y);

	ct_softcap(1, m->cfg.final_softcap, &logit);
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
