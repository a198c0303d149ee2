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
 * Defaults of every graph, as in the reference: targets are the fewest next tokens that reach this
 * probability together, and at most so many; at most so many features get rows; pruning keeps the nodes and
 * edges with these shares.
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
	bool set;			/* a feature that a clamp set, so it has no inputs */
	bool kept;			/* survives pruning */
	double influence;		/* raw */
	double cumulative;		/* cumulative share: small = important */
};

struct ct_edges;		/* how edges are stored: edges.h, which only trace/ opens */

struct ct_edge {
	int source, target;
	float weight;
};

struct ct_self_check {
	double max_edge_residual;	/* max over targets of |value - sum| / sum|.| */
	/* the largest |local replacement - original| of a logit, relative to the sizes of its terms */
	double max_logit_error;
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

	struct ct_edges *edges;
	/* A graph from a file was pruned with these thresholds before. */
	struct ct_known {
		double nodes, edges;		/* 1, 1: nothing was pruned */
		int missing;			/* nodes */
		bool terms;			/* whether bias, value and omitted edges of nodes are known */
	} known;

	/*
	 * Some features have no row yet: influence, pruning and scores are computed from the rows so far.
	 * `seen` is the share of the targets' influence that these rows follow to words and errors; the rest
	 * ends at features without a row.
	 */
	bool partial;
	double seen;

	double node_threshold, edge_threshold;	/* of the pruning in force */
	int n_kept;				/* nodes */
	/* edges between kept nodes that pruning keeps, the highest score first */
	int n_pruned;
	struct ct_edge *pruned;
	double influence;			/* of all nodes together */
	struct ct_scores scores;		/* NAN: a file did not have them */
	struct ct_self_check check;
	long n_edges;				/* non-zero edges before pruning */
};

/* A[target][source]; 0 where there is no path. */
float ct_graph_edge(const struct ct_graph *g, int target, int source);

/*
 * A graph that was read from a file has a list of edges: those into node t, by source, are
 * list[first[t]..first[t + 1]). Both are lent to the graph.
 */
int ct_graph_set_list(struct ct_graph *g, const struct ct_edge *list, const size_t *first, struct ct_arena *a,
    struct ct_error *err);
bool ct_graph_is_listed(const struct ct_graph *g);
/* Where an edge is in the list, or -1. */
long ct_graph_listed_at(const struct ct_graph *g, int target, int source);

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

/* Sum of the edges from active features that were left out of the graph. */
double ct_graph_omitted(const struct ct_graph *g, int target);

/* CT_NODE_FEATURE for a target that is a feature, else the node's kind. */
enum ct_node_kind ct_node_subject(const struct ct_node *n);

/* The target of a node with inputs: for a feature its pre-activation, for an output its logit. */
struct ct_target ct_node_target(const struct ct_node *n);

/* Index of the node, or -1. */
int ct_graph_find(const struct ct_graph *g, enum ct_node_kind kind, int layer, int pos, int index);

/* A node's share of the influence of all nodes; of none (-1): 0. */
double ct_graph_influence_share(const struct ct_graph *g, int node);

#endif
