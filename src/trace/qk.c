/* qk: see qk.h. */
#include "trace/qk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/kernels.h"
#include "model/linear.h"
#include "trace/attribution.h"

static const struct {
	const char *name;
	enum ct_node_kind node;
} kinds[CT_QK_KINDS + 1] = {
	[CT_QK_WORDS] = { "words", CT_NODE_EMBEDDING },
	[CT_QK_FEATURES] = { "features", CT_NODE_FEATURE },
	[CT_QK_ERRORS] = { "errors", CT_NODE_ERROR },
	[CT_QK_CONSTANTS] = { "constants", CT_NODE_OTHER },
	[CT_QK_KINDS] = { "together", CT_NODE_OTHER },
};

const char *
ct_qk_kind_name(int kind)
{
	return kinds[kind].name;
}

enum ct_node_kind
ct_qk_node_kind(enum ct_qk_kind kind)
{
	return kinds[kind].node;
}

/* A query or a key, and its terms. */
struct side {
	enum ct_score_side which;
	int pos, head;		/* of H, or of H_kv */
	float *all, *own;	/* (heads*head) of the run, and that head's */
	float *gradient;	/* (head,D) of each of its numbers */
	double *constant;	/* (head) */
	struct ct_row *rows;	/* (head) of edges into each of its numbers */
	int n;
	struct ct_qk_term *term;	/* (n) */
	float *vector;		/* (n,head) u or v of each term */
	double *sum;		/* (CT_QK_KINDS,head) of the terms' vectors by kind */
};

struct split {
	const struct ct_local_model *lrm;
	struct ct_qk *out;
	struct ct_layout layout;
	int head;		/* its width */
	double scale;
	struct side side[2];	/* by enum ct_score_side */
};

static int
check_question(const struct ct_local_model *lrm, const struct ct_qk_question *at, struct ct_error *err)
{
	const struct ct_config *c = &lrm->m->cfg;
	int window;

	if (at->layer < 0 || at->layer >= c->L || at->head < 0 || at->head >= c->H)
		return ct_fail(err, CT_EINVAL, "no head L%dH%d: the model has layers 0 to %d of %d heads",
		    at->layer, at->head, c->L - 1, c->H);
	if (at->query < 0 || at->query >= lrm->T || at->key < 0 || at->key > at->query)
		return ct_fail(err, CT_EINVAL, "@%d cannot look at @%d: a token sees itself and those before "
		    "it", at->query, at->key);
	window = lrm->m->layers[at->layer].window;
	if (window > 0 && at->key <= at->query - window)
		return ct_fail(err, CT_EINVAL, "@%d cannot look at @%d: layer %d sees the last %d tokens "
		    "only", at->query, at->key, at->layer, window);
	return CT_OK;
}

static int
side_memory(const struct split *s, struct side *d, struct ct_arena *tmp, struct ct_error *err)
{
	const struct ct_config *c = &s->lrm->m->cfg;
	size_t width = s->head, n = ct_layout_length(&s->layout, s->out->at.layer, d->pos) + 1;

	d->all = ct_arena_need(tmp, (size_t)c->H * width, sizeof *d->all, "queries and keys", err);
	d->gradient = ct_arena_need(tmp, width * c->D, sizeof *d->gradient, "queries and keys", err);
	d->constant = ct_arena_need(tmp, width, sizeof *d->constant, "queries and keys", err);
	d->rows = ct_arena_need(tmp, width, sizeof *d->rows, "queries and keys", err);
	d->term = ct_arena_need(tmp, n, sizeof *d->term, "queries and keys", err);
	d->vector = ct_arena_need(tmp, n * width, sizeof *d->vector, "queries and keys", err);
	d->sum = ct_arena_need(tmp, CT_QK_KINDS * width, sizeof *d->sum, "queries and keys", err);
	return d->all && d->gradient && d->constant && d->rows && d->term && d->vector && d->sum ? CT_OK :
												   CT_ENOMEM;
}

