/*
 * transcoder: sparse features that stand in for the MLPs, cross-layer (CLT) or one per layer (PLT).
 *
 * Owns the mapped files. Matrices stay in the files, in the type and order of their layout (transcoder_*.c,
 * one file per layout), and are read by rows or tiles. So a transcoder may be larger than memory, and only
 * the decoder rows of active features are read. Constant after opening.
 *
 * Layer l, feature f:  h = <w_enc[f], x> + b_enc[f],  a = phi(h); for every layer m that it writes to
 * (CLT: m >= l, PLT: m = l)  yhat[m] += a * dec(l,f,m).  yhat[m] also has b_dec[m] and, with a skip path,
 * W_skip x. A centred transcoder encodes x - b_dec instead of x.
 */
#ifndef CT_MODEL_TRANSCODER_H
#define CT_MODEL_TRANSCODER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/notes.h"
#include "io/safetensors.h"
#include "model/matrix.h"

struct ct_model;
struct ct_tc_file;

enum ct_tc_kind { CT_CLT, CT_PLT };

/*
 * phi, applied to the pre-activations h of a token. TopK keeps the k largest of any sign; TopK-ReLU the k
 * largest of those above 0; GroupMax the largest above 0 in each of k groups of neighbours. Of equal ones,
 * the lowest index wins.
 */
enum ct_tc_act {
	CT_TC_RELU, CT_TC_JUMPRELU, CT_TC_TOPK, CT_TC_TOPK_RELU, CT_TC_GROUPMAX,
	CT_TC_BATCHTOPK,	/* depends on a whole prompt: ct_transcoder_settle makes it a JumpReLU */
	CT_TC_NEURONS		/* none: features are the model's own neurons (neurons.h) */
};

/*
 * Where x is read, as feature_input_hook names it: "hook_resid_mid", the stream after attention;
 * "mlp.hook_in", norm2 of it; "ln2.hook_normalized", norm2 before its weight and bias.
 */
enum ct_read_point { CT_READ_MID, CT_READ_NORM2, CT_READ_NORM2_BARE };

/*
 * What yhat stands for, as feature_output_hook names it: "hook_mlp_out", what is added to the stream;
 * "mlp.hook_out", the MLP's own output. Between them lies the norm after the MLP, in families that have
 * one.
 */
enum ct_write_point { CT_WRITE_STREAM, CT_WRITE_MLP };

struct ct_tc_layer {
	int F;
	struct ct_matrix enc;			/* (F,D) */
	struct ct_matrix dec;			/* (F,dec_rows*D): row f has what feature f writes */
	int dec_rows, dec_first;		/* to layer m in D columns from (m - dec_first)*D on */
	struct ct_matrix skip;			/* (D,D), rows are outputs; data NULL: none */
	const struct ct_tensor *enc_tensor, *dec_tensor;	/* of enc and dec; NULL: no file's */
	const float *b_enc;			/* (F) */
	const float *threshold;			/* (F), JumpReLU only */
	const float *b_dec;			/* (D) */
};

struct ct_transcoder {
	enum ct_tc_kind kind;
	enum ct_tc_act act;
	enum ct_read_point read;
	enum ct_write_point write;
	int k;					/* TopK, GroupMax; neurons in a graph, 0: the default */
	int L, D;
	int F;					/* the largest layer's */
	bool skip;
	int turn;				/* first tokens, which have no features; 0: only BOS */
	bool centred;
	bool allow_nonfinite;
	const char *layout;			/* the name of its files' layout */
	struct ct_notes notes;			/* what was accepted, but may surprise */
	struct ct_tc_layer *layers;		/* (L) */
	char *scan;				/* config.yaml's scan or model_name */
	struct ct_tc_file *files;		/* (n_files) */
	int n_files;
	/*
	 * Not NULL: the features are the neurons of this model (neurons.h): their weights are the model's,
	 * their encoders depend on the run and the position, and layers have no matrices.
	 */
	const struct ct_model *neurons;
	struct ct_arena arena;
};

struct ct_transcoder_options {
	bool allow_nonfinite;
	int k;					/* for a TopK whose config lacks k; 0: none */
	const char *model_name;			/* the model's name if it is known, or NULL */
};

/* Opens a directory of any layout, and checks it against the model. options may be NULL. */
int ct_transcoder_open(struct ct_transcoder **out, const char *dir, const struct ct_model *m,
    const struct ct_transcoder_options *options, struct ct_error *err);
/* The model's own neurons as a transcoder (neurons.h), which must not outlive the model. */
int ct_transcoder_neurons(struct ct_transcoder **out, const struct ct_model *m, struct ct_error *err);
void ct_transcoder_close(struct ct_transcoder *tc);

