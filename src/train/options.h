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
	int attention;			/* the only layer whose heads do something; -1: all do */
	int attention_from;		/* the first layer whose heads do something */
	bool frozen;			/* the embedding stays as it was drawn */
	/* tokens tell what they are made of, and heads where they look: see number_codes.h */
	bool codes;
	int seed, steps;
	int batch;			/* sentences */
	double rate, beta1, beta2, decay, clip;
	double warmup, cooldown;	/* shares of the steps: rate up from 0, and down to 0 */
	double activity;		/* price of what MLPs write, relative to the stream */
	/* price of what they write differently in sentences alike: 0, no such pairs */
	double pairs;
	double grids;			/* price of what they write of question and value together */
	double direct, carry;		/* prices of what attention alone brings to answers, and to MLPs */
	double noise;			/* added to the stream, relative to its size */
	/* share of sentences in which attention ends at the position of their plan */
	double bottleneck;
	double answer_bottleneck;	/* the same at the answer */
	double smoothing;		/* share of each target that is spread evenly over the vocabulary */
	double answer_weight;		/* of the graded token in the loss; others have 1 */
};

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
	double alike;			/* cosine of outputs from which one feature looks them up */
	double sparsity;		/* lambda at the end */
	/* weight in the price of what a feature writes beyond its own layer */
	double far;
	double last_layer;		/* weight of the last layer's errors; the others have 1 */
	double ramp;			/* share of the steps over which it grows from 0 */
	double sharpness;		/* c of tanh(c a |dec|) */
	double threshold;		/* at the start */
	double bandwidth;		/* of the straight-through gradient */
	double threshold_rate;		/* of the thresholds' logarithms, as a share of rate */
	/* thresholds rise to this share of the tenth strongest activation; 0: they do not */
	double settle;
	/* share of the steps after which they do, and only decoders go on learning */
	double settle_at;
	double revive;			/* pull on features below their threshold */
	/* rows without being active that make a feature dead, in live figures */
	int dead_after;
	/* a position that n sentences share is drawn n^common times as often */
	double common;
	double answers;			/* and one where an answer is due, answers times as often */
	double plans;			/* and one where a plan is to be made, plans times as often */
	double ends;			/* and a sentence's last token, ends times as often */
};

struct ct_train_recipe {
	struct ct_train_model_options model;
	struct ct_train_transcoder_options clt, plt;
};

int ct_train_recipe_read(struct ct_train_recipe *out, const struct ct_yaml_doc *doc, struct ct_error *err);

#endif
