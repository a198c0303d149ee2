/*
 * pass: what a run leaves behind, of a whole prompt and of one layer's rows. Filled by transformer.h; its
 * patterns are read through pattern.h alone.
 *
 * Legend: T tokens, D d_model, L layers, H heads.
 */
#ifndef CT_MODEL_PASS_H
#define CT_MODEL_PASS_H

#include <stdbool.h>

#include "model/model.h"

/* Everything a run leaves behind. Arrays of layers are indexed [l][t][..]. */
struct ct_pass {
	const struct ct_model *m;
	int T;
	const int *ids;		/* (T), lent */
	int start;		/* the first position that may have features: 1, or 0 where no BOS stands */
	float *x;		/* (L+1,T,D) residual stream before each layer; x[L] after the last */
	float *mid;		/* (L,T,D) after attention */
	float *mlp_in;		/* (L,T,D) norm2's output */
	float *mlp_raw;		/* (L,T,D) the MLP's own output; mlp_out itself without a norm after it */
	float *mlp_out;		/* (L,T,D) what is added to the stream */
	float *k, *v;		/* (L,T,H_kv*head) keys (rotated) and values */
	/*
	 * (L,H,T,T) attention patterns [query][key], 0 above the diagonal. Exactly one is not NULL: this, or
	 * the next ones, of which patterns are made anew.
	 */
	float *pattern;
	float *q;		/* (L,T,H*head) queries (rotated) */
	float *seen;		/* (L,T,H_kv*head) keys that the queries see: k, unless ct_pass_freeze */
	float *top, *sum;	/* (L,H,T) of a query's scores the largest, and the sum of the softmax */
	float *scale1, *scale2;	/* (L,T) scales of norm1 and norm2 */
	float *post1, *post2;	/* (L,T) scales of the norms after attention and MLP; NULL without these */
	float *scale_f;		/* (T) */
	float *final;		/* (T,D) final norm's output */
};

/*
 * What one layer's steps read and leave behind, for rows first..T-1 of a sequence; those before must be in k
 * and v.
 */
struct ct_layer_rows {
	int first, T;
	float *k, *v;		/* (T,H_kv*head) rows first.. are written */
	/* What patterns are kept as, rows first.. written; NULL: not kept, or not in this way. */
	float *pattern;		/* (H,T,T) */
	float *q;		/* (T,H*head) */
	float *top, *sum;	/* (H,T) */
	const struct ct_pass *frozen;	/* patterns are those of this run: nothing of them is written */
	float *scale1, *scale2;	/* (T-first) written */
	float *post1, *post2;	/* (T-first) written where the layer has these norms */
};

#endif
