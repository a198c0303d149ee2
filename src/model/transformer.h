/*
 * transformer: the forward pass, in steps that others can open up.
 *
 * Works on any family through struct ct_model. Owns no weights; a pass owns what one run leaves behind. A run
 * is: embed; per layer attention, then MLP; final norm; logits. Interventions and the replacement model call
 * the same steps, so a run in which nothing is changed gives the same bits.
 *
 * Legend: T tokens, D d_model, L layers, H heads, V vocabulary.
 */
#ifndef CT_MODEL_TRANSFORMER_H
#define CT_MODEL_TRANSFORMER_H

#include "base/arena.h"
#include "base/error.h"
#include "base/pool.h"
#include "base/progress.h"
#include "model/model.h"

/* Everything a run leaves behind. Arrays of layers are indexed [l][t][..]. */
struct ct_pass {
	int T;
	float *x;		/* (L+1,T,D) residual stream before each layer; x[L] after the last */
	float *mid;		/* (L,T,D) after attention */
	float *mlp_in;		/* (L,T,D) norm2's output */
	float *mlp_out;		/* (L,T,D) */
	float *pattern;		/* (L,H,T,T) attention patterns [query][key], 0 above the diagonal */
	float *k, *v;		/* (L,T,H_kv*head) keys (rotated) and values */
	float *scale1, *scale2;	/* (L,T) scales of norm1 and norm2 */
	float *scale_f;		/* (T) */
	float *final;		/* (T,D) final norm's output */
};

/* All arrays from the arena. */
int ct_pass_init(struct ct_pass *p, const struct ct_model *m, int T, struct ct_arena *a, struct ct_error *err);

/* x (T,D) = embeddings of ids at positions first.. (learned positions added). */
void ct_embed(const struct ct_model *m, int T, int first, const int *ids, float *x);

/*
 * Scratch for one layer's steps; sizes in floats. May be shared by all layers.
 *   attention: T*D + T*(H*head)*2,  MLP: 2*T*mlp
 */
size_t ct_layer_scratch(const struct ct_model *m, int T);

/*
 * mid = x + Attn(norm1(x)) for rows first..T-1 of one layer; rows before `first` must be in k and v already.
 *   x, mid (T-first, D)
 *   k, v   (T, H_kv*head)  rows first.. are written
 *   pattern (H,T,T)        rows first.. are written, or, when frozen, read as they are
 *   scale1 (T-first)       written
 */
void ct_layer_attention(const struct ct_model *m, int l, int first, int T, const float *x, float *k, float *v,
    float *pattern, bool frozen, float *scale1, float *mid, float *scratch);

/* in = norm2(mid), out = MLP(in). All (T,D); scale2 (T). */
void ct_layer_mlp(const struct ct_model *m, int l, int T, const float *mid, float *in, float *scale2,
    float *out, float *scratch);

/* y = norm_f(x), (T,D). */
void ct_final_norm(const struct ct_model *m, int T, const float *x, float *y, float *scale);

/* logits (T,V) = y W_U^T. */
void ct_logits(const struct ct_model *m, int T, const float *y, float *logits);

/*
 * The original run: fills the pass for ids[0..T). scratch: ct_layer_scratch floats. A progress function (NULL: none) is
 * called before each layer; false: it cancelled, and the pass is not filled.
 */
bool ct_forward(const struct ct_model *m, struct ct_pass *p, const int *ids, float *scratch, ct_progress_fn progress,
    void *ctx);

/*
 * y = lin(x) (T,out), optionally without its bias; and the transpose on gradients: gx (T,in) = beta*gx + g W.
 * One sgemm each.
 */
void ct_linear(const struct ct_linear *lin, int T, const float *x, bool bias, float *y);
void ct_linear_back(const struct ct_linear *lin, int T, const float *g, float beta, float *gx);

/* A norm of this model with its scale frozen (bias left out), one row; and its transpose. */
void ct_norm_frozen(const struct ct_model *m, const struct ct_norm_weights *n, float scale, const float *dx,
    float *y);
void ct_norm_frozen_back(const struct ct_model *m, const struct ct_norm_weights *n, float scale, const float *g,
    float *y);

/*
 * Frozen attention on a change: dmid = dx + Attn_frozen(dx) (biases left out), with the patterns and scales of
 * a pass. All (T,D). scratch as ct_layer_scratch.
 */
void ct_layer_attention_frozen(const struct ct_model *m, const struct ct_pass *p, int l, const float *dx,
    float *dmid, float *scratch);

#endif
