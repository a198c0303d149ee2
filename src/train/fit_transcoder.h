/* fit_coder: trains a transcoder on collected activations. Owns sampling, schedules and optimiser. */
#ifndef CT_TRAIN_FIT_CODER_H
#define CT_TRAIN_FIT_CODER_H

#include "base/pool.h"
#include "train/mlp_rows.h"
#include "train/checkpoint.h"
#include "train/transcoder.h"
#include "train/options.h"
#include "train/reporter.h"

/*
 * coder is open with a's L and D; it is initialised, trained on a's scaled rows, and then unscaled: what comes
 * back reads and writes the model's own stream. Of checkpoint see fit_model.h.
 */
int ct_fit_coder(struct ct_coder *coder, const struct ct_acts *a, const struct ct_coder_options *o,
    struct ct_pool *pool, struct ct_watch *watch, struct ct_checkpoint *checkpoint, struct ct_error *err);

#endif
