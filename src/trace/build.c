/* build: see build.h. */
#include "trace/build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/best.h"
#include "math/kernels.h"
#include "trace/edges.h"
#include "trace/influence.h"
#include "trace/schedule.h"

struct ct_building {
	struct ct_schedule schedule;
	struct ct_target *targets;	/* (n_targets) in the caller's order */
	/* The graph so far: node i is the i-th active feature, then come errors, embeddings and targets. */
	struct ct_graph *partial;	/* NULL: ct_building_look has not been called */
	double *influence;		/* (lrm->n) of its features */
};

static int
by_weight(const void *a, const void *b, void *ctx)
{
	const struct ct_target *x = a, *y = b;

	(void)ctx;
	return (x->weight < y->weight) - (x->weight > y->weight);
}

int
ct_default_targets(const float *logits, int V, int pos, double share, struct ct_target *out, int max)
{
	double top, sum = ct_softmax_sum(V, logits, &top), covered = 0;
	int n = 0, found = 0;

	for (int v = 0; v < V; v++)
		ct_best_keep(out, &found, max,
		    &(struct ct_target){ .kind = CT_TARGET_LOGIT, .pos = pos, .index = v, .other = -1,
			.weight = logits[v] }, sizeof *out, by_weight, NULL);
	for (; n < found && covered < share; n++) {
		out[n].prob = out[n].weight = (float)(exp((double)out[n].weight - top) / sum);
		covered += out[n].prob;
	}
	return n;
}

static int
alloc_graph(struct ct_graph *g, struct ct_arena *a, struct ct_error *err)
{
	size_t n = (size_t)g->n_nodes;

	g->nodes = ct_arena_need(a, n, sizeof *g->nodes, "graph nodes", err);
	g->edges = ct_arena_need(a, 1, sizeof *g->edges, "graph rows", err);
	if (!g->nodes || !g->edges)
		return CT_ENOMEM;
	g->edges->rows = ct_arena_need(a, n, sizeof *g->edges->rows, "graph rows", err);
	g->edges->rank = ct_arena_need(a, n, sizeof *g->edges->rank, "graph nodes", err);
	return g->edges->rows && g->edges->rank ? CT_OK : CT_ENOMEM;
}

static void
set_row(struct ct_graph *g, int node, const struct ct_row *row)
{
	struct ct_node *n = &g->nodes[node];

	g->edges->rows[node] = row->edges;
	n->value = row->value;
	n->bias = row->bias;
	n->inputs = row->total;
	n->attributed = true;
	/* NaN is kept, so that the check fails. */
	if (isnan(row->residual) || row->residual > g->check.max_edge_residual)
		g->check.max_edge_residual = row->residual;
}

/* Sums the edges from features without nodes, and counts the others. */
static int
sum_omitted(
    struct ct_graph *g, struct ct_arena *scratch, const struct ct_job *job, struct ct_error *err)
{
	struct ct_edge *list = ct_arena_need(scratch, (size_t)g->n_nodes, sizeof *list, "edges", err);

	if (!list)
		return CT_ENOMEM;
	for (int t = 0; t < g->n_nodes; t++) {
		if (t % CT_ASK_ROWS == 0 && !ct_job_go_on(job, "edges", t, g->n_nodes))
			return ct_fail(err, CT_ECANCELLED, "edges cancelled");
		g->nodes[t].omitted = (float)ct_graph_omitted(g, t);
		g->n_edges += ct_graph_row(g, t, list);
	}
	return CT_OK;
}

/*
 * Adds the nodes of features, which come first; returns how many. Unless `all` is set, only those that have
 * rows.
 */
