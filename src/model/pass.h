/*
 * pass: the results of a run over a whole prompt, and those of one layer's rows. Filled by transformer.h; its
 * patterns are read only through pattern.h.
 *
 * Legend: T tokens, D d_model, L layers, H heads.
 */
#ifndef CT_MODEL_PASS_H
#define CT_MODEL_PASS_H

#include <stdbool.h>

#include "model/model.h"

/* All results of a run. Arrays over layers are indexed [l][t][..]. */
struct ct_pass {
	const struct ct_model *m;
	int T;
	const int *ids;		/* (T), lent */
	int start;		/* the first position that may have features: 1 after a BOS, else 0 */
	float *x;		/* (L+1,T,D) residual stream before each layer; x[L] after the last */
	float *mid;		/* (L,T,D) after attention */
	float *mlp_in;		/* (L,T,D) norm2's output */
	/* (L,T,D) the MLP's own output; the same array as mlp_out if no norm follows the MLP */
	float *mlp_raw;
	float *mlp_out;		/* (L,T,D) what is added to the stream */
	float *k, *v;		/* (L,T,H_kv*head) keys (rotated) and values */
	/*
	 * (L,H,T,T) attention patterns [query][key], 0 above the diagonal; or NULL, and patterns are computed
	 * again from the next four, which are otherwise NULL.
	 */
	float *pattern;
	float *q;		/* (L,T,H*head) queries (rotated) */
	float *seen;		/* (L,T,H_kv*head) the keys for patterns: k, until ct_pass_freeze */
	float *top, *sum;	/* (L,H,T) for each query, its largest score and the sum of its softmax */
	float *scale1, *scale2;	/* (L,T) scales of norm1 and norm2 */
	float *post1, *post2;	/* (L,T) scales of the norms after attention and MLP; NULL without these */
	float *scale_f;		/* (T) */
	float *final;		/* (T,D) final norm's output */
};

/*
 * What one layer's steps read and write for rows first..T-1 of a sequence; k and v must hold the earlier
 * rows.
 */
struct ct_layer_rows {
	int first, T;
	float *k, *v;		/* (T,H_kv*head) rows first.. are written */
	/*
	 * Where patterns are kept, in one form or the other; rows first.. are written. NULL: not kept in this
	 * form.
	 */
	float *pattern;		/* (H,T,T) */
	float *q;		/* (T,H*head) */
	float *top, *sum;	/* (H,T) */
	const struct ct_pass *frozen;	/* the run whose patterns are used; then none are written */
	float *scale1, *scale2;	/* (T-first) written */
	float *post1, *post2;	/* (T-first) written where the layer has these norms */
};

#endif
