/*
 * graph_place: nodes and links of a file as those of a graph. See graph_reader.h.
 *
 * The graph has every error and embedding node, as traced graphs have; those that the file leaves out are marked as
 * missing and have no edges.
 */
#include "share/graph_file.h"
#include "share/graph_reader.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "trace/influence.h"

enum { MAX_TARGETS = 1024 };
static const size_t slack = (size_t)64 << 20;

/* Is this the target of a graph that explains a feature? */
bool
ct_reader_is_target(const struct ct_raw_node *n)
{
	return n->kind == CT_NODE_TARGET || (n->kind == CT_NODE_FEATURE && n->is_target);
}

static int
by_feature(const void *a, const void *b)
{
	const struct ct_raw_node *x = *(struct ct_raw_node *const *)a, *y = *(struct ct_raw_node *const *)b;

	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	if (x->pos != y->pos)
		return x->pos < y->pos ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Sizes of the graph, from the nodes; layers count from 0, outputs stand above the last but one. */
static int
measure(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph_file *f = r->f;
	struct ct_graph *g = &f->graph;
	int top = 0;
	size_t grid;

	for (int i = 0; i < r->raw.n_nodes; i++) {
		const struct ct_raw_node *n = &r->raw.nodes[i];

		if (n->kind == CT_NODE_TARGET) {
			top = n->layer > top ? n->layer : top;
		} else if (n->layer >= g->L) {
			g->L = n->layer + 1;
		}
		if (n->kind == CT_NODE_FEATURE && n->index >= f->F)
			f->F = n->index + 1;
		g->n_targets += ct_reader_is_target(n);
		g->n_features += n->kind == CT_NODE_FEATURE && !ct_reader_is_target(n);
	}
	if (g->n_targets == 0)
		return ct_fail(err, CT_EFORMAT, "%s: no node of type \"logit\": an attribution graph explains an output",
		    r->raw.s.where);
	if (g->n_targets > MAX_TARGETS)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: %d outputs are more than the %d that a graph may have",
		    r->raw.s.where, g->n_targets, MAX_TARGETS);
	g->L = ct_reader_size(r, "layers", top - 1 > g->L ? top - 1 : g->L);
	f->F = ct_reader_size(r, "features", f->F);
	/* A node that stands for several, or does not say for which: a number of its own. */
	for (int i = 0; i < r->raw.n_nodes; i++)
		if (r->raw.nodes[i].kind == CT_NODE_FEATURE && r->raw.nodes[i].index < 0)
			r->raw.nodes[i].index = f->F++;
	grid = (size_t)g->L * (size_t)g->T;
	if ((grid + (size_t)g->T) * sizeof *g->nodes > r->raw.s.n + slack)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: %d layers and %d tokens are more than a file of %zu bytes may have",
		    r->raw.s.where, g->L, g->T, r->raw.s.n);
	g->n_errors = (int)grid;
	g->n_embeddings = g->T;
	g->n_nodes = g->n_features + g->n_errors + g->n_embeddings + g->n_targets;
	return CT_OK;
}

/* The node ids of two places in the file: "nodes[3] and nodes[7]". */
static int
twice(const struct ct_graph_reader *r, const struct ct_raw_node *a, const struct ct_raw_node *b, struct ct_error *err)
{
	int first = a->place < b->place ? a->place : b->place, second = a->place + b->place - first;

	return ct_fail(err, CT_EFORMAT, "%s: nodes[%d] and nodes[%d] stand for the same thing", r->raw.s.where, first,
	    second);
}

static double
or_else(double x, double otherwise)
{
	return isnan(x) ? otherwise : x;
}

static int
place_features(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	struct ct_raw_node **list = ct_arena_need(&r->tmp, (size_t)g->n_features, sizeof *list, "a graph", err);
	int n = 0;

	if (!list)
		return CT_ENOMEM;
	r->f->has_cumulative = g->n_features > 0;
	for (int i = 0; i < r->raw.n_nodes; i++) {
		struct ct_raw_node *raw = &r->raw.nodes[i];

		if (raw->kind != CT_NODE_FEATURE || ct_reader_is_target(raw))
			continue;
		list[n++] = raw;
		r->f->has_cumulative = r->f->has_cumulative && !isnan(raw->cumulative);
	}
	qsort(list, (size_t)n, sizeof *list, by_feature);
	for (int i = 0; i < n; i++) {
		if (i > 0 && by_feature(&list[i - 1], &list[i]) == 0)
			return twice(r, list[i - 1], list[i], err);
		r->node[list[i]->place] = i;
		g->nodes[i] = (struct ct_node){ .kind = CT_NODE_FEATURE, .layer = list[i]->layer, .pos = list[i]->pos,
			.index = list[i]->index, .other = -1, .activation = (float)list[i]->activation,
			.attributed = true };
	}
	return CT_OK;
}

