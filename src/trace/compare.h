/*
 * compare: two graphs compared: which nodes and edges both have, and which only one of them has.
 *
 * Two nodes are the same if kind, layer and feature agree and their positions are aligned. A graph "has" what
 * its pruning keeps; a node that only one graph keeps may still be active in the other, and the result tells.
 * A difference suggests a cause, which a patch (patch.h) can test.
 */
#ifndef CT_TRACE_COMPARE_H
#define CT_TRACE_COMPARE_H

#include "base/arena.h"
#include "base/error.h"
#include "trace/graph.h"

/* Which positions of two prompts correspond. */
struct ct_alignment {
	int T, U;
	int *there;			/* (T) of each position here, or -1 */
	int *here;			/* (U) of each position there, or -1 */
	int equal;			/* aligned positions with equal tokens */
};

/*
 * Prompts of the same length are aligned position by position. Others by a longest common subsequence of
 * their tokens; the tokens between two neighbours in that subsequence are aligned too if both prompts have
 * equally many. here (T), there (U): token ids. Cost: T * U steps and 4 T U bytes.
 */
int ct_align(struct ct_alignment *out, const int *here, int T, const int *there, int U, struct ct_arena *a,
    struct ct_error *err);

enum ct_side { CT_SHARED, CT_ONLY_HERE, CT_ONLY_THERE, CT_SIDES };

struct ct_compared_node {
	enum ct_side side;
	int here, there;		/* nodes, or -1: not active there, or not aligned */
};

struct ct_compared_edge {
	enum ct_side side;
	int source, target;		/* of the compared nodes */
	float here, there;		/* weights; 0: no path */
};

struct ct_comparison {
	const struct ct_graph *graph[2];	/* here, there */
	double total[2];			/* influence of all nodes, to measure shares by */
	struct ct_alignment align;
	/* sorted by side, then by the larger share of influence */
	int n, count[CT_SIDES];
	struct ct_compared_node *node;
	/* sorted by side, then by the larger size */
	int n_edges, edge_count[CT_SIDES];
	struct ct_compared_edge *edge;
};

/* A patch tests a difference (patch.h): it sets features here to their activations there. */
struct ct_patch_what {
	int layer, feature;		/* -1: all */
	int pos;			/* here; -1: all */
};

struct ct_patch {
	int features;			/* how many were changed */
	/*
	 * By how much the patch moved logit(answer there) - logit(answer here), or that answer's logit if
	 * both prompts have the same answer; and the difference between the prompts in the same quantity.
	 */
	float moved, gap;
	float share;			/* moved / gap; NaN if the answers are the same, or no gap is left */
	int top;			/* the likeliest token with the patch */
	float prob;			/* its probability, */
	float prob_there;		/* and the probability of the other prompt's answer */
};

/* The node of g that is the same feature, error or word as n, at position pos of g (-1: none); or -1. */
int ct_graph_counterpart(const struct ct_graph *g, const struct ct_node *n, int pos);

/* A node's share of the influence of all nodes of its graph; side 0: here, 1: there. */
double ct_compared_share(const struct ct_comparison *c, int side, int node);

/* Everything in out is from the arena. Both graphs must outlive it. Oracle: tests/unit/test_compare.c */
int ct_compare(struct ct_comparison *out, const struct ct_graph *here, const struct ct_graph *there,
    const struct ct_alignment *align, struct ct_arena *a, struct ct_error *err);

#endif
