/* graph: see graph.h. */
#include "trace/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/best.h"
#include "trace/edges.h"

int
ct_graph_set_list(struct ct_graph *g, const struct ct_edge *list, const size_t *first, struct ct_arena *a,
    struct ct_error *err)
{
	g->edges = ct_arena_need(a, 1, sizeof *g->edges, "edges", err);
	if (!g->edges)
		return CT_ENOMEM;
	*g->edges = (struct ct_edges){ .list = list, .first = first };
	return CT_OK;
}

bool
ct_graph_is_listed(const struct ct_graph *g)
{
	return g->edges->list;
}

long
ct_graph_listed_at(const struct ct_graph *g, int target, int source)
{
	const struct ct_edges *e = g->edges;
	size_t a = e->first[target], b = e->first[target + 1];

	while (a < b) {
		size_t mid = a + (b - a) / 2;

		if (e->list[mid].source == source)
			return (long)mid;
		if (e->list[mid].source < source)
			a = mid + 1;
		else
			b = mid;
	}
	return -1;
}

void
ct_graph_place(struct ct_graph *g, int node, int rank)
{
	const struct ct_node *n = &g->nodes[node];
	const struct ct_source_block *b = &g->edges->layout.block[n->kind];

	g->edges->rank[node] = rank;
	b->node[b->first[n->pos] + rank] = node;
}

/* The row of a target, or NULL: it has none. */
static const float *
row_of(const struct ct_graph *g, int target)
{
	return g->edges->rows ? g->edges->rows[target] : NULL;
}

float
ct_graph_edge(const struct ct_graph *g, int target, int source)
{
	const struct ct_node *t = &g->nodes[target], *s = &g->nodes[source];
	const struct ct_edges *e = g->edges;
	const float *row = row_of(g, target);

	if (e->list) {
		long at = ct_graph_listed_at(g, target, source);

		return at < 0 ? 0 : e->list[at].weight;
	}
	if (!row || s->kind >= CT_NODE_TARGET || s->layer >= t->layer || s->pos > t->pos)
		return 0;
	return row[ct_layout_at(&e->layout, s->kind, t->layer, s->pos) + (size_t)e->rank[source]];
}

int
ct_graph_row(const struct ct_graph *g, int target, struct ct_edge *out)
{
	const struct ct_edges *e = g->edges;
	const struct ct_layout *y = &e->layout;
	const float *row = row_of(g, target);
	int layer = g->nodes[target].layer, n = 0;

	if (e->list) {
		n = (int)(e->first[target + 1] - e->first[target]);
		memcpy(out, e->list + e->first[target], (size_t)n * sizeof *out);
		return n;
	}
	for (int t = 0; row && t <= g->nodes[target].pos; t++)
		for (int k = 0; k < CT_SOURCE_KINDS; k++) {
			const int *node = y->block[k].node + y->block[k].first[t];
			int count = ct_layout_count(y, (enum ct_node_kind)k, layer, t);

			for (int i = 0; i < count; i++, row++)
				if (*row != 0 && node[i] >= 0)
					out[n++] = (struct ct_edge){ node[i], target, *row };
		}
	return n;
}

double
ct_graph_omitted(const struct ct_graph *g, int target)
{
	const struct ct_layout *y = &g->edges->layout;
	const float *row = row_of(g, target);
	double sum = 0;

	for (int t = 0; row && t <= g->nodes[target].pos; t++)
		for (int k = 0; k < CT_SOURCE_KINDS; k++) {
			const int *node = y->block[k].node + y->block[k].first[t];
			int count = ct_layout_count(y, (enum ct_node_kind)k, g->nodes[target].layer, t);

			for (int i = 0; i < count; i++, row++)
				sum += node[i] < 0 ? (double)*row : 0;
		}
	return sum;
}

/* The stronger one first, then the one from the lower node. */
static int
by_strength(const void *a, const void *b, void *ctx)
{
	const struct ct_edge *e = a, *f = b;
	float x = fabsf(e->weight), y = fabsf(f->weight);

	(void)ctx;
	if (x != y)
		return x > y ? -1 : 1;
	if (e->source != f->source)
		return e->source < f->source ? -1 : 1;
	return e->target < f->target ? -1 : e->target > f->target;
}

/* Keeps the max strongest edges in out, strongest first. */
static void
offer(struct ct_edge *out, int *n, int max, struct ct_edge e)
{
	ct_best_keep(out, n, max, &e, sizeof e, by_strength, NULL);
}

static int
from_pruned(const struct ct_graph *g, int node, bool inputs, struct ct_edge *out, int max)
{
	int found = 0, n = 0;

	for (int i = 0; i < g->n_pruned; i++)
		if ((inputs ? g->pruned[i].target : g->pruned[i].source) == node) {
			offer(out, &n, max, g->pruned[i]);
			found++;
		}
	return found;
}

int
ct_graph_inputs(const struct ct_graph *g, int node, bool kept_only, struct ct_edge *out, int max)
{
	const struct ct_edges *e = g->edges;
	int found = 0, n = 0;

	if (kept_only)
		return from_pruned(g, node, true, out, max);
	for (size_t i = e->list ? e->first[node] : 0; e->list && i < e->first[node + 1]; i++, found++)
		offer(out, &n, max, e->list[i]);
	for (int s = 0; row_of(g, node) && s < g->n_nodes - g->n_targets; s++) {
		float w = ct_graph_edge(g, node, s);

		if (w != 0) {
			offer(out, &n, max, (struct ct_edge){ s, node, w });
			found++;
		}
	}
	return found;
}

int
ct_graph_outputs(const struct ct_graph *g, int node, bool kept_only, struct ct_edge *out, int max)
{
	int found = 0, n = 0;

	if (kept_only)
		return from_pruned(g, node, false, out, max);
	for (int t = 0; t < g->n_nodes; t++) {
		float w = ct_graph_edge(g, t, node);

		if (w != 0) {
			offer(out, &n, max, (struct ct_edge){ node, t, w });
			found++;
		}
	}
	return found;
}

enum ct_node_kind
ct_node_subject(const struct ct_node *n)
{
	return n->kind == CT_NODE_TARGET && n->target == CT_TARGET_FEATURE ? CT_NODE_FEATURE : n->kind;
}

struct ct_target
ct_node_target(const struct ct_node *n)
{
	return (struct ct_target){ .kind = n->kind == CT_NODE_FEATURE ? CT_TARGET_FEATURE : n->target,
		.layer = n->layer, .pos = n->pos, .index = n->index, .other = n->other, .prob = n->prob,
		.weight = n->weight };
}

int
ct_graph_find(const struct ct_graph *g, enum ct_node_kind kind, int layer, int pos, int index)
{
	for (int i = 0; i < g->n_nodes; i++) {
		const struct ct_node *n = &g->nodes[i];

		if (n->kind == kind && n->pos == pos && (kind == CT_NODE_EMBEDDING || n->layer == layer) &&
		    (kind == CT_NODE_ERROR || kind == CT_NODE_EMBEDDING || n->index == index))
			return i;
	}
	return -1;
}

double
ct_graph_influence_share(const struct ct_graph *g, int node)
{
	return node < 0 || g->influence <= 0 ? 0 : g->nodes[node].influence / g->influence;
}
