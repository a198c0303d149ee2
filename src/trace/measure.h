/*
 * measure: the time that a whole graph of a random model takes.
 *
 * For shapes that no shipped model has. The shipped models are measured through a session.
 */
#ifndef CT_TRACE_MEASURE_H
#define CT_TRACE_MEASURE_H

#include "base/arena.h"
#include "base/job.h"
#include "model/synthetic.h"
#include "trace/graph.h"

struct ct_measured {
	struct ct_graph *graph;		/* in the arena */
	double seconds;			/* from token ids to the pruned and scored graph, self-checked */
};

/*
 * Random token ids, T of them, through a random model of this shape; every active feature is attributed.
 * Memory: the model, and T * L * k rows of as many edges.
 */
int ct_measure_shape(struct ct_measured *out, const struct ct_shape *shape, int T, struct ct_arena *a,
    const struct ct_job *job, struct ct_error *err);

/* Seconds that a user waits for results; each is the fastest of a few measurements. */
struct ct_waits {
	double forward;			/* the forward pass alone */
	double prompt;			/* with the features, and what is prepared for attribution */
	double tree;			/* from token ids to a first graph, with the targets' rows */
	double row;			/* a row, computed backwards; the mean over layers */
	double opened;			/* the same row as a reader opens it */
	double clamped;			/* a clamp to its observed effects, the forward pass not counted */
};

/* The same model and prompt, traced in pieces, as by ct_session_trace. */
int ct_measure_waits(struct ct_waits *out, const struct ct_shape *shape, int T, const struct ct_job *job,
    struct ct_error *err);

#endif
