/*
 * inputs: what feeds a node, as the few rows that a person reads.
 *
 * Features come one by one, strongest first. Words, errors and the tail are one row each, which can be opened
 * into its members. The rows contain every edge into the node, and one row has what was left out of the
 * graph, so with the node's bias they add up to its value. Both programs show these rows, each in its own
 * way.
 */
#ifndef CT_SESSION_INPUTS_H
#define CT_SESSION_INPUTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "trace/graph.h"

/* What the rows sum up. */
enum ct_inputs_by {
	CT_BY_KIND,			/* features one by one; words, errors and the tail in a row each */
	CT_BY_TOKEN,			/* everything from one token in a row */
	CT_BY_LAYER			/* everything from one layer in a row; words in another */
};

enum ct_input_kind {
	CT_INPUT_NODE,
	CT_INPUT_WORDS,
	CT_INPUT_ERRORS,
	CT_INPUT_TOKEN,
	CT_INPUT_LAYER,
	CT_INPUT_REST,			/* the tail: what is too weak for a row of its own */
	CT_INPUT_LEFT_OUT		/* what the graph has no nodes for: only a sum, n is 0 */
};

struct ct_input {
	enum ct_input_kind kind;
	int key;			/* node, position of a token, or layer; else -1 */
	bool kept;			/* at least one of its edges is in the pruned graph */
	int n;
	const struct ct_edge *edge;	/* (n) those of the pruned graph first, then strongest first */
	double plus, minus;		/* sums of the positive and of the negative edges */
};

struct ct_inputs {
	int n;
	struct ct_input *input;
	int n_edges;
	struct ct_edge *edge;		/* (n_edges) all rows' edges, one row after the other */
	double size;			/* sum of |edges|, with what was left out of the graph */
};

/*
 * The inputs of a node: at most `most` rows of single nodes (or of tokens, or layers), then the summed rows.
 * A summed row with only one member is that node's row. A word has a row of its own if it carries at least
 * half of what all words carry: it is then what the feature reads. With the bias, the rows add up to the
 * node's value. Everything in out is from the arena.
 * Cost: O(n log n + edges of the pruned graph) for n inputs. Oracle: tests/unit/test_inputs.c
 */
int ct_inputs_of(struct ct_inputs *out, const struct ct_graph *g, int node, enum ct_inputs_by by, int most,
    struct ct_arena *a, struct ct_error *err);

#endif
