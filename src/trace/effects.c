/* effects: what a clamp did to each node, and what the graph predicted. See intervene.h. */
#include <math.h>
#include <stdlib.h>

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
		for (j = i + 1; j < n && tmp[j].value == tmp[i].value;)
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

	/* A value that is not a number has no rank. */
	*out = NAN;
	for (int i = 0; i < n && tmp && rx && ry; i++)
		if (isnan(x[i]) || isnan(y[i])) {
			ct_arena_release(scratch, mark);
			return CT_OK;
		}
	if (tmp && rx && ry) {
		rank_of(x, n, tmp, rx);
		rank_of(y, n, tmp, ry);
		*out = ct_pearson(rx, ry, n);
	}
	ct_arena_release(scratch, mark);
	return tmp && rx && ry ? CT_OK : CT_ENOMEM;
}

/* What is needed to read one quantity in four runs: original, clamped, and both predictions. */
struct versions {
	const struct ct_local_model *lrm;
	const struct ct_changed *run;
	bool unpredicted;	/* the four values below are not set */
	float *direct_final, *total_final, *direct_pre, *total_pre;
};

/* The centred logit (or difference) of a target in a final stream y (T,D); linear in y. */
static double
target_dot(const struct ct_local_model *lrm, const struct ct_node *n, const float *y)
{
	return ct_unembed_dot(lrm->m, n->index, n->other, y + (size_t)n->pos * lrm->m->cfg.D);
}

float
ct_target_change(const struct ct_local_model *lrm, const struct ct_graph *g, const struct ct_changed *run,
    int node)
{
	const struct ct_node *n = &g->nodes[node];
	size_t at;

	if (n->target != CT_TARGET_FEATURE)
		return (float)(target_dot(lrm, n, run->final) - target_dot(lrm, n, lrm->pass->final));
	at = ((size_t)n->layer * lrm->T + n->pos) * lrm->m->cfg.D;
	return ct_transcoder_encode_one(lrm->tc, n->layer, n->index, run->read + at) -
	       ct_transcoder_encode_one(lrm->tc, n->layer, n->index, lrm->read + at);
}

static bool
is_clamped(const struct ct_clamp_sites *s, const struct ct_node *n)
{
	return n->kind == CT_NODE_FEATURE &&
	    ct_clamp_sites_has(s, (struct ct_place){ n->layer, n->pos, n->index });
}

/*
 * The index of a node's feature among the active ones, searching from `at` on: nodes are a subset of these in
 * the same order.
 */
static int
next_active(const struct ct_local_model *lrm, const struct ct_node *n, int at)
{
	while (lrm->active[at].layer != n->layer || lrm->active[at].pos != n->pos ||
	    lrm->active[at].feature != n->index)
		at++;
	return at;
}

