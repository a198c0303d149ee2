/*
 * patch: sets features of one run to their activations in another, and shows what the model says then. This
 * tests the causes that a comparison (compare.h) suggests. Attention patterns are frozen and the model's own
 * MLPs run, which is the default of clamps.
 */
#ifndef CT_TRACE_PATCH_H
#define CT_TRACE_PATCH_H

#include "trace/clamp.h"
#include "trace/compare.h"
#include "trace/prompt.h"

/* The two answers whose logits are compared, this prompt's and the other's, and their positions. */
struct ct_patch_answers {
	int pos, pos_there;
	int here, there;
};

/*
 * One run with a patch: one feature at a position, all features at a position, or all at all aligned
 * positions. A feature that has the same activation in both prompts changes nothing, exactly. Oracle: one
 * clamp for each feature, tests/unit/test_compare.c
 */
int ct_patch_run(struct ct_patch *out, const struct ct_prompt *here, const struct ct_prompt *there,
    const struct ct_alignment *align, const struct ct_patch_what *what,
    const struct ct_patch_answers *answers, struct ct_error *err);

/*
 * The same patch as clamps, at most max; returns how many there are. Neurons, which are chosen for each
 * prompt, are included only if both prompts have them.
 */
int ct_patch_clamps(const struct ct_prompt *here, const struct ct_prompt *there,
    const struct ct_alignment *align, const struct ct_patch_what *what, struct ct_clamp *out, int max);

#endif