/* The query or key in the original run, and a row to compute for each of its numbers. */
static int
ask_side(const struct split *s, struct side *d, struct ct_row *rows, struct ct_arena *tmp,
    struct ct_error *err)
{
	const struct ct_pass *p = s->lrm->pass;
	const struct ct_config *c = &p->m->cfg;
	int l = s->out->at.layer, head = s->head;
	float *scale = ct_arena_need(tmp, c->H, sizeof *scale, "queries and keys", err);
	float *one = ct_arena_need(tmp, (size_t)head * head, sizeof *one, "queries and keys", err);
	struct ct_score_place place;

	if (!scale || !one || side_memory(s, d, tmp, err) < 0)
		return CT_ENOMEM;
	ct_score_row(p, l, d->which, d->pos, d->all, scale, d->gradient);
	d->own = d->all + (size_t)d->head * head;
	for (int e = 0; e < head; e++)
		one[(size_t)e * head + e] = 1;
	place = (struct ct_score_place){ l, d->head, d->pos, d->which, scale[d->head] };
	ct_score_back(p, &place, head, one, d->gradient, d->constant);
	for (int e = 0; e < head; e++)
		rows[e] = (struct ct_row){ .target = { .layer = l,
					       .pos = d->pos,
					       .index = e,
					       .other = (int)d->which },
			.gradient = d->gradient + (size_t)e * c->D,
			.constant = d->constant[e],
			.value = d->own[e] };
	return CT_OK;
}

/*
 * Attribution has reordered the rows: this puts them back by side and number. The error of their sums is
 * relative to the sizes of all terms, since a single number may be almost 0.
 */
static void
sort_rows(struct split *s, const struct ct_row *rows)
{
	double gap[2] = { 0 }, size[2] = { 0 };

	for (int i = 0; i < 2 * s->head; i++) {
		const struct ct_row *r = &rows[i];
		double summed = r->total + fabs((double)r->bias);

		s->side[r->target.other].rows[r->target.index] = *r;
		gap[r->target.other] += r->residual * (summed > 0 ? summed : 1);
		size[r->target.other] += summed;
	}
	for (int i = 0; i < 2; i++)
		s->out->residual = fmax(s->out->residual, size[i] > 0 ? gap[i] / size[i] : gap[i]);
}

/* Adds a term unless its vector is 0. The vector is that of entry `at` of the rows (-1: their constants). */
static void
add_term(const struct split *s, struct side *d, struct ct_qk_term term, long at)
{
	float *v = d->vector + (size_t)d->n * s->head;
	double *sum = d->sum + (size_t)term.kind * s->head;
	bool zero = true;

	for (int e = 0; e < s->head; e++) {
		v[e] = at < 0 ? d->rows[e].bias : d->rows[e].edges[at];
		zero &= v[e] == 0;
		sum[e] += (double)v[e];
	}
	if (!zero)
		d->term[d->n++] = term;
}

/* Rows are laid out by position, kind, layer, index. */
static void
list_terms(const struct split *s, struct side *d)
{
	const struct ct_local_model *lrm = s->lrm;
	const struct ct_layout *y = &s->layout;
	int layer = s->out->at.layer, T = lrm->T;

	for (int t = 0; t <= d->pos; t++) {
		long at = (long)ct_layout_at(y, CT_NODE_FEATURE, layer, t);

		for (int l = 0; l < layer; l++)
			for (int i = lrm->first[l * T + t]; i < lrm->first[l * T + t + 1]; i++)
				add_term(s, d, (struct ct_qk_term){ CT_QK_FEATURES, l, t,
				    lrm->active[i].feature, 0 }, at++);
		at = (long)ct_layout_at(y, CT_NODE_ERROR, layer, t);
		for (int l = 0; l < layer; l++)
			add_term(s, d, (struct ct_qk_term){ CT_QK_ERRORS, l, t, -1, 0 }, at++);
		add_term(s, d, (struct ct_qk_term){ CT_QK_WORDS, -1, t, lrm->pass->ids[t], 0 },
		    (long)ct_layout_at(y, CT_NODE_EMBEDDING, layer, t));
	}
	add_term(s, d, (struct ct_qk_term){ CT_QK_CONSTANTS, -1, -1, -1, 0 }, -1);
}

