/*
 * opened: what an error node is made of: its edge to a target, split over the neurons of its MLP.
 *
 * At a layer and position the MLP adds sum_n a_n W_down[:,n] + b_down to the stream (scaled by the norm after
 * the MLP, if the family has one). The transcoder writes its features, b_dec and its skip path. The error is
 * the difference, so with the target's gradient G at that layer and position
 *   <G, error> = sum_n a_n <G, W_down[:,n]> + <G, b_down> - sum_f a_f <G, dec_f> - <G, b_dec> - <G, skip>,
 * exactly. All parts are listed, and the residual says how closely they add up.
 */
#ifndef CT_TRACE_OPENED_H
#define CT_TRACE_OPENED_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/node.h"

struct ct_local_model;

struct ct_opened_neuron {
	int neuron;
	float act, weight;
};

struct ct_opened {
	int layer, pos;
	double edge;			/* of the error node into the target: the sum of all that follows */
	int n;
	struct ct_opened_neuron *neurons;	/* (n) of the layer, by |weight|, the largest first */
	double neurons_sum;
	double features;		/* minus what the features write there */
	double bias;			/* b_down of the MLP less b_dec of the transcoder */
	double skip;			/* minus the skip path; 0 without one */
	double residual;		/* |edge - sum| / sum of the sizes of all parts */
};

/*
 * The error node of a layer and position, which must be able to influence the target. neurons are from `a`.
 * Cost: one backward pass, and 6*mlp*D flops. Refused if clamps write at that layer and position, or if MLP
 * outputs are frozen: then the neurons do not add up to the output. Oracle: tests/unit/test_opened.c.
 */
int ct_opened_find(struct ct_opened *out, const struct ct_local_model *lrm, const struct ct_target *target,
    int layer, int pos, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

#endif
