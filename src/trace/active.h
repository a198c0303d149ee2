/*
 * active: which features of a transcoder are active in a run.
 *
 * Encodes all positions of all layers, on all threads of a job, and keeps the features that are active. At
 * any time only one tile of pre-activations per thread is in memory: all (T,F) of one layer would take 2.6 GB
 * for 4000 tokens and 160 000 features.
 */
#ifndef CT_TRACE_ACTIVE_H
#define CT_TRACE_ACTIVE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "model/linear.h"
#include "model/transcoder.h"

struct ct_active {
	int layer, pos, feature;
	float pre, act;
	bool set;		/* a clamp set act: the encoder gives another value */
};

/* What the encoders read in a run. */
struct ct_active_run {
	const struct ct_transcoder *tc;
	int T, start;			/* positions before `start` have no features */
	const float *read;		/* (L,T,D) */
};

/*
 * The active features of a run by (layer, pos, feature): *out (*n), in the arena. first out (L*T+1):
 * first[l*T+t] .. first[l*T+t+1] are those of (l,t). 2*L*T*F*D flops. A row of an encoder that is not
 * finite is an error that names it. Oracle: tests/unit/naive.c
 */
int ct_active_find(struct ct_active **out, int *n, int *first, const struct ct_active_run *run,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

/* first (L*T+1) of n features in the order (layer, pos, feature), as ct_active_find fills it. */
void ct_active_index(int *first, const struct ct_active *list, int n, int L, int T);

/* pre[i] = the pre-activation of list[i], begin <= i < end, all of layer l, on another stream x (T,D). */
void ct_active_encode(const struct ct_transcoder *tc, int l, const struct ct_active *list, int begin,
    int end, const float *x, float *pre);

/* The same for list[0..n), all of layer l, with the encoders of a run: see ct_features_local. pre (n). */
void ct_active_local(const struct ct_pass *p, const struct ct_transcoder *tc, int l,
    const struct ct_active *list, int n, bool change, const float *x, float *pre);

#endif
