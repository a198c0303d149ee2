/*
 * inactive: features that are not active on a prompt but nearly are, or would be if nothing inhibited them.
 *
 * An inactive feature is not a node of the graph, but it has a pre-activation h = sum of edges + bias below
 * its threshold, and a unit edge to the target: what it would add per unit of activation. Both are exact in
 * the frozen network. Only the features nearest to their thresholds are examined.
 */
#ifndef CT_TRACE_INACTIVE_H
#define CT_TRACE_INACTIVE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/graph.h"

struct ct_local_model;

/* The strongest edge of one sign; weight 0: there is none. */
struct ct_inactive_edge {
	enum ct_node_kind kind;
	int layer, pos, index; /* as of a node; index: feature, or token of an embedding */
	float weight;
};

struct ct_inactive {
	int layer, pos, feature;
	float pre, threshold; /* h, and what it would have to exceed; threshold - pre: the deficit */
	float spread; /* of h over this prompt's tokens: root mean square distance from its mean */
	double excitation, inhibition; /* sums of the edges above and below 0 */
	float bias; /* excitation + inhibition + bias = pre */
	struct ct_inactive_edge push, hold;
	float unit; /* unit edge to the target: per unit of activation */
	float typical; /* activation where it is active: see ct_inactive_options */
	bool held_by_one; /* active without its strongest inhibitor */
	bool held; /* active without all edges below 0 */
};

struct ct_inactive_options {
	int pos; /* -1: every position up to the target's */
	int look_at; /* examine this many, those with the smallest deficit / spread; 0: 256 */
	/* A feature's usual activation; NAN: unknown, so the mean of its layer is used. */
	int (*typical)(void *ctx, int layer, int feature, float *out, struct ct_error *err);
	void *ctx;
};

struct ct_inactives {
	int n;
	struct ct_inactive *items; /* by |unit * typical|, the largest first; ties by layer, pos, feature */
	long total; /* inactive features at these positions, of which n were examined */
	double residual; /* max |excitation + inhibition + bias - pre| / sum of their sizes */
};

/*
 * The nearest inactive features of a prompt, with all that feeds them and what they would do to the target.
 * Cost: one encoding of the prompt, a row of edges for each, one gradient. Everything in out is from `a`.
 * Oracle: tests/unit/test_inactive.c.
 */
int ct_inactive_find(struct ct_inactives *out, const struct ct_local_model *lrm,
    const struct ct_target *target, const struct ct_inactive_options *opt, struct ct_arena *a,
    const struct ct_job *job, struct ct_error *err);

#endif
