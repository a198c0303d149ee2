/*
 * prices: the terms of the loss in addition to the targets: prices on what MLPs write, relative to the
 * stream.
 *
 * The prices of what attention carries are in linear_pass.h.
 */
#ifndef CT_TRAIN_PRICES_H
#define CT_TRAIN_PRICES_H

#include "train/net.h"

/*
 * dout (R,D) += the gradient of scale * the prices of layer l: see ct_train_pass_backward.
 *   mid, out (R,D)  the stream before the MLP's norm, and the MLP's output
 */
void ct_prices_backward(const struct ct_net *net, const struct ct_batch *b, int l, double scale,
    const struct ct_prices *prices, const float *mid, const float *out, float *restrict dout);

#endif
