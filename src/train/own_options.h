/*
 * own_options: the sections of a recipe that trains a transcoder for a model that exists.
 *
 * Owns their keys, defaults and limits, and says which keys do not go together. The section `corpus:` is
 * corpus/windows.h's; recipes that train models too are read by options.h.
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
	int l0;				/* features that are to be active per position and layer */
	bool topk;			/* BatchTopK while it learns; else JumpReLU with a price */
	enum ct_read_point read;
	enum ct_write_point write;
	int seed, steps, batch;		/* steps: of each layer, if per layer; batch: positions */
	double rate, beta1, beta2;
	double warmup, cooldown;	/* shares of the steps */
	int buffer, passes;		/* positions held, and how often each is learned from */
	int dead_after;			/* positions without being active that make a feature dead */
	/* JumpReLU alone, as in options.h */
	double bandwidth, threshold_rate, sharpness;
};

struct ct_own_recipe {
	const char *name;		/* of the model; lent by the document */
	const char *from;		/* its directory, as the recipe names it */
	struct ct_own_transcoder clt, plt;
};

/* Whether the recipe is for a model that exists: `model: {from: DIR}`, or a corpus of text. */
bool ct_own_wanted(const struct ct_yaml_doc *doc);

int ct_own_recipe_read(struct ct_own_recipe *out, const struct ct_yaml_doc *doc, struct ct_error *err);

/* The names that config.yaml has for the two points. */
const char *ct_own_read_name(enum ct_read_point read);
const char *ct_own_write_name(enum ct_write_point write);

#endif
