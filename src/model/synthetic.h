/*
 * synthetic: random models and transcoders of any shape, in memory.
 *
 * For measuring shapes for which no model is shipped (ctrace bench), and for tests of invariants that must
 * hold for every model. Owns nothing beyond the objects, which close like opened ones.
 */
#ifndef CT_MODEL_SYNTHETIC_H
#define CT_MODEL_SYNTHETIC_H

#include <stdint.h>

#include "model/model.h"
#include "model/transcoder.h"

struct ct_shape {
	struct ct_config cfg;		/* family is ignored */
	enum ct_tc_kind kind;
	enum ct_tc_act act;
	enum ct_read_point read;
	int F, k;			/* features per layer; TopK's k */
	enum ct_write_point write;
	bool skip;
	bool flipped;			/* encoders and skip paths as (input, output) */
	bool square;			/* a CLT's decoders have rows for all layers */
	bool centred;
	uint64_t seed;
};

/*
 * Weights are U(-1,1) / sqrt(inputs), norm weights 1 + U(-.1,.1), biases U(-.1,.1) where the config has them.
 */
int ct_model_random(struct ct_model **out, const struct ct_shape *s, struct ct_error *err);
int ct_transcoder_random(struct ct_transcoder **out, const struct ct_shape *s, struct ct_error *err);

#endif
