/* compare: see compare.h. */
#include "trace/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"

static void
pair(struct ct_alignment *x, int here, int there, bool equal)
{
	x->there[here] = there;
	x->here[there] = here;
	x->equal += equal;
}

/* Aligns by the table of lengths: table[i*(U+1)+j] is the longest of here[i..], there[j..]. */
static void
walk(struct ct_alignment *x, const int *here, const int *there, const int *table)
{
	int i = 0, j = 0, gap_i = 0, gap_j = 0, T = x->T, U = x->U;

	while (i <= T && j <= U) {
		bool end = i == T || j == U;

		if (!end && here[i] != there[j]) {
			const int *at = table + (size_t)i * ((size_t)U + 1) + j;

			if (at[U + 1] >= at[1])
				i++;
			else
				j++;
			continue;
		}
		if (end) {
			i = T;
			j = U;
		}
		/* A gap with as many tokens on both sides is aligned token by token. */
		for (int k = 0; i - gap_i == j - gap_j && k < i - gap_i; k++)
			pair(x, gap_i + k, gap_j + k, false);
		if (end)
			break;
		pair(x, i++, j++, true);
		gap_i = i;
		gap_j = j;
	}
}

int
ct_align(struct ct_alignment *out, const int *here, int T, const int *there, int U, struct ct_arena *a,
    struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	int *table;

	*out = (struct ct_alignment){ .T = T, .U = U };
	out->there = ct_arena_need(a, (size_t)T, sizeof *out->there, "an alignment", err);
	out->here = ct_arena_need(a, (size_t)U, sizeof *out->here, "an alignment", err);
	if (!out->there || !out->here)
		return CT_ENOMEM;
	memset(out->there, -1, (size_t)T * sizeof *out->there);
	memset(out->here, -1, (size_t)U * sizeof *out->here);
	if (T == U) {
		for (int i = 0; i < T; i++)
			pair(out, i, i, here[i] == there[i]);
		return CT_OK;
	}
	table = ct_arena_need(&tmp, ((size_t)T + 1) * ((size_t)U + 1), sizeof *table, "an alignment", err);
	if (!table)
		return CT_ENOMEM;
	for (int i = T - 1; i >= 0; i--)
		for (int j = U - 1; j >= 0; j--) {
			int *at = table + (size_t)i * (U + 1) + j, down = at[U + 1], right = at[1];

			*at = here[i] == there[j] ? at[U + 2] + 1 : down > right ? down : right;
		}
	walk(out, here, there, table);
	ct_arena_free(&tmp);
	return CT_OK;
}

