/*
 * options: the sections of recipe.yaml that say how a model and its transcoders are trained.
 *
 * Owns their keys, defaults and limits. The rest of the recipe belongs to the corpus.
 */
#ifndef CT_TRAIN_OPTIONS_H
#define CT_TRAIN_OPTIONS_H

#include <stdbool.h>

#include "base/error.h"
#include "io/yaml.h"
#include "train/transformer.h"

/* `model:` and `train:` */
struct ct_train_model_options {
	struct ct_net_shape shape;	/* V comes from the corpus; context grows to its longest sentence */
	double init, embed;		/* deviations of the initial weights and embedding */
	int attention;			/* the only layer whose heads are used; -1: all are */
	int attention_from;		/* the first layer whose heads are used */
	bool frozen;			/* the embedding keeps its initial values */
	/* words and heads get fixed parts that encode numbers: see number_codes.h */
	bool codes;
	int seed, steps;
	int batch;			/* sentences */
	double rate, beta1, beta2, decay, clip;
	/* shares of the steps in which the rate rises from 0, and falls to 0 */
	double warmup, cooldown;
	double activity;		/* price of what MLPs write, relative to the stream */
	/*
	 * price of differences in what MLPs write in sentences that ask the same; 0: no such pairs are drawn
	 */
	double pairs;
	/* price of what MLPs write for a question and a value in combination */
	double grids;
	double direct, carry;		/* prices of what attention alone brings to answers, and to MLPs */
	double noise;			/* added to the stream, relative to its size */
	/* share of sentences in which attention ends at the position of their plan */
	double bottleneck;
	double answer_bottleneck;	/* the same at the answer */
	double smoothing;		/* share of each target that is spread evenly over the vocabulary */
	double answer_weight;		/* of the graded token in the loss; others have 1 */
};

enum { CT_TRAIN_MOST_LAYERS = 64 };

/* `transcoder:` or `transcoder-plt:` */
struct ct_train_transcoder_options {
	bool wanted;			/* the recipe has the section */
	bool per_layer;
	int features;			/* of each layer */
	int seed, steps;
	int batch;			/* rows: positions of the corpus */
	double rate, beta1, beta2;
	double warmup, cooldown;
	int lookups;			/* layers whose features start as lookups of what their MLP reads */
	double alike;			/* cosine of outputs from which they share one feature */
	/* the layers after these start as dictionaries of what their MLP writes, with so many atoms */
	int dictionary[CT_TRAIN_MOST_LAYERS], n_dictionary;
	double dictionary_price;	/* on their coefficients: see dictionary.h */
	double sparsity;		/* lambda at the end */
	/* weight in the price of what a feature writes beyond its own layer */
	double far;
	double last_layer;		/* weight of the last layer's errors; the others have 1 */
	double ramp;			/* share of the steps over which it grows from 0 */
	double sharpness;		/* c of tanh(c a |dec|) */
	double threshold;		/* at the start */
	double bandwidth;		/* of the straight-through gradient */
	double threshold_rate;		/* of the thresholds' logarithms, as a fraction of rate */
	/*
	 * at the end, thresholds rise to this fraction of the settle_rank-th strongest activation; 0: they
	 * do not
	 */
	double settle;
	int settle_rank;
	/* share of the steps after which that happens, and only decoders learn on */
	double settle_at;
	double revive;			/* pull on features below their threshold */
	/* rows without an activation after which a feature counts as dead in the live figures */
	int dead_after;
	/* a position that n sentences share is drawn n^common times as often */
	double common;
	/* a position at which an answer is due is drawn `answers` times as often */
	double answers;
	/* a position at which a plan is due is drawn `plans` times as often */
	double plans;
	double ends;			/* a sentence's last token is drawn `ends` times as often */
};

struct ct_train_recipe {
	struct ct_train_model_options model;
	struct ct_train_transcoder_options clt, plt;
};

int ct_train_recipe_read(struct ct_train_recipe *out, const struct ct_yaml_doc *doc, struct ct_error *err);

#endif
