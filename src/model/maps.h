/* maps: the parts of a layer, linear maps and norms: in a run, and with the norms' scales frozen. */
#ifndef CT_MODEL_MAPS_H
#define CT_MODEL_MAPS_H

#include <stdbool.h>

#include "model/model.h"

/*
 * y = lin(x) (T,out), with or without its bias; and the transpose, for gradients: gx (T,in) = beta*gx + g W.
 * Each is one sgemm of 2*T*in*out flops.
 */
void ct_linear(const struct ct_linear *lin, int T, const float *x, bool bias, float *y);
void ct_linear_back(const struct ct_linear *lin, int T, const float *g, float beta, float *gx);

/* y (T,width) = norm(x), scale out (T); y may be x. width is the norm's own. */
void ct_norm_run(const struct ct_norm *n, int T, const float *x, float *y, float *scale);

/*
 * The same for one row, with the scale frozen and without bias: y = norm(dx), and its transpose. y may be the
 * input.
 */
void ct_norm_frozen(const struct ct_norm *n, float scale, const float *dx, float *y);
void ct_norm_frozen_back(const struct ct_norm *n, float scale, const float *g, float *y, double *bias);

/* The two sides of an attention score: it is computed from a query and a key. */
enum ct_score_side { CT_QUERIES, CT_KEYS };

/*
 * Turns queries or keys (n, heads*head) at positions first.. into what scores are computed from: normed if
 * the layer has that norm, then rotated. scale out (n*heads) is the norm's, and is written only if there is
 * one.
 */
void ct_heads_finish(const struct ct_model *m, int l, enum ct_score_side side, int first, int n, float *x,
    float *scale);

/* Scores are <query, key> times this: 1/sqrt(head), or what the family has instead. */
double ct_score_scale(const struct ct_config *c);

/* Row id (D) of the embedding, scaled as it is added to the stream. */
void ct_embed_row(const struct ct_model *m, int id, float *row);
/* logits (T,V) = y W_U', before any softcap. One sgemm. */
void ct_unembed(const struct ct_model *m, int T, const float *y, float *logits);

#endif