static int
find_feature(const struct ct_graph *g, const struct ct_node *n, int pos)
{
	int lo = 0, hi = g->n_features;

	/* The nodes of a file are in its own order. */
	if (ct_graph_is_listed(g))
		return ct_graph_find(g, n->kind, n->layer, pos, n->index);
	while (lo < hi) {
		int mid = lo + (hi - lo) / 2;
		const struct ct_node *at = &g->nodes[mid];
		int order = ct_place_order((struct ct_place){ at->layer, at->pos, at->index },
		    (struct ct_place){ n->layer, pos, n->index });

		if (order == 0)
			return mid;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

int
ct_graph_counterpart(const struct ct_graph *g, const struct ct_node *n, int pos)
{
	if (pos < 0 || pos >= g->T)
		return -1;
	if (n->kind == CT_NODE_FEATURE)
		return find_feature(g, n, pos);
	if (n->kind != CT_NODE_TARGET) {
		int node = ct_graph_find(g, n->kind, n->layer, pos, n->index);

		/* Two words are the same node if their tokens are equal. */
		return node >= 0 && n->kind == CT_NODE_EMBEDDING && g->nodes[node].index != n->index ? -1 :
		    node;
	}
	for (int i = g->n_nodes - g->n_targets; i < g->n_nodes; i++)
		if (g->nodes[i].pos == pos && g->nodes[i].target == n->target &&
		    g->nodes[i].layer == n->layer && g->nodes[i].index == n->index &&
		    g->nodes[i].other == n->other)
			return i;
	return -1;
}

double
ct_compared_share(const struct ct_comparison *c, int side, int node)
{
	return node < 0 || c->total[side] <= 0 ? 0 : c->graph[side]->nodes[node].influence / c->total[side];
}

static bool
is_kept(const struct ct_graph *g, int node)
{
	return node >= 0 && g->nodes[node].kept;
}

static double
larger_share(const struct ct_comparison *c, const struct ct_compared_node *n)
{
	return fmax(ct_compared_share(c, 0, n->here), ct_compared_share(c, 1, n->there));
}

static int
compare_nodes(const void *x, const void *y, void *ctx)
{
	const struct ct_comparison *c = ctx;
	const struct ct_compared_node *a = x, *b = y;
	double p = larger_share(c, a), q = larger_share(c, b);

	if (a->side != b->side)
		return a->side < b->side ? -1 : 1;
	if (p != q)
		return p > q ? -1 : 1;
	return a->here != b->here ? (a->here > b->here) - (a->here < b->here) :
	    (a->there > b->there) - (a->there < b->there);
}

/* Lists the nodes that at least one graph keeps. */
static void
match_nodes(struct ct_comparison *c)
{
	const struct ct_graph *here = c->graph[0], *there = c->graph[1];

	for (int i = 0; i < here->n_nodes; i++) {
		int same = ct_graph_counterpart(there, &here->nodes[i], c->align.there[here->nodes[i].pos]);
		bool both = is_kept(there, same);

		if (here->nodes[i].kept || both)
			c->node[c->n++] = (struct ct_compared_node){ !both ? CT_ONLY_HERE :
			    here->nodes[i].kept ? CT_SHARED : CT_ONLY_THERE, i, same };
	}
	for (int i = 0; i < there->n_nodes; i++)
		if (there->nodes[i].kept &&
		    ct_graph_counterpart(here, &there->nodes[i], c->align.here[there->nodes[i].pos]) < 0)
			c->node[c->n++] = (struct ct_compared_node){ CT_ONLY_THERE, -1, i };
	for (int i = 0; i < c->n; i++)
		c->count[c->node[i].side]++;
}

/* The edges of one graph, sorted by target and source, for looking them up. */
static int
by_ends(const void *x, const void *y)
{
	const struct ct_edge *a = x, *b = y;

	if (a->target != b->target)
		return a->target < b->target ? -1 : 1;
	return a->source < b->source ? -1 : a->source > b->source;
}

/* Which compared node each node of a graph is. */
static int *
index_nodes(const struct ct_comparison *c, int side, struct ct_arena *a, struct ct_error *err)
{
	int n = c->graph[side]->n_nodes, *at = ct_arena_need(a, (size_t)n, sizeof *at, "a comparison", err);

	if (!at)
		return NULL;
	memset(at, -1, (size_t)n * sizeof *at);
	for (int i = 0; i < c->n; i++) {
		int node = side ? c->node[i].there : c->node[i].here;

		if (node >= 0)
			at[node] = i;
	}
	return at;
}

static struct ct_edge *
sorted_edges(const struct ct_graph *g, struct ct_arena *a, struct ct_error *err)
{
	struct ct_edge *list = ct_arena_need(a, (size_t)g->n_pruned, sizeof *list, "a comparison", err);

	if (list && g->n_pruned) {
		memcpy(list, g->pruned, (size_t)g->n_pruned * sizeof *list);
		qsort(list, (size_t)g->n_pruned, sizeof *list, by_ends);
	}
	return list;
}

/* An edge of one graph, with its weight in the other. */
static struct ct_compared_edge
compared_edge(const struct ct_comparison *c, int side, const struct ct_edge *e, const int *at, bool both)
{
	struct ct_compared_edge out = { both ? CT_SHARED : side ? CT_ONLY_THERE : CT_ONLY_HERE,
		at[e->source], at[e->target], 0, 0 };
	const struct ct_compared_node *source = &c->node[out.source], *target = &c->node[out.target];
	int s = side ? source->here : source->there, t = side ? target->here : target->there;
	float other = s >= 0 && t >= 0 ? ct_graph_edge(c->graph[!side], t, s) : 0;

	out.here = side ? other : e->weight;
	out.there = side ? e->weight : other;
	return out;
}

static int
compare_edges(const void *x, const void *y)
{
	const struct ct_compared_edge *a = x, *b = y;
	float p = fmaxf(fabsf(a->here), fabsf(a->there)), q = fmaxf(fabsf(b->here), fabsf(b->there));

	if (a->side != b->side)
		return a->side < b->side ? -1 : 1;
	if (p != q)
		return p > q ? -1 : 1;
	if (a->target != b->target)
		return a->target < b->target ? -1 : 1;
	return a->source < b->source ? -1 : a->source > b->source;
}

/* Lists the edges of one side that the other lacks; for side 0 also those that both have. */
static void
match_edges(struct ct_comparison *c, int side, const int *at, const struct ct_edge *sorted)
{
	const struct ct_graph *g = c->graph[side], *other = c->graph[!side];

	for (int i = 0; i < g->n_pruned; i++) {
		const struct ct_edge *e = &g->pruned[i];
		const struct ct_compared_node *source = &c->node[at[e->source]];
		const struct ct_compared_node *target = &c->node[at[e->target]];
		struct ct_edge key = { side ? source->here : source->there,
			side ? target->here : target->there, 0 };
		bool both = key.source >= 0 && key.target >= 0 && other->n_pruned &&
		    bsearch(&key, sorted, (size_t)other->n_pruned, sizeof key, by_ends);

		if (!both || side == 0)
			c->edge[c->n_edges++] = compared_edge(c, side, e, at, both);
	}
}

int
ct_compare(struct ct_comparison *out, const struct ct_graph *here, const struct ct_graph *there,
    const struct ct_alignment *align, struct ct_arena *a, struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	struct ct_edge *sorted[2];
	int *at[2], code = CT_ENOMEM;

	*out = (struct ct_comparison){ .graph = { here, there }, .align = *align };
	for (int side = 0; side < 2; side++)
		for (int i = 0; i < out->graph[side]->n_nodes; i++)
			out->total[side] += out->graph[side]->nodes[i].influence;
	out->node = ct_arena_need(a, (size_t)here->n_nodes + there->n_nodes, sizeof *out->node,
	    "a comparison", err);
	out->edge = ct_arena_need(a, (size_t)here->n_pruned + there->n_pruned, sizeof *out->edge,
	    "a comparison", err);
	if (!out->node || !out->edge)
		goto done;
	match_nodes(out);
	ct_sort(out->node, (size_t)out->n, sizeof *out->node, compare_nodes, out);
	for (int side = 0; side < 2; side++)
		if (!(at[side] = index_nodes(out, side, &tmp, err)) ||
		    !(sorted[side] = sorted_edges(out->graph[side], &tmp, err)))
			goto done;
	match_edges(out, 0, at[0], sorted[1]);
	match_edges(out, 1, at[1], sorted[0]);
	qsort(out->edge, (size_t)out->n_edges, sizeof *out->edge, compare_edges);
	for (int i = 0; i < out->n_edges; i++)
		out->edge_count[out->edge[i].side]++;
	code = CT_OK;
done:
	ct_arena_free(&tmp);
	return code;
}
