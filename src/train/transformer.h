/*
 * transformer: forward and backward pass of the llama-type models that ctrace trains.
 *
 * Owns the parameter layout (with Hugging Face's names) and the buffers of a pass. Sentences are packed row
 * after row, so every product is one GEMM over all rows and nothing is padded; only attention is computed
 * sentence by sentence. Knows no corpus and no optimiser. model/ has another forward pass, for single prompts
 * of any family; that one is used to measure a trained model.
 *
 * Legend: R rows (tokens of a packed batch) · D d_model · L layers · H heads · V vocabulary.
 */
#ifndef CT_TRAIN_TRANSFORMER_H
#define CT_TRAIN_TRANSFORMER_H

#include <stdbool.h>

#include "base/error.h"
#include "base/random.h"
#include "train/net.h"

int ct_net_open(struct ct_net *net, const struct ct_net_shape *s, struct ct_error *err);
void ct_net_close(struct ct_net *net);

/* Norms 1, embedding N(0, embed^2), matrices N(0, init^2), those that write to the stream N(0, init^2/2L). */
void ct_net_init(struct ct_net *net, double init, double embed, struct ct_rng *rng);

/*
 * Called in the forward pass at each layer's MLP: mid (R,D) is the stream before norm2, out (R,D) what the
 * MLP is about to write to it. The hook may read both, or change out.
 */
typedef void (*ct_mlp_hook)(void *ctx, int layer, const struct ct_batch *b, const float *mid, float *out);

struct ct_train_pass;

/* Buffers for batches of at most max_rows rows and max_sentences sentences. One thread at a time. */
int ct_train_pass_open(struct ct_train_pass **out, const struct ct_net *net, int max_rows, int max_sentences,
    struct ct_error *err);
void ct_train_pass_close(struct ct_train_pass *p);

/* Fills p with the activations of b, and returns the logits (R,V), lent until the next pass. */
const float *ct_train_pass_forward(struct ct_train_pass *p, const struct ct_net *net,
    const struct ct_batch *b, ct_mlp_hook hook, void *ctx);

/*
 * loss = sum_r weight_r * (1 - smoothing) * -log softmax(logits_r)[target_r]
 *        + sum_r weight_r * smoothing * mean_v -log softmax(logits_r)[v]
 *        + activity * sum_{l, r not at position 0} |mlp_{l,r}|^2 / |mid_{l,r}|^2
 *        + pairs * sum_{l, (r,s) rows of a pair} |mlp_{l,r} - mlp_{l,s}|^2 / (|mid_{l,r}|^2 + |mid_{l,s}|^2)
 *        + grids * sum_{l < L-1, grids} |mlp_{l,A1} - mlp_{l,A2} - mlp_{l,B1} + mlp_{l,B2}|^2 / sum |mid|^2
 *        + what linear_pass.h has for the prices direct and carry
 *
 *   grad  in/out  of net->params' layout: the gradient of scale * loss is added; denominators count as
 *                 constants, so that MLPs learn to write little and not to read much
 *   right in/out  raised by the graded targets that were the likeliest token (ties: the lower id wins)
 *
 * To be called after ct_train_pass_forward on the same batch, without a hook that changed anything; the
 * logits are overwritten. Returns the first two sums (not scaled). Oracle: finite differences of a naive
 * double forward pass in tests/unit/test_train_model.c
 */
double ct_train_pass_backward(struct ct_train_pass *p, const struct ct_net *net, const struct ct_batch *b,
    double scale, const struct ct_prices *prices, float *grad, int *right);

#endif
