/*
 * inputs: what feeds a node, as the few rows that a person reads.
 *
 * Features come one by one, strongest first; words, errors and the tail are one row each, which opens into
 * its members. All rows together hold every edge into the node, so with its bias, and what was left out of
 * the graph, they add up to its value. Both programs show these rows; how they look is theirs.
 */
#ifndef CT_SESSION_INPUTS_H
#define CT_SESSION_INPUTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "trace/graph.h"

/* What the rows sum over. */
enum ct_inputs_by {
	CT_BY_KIND,			/* features one by one; words, errors and the tail folded */
	CT_BY_TOKEN,			/* all that comes from one token */
	CT_BY_LAYER			/* all that comes from one layer; words apart */
};

enum ct_input_kind {
	CT_INPUT_NODE,
	CT_INPUT_WORDS,
	CT_INPUT_ERRORS,
	CT_INPUT_TOKEN,
	CT_INPUT_LAYER,
	CT_INPUT_REST,			/* what is too weak for a row of its own */
	CT_INPUT_LEFT_OUT		/* what the graph has no nodes for, as a sum alone: n is 0 */
};

struct ct_input {
	enum ct_input_kind kind;
	int key;			/* node, token's position, or layer; else -1 */
	bool kept;			/* one of its edges at least is in the pruned graph */
	int n;
	const struct ct_edge *edge;	/* (n) strongest first; those of the pruned graph before others */
	double plus, minus;		/* sums of their positive and negative edges */
};

struct ct_inputs {
	int n;
	struct ct_input *input;
	int n_edges;
	struct ct_edge *edge;		/* (n_edges) of all rows, one after the other */
	double size;			/* sum of |edges|; with what was left out of the graph */
};

/*
 * The inputs of a node, at most `most` of them one by one (or token by token, layer by layer). A row that
 * would sum up one node is that node. The strongest word has a row of its own if it carries at least half of
 * what all words carry: it is what the feature reads. With the bias the rows add up to
 * the node's value. Everything in out is from the arena.
 * Cost: O(n log n + edges of the pruned graph) for n inputs. Oracle: tests/unit/test_inputs.c
 */
int ct_inputs_of(struct ct_inputs *out, const struct ct_graph *g, int node, enum ct_inputs_by by, int most,
    struct ct_arena *a, struct ct_error *err);

#endif
