/*
 * transformer: the forward pass, in steps that callers can run one by one.
 *
 * Works on any family through struct ct_model. Owns no weights; a pass owns the results of one run. A run
 * consists of the embedding, for each layer attention and MLP, the final norm, and logits. Interventions and
 * the replacement model call the same steps, so a run in which nothing is changed gives bit-identical
 * results.
 *
 * Legend: T tokens, D d_model, L layers, H heads, V vocabulary.
 */
#ifndef CT_MODEL_TRANSFORMER_H
#define CT_MODEL_TRANSFORMER_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "model/model.h"
#include "model/pass.h"
#include "model/pattern.h"

/* Bytes that the arrays of a pass over T tokens take, including patterns if they are kept. */
unsigned long long ct_pass_bytes(const struct ct_model *m, int T);

/* All arrays from the arena. */
int ct_pass_init(struct ct_pass *p, const struct ct_model *m, int T, struct ct_arena *a,
    struct ct_error *err);

/* Copies all that src holds to an initialised pass of the same model and length. */
void ct_pass_copy(struct ct_pass *dst, const struct ct_pass *src);

/* Makes the patterns of a pass stay as they are when its keys change. */
int ct_pass_freeze(struct ct_pass *p, struct ct_arena *a, struct ct_error *err);

/* Memory from the arena for the rows of one layer at a time: for runs that do not keep layers. */
int ct_layer_rows_init(struct ct_layer_rows *r, const struct ct_model *m, int first, int T,
    struct ct_arena *a, struct ct_error *err);

/* The rows of layer l of a pass. */
struct ct_layer_rows ct_pass_rows(const struct ct_pass *p, int l);

/* Floats in the keys, or the values, of T tokens in one layer. */
size_t ct_kv_size(const struct ct_model *m, int T);

/* x (T,D) = embeddings of ids at positions first.. (learned positions added). */
void ct_embed(const struct ct_model *m, int T, int first, const int *ids, float *x);

/*
 * Floats of scratch for one layer's steps on a sequence of T rows, or on its last n. All layers may share it.
 */
size_t ct_layer_scratch(const struct ct_model *m, int T);
size_t ct_layer_scratch_last(const struct ct_model *m, int n, int T);

/* mid = x + Attn(norm1(x)) for rows first..T-1 of one layer: x, mid (T-first,D). */
void ct_layer_attention(
    const struct ct_model *m, int l, const struct ct_layer_rows *r, const float *x, float *mid,
    float *scratch);

/* in = norm2(mid): in, mid (T,D), scale2 (T). */
void ct_layer_mlp_in(const struct ct_model *m, int l, int T, const float *mid, float *in, float *scale2);

/* The same, and out = MLP(in), (T,D). The norm after the MLP is applied by ct_layer_mlp_out. */
void ct_layer_mlp(
    const struct ct_model *m, int l, int T, const float *mid, float *in, float *scale2, float *out,
    float *scratch);

/*
 * out = what the MLP's own output raw (T,D) adds to the stream: raw, or the norm after the MLP applied to it,
 * if the layer has one. out may be raw.
 */
void ct_layer_mlp_out(const struct ct_model *m, int l, int T, const float *raw, float *out, float *post2);

/* y = norm_f(x), (T,D). */
void ct_final_norm(const struct ct_model *m, int T, const float *x, float *y, float *scale);

/*
 * logits (T,V) of the final norm's output y, from which probabilities are computed: softcapped if the model's
 * are.
 */
void ct_logits(const struct ct_model *m, int T, const float *y, float *logits);

/* The logit of one token, for one row. */
float ct_logit(const struct ct_model *m, int token, const float *y);

/*
 * The original run: fills the pass for ids[0..T). scratch: ct_layer_scratch floats. The job is asked before
 * each layer. Fails with CT_ECANCELLED, or with CT_EFORMAT, naming a weight that is not finite.
 */
int ct_forward(struct ct_pass *p, const int *ids, float *scratch, const struct ct_job *job,
    struct ct_error *err);

#endif
