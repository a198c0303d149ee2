/*
 * lookups: features that start as entries of a table: which inputs of an MLP, and what it writes for them.
 *
 * Owns the choice of the inputs, and the encoders that distinguish them; training continues from these.
 * Lookups suit layers that read single words, which have few different inputs; in others, random features are
 * a better start.
 */
#ifndef CT_TRAIN_LOOKUPS_H
#define CT_TRAIN_LOOKUPS_H

#include "train/mlp_rows.h"
#include "train/transcoder.h"

/*
 * Inputs are rows of a->x[l]; of rows with a cosine above .9 only one counts. A group consists of inputs
 * whose outputs, minus b_dec, have a cosine above `alike` with the output of the group's first input.
 * Features f < min(F, groups) of layer l become
 *   enc = w / (1 - t), b_enc = -t / (1 - t), dec = mean of the group's outputs - b_dec,  t = .6
 * where w has <w, x> = 1 for all x of the group, and the least weighted sum of <w, x>^2 over all other
 * inputs. Weights are 1, and grow in a few rounds where <w, x> is large. So the feature has the activation 1
 * in its group, and is inactive on most other inputs. Features for which there is no group are never active.
 * After b_dec is set. Cost: (D^3 / 3 + n D) for each group, n inputs. Oracle: tests/unit/test_dictionary.c
 */
int ct_lookups_start(struct ct_train_transcoder *c, const struct ct_mlp_rows *a, int l,
    double alike, struct ct_error *err);

#endif