/* Errors and embeddings lie on their grids, there or missing. */
static int
place_grids(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	int errors = g->n_features, embeddings = errors + g->n_errors;
	int *at = ct_arena_need(&r->tmp, (size_t)g->n_nodes, sizeof *at, "a graph", err);

	if (!at)
		return CT_ENOMEM;
	for (int i = 0; i < g->n_errors; i++)
		g->nodes[errors + i] = (struct ct_node){ .kind = CT_NODE_ERROR, .layer = i / g->T, .pos = i % g->T,
			.index = -1, .other = -1, .missing = true };
	for (int t = 0; t < g->T; t++)
		g->nodes[embeddings + t] = (struct ct_node){ .kind = CT_NODE_EMBEDDING, .layer = -1, .pos = t, .index = -1,
			.other = -1, .missing = true };
	for (int i = 0; i < r->raw.n_nodes; i++) {
		const struct ct_raw_node *raw = &r->raw.nodes[i];
		int to;

		if (raw->kind != CT_NODE_ERROR && raw->kind != CT_NODE_EMBEDDING)
			continue;
		to = raw->kind == CT_NODE_ERROR ? errors + raw->layer * g->T + raw->pos : embeddings + raw->pos;
		if (!g->nodes[to].missing)
			return twice(r, &r->raw.nodes[at[to]], raw, err);
		g->nodes[to].missing = false;
		g->nodes[to].index = raw->index;
		at[to] = i;
		r->node[i] = to;
	}
	return CT_OK;
}

/* The ids of the tokens A and B of a target A - B, which the extras hold. */
static bool
difference(const struct ct_graph_reader *r, const char *id, int *a, int *b)
{
	const json_t *pair = json_object_get(json_object_get(r->extras, "differences"), id);
	json_int_t x = json_integer_value(json_array_get(pair, 0)), y = json_integer_value(json_array_get(pair, 1));

	*a = (int)x;
	*b = (int)y;
	return json_array_size(pair) == 2 && x >= 0 && y >= 0 && x < INT_MAX && y < INT_MAX;
}

static void
place_target(struct ct_graph_reader *r, const struct ct_raw_node *raw, int to)
{
	struct ct_graph *g = &r->f->graph;
	struct ct_node *n = &g->nodes[to];

	*n = (struct ct_node){ .kind = CT_NODE_TARGET, .target = CT_TARGET_LOGIT, .layer = g->L, .pos = raw->pos,
		.index = raw->index, .other = -1, .attributed = true };
	if (raw->kind == CT_NODE_FEATURE) {
		n->target = CT_TARGET_FEATURE;
		n->layer = raw->layer;
		n->weight = 1;
	} else if (difference(r, raw->id, &n->index, &n->other)) {
		n->target = CT_TARGET_DIFFERENCE;
		n->weight = 1;
	} else {
		n->other = -1;
		n->index = raw->index;
		n->prob = n->weight = (float)or_else(raw->prob, 0);
	}
	r->node[raw->place] = to;
}

/* Is a node of the graph, from `first` on, the same thing as this target? */
static bool
is_there(const struct ct_graph *g, int first, int last, const struct ct_node *t)
{
	for (int i = first; i < last; i++) {
		const struct ct_node *n = &g->nodes[i];
		bool feature = n->kind == CT_NODE_FEATURE || n->target == CT_TARGET_FEATURE;

		if (feature == (t->target == CT_TARGET_FEATURE) && n->layer == t->layer && n->pos == t->pos &&
		    n->index == t->index && n->other == t->other && n->index >= 0)
			return true;
	}
	return false;
}