static int
by_size(const void *a, const void *b)
{
	const struct ct_qk_term *x = a, *y = b;
	float u = fabsf(x->marginal), v = fabsf(y->marginal);

	if (u != v)
		return u > v ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return ct_place_order((struct ct_place){ x->layer, x->pos, x->index },
	    (struct ct_place){ y->layer, y->pos, y->index });
}

/* scale <u, v>; the sizes of what was summed are added to *size. */
static double
product(const struct split *s, const float *u, const float *v, double *size)
{
	double sum = 0;

	for (int e = 0; e < s->head; e++) {
		double x = s->scale * (double)u[e] * (double)v[e];

		sum += x;
		*size += fabs(x);
	}
	return sum;
}

/* |sum - score| in terms of what was summed. */
static void
note_gap(struct ct_qk *out, double sum, double size)
{
	if (size > 0)
		out->residual = fmax(out->residual, fabs(sum - out->score) / size);
}

/* A term with its vector, for sorting; the term comes first, so that by_size can compare these too. */
struct ranked {
	struct ct_qk_term term;
	const float *vector;
};

static struct ranked *
rank_terms(const struct split *s, const struct side *d, const struct side *other, struct ct_qk_term **terms,
    int *n, struct ct_arena *tmp, struct ct_arena *a, struct ct_error *err)
{
	struct ranked *r = ct_arena_need(tmp, (size_t)d->n, sizeof *r, "queries and keys", err);
	double sum = 0, size = 0;

	*terms = ct_arena_need(a, (size_t)d->n, sizeof **terms, "queries and keys", err);
	if (!r || !*terms)
		return NULL;
	for (int i = 0; i < d->n; i++) {
		r[i] = (struct ranked){ d->term[i], d->vector + (size_t)i * s->head };
		r[i].term.marginal = (float)product(s, r[i].vector, other->own, &size);
		sum += (double)r[i].term.marginal;
	}
	note_gap(s->out, sum, size);
	qsort(r, (size_t)d->n, sizeof *r, by_size);
	for (int i = 0; i < d->n; i++)
		(*terms)[i] = r[i].term;
	*n = d->n;
	return r;
}

static void
sum_parts(const struct split *s)
{
	struct ct_qk *out = s->out;
	double sum = 0, size = 0;

	for (int i = 0; i < CT_QK_KINDS; i++)
		for (int j = 0; j < CT_QK_KINDS; j++) {
			const double *u = s->side[CT_QUERIES].sum + (size_t)i * s->head,
				     *v = s->side[CT_KEYS].sum + (size_t)j * s->head;

			for (int e = 0; e < s->head; e++) {
				out->parts[i][j] += s->scale * u[e] * v[e];
				size += fabs(s->scale * u[e] * v[e]);
			}
			sum += out->parts[i][j];
		}
	note_gap(out, sum, size);
}

static int
by_adds(const void *a, const void *b)
{
	const struct ct_qk_pair *x = a, *y = b;
	float u = fabsf(x->adds), v = fabsf(y->adds);

	if (u != v)
		return u > v ? -1 : 1;
	if (x->query != y->query)
		return x->query < y->query ? -1 : 1;
	return x->key < y->key ? -1 : x->key > y->key;
}

static int
list_pairs(const struct split *s, struct ct_arena *tmp, struct ct_arena *a, struct ct_error *err)
{
	const struct side *q = &s->side[CT_QUERIES], *k = &s->side[CT_KEYS];
	struct ct_qk *out = s->out;
	const struct ranked *u = rank_terms(s, q, k, &out->query, &out->n_query, tmp, a, err);
	const struct ranked *v = u ? rank_terms(s, k, q, &out->key, &out->n_key, tmp, a, err) : NULL;
	double size = 0;

	if (!u || !v)
		return CT_ENOMEM;
	out->pairs = ct_arena_need(a, (size_t)CT_QK_STRONGEST * CT_QK_STRONGEST, sizeof *out->pairs, "pairs",
	    err);
	if (!out->pairs)
		return CT_ENOMEM;
	out->rest = out->score;
	for (int i = 0; i < out->n_query && i < CT_QK_STRONGEST; i++)
		for (int j = 0; j < out->n_key && j < CT_QK_STRONGEST; j++) {
			double adds = product(s, u[i].vector, v[j].vector, &size);

			out->pairs[out->n_pairs++] = (struct ct_qk_pair){ i, j, (float)adds };
			out->rest -= adds;
		}
	qsort(out->pairs, (size_t)out->n_pairs, sizeof *out->pairs, by_adds);
	return CT_OK;
}

