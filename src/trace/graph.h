/*
 * graph: an attribution graph as plain data.
 *
 * Nodes are ordered: features by (layer, pos, feature), errors by (layer, pos), embeddings by pos, targets by
 * weight. Edges A[target][source] are direct effects (method: attribution.h); for every target
 *     value = sum_s A[target][s] + bias + omitted.
 * Influence, pruning and scores are filled in by influence.h.
 */
#ifndef CT_TRACE_GRAPH_H
#define CT_TRACE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "trace/node.h"

/*
 * The defaults of every graph, as in the reference: targets are the fewest next tokens that reach this
 * probability, at most so many; features beyond a number are left out; what is kept are the nodes and edges
 * with these shares.
 */
enum { CT_DEFAULT_TARGETS = 10, CT_DEFAULT_FEATURES = 7500 };
#define CT_DEFAULT_COVERAGE 0.95
#define CT_DEFAULT_NODES 0.8
#define CT_DEFAULT_EDGES 0.98

struct ct_node {
	enum ct_node_kind kind;
	enum ct_target_kind target;	/* of a CT_NODE_TARGET */
	int layer;			/* features, errors, feature targets; -1 embedding; L logit */
	int pos;
	int index;			/* feature, or token id of an embedding or logit; A of a difference */
	int other;			/* B of a difference A - B, else -1 */
	float activation;		/* features */
	float value;			/* targets: pre-activation, or logit minus the vocabulary's mean */
	float bias;			/* the bias column */
	float omitted;			/* summed edges of features left out */
	double inputs;			/* sum of |edges| into it, left-out features' included */
	float prob;			/* logit targets */
	float weight;			/* targets: share in the influence */
	bool attributed;		/* its row of edges was computed */
	bool missing;			/* an error or embedding that the graph's file leaves out */
	bool kept;			/* survives pruning */
	double influence;		/* raw */
	double cumulative;		/* cumulative share: small = important */
};

/*
 * Where edges lie in a row. A target of layer l at position p can have inputs from positions up to p and
 * layers below l only, so a row holds just those: for each position t <= p one block for each kind of
 * source, in which sources stand by layer, then by index. Half of what a square matrix would take, at most.
 */
struct ct_layout {
	int T, L;
	struct ct_source_block {
		int *first;	/* (T+1) sources of this kind at positions before t */
		int *count;	/* (T,L+1) sources at t of layers < l: count[t*(L+1)+l] */
		int *node;	/* (first[T]) node of each, by (pos, layer, index); -1: left out */
	} block[CT_SOURCE_KINDS];
	size_t *start;		/* (L+1,T+1) where position t begins in a row of layer l: start[l*(T+1)+t] */
};

/* How many sources of a kind there are of layer l at t; l -1: below the first layer. */
typedef int (*ct_count_fn)(const void *ctx, enum ct_node_kind kind, int l, int t);

/* From the arena; no source is a node yet. */
int ct_layout_init(struct ct_layout *y, int T, int L, ct_count_fn count, const void *ctx, struct ct_arena *a,
    struct ct_error *err);

struct ct_edge {
	int source, target;
	float weight;
};

struct ct_self_check {
	double max_edge_residual;	/* max over targets of |value - sum| / sum|.| */
	double max_logit_error;		/* the largest |local replacement - original| of a logit, in terms of
					   what was summed into it */
};

struct ct_scores {
	double replacement, completeness;
};

struct ct_graph {
	int T, L, V;
	int n_nodes;
	struct ct_node *nodes;
	int n_features, n_errors, n_embeddings, n_targets;	/* in this order in nodes[] */
	int pos;				/* position that the targets sit at */

	/* Edges into node t: rows[t], laid out as `layout` says, or NULL (no inputs). */
	float **rows;
	struct ct_layout layout;
	int *rank;			/* (n_nodes) a source's place among those of its kind and position */

	/*
	 * A graph that was read from a file has no rows but lists: the edges into node t, by source, are
	 * links[first[t]..first[t + 1]). It holds what a pruning with the thresholds `known` left of it.
	 */
	const struct ct_edge *links;
	const size_t *first;
	struct ct_known {
		double nodes, edges;		/* 1, 1: everything */
		int missing;			/* nodes */
		bool terms;			/* the nodes' bias, value and what was left out are known */
	} known;

	double node_threshold, edge_threshold;	/* of the pruning in force */
	int n_kept;				/* nodes */
	/* edges among kept nodes that survive, strongest score first */
	int n_pruned;
	struct ct_edge *pruned;
	struct ct_scores scores;		/* NAN: a file did not say */
	struct ct_self_check check;
	long n_edges;				/* non-zero edges before pruning */
};

/* A[target][source]; 0 where there is no path. */
float ct_graph_edge(const struct ct_graph *g, int target, int source);

/*
 * The inputs of a node (outputs: the targets it feeds), strongest first by |weight|; ties by node index.
 * Fills at most max and returns how many non-zero ones there are. kept_only: edges of the pruned graph.
 */
int ct_graph_inputs(const struct ct_graph *g, int node, bool kept_only, struct ct_edge *out, int max);
int ct_graph_outputs(const struct ct_graph *g, int node, bool kept_only, struct ct_edge *out, int max);

/*
 * A row as a list of its non-zero edges whose sources are nodes. out needs room for n_nodes; returns how
 * many.
 */
int ct_graph_row(const struct ct_graph *g, int target, struct ct_edge *out);

/* Makes a node the source that has this place among those of its kind and position. */
void ct_graph_place(struct ct_graph *g, int node, int rank);

/* Sum of the edges from active features that were left out of the graph. */
double ct_graph_omitted(const struct ct_graph *g, int target);

/* What a node that has inputs stands for as a target: a feature its pre-activation, an output its logit. */
struct ct_target ct_node_target(const struct ct_node *n);

/* Index of the node, or -1. */
int ct_graph_find(const struct ct_graph *g, enum ct_node_kind kind, int layer, int pos, int index);

/* Entries of a row of layer l at position p. */
static inline size_t
ct_layout_length(const struct ct_layout *y, int l, int p)
{
	return y->start[l * (y->T + 1) + p + 1];
}

/* Sources of a kind at t that a row of layer l has, and where they begin in it. */
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
