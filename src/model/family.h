/*
 * family: what the files of the model families (llama.c, gpt2.c, ...) have in common.
 *
 * A family is one file with one `struct ct_family`, and its row in family.c. Its tables list the keys of
 * config.json and the tensors that nothing reads, its config() does what a table cannot express, and its
 * bind() names the tensors. Code above src/model does not include this.
 */
#ifndef CT_MODEL_FAMILY_H
#define CT_MODEL_FAMILY_H

#include <stdbool.h>

#include "io/json.h"
#include "model/keys.h"
#include "model/model.h"

extern const struct ct_family ct_family_llama;
extern const struct ct_family ct_family_gpt2;
extern const struct ct_family ct_family_qwen2;
extern const struct ct_family ct_family_qwen3;
extern const struct ct_family ct_family_mistral;
extern const struct ct_family ct_family_gemma;
extern const struct ct_family ct_family_gemma2;
extern const struct ct_family ct_family_gemma3;
extern const struct ct_family ct_family_gemma3_text;

/*
 * The binder collects errors, so that a family can ask for one tensor after another without checks. Missing
 * tensors are reported together; if there are none, the first other error; if there is none, tensors that
 * nobody asked for.
 */

/* From now on names get this prefix ("model.", "transformer."), if the tensor `probe` exists with it. */
void ct_bind_prefix(struct ct_binder *b, const char *prefix, const char *probe);

/* Whether the tensor exists; the name is taken as it is, without the prefix. */
bool ct_bind_exists(const struct ct_binder *b, const char *name);

/*
 * The embedding under its name, and the unembedding, lm_head.weight: the same when the config ties them. Then
 * the file may have either of the two, or both if they are equal.
 */
void ct_bind_embedding(struct ct_binder *b, const char *name);

/* *out = a vector of n numbers. */
void ct_bind(struct ct_binder *b, const float **out, int n, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* *out = a matrix (rows, cols) that lies in the file like that, or (cols, rows) when flipped. */
void ct_bind_matrix(struct ct_binder *b, struct ct_matrix *out, int rows, int cols, bool flipped,
    const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* *out's weight of that width, with 1 added where the config says so. */
void ct_bind_norm(struct ct_binder *b, struct ct_norm *out, int width, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Binds the tensors of families that name them like llama, "layers.3.self_attn.q_proj.weight", with the norms
 * and biases that the config has (decoder.c). prefix: what precedes the names in the files of a whole model.
 */
void ct_bind_decoder(struct ct_model *m, struct ct_binder *b, const char *prefix);
/* The `bind` of a family that has no other tensors: all are under "model.". */
int ct_decoder_bind(struct ct_model *m, struct ct_binder *b, struct ct_error *err);

/* What their configs have in common apart from keys: heads and their width (decoder.c). */
int ct_decoder_heads(struct ct_config *c, const char *path, struct ct_error *err);

/*
 * Reads layer_types, "full_attention" or "sliding_attention" for each layer, into local, if the key exists.
 */
int ct_decoder_layer_types(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err);

/* Reads sliding_window, a number, or null for none; without the key, the window stays as it is. */
int ct_decoder_window(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err);

/*
 * The `config` of Qwen's families: with use_sliding_window, windows in layers from max_window_layers on (28
 * if the key is missing), or as layer_types says.
 */
int ct_qwen_config(struct ct_config *c, const void *json, const char *path, struct ct_notes *notes,
    struct ct_error *err);

/* Rows of keys that all these families have. */
#define CT_DECODER_KEYS \
	{ CT_KEY_INTO(D, CT_KEY_SIZE, "hidden_size"), .max = CT_MAX_WIDTH, .need = true }, \
	{ CT_KEY_INTO(mlp, CT_KEY_SIZE, "intermediate_size"), .max = CT_MAX_WIDTH, .need = true }, \
	{ CT_KEY_INTO(L, CT_KEY_SIZE, "num_hidden_layers"), .max = CT_MAX_LAYERS, .need = true }, \
	{ CT_KEY_INTO(H, CT_KEY_SIZE, "num_attention_heads"), .max = CT_MAX_WIDTH }, \
	{ CT_KEY_INTO(H_kv, CT_KEY_SIZE, "num_key_value_heads"), .max = CT_MAX_WIDTH }, \
	{ CT_KEY_INTO(head, CT_KEY_SIZE, "head_dim"), .max = CT_MAX_WIDTH }, \
	{ CT_KEY_INTO(V, CT_KEY_SIZE, "vocab_size"), .max = CT_MAX_VOCAB }, \
	{ CT_KEY_INTO(context, CT_KEY_SIZE, "max_position_embeddings"), .max = CT_MAX_VOCAB }, \
	{ CT_KEY_INTO(eps, CT_KEY_NUMBER, "rms_norm_eps") }, \
	{ CT_KEY_INTO(tied, CT_KEY_FLAG, "tie_word_embeddings") }, \
	{ CT_KEY(CT_KEY_FAMILY, "rope_theta") }, \
	{ CT_KEY(CT_KEY_FAMILY, "rope_scaling") }, \
	{ CT_KEY(CT_KEY_FAMILY, "rope_parameters") }, \
	{ CT_KEY(CT_KEY_FAMILY, "bos_token_id") }, \
	{ CT_KEY(CT_KEY_ONLY, "partial_rotary_factor"), .only = "1" }, \
	{ CT_KEY(CT_KEY_IDLE, "attention_dropout") }

/* Rows of Qwen's keys, and what its classes assume for missing ones. */
#define CT_QWEN_KEYS \
	{ CT_KEY_INTO(act, CT_KEY_ACT, "hidden_act") }, \
	{ CT_KEY(CT_KEY_FAMILY, "use_sliding_window") }, \
	{ CT_KEY(CT_KEY_FAMILY, "sliding_window") }, \
	{ CT_KEY(CT_KEY_FAMILY, "max_window_layers") }, \
	{ CT_KEY(CT_KEY_FAMILY, "layer_types") }
#define CT_QWEN_DEFAULTS \
	.H = 32, .H_kv = 32, .V = 151936, .context = 32768, .norm = CT_RMSNORM, .act = CT_SILU, \
	.gated = true, .position = CT_ROPE, .eps = 1e-6, .rope_theta = 10000, .window = 4096, .bos = -1

/* Keys of Gemma 2 and 3; query_scale holds query_pre_attn_scalar until ct_gemma_config has run. */
#define CT_GEMMA_KEYS \
	{ CT_KEY_INTO(act, CT_KEY_ACT, "hidden_activation") }, \
	{ CT_KEY_INTO(attn_bias, CT_KEY_FLAG, "attention_bias") }, \
	{ CT_KEY_INTO(query_scale, CT_KEY_NUMBER, "query_pre_attn_scalar") }, \
	{ CT_KEY(CT_KEY_FAMILY, "attn_logit_softcapping") }, \
	{ CT_KEY(CT_KEY_FAMILY, "final_logit_softcapping") }, \
	{ CT_KEY(CT_KEY_FAMILY, "sliding_window") }, \
	{ CT_KEY(CT_KEY_FAMILY, "layer_types") }

/*
 * Sets their scales, softcaps (null: none), windows and layer_types; heads and default layers must be known.
 */
int ct_gemma_config(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err);

#endif
