/*
 * subgraph: the nodes a person has pinned, and the supernodes they are grouped into, as plain data.
 *
 * A pin says what its node is, not its index in a graph: so pins outlive pruning and a new trace, and a pin
 * whose node is not in the present graph waits until it is. Every member of a supernode is pinned. What
 * follows for one graph, sums and scores, is computed by ct_parts_init.
 */
#ifndef CT_TRACE_SUBGRAPH_H
#define CT_TRACE_SUBGRAPH_H

#include "base/arena.h"
#include "base/error.h"
#include "trace/graph.h"

enum { CT_MAX_PINS = 512, CT_MAX_SUPERNODES = 64, CT_SUPERNODE_NAME = 64 };

/* The layer of a pin that a file has for a node that it does not have; its kind is then CT_NODE_OTHER. */
enum { CT_PIN_ABSENT = -2 };

/*
 * A pinned node. A feature that is also the target is one node. Files of other programs may put a node into
 * several supernodes; it is then pinned once for each.
 */
struct ct_pin {
	enum ct_node_kind kind;
	int layer, pos, index, other;	/* as in struct ct_node */
	int supernode;			/* -1: in none */
};

/* Names are unique, and no supernode is empty. All zeros: nothing is pinned. */
struct ct_subgraph {
	int n_pins, n_supernodes;
	struct ct_pin pin[CT_MAX_PINS];
	char name[CT_MAX_SUPERNODES][CT_SUPERNODE_NAME];
};

struct ct_pin ct_pin_of(const struct ct_node *n);
/* The node of a graph that a pin means, or -1. */
int ct_pin_node(const struct ct_graph *g, const struct ct_pin *p);

bool ct_subgraph_same(const struct ct_subgraph *a, const struct ct_subgraph *b);

/* The index of a pin, or -1. */
int ct_subgraph_find(const struct ct_subgraph *sg, const struct ct_pin *p);
/* The index of a supernode, or -1. */
int ct_subgraph_supernode(const struct ct_subgraph *sg, const char *name);

/* Pins a node, in no supernode; a node that is pinned stays as it is. Returns its index, or a code. */
int ct_subgraph_pin(struct ct_subgraph *sg, const struct ct_pin *p, struct ct_error *err);
/* Removes a pin; the pins after it move up. */
void ct_subgraph_unpin(struct ct_subgraph *sg, int pin);
/*
 * Puts a pin into the supernode of that name, which is made if there is none, and takes it out of its present
 * one. name NULL: only takes it out.
 */
int ct_subgraph_group(struct ct_subgraph *sg, int pin, const char *name, struct ct_error *err);
/* Dissolves a supernode; its members stay pinned. */
void ct_subgraph_ungroup(struct ct_subgraph *sg, int supernode);
int ct_subgraph_rename(struct ct_subgraph *sg, int supernode, const char *name, struct ct_error *err);

/*
 * Makes a name of any text: sanitised, without quotes and without blanks at its ends, cut to fit. If nothing
 * is left it is "", which no supernode can have.
 */
void ct_supernode_name(char dst[CT_SUPERNODE_NAME], const char *text);

/* A part: a supernode, or a pinned node that is in none. */
struct ct_subgraph_part {
	int supernode;			/* -1: a single node */
	int n, n_nodes;			/* pins; how many of them are in the graph */
	int *pin;			/* (n) of the subgraph */
	int *node;			/* (n) of the graph, or -1 */
	double layer;			/* mean of its nodes */
	double activation;		/* summed over its features */
	double influence;		/* summed */
	/*
	 * What flows in from outside, except by edges from other parts: the rest of the sum, and what the
	 * absolute shares of those edges leave of 1. It comes from nodes that are in no part, and from
	 * members of a part that cancel each other. Words, errors and features that a clamp set have no
	 * inputs.
	 */
	bool fed;			/* it has inputs; if not, rest and rest_share are 0 */
	double rest, rest_share;
};

/* The direct effects of one part's nodes on those of another. */
struct ct_subgraph_edge {
	int source, target;		/* parts */
	double weight;			/* sum of the edges */
	/*
	 * The share of what flows into the target from outside it, -1..1: for each member of the target, the
	 * sum of these edges divided by its inputs from other parts and unpinned nodes; for several members
	 * the mean, weighted by how much of each member's inputs comes from outside. This is how the
	 * published tools draw an edge between supernodes.
	 */
	double share;
};

struct ct_parts {
	int n, n_edges;
	/* targets first, then by layer from the last down, within a layer by influence */
	struct ct_subgraph_part *part;
	struct ct_subgraph_edge *edge;	/* by target, and for each target the strongest first */
	int n_features;			/* pinned ones that are in the graph */
	struct ct_scores scores;	/* the graph's, if only the pinned features were features */
	/* of all edges; for a saved graph that was pruned, of those that are left */
	struct ct_scores whole;
};

/* Everything from the arena. Needs ct_graph_influence. */
int ct_parts_init(struct ct_parts *out, const struct ct_subgraph *sg, const struct ct_graph *g,
    struct ct_arena *a, struct ct_error *err);

#endif