static int
add_features(struct ct_graph *g, const struct ct_schedule *s, bool all)
{
	const struct ct_local_model *lrm = s->lrm;
	int T = lrm->T, n = 0;

	for (int i = 0; i < lrm->n; i++) {
		const struct ct_active *f = &lrm->active[i];

		if (!all && s->row_of[i] < 0)
			continue;
		g->nodes[n] = (struct ct_node){ .kind = CT_NODE_FEATURE,
			.layer = f->layer,
			.pos = f->pos,
			.index = f->feature,
			.other = -1,
			.activation = f->act };
		/*
		 * The row of a feature explains what its encoder computes; a value that a clamp set has
		 * another cause.
		 */
		g->nodes[n].set = f->set;
		if (!all && f->set)
			g->nodes[n].value = s->rows[s->row_of[i]].value;
		else if (!all)
			set_row(g, n, &s->rows[s->row_of[i]]);
		/*
		 * A feature's place among those at its position: after those of lower layers, by its place in
		 * its own.
		 */
		ct_graph_place(g, n++, ct_layout_count(&g->edges->layout, CT_NODE_FEATURE, f->layer,
		    f->pos) + i - lrm->first[f->layer * T + f->pos]);
	}
	return n;
}

/* Adds the nodes of targets, which come last. */
static void
add_targets(struct ct_graph *g, const struct ct_building *b)
{
	for (int i = 0, n = g->n_nodes - g->n_targets; i < g->n_targets; i++, n++) {
		const struct ct_row *row = &b->schedule.rows[b->schedule.target_row[i]];
		const struct ct_target *t = &row->target;

		g->nodes[n] = (struct ct_node){ .kind = CT_NODE_TARGET,
			.target = t->kind,
			.layer = t->layer,
			.pos = t->pos,
			.index = t->index,
			.other = t->other,
			.prob = b->targets[i].prob,
			.weight = b->targets[i].weight };
		if (row->done)
			set_row(g, n, row);
	}
}

/* Makes a graph of the rows so far. all: with nodes for all active features, with or without rows. */
static int
assemble(struct ct_graph **out, const struct ct_building *b, bool all, struct ct_arena *a,
    struct ct_error *err)
{
	const struct ct_schedule *s = &b->schedule;
	const struct ct_local_model *lrm = s->lrm;
	struct ct_graph *g = ct_arena_need(a, 1, sizeof *g, "the graph", err);
	int T = lrm->T, L = lrm->m->cfg.L, n, code;

	if (!g)
		return CT_ENOMEM;
	g->T = T;
	g->L = L;
	g->V = lrm->m->cfg.V;
	g->n_features = all ? lrm->n : s->n_rows - s->n_targets;
	/* Neurons have no error nodes: what the neurons that were not chosen write counts as omitted. */
	g->n_errors = lrm->tc->neurons ? 0 : L * T;
	g->n_embeddings = T;
	g->n_targets = s->n_targets;
	g->n_nodes = g->n_features + g->n_errors + g->n_embeddings + g->n_targets;
	if ((code = alloc_graph(g, a, err)) < 0 ||
	    (code = ct_attribution_layout(&g->edges->layout, lrm, a, err)) < 0)
		return code;
	n = add_features(g, s, all);
	for (int l = 0; l < L && g->n_errors; l++)
		for (int t = 0; t < T; t++, n++) {
			g->nodes[n] = (struct ct_node){ .kind = CT_NODE_ERROR, .layer = l, .pos = t,
				.index = -1, .other = -1 };
			ct_graph_place(g, n, l);
		}
	for (int t = 0; t < T; t++, n++) {
		g->nodes[n] = (struct ct_node){ .kind = CT_NODE_EMBEDDING, .layer = -1, .pos = t,
			.index = lrm->pass->ids[t], .other = -1 };
		ct_graph_place(g, n, 0);
	}
	add_targets(g, b);
	g->pos = b->targets[0].pos;
	*out = g;
	return CT_OK;
}

int
ct_building_begin(struct ct_building **out, const struct ct_local_model *lrm, const struct ct_target *targets,
    int n, int max_features, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct ct_building *b = ct_arena_need(a, 1, sizeof *b, "the graph", err);
	int code;

	if (!b)
		return CT_ENOMEM;
	b->targets = ct_arena_need(a, (size_t)n, sizeof *b->targets, "targets", err);
	if (!b->targets)
		return CT_ENOMEM;
	memcpy(b->targets, targets, (size_t)n * sizeof *targets);
	code = ct_schedule_init(&b->schedule, lrm, targets, n, max_features, a, job, err);
	if (code < 0)
		ct_building_end(b);
	else
		*out = b;
	return code;
}

