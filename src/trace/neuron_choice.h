/*
 * neuron_choice: which of a model's neurons become features of a prompt.
 *
 * A prompt has an active neuron wherever it has a neuron: 46 080 for each token of a model of 135 M
 * parameters. Those with the largest effects on the targets are kept, by all paths, direct and through other
 * neurons: a target's gradient through the frozen network with every MLP open by the neurons' linear maps
 * (neurons.h), times the activation. One walk backwards gives that for all neurons at once. Owns the choice,
 * and says how much it leaves out; what to do with the rest is replacement's affair.
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
	long all;				/* of so many */
	double left_out;			/* share of sum over neurons of sum_k w_k |effect on k| */
};

/*
 * The neurons with the largest sum_k w_k |effect on target k|, from the arena; of equals the first. Each
 * target costs about one forward pass. Does not depend on the number of threads.
 *   tc        from ct_transcoder_neurons
 * Oracle: tests/unit/test_neurons.c.
 */
int ct_neuron_choose(struct ct_neuron_choice *out, const struct ct_pass *p, const struct ct_transcoder *tc,
    const struct ct_neuron_question *q, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

#endif
