/*
 * means: mean activations of features on groups of tokens, and the difference of two groups, as clamps.
 *
 * Owns the means; what a group is, and what clamping its features should do, belongs to the tests
 * (interchange.h, planning.h).
 */
#ifndef CT_EVAL_MEANS_H
#define CT_EVAL_MEANS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cards/activity.h"
#include "corpus/corpus.h"
#include "model/transcoder.h"
#include "trace/clamp.h"

struct ct_means {
	int L, n_groups;
	size_t *first;		/* (L+1) of each layer's features in a row; the last is the length of a row */
	float *norm;		/* (row) length of all decoder rows together */
	float *mean;		/* (groups, row) */
	/* share of the largest difference of two groups below which a feature counts as noise: .1 */
	float least;
};

/*
 * group (n_tokens of the corpus): of each token, -1: none. Release with ct_means_free, also after an error.
 */
int ct_means_collect(struct ct_means *s, const struct ct_transcoder *tc, const struct ct_corpus *c,
    const struct ct_activity *activity, const int *group, int n_groups, struct ct_error *err);
void ct_means_free(struct ct_means *s);

/*
 * Clamps, as deltas, that take groups from..from+n-1 out and put groups to..to+n-1 in, the i-th at position
 * pos - i. Features whose difference of means, times the length of their decoders, stays below s->least of
 * the largest are left out: noise.
 *   only    (row) features that may be moved; NULL: all
 *   clamps  out, room for n rows
 * Returns how many clamps.
 */
int ct_means_difference(const struct ct_means *s, int from, int to, int n, int pos, const bool *only,
    struct ct_clamp *clamps);

#endif
