/*
 * fit_model: trains the transformer on a corpus. Owns the batches, schedule and optimiser of this training.
 */
#ifndef CT_TRAIN_FIT_MODEL_H
#define CT_TRAIN_FIT_MODEL_H

#include "base/pool.h"
#include "corpus/corpus.h"
#include "train/checkpoint.h"
#include "train/options.h"
#include "train/reporter.h"

/*
 * net must be open, with the shape that o and the corpus give. It is initialised, and trained on the
 * sentences that are not held out; each worker takes a share of every batch. An interrupted training whose
 * state is in checkpoint is continued, and gives the same weights. The checkpoint is written from time to
 * time, when reporter cancels, and at the end.
 */
int ct_fit_model(struct ct_net *net, const struct ct_corpus *corpus, const struct ct_train_model_options *o,
    struct ct_pool *pool, struct ct_reporter *reporter, struct ct_checkpoint *checkpoint,
    struct ct_error *err);

#endif
