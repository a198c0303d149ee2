/*
 * transformer: forward and backward pass of the llama-type models that we train.
 *
 * Owns the parameter layout (under the names Hugging Face gives them) and the buffers of a pass. Sentences are
 * packed row after row, so every product is one GEMM over all rows and nothing is padded; attention alone goes
 * sentence by sentence. Knows no corpus and no optimiser. The tracer's own forward pass is another one
 * (model/), made for single prompts of any family: a trained model is judged there.
 *
 * Legend: R rows (tokens of a packed batch) · D d_model · L layers · H heads · V vocabulary.
 */
#ifndef CT_TRAIN_TRANSFORMER_H
#define CT_TRAIN_TRANSFORMER_H

#include <stdbool.h>

#include "base/error.h"
#include "base/random.h"
#include "train/param.h"

struct ct_net_shape {
	int V, D, L, H;
	int H_kv;		/* key/value heads; divides H */
	int head;		/* width of a head, even */
	int mlp;		/* width of the MLP's hidden layer */
	int context;		/* longest sentence */
	double eps;		/* of the norms */
	double theta;		/* of the rotary embedding */
};

/* Offsets into params.w. q, k, v lie behind one another, and so do gate and up: each group is one matrix. */
struct ct_net_layer {
	size_t norm1, qkv, o, norm2, gate_up, down;
};

struct ct_net {
	struct ct_net_shape s;
	struct ct_params params;
	size_t embed, norm_f, unembed;
	struct ct_net_layer *layers;	/* (L) */
	float *cos, *sin;		/* (context, head/2) */
};

int ct_net_open(struct ct_net *net, const struct ct_net_shape *s, struct ct_error *err);
void ct_net_close(struct ct_net *net);

/* Norms 1, embedding N(0, embed^2), matrices N(0, init^2), those that write to the stream N(0, init^2/2L). */
void ct_net_init(struct ct_net *net, double init, double embed, struct ct_rng *rng);

/* Sentences packed one behind the other. Positions count from 0 in each. */
struct ct_batch {
	int n;			/* sentences */
	const int *len;		/* (n) rows of each; their sum is R */
	int R;
	const int *tokens;	/* (R) */
	const int *targets;	/* (R) the token to predict; -1: none */
	const float *weights;	/* (R) of each target in the loss, or NULL: 1 */
	const bool *graded;	/* (R) targets that count as answers, or NULL: none */
	bool pairs;		/* sentences 2i and 2i+1 are two of a kind where they have the same length */
	const int *bottleneck;	/* (n) a sentence's bottleneck: later rows attend to none before this one, and this
				   one's stream keeps only what MLPs write to it; 0, or NULL: there is none */
	const float *signs;	/* (R) of each embedding in the linear pass (linear_pass.h), or NULL: 1 */
	const float *noise;	/* (L+1,R,D) added to the stream before each layer and the final norm, in
				   units of its root mean square (a number, no gradient); NULL: none */
};

/*
 * Called in the forward pass with each layer's MLP: mid (R,D) is the stream before norm2, out (R,D) what the
 * MLP would write to it. The hook may read both, or put something else into out.
 */
typedef void (*ct_mlp_hook)(void *ctx, int layer, const struct ct_batch *b, const float *mid, float *out);

/* The first row at which sentences 2i and 2i+1 differ; the rows of one when they do not, or are no pair. */
int ct_batch_differ(const struct ct_batch *b, int i, int row);

struct ct_train_pass;

/* Buffers for batches of at most max_rows rows and max_sentences sentences. One thread at a time. */
int ct_train_pass_open(struct ct_train_pass **out, const struct ct_net *net, int max_rows, int max_sentences,
    struct ct_error *err);
void ct_train_pass_close(struct ct_train_pass *p);

/* Fills p with the activations of b, and returns the logits (R,V), lent until the next pass. */
const float *ct_train_pass_forward(struct ct_train_pass *p, const struct ct_net *net, const struct ct_batch *b,
    ct_mlp_hook hook, void *ctx);

/* What a loss has beside the targets: prices are of what MLPs write, relative to the stream. */
struct ct_prices {
	double smoothing;	/* share of each target that is spread evenly over the vocabulary */
	double activity;	/* of writing anything */
	double pairs;		/* of writing what differs between the two of a pair, from the first token that differs on */
	double direct, carry;	/* of what attention alone brings to answers, and to MLPs: see linear_pass.h */
};

/*
 * loss = sum_r weight_r * (1 - smoothing) * -log softmax(logits_r)[target_r]
 *        + sum_r weight_r * smoothing * mean_v -log softmax(logits_r)[v]
 *        + activity * sum_{l, r not at position 0} |mlp_{l,r}|^2 / |mid_{l,r}|^2
 *        + pairs * sum_{l, r, s the rows of a pair} |mlp_{l,r} - mlp_{l,s}|^2 / (|mid_{l,r}|^2 + |mid_{l,s}|^2)
 *        + what linear_pass.h has for the prices direct and carry
 *
 *   grad  in/out  of net->params' layout: the gradient of scale * loss is added; denominators count as
 *                 constants, so that MLPs learn to write little and not to read much
 *   right in/out  raised by the graded targets that were the likeliest token (ties: the lower id wins)
 *
 * After ct_train_pass_forward of the same batch without a hook that changed it; uses the logits up. Returns the
 * first two sums (not scaled). Oracle: finite differences of a naive double forward pass in tests/unit/test_train_model.c
 */
double ct_train_pass_backward(struct ct_train_pass *p, const struct ct_net *net, const struct ct_batch *b, double scale,
    const struct ct_prices *prices, float *grad, int *right);

#endif
