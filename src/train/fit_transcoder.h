/* fit_transcoder: trains a transcoder on collected activations. Owns sampling, schedules and optimiser. */
#ifndef CT_TRAIN_FIT_TRANSCODER_H
#define CT_TRAIN_FIT_TRANSCODER_H

#include "base/pool.h"
#include "train/checkpoint.h"
#include "train/mlp_rows.h"
#include "train/options.h"
#include "train/reporter.h"
#include "train/transcoder.h"

/*
 * transcoder must be open, with a's L and D. It is initialised, trained on a's scaled rows, and then scaled
 * back, so that it reads and writes the model's own stream. checkpoint: see fit_model.h.
 */
int ct_fit_transcoder(struct ct_train_transcoder *transcoder, const struct ct_mlp_rows *a,
    const struct ct_train_transcoder_options *o,
    struct ct_pool *pool, struct ct_reporter *reporter, struct ct_checkpoint *checkpoint,
    struct ct_error *err);

#endif
