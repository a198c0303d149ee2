/*
 * interchange_parts: tests whether features carry the parts of answers: the causal test for worlds whose
 * answers have parts.
 *
 * The recipe's `parts:` name them by labels: the ones digit and the magnitude of a sum. The features of a
 * value are described by their mean activations at the answer position of training sentences with that value.
 * In a held-out sentence these are moved from its own value of one part to another's, and the model must give
 * an answer that has the other value, and one of its own values of every other part.
 */
#ifndef CT_EVAL_INTERCHANGE_PARTS_H
#define CT_EVAL_INTERCHANGE_PARTS_H

#include "eval/interchange.h"

struct ct_interchange_parts_figures {
	int n;					/* exchanges tried, each at all strengths */
	double share[CT_INTERCHANGE_STRENGTHS];	/* that gave the answer they should; NAN when n is 0 */
};

/*
 * out (c->n_parts). For held-out graded sentences, at most CT_INTERCHANGE_PARTS_SENTENCES of them, evenly
 * spread, `others` draws of another value of each part. Features move by strength * difference of means as in
 * ct_interchange_measure; nothing is frozen, and the model's own MLPs run on the changed stream.
 */
enum { CT_INTERCHANGE_PARTS_SENTENCES = 400 };
int ct_interchange_parts_measure(struct ct_interchange_parts_figures *out, const struct ct_model *m,
    const struct ct_transcoder *tc,
    const struct ct_corpus *c, const struct ct_activity *activity, int others, const struct ct_job *job,
    struct ct_error *err);

#endif
