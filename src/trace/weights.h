/*
 * weights: what features do to each other in every prompt.
 *
 * The weight from feature s of layer l_s to feature t of a higher layer l_t is what an activation of 1 adds
 * to the pre-activation of t at the same token, through the residual stream alone:
 *     W[t,s] = sum_{m=l_s}^{l_t-1} < write_m(W_dec(s->m)), read'(w_enc(t)) >
 * What depends on the prompt is left out: attention, skip paths, and the scales of norms, which count as 1
 * (their weights and centring count as they are). In the same way there are weights from a word's embedding
 * to a feature, and from a feature to each token's logit, less the vocabulary's mean.
 */
#ifndef CT_TRACE_WEIGHTS_H
#define CT_TRACE_WEIGHTS_H

#include <stdbool.h>

#include "trace/node.h"

struct ct_weight {
	int layer, feature;
	float weight;
};

struct ct_weights {
	int layer, feature;
	float bias;			/* b_enc and what the biases of norms add to its pre-activation */
	/* there are no norms between features, so that only attention and skip paths are left out */
	bool exact;
	int n_in, n_out;
	struct ct_weight *in;		/* (n_in) from all features of lower layers, by layer and number */
	struct ct_weight *out;		/* (n_out) to all features of higher layers, likewise */
	float *read;			/* (V) what each word's embedding adds to it */
	float *written;			/* (V) what it adds to each token's logit */
};

/*
 * The weights of one feature, with how often they matter in a corpus: plain data, filled in by
 * ct_engine_weights (ctrace.h).
 */
struct ct_weight_row {
	int layer, feature;
	double weight;
	/* share of its active tokens on which the other is active too; NAN: no corpus */
	double together;
	double adds;		/* mean of weight * activation over the tokens where the target is active */
};
struct ct_feature_weights {
	struct ct_weights all;
	bool counted;		/* there is a corpus; else n_active is 0 */
	long n_active;		/* tokens of the corpus on which it is active */
	int n_in, n_out;
	struct ct_weight_row *in, *out;	/* by |adds|, without a corpus by |weight|, the largest first */
	/*
	 * If there are no norms between features: the feature's mean pre-activation where it is active, which
	 * is the sum of what lower features add at that token, the word itself, its bias, and the rest
	 * (mostly attention). Else NAN.
	 */
	double mean, from_features, from_word, rest;
};

/*
 * The same, with the edges of one prompt's graph for comparison. A row is another feature, the word at the
 * feature's position, or a token that the graph explains.
 */
struct ct_weight_here {
	enum ct_node_kind kind;		/* CT_NODE_FEATURE, CT_NODE_EMBEDDING or CT_NODE_TARGET */
	int layer, index;		/* the feature's; layer -1: index is a token */
	double weight, together, adds;	/* as above; words and tokens have only a weight */
	/*
	 * The sum of the edges between this, at every position, and the feature: unlike the weight, it
	 * includes what attention carries. NAN: the graph has no such node, or its row of edges has not been
	 * computed.
	 */
	double here;
	int node;			/* the node with the largest of these edges; -1: none */
};
struct ct_weights_here {
	struct ct_feature_weights all;
	int node;			/* the feature's; -1: it is not active there */
	int n_in, n_out;
	struct ct_weight_here *in, *out;	/* the word or the tokens, then features as above */
};

struct ct_outstanding {
	int token;
	float deviations;		/* standard deviations above the mean of all */
};

/* The tokens with the largest x (V), `most` at most, the largest first. Returns how many there are. */
int ct_weights_outstanding(int V, const float *x, struct ct_outstanding *out, int most);

#endif