/* The scores of the query with all keys: the softmax of them is the pattern that the run had. */
static int
compare_keys(const struct split *s, struct ct_arena *tmp, struct ct_error *err)
{
	const struct ct_pass *p = s->lrm->pass;
	const struct ct_config *c = &p->m->cfg;
	struct ct_qk *out = s->out;
	int q = out->at.query, window = p->m->layers[out->at.layer].window, h = out->at.head;
	int from = window > 0 && q >= window ? q - window + 1 : 0;
	float *row = ct_arena_need(tmp, (size_t)p->T, sizeof *row, "a pattern", err);
	const float *pattern;
	const float *keys = p->k + out->at.layer * ct_kv_size(p->m, p->T);
	float *score = ct_arena_need(tmp, (size_t)q + 1, sizeof *score, "scores", err);

	if (!score || !row)
		return CT_ENOMEM;
	pattern = ct_pattern_row(p, out->at.layer, h, q, row);
	out->rival = -1;
	for (int k = from; k <= q; k++) {
		double x = ct_head_score(c, h, s->side[CT_QUERIES].all, keys + (size_t)k * ct_key_width(c));

		if (k != out->at.key && (out->rival < 0 || x > out->rival_score)) {
			out->rival = k;
			out->rival_score = x;
		}
		score[k] = (float)(c->attn_softcap > 0 ? c->attn_softcap * tanh(x / c->attn_softcap) : x);
	}
	out->capped = (double)score[out->at.key];
	ct_softmax(q + 1 - from, score + from);
	for (int k = from; k <= q; k++)
		out->pattern_error = fmax(out->pattern_error, fabs((double)score[k] - (double)pattern[k]));
	out->pattern = (double)pattern[out->at.key];
	return CT_OK;
}

static int
split_score(struct split *s, struct ct_arena *tmp, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err)
{
	const struct ct_config *c = &s->lrm->m->cfg;
	struct ct_qk *out = s->out;
	struct ct_row *rows = ct_arena_need(tmp, 2 * (size_t)s->head, sizeof *rows, "queries and keys", err);
	int code = rows ? ct_attribution_layout(&s->layout, s->lrm, tmp, err) : CT_ENOMEM;

	s->side[CT_QUERIES] = (struct side){ .which = CT_QUERIES,
		.pos = out->at.query,
		.head = out->at.head };
	s->side[CT_KEYS] = (struct side){ .which = CT_KEYS,
		.pos = out->at.key,
		.head = ct_key_head(c, out->at.head) };
	if (code < 0 || (code = ask_side(s, &s->side[CT_QUERIES], rows, tmp, err)) < 0 ||
	    (code = ask_side(s, &s->side[CT_KEYS], rows + s->head, tmp, err)) < 0 ||
	    (code = ct_attribute(s->lrm, &s->layout, rows, 2 * s->head, tmp, job, err)) < 0)
		return code;
	out->score = ct_head_score(c, out->at.head, s->side[CT_QUERIES].all, s->side[CT_KEYS].all);
	out->softcap = c->attn_softcap;
	sort_rows(s, rows);
	for (int i = 0; i < 2; i++)
		list_terms(s, &s->side[i]);
	sum_parts(s);
	code = list_pairs(s, tmp, a, err);
	return code < 0 ? code : compare_keys(s, tmp, err);
}

int
ct_qk_split(struct ct_qk *out, const struct ct_local_model *lrm, const struct ct_qk_question *at,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	struct split s = { .lrm = lrm,
		.out = out,
		.head = ct_head_width(&lrm->m->cfg),
		.scale = ct_score_scale(&lrm->m->cfg) };
	int code = check_question(lrm, at, err);

	*out = (struct ct_qk){ .at = *at };
	if (code == CT_OK)
		code = split_score(&s, &tmp, a, job, err);
	ct_arena_free(&tmp);
	return code;
}
