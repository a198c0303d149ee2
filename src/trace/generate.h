/*
 * generate: tokens after the prompt, one at a time, with a key-value cache.
 *
 * The prompt's keys and values come from the original run, or from a clamped run in its own mode. Generated
 * positions run live through the model, with the clamps whose scope reaches them (all positions, or from a
 * position on); there is no original activation there, so multiples and deltas refer to the activation the
 * feature has.
 */
#ifndef CT_TRACE_GENERATE_H
#define CT_TRACE_GENERATE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/random.h"
#include "trace/clamp.h"
#include "trace/replacement.h"

struct ct_generator {
	const struct ct_local_model *lrm;
	int T, max;			/* positions known; the most there can be */
	float *k, *v;			/* (L,max,H_kv*head) */
	const struct ct_clamp *clamps;
	int n_clamps;
	float *x, *mid, *in, *mlp, *read, *row, *scales, *scratch, *out, *final, *logits, *act;
};

/* The run that generation continues: the prompt's original run, or a clamped one. */
struct ct_generator_start {
	const float *k, *v;		/* (L,T,H_kv*head) */
	const float *final;		/* (D) the final norm's output at the prompt's last position */
	const struct ct_clamp *clamps;	/* lent */
	int n_clamps;
};

/* Makes room for n more tokens. What start points to is copied, except the clamps. */
int ct_generator_init(struct ct_generator *g, const struct ct_local_model *lrm, int n,
    const struct ct_generator_start *start, struct ct_arena *a, struct ct_error *err);

/* Logits (V) after the last position known. */
const float *ct_generator_logits(const struct ct_generator *g);

/* Appends a token and runs it. CT_EINVAL when its activations become infinite. */
int ct_generator_push(struct ct_generator *g, int token, struct ct_error *err);

/*
 * The likeliest token (temperature 0; ties: lower id), or one drawn with probability ~ exp(logit /
 * temperature).
 */
int ct_sample(const float *logits, int V, double temperature, struct ct_rng *rng);

#endif