/* The one that is marked comes first, the others as they come. */
static int
place_targets(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	int first = g->n_nodes - g->n_targets, to = first;
	float sum = 0;

	for (int marked = 1; marked >= 0; marked--)
		for (int i = 0; i < r->raw.n_nodes; i++) {
			const struct ct_raw_node *raw = &r->raw.nodes[i];

			if (!ct_reader_is_target(raw) || raw->is_target != (bool)marked)
				continue;
			place_target(r, raw, to);
			if (is_there(g, first, to, &g->nodes[to]) ||
			    (g->nodes[to].target == CT_TARGET_FEATURE && is_there(g, 0, g->n_features, &g->nodes[to])))
				return ct_fail(err, CT_EFORMAT, "%s: nodes[%d] stands for the same thing as another node",
				    r->raw.s.where, i);
			to++;
		}
	for (int i = first; i < g->n_nodes; i++)
		sum += g->nodes[i].weight;
	for (int i = first; i < g->n_nodes && !(sum > 0); i++)
		g->nodes[i].weight = 1;
	g->pos = g->nodes[first].pos;
	return CT_OK;
}

/* What the extras say of single nodes. */
static void
read_terms(struct ct_graph_reader *r)
{
	struct ct_graph *g = &r->f->graph;

	for (int i = 0; i < r->raw.n_nodes; i++) {
		struct ct_node *n = &g->nodes[r->node[i]];
		const char *id = r->raw.nodes[i].id;

		n->bias = (float)ct_reader_extra(r, "bias", id, 0);
		n->omitted = (float)ct_reader_extra(r, "omitted", id, 0);
		n->value = (float)ct_reader_extra(r, "target_values", id, 0);
	}
	g->check.max_edge_residual = ct_reader_extra(r, "self_check", "max_edge_residual", NAN);
	g->check.max_logit_error = ct_reader_extra(r, "self_check", "max_logit_error", NAN);
}

int
ct_reader_nodes(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	int rc;

	if ((rc = ct_raw_nodes(&r->raw, g->T, err)) < 0 || (rc = measure(r, err)) < 0)
		return rc;
	g->nodes = ct_arena_need(&r->f->arena, (size_t)g->n_nodes, sizeof *g->nodes, "a graph", err);
	r->node = ct_arena_need(&r->tmp, (size_t)r->raw.n_nodes, sizeof *r->node, "a graph", err);
	if (!g->nodes || !r->node)
		return CT_ENOMEM;
	if ((rc = place_features(r, err)) < 0 || (rc = place_grids(r, err)) < 0 || (rc = place_targets(r, err)) < 0)
		return rc;
	read_terms(r);
	return CT_OK;
}

/* ---- links */

struct indexed {
	struct ct_edge e;
	int at;				/* in the file */
};

