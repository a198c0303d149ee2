/* outcome: what a clamp did to each node, beside what the graph predicted. See intervene.h. */
#include <math.h>
#include <stdlib.h>

#include "math/blas.h"
#include "trace/intervene.h"

double
ct_pearson(const double *x, const double *y, int n)
{
	double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;

	if (n < 3)
		return NAN;
	for (int i = 0; i < n; i++) {
		mx += x[i] / n;
		my += y[i] / n;
	}
	for (int i = 0; i < n; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		yy += (y[i] - my) * (y[i] - my);
		xy += (x[i] - mx) * (y[i] - my);
	}
	return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

struct ranked {
	double value;
	int at;
};

static int
by_value(const void *x, const void *y)
{
	const struct ranked *a = x, *b = y;

	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return a->at < b->at ? -1 : 1;
}

static void
rank_of(const double *x, int n, struct ranked *tmp, double *rank)
{
	for (int i = 0; i < n; i++)
		tmp[i] = (struct ranked){ x[i], i };
	qsort(tmp, (size_t)n, sizeof *tmp, by_value);
	for (int i = 0, j; i < n; i = j) {
		for (j = i; j < n && tmp[j].value == tmp[i].value;)
			j++;
		for (int k = i; k < j; k++)
			rank[tmp[k].at] = (i + j - 1) / 2.0;
	}
}

int
ct_spearman(
    double *out, const double *x, const double *y, int n, struct ct_arena *scratch, struct ct_error *err)
{
	struct ct_arena_mark mark = ct_arena_mark(scratch);
	struct ranked *tmp = ct_arena_need(scratch, (size_t)n, sizeof *tmp, "ranks", err);
	double *rx = ct_arena_need(scratch, (size_t)n, sizeof *rx, "ranks", err);
	double *ry = ct_arena_need(scratch, (size_t)n, sizeof *ry, "ranks", err);

	if (tmp && rx && ry) {
		rank_of(x, n, tmp, rx);
		rank_of(y, n, tmp, ry);
		*out = ct_pearson(rx, ry, n);
	}
	ct_arena_release(scratch, mark);
	return tmp && rx && ry ? CT_OK : CT_ENOMEM;
}

/* Everything that is needed to read one quantity in four versions. */
struct versions {
	const struct ct_local *lo;
	const struct ct_changed *run;
	float *direct_final, *total_final, *direct_pre, *total_pre;
};

/* The centred logit (or difference) of a target in a final stream y (T,D); linear in y. */
static double
target_dot(const struct ct_local *lo, const struct ct_node *n, const float *y)
{
	const struct ct_model *m = lo->m;
	int D = m->cfg.D;
	const float *A = m->unembed + (size_t)n->index * D;
	const float *B = n->target == CT_TARGET_DIFFERENCE ? m->unembed + (size_t)n->other * D
							   : m->unembed_mean;
	double sum = 0;

	y += (size_t)n->pos * D;
	for (int d = 0; d < D; d++)
		sum += (double)y[d] * ((double)A[d] - B[d]);
	return sum;
}

static bool
is_clamped(const struct ct_sites *s, const struct ct_node *n)
{
	for (int i = 0; i < s->n; i++)
		if (n->kind == CT_NODE_FEATURE && s->site[i].layer == n->layer && s->site[i].pos == n->pos &&
		    s->site[i].feature == n->index)
			return true;
	return false;
}

static struct ct_effect
effect_of(const struct versions *v, int active, int node, const struct ct_node *n)
{
	struct ct_effect e = { .node = node };

	if (n->kind == CT_NODE_FEATURE) {
		e.before = v->lo->active[active].pre;
		e.after = v->run->pre[active];
		e.predicted_direct = v->direct_pre[active];
		e.predicted_total = v->total_pre[active];
	} else {
		e.before = (float)target_dot(v->lo, n, v->lo->pass->final);
		e.after = (float)target_dot(v->lo, n, v->run->final);
		e.predicted_direct = (float)target_dot(v->lo, n, v->direct_final);
		e.predicted_total = (float)target_dot(v->lo, n, v->total_final);
	}
	e.observed = e.after - e.before;
	return e;
}

/* Targets first, then by the size of the change; ties by node. */
static int
by_effect(const void *x, const void *y)
{
	const struct ct_effect *a = x, *b = y;
	float p = fabsf(a->observed), q = fabsf(b->observed);

	if (p != q)
		return p > q ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

/* Whether anything clamped can reach the node at all: others are 0 on both sides and would only pad the ranks. */
static bool
reachable(const struct ct_sites *s, const struct ct_node *n)
{
	for (int i = 0; i < s->n; i++)
		if (s->site[i].layer < n->layer && s->site[i].pos <= n->pos)
			return true;
	return false;
}

static int
agree(struct ct_outcome *out, const struct ct_graph *g, const struct ct_sites *s, struct ct_arena *a,
    struct ct_error *err)
{
	struct ct_arena_mark mark = ct_arena_mark(a);
	double *x = ct_arena_need(a, (size_t)out->n_effects, sizeof *x, "agreement", err);
	double *y = ct_arena_need(a, (size_t)out->n_effects, sizeof *y, "agreement", err);
	int n = 0, r = CT_ENOMEM;

	out->agreement = (struct ct_agreement){ NAN, NAN, 0 };
	if (!x || !y)
		goto done;
	for (int i = 0; i < out->n_effects; i++) {
		const struct ct_effect *e = &out->effects[i];

		if (e->clamped || !reachable(s, &g->nodes[e->node]))
			continue;
		x[n] = (double)e->predicted_total - (double)e->predicted_direct;
		y[n++] = (double)e->observed - (double)e->predicted_direct;
	}
	out->agreement.n = n;
	out->agreement.pearson = ct_pearson(x, y, n);
	r = ct_spearman(&out->agreement.spearman, x, y, n, a, err);
done:
	ct_arena_release(a, mark);
	return r;
}

int
ct_outcome_init(struct ct_outcome *out, const struct ct_local *lo, const struct ct_graph *g,
    const struct ct_sites *s, const struct ct_clamp_options *opt, const struct ct_changed *run,
    struct ct_arena *a, struct ct_error *err)
{
	size_t TD = (size_t)lo->T * lo->m->cfg.D;
	struct versions v = { .lo = lo, .run = run };
	double worst = 0, largest = 0;
	int active = 0, r, n = 0;

	*out = (struct ct_outcome){ .options = *opt };
	out->effects = ct_arena_need(
	    a, (size_t)g->n_features + g->n_targets, sizeof *out->effects, "effects", err);
	v.direct_final = ct_arena_need(a, TD, sizeof(float), "predictions", err);
	v.total_final = ct_arena_need(a, TD, sizeof(float), "predictions", err);
	v.direct_pre = ct_arena_need(a, (size_t)lo->n, sizeof(float), "predictions", err);
	v.total_pre = ct_arena_need(a, (size_t)lo->n, sizeof(float), "predictions", err);
	if (!out->effects || !v.direct_final || !v.total_final || !v.direct_pre || !v.total_pre)
		return CT_ENOMEM;
	if ((r = ct_predict(lo, s, false, v.direct_final, v.direct_pre, a, err)) < 0 ||
	    (r = ct_predict(lo, s, true, v.total_final, v.total_pre, a, err)) < 0)
		return r;
	for (int i = g->n_nodes - g->n_targets; i < g->n_nodes; i++) {
		const struct ct_node *node = &g->nodes[i];

		/* A feature target has no entry of its own unless it is active; its node then has one. */
		if (node->target != CT_TARGET_FEATURE)
			out->effects[n++] = effect_of(&v, -1, i, node);
	}
	out->n_targets = n;
	for (int i = 0; i < g->n_features; i++) {
		const struct ct_node *node = &g->nodes[i];

		/* Nodes are a subset of the active features, in the same order. */
		while (lo->active[active].layer != node->layer || lo->active[active].pos != node->pos ||
		       lo->active[active].feature != node->index)
			active++;
		out->effects[n] = effect_of(&v, active, i, node);
		out->effects[n].clamped = is_clamped(s, node);
		n++;
	}
	out->n_effects = n;
	qsort(out->effects + out->n_targets, (size_t)(n - out->n_targets), sizeof *out->effects, by_effect);
	for (int i = 0; i < n; i++) {
		const struct ct_effect *e = &out->effects[i];

		worst = fmax(worst, fabs((double)e->observed - (double)e->predicted_direct));
		largest = fmax(largest, fabs((double)e->observed));
	}
	out->max_direct_error = largest > 0 ? worst / largest : worst;
	return agree(out, g, s, a, err);
}
