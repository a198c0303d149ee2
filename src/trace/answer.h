/*
 * answer: the model's answer to a prompt, without and with clamps.
 */
#ifndef CT_TRACE_ANSWER_H
#define CT_TRACE_ANSWER_H

#include "base/arena.h"
#include "base/error.h"
#include "trace/clamp.h"
#include "trace/prompt.h"

/*
 * Logits (V) of the token after pos when the features are moved by strength * the clamps' amounts: nothing is
 * frozen, and the model's own MLPs run on the changed stream.
 */
int ct_answer_logits(const struct ct_prompt *p, const struct ct_clamp *clamps, int n, double strength,
    int pos, float *logits, struct ct_arena *a, struct ct_error *err);

/* The same, but only the answer: *said is the likeliest next token. */
int ct_answer_clamped(const struct ct_prompt *p, const struct ct_clamp *clamps, int n, double strength,
    struct ct_arena *a, int *said, struct ct_error *err);

#endif
