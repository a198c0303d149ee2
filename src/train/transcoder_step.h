/*
 * transcoder_step: one step of training a transcoder on given rows.
 *
 * Owns what a step needs in addition to the parameters: each worker's share of the batch with its gradient,
 * the optimiser's moments, and for how long each feature has not been active. The caller chooses the rows,
 * the rate and the price: fit_transcoder.h for recipes' worlds, fit_text.h for text.
 */
#ifndef CT_TRAIN_TRANSCODER_STEP_H
#define CT_TRAIN_TRANSCODER_STEP_H

#include "base/pool.h"
#include "train/mlp_rows.h"
#include "train/transcoder.h"

enum { CT_STEP_ROWS = 256 };		/* rows of a pass, whose buffers stay in cache; BatchTopK's batch */

struct ct_step_share;

struct ct_transcoder_step {
	/* Set by the caller before opening. */
	struct ct_train_transcoder *transcoder;
	struct ct_pool *pool;
	struct ct_adam adam;		/* its betas; rate before each step */
	struct ct_train_transcoder_loss loss;
	int k;				/* BatchTopK: active features per row; 0: thresholds decide */
	int batch;			/* rows of a step */
	int dead_after;			/* rows without being active that make a feature dead */
	float last_layer;		/* weight of the last layer's errors; the others have 1 */
	/* Set by opening. */
	struct ct_step_share *shares;
	int n_shares;
	float **grads;			/* of the shares */
	int *idle;			/* (L,F) rows since a feature was active */
	float *norm;			/* (L,F) of the decoders, at the last step */
	struct ct_train_transcoder_sums sums;	/* of the last step */
};

/* Bytes that opening needs for a transcoder of this shape, its parameters included. */
unsigned long long ct_transcoder_step_memory(const struct ct_train_transcoder_shape *s, int threads);

/* Memory comes from the transcoder's arena. To be closed after a failure too. */
int ct_transcoder_step_open(struct ct_transcoder_step *s, struct ct_error *err);
void ct_transcoder_step_close(struct ct_transcoder_step *s);

/* One step, at the rate adam.rate, on the given rows (batch) of a, which has the transcoder's layers. */
void ct_transcoder_step_run(struct ct_transcoder_step *s, const struct ct_mlp_rows *a, const int *rows);

/* Share of all features that are dead. */
double ct_transcoder_step_dead(const struct ct_transcoder_step *s);

#endif
