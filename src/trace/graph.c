/* graph: see graph.h. */
#include "trace/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

float
ct_graph_edge(const struct ct_graph *g, int target, int source)
{
	int c = g->column[source];

	return c >= 0 && g->rows[target] && c < g->row_n[target] ? g->rows[target][c] : 0;
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
	const float *row = g->rows[node];
	int found = 0, n = 0;

	if (kept_only)
		return from_pruned(g, node, true, out, max);
	for (int c = 0; row && c < g->row_n[node]; c++)
		if (row[c] != 0 && g->source[c] >= 0) {
			offer(out, &n, max, (struct ct_edge){ g->source[c], node, row[c] });
			found++;
		}
	return found;
}

int
ct_graph_outputs(const struct ct_graph *g, int node, bool kept_only, struct ct_edge *out, int max)
{
	int c = g->column[node], found = 0, n = 0;

	if (kept_only)
		return from_pruned(g, node, false, out, max);
	for (int t = 0; c >= 0 && t < g->n_nodes; t++) {
		float w = g->rows[t] && c < g->row_n[t] ? g->rows[t][c] : 0;

		if (w != 0) {
			offer(out, &n, max, (struct ct_edge){ node, t, w });
			found++;
		}
	}
	return found;
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
