/*
 * own: trains transcoders on text, for a model that exists.
 *
 * Opens the model, cuts the text into windows, refuses what does not fit into memory or on the disk, trains
 * the recipe's transcoders and writes them. src/eval measures them afterwards.
 */
#ifndef CT_TRAIN_OWN_H
#define CT_TRAIN_OWN_H

#include "io/yaml.h"
#include "train/result.h"

/* Like ct_train, for a recipe for which ct_own_wanted (own_options.h) is true. */
int ct_own_train(const struct ct_yaml_doc *doc, const char *recipe_path, const struct ct_train_options *opt,
    struct ct_train_report *report, struct ct_error *err);

#endif