/*
 * Fails when a weight file of it or of the model has been cut off or overwritten since it was opened
 * (base/map.h).
 */
int ct_transcoder_check(const struct ct_transcoder *tc, const struct ct_model *m, struct ct_error *err);

/* A checksum like that of ct_tensors_digest: it differs between trainings. */
uint32_t ct_transcoder_digest(const struct ct_transcoder *tc, uint32_t digest);

/*
 * The transcoder for one prompt, given what its encoders read (L,T,D): tc itself, or for a BatchTopK a copy
 * with the thresholds of this prompt, which uses tc and the arena.
 */
int ct_transcoder_settle(const struct ct_transcoder **out, const struct ct_transcoder *tc, int T,
    const float *read, struct ct_arena *a, struct ct_error *err);

/* "JumpReLU" and the like. */
const char *ct_transcoder_activation(const struct ct_transcoder *tc);

/* How many layers the features of layer l write to, from layer l on. */
int ct_transcoder_reach(const struct ct_transcoder *tc, int l);

/* (D) what layer l writes without any feature: its b_dec. Lent. */
const float *ct_transcoder_offset(const struct ct_transcoder *tc, int l);

/*
 * pre[t,f] = bias[f] + sum_d x[t,d] * w_enc[f,d]     (Ameisen et al. 2025, eq. 1)
 *   pre out (T,F_l), x in (T,D).  2*T*F*D flops: one sgemm where the matrix is float in memory, else by
 *   tiles. The bias is b_enc[f], less <w_enc[f], b_dec> in a centred transcoder.
 */
void ct_transcoder_encode(const struct ct_transcoder *tc, int l, int T, const float *x, float *restrict pre);

/*
 * For one feature and x (D): <w_enc[f], x> without the bias; the bias; and their sum, the pre-activation. For
 * a neuron the first is its activation at x, which is not linear in x, and the bias is 0.
 */
float ct_transcoder_encode_one(const struct ct_transcoder *tc, int l, int f, const float *x);
float ct_transcoder_bias(const struct ct_transcoder *tc, int l, int f);
float ct_transcoder_preactivation(const struct ct_transcoder *tc, int l, int f, const float *x);

/*
 * The same for n features: pre[i] is the pre-activation of at[i].feature at row at[i].row of x (.,D). 2*n*D
 * flops; a matrix stored as (D,F) is read once for all of them.
 */
struct ct_tc_place {
	int row, feature;
};
void ct_transcoder_preactivations(const struct ct_transcoder *tc, int l, int n, const struct ct_tc_place *at,
    const float *x, float *restrict pre);

/* Whether a feature's activation depends on the other features' pre-activations. */
bool ct_transcoder_competes(const struct ct_transcoder *tc);

/*
 * a[f] = phi(pre[f]) for one token; scratch (F) is needed where a feature depends on others. May run in
 * place.
 */
void ct_transcoder_activate(const struct ct_transcoder *tc, int l, const float *pre, float *a,
    float *scratch);

/*
 * phi of one feature; x (D). If it depends on other features the whole layer is encoded, for which pre and
 * scratch (F) are needed.
 */
float ct_transcoder_activate_one(
    const struct ct_transcoder *tc, int l, int f, const float *x, float *pre, float *scratch);

/* The skip path of layer l: y (T,D) += W_skip x; and its transpose, gx (T,D) = W_skip' g. 2*T*D*D flops. */
bool ct_transcoder_has_skip(const struct ct_transcoder *tc, int l);
void ct_transcoder_skip(const struct ct_transcoder *tc, int l, int T, const float *x, float *restrict y);
void ct_transcoder_skip_back(const struct ct_transcoder *tc, int l, int T, const float *g,
    float *restrict gx);

/*
 * Checks the rows of a feature before they are used: CT_EFORMAT, naming tensor and index, if the file has NaN
 * or infinity there (unless the transcoder allows them). Not all rows are checked when it is opened, since a
 * transcoder may be larger than memory.
 */
int ct_transcoder_check_rows(const struct ct_transcoder *tc, int l, int f, struct ct_error *err);

/*
 * dst (D) = the encoder row of feature f of layer l, or its decoder row for layer m. Neurons have an encoder
 * row only in a run: see ct_feature_gradient.
 */
void ct_transcoder_encoder_row(const struct ct_transcoder *tc, int l, int f, float *dst);
void ct_transcoder_decoder_row(const struct ct_transcoder *tc, int l, int f, int m, float *dst);

#endif
