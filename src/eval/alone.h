/*
 * alone: what each layer of a transcoder costs the model if only this layer's MLP is replaced.
 *
 * In the replacement model of fidelity.h the errors of all layers add up; these figures say which layers they
 * come from.
 */
#ifndef CT_EVAL_ALONE_H
#define CT_EVAL_ALONE_H

#include "base/error.h"
#include "base/job.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "model/transcoder.h"

struct ct_alone {
	int n;				/* positions measured */
	int L;
	double *kl;			/* (L) model || model with layer l's MLP output replaced, nats */
	double *top1;			/* (L) share of positions with the same likeliest token */
};

/*
 * Measures held-out sentences, from the first on, until `most` positions are reached. In a cross-layer
 * transcoder, the features that write to the layer have the activations of the model's own run. All other
 * layers run as usual. Cost: L half passes for each sentence, and their logits.
 */
int ct_alone_measure(struct ct_alone **out, const struct ct_model *m, const struct ct_transcoder *tc,
    const struct ct_corpus *c, int most, const struct ct_job *job, struct ct_error *err);
void ct_alone_free(struct ct_alone *a);

#endif
