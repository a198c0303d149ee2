/*
 * transcoder: sparse features that stand in for the MLPs (CLT and PLT, reference layouts).
 *
 * Owns the mapped files. Encoders are read in place, or row by row where they are not float; decoder rows on demand.
 * So a transcoder larger than memory works, and of decoders only rows of active features are touched. Constant
 * after opening.
 *
 * Layer l, feature f:  h = <w_enc[f], x> + b_enc[f],  a = phi(h); for every layer m that it writes to
 * (CLT: m >= l, PLT: m = l)  yhat[m] += a * dec(l,f,m).  yhat[m] also has b_dec[m] and, with a skip path, W_skip x.
 */
#ifndef CT_MODEL_TRANSCODER_H
#define CT_MODEL_TRANSCODER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "io/safetensors.h"

struct ct_model;

enum ct_tc_kind { CT_CLT, CT_PLT };
enum ct_tc_act { CT_TC_RELU, CT_TC_JUMPRELU, CT_TC_TOPK };

/*
 * Where x is read, as feature_input_hook names it: "hook_resid_mid", the stream after attention; "mlp.hook_in", norm2 of
 * it; "ln2.hook_normalized", norm2 before its weight and bias.
 */
enum ct_read_point { CT_READ_MID, CT_READ_NORM2, CT_READ_NORM2_BARE };

/*
 * What yhat stands for, as feature_output_hook names it: "hook_mlp_out", what is added to the stream; "mlp.hook_out", the
 * MLP's own output. Between them lies the norm behind the MLP, in families that have one.
 */
enum ct_write_point { CT_WRITE_STREAM, CT_WRITE_MLP };

struct ct_tc_layer {
	int F;
	const struct ct_tensor *enc;		/* (F,D) */
	const struct ct_tensor *dec;		/* CLT (F,L-l,D), PLT (F,D) */
	const float *w_enc;			/* (F,D) mapped; NULL when enc is not float: read rows of it */
	const float *b_enc;			/* (F) */
	const float *threshold;			/* (F), JumpReLU only */
	const float *b_dec;			/* (D) */
	const float *w_skip;			/* (D,D) [out][in], or NULL */
};

struct ct_transcoder {
	enum ct_tc_kind kind;
	enum ct_tc_act act;
	enum ct_read_point read;
	enum ct_write_point write;
	int k;					/* TopK */
	int L, D;
	int F;					/* the largest layer's */
	bool skip;
	bool allow_nonfinite;
	struct ct_tc_layer *layers;		/* (L) */
	char *scan;				/* config.yaml's scan or model_name */
	struct ct_tensors **files;
	int n_files;
	struct ct_arena arena;
};

/* dir/config.yaml and its tensors, checked against the model's L and D. */
int ct_transcoder_open(struct ct_transcoder **out, const char *dir, const struct ct_model *m,
    bool allow_nonfinite, struct ct_error *err);
void ct_transcoder_close(struct ct_transcoder *tc);

/* Fails when a weight file of it or of the model has been cut off or overwritten since it was opened (base/map.h). */
int ct_transcoder_check(const struct ct_transcoder *tc, const struct ct_model *m, struct ct_error *err);

/* (D) what layer l writes without any feature: b_dec. Lent. */
const float *ct_transcoder_offset(const struct ct_transcoder *tc, int l);

/* How many layers feature l writes to, from layer l on. */
int ct_transcoder_reach(const struct ct_transcoder *tc, int l);

/*
 * pre[t,f] = b_enc[f] + sum_d x[t,d] * w_enc[f,d]     (Ameisen et al. 2025, eq. 1)
 *   pre out (T,F_l), x in (T,D).  2*T*F*D flops: one sgemm where the rows are float, else row by row.
 */
void ct_transcoder_encode(const struct ct_transcoder *tc, int l, int T, const float *x, float *restrict pre);

/* a[f] = phi(pre[f]) for one token; scratch (F) is needed for TopK only. May run in place. */
void ct_transcoder_activate(const struct ct_transcoder *tc, int l, const float *pre, float *a, float *scratch);

/* <w_enc[f], x> of one feature, without its bias; x (D). */
float ct_transcoder_encode_one(const struct ct_transcoder *tc, int l, int f, const float *x);

/* The pre-activation of one feature; x (D). */
float ct_transcoder_preactivation(const struct ct_transcoder *tc, int l, int f, const float *x);

/* phi of one feature; x (D). TopK needs the whole layer, and pre and scratch (F) for it. */
float ct_transcoder_activate_one(
    const struct ct_transcoder *tc, int l, int f, const float *x, float *pre, float *scratch);

/*
 * CT_EFORMAT, naming tensor and index, when a row of a feature that is used holds NaN or infinity (unless the
 * transcoder allows them). Rows are checked when they are used: a transcoder may be larger than memory.
 */
int ct_transcoder_check_rows(const struct ct_transcoder *tc, int l, int f, struct ct_error *err);

/* dst (D) = encoder row / decoder row of feature f of layer l towards layer m. */
void ct_transcoder_encoder_row(const struct ct_transcoder *tc, int l, int f, float *dst);
void ct_transcoder_decoder_row(const struct ct_transcoder *tc, int l, int f, int m, float *dst);

#endif
