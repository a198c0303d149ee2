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

float
ct_graph_edge(const struct ct_graph *g, int target, int source)
{
	const struct ct_layout *y = &g->layout;
	const struct ct_node *t = &g->nodes[target], *s = &g->nodes[source];
	size_t at, features;

	if (g->links)
		return find_link(g, target, source);
	if (!g->rows[target] || s->kind == CT_NODE_TARGET || s->layer >= t->layer || s->pos > t->pos)
		return 0;
	at = y->start[t->layer * (y->T + 1) + s->pos];
	features = (size_t)y->count[s->pos * (y->L + 1) + t->layer];
	switch (s->kind) {
	case CT_NODE_FEATURE:
		return g->rows[target][at + g->rank[source]];
	case CT_NODE_ERROR:
		return g->rows[target][at + features + s->layer];
	default:
		return g->rows[target][at + features + t->layer];
	}
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
	for (int t = 0; row && t <= g->nodes[target].pos; t++) {
		const int *source = g->source + y->first[t];
		int error = g->n_features + t, embedding = g->n_features + g->n_errors + t;

		for (int i = 0; i < y->count[t * (y->L + 1) + layer]; i++, row++)
			if (*row != 0 && source[i] >= 0)
				out[n++] = (struct ct_edge){ source[i], target, *row };
		for (int l = 0; l < layer; l++, row++)
			if (*row != 0)
				out[n++] = (struct ct_edge){ error + l * g->T, target, *row };
		if (*row != 0)
			out[n++] = (struct ct_edge){ embedding, target, *row };
		row++;
	}
	return n;
}

double
ct_graph_omitted(const struct ct_graph *g, int target)
{
	const struct ct_layout *y = &g->layout;
	int layer = g->nodes[target].layer;
	double sum = 0;

	for (int t = 0; g->rows && g->rows[target] && t <= g->nodes[target].pos; t++) {
		const float *row = g->rows[target] + y->start[layer * (y->T + 1) + t];

		for (int i = 0; i < y->count[t * (y->L + 1) + layer]; i++)
			if (g->source[y->first[t] + i] < 0)
				sum += row[i];
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
