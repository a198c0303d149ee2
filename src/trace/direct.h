/*
 * direct: what the edges into a node come from: tokens of the prompt, features, or errors.
 *
 * The replacement score does not show this: it counts an edge that leads directly from a token to the answer
 * as explained, although no feature takes part in it.
 */
#ifndef CT_TRACE_DIRECT_H
#define CT_TRACE_DIRECT_H

#include "base/arena.h"
#include "base/error.h"
#include "trace/graph.h"

enum ct_direct_source {
	CT_DIRECT_WORDS,		/* token embeddings, through attention only */
	CT_DIRECT_FEATURES,		/* including features that the graph left out */
	CT_DIRECT_ERRORS,
	CT_DIRECT_SOURCES
};

/* "words", "features", "errors". */
const char *ct_direct_name(enum ct_direct_source source);

struct ct_direct {
	/* sum of the edges; with the bias, the sums add up to the node's value */
	double sum[CT_DIRECT_SOURCES];
	double size[CT_DIRECT_SOURCES];		/* sum of their absolute values */
	/* sum as a share of all three; NAN: they cancel */
	double net[CT_DIRECT_SOURCES];
	double absolute[CT_DIRECT_SOURCES];	/* size as a share of all three; NAN without any edge */
};

/*
 * Splits the edges into one node. In a graph from a file, those that the file has.
 * Cost: one pass over the node's row. Oracle: tests/unit/test_direct.c
 */
int ct_direct_split(struct ct_direct *out, const struct ct_graph *g, int node, struct ct_arena *scratch,
    struct ct_error *err);

/* The same for all targets together, each counted by its weight. */
int ct_direct_targets(struct ct_direct *out, const struct ct_graph *g, struct ct_arena *scratch,
    struct ct_error *err);

#endif
