/*
 * survey: every feature of the pruned graph ablated in turn, beside the influence that the graph gives it.
 *
 * Errors and embeddings are no features and stay as they are. A graph is a hypothesis; this is its cheapest
 * test.
 */
#ifndef CT_TRACE_SURVEY_H
#define CT_TRACE_SURVEY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/clamp.h"
#include "trace/graph.h"
#include "trace/replacement.h"

/*
 * Needs influence and pruning. Items from the arena. One clamped run for each kept feature, spread over the
 * pool; the same figures for any number of threads.
 */
int ct_survey_run(struct ct_survey *out, const struct ct_local_model *lrm, const struct ct_graph *g,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

#endif
