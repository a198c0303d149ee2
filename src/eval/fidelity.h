/*
 * fidelity: how well a transcoder stands in for the MLPs, over the held-out sentences of a corpus.
 *
 * Owns the figures that need the model, the replacement model and a corpus; those of attribution graphs are
 * in graphs.h, those of clamps in interchange.h.
 */
#ifndef CT_EVAL_FIDELITY_H
#define CT_EVAL_FIDELITY_H

#include "base/error.h"
#include "base/job.h"
#include "cards/activity.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "model/transcoder.h"

struct ct_fidelity_layer {
	double explained_variance;	/* 1 - sum |mlp_out - yhat|^2 / sum |mlp_out - mean|^2, held out */
	double l0;			/* active features per token, held out */
	double dead;			/* share of features never active on the whole corpus */
	double dense;			/* share active on more than CT_DENSE of its tokens */
};

struct ct_fidelity {
	/* At the answer positions of held-out sentences; NAN when there are none. */
	int n_answers;
	double accuracy;		/* of the model: its likeliest token is the answer */
	double top1_agreement;		/* of the replacement model with the model */
	double kl;			/* of the next token, model || replacement model, in nats */
	/* At all positions that predict a token of a held-out sentence. */
	double kl_all, top1_all;
	int L;
	struct ct_fidelity_layer *layers;	/* (L) */
	double l0_mean, dead;		/* over all layers */
};

/* Position 0 (BOS) never counts. The same figures for any number of threads. */
int ct_fidelity_measure(struct ct_fidelity **out, const struct ct_model *m, const struct ct_transcoder *tc,
    const struct ct_corpus *c, const struct ct_activity *activity, const struct ct_job *job,
    struct ct_error *err);
void ct_fidelity_free(struct ct_fidelity *f);

#endif
