/*
 * model: a transformer's weights, bound from safetensors to named places.
 *
 * Owns the mapped files. Matrices are used in place; vectors that are not floats are copied. Constant after
 * opening, so any number of sessions may share it. A family (family.c: one table row; llama.c, gpt2.c: one
 * file each) says which tensor is what; code above src/model does not know families.
 */
#ifndef CT_MODEL_MODEL_H
#define CT_MODEL_MODEL_H

#include "base/arena.h"
#include "base/error.h"
#include "io/safetensors.h"
#include "model/config.h"
#include "model/matrix.h"

/* y[o] = b[o] + sum_i W[o,i] * x[i] */
struct ct_linear {
	struct ct_matrix w;		/* (out,in) */
	const float *b;			/* (out) or NULL */
};

struct ct_norm {
	enum ct_norm_kind kind;
	int width;
	double eps;
	const float *w;			/* (width); NULL: the layer has no such norm */
	const float *b;			/* (width) or NULL */
};

struct ct_layer {
	struct ct_norm norm1, norm2;		/* before attention, before the MLP */
	struct ct_norm post1, post2;		/* of what attention and MLP add to the stream; often none */
	struct ct_norm q_norm, k_norm;		/* of each head, before the rotation; often none */
	struct ct_linear q, k, v, o;		/* (H*head,D), (H_kv*head,D) twice, (D,H*head) */
	struct ct_linear gate, up, down;	/* no gate when not gated: down(act(up(x))) */
	const double *rope;			/* (head/2) radians per position: ct_model_prepare */
	int window;				/* tokens that a query sees, its own included; 0: all */
};

struct ct_model {
	struct ct_config cfg;
	struct ct_matrix embed;			/* (V,D) */
	struct ct_matrix pos_embed;		/* (context,D), or none */
	struct ct_matrix unembed;		/* (V,D); = embed when tied */
	struct ct_norm norm_f;
	struct ct_layer *layers;		/* (L) */
	struct ct_mean *unembed_mean;		/* ct_model_unembed_mean */
	size_t pattern_bytes;			/* that attention patterns may take in a pass: pattern.h */
	bool allow_nonfinite;
	const bool *special;		/* (V) tokens that are not text; NULL: position 0 always has one */
	const char *dir;			/* NULL: made in memory */
	struct ct_tensors *tensors;
	struct ct_notes notes;			/* what its files have and nothing reads */
	struct ct_arena arena;			/* layers, vectors, derived values */
};

/* A family; family.c has the table of all. */
struct ct_binder;
struct ct_key;
struct ct_family {
	const char *model_type;			/* "llama" */
	const struct ct_config *defaults;	/* what Hugging Face's class assumes for a missing key */
	const struct ct_key *keys;		/* of config.json: keys.h */
	const char *tokenizer_class;		/* in transformers, if no file names one */
	/* patterns of tensors that are not weights, such as masks; NULL ends */
	const char *const *idle;
	int (*config)(struct ct_config *out, const void *json, const char *path, struct ct_notes *notes,
	    struct ct_error *err);
	int (*bind)(struct ct_model *m, struct ct_binder *b, struct ct_error *err);
};
const struct ct_family *ct_family_find(const char *model_type);
void ct_family_list(char *buf, size_t size);	/* "llama, gpt2": for messages */

struct ct_model_options {
	bool allow_nonfinite;
};

/* dir/config.json + dir/model.safetensors (or shards). All missing tensors are listed, shapes are checked. */
int ct_model_open(struct ct_model **out, const char *dir, const struct ct_model_options *opt,
    struct ct_error *err);
void ct_model_close(struct ct_model *m);

/* Says which tokens are special in the model's tokenizer. To be called before the first run. */
struct ct_tokenizer;
int ct_model_learn_special(struct ct_model *m, const struct ct_tokenizer *t, struct ct_error *err);

/*
 * Derives what is needed before a run: rotary frequencies, and room for the mean unembedding. The last step
 * of opening, also for models made in memory.
 */
int ct_model_prepare(struct ct_model *m, struct ct_error *err);

/* (D) the mean row of the unembedding, computed at the first call, from any thread. Lent. */
const float *ct_model_unembed_mean(const struct ct_model *m);

/*
 * Weights are not checked when the model is opened, so a weight that is not finite shows only in results. If
 * one of x[0..n) is not finite because of a weight, this fails and names the first such weight, unless the
 * model allows them.
 */
int ct_model_check_finite(const struct ct_model *m, const float *x, size_t n, struct ct_error *err);

#endif
