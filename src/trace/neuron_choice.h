/*
 * neuron_choice: chooses which of a model's neurons become features of a prompt.
 *
 * Practically every neuron is active at every token: 46 080 at each token of a model of 135 M parameters.
 * Those with the largest effects on the targets are chosen, over all paths, direct and through other neurons:
 * a target's gradient in the frozen network, in which the MLPs are replaced by the neurons' linear maps
 * (neurons.h), times the activation. One backward pass gives this for all neurons at once. Owns the choice,
 * and says how much of the effects it leaves out; replacement.h sums up the other neurons.
 */
#ifndef CT_TRACE_NEURON_CHOICE_H
#define CT_TRACE_NEURON_CHOICE_H

#include "trace/active.h"
#include "trace/node.h"

enum { CT_DEFAULT_NEURONS = 4096 };

struct ct_neuron_question {
	const struct ct_target *targets;	/* (n_targets), with weights */
	int n_targets;
	int most;				/* neurons to keep */
};

struct ct_neuron_choice {
	int n;
	struct ct_active *active;		/* (n) by (layer, pos, feature) */
	long all;				/* neurons of the prompt */
	double left_out;			/* share of sum over neurons of sum_k w_k |effect on k| */
};

/*
 * The neurons with the largest sum_k w_k |effect on target k|, from the arena; among equals the first. Each
 * target costs about one forward pass. Does not depend on the number of threads. The other function returns
 * the bytes it needs meanwhile, for targets at the end of T tokens.
 *   tc        from ct_transcoder_neurons
 * Oracle: tests/unit/test_neurons.c.
 */
unsigned long long ct_neuron_choice_bytes(const struct ct_model *m, int T, int n_targets, int threads);
int ct_neuron_choose(struct ct_neuron_choice *out, const struct ct_pass *p, const struct ct_transcoder *tc,
    const struct ct_neuron_question *q, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

#endif
