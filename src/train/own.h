/*
 * own: a transcoder for a model that exists, trained on text.
 *
 * Opens the model, cuts the text into windows, refuses what does not fit into memory or on the disk, trains
 * the transcoders of the recipe and writes them. The tracer's own evaluation measures them afterwards.
 */
#ifndef CT_TRAIN_OWN_H
#define CT_TRAIN_OWN_H

#include "io/yaml.h"
#include "train/result.h"

/* As ct_train, for a recipe that ct_own_wanted (own_options.h). */
int ct_own_train(const struct ct_yaml_doc *doc, const char *recipe_path, const struct ct_train_options *opt,
    struct ct_train_report *report, struct ct_error *err);

#endif
