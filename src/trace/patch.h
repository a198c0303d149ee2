/*
 * patch: features of one run set to what they are in another, and what the model says then: the test of what
 * a comparison (compare.h) proposes. Attention patterns stay, the original MLPs run (frozen, through the
 * model), as in every clamp unless it says otherwise.
 */
#ifndef CT_TRACE_PATCH_H
#define CT_TRACE_PATCH_H

#include "trace/clamp.h"
#include "trace/compare.h"
#include "trace/prompt.h"

/* What is patched: one feature at a position, all of a position, or all of all aligned ones. */
/* Two answers whose logits are held against each other, and where: the prompt's here, and the other's. */
struct ct_patch_answers {
	int pos, here, there;
};

/*
 * One run with a patch. pos_there: where the other prompt's answer is read, for the gap. A feature that is as
 * it is there moves nothing, exactly. Oracle: a clamp on each feature by hand, tests/unit/test_compare.c
 */
int ct_patch_run(struct ct_patch *out, const struct ct_prompt *here, const struct ct_prompt *there,
    const struct ct_alignment *align, const struct ct_patch_what *what,
    const struct ct_patch_answers *answers, struct ct_error *err);

/*
 * The same patch as clamps, at most max; returns how many there are. Of neurons, which are chosen for each
 * prompt, only those that both prompts have.
 */
int ct_patch_clamps(const struct ct_prompt *here, const struct ct_prompt *there,
    const struct ct_alignment *align, const struct ct_patch_what *what, struct ct_clamp *out, int max);

#endif
