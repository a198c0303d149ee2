/*
 * config: config.json as a family-independent description of a decoder transformer.
 *
 * config.json defines arithmetic, so it is read closed-world: each key is one that a family's table knows, or
 * one that Hugging Face's class for that model_type does not read either; such a key gets a note. The tables
 * say what a key means, which values are supported, and its default (that of Hugging Face's class).
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

/*
 * Bounds on sizes read from config.json: products of any two fit size_t, and any one fits int with room.
 */
enum { CT_MAX_WIDTH = 1 << 20, CT_MAX_LAYERS = 1 << 10, CT_MAX_VOCAB = 1 << 24 };

enum ct_norm_kind { CT_RMSNORM, CT_LAYERNORM };
enum ct_act { CT_SILU, CT_GELU, CT_GELU_TANH, CT_RELU };
enum ct_position { CT_ROPE, CT_LEARNED };

struct ct_rope_scaling {		/* factor 0: none */
	double factor;
	double low_freq_factor, high_freq_factor;	/* Llama 3's */
	int original_context;		/* 0: linear, every frequency divided by factor */
};

struct ct_config {
	const struct ct_family *family;	/* the family that read it */
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
	bool attn_bias, out_bias, mlp_bias;	/* of q, k, v; of o; of the MLP */
	int bos;			/* token id, -1: none */
	uint32_t digest;		/* of the file */
	char name[96];			/* _name_or_path, which only describes; "": none */
	/* What only some families have; 0 and false mean that the model does not have it. */
	bool unit_norm;			/* norms multiply by 1 + w */
	/* of the outputs of attention and MLP, before they are added to the stream */
	bool post_norms;
	bool qk_norms;			/* of each head's query and key, before the rotation */
	double embed_scale;		/* of token embeddings */
	double query_scale;		/* of attention scores; 0: 1/sqrt(head) */
	double attn_softcap;		/* scores become cap * tanh(score / cap), */
	double final_softcap;		/* and so do logits */
	/* in local layers, a token attends to so many tokens, itself included */
	int window;
	double local_theta;		/* rope_theta of local layers; 0: the same, with its scaling */
	bool local[CT_MAX_LAYERS];
};

/*
 * Reads dir/config.json. The error names a model_type, key or value that is not supported, and what is. notes
 * (may be NULL) gets what was ignored.
 */
int ct_config_load(struct ct_config *out, const char *dir, struct ct_notes *notes, struct ct_error *err);

#endif
