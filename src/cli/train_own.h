/* train_own: what `ctrace train` does after it has trained a transcoder for a model that exists. */
#ifndef CT_CLI_TRAIN_OWN_H
#define CT_CLI_TRAIN_OWN_H

#include "base/error.h"
#include "train/train.h"

/*
 * Measures the transcoders on windows that were held out, builds their cards, and shows the figures; json: as
 * JSON. Codes are the engine's.
 */
int cli_train_own(const struct ct_train_report *r, const char *recipe, const char *out_dir, const char *json,
    struct ct_error *err);

#endif
