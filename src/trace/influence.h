/*
 * influence: how much each node matters, the pruned graph, and the scores.
 *
 * Everything follows the public reference (circuit-tracer): rows of |A| normalised to sum 1, influence
 * w (A + A^2 + ...), prune nodes, then edges, then nodes that are left without edges. Reads rows; fills the
 * influence, cumulative, kept and pruned fields of the graph. Pruning again needs no new attribution.
 */
#ifndef CT_TRACE_INFLUENCE_H
#define CT_TRACE_INFLUENCE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/graph.h"

/*
 * nodes[].influence and their sum, nodes[].cumulative (cumulative share in descending order of influence) and
 * scores, over the whole graph. The graph is layered, so one descending pass is exact; sums are in double.
 */
int ct_graph_influence(struct ct_graph *g, struct ct_arena *scratch, const struct ct_job *job,
    struct ct_error *err);

/* The fewest nodes that together have this share, below 1, of the influence. Needs ct_graph_influence. */
int ct_graph_fewest(const struct ct_graph *g, double share);

/*
 * The scores as they would be if only the pinned features (n_nodes; others' flags do not matter) had been
 * found: the edges out of each other feature are first added to those of the error node at its place.
 */
int ct_graph_pinned_scores(const struct ct_graph *g, const bool *pinned, struct ct_scores *out,
    struct ct_arena *scratch, struct ct_error *err);

/*
 * Fills kept, pruned[], n_kept, n_pruned for thresholds in (0,1]; 1,1 keeps every node and edge. Needs
 * ct_graph_influence first. The list of edges is allocated from `a`. A graph from a file keeps at most what
 * it holds, by the shares it gives.
 */
int ct_graph_prune(struct ct_graph *g, double node_threshold, double edge_threshold, struct ct_arena *a,
    struct ct_arena *scratch, const struct ct_job *job, struct ct_error *err);

/*
 * The smallest v such that the values >= v sum to at least share of the whole; v[0..n) is reordered. n > 0.
 */
float ct_share_cut(float *v, int n, double share);

#endif
