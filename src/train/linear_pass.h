/*
 * linear_pass: what attention alone, without MLPs, would carry to the answer, and a price on it.
 *
 * In addition to the normal pass, a second stream d starts as the tokens' embeddings, each with a random
 * sign, goes through the attention and norms of the normal pass, and skips every MLP. It is what an
 * attribution graph shows as edges directly from words. Because of the random signs, the square of the sum is
 * on average the sum of the squares of the sources: two words cannot avoid the price by cancelling each
 * other.
 *
 * Owns the buffers of that stream. The normal pass (transformer.h) lends what it has computed.
 *
 * Legend: R rows · D d_model · L layers · H heads · V vocabulary.
 */
#ifndef CT_TRAIN_LINEAR_PASS_H
#define CT_TRAIN_LINEAR_PASS_H

#include "base/error.h"
#include "train/net.h"

/* What the linear pass takes from the normal pass of the same batch, as constants without a gradient. */
struct ct_frozen_run {
	struct ct_frozen_layer {
		const float *scale1;	/* (R) 1/rms of the stream at its start */
		const float *probs;	/* attention, per sentence (H,T,T) */
		const float *mid;	/* (R,D) the stream before the MLP's norm */
	} *layers;			/* (L) */
	const float *scale_f;		/* (R) of the final norm */
	const float *logits;		/* (R,V) */
};

struct ct_linear_pass;

int ct_linear_pass_open(struct ct_linear_pass **out, const struct ct_net *net, int max_rows,
    struct ct_error *err);
void ct_linear_pass_close(struct ct_linear_pass *p);

/*
 *   d_{0,r} = sign_r * embedding_r,  m_l = d_l + O_l P_l V_l (norm1_l . d_l / rms),  d_{l+1} = m_l
 *   loss = carry * sum_{l, r not at position 0} |m_{l,r} - d_{0,r}|^2 / |mid_{l,r}|^2
 *        + direct * sum_{graded r} |c(U (norm_f . d_{L,r} / rms))|^2 / |c(logits_r)|^2,  c(x) = x - mean x
 *
 *   grad  in/out  of net->params' layout: the gradient of scale * loss is added; P, rms, mid and logits are
 *                 numbers
 *
 * At a bottleneck d_{l+1} = d_l, as in the normal pass. Cost: about a third of the normal pass. Returns loss
 * (not scaled). Oracle: finite differences of a naive double program in tests/unit/test_train_model.c
 */
double ct_linear_pass_prices(struct ct_linear_pass *p, const struct ct_net *net, const struct ct_batch *b,
    const struct ct_frozen_run *run, double scale, const struct ct_prices *prices, float *grad);

#endif
