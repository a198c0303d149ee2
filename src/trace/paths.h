/*
 * paths: the strongest chains of edges from words to a target.
 *
 * An edge's share is |edge| over the sum of |edges| into the same node, as in influence.h; a path's share is
 * the product of its edges' shares. The shares of all paths from words to a target sum to the share of it
 * that words, rather than errors, explain; so it is known how much of that a list of the strongest paths
 * covers.
 */
#ifndef CT_TRACE_PATHS_H
#define CT_TRACE_PATHS_H

#include "base/arena.h"
#include "base/error.h"
#include "trace/graph.h"

struct ct_path {
	double share;
	int sign;			/* of the product of its edges: 1 or -1 */
	int n;				/* nodes, 2 at least */
	int *node;			/* (n) from the word to the target */
	float *edge;			/* (n-1) edge[i] leads from node[i] to node[i+1] */
};

struct ct_paths {
	int target;			/* a node of the graph */
	double total;			/* of the shares of all paths from words */
	double listed;			/* of those below */
	int n;
	struct ct_path *path;		/* strongest first */
};

/*
 * share(path) = prod_i |A[n_i+1, n_i]| / sum_s |A[n_i+1, s]|
 *
 * The (at most) max strongest paths that begin at an embedding and end at `target`, over the whole graph,
 * whatever the pruning. Edges lead from lower layers to higher ones, so that one ascending pass which keeps
 * max paths for each node is exact. Everything in `out` is from the arena `a`.
 * Cost: O(E max) at worst, O(E + N max log max) in practice. Oracle: enumeration in tests/unit/test_paths.c.
 */
int ct_paths_find(struct ct_paths *out, const struct ct_graph *g, int target, int max, struct ct_arena *a,
    struct ct_arena *scratch, struct ct_error *err);

#endif
