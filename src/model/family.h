/*
 * family: what the files of the model families (llama.c, gpt2.c, ...) have in common.
 *
 * A family is one file with one `struct ct_family`, and its row in family.c. Its tables say what config.json
 * may hold and which tensors nobody reads, its config() adds what no table can say, its bind() names the
 * tensors. Not used above the model floor.
 */
#ifndef CT_MODEL_FAMILY_H
#define CT_MODEL_FAMILY_H

#include <stdbool.h>

#include "io/json.h"
#include "model/keys.h"
#include "model/model.h"

extern const struct ct_family ct_family_llama;
extern const struct ct_family ct_family_gpt2;

/*
 * The binder collects what goes wrong, so that families ask for one tensor after the other without a check:
 * missing tensors are reported together, then the first other fault, then tensors that nobody asked for.
 */

/* Names get this prefix from now on if the tensor `probe` exists with it ("model.", "transformer."). */
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

#endif
