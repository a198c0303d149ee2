/*
 * prompt: one sequence of tokens, run and split into features and errors: where every figure starts.
 */
#ifndef CT_EVAL_PROMPT_H
#define CT_EVAL_PROMPT_H

#include "base/arena.h"
#include "base/error.h"
#include "model/model.h"
#include "model/transcoder.h"
#include "trace/clamp.h"
#include "trace/replacement.h"

struct ct_prompt {
	const int *ids;			/* (T), lent */
	int T;
	struct ct_pass pass;
	struct ct_local_model local;
};

/* Everything from the arena; p may not move afterwards. */
int ct_prompt_run(struct ct_prompt *p, const struct ct_model *m, const struct ct_transcoder *tc,
    const int *ids, int T, struct ct_arena *a, struct ct_error *err);

/* Logits (V) at the last position of a final stream (T,D) of the prompt. NULL: err is filled. */
float *ct_prompt_logits(
    const struct ct_prompt *p, const float *final, struct ct_arena *a, struct ct_error *err);

/*
 * What the prompt is answered (*said, the likeliest next token) when the features are moved by strength * the clamps'
 * amounts: nothing is frozen, and the model's own MLPs run on the changed stream.
 */
int ct_prompt_clamped(const struct ct_prompt *p, const struct ct_clamp *clamps, int n, double strength,
    struct ct_arena *a, int *said, struct ct_error *err);

/* The largest; the lowest index of equal ones. */
int ct_likeliest(int n, const float *logits);

#endif
