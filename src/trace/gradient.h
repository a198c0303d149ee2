/*
 * gradient: the gradient of one target in the frozen network, layer by layer from the target down to the
 * first.
 *
 * It splits an edge into its parts: at each point of the stream, the product of the gradient and the
 * activation is that point's part of the target. attribution.h computes the edges of many targets at once.
 */
#ifndef CT_TRACE_GRADIENT_H
#define CT_TRACE_GRADIENT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/node.h"
#include "trace/replacement.h"

/* The gradient G (T',D), T' = the target's position + 1, and what constants have added to the target. */
struct ct_gradient {
	int Tp;
	float *G;
	double bias;
	struct ct_back back;
};

/*
 * Called on the way from the target downwards; each may be NULL. A code below 0 ends the pass.
 *   written    before MLP l: G is that of what the MLP adds to the stream
 *   attended   G is that of the stream after the attention of layer l
 *   entered    G is that of the stream before layer l; for l == 0, of the embeddings
 */
struct ct_gradient_visit {
	int (*written)(void *ctx, int l, const struct ct_gradient *g, struct ct_error *err);
	int (*attended)(void *ctx, int l, const struct ct_gradient *g, struct ct_error *err);
	int (*entered)(void *ctx, int l, const struct ct_gradient *g, struct ct_error *err);
};

/* Room for targets at positions below T. */
int ct_gradient_init(struct ct_gradient *g, const struct ct_pass *p, int T, struct ct_arena *a,
    struct ct_error *err);

/* How many attention layers lie below a target: layers 0..n-1. */
int ct_target_layers(const struct ct_local_model *lrm, const struct ct_target *target);

/* About sum over layers of 4 T' D^2 + 2 T'^2 D flops. The same steps as ct_attribute. */
int ct_gradient_walk(struct ct_gradient *g, const struct ct_local_model *lrm, const struct ct_target *target,
    const struct ct_gradient_visit *visit, void *ctx, const struct ct_job *job, struct ct_error *err);

#endif
