/*
 * transcoder: loss and gradient of a transcoder in training, cross-layer or per-layer.
 *
 * Owns the parameter layout (under the names of the exported files) and the buffers of a pass. Features are
 * sparse, so only the encoder's forward product is a GEMM. All that follows reads only active features, each
 * in one contiguous row over all layers that it writes to. Knows no transformer: inputs and targets are rows.
 * The tracer's transcoder (model/transcoder.h) is the reader of what this one exports.
 *
 * Legend: B rows of a batch · L layers · D d_model · F features per layer. reach(l) layers are written to
 * from layer l on: L-l, or 1 when per layer.
 */
#ifndef CT_TRAIN_TRANSCODER_H
#define CT_TRAIN_TRANSCODER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/random.h"
#include "train/param.h"

struct ct_train_transcoder_shape {
	int L, D, F;
	bool per_layer;
};

struct ct_train_transcoder_layer {
	size_t enc, b_enc, log_threshold, b_dec, dec;	/* (F,D), (F), (F), (D), (F,reach,D) */
};

struct ct_train_transcoder {
	struct ct_train_transcoder_shape s;
	struct ct_params params;
	struct ct_train_transcoder_layer *layers;	/* (L) */
};

int ct_train_transcoder_open(struct ct_train_transcoder *c, const struct ct_train_transcoder_shape *s,
    struct ct_error *err);
void ct_train_transcoder_close(struct ct_train_transcoder *c);
int ct_train_transcoder_reach(const struct ct_train_transcoder_shape *s, int l);

/* Encoder U(+-1/sqrt F), decoder U(+-1/sqrt(L D)), biases 0. */
void ct_train_transcoder_init(struct ct_train_transcoder *c, double threshold, struct ct_rng *rng);

/* Features from `from` on of layer l are never active, and learn nothing. */
void ct_train_transcoder_silence(struct ct_train_transcoder *c, int l, int from);

struct ct_train_transcoder_loss {
	double sparsity;	/* lambda */
	double sharpness;	/* c */
	double bandwidth;	/* epsilon of the straight-through gradient of the thresholds */
	double revive;		/* lambda_P, pull on features below their threshold */
	double far;		/* weight, in a feature's norm, of what it writes beyond its own layer */
};

/* Counts of a pass, to be added up over passes. */
struct ct_train_transcoder_sums {
	double error;		/* sum over rows and layers of weight |yhat - y|^2 */
	double penalty;		/* sum of the tanh, without lambda */
	double active;		/* features active, over rows and layers */
};

/* Rows to learn from. */
struct ct_train_rows {
	int B;
	const float *x, *y;	/* (B,L,D) what encoders read, what decoders should write */
	const float *weight;	/* (B,L) of an error in y */
};

struct ct_train_transcoder_pass;

int ct_train_transcoder_pass_open(struct ct_train_transcoder_pass **out,
    const struct ct_train_transcoder_shape *s, int max_rows, struct ct_error *err);
void ct_train_transcoder_pass_close(struct ct_train_transcoder_pass *p);

/*
 * From now on, on average k > 0 features per row stay active (BatchTopK, Bussmann et al. 2024): in each
 * layer, a batch keeps the B*k features with the largest h |dec| above 0. k 0: the thresholds decide. norm
 * (L,F) is lent, and read whenever a layer is run.
 */
void ct_train_transcoder_choose(struct ct_train_transcoder_pass *p, int k, const float *norm);

/* The h |dec| above which layer l's features were active in the last batch (BatchTopK). */
float ct_train_transcoder_cutoff(const struct ct_train_transcoder_pass *p, int l);

/*
 * h_l = enc_l x_l + b_enc_l,  a = h [h > theta],  yhat_m = b_dec_m + sum_{l <= m} a_l dec_{l->m}
 *
 * Layer by layer: begin sets yhat to b_dec; each layer, in ascending order, adds what its features write.
 *
 *   x     in  (B,D)   what layer l's encoder reads, rows ldx apart
 *   sums  in/out      active features are counted
 *   fired in/out (L,F)  set to 1 where a feature was active; or NULL
 *
 * yhat (B,L,D) is lent until the next begin; its row for layer l is complete when layer l has been run.
 */
const float *ct_train_transcoder_begin(struct ct_train_transcoder_pass *p,
    const struct ct_train_transcoder *c, int B);
void ct_train_transcoder_layer(struct ct_train_transcoder_pass *p, const struct ct_train_transcoder *c, int l,
    int B, const float *x, int ldx, struct ct_train_transcoder_sums *sums, uint8_t *fired);

/* All layers at once: x (B,L,D). */
const float *ct_train_transcoder_forward(struct ct_train_transcoder_pass *p,
    const struct ct_train_transcoder *c, int B, const float *x,
    struct ct_train_transcoder_sums *sums, uint8_t *fired);

/*
 * loss = sum_rows [ sum_m weight_m |yhat_m - y_m|^2
 *                   + lambda sum_{l,f} tanh(c sqrt(weight_l) a_{l,f} |dec_{l,f}|)
 *                   + lambda_P sum_{l,f: h < theta} (theta - h) |dec_{l,f}| ]
 *
 *   rows in
 *   grad in/out of c->params' layout: scale * d loss / d parameter is added
 *   norm in (L,F) |dec_{l,f}| = sqrt(sum_m far^2 |dec_{l->m,f}|^2), with far = 1 for m = l
 *                 (ct_train_transcoder_norms)
 *
 * Thresholds t = log theta have the straight-through gradient
 *     dt = -(theta^2/epsilon) [|h - theta| < epsilon/2] g
 * where g is the gradient of the first two terms with respect to a; to it the third term's own gradient is
 * added. The third term does not change decoders. To be called after ct_train_transcoder_forward on the same
 * rows. Oracle: finite differences in tests/unit/test_train_transcoder.c
 */
void ct_train_transcoder_backward(struct ct_train_transcoder_pass *p, const struct ct_train_transcoder *c,
    const struct ct_train_transcoder_loss *loss, const struct ct_train_rows *rows, const float *norm,
    double scale, float *grad, struct ct_train_transcoder_sums *sums);

/*
 * Training divided x by in[l] and y by out[l] (L each); this scales the transcoder back, so that it is for x
 * and y themselves.
 */
void ct_train_transcoder_unscale(struct ct_train_transcoder *c, const float *in, const float *out);

/*
 * norm (L,F): the norm of each feature's decoder rows over all layers; rows beyond its own layer count times
 * far.
 */
void ct_train_transcoder_norms(const struct ct_train_transcoder *c, double far, float *norm);

#endif
