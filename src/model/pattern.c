/* pattern: see pattern.h. */
#include "model/pattern.h"

#include <math.h>
#include <string.h>

#include "math/blas.h"
#include "math/kernels.h"
#include "model/maps.h"

/*
 * Queries whose rows are computed together: few enough to stay in the cache with the keys of a long prompt.
 */
enum { TILE = 64 };

size_t
ct_pattern_size(const struct ct_model *m, int T)
{
	return (size_t)m->cfg.H * T * T;
}

bool
ct_pattern_kept(const struct ct_model *m, int T)
{
	return (size_t)m->cfg.L * ct_pattern_size(m, T) <= m->pattern_bytes / sizeof(float);
}

size_t
ct_pattern_scratch(const struct ct_model *m, int T)
{
	int rows = T < TILE ? T : TILE;

	return ct_pattern_kept(m, T) ? 0 : (size_t)(m->cfg.H > rows ? m->cfg.H : rows) * T;
}

size_t
ct_pattern_live_scratch(const struct ct_model *m, int n, int T)
{
	return (size_t)(ct_pattern_kept(m, T) || n < TILE ? n : TILE) * T;
}

/* The first key that a query sees. */
static int
first_key(int window, int q)
{
	return window > 0 && q >= window ? q - window + 1 : 0;
}

/*
 * Scores of queries q (t->n, rows of `width`) with keys t->from.. of a layer, k (T,H_kv*head), into the
 * corresponding columns of p.
 */
static void
scores(const struct ct_config *c, const struct ct_pattern *t, int T, int h, const float *q, const float *k,
    float *p)
{
	int kv = c->H_kv * c->head, group = c->H / c->H_kv;

	ct_sgemm(false, true, t->n, t->to - t->from, c->head, (float)ct_score_scale(c), q + h * c->head,
	    c->H * c->head, k + (size_t)t->from * kv + (h / group) * c->head, kv, 0, p + t->from, T);
}

/* All rows from `first` on in one piece, as a pass keeps them. */
static void
make_whole(struct ct_pattern *t, const struct ct_model *m, int l, const struct ct_layer_rows *r,
    const float *q, int h, float *p)
{
	const struct ct_config *c = &m->cfg;
	int T = r->T, window = m->layers[l].window;

	scores(c, t, T, h, q, r->k, p);
	for (int i = t->first; i < T; i++, p += T) {
		int from = first_key(window, i);

		ct_softcap(i + 1 - from, c->attn_softcap, p + from);
		ct_softmax(i + 1 - from, p + from);
		memset(p, 0, (size_t)from * sizeof *p);
		memset(p + i + 1, 0, (size_t)(T - i - 1) * sizeof *p);
	}
}

/*
 * Turns the scores of a tile of rows into patterns. top, sum (t->n) are the largest score of each row and the
 * sum of its softmax; they are read if `known`, else written.
 */
static void
make_tile(const struct ct_model *m, int l, const struct ct_pattern *t, int T, float *p, float *top,
    float *sum, bool known)
{
	for (int i = 0; i < t->n; i++, p += T) {
		int q = t->first + i, from = first_key(m->layers[l].window, q), n = q + 1 - from;

		ct_softcap(n, m->cfg.attn_softcap, p + from);
		if (!known) {
			top[i] = ct_largest(n, p + from);
			sum[i] = (float)ct_exp_sum(n, top[i], p + from);
		}
		ct_exp_scaled(n, top[i], 1 / sum[i], p + from);
		memset(p + t->from, 0, (size_t)(from - t->from) * sizeof *p);
		memset(p + q + 1, 0, (size_t)(t->to - q - 1) * sizeof *p);
	}
}

/* The tile from query `first` on, below `end`. */
static struct ct_pattern
tile_at(const struct ct_model *m, int l, int first, int end)
{
	int n = end - first < TILE ? end - first : TILE;

	return (struct ct_pattern){ .first = first, .n = n, .from = first_key(m->layers[l].window, first),
		.to = first + n };
}

void
ct_pattern_live(struct ct_pattern *out, const struct ct_model *m, int l, const struct ct_layer_rows *r,
    const float *q, int h, int first, float *scratch)
{
	float top[TILE], sum[TILE], *p = scratch;
	size_t at = (size_t)h * r->T + first;

	q += (size_t)(first - r->first) * m->cfg.H * m->cfg.head;
	if (ct_pattern_kept(m, r->T)) {
		*out = (struct ct_pattern){ .first = first, .n = r->T - first, .to = r->T };
		p = r->pattern ? r->pattern + at * r->T : scratch;
		make_whole(out, m, l, r, q, h, p);
	} else {
		*out = tile_at(m, l, first, r->T);
		scores(&m->cfg, out, r->T, h, q, r->k, p);
		make_tile(m, l, out, r->T, p, r->top ? r->top + at : top, r->sum ? r->sum + at : sum, false);
	}
	out->p = p;
}

void
ct_pattern_rows(struct ct_pattern *out, const struct ct_pass *p, int l, int h, int first, int end,
    float *scratch)
{
	const struct ct_model *m = p->m;
	const struct ct_config *c = &m->cfg;
	size_t T = (size_t)p->T, head = (size_t)l * c->H + h;

	if (p->pattern) {
		*out = (struct ct_pattern){ .p = p->pattern + (head * T + first) * T, .first = first,
			.n = end - first, .to = p->T };
		return;
	}
	*out = tile_at(m, l, first, end);
	scores(c, out, p->T, h, p->q + (l * T + first) * c->H * c->head, p->seen + l * T * c->H_kv * c->head,
	    scratch);
	make_tile(m, l, out, p->T, scratch, p->top + head * T + first, p->sum + head * T + first, true);
	out->p = scratch;
}

const float *
ct_pattern_row(const struct ct_pass *p, int l, int h, int q, float *scratch)
{
	struct ct_pattern row;

	ct_pattern_rows(&row, p, l, h, q, q + 1, scratch);
	if (row.p != scratch)
		return row.p;
	memset(scratch, 0, (size_t)row.from * sizeof *scratch);
	memset(scratch + row.to, 0, (size_t)(p->T - row.to) * sizeof *scratch);
	return scratch;
}

const float *
ct_pattern_query(const struct ct_pass *p, int l, int q, int *distance, float *scratch)
{
	size_t T = (size_t)p->T;

	if (p->pattern) {
		*distance = p->T * p->T;
		return p->pattern + ((size_t)l * p->m->cfg.H * T + q) * T;
	}
	for (int h = 0; h < p->m->cfg.H; h++)
		ct_pattern_row(p, l, h, q, scratch + h * T);
	*distance = p->T;
	return scratch;
}