void
ct_building_end(struct ct_building *b)
{
	if (b)
		ct_schedule_free(&b->schedule);
}

int
ct_building_run(struct ct_building *b, double until, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err)
{
	return ct_schedule_run(&b->schedule, until, a, job, err);
}

bool
ct_building_done(const struct ct_building *b)
{
	return ct_schedule_done(&b->schedule);
}

int
ct_building_bare(struct ct_building *b, struct ct_graph **out, struct ct_arena *a, struct ct_error *err)
{
	int code = assemble(out, b, true, a, err);

	if (code == CT_OK) {
		(*out)->partial = true;
		(*out)->scores.replacement = (*out)->scores.completeness = NAN;
	}
	return code;
}

/* Adds the rows that were computed since the last call. */
static void
show_rows(struct ct_building *b)
{
	const struct ct_schedule *s = &b->schedule;

	for (int i = 0; i < s->lrm->n; i++)
		if (s->row_of[i] >= 0 && s->rows[s->row_of[i]].done && !s->lrm->active[i].set)
			set_row(b->partial, i, &s->rows[s->row_of[i]]);
}

int
ct_building_look(struct ct_building *b, struct ct_graph **out, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	int code = CT_OK;

	if (!b->partial) {
		b->influence = ct_arena_need(a, (size_t)b->schedule.lrm->n, sizeof *b->influence,
		    "influence", err);
		if (!b->influence)
			return CT_ENOMEM;
		if ((code = assemble(&b->partial, b, true, a, err)) < 0)
			return code;
		b->partial->partial = true;
	}
	show_rows(b);
	code = ct_graph_influence(b->partial, &tmp, job, err);
	ct_arena_free(&tmp);
	if (code < 0)
		return code;
	for (int i = 0; i < b->schedule.lrm->n; i++)
		b->influence[i] = b->partial->nodes[i].influence;
	b->schedule.influence = b->influence;
	*out = b->partial;
	return CT_OK;
}

int
ct_building_open(struct ct_building *b, int node, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err)
{
	struct ct_row row;
	int code;

	if (node < 0 || node >= b->partial->n_features || b->partial->nodes[node].attributed ||
	    b->partial->nodes[node].set)
		return CT_OK;
	row = ct_feature_row(&b->schedule.lrm->active[node]);
	code = ct_attribute(b->schedule.lrm, &b->schedule.layout, &row, 1, a, job, err);
	if (code == CT_OK)
		set_row(b->partial, node, &row);
	return code;
}

int
ct_building_finish(struct ct_building *b, struct ct_graph **out, struct ct_arena *a,
    const struct ct_job *job, struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	struct ct_arena_mark mark;
	struct ct_graph *g;
	int code = ct_schedule_run(&b->schedule, INFINITY, a, job, err);

	if (code < 0)
		return code;
	mark = ct_arena_mark(a);
	code = assemble(&g, b, false, a, err);
	if (code == CT_OK)
		code = sum_omitted(g, &tmp, job, err);
	if (code == CT_OK)
		code = ct_graph_influence(g, &tmp, job, err);
	if (code == CT_OK)
		*out = g;
	else
		ct_arena_release(a, mark);
	ct_arena_free(&tmp);
	return code;
}

int
ct_graph_build(struct ct_graph **out, const struct ct_local_model *lrm, const struct ct_target *targets,
    int n, int max_features, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct ct_building *b = NULL;
	int code = ct_building_begin(&b, lrm, targets, n, max_features, a, job, err);

	if (code == CT_OK)
		code = ct_building_finish(b, out, a, job, err);
	ct_building_end(b);
	return code;
}
