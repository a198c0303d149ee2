/*
 * heads: how much of a target comes through each attention head, and from which token.
 *
 * In the frozen network the value of a target is linear in what each node writes to the stream. At the
 * attention of layer l, what a source has written so far either passes in the stream or goes through a head:
 *     edge = sum_h loading(l,h) + bypass(l) + constant(l)     for every layer l below the target
 * where loading(l,h) = sum_{q>=k} pattern_h[q,k] <W_O,h' g_q, W_V,h norm1(x_k)>, g the target's gradient
 * after the attention, x the source's part of the stream before it. bypass: what passes this attention in the
 * residual stream, and what the source writes above it. constant: biases of this attention and of the layers
 * above, if the source is everything (an edge has none).
 */
#ifndef CT_TRACE_HEADS_H
#define CT_TRACE_HEADS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/graph.h"

struct ct_local_model;

/* The source. An inactive feature, for which a graph has no node, contributes nothing. */
struct ct_head_source {
	bool everything; /* all that is in the stream; else one node: */
	enum ct_node_kind kind; /* CT_NODE_FEATURE, CT_NODE_ERROR, CT_NODE_EMBEDDING */
	int layer, index; /* of a feature; layer of an error */
	int pos; /* everything: only what was written at this position; -1: at all */
};

/* What one head moves from one token to another. In a long prompt only the largest are listed. */
enum { CT_MAX_LOADS = 1 << 20 };
struct ct_head_load {
	int layer, head, query, key;
	float loading;
};

struct ct_heads {
	int layers, H; /* the target has attention of layers 0..layers-1 below it */
	double total; /* the edge; of everything: the target's value */
	double whole; /* what shares are of: |total|, of a graph 1; NAN: that is a lead too small for them */
	double *loading; /* (layers,H) */
	double *bypass; /* (layers) */
	double *constant; /* (layers) */
	double residual; /* max over layers of |sum - total| / sum of |parts| */
	int n; /* pairs of tokens with a part that is not 0, at most CT_MAX_LOADS */
	struct ct_head_load *loads; /* (n) by size, the largest first; ties by layer, head, query, key */
};

/*
 * Splits what flows from the source into the target. Everything in `a`.
 * Cost: a forward and a backward pass, about L (6 T D^2 + T^2 H head) flops. Oracle: a sum over all paths in
 * double, tests/unit/test_heads.c.
 */
int ct_heads_split(struct ct_heads *out, const struct ct_local_model *lrm,
    const struct ct_head_source *source, const struct ct_target *target, struct ct_arena *a,
    const struct ct_job *job, struct ct_error *err);

/*
 * Which heads matter for a whole graph: the same split for every kept node that has inputs, or for those at
 * position pos (-1: all). Each load counts |loading| / sum |edges| of its target, times the target's
 * influence (for a target of the graph: its weight). loading and loads hold sums of these, >= 0. bypass,
 * constant and total are not filled; residual is the largest of all splits.
 */
int ct_heads_graph(struct ct_heads *out, const struct ct_local_model *lrm, const struct ct_graph *g,
    const struct ct_head_source *source, int pos, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err);

#endif
