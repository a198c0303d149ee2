/*
 * own_options: the sections of a recipe that trains a transcoder for a model that exists.
 *
 * Owns their keys, defaults and limits, and which keys exclude each other. corpus/windows.h has the section
 * `corpus:`; options.h reads recipes that train a model too.
 */
#ifndef CT_TRAIN_OWN_OPTIONS_H
#define CT_TRAIN_OWN_OPTIONS_H

#include <stdbool.h>

#include "base/error.h"
#include "io/yaml.h"
#include "model/transcoder.h"

/* `transcoder:` or `transcoder-plt:` */
struct ct_own_transcoder {
	bool wanted;			/* the recipe has the section */
	bool per_layer;
	int features;			/* of each layer */
	int l0;				/* wanted number of active features at each position and layer */
	bool topk;			/* BatchTopK during training; else JumpReLU with a price */
	enum ct_read_point read;
	enum ct_write_point write;
	int seed, steps, batch;		/* steps: of each layer, if per layer; batch: positions */
	double rate, beta1, beta2;
	double warmup, cooldown;	/* shares of the steps */
	int buffer, passes;		/* positions in the buffer, and how often each is learned from */
	int dead_after;			/* positions without an activation after which a feature is dead */
	/* for JumpReLU only, as in options.h */
	double bandwidth, threshold_rate, sharpness;
};

struct ct_own_recipe {
	const char *name;		/* of the model; lent by the document */
	const char *from;		/* its directory, as the recipe names it */
	struct ct_own_transcoder clt, plt;
};

/* Whether the recipe is for an existing model: it has `model: {from: DIR}`, or a corpus of text. */
bool ct_own_wanted(const struct ct_yaml_doc *doc);

int ct_own_recipe_read(struct ct_own_recipe *out, const struct ct_yaml_doc *doc, struct ct_error *err);

/* The names of the two points in config.yaml. */
const char *ct_own_read_name(enum ct_read_point read);
const char *ct_own_write_name(enum ct_write_point write);

#endif
