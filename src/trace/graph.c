/* graph: see graph.h. */
#include "trace/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static float
find_link(const struct ct_graph *g, int target, int source)
{
	size_t a = g->first[target], b = g->first[target + 1];

	while (a < b) {
		size_t mid = a + (b - a) / 2;

		if (g->links[mid].source == source)
			return g->links[mid].weight;
		if (g->links[mid].source < source)
			a = mid + 1;
		else
			b = mid;
	}
	return 0;
}

int
ct_layout_init(struct ct_layout *y, int T, int L, ct_count_fn count, const void *ctx, struct ct_arena *a,
    struct ct_error *err)
{
	y->T = T;
	y->L = L;
	y->start = ct_arena_need(a, (size_t)(L + 1) * (T + 1), sizeof *y->start, "the layout of edges", err);
	if (!y->start)
		return CT_ENOMEM;
	for (int k = 0; k < CT_SOURCE_KINDS; k++) {
		struct ct_source_block *b = &y->block[k];

		b->first = ct_arena_need(a, (size_t)T + 1, sizeof *b->first, "the layout of edges", err);
		b->count = ct_arena_need(a, (size_t)T * (L + 1), sizeof *b->count, "the layout of edges",
		    err);
		if (!b->first || !b->count)
			return CT_ENOMEM;
		for (int t = 0; t < T; t++) {
			int n = 0;

			for (int l = 0; l <= L; l++) {
				n += count(ctx, (enum ct_node_kind)k, l - 1, t);
				b->count[t * (L + 1) + l] = n;
			}
			b->first[t + 1] = b->first[t] + n;
		}
		b->node = ct_arena_need(a, (size_t)b->first[T], sizeof *b->node, "the layout of edges", err);
		if (!b->node)
			return CT_ENOMEM;
		memset(b->node, -1, (size_t)b->first[T] * sizeof *b->node);
	}
	for (int l = 0; l <= L; l++)
		for (int t = 0; t < T; t++)
			y->start[l * (T + 1) + t + 1] = ct_layout_at(y, CT_NODE_TARGET, l, t);
	return CT_OK;
}

void
ct_graph_place(struct ct_graph *g, int node, int rank)
{
	const struct ct_node *n = &g->nodes[node];
	const struct ct_source_block *b = &g->layout.block[n->kind];

	g->rank[node] = rank;
	b->node[b->first[n->pos] + rank] = node;
}

float
ct_graph_edge(const struct ct_graph *g, int target, int source)
{
	const struct ct_node *t = &g->nodes[target], *s = &g->nodes[source];

	if (g->links)
		return find_link(g, target, source);
	if (!g->rows[target] || s->kind >= CT_NODE_TARGET || s->layer >= t->layer || s->pos > t->pos)
		return 0;
	return g->rows[target][ct_layout_at(&g->layout, s->kind, t->layer, s->pos) + (size_t)g->rank[source]];
}

int
ct_graph_row(const struct ct_graph *g, int target, struct ct_edge *out)
{
	const struct ct_layout *y = &g->layout;
	const float *row = g->rows ? g->rows[target] : NULL;
	int layer = g->nodes[target].layer, n = 0;

	if (g->links) {
		n = (int)(g->first[target + 1] - g->first[target]);
		memcpy(out, g->links + g->first[target], (size_t)n * sizeof *out);
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
	const struct ct_layout *y = &g->layout;
	const float *row = g->rows ? g->rows[target] : NULL;
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

/* Of two edges the stronger, then the lower node, counts as larger. */
static int
stronger(const struct ct_edge *a, const struct ct_edge *b)
{
	float x = fabsf(a->weight), y = fabsf(b->weight);

	if (x != y)
		return x > y ? 1 : -1;
	if (a->source != b->source)
		return a->source < b->source ? 1 : -1;
	return a->target < b->target ? 1 : a->target > b->target ? -1 : 0;
}

/* Keeps the max strongest edges in out, strongest first. */
static void
offer(struct ct_edge *out, int *n, int max, struct ct_edge e)
{
	int i = *n;

	if (max <= 0 || (i == max && stronger(&e, &out[i - 1]) <= 0))
		return;
	if (i == max)
		i--;
	else
		(*n)++;
	while (i > 0 && stronger(&e, &out[i - 1]) > 0) {
		out[i] = out[i - 1];
		i--;
	}
	out[i] = e;
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
	int found = 0, n = 0;

	if (kept_only)
		return from_pruned(g, node, true, out, max);
	for (size_t i = g->links ? g->first[node] : 0; g->links && i < g->first[node + 1]; i++, found++)
		offer(out, &n, max, g->links[i]);
	for (int s = 0; g->rows && g->rows[node] && s < g->n_nodes - g->n_targets; s++) {
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
