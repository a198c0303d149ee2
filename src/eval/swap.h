/*
 * swap: in one prompt about a value of the hidden variable, sets its features to those of other values, with
 * controls.
 *
 * interchange.h measures the same over held-out sentences. The features at a place move by strength * (mean
 * of the other value - mean of its own); nothing is frozen, and the model's own MLPs run on the changed
 * stream. Two controls should change nothing: the features of another sentence with the same value, and as
 * many random features of the same layers, moved by the same amounts.
 */
#ifndef CT_EVAL_SWAP_H
#define CT_EVAL_SWAP_H

#include <stdbool.h>

#include "base/job.h"
#include "eval/swap_table.h"
#include "eval/values.h"

/* The sentence of the corpus that consists of these tokens and then its graded token, or -1. */
int ct_swap_sentence(const struct ct_values *v, const int *ids, int T);

struct ct_swap_plan {
	int sentence;			/* the sentence that the prompt is */
	int to;				/* a value of the same kind; -1: all of them */
	int pos;			/* position; -1: where the value is determined */
	bool onwards;			/* and all positions from there to the answer's */
	double strength;
};

/*
 * The same swap as clamps that have its strength, with room for CT_VALUE_SPAN rows of features. Returns how
 * many.
 */
int ct_swap_clamps(const struct ct_values *v, const struct ct_swap_plan *plan, struct ct_clamp *clamps,
    struct ct_error *err);

/*
 * p: the prompt, which is the sentence up to its answer, after its run. Everything in out is from the arena
 * or lent by v.
 */
int ct_swap_run(struct ct_swap *out, const struct ct_values *v, const struct ct_prompt *p,
    const struct ct_swap_plan *plan, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

#endif
