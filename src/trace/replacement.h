/*
 * replacement: the replacement model, and the local replacement model of one prompt.
 *
 * The local replacement model is the run of one prompt in which every MLP output is the transcoder's output
 * plus an error node, with attention patterns and norm scales frozen: it is linear in the active features
 * and reproduces the original run. Owns the active features, their decoder rows and the error vectors.
 * Position 0 (BOS) has neither features nor errors: its MLP output is a constant (only a skip path stays
 * open there).
 */
#ifndef CT_TRACE_REPLACEMENT_H
#define CT_TRACE_REPLACEMENT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "model/linear.h"
#include "model/model.h"
#include "model/transcoder.h"
#include "model/transformer.h"
#include "trace/active.h"

struct ct_local_model {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	const struct ct_pass *pass;
	int T;
	int n;				/* active features */
	struct ct_active *active;	/* (n) by (layer, pos, feature) */
	/* (L*T+1) active[first[l*T+t] .. first[l*T+t+1]) are those of (l,t) */
	int *first;
	float *read;			/* (L,T,D) what the encoders see */
	/*
	 * All of these as they are added to the stream, that is, after a norm that follows the write point:
	 */
	/* (L,T,D) transcoder output, b_dec and skip included; 0 at position 0 */
	float *recon;
	/*
	 * (L,T,D) mlp_out - recon; 0 at position 0. Neurons reconstruct the output exactly, so here it is
	 * what the neurons that were left out write.
	 */
	float *error;
	double left_out;		/* share of the effects on the targets that those neurons have */
	float *constant;		/* (L,start,D) before the start: mlp_out, minus the skip path */
	/*
	 * Decoder rows that write to (m,pos), times their activation: dec[m*T+pos] is (dec_n[m*T+pos], D), in
	 * the order of layer, then feature. CLT: all active features of layers <= m at pos; PLT: those of
	 * layer m. If there are too many to keep, dec is NULL, and ct_local_model_decoders computes them.
	 */
	float **dec;
	int *dec_n;
	int dec_most;			/* rows for which a caller must have room; 0 if all are kept */
	/* activations do not follow the stream, because MLP outputs were frozen */
	bool fixed;
	bool replaced;			/* MLP outputs are not those of the model's MLPs for this stream */
	double max_logit_error;		/* filled by ct_local_model_check */
};

/*
 * Made from a finished pass, in the arena. Not for neurons, which must be chosen first: see
 * ct_local_model_of.
 */
int ct_local_model_init(struct ct_local_model *lrm, const struct ct_transcoder *tc,
    const struct ct_pass *pass, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

/* A run whose n active features are known already, by (layer, pos, feature). Lent. */
struct ct_local_run {
	const struct ct_pass *pass;
	float *read;			/* (L,T,D) what the encoders see */
	struct ct_active *active;
	int n;
	bool fixed, replaced;
	double left_out;		/* as of a local model */
};

/*
 * The local model of such a run: features that a clamp set keep their activations, whatever the encoders say.
 */
int ct_local_model_of(struct ct_local_model *lrm, const struct ct_transcoder *tc,
    const struct ct_local_run *run, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

/* The index of an active feature, or -1. */
int ct_local_model_active(const struct ct_local_model *lrm, int layer, int pos, int feature);

/* The decoder rows for one (m,t): lent, or computed in tmp (dec_most,D). */
const float *ct_local_model_decoders(const struct ct_local_model *lrm, int m, int t, float *tmp);

/*
 * (D) what is added to the stream at output m and position t, but belongs to no node: b_dec, or before the
 * start the MLP's output. Lent, or written to tmp.
 */
const float *ct_local_model_constant(const struct ct_local_model *lrm, int m, int t, float *tmp);

/*
 * Runs the local replacement model forward, with activations computed from its own stream, and compares its
 * logits at pos with the original ones: *error = max |difference|, relative to the sizes of the terms of that
 * logit.
 */
int ct_local_model_check(const struct ct_local_model *lrm, int pos, struct ct_arena *scratch, double *error,
    const struct ct_job *job, struct ct_error *err);

/*
 * The replacement model: all MLPs replaced by the transcoder, attention live, no error nodes, position 0's
 * MLP output kept from `orig`. Fills final (T,D), the final norm's output.
 */
int ct_replacement_run(const struct ct_transcoder *tc, const struct ct_pass *orig,
    float *final, struct ct_arena *scratch, struct ct_error *err);

#endif
