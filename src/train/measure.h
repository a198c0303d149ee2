/*
 * measure: the quality of a trained model and its transcoder, on sentences and on collected activations.
 *
 * Owns the replacement model of training: every MLP's output is replaced by the transcoder's, attention is
 * live, and position 0 is left to the model. The full evaluation, with graphs and scores, is in eval/.
 */
#ifndef CT_TRAIN_MEASURE_H
#define CT_TRAIN_MEASURE_H

#include "base/pool.h"
#include "corpus/corpus.h"
#include "train/mlp_rows.h"
#include "train/transcoder.h"

struct ct_answer_score {
	int n;			/* sentences with a graded token */
	double accuracy;	/* of the model */
	/* of the replacement model; this and what follows: with a transcoder only */
	double accuracy_replaced;
	double agreement;	/* same likeliest token in both */
	double kl;		/* KL(model || replacement), nats */
};

/* transcoder NULL: the model alone. */
int ct_measure_answers(struct ct_answer_score *out, const struct ct_net *net,
    const struct ct_train_transcoder *transcoder,
    const struct ct_corpus *corpus, bool held_out, struct ct_pool *pool, struct ct_error *err);

/*
 * Per layer (L each), over all rows of a: explained variance (weighted as in a), active features, dead ones.
 */
int ct_measure_transcoder(double *explained, double *l0, double *dead,
    const struct ct_train_transcoder *transcoder, const struct ct_mlp_rows *a, struct ct_error *err);

#endif
