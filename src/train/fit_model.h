/* fit_model: trains the transformer on a corpus. Owns batches, schedule and optimiser of that training. */
#ifndef CT_TRAIN_FIT_MODEL_H
#define CT_TRAIN_FIT_MODEL_H

#include "base/pool.h"
#include "corpus/corpus.h"
#include "train/checkpoint.h"
#include "train/options.h"
#include "train/reporter.h"

/*
 * net is open with the shape that o and the corpus give; it is initialised and trained on the sentences that
 * are not held out. Each worker takes its share of every batch. What checkpoint holds of an interrupted
 * training is gone on from, to the same weights; it is written now and then, when reporter cancels, and at
 * the end.
 */
int ct_fit_model(struct ct_net *net, const struct ct_corpus *corpus, const struct ct_train_model_options *o,
    struct ct_pool *pool, struct ct_reporter *reporter, struct ct_checkpoint *checkpoint,
    struct ct_error *err);

#endif
