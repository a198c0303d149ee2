/*
 * fit_text: trains a transcoder on a text, for a model that exists. Owns the initial features, the wanted
 * number of active features, the replacement of dead ones, and the order of layers.
 */
#ifndef CT_TRAIN_FIT_TEXT_H
#define CT_TRAIN_FIT_TEXT_H

#include "base/pool.h"
#include "train/checkpoint.h"
#include "train/feed.h"
#include "train/own_options.h"
#include "train/reporter.h"
#include "train/transcoder.h"

/*
 * Called with the transcoder of layers l..l+transcoder->s.L-1 when it has been trained; it reads and writes
 * the model's own stream.
 */
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
	/*
	 * Called before training begins with the seconds that all steps will take, estimated from a few;
	 * false cancels.
	 */
	bool (*estimate)(void *ctx, double seconds);
};

/* Bytes of memory that training needs in addition to the model. */
unsigned long long ct_fit_text_memory(const struct ct_fit_text *f);

/*
 * Trains the layers one after the other, with o->steps each, or all together. An interrupted training whose
 * state is in checkpoint is continued, and gives the same bytes with the same number of threads. done is
 * called before the checkpoint records it, so after an interruption perhaps again, with the same bytes.
 */
int ct_fit_text_run(const struct ct_fit_text *f, struct ct_error *err);

#endif
