/*
 * fit_text: trains a transcoder for a model that exists, on a text. Owns the start, the wanted number of
 * active features, what becomes of dead ones, and the order of layers.
 */
#ifndef CT_TRAIN_FIT_TEXT_H
#define CT_TRAIN_FIT_TEXT_H

#include "base/pool.h"
#include "train/checkpoint.h"
#include "train/feed.h"
#include "train/own_options.h"
#include "train/reporter.h"
#include "train/transcoder.h"

/* Takes what was learned for layers l.. (transcoder->s.L), which reads and writes the model's own stream. */
typedef int (*ct_fit_text_fn)(void *ctx, const struct ct_train_transcoder *transcoder, int l,
    struct ct_error *err);

struct ct_fit_text {
	const struct ct_own_transcoder *o;
	const struct ct_feed_options *feed;
	struct ct_pool *pool;
	struct ct_reporter *reporter;
	struct ct_checkpoint *checkpoint;
	ct_fit_text_fn done;
	void *ctx;
	/* Gets the seconds that all steps will take, measured on a few, before they begin; false cancels. */
	bool (*estimate)(void *ctx, double seconds);
};

/* Bytes of memory that training takes beside the model. */
unsigned long long ct_fit_text_memory(const struct ct_fit_text *f);

/*
 * Per layer, one after the other, o->steps each; or all layers at once. What checkpoint holds of an
 * interrupted training is gone on from, to the same bytes for the same number of threads. done is called
 * before the checkpoint says so, perhaps again after an interruption, with the same bytes.
 */
int ct_fit_text_run(const struct ct_fit_text *f, struct ct_error *err);

#endif
