/*
 * family: what the files of the model families (llama.c, gpt2.c, ...) have in common.
 *
 * A family is one file with one `struct ct_family`, and its row in family.c. Its config() turns config.json
 * into a struct ct_config, its bind() names the tensors. Not used above the model floor.
 */
#ifndef CT_MODEL_FAMILY_H
#define CT_MODEL_FAMILY_H

#include <stdbool.h>

#include "io/json.h"
#include "model/model.h"

extern const struct ct_family ct_family_llama;
extern const struct ct_family ct_family_gpt2;

/* Bounds on sizes read from config.json: products of any two fit size_t, and any one fits int with room. */
enum { CT_MAX_WIDTH = 1 << 20, CT_MAX_LAYERS = 1 << 10, CT_MAX_VOCAB = 1 << 24 };

/* The activation function's name under key; `fallback` when it is missing. */
int ct_family_act(const json_t *json, const char *path, const char *key, const char *fallback,
    enum ct_act *out, struct ct_error *err);

/* bos_token_id; none when it is null or lies outside the vocabulary (V must be set). */
int ct_family_bos(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err);

/*
 * The binder collects what goes wrong, so that families ask for one tensor after the other without a check:
 * missing tensors are reported together, then the first other fault.
 */

/* Names get this prefix from now on if the tensor `probe` exists with it ("model.", "transformer."). */
void ct_bind_prefix(struct ct_binder *b, const char *prefix, const char *probe);

/* Whether the tensor exists; the name is taken as it is, without the prefix. */
bool ct_bind_exists(const struct ct_binder *b, const char *name);

/* *out = tensor of shape (rows, cols), or (rows) when cols is 0. */
void ct_bind(struct ct_binder *b, const float **out, int rows, int cols, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* The same without the prefix. */
void ct_bind_plain(struct ct_binder *b, const float **out, int rows, int cols, const char *name);

#endif
