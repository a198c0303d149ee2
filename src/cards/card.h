/*
 * card: what is known about one feature over a corpus, as plain data.
 */
#ifndef CT_CARDS_CARD_H
#define CT_CARDS_CARD_H

#include <stdbool.h>

struct ct_arena;

struct ct_card_example {
	int n;
	const char **tokens;		/* (n) */
	float *acts;			/* (n) */
	int peak;			/* token of the largest activation */
};

struct ct_card_quantile {
	const char *name;		/* "Top activations", "Subsample interval 0", ... */
	int n;
	struct ct_card_example *examples;
};

struct ct_card_logit {
	const char *token;
	/* <sum of decoders times the final norm's gain, unembedding row>; NAN if a file has none */
	float weight;
};

/*
 * Two steps of the per-layer transcoder, from its feature `first` of the card's layer to `second` of a later
 * one.
 */
struct ct_card_rewrite {
	int layer;			/* the layer of `second`; 0: none was found (see rewrite.h) */
	int first, second;
	/* the share of what the feature writes, by squared length, that goes to that layer */
	float share;
	float cosine;			/* of this and what `second` writes */
};

/*
 * A feature at one token, for all values of two numbers of the sentence: each from..from+n-1, with n at most
 * CT_OPERANDS.
 */
enum { CT_OPERANDS = 100 };
struct ct_operands {
	int n, from;
	int pos;			/* of the token */
	int at[2];			/* positions of the numbers */
	int value[2];			/* the values in a prompt; -1: none */
	/* (n,n) by the first number, then the second; 0: not active. NULL: active nowhere */
	float *acts;
	float most;			/* the largest of them */
	int n_active;
};

/*
 * The pictures of a card: one for each token at which the feature is active, in steps of 5 % of the largest
 * value.
 */
struct ct_card_operands {
	/*
	 * tokens of the sentence up to the answer position, BOS included; 0: the corpus has no such sentences
	 */
	int length;
	const char **tokens;		/* (length) "" at a number and at BOS */
	int n;
	struct ct_operands *pictures;
};

enum { CT_LABEL_MAX = 200, CT_LABEL_TEXT = CT_LABEL_MAX + 1 };	/* bytes of a typed label */

enum { CT_CARD_CANDIDATES = 3 };

#define CT_DENSE 0.1		/* a feature that is active on a larger share of tokens is dense */

struct ct_card {
	int layer, feature;
	const char *label;		/* "" when there is none */
	bool edited;			/* the label was typed by a person */
	double f1;			/* of the automatic label, 0..1; NAN when unknown */
	int n_candidates;		/* the best labels of a mixed feature (F1 < .5) */
	const char *candidates[CT_CARD_CANDIDATES];
	double candidate_f1[CT_CARD_CANDIDATES];
	double frequency;		/* share of the corpus tokens it is active on; NAN when unknown */
	struct ct_card_rewrite rewrite;	/* it may show two steps of the model as one */
	struct ct_card_operands operands;	/* if the corpus has sentences with two numbers */
	float act_min, act_max;
	int n_values;			/* activations at even quantiles (0, 1/4, ..., 1) */
	float *values;
	int n_quantiles;
	struct ct_card_quantile *quantiles;
	int n_top, n_bottom;
	struct ct_card_logit *top, *bottom;
	int n_histogram;
	float *histogram;		/* token counts in equal steps from act_min to act_max */
	struct ct_arena *memory;	/* owns everything above; see ct_card_free in record.h */
};

/* Whether the feature is dense and no label says when it is active: then it says little about one prompt. */
bool ct_card_dense(const struct ct_card *c);

#endif
