/*
 * prompt: the pipeline from token ids to a graph.
 *
 *   ids -> pass (the original run) -> local replacement model -> targets -> graph -> self-check -> pruning
 *
 * Sessions, evaluations, measurements and tests go through here, so that all of them mean the same graph by
 * the same defaults (graph.h). Owns no weights and no names: a session adds text.
 */
#ifndef CT_TRACE_PROMPT_H
#define CT_TRACE_PROMPT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/build.h"
#include "trace/replacement.h"

/* A prompt after its run. Its parts point to each other, so it must not be moved. */
struct ct_prompt {
	int T;
	int *ids;			/* (T) */
	struct ct_pass pass;
	struct ct_local_model lrm;
};

/* Runs ids[0..T), which are copied. *out and all that it holds are in the arena. */
int ct_prompt_run(struct ct_prompt **out, const struct ct_model *m, const struct ct_transcoder *tc,
    const int *ids, int T, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

/*
 * For a transcoder of neurons: fills run->active, n and left_out with the neurons that have the largest
 * effects on the plan's targets, which ct_prompt_trace explains; plan NULL: on the default targets at the
 * last position.
 */
struct ct_trace_plan;
int ct_prompt_neurons(struct ct_local_run *run, const struct ct_transcoder *tc,
    const struct ct_trace_plan *plan, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

/*
 * Logits (V) at a position of a final stream (T,D): the prompt's own, or a changed run's. NULL: err is
 * filled.
 */
float *ct_prompt_logits(const struct ct_prompt *p, const float *final, int pos, struct ct_arena *a,
    struct ct_error *err);

/* What to trace; zeros are the defaults. */
struct ct_trace_plan {
	const struct ct_target *targets; /* none: the default targets at pos */
	int n_targets;
	int pos;
	int max_targets;		/* the most default targets, */
	double target_share;		/* and the probability they should reach together */
	int max_features;
	double node_threshold, edge_threshold;
};

/* Whether the plan asks for the default targets at the end of a prompt of T tokens. */
bool ct_trace_plan_is_default(const struct ct_trace_plan *plan, int T);

/*
 * The graph, in `a`, pruned and checked; the edges that the pruning leaves are in `pruned`, which may be
 * `a`.
 */
int ct_prompt_trace(struct ct_graph **out, const struct ct_prompt *p, const struct ct_trace_plan *plan,
    struct ct_arena *a, struct ct_arena *pruned, const struct ct_job *job, struct ct_error *err);

/*
 * The same in two parts, between which rows are computed in pieces (build.h). The end computes all missing
 * rows, and can be called again after a cancel. ct_building_end is left to the caller.
 */
int ct_prompt_trace_begin(struct ct_building **out, const struct ct_prompt *p,
    const struct ct_trace_plan *plan, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
int ct_prompt_trace_end(struct ct_graph **out, const struct ct_prompt *p, struct ct_building *b,
    const struct ct_trace_plan *plan, struct ct_arena *a, struct ct_arena *pruned, const struct ct_job *job,
    struct ct_error *err);

#endif
