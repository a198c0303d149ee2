/*
 * mlp_rows: what a model's MLPs read and write over the training corpus, each position once.
 *
 * Owns the rows. A position is identified by its prefix: sentences with the same beginning share the rows of
 * that beginning. Position 0 is left out, because transcoders leave it to the model.
 */
#ifndef CT_TRAIN_MLP_ROWS_H
#define CT_TRAIN_MLP_ROWS_H

#include "base/pool.h"
#include "corpus/corpus.h"
#include "train/transformer.h"

enum ct_row_place {
	CT_ROW_INSIDE,
	CT_ROW_ANSWER,	/* the graded token of a sentence is predicted here */
	CT_ROW_PLAN,		/* a plan is to be made here */
	CT_ROW_END		/* a sentence's last token, from which nothing is predicted */
};

struct ct_mlp_rows {
	int N, L, D;
	float *x;		/* (N,L,D) the stream before norm2, divided by x_scale[l] */
	float *y;		/* (N,L,D) the MLP's output, divided by y_scale[l] */
	float *weight;		/* (N,L) of an error in y: see ct_mlp_rows_collect */
	float *count;		/* (N) sentences of an epoch that have this position */
	unsigned char *place;	/* (N) enum ct_row_place */
	float *x_scale, *y_scale;	/* (L) weighted root mean square of an element */
	double *variance;	/* (L) weighted mean of |y - y_mean|^2: what explaining 0 means */
	float *y_mean;		/* (L,D) */
	struct ct_arena arena;
};

/*
 * The stream is read through norms, so what counts is an error relative to the stream it is added to. Rows
 * differ by a factor of ten in length, and without weights short ones (answers) would hardly be learned.
 * weight is proportional to 1/|x + y|^2, with mean 1. Scales use the same weights, so the weighted mean
 * square of y's elements is 1.
 */
int ct_mlp_rows_collect(struct ct_mlp_rows *a, const struct ct_net *net, const struct ct_corpus *corpus,
    struct ct_pool *pool, struct ct_error *err);
void ct_mlp_rows_free(struct ct_mlp_rows *a);

#endif
