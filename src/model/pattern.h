/*
 * pattern: the attention patterns of a run, which take T*T floats per layer and head: kept, or computed
 * again.
 *
 * A pass keeps them if they are small. Otherwise it keeps the queries and keys, and for each row of scores
 * the largest one and the sum of the softmax; from these, rows are computed again whenever they are used.
 * Whether they are kept depends only on the model and the number of tokens, not on the free memory, so that a
 * prompt always has the same graph. Only this file and the pass know which it is.
 */
#ifndef CT_MODEL_PATTERN_H
#define CT_MODEL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "model/pass.h"

/* The most bytes that patterns may take in a pass that keeps them (ct_model.pattern_bytes). */
enum { CT_PATTERN_BYTES = 512 << 20 };

/* Floats in the patterns of T tokens in one layer; and whether a pass keeps those of all layers. */
size_t ct_pattern_size(const struct ct_model *m, int T);
bool ct_pattern_kept(const struct ct_model *m, int T);

/* Some rows of one head's pattern. */
struct ct_pattern {
	const float *p;		/* (n,T) lent, or in the caller's scratch */
	int first, n;		/* the queries */
	int from, to;		/* keys outside are 0 in all these rows, and may not be written */
};

/* Floats of scratch for the functions below, of a prompt of T tokens: 0 where patterns are kept. */
size_t ct_pattern_scratch(const struct ct_model *m, int T);

/*
 * Rows of head h in layer l from query `first` on: all up to `end`, or a tile of them. The caller continues
 * at out->first + out->n.
 */
void ct_pattern_rows(struct ct_pattern *out, const struct ct_pass *p, int l, int h, int first, int end,
    float *scratch);

/* (T) the whole row of one query, 0 at all keys that it does not see. */
const float *ct_pattern_row(const struct ct_pass *p, int l, int h, int q, float *scratch);

/* The rows of query q of all heads (H,*distance). */
const float *ct_pattern_query(const struct ct_pass *p, int l, int q, int *distance, float *scratch);

/*
 * The same during a run: patterns are computed from queries q (T-first,H*head) and keys r->k, and stored in r
 * if it keeps them. Scratch: ct_pattern_live_scratch.
 */
void ct_pattern_live(struct ct_pattern *out, const struct ct_model *m, int l, const struct ct_layer_rows *r,
    const float *q, int h, int first, float *scratch);
size_t ct_pattern_live_scratch(const struct ct_model *m, int n, int T);

#endif
