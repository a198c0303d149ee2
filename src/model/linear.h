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
	float *pattern;		/* rows that are made anew */
};

/* T: of the pass. rows: the largest n*T', targets: the largest n, of the calls to come. */
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
 * The same where the gradients still live at position Tp-1 only (G is 0 elsewhere): a head's pattern then
 * commutes with its value projection, so that is applied to one row: 4 D^2 + 2 Tp H D instead of 4 Tp D^2
 * for each target.
 */
void ct_attention_back_own(
    const struct ct_pass *p, int l, int n, int Tp, float *G, double *bias, const struct ct_back *s);

/*
 * The two halves of a head's path, for splitting what passes attention by head and key. v (T,H_kv*head) =
 * W_V norm1 dx at every position; o (n,H*head) = W_O' g of n gradients at position t (the norm after
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

/* The score from such a query and key of head h, all heads given: before any softcap. */
double ct_head_score(const struct ct_config *c, int h, const float *query, const float *key);

/*
 * The read point: what layer l's encoders see (enum ct_read_point). Of a run, dst (T,D); of a change of the
 * stream after attention at t; and its transpose on a gradient of what the encoders see. y may be the input.
 */
void ct_read_stream(const struct ct_model *m, const struct ct_transcoder *tc, int T, const float *mid,
    const float *mlp_in, const float *scale2, float *dst);
void ct_read_frozen(
    const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t, const float *dmid, float *y);
void ct_read_back(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t, const float *g,
    float *y, double *bias);

/* What the MLP itself reads, of a change of the stream after attention at t: dmid may be y. */
void ct_mlp_in_frozen(const struct ct_pass *p, int l, int t, const float *dmid, float *y);

/*
 * The write point: where the transcoder's output stands for the MLP's (enum ct_write_point). Between it and
 * the stream there is at most the norm after the MLP. Live, (T,D) in place: from the MLP's own output to
 * the write point, and from the write point to what is added to the stream; exactly one of them runs the
 * norm, scale (T). Frozen: what a change at the write point of layer l adds to the stream at t, y may be dy;
 * and its transpose.
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
 * The gradient of the MLP's own output at layer l and t, from that of what is added to the stream: back
 * through the norm after it, if there is one. g may be y.
 */
void ct_mlp_out_back(const struct ct_pass *p, int l, int t, const float *g, float *y, double *bias);

/* (T,D) the MLP outputs of layer l in a run, at the write point. Lent. */
const float *ct_pass_written(const struct ct_pass *p, const struct ct_transcoder *tc, int l);

/*
 * What layer l of the transcoder adds to the stream at t without any feature or skip path: its b_dec, as the
 * norm after the MLP leaves it. Lent, or written to tmp.
 */
const float *ct_write_constant(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int t,
    float *tmp);

/*
 * The skip path of layer l at the write point: y (T,D) += W_skip dread; and backwards for n targets, from
 * what it adds to the stream to the stream that it reads: G (n,Tp,D) += read'(W_skip' write'(G)). Nothing
 * without a skip path.
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
 * What n features' pre-activations become on another stream x (T,D), of which at[i].row is the position, by
 * the encoders of the run: pre[i]. change: x is a change of what they read, and pre[i] the change that
 * follows. A transcoder's encoders are the same in every run; a neuron's are its linear map in this one.
 */
void ct_features_local(const struct ct_pass *p, const struct ct_transcoder *tc, int l, int n,
    const struct ct_tc_place *at, bool change, const float *x, float *restrict pre);

/*
 * Tokens enter (ct_embed_row): the edge <g, embedding of id>, for a gradient g at position t of the first
 * layer's stream; *bias takes the learned position's part.
 */
float ct_embed_back(const struct ct_model *m, int t, int id, const float *g, double *bias);

/* The final norm with its scale frozen, on a change at t. */
void ct_final_frozen(const struct ct_pass *p, int t, const float *dx, float *y);

/*
 * Tokens leave: directions of the unembedding, W_U[a] - W_U[b], before any softcap. b CT_VOCAB_MEAN: minus
 * the mean over the vocabulary, the centred logit of a.
 *   ct_unembed_dot = <y, direction>, in double
 */
enum { CT_VOCAB_MEAN = -1 };
void ct_unembed_row(const struct ct_model *m, int v, float *row);
double ct_unembed_dot(const struct ct_model *m, int a, int b, const float *y);

/* The gradient of that logit (difference) at t with respect to the last stream; *bias is set. */
void ct_logit_gradient(const struct ct_pass *p, int t, int a, int b, float *g, double *bias);

#endif
