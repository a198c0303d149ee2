/*
 * maps: the parts of a layer, linear maps and norms, as they run and with their scales frozen.
 */
#ifndef CT_MODEL_MAPS_H
#define CT_MODEL_MAPS_H

#include <stdbool.h>

#include "model/model.h"

/*
 * y = lin(x) (T,out), optionally without its bias; and the transpose on gradients: gx (T,in) = beta*gx + g W.
 * 2*T*in*out flops: one sgemm each.
 */
void ct_linear(const struct ct_linear *lin, int T, const float *x, bool bias, float *y);
void ct_linear_back(const struct ct_linear *lin, int T, const float *g, float beta, float *gx);

/* y (T,width) = norm(x), scale (T); y may be x. Rows are of the norm's own width. */
void ct_norm_run(const struct ct_norm *n, int T, const float *x, float *y, float *scale);

/*
 * The same with its scale frozen, one row: y = norm(dx) without bias, and its transpose. y may be the input.
 */
void ct_norm_frozen(const struct ct_norm *n, float scale, const float *dx, float *y);
void ct_norm_frozen_back(const struct ct_norm *n, float scale, const float *g, float *y, double *bias);

/* The two sides of an attention score, which is made from a query and a key. */
enum ct_score_side { CT_QUERIES, CT_KEYS };

/*
 * Queries or keys (n, heads*head) of positions first.. become what scores are made from: normed where the
 * layer does, and rotated. scale (n*heads) of the norm is written where there is one.
 */
void ct_heads_finish(const struct ct_model *m, int l, enum ct_score_side side, int first, int n, float *x,
    float *scale);

/* Scores are so many times <query, key>: 1/sqrt(head), or what the family has instead. */
double ct_score_scale(const struct ct_config *c);

/* Row id (D) of the embedding, as the stream gets it. */
void ct_embed_row(const struct ct_model *m, int id, float *row);
/* logits (T,V) = y W_U', before any softcap. One sgemm. */
void ct_unembed(const struct ct_model *m, int T, const float *y, float *logits);

#endif
