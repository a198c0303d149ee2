/*
 * edges: how the edges of a graph are stored, as rows or as a list. Only trace/ includes it: others ask
 * graph.h.
 */
#ifndef CT_TRACE_EDGES_H
#define CT_TRACE_EDGES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "trace/node.h"

/*
 * Where edges are in a row. A target in layer l at position p can only have inputs from positions up to p and
 * from layers below l, so a row has only these: for each position t <= p, one block for each kind of source,
 * in which sources are ordered by layer, then by index. This is at most half of a square matrix.
 */
struct ct_layout {
	int T, L;
	struct ct_source_block {
		int *first;	/* (T+1) sources of this kind at positions before t */
		int *count;	/* (T,L+1) sources at t of layers < l: count[t*(L+1)+l] */
		int *node;	/* (first[T]) node of each, by (pos, layer, index); -1: left out */
	} block[CT_SOURCE_KINDS];
	size_t *start;	/* (L+1,T+1) where position t begins in a row of layer l: start[l*(T+1)+t] */
};

/* How many sources of a kind there are of layer l at t; l -1: below the first layer. */
typedef int (*ct_count_fn)(const void *ctx, enum ct_node_kind kind, int l, int t);

/* From the arena; no source is a node yet. */
int ct_layout_init(struct ct_layout *y, int T, int L, ct_count_fn count, const void *ctx, struct ct_arena *a,
    struct ct_error *err);

struct ct_edge;
struct ct_graph;

struct ct_edges {
	struct ct_layout layout;
	float **rows;	/* (n_nodes) edges into each node as the layout has them; NULL: none */
	int *rank;	/* (n_nodes) a source's place among those of its kind and position */

	/* If rows is NULL, a list instead: see ct_graph_set_list. */
	const struct ct_edge *list;
	const size_t *first;	/* (n_nodes + 1) */
};

/* Makes a node the source at this place among those of its kind and position. */
void ct_graph_place(struct ct_graph *g, int node, int rank);

/* Entries of a row of layer l at position p. */
static inline size_t
ct_layout_length(const struct ct_layout *y, int l, int p)
{
	return y->start[l * (y->T + 1) + p + 1];
}

/* The number of sources of a kind at t in a row of layer l; and below, where they begin in the row. */
static inline int
ct_layout_count(const struct ct_layout *y, enum ct_node_kind kind, int l, int t)
{
	return y->block[kind].count[t * (y->L + 1) + l];
}

static inline size_t
ct_layout_at(const struct ct_layout *y, enum ct_node_kind kind, int l, int t)
{
	size_t at = y->start[l * (y->T + 1) + t];

	for (int k = 0; k < (int)kind; k++)
		at += (size_t)ct_layout_count(y, (enum ct_node_kind)k, l, t);
	return at;
}

#endif
