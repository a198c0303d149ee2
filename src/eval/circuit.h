/*
 * circuit: tests whether the features of a prompt's pruned graph are necessary and sufficient for the answer.
 *
 * The answer's lead is its logit minus that of the runner-up in the untouched run. Features are ablated
 * together; nothing is frozen, and the model's own MLPs run on the changed stream.
 */
#ifndef CT_EVAL_CIRCUIT_H
#define CT_EVAL_CIRCUIT_H

#include "eval/answer.h"
#include "trace/graph.h"

struct ct_circuit_figures {
	double necessity;	/* share of the lead that is lost without the features that pruning kept */
	double sufficiency;	/* share of the lead that is left without all other features */
};

/* g: of p, towards its last position. */
int ct_circuit_measure(struct ct_circuit_figures *out, const struct ct_prompt *p, const struct ct_graph *g,
    struct ct_arena *a, struct ct_error *err);

/*
 * Kept features of both graphs as a share of those of either: the same layer, feature and distance to the
 * end.
 */
double ct_circuit_overlap(const struct ct_graph *a, const struct ct_graph *b);

#endif