static struct ct_effect
effect_of(const struct versions *v, int active, int node, const struct ct_node *n)
{
	struct ct_effect e = { .node = node };

	if (n->kind == CT_NODE_FEATURE) {
		e.before = v->lrm->active[active].pre;
		e.after = v->run->pre[active];
		e.predicted_direct = v->direct_pre[active];
		e.predicted_total = v->total_pre[active];
	} else {
		e.before = (float)target_dot(v->lrm, n, v->lrm->pass->final);
		e.after = (float)target_dot(v->lrm, n, v->run->final);
		e.predicted_direct = (float)target_dot(v->lrm, n, v->direct_final);
		e.predicted_total = (float)target_dot(v->lrm, n, v->total_final);
	}
	e.observed = e.after - e.before;
	if (v->unpredicted)
		e.predicted_direct = e.predicted_total = NAN;
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

/* Whether any clamp can reach the node: for others both effects are 0, which would only pad the ranks. */
static bool
reachable(const struct ct_clamp_sites *s, const struct ct_node *n)
{
	for (int i = 0; i < s->n; i++)
		if (s->site[i].layer < n->layer && s->site[i].pos <= n->pos)
			return true;
	return false;
}

static int
agree(struct ct_effects *out, const struct ct_graph *g, const struct ct_clamp_sites *s, struct ct_arena *a,
    struct ct_error *err)
{
	struct ct_arena_mark mark = ct_arena_mark(a);
	double *x = ct_arena_need(a, (size_t)out->n_effects, sizeof *x, "agreement", err);
	double *y = ct_arena_need(a, (size_t)out->n_effects, sizeof *y, "agreement", err);
	int n = 0, code = CT_ENOMEM;

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
	code = ct_spearman(&out->agreement.spearman, x, y, n, a, err);
done:
	ct_arena_release(a, mark);
	return code;
}

/*
 * Checks the frozen network: compares what the forward run observed with the edges, which were computed
 * backwards. Sites that are no nodes (inactive features) have no edges, so the linear prediction is used for
 * them.
 */
static int
check_edges(struct ct_effects *out, const struct ct_local_model *lrm, const struct ct_graph *g,
    const struct ct_clamp_sites *s, struct ct_arena *a, struct ct_error *err)
{
	struct ct_arena_mark mark = ct_arena_mark(a);
	struct ct_clamp_sites rest = { .site = ct_arena_need(a, (size_t)s->n, sizeof *rest.site, "a check",
	    err) };
	int *node = ct_arena_need(a, (size_t)s->n, sizeof *node, "a check", err), active = 0;
	int code = CT_ENOMEM;
	size_t TD = (size_t)lrm->T * lrm->m->cfg.D;
	float *final = ct_arena_need(a, TD, sizeof *final, "a check", err);
	float *pre = ct_arena_need(a, (size_t)lrm->n, sizeof *pre, "a check", err);
	float *by_node = ct_arena_need(a, (size_t)g->n_nodes, sizeof *by_node, "a check", err);
	double worst = 0, largest = 0;

	if (!rest.site || !node || !final || !pre || !by_node)
		goto done;
	for (int i = 0; i < s->n; i++) {
		const struct ct_clamp_site *c = &s->site[i];

		node[i] = c->original != 0 ? ct_graph_find(g, CT_NODE_FEATURE, c->layer, c->pos,
		    c->feature) : -1;
		if (node[i] < 0)
			rest.site[rest.n++] = *c;
	}
	if (rest.n && (code = ct_predict(lrm, &rest, false, final, pre, a, err)) < 0)
		goto done;
	for (int i = 0; i < g->n_features; i++) {
		active = next_active(lrm, &g->nodes[i], active);
		by_node[i] = pre[active];
	}
	for (int i = 0; i < out->n_effects; i++) {
		const struct ct_effect *e = &out->effects[i];
		const struct ct_node *n = &g->nodes[e->node];
		double sum = i < out->n_targets ? target_dot(lrm, n, final) : (double)by_node[e->node];

		if (!g->nodes[e->node].attributed)
			continue;
		for (int k = 0; k < s->n; k++)
			if (node[k] >= 0)
				sum += (double)ct_graph_edge(g, e->node, node[k]) *
				       ((double)s->site[k].value / (double)s->site[k].original - 1);
		worst = fmax(worst, fabs((double)e->observed - sum));
		largest = fmax(largest, fabs((double)e->observed));
	}
	out->max_direct_error = largest > 0 ? worst / largest : worst;
	code = CT_OK;
done:
	ct_arena_release(a, mark);
	return code;
}

float
ct_predicted(const struct ct_effects *o, const struct ct_effect *e)
{
	return isfinite(o->max_direct_error) ? e->predicted_direct : e->predicted_total;
}

int
ct_effects_init(struct ct_effects *out, const struct ct_local_model *lrm, const struct ct_graph *g,
    const struct ct_clamp_sites *s, const struct ct_clamp_options *opt, const struct ct_changed *run,
    struct ct_arena *a, struct ct_error *err)
{
	size_t TD = (size_t)lrm->T * lrm->m->cfg.D;
	struct versions v = { .lrm = lrm, .run = run, .unpredicted = opt->unpredicted };
	int active = 0, code, n = 0;

	*out = (struct ct_effects){
		.options = *opt, .overridden = s->overridden, .lost = s->lost, .max_direct_error = NAN
	};
	out->effects = ct_arena_need(
	    a, (size_t)g->n_features + g->n_targets, sizeof *out->effects, "effects", err);
	v.direct_final = ct_arena_need(a, TD, sizeof(float), "predictions", err);
	v.total_final = ct_arena_need(a, TD, sizeof(float), "predictions", err);
	v.direct_pre = ct_arena_need(a, (size_t)lrm->n, sizeof(float), "predictions", err);
	v.total_pre = ct_arena_need(a, (size_t)lrm->n, sizeof(float), "predictions", err);
	if (!out->effects || !v.direct_final || !v.total_final || !v.direct_pre || !v.total_pre)
		return CT_ENOMEM;
	if (!opt->unpredicted &&
	    ((code = ct_predict(lrm, s, false, v.direct_final, v.direct_pre, a, err)) < 0 ||
	    (code = ct_predict(lrm, s, true, v.total_final, v.total_pre, a, err)) < 0))
		return code;
	for (int i = g->n_nodes - g->n_targets; i < g->n_nodes; i++) {
		const struct ct_node *node = &g->nodes[i];

		/* A feature target has no entry of its own unless it is active; its node then has one. */
		if (node->target != CT_TARGET_FEATURE)
			out->effects[n++] = effect_of(&v, -1, i, node);
	}
	out->n_targets = n;
	for (int i = 0; i < g->n_features; i++) {
		const struct ct_node *node = &g->nodes[i];

		active = next_active(lrm, node, active);
		out->effects[n] = effect_of(&v, active, i, node);
		out->effects[n].clamped = is_clamped(s, node);
		n++;
	}
	out->n_effects = n;
	qsort(out->effects + out->n_targets, (size_t)(n - out->n_targets), sizeof *out->effects, by_effect);
	out->agreement = (struct ct_agreement){ NAN, NAN, 0 };
	if (opt->unpredicted)
		return CT_OK;
	if (ct_is_direct(opt, lrm->m->cfg.L) && (code = check_edges(out, lrm, g, s, a, err)) < 0)
		return code;
	return agree(out, g, s, a, err);
}
