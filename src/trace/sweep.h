/*
 * sweep: the same clamps run many times: at many strengths, up to different layers, and with patterns free.
 */
#ifndef CT_TRACE_SWEEP_H
#define CT_TRACE_SWEEP_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/clamp.h"
#include "trace/graph.h"
#include "trace/replacement.h"

enum { CT_MAX_STEPS = 1000 };

/*
 * `steps` strengths from `from` to `to`, both included, for the clamps that are on; these must have one unit,
 * since one number stands for all their amounts.
 */
struct ct_sweep_plan {
	const struct ct_clamp *clamps;
	int n;
	const struct ct_clamp_options *options;
	double from, to;
	int steps;
};

/* Results from the arena; the same for any number of threads. */
int ct_sweep_run(struct ct_sweep *out, const struct ct_local_model *lrm, const struct ct_graph *g,
    const struct ct_sweep_plan *plan, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

/* opt's mode is ignored. */
int ct_contrast_run(struct ct_contrast *out, const struct ct_local_model *lrm, const struct ct_graph *g,
    const struct ct_clamp *clamps, int n, const struct ct_clamp_options *opt, struct ct_arena *a,
    struct ct_error *err);

#endif
