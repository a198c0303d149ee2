/*
 * linear: the frozen network: every linear map of a model, forwards on changes and backwards on gradients.
 *
 * With the attention patterns and norm scales of one run held fixed, everything between two writes to the
 * stream is linear. Forwards, a map takes a change of its input and leaves constants out (biases, learned
 * positions), since a change has none. Backwards it takes the gradient of a target, and adds to *bias what
 * its constants contribute, <gradient, constant>. So code above this file does not depend on the kind of
 * norm, the layout of heads, or biases. Parts that a family lacks (post norms, a skip path) are the identity
 * or nothing here.
 *
 * The scales and patterns come from a pass, which belongs to one model (p->m). Rows are (D) unless said
 * otherwise. Method: Ameisen et al. 2025, "Circuit Tracing", appendix on attribution. Oracle of all maps:
 * tests/unit/naive.c.
 */
#ifndef CT_MODEL_LINEAR_H
#define CT_MODEL_LINEAR_H

#include "base/arena.h"
#include "base/error.h"
#include "model/maps.h"
#include "model/model.h"
#include "model/transcoder.h"
#include "model/transformer.h"

/*
 * A run of one token that has only norm scales, all 1: with it, what does not pass attention depends only on
 * the weights. In the arena.
 */
int ct_linear_unit(struct ct_pass *p, const struct ct_model *m, struct ct_arena *a, struct ct_error *err);

/*
 * Attention of layer l: dmid (T,D) = dx + Attn(dx).
 *   dx in (T,D), must not be dmid; scratch ct_layer_scratch floats
 */
void ct_attention_frozen(const struct ct_pass *p, int l, const float *dx, float *dmid, float *scratch);

/* Scratch of the backward maps of n targets at T' positions each. */
struct ct_back {
	float *O;		/* (n,T',H*head) */
	float *V;		/* (n,T',H_kv*head) */
	float *N;		/* (n,T',D) */
	float *U;		/* (n,H,D) */
	float *P;		/* (n,T',D), or empty without norms after the MLPs */
	float *pattern;		/* rows of patterns that are computed again */
};

/* T is the pass's; rows is the largest n*T' of the calls to come, targets the largest n. */
size_t ct_back_size(const struct ct_model *m, int T, size_t rows, size_t targets);	/* in floats */
int ct_back_init(struct ct_back *s, const struct ct_model *m, int T, size_t rows, size_t targets,
    struct ct_arena *a, struct ct_error *err);

/*
 * Attention of layer l backwards, for n targets whose gradients live at positions 0..Tp-1: G += Attn'(G).
 *   G in/out (n,Tp,D), bias in/out (n). About n*(4 Tp D^2 + 2 Tp^2 D) flops.
 */
void ct_attention_back(
    const struct ct_pass *p, int l, int n, int Tp, float *G, double *bias, const struct ct_back *s);

/*
 * The same if the gradients are still 0 except at position Tp-1. A head's pattern then commutes with its
 * value projection, so the projection is applied to one row only: 4 D^2 + 2 Tp H D flops instead of 4 Tp D^2
 * for each target.
 */
void ct_attention_back_own(
    const struct ct_pass *p, int l, int n, int Tp, float *G, double *bias, const struct ct_back *s);

/*
 * The two halves of a head's path, which split what passes through attention by head and key. v (T,H_kv*head)
 * = W_V norm1 dx at every position; o (n,H*head) = W_O' g of n gradients at position t (the norm after
 * attention, if any, included). Head h of layer l then carries ct_head_loading = pattern[q,k] * <o_h of q,
 * v_h of k> from key k to query q.
 *   scratch (T,D), (n,D)
 */
void ct_attention_values(const struct ct_pass *p, int l, const float *dx, float *v, float *scratch);
void ct_attention_output_back(
    const struct ct_pass *p, int l, int t, int n, const float *g, float *o, float *scratch);
float ct_head_loading(const struct ct_config *c, int h, float pattern, const float *o_row,
    const float *v_row);

/*
 * What the scores of layer l are made from, at position t: y (heads*head) all queries, or keys, normed and
 * rotated, and the scales of their norm (heads; 1 without one). tmp (D).
 */
void ct_score_row(const struct ct_pass *p, int l, enum ct_score_side side, int t, float *y, float *scale,
    float *tmp);

/*
 * The transpose for one head: from n gradients of its query or key, r (n,head), which are used up, to those
 * of the stream before the layer, g (n,D); bias (n) is set to what constants contribute.
 */
struct ct_score_place {
	int layer, head, pos;		/* a key/value head on the side of keys */
	enum ct_score_side side;
	float scale;			/* of its norm, frozen: from ct_score_row */
};
void ct_score_back(const struct ct_pass *p, const struct ct_score_place *at, int n, float *r, float *g,
    double *bias);

