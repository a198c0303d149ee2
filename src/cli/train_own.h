/* train_own: what `ctrace train` does once it has trained transcoders for an existing model. */
#ifndef CT_CLI_TRAIN_OWN_H
#define CT_CLI_TRAIN_OWN_H

#include "base/error.h"
#include "train/train.h"

/*
 * Measures the transcoders on held-out windows, builds their cards, and shows the figures; json: also writes
 * them as JSON. Returns a code of ctrace.h's functions.
 */
int cli_train_own(const struct ct_train_report *r, const char *recipe, const char *out_dir, const char *json,
    struct ct_error *err);

#endif
