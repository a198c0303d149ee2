/*
 * net: a model that is trained, a batch of sentences for it, and the prices in its loss, as plain data.
 *
 * Legend: R rows (tokens of a packed batch) · D d_model · L layers · H heads · V vocabulary.
 */
#ifndef CT_TRAIN_NET_H
#define CT_TRAIN_NET_H

#include <stdbool.h>

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

/* Offsets into params.w. q, k, v follow one another, and so do gate and up: each group is one matrix. */
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

/* Groups of sentences in which the MLPs' outputs are compared. */
enum ct_group {
	CT_GROUP_NONE,
	/* this sentence and the next ask the same about the same; compared if equally long */
	CT_GROUP_PAIR,
	/* this sentence and the next three: A asked 1, A asked 2, B asked 1, B asked 2 */
	CT_GROUP_GRID
};

/* Sentences packed one after the other. Positions count from 0 in each. */
struct ct_batch {
	int n;			/* sentences */
	const int *len;		/* (n) rows of each; their sum is R */
	int R;
	const int *tokens;	/* (R) */
	const int *targets;	/* (R) the token to predict; -1: none */
	const float *weights;	/* (R) of each target in the loss, or NULL: 1 */
	const bool *graded;	/* (R) targets that count as answers, or NULL: none */
	const unsigned char *group;	/* (n) enum ct_group: what a sentence begins; NULL: nothing */
	/*
	 * (n) The row of each sentence before which later rows attend to nothing, and whose stream keeps only
	 * what MLPs write to it; 0, or NULL: none.
	 */
	const int *bottleneck;
	const float *signs;	/* (R) of each embedding in the linear pass (linear_pass.h), or NULL: 1 */
	/*
	 * (L+1,R,D) Noise that is added to the stream before each layer and the final norm, in units of the
	 * stream's root mean square (taken as a constant, without a gradient); NULL: none.
	 */
	const float *noise;
};

/* Terms of a loss other than the targets: prices on what MLPs write, relative to the stream. */
struct ct_prices {
	double smoothing;	/* share of each target that is spread evenly over the vocabulary */
	double activity;	/* of writing anything */
	double pairs;		/* of what differs within pairs, from the first token that differs on */
	double grids;		/* of what only "A asked 1" has, at answers, before the last layer */
	double direct, carry;	/* of what attention alone brings to answers, to MLPs: linear_pass.h */
};

#endif
