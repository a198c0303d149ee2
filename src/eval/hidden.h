/*
 * hidden: tests whether the answer depends on the features that are named after the hidden variable.
 *
 * In a held-out sentence all features are ablated whose automatic label (F1 >= .5) names the value that the
 * sentence hides: "in Texas", "bridge Texas" where Dallas was said. What is left of the answer's probability
 * tells whether these features carry the answer, or only accompany it.
 */
#ifndef CT_EVAL_HIDDEN_H
#define CT_EVAL_HIDDEN_H

#include "base/error.h"
#include "base/job.h"
#include "eval/subject.h"

struct ct_hidden_figures {
	int n;			/* sentences with a hidden value; if 0, all other figures are NAN */
	double before, left;	/* mean probability of the answer: untouched, and with the group at 0 */
	double kept;		/* share of sentences that still give the answer */
	double features;	/* mean number of features in a group, over positions */
	double none;		/* share of sentences without any such feature */
};

/* Nothing is frozen, and the model's own MLPs run on the changed stream. */
int ct_hidden_measure(struct ct_hidden_figures *out, const struct ct_subject *x, const struct ct_job *job,
    struct ct_error *err);

#endif
