/*
 * acts: what a model's MLPs read and write over the training corpus, each position once.
 *
 * Owns the rows. A position is told by its prefix: sentences that begin alike share the rows of their
 * beginning. Position 0 is left out, because transcoders leave it to the model.
 */
#ifndef CT_TRAIN_ACTS_H
#define CT_TRAIN_ACTS_H

#include "base/pool.h"
#include "corpus/corpus.h"
#include "train/transformer.h"

struct ct_acts {
	int N, L, D;
	float *x;		/* (N,L,D) the stream before norm2, divided by x_scale[l] */
	float *y;		/* (N,L,D) the MLP's output, divided by y_scale[l] */
	float *count;		/* (N) sentences of an epoch that have this position */
	float *x_scale, *y_scale;	/* (L) root mean square over rows and D, weighted by nothing */
	double *variance;	/* (L) mean squared distance of y from its mean: what explaining 0 means */
	float *y_mean;		/* (L,D) */
	struct ct_arena arena;
};

int ct_acts_collect(struct ct_acts *a, const struct ct_net *net, const struct ct_corpus *corpus,
    struct ct_pool *pool, struct ct_error *err);
void ct_acts_free(struct ct_acts *a);

#endif
