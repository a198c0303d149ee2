/*
 * attribution: rows of edges, by walking the frozen network backwards.
 *
 * A[t,s] = sum over output layers m of < a_s * W_dec(s->m), G_t[m, pos_s] >, G_t the gradient of target t's
 * pre-activation (or centred logit) with respect to MLP output m, with attention patterns, norm scales and
 * MLP outputs frozen (a skip path stays open). No autograd: per layer one attention step backwards, and one
 * product per position against the decoder rows that write there. Chooses no targets and builds no graph:
 * see build.h.
 */
#ifndef CT_TRACE_ATTRIBUTION_H
#define CT_TRACE_ATTRIBUTION_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/edges.h"
#include "trace/replacement.h"

/* How the rows of a local replacement model's targets are laid out (edges.h). */
int ct_attribution_layout(struct ct_layout *y, const struct ct_local_model *lrm, struct ct_arena *a,
    struct ct_error *err);

/*
 * One row to be computed. With a gradient, the row is that of any linear function of the stream before
 * target.layer at target.pos; then only the target's layer, pos and index (the order among such rows) matter.
 */
struct ct_row {
	struct ct_target target;
	const float *gradient;	/* (D) in: of that function; NULL: `target` says what it is */
	double constant;	/* in, with a gradient: what constants have contributed so far */
	bool done;
	float *edges;		/* out (ct_layout_length), lent from the arena */
	/* in with a gradient, otherwise out: pre-activation, or logit minus the vocabulary's mean */
	float value;
	float bias;		/* out: the bias column */
	/*
	 * out: |value - bias - sum edges| / (|bias| + sum |edges|); for a neuron, divided by the sizes of its
	 * terms if those are larger
	 */
	double residual;
	double total;		/* out: sum |edges| */
};

/*
 * Computes n rows. rows[] is reordered. Cost per row about sum_{m<layer} (4 T' D^2 + 2 T'^2 D + 2 n_active D)
 * flops, T' = pos + 1. Results do not depend on the number of threads. Oracle: tests/unit/test_attribution.c
 */
int ct_attribute(const struct ct_local_model *lrm, const struct ct_layout *layout, struct ct_row *rows,
    int n, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

/*
 * The same with pauses. Which rows are computed together is decided at the beginning, so neither pauses nor
 * the order of the rows changes any bit of the results. begin reorders rows->row, which must stay in place,
 * and allocates from scratch what must last until all rows are done. run continues until the clock
 * (ct_seconds) reaches `until`, at most one layer longer, or until the job is cancelled (CT_ECANCELLED); both
 * are pauses.
 */
struct ct_attribution;
/* Bytes needed for the rows of n targets at the end of T tokens, not counting the edges. */
unsigned long long ct_attribution_bytes(const struct ct_model *m, int T, int n, int threads);
struct ct_rows {
	struct ct_row *row;
	int n;
	struct ct_arena *edges;	/* the arena of their edges */
};
int ct_attribution_begin(struct ct_attribution **out, const struct ct_local_model *lrm,
    const struct ct_layout *layout, const struct ct_rows *rows, int threads, struct ct_arena *scratch,
    struct ct_error *err);
/* Reorders the groups of rows that have not begun: those with the largest sum of weights come first. */
void ct_attribution_order(struct ct_attribution *j,
    double (*weight)(const void *ctx, const struct ct_row *row), const void *ctx);
int ct_attribution_run(struct ct_attribution *j, double until, const struct ct_job *job,
    struct ct_error *err);
bool ct_attribution_done(const struct ct_attribution *j);

#endif
