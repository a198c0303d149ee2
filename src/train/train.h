/*
 * train: from a recipe to a model directory.
 *
 * The facade of training: reads the recipe, builds its corpus, trains the transformer, collects what its MLPs
 * do over the corpus, trains the transcoders on that, measures all of it on held-out sentences, and writes
 * the directory. The same recipe, machine and thread count give the same bytes, interrupted or not: what is
 * learned so far waits in a work file of the directory.
 */
#ifndef CT_TRAIN_TRAIN_H
#define CT_TRAIN_TRAIN_H

#include "base/error.h"
#include "train/result.h"

/*
 * Files already in the directory stay until their successors are complete. The work file is left in any case:
 * once all else that belongs to the directory is made, ct_train_clean removes it.
 */
int ct_train(const char *recipe_path, const struct ct_train_options *opt, struct ct_train_report *report,
    struct ct_error *err);
void ct_train_clean(const char *recipe_path, const struct ct_train_options *opt);

#endif
