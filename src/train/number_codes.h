/*
 * number_codes: fixed parts that a model is given before it learns (`number codes:`).
 *
 * If the corpus knows what words are made of (the digits of numbers), their embedding and unembedding become
 * sums of fixed directions, one for each code. Heads of the first layer look a fixed number of tokens back,
 * at the operands, and bring their codes, each as a direction of its own; heads of later layers do nothing.
 * All of this stays fixed in training: the MLPs must learn how to combine the codes into an answer. Graphs
 * treat attention as frozen, so they omit nothing that was learned.
 */
#ifndef CT_TRAIN_NUMBER_CODES_H
#define CT_TRAIN_NUMBER_CODES_H

#include "base/random.h"
#include "corpus/corpus.h"
#include "train/transformer.h"

/*
 * Fails if the corpus has no codes or the shape has no room for them. The message is about the recipe's model
 * section.
 */
int ct_number_codes_check(const struct ct_net_shape *s, const struct ct_corpus *c, struct ct_error *err);

/* net is already initialised; size is the deviation of a code's entries. */
int ct_number_codes_build(struct ct_net *net, const struct ct_corpus *c, double size, struct ct_rng *rng,
    struct ct_error *err);

#endif