/* Widths of all queries of a token, of all its keys (or values), of one head; and the key head of head h. */
int ct_query_width(const struct ct_config *c);
int ct_key_width(const struct ct_config *c);
int ct_head_width(const struct ct_config *c);
int ct_key_head(const struct ct_config *c, int h);

/* The score of head h before any softcap, from the queries and keys of all heads. */
double ct_head_score(const struct ct_config *c, int h, const float *query, const float *key);

/*
 * The read point: what layer l's encoders see (enum ct_read_point). The first function is for a run, dst
 * (T,D); the second for a change of the stream after attention at t; the third is its transpose, for a
 * gradient of what the encoders see. y may be the input.
 */
void ct_read_stream(const struct ct_model *m, const struct ct_transcoder *tc, int T, const float *mid,
    const float *mlp_in, const float *scale2, float *dst);
void ct_read_frozen(
    const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t, const float *dmid, float *y);
void ct_read_back(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t, const float *g,
    float *y, double *bias);

/*
 * The change of what the MLP itself reads, from a change of the stream after attention at t. dmid may be y.
 */
void ct_mlp_in_frozen(const struct ct_pass *p, int l, int t, const float *dmid, float *y);

/*
 * The write point: where the transcoder's output replaces the MLP's (enum ct_write_point). Between it and the
 * stream there is at most the norm after the MLP. The first two functions are for a run, on y (T,D) in place:
 * from the MLP's own output to the write point, and from there to what is added to the stream; exactly one of
 * them runs the norm, if there is one, and sets scale (T). The other two are frozen: what a change at the
 * write point of layer l adds to the stream at t, where y may be dy; and its transpose.
 */
void ct_to_write_point(const struct ct_model *m, const struct ct_transcoder *tc, int l, int T, float *y,
    float *scale);
void ct_from_write_point(const struct ct_model *m, const struct ct_transcoder *tc, int l, int T, float *y,
    float *scale);
void ct_write_frozen(
    const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t, const float *dy, float *y);
void ct_write_back(
    const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t, const float *g, float *y);

/* Whether no norm lies between the stream and what the transcoder reads and writes. */
bool ct_stream_direct(const struct ct_model *m, const struct ct_transcoder *tc);

/*
 * The gradient with respect to the MLP's own output at layer l and t, from the gradient g with respect to
 * what is added to the stream: back through the norm after the MLP, if there is one. g may be y.
 */
void ct_mlp_out_back(const struct ct_pass *p, int l, int t, const float *g, float *y, double *bias);

/* (T,D) the MLP outputs of layer l in a run, at the write point. Lent. */
const float *ct_pass_written(const struct ct_pass *p, const struct ct_transcoder *tc, int l);

/*
 * What layer l of the transcoder adds to the stream at t without any feature or skip path: its b_dec, after
 * the norm after the MLP, if there is one. Lent, or written to tmp.
 */
const float *ct_write_constant(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t,
    float *tmp);

/*
 * The skip path of layer l at the write point: y (T,D) += W_skip dread; and backwards for n targets, from
 * what it adds to the stream to the stream that it reads: G (n,Tp,D) += read'(W_skip' write'(G)). Without a
 * skip path they do nothing.
 */
void ct_skip_frozen(const struct ct_transcoder *tc, int l, int T, const float *dread, float *y);
void ct_skip_back(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int n, int Tp, float *G,
    double *bias, const struct ct_back *s);

/*
 * The gradient of feature f's pre-activation at t with respect to the stream after attention; *bias is set.
 */
void ct_feature_gradient(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t, int f,
    float *g, double *bias);

/*
 * pre[i] is the pre-activation that feature at[i] would have at row at[i].row of other encoder inputs x
 * (T,D). change: x is a change of these inputs, and pre[i] the resulting change. A transcoder's encoders are
 * the same in every run; a neuron's encoder is its linear map in this run.
 */
void ct_features_local(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int n,
    const struct ct_tc_place *at, bool change, const float *x, float *restrict pre);

/*
 * The edge from a token (ct_embed_row): <g, embedding of id>, for a gradient g at position t of the first
 * layer's stream. The contribution of a learned position is added to *bias.
 */
float ct_embed_back(const struct ct_model *m, int t, int id, const float *g, double *bias);

/* The final norm with its scale frozen, for a change at t. */
void ct_final_frozen(const struct ct_pass *p, int t, const float *dx, float *y);

/*
 * The way to logits: directions of the unembedding, W_U[a] - W_U[b], before any softcap. With b =
 * CT_VOCAB_MEAN, the mean row of the vocabulary is subtracted, which gives the centred logit of a.
 *   ct_unembed_dot = <y, direction>, in double
 */
enum { CT_VOCAB_MEAN = -1 };
void ct_unembed_row(const struct ct_model *m, int v, float *row);
double ct_unembed_dot(const struct ct_model *m, int a, int b, const float *y);

/* The gradient of that logit (difference) at t with respect to the last stream; *bias is set. */
void ct_logit_gradient(const struct ct_pass *p, int t, int a, int b, float *g, double *bias);

#endif
