/*
 * answer: the model's answer to a prompt, without and with clamps.
 */
#ifndef CT_EVAL_ANSWER_H
#define CT_EVAL_ANSWER_H

#include "base/arena.h"
#include "base/error.h"
#include "trace/clamp.h"
#include "trace/prompt.h"

/*
 * Logits (V) of the next token when the features are moved by strength * the clamps' amounts: nothing is
 * frozen, and the model's own MLPs run on the changed stream.
 */
int ct_answer_logits(const struct ct_prompt *p, const struct ct_clamp *clamps, int n, double strength,
    float *logits, struct ct_arena *a, struct ct_error *err);

/* The same: what the prompt is answered then (*said, the likeliest next token). */
int ct_answer_clamped(const struct ct_prompt *p, const struct ct_clamp *clamps, int n, double strength,
    struct ct_arena *a, int *said, struct ct_error *err);

/* The largest; the lowest index of equal ones. */
int ct_likeliest(int n, const float *logits);

#endif
