/* inactive: see inactive.h. */
#include "trace/inactive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "math/blas.h"
#include "trace/attribution.h"
#include "trace/gradient.h"

enum { DEFAULT_LOOK_AT = 256 };

struct search {
	const struct ct_local_model *lrm;
	struct ct_inactives *out;
	int first, last; /* positions */
	int room; /* of out->items */
	float *pre; /* (T,F) of one layer */
	float *bar; /* (F) what each feature's pre-activation must exceed at one token */
	float *decoder; /* (D) */
};

/* How far a feature is from firing, in units of its own spread. */
static double
distance(const struct ct_inactive *f)
{
	return ((double)f->threshold - f->pre) / (f->spread > 0 ? f->spread : 1e-30f);
}

static bool
is_farther(const struct ct_inactive *a, const struct ct_inactive *b)
{
	double x = distance(a), y = distance(b);

	if (x != y)
		return x > y;
	if (a->layer != b->layer)
		return a->layer > b->layer;
	return a->pos != b->pos ? a->pos > b->pos : a->feature > b->feature;
}

/* Keeps the nearest features in a heap, with the farthest of them on top. */
static void
keep_near(struct search *s, const struct ct_inactive *f)
{
	struct ct_inactive *heap = s->out->items;
	int at;

	if (s->out->n < s->room) {
		for (at = s->out->n++; at > 0 && is_farther(f, &heap[(at - 1) / 2]); at = (at - 1) / 2)
			heap[at] = heap[(at - 1) / 2];
		heap[at] = *f;
		return;
	}
	if (!is_farther(&heap[0], f))
		return;
	for (at = 0;;) {
		int child = 2 * at + 1;

		if (child + 1 < s->out->n && is_farther(&heap[child + 1], &heap[child]))
			child++;
		if (child >= s->out->n || !is_farther(&heap[child], f))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = *f;
}

/* What a feature must exceed: its own threshold, or the smallest active feature of its layer. */
static void
set_bars(const struct search *s, int l, int t)
{
	const struct ct_local_model *lrm = s->lrm;
	const struct ct_transcoder *tc = lrm->tc;
	const struct ct_tc_layer *ly = &tc->layers[l];
	const float *pre = s->pre + (size_t)t * ly->F;
	float least = tc->act == CT_TC_TOPK ? -INFINITY : 0;
	int cell = l * lrm->T + t, n = lrm->first[cell + 1] - lrm->first[cell];

	if (n >= tc->k && (tc->act == CT_TC_TOPK || tc->act == CT_TC_TOPK_RELU)) {
		least = INFINITY;
		for (int i = lrm->first[cell]; i < lrm->first[cell + 1]; i++)
			least = fminf(least, lrm->active[i].pre);
	}
	for (int f = 0; f < ly->F; f++)
		s->bar[f] = tc->act == CT_TC_JUMPRELU ? ly->threshold[f] : least;
	for (int g = 0, size = tc->act == CT_TC_GROUPMAX ? ly->F / tc->k : 0; size && g < tc->k; g++) {
		float most = 0;

		for (int f = g * size; f < (g + 1) * size; f++)
			most = fmaxf(most, pre[f]);
		for (int f = g * size; f < (g + 1) * size; f++)
			s->bar[f] = most;
	}
}

/* Root mean square distance of feature f's pre-activations from their mean, over the prompt's tokens. */
static float
spread_of(const struct search *s, int l, int f)
{
	int T = s->lrm->T, F = s->lrm->tc->layers[l].F, first = s->lrm->pass->start;
	double mean = 0, sum = 0;

	for (int t = first; t < T; t++)
		mean += s->pre[(size_t)t * F + f] / (double)(T - first);
	for (int t = first; t < T; t++) {
		double d = s->pre[(size_t)t * F + f] - mean;

		sum += d * d / (T - first);
	}
	return (float)sqrt(sum);
}

static void
search_layer(struct search *s, int l)
{
	const struct ct_local_model *lrm = s->lrm;
	int F = lrm->tc->layers[l].F;

	ct_transcoder_encode(lrm->tc, l, lrm->T, lrm->read + (size_t)l * lrm->T * lrm->m->cfg.D, s->pre);
	for (int t = s->first; t <= s->last; t++) {
		int at = lrm->first[l * lrm->T + t], end = lrm->first[l * lrm->T + t + 1];

		set_bars(s, l, t);
		for (int f = 0; f < F; f++) {
			struct ct_inactive x = { .layer = l,
				.pos = t,
				.feature = f,
				.pre = s->pre[(size_t)t * F + f],
				.threshold = s->bar[f] };

			while (at < end && lrm->active[at].feature < f)
				at++;
			if (at < end && lrm->active[at].feature == f)
				continue;
			s->out->total++;
			x.spread = spread_of(s, l, f);
			keep_near(s, &x);
		}
	}
}

static void
note_edge(struct ct_inactive *f, enum ct_node_kind kind, int layer, int pos, int index, float weight)
{
	struct ct_inactive_edge *strongest = weight < 0 ? &f->hold : &f->push;

	*(weight < 0 ? &f->inhibition : &f->excitation) += weight;
	if (fabsf(weight) > fabsf(strongest->weight))
		*strongest = (struct ct_inactive_edge){ kind, layer, pos, index, weight };
}

/* What a row of edges says about its feature. Rows are ordered by position, kind, layer, index. */
static void
read_row(const struct search *s, const struct ct_layout *y, const struct ct_row *row, struct ct_inactive *f)
{
	const struct ct_local_model *lrm = s->lrm;

	for (int t = 0; t <= f->pos; t++) {
		const float *e = row->edges + ct_layout_at(y, CT_NODE_FEATURE, f->layer, t);

		for (int l = 0; l < f->layer; l++)
			for (int i = lrm->first[l * lrm->T + t]; i < lrm->first[l * lrm->T + t + 1]; i++)
				note_edge(f, CT_NODE_FEATURE, l, t, lrm->active[i].feature, *e++);
		e = row->edges + ct_layout_at(y, CT_NODE_ERROR, f->layer, t);
		for (int l = 0; l < ct_layout_count(y, CT_NODE_ERROR, f->layer, t); l++)
			note_edge(f, CT_NODE_ERROR, l, t, -1, *e++);
		note_edge(f, CT_NODE_EMBEDDING, -1, t, lrm->pass->ids[t],
		    row->edges[ct_layout_at(y, CT_NODE_EMBEDDING, f->layer, t)]);
	}
	f->bias = row->bias;
	f->held_by_one = f->pre - f->hold.weight > f->threshold;
	f->held = f->pre - f->inhibition > f->threshold;
	s->out->residual = fmax(s->out->residual, row->residual);
}

/* Computes rows of edges into all features that were found. */
static int
feed(struct search *s, struct ct_arena *tmp, const struct ct_job *job, struct ct_error *err)
{
	struct ct_inactives *out = s->out;
	struct ct_row *rows = ct_arena_need(tmp, (size_t)out->n, sizeof *rows, "inactive features", err);
	struct ct_layout layout;
	int code;

	if (!rows)
		return CT_ENOMEM;
	if ((code = ct_attribution_layout(&layout, s->lrm, tmp, err)) < 0)
		return code;
	for (int i = 0; i < out->n; i++) {
		const struct ct_inactive *f = &out->items[i];

		if ((code = ct_transcoder_check_rows(s->lrm->tc, f->layer, f->feature, err)) < 0)
			return code;
		/* Rows get reordered, so `weight`, which is unused here, carries their number. */
		rows[i].target = (struct ct_target){ .kind = CT_TARGET_FEATURE,
			.layer = f->layer,
			.pos = f->pos,
			.index = f->feature,
			.other = -1,
			.weight = (float)i };
	}
	if ((code = ct_attribute(s->lrm, &layout, rows, out->n, tmp, job, err)) < 0)
		return code;
	for (int i = 0; i < out->n; i++)
		read_row(s, &layout, &rows[i], &out->items[(int)rows[i].target.weight]);
	return CT_OK;
}

/* The product of the target's gradient and what each feature would write after MLP l. */
static int
at_write(void *ctx, int l, const struct ct_gradient *g, struct ct_error *err)
{
	const struct search *s = ctx;
	const struct ct_local_model *lrm = s->lrm;
	int D = lrm->m->cfg.D;

	(void)err;
	for (int i = 0; i < s->out->n; i++) {
		struct ct_inactive *f = &s->out->items[i];

		if (f->pos >= g->Tp || f->layer > l || l >= f->layer + ct_transcoder_reach(lrm->tc, f->layer))
			continue;
		ct_transcoder_decoder_row(lrm->tc, f->layer, f->feature, l, s->decoder);
		ct_write_frozen(lrm->pass, lrm->tc, l, f->pos, s->decoder, s->decoder);
		f->unit += ct_sdot(D, g->G + (size_t)f->pos * D, s->decoder);
	}
	return CT_OK;
}

/* The mean activation of a layer's active features. */
static float
layer_mean(const struct ct_local_model *lrm, int l)
{
	double sum = 0;
	int n = 0;

	for (int i = 0; i < lrm->n; i++)
		if (lrm->active[i].layer == l) {
			sum += lrm->active[i].act;
			n++;
		}
	return n ? (float)(sum / n) : 0;
}

static int
by_effect(const void *a, const void *b)
{
	const struct ct_inactive *x = a, *y = b;
	float u = fabsf(x->unit * x->typical), v = fabsf(y->unit * y->typical);

	if (u != v)
		return u > v ? -1 : 1;
	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (x->pos != y->pos)
		return x->pos < y->pos ? -1 : 1;
	return x->feature < y->feature ? -1 : x->feature > y->feature;
}

static int
search_all(struct search *s, int layers, struct ct_arena *tmp, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_local_model *lrm = s->lrm;
	size_t cells = (size_t)lrm->T * lrm->tc->F;

	if (ct_memory_check(
		cells * sizeof *s->pre, "the pre-activations of a layer", "use a shorter prompt", err) < 0)
		return CT_ENOMEM;
	s->pre = ct_arena_need(tmp, cells, sizeof *s->pre, "inactive features", err);
	s->bar = ct_arena_need(tmp, lrm->tc->F, sizeof *s->bar, "inactive features", err);
	s->decoder = ct_arena_need(tmp, lrm->m->cfg.D, sizeof *s->decoder, "inactive features", err);
	if (!s->pre || !s->bar || !s->decoder)
		return CT_ENOMEM;
	for (int l = 0; l < layers; l++) {
		if (!ct_job_go_on(job, "inactive features", l, layers))
			return ct_fail(err, CT_ECANCELLED, "cancelled");
		search_layer(s, l);
	}
	return CT_OK;
}

int
ct_inactive_find(struct ct_inactives *out, const struct ct_local_model *lrm, const struct ct_target *target,
    const struct ct_inactive_options *opt, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	static const struct ct_gradient_visit visit = { .written = at_write };
	struct search s = { .lrm = lrm,
		.out = out,
		.first = opt->pos < 0 ? lrm->pass->start : opt->pos,
		.last = opt->pos < 0 ? target->pos : opt->pos,
		.room = opt->look_at ? opt->look_at : DEFAULT_LOOK_AT };
	/* The features that could feed the target: those of lower layers. */
	int layers = target->kind == CT_TARGET_FEATURE ? target->layer : lrm->m->cfg.L, code;
	struct ct_arena tmp = { 0 };
	struct ct_gradient g;

	*out = (struct ct_inactives){ 0 };
	if (s.first < lrm->pass->start || s.last > target->pos)
		return ct_fail(err, CT_EINVAL,
		    "position %d: expected one from %d, where features begin, to the target's, %d", opt->pos,
		    lrm->pass->start, target->pos);
	out->items = ct_arena_need(a, (size_t)s.room, sizeof *out->items, "inactive features", err);
	code = out->items ? search_all(&s, layers, &tmp, job, err) : CT_ENOMEM;
	if (code == CT_OK && out->n)
		code = feed(&s, &tmp, job, err);
	if (code == CT_OK)
		code = ct_gradient_init(&g, lrm->pass, lrm->T, &tmp, err);
	if (code == CT_OK)
		code = ct_gradient_walk(&g, lrm, target, &visit, &s, job, err);
	for (int i = 0; i < out->n && code == CT_OK; i++) {
		struct ct_inactive *f = &out->items[i];

		f->typical = NAN;
		if (opt->typical)
			code = opt->typical(opt->ctx, f->layer, f->feature, &f->typical, err);
		if (!isfinite(f->typical))
			f->typical = layer_mean(lrm, f->layer);
	}
	if (code == CT_OK && out->n)
		qsort(out->items, (size_t)out->n, sizeof *out->items, by_effect);
	ct_arena_free(&tmp);
	return code;
}
