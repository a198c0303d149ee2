/*
 * naive: the engine's oracle. The same mathematics in double, written as plainly as possible: no products by
 * a library, no batches, no caches. Slow on purpose.
 */
#ifndef NAIVE_H
#define NAIVE_H

#include "fixture.h"

/* C (M,N) = op(A) op(B) in double. */
void naive_gemm(bool ta, bool tb, int M, int N, int K, const float *A, int lda, const float *B, int ldb,
    double *C);

/*
 * The frozen linear network, forwards: what a change of the MLP outputs (L,T,D) and of the embeddings (T,D)
 * adds to the read point of every layer (L,T,D) and to the final norm's output (T,D).
 */
void naive_frozen(const struct ct_local_model *lrm, const double *dout, const double *dembed, double *dread,
    double *dfinal);
/* The same as far as the stream before a layer (T,D). */
void naive_stream(const struct ct_local_model *lrm, int layer, const double *dout, const double *dembed,
    double *dx);

/* Queries or keys (heads*head) of layer l, rotated as those of a position. */
void naive_rotate(const struct ct_config *c, int l, int heads, int pos, double *x);

/*
 * A whole run, attention and norms live. With a transcoder its output stands in for every MLP's but at
 * position 0, where `kept` (L,D), unless it is NULL, is used: the replacement model. Everything from malloc:
 * naive_run_free.
 */
struct naive_run {
	int T;
	double *x;	 /* (L+1,T,D) */
	double *mid;	 /* (L,T,D) */
	double *mlp_in;	 /* (L,T,D) */
	double *mlp_out; /* (L,T,D) */
	double *pattern; /* (L,H,T,T) */
	double *final;	 /* (T,D) */
};
/*
 * What a run is held to: patterns (L,H,n_held,n_held) of its first positions, and clamps, all of absolute
 * values.
 */
struct naive_hold {
	const double *pattern;
	int n_held;
	const struct ct_transcoder *tc;
	const struct ct_clamp *clamps;
	int n_clamps;
};
/* hold NULL: to nothing. */
void naive_run(struct naive_run *r, const struct ct_model *m, const int *ids, int T,
    const struct ct_transcoder *tc,
    const double *kept, const struct naive_hold *hold);
void naive_run_free(struct naive_run *r);

/* Numbers of layer l: feature f's encoder at d, its decoder towards layer m, the skip path (0: none). */
double naive_enc(const struct ct_transcoder *tc, int l, int f, int d);
double naive_dec(const struct ct_transcoder *tc, int l, int f, int m, int d);
double naive_skip(const struct ct_transcoder *tc, int l, int out, int in);

/* A neuron at what norm2 passes on, in (D): its activation, and its linear map (D) by the RelP rule. */
struct naive_neuron {
	double act, *map;
};
void naive_neuron(const struct ct_model *m, int l, int n, const double *in, struct naive_neuron *out);

/* a[f] = phi(h[f]), f < F of layer l. */
void naive_activate(const struct ct_transcoder *tc, int l, const double *h, double *a);

/*
 * row (D), written by a transcoder at layer l and position t, as it reaches the stream: the frozen norm
 * behind the MLP.
 */
void naive_write(const struct ct_local_model *lrm, int l, int t, double *row);

/*
 * Fails the test unless every edge from each `step`th source is what that source adds to the target: its
 * output run forwards through the frozen network.
 */
void naive_check_edges(const struct ct_prompt *p, const struct ct_graph *g, int step);

/* A softcap; 0: none. */
double naive_cap(double x, double cap);

/* An embedding as the stream gets it, one number; and a logit of a final stream (D), softcapped. */
double naive_embedding(const struct ct_model *m, int id, int d);
double naive_logit(const struct ct_model *m, int v, const double *final);

#endif
