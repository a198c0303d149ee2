/*
 * train: makes a model directory from a recipe.
 *
 * The facade of training: reads the recipe, builds its corpus, trains the transformer, collects what its MLPs
 * do over the corpus, trains the transcoders on that, measures everything on held-out sentences, and writes
 * the directory. The same recipe, machine and number of threads give the same bytes, even after an
 * interruption: the state so far is kept in a work file in the directory.
 */
#ifndef CT_TRAIN_TRAIN_H
#define CT_TRAIN_TRAIN_H

#include "base/error.h"
#include "train/result.h"

/*
 * Existing files in the directory stay until their replacements are complete. The work file always stays;
 * call ct_train_clean to remove it once everything else that belongs to the directory is made.
 */
int ct_train(const char *recipe_path, const struct ct_train_options *opt, struct ct_train_report *report,
    struct ct_error *err);
void ct_train_clean(const char *recipe_path, const struct ct_train_options *opt);

#endif