static int
by_source(const void *a, const void *b)
{
	const struct indexed *x = a, *y = b;

	if (x->e.source != y->e.source)
		return x->e.source < y->e.source ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

static int
check_link(const struct ct_graph_reader *r, int i, const struct ct_node *s, const struct ct_node *t, struct ct_error *err)
{
	const char *why = NULL;

	if (s->kind == CT_NODE_TARGET)
		why = "its source is an output, from which nothing follows";
	else if (t->kind == CT_NODE_EMBEDDING || t->kind == CT_NODE_ERROR)
		why = "its target is an embedding or error, which nothing leads to";
	else if (s->layer >= t->layer)
		why = "it leads from a layer to itself or to an earlier one";
	else if (s->pos > t->pos)
		why = "it leads from a position to an earlier one";
	return why ? ct_fail(err, CT_EFORMAT, "%s: links[%d]: %s", r->raw.s.where, i, why) : CT_OK;
}

/* The edges of the file as nodes of the graph, in its order. */
static int
convert_links(struct ct_graph_reader *r, struct ct_edge *edges, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	int rc;

	for (int i = 0; i < r->raw.n_links; i++) {
		struct ct_edge e = r->raw.links[i];

		edges[i] = (struct ct_edge){ r->node[e.source], r->node[e.target], e.weight };
		if ((rc = check_link(r, i, &g->nodes[edges[i].source], &g->nodes[edges[i].target], err)) < 0)
			return rc;
	}
	return CT_OK;
}

/*
 * Sorts the edges into one node. The same edge twice is an error, unless its id is that of a feature and of an error:
 * then the second one is the error's, which is the order that the reference writes.
 */
static int
sort_inputs(struct ct_graph_reader *r, struct indexed *in, size_t n, struct ct_edge *edges, struct ct_error *err)
{
	const struct ct_node *nodes = r->f->graph.nodes;
	bool again = false;
	int rc;

	qsort(in, n, sizeof *in, by_source);
	for (size_t k = 1; k < n; k++) {
		const struct ct_raw_node *raw = &r->raw.nodes[r->raw.links[in[k].at].source];

		if (in[k].e.source != in[k - 1].e.source)
			continue;
		if (raw->same_id < 0 || edges[in[k].at].source != r->node[raw->place])
			return ct_fail(err, CT_EFORMAT, "%s: links[%d] and links[%d] lead from the same node to the same",
			    r->raw.s.where, in[k - 1].at, in[k].at);
		edges[in[k].at].source = r->node[raw->same_id];
		again = true;
		if ((rc = check_link(r, in[k].at, &nodes[r->node[raw->same_id]], &nodes[in[k].e.target], err)) < 0)
			return rc;
	}
	for (size_t k = 0; again && k < n; k++)
		in[k].e = edges[in[k].at];
	if (again)
		qsort(in, n, sizeof *in, by_source);
	return CT_OK;
}

static int
connect(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	struct ct_arena *a = &r->f->arena;
	size_t n = (size_t)r->raw.n_links, nodes = (size_t)g->n_nodes;
	struct ct_edge *edges = ct_arena_need(a, n, sizeof *edges, "edges", err);
	struct ct_edge *links = ct_arena_need(a, n, sizeof *links, "edges", err);
	struct indexed *sorted = ct_arena_need(&r->tmp, n, sizeof *sorted, "edges", err);
	size_t *first = ct_arena_need(a, nodes + 1, sizeof *first, "edges", err);
	size_t *fill = ct_arena_need(&r->tmp, nodes, sizeof *fill, "edges", err);
	int rc;

	if (!edges || !links || !sorted || !first || !fill)
		return CT_ENOMEM;
	if ((rc = convert_links(r, edges, err)) < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		first[edges[i].target + 1]++;
	for (size_t i = 0; i < nodes; i++)
		first[i + 1] += first[i];
	memcpy(fill, first, nodes * sizeof *fill);
	for (size_t i = 0; i < n; i++)
		sorted[fill[edges[i].target]++] = (struct indexed){ edges[i], (int)i };
	for (size_t t = 0; t < nodes; t++)
		if ((rc = sort_inputs(r, sorted + first[t], first[t + 1] - first[t], edges, err)) < 0)
			return rc;
	for (size_t i = 0; i < n; i++) {
		links[i] = sorted[i].e;
		g->nodes[links[i].target].inputs += fabs((double)links[i].weight);
	}
	g->links = links;
	g->first = first;
	g->pruned = edges;
	g->n_pruned = (int)n;
	g->n_edges = (long)ct_reader_extra(r, "model", "edges", (double)n);
	return CT_OK;
}

/* Influence: as the links give it, but the shares and scores that the file gives are those of the whole graph. */
static int
weigh(struct ct_graph_reader *r, struct ct_error *err)
{
	struct ct_graph *g = &r->f->graph;
	int rc = ct_graph_influence(g, &r->tmp, NULL, err);

	if (rc < 0)
		return rc;
	g->scores.replacement = ct_reader_extra(r, "scores", "replacement", NAN);
	g->scores.completeness = ct_reader_extra(r, "scores", "completeness", NAN);
	g->node_threshold = g->known.nodes;
	g->edge_threshold = g->known.edges;
	for (int i = 0; i < g->n_nodes; i++) {
		g->nodes[i].kept = !g->nodes[i].missing;
		g->known.missing += g->nodes[i].missing;
	}
	for (int i = 0; i < r->raw.n_nodes; i++) {
		struct ct_node *n = &g->nodes[r->node[i]];

		if (r->f->has_cumulative)
			n->cumulative = or_else(r->raw.nodes[i].cumulative, 1);
		n->inputs = ct_reader_extra(r, "inputs", r->raw.nodes[i].id, n->inputs);
		g->n_kept += n->kept;
	}
	return CT_OK;
}

int
ct_reader_edges(struct ct_graph_reader *r, struct ct_error *err)
{
	int rc = ct_raw_links(&r->raw, err);

	if (rc == CT_OK)
		rc = connect(r, err);
	return rc == CT_OK ? weigh(r, err) : rc;
}
