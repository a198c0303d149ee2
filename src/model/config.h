/*
 * config: config.json as a family-independent description of a decoder transformer.
 *
 * config.json defines arithmetic, so it is read closed-world: each key is one that a family's table knows, or
 * one that Hugging Face's class for that model_type does not read either; such a key gets a note. What a key
 * means, which values are supported and what holds when it is missing (the default of Hugging Face's class)
 * stands in the tables.
 *
 * Legend, everywhere in ctrace: T tokens, D d_model, L layers, H heads, F features per layer, V vocabulary,
 * N graph nodes, E edges.
 */
#ifndef CT_MODEL_CONFIG_H
#define CT_MODEL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/notes.h"

enum ct_norm_kind { CT_RMSNORM, CT_LAYERNORM };
enum ct_act { CT_SILU, CT_GELU, CT_GELU_TANH, CT_RELU };
enum ct_position { CT_ROPE, CT_LEARNED };

struct ct_rope_scaling {		/* factor 0: none */
	double factor;
	double low_freq_factor, high_freq_factor;	/* Llama 3's */
	int original_context;		/* 0: linear, every frequency divided by factor */
};

struct ct_config {
	const struct ct_family *family;	/* the table row that read it */
	int D, L, H, V;
	int H_kv;			/* key/value heads (GQA); H_kv divides H */
	int head;			/* width of one head */
	int mlp;			/* width of the MLP's hidden layer */
	int context;			/* longest sequence */
	enum ct_norm_kind norm;
	enum ct_act act;
	bool gated;			/* MLP is down(act(gate(x)) * up(x)) */
	enum ct_position position;
	double eps;			/* of every norm */
	double rope_theta;
	struct ct_rope_scaling rope_scaling;
	bool tied;			/* unembedding = embedding */
	bool attn_bias, mlp_bias;	/* llama: as the config says; gpt2: true */
	int bos;			/* token id, -1: none */
	uint32_t digest;		/* of the file */
};

/*
 * dir/config.json. A model_type, key or value that is not supported is named, with what is. notes (may be
 * NULL) gets what was left aside.
 */
int ct_config_load(struct ct_config *out, const char *dir, struct ct_notes *notes, struct ct_error *err);

#endif
