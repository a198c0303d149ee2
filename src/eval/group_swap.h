/*
 * group_swap: whether a graph's own groups find the hidden variable, and whether that group carries it.
 *
 * Each held-out sentence with a hidden value is traced and grouped as on the screen (trace/groups.h). Its
 * group consists of all kept features whose automatic label (F1 >= .5) names the value, and of all members of
 * their groups. The swap takes another held-out sentence with the same template, relation and length but
 * another value and answer, and sets the features of both sentences' groups to their activations there.
 */
#ifndef CT_EVAL_GROUP_SWAP_H
#define CT_EVAL_GROUP_SWAP_H

#include "base/error.h"
#include "base/job.h"
#include "eval/subject.h"

struct ct_group_swap_figures {
	int n;			/* sentences with a hidden value; the shares are NAN without any */
	double found;		/* share of them whose graph has a group for it */
	double features;	/* mean number in it, where there is one */
	int n_swaps;		/* with a group, and another sentence to swap with */
	double given;		/* share of swaps after which the model gives the other sentence's answer, */
	double changed;		/* or at least another one than before */
};

/* At most max sentences, evenly spread; 0: all. Nothing is frozen, and the model's own MLPs run. */
int ct_group_swap_measure(struct ct_group_swap_figures *out, const struct ct_subject *x, int max,
    const struct ct_job *job, struct ct_error *err);

#endif
