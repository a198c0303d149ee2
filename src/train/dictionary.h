/*
 * dictionary: features that start as a sparse dictionary of what an MLP writes, and encoders that tell
 * when.
 *
 * Owns the search for the dictionary: rows are approximated by sums of few atoms with coefficients >= 0,
 * at a price on these (Mairal, Bach, Ponce and Sapiro 2009). If an MLP writes "Texas" + "capital" for one
 * input and "Ohio" + "bird" for another, a small dictionary is good only if each atom stands for one
 * part, so it comes apart into these; a large one has an atom for each combination. Training from random
 * features ends with a mixture of both.
 */
#ifndef CT_TRAIN_DICTIONARY_H
#define CT_TRAIN_DICTIONARY_H

#include "train/mlp_rows.h"
#include "train/transcoder.h"

/*
 * Features f < atoms of layer l become the atoms, of length 1, of a dictionary of y = a->y[l] less b_dec,
 * which has the least
 *   sum over rows |r (y - sum coef atom)|^2 / 2 + price r sum coef
 * that coordinate descent finds from random rows; r^2 is a row's importance (N, none < 0), scaled so that the
 * mean of |r y|^2 is 1.
 * Their encoders are ridge regressions of the coefficients on a->x[l], in which inputs that would
 * activate one wrongly count more in each round, with the threshold of least squared error. Atoms that no row
 * uses get no feature. Features from the last atom on are silent for good, so that an MLP that writes nothing
 * but b_dec has no features at all. After b_dec is set. Cost: some 40 products (N,D) x (D,atoms), and for
 * each atom 8 solutions of D + 1 equations; memory for (N,atoms) floats. Oracle:
 * tests/unit/test_dictionary.c
 */
int ct_dictionary_start(struct ct_train_transcoder *c, const struct ct_mlp_rows *a, int l,
    const float *importance, int atoms, double price, struct ct_rng *rng, struct ct_error *err);

#endif
