/*
 * interchange: tests whether the model uses its bridge features: the causal test of two-hop questions.
 *
 * A corpus whose sentences are about a hidden variable (the state between city and capital) says what each
 * value's features are: the mean activations over training sentences about it, at the answer position and
 * at the positions before it that know the value already. In a held-out sentence these are moved from its
 * own value to another's, and the model must give the other's answer. Values whose sentences do not agree on
 * an answer (a rhyme alone does not say which word) are not tested so.
 */
#ifndef CT_EVAL_INTERCHANGE_H
#define CT_EVAL_INTERCHANGE_H

#include "base/error.h"
#include "base/job.h"
#include "cards/activity.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "model/transcoder.h"

enum ct_interchange_place {
	CT_INTERCHANGE_ANSWER,			/* at the answer position alone */
	CT_INTERCHANGE_WRITTEN,		/* at the token that determines the value alone */
	CT_INTERCHANGE_ONWARDS,		/* from that token on */
	CT_INTERCHANGE_PLACES
};
enum { CT_INTERCHANGE_STRENGTHS = 3 };
extern const double ct_interchange_strengths[CT_INTERCHANGE_STRENGTHS];	/* 1, 1.5, 2 */

/* Controls that must change nothing, at the answer and where the value is written. */
enum ct_interchange_control {
	CT_CONTROL_SAME,	/* features set as in another sentence with the same value */
	/*
	 * random features of the same layers, as many and moved as far as those of a swap (1.5 times at the
	 * answer, once where the value is written)
	 */
	CT_CONTROL_RANDOM,
	CT_CONTROLS
};

struct ct_interchange_figures {
	int n;				/* swaps tried, each in all ways; 0: no such sentences */
	/* that gave the other value's answer */
	double share[CT_INTERCHANGE_PLACES][CT_INTERCHANGE_STRENGTHS];
	/* Shares of controls that changed the answer; NAN where no other sentence has the same value. */
	double changed[CT_CONTROLS][CT_INTERCHANGE_PLACES];	/* ANSWER and WRITTEN only */
	int n_same;
};

/*
 * For each held-out graded sentence `others` values with another answer. Features whose difference of
 * means, times the length of their decoders, reaches a tenth of the largest are moved by strength *
 * difference; nothing is frozen, and the model's own MLPs run on the changed stream.
 */
int ct_interchange_measure(struct ct_interchange_figures *out, const struct ct_model *m,
    const struct ct_transcoder *tc,
    const struct ct_corpus *c, const struct ct_activity *activity, int others, const struct ct_job *job,
    struct ct_error *err);

#endif
