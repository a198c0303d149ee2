/*
 * planning: tests whether features carry the model's plan: the causal test of sentences with a `plan at:`.
 *
 * The features of a planned word are the mean activations, at the position where the plan is to be made, over
 * training sentences that go on to it. In a held-out sentence they are moved from its own planned word to one
 * that the sentence is not about (another rhyme), at that position alone; then the model writes the rest by
 * itself. The rest must be, word for word, that of some sentence about the other word's value: its end has
 * the other rhyme, and the words before the end fit it.
 */
#ifndef CT_EVAL_PLANNING_H
#define CT_EVAL_PLANNING_H

#include "base/error.h"
#include "base/job.h"
#include "cards/activity.h"
#include "eval/interchange.h"
#include "eval/subject.h"

enum ct_planning_moved {
	CT_PLANNING_ALL,		/* all features that tell the two words apart */
	/* of them those whose automatic label says so ("plans moon"), F1 >= .5 */
	CT_PLANNING_LABELLED,
	CT_PLANNING_MOVED
};

struct ct_planning_figures {
	int n;				/* swaps tried, each in all ways; 0: nothing is planned */
	double own;			/* unclamped: the rest is one about the sentence's own value */
	/* Shares of n, by what was moved and how strongly. */
	/* the rest is one about the other word's value */
	double other[CT_PLANNING_MOVED][CT_INTERCHANGE_STRENGTHS];
	/* and leads to the other word itself */
	double word[CT_PLANNING_MOVED][CT_INTERCHANGE_STRENGTHS];
};

/*
 * `others` words for each held-out sentence. Nothing is frozen, and the model's own MLPs run. The subject
 * has labels.
 */
int ct_planning_measure(struct ct_planning_figures *out, const struct ct_subject *subject,
    const struct ct_activity *activity, int others, const struct ct_job *job, struct ct_error *err);

#endif
