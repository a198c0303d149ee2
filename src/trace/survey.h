/*
 * survey: the effect of ablating each feature of the pruned graph, compared with its influence in the graph.
 *
 * A graph is a hypothesis, and this is the cheapest test of it. Errors and embeddings are not ablated.
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
 * Needs influence and pruning. The items are from the arena. One clamped run for each kept feature, on the
 * threads of the pool; the figures do not depend on their number.
 */
int ct_survey_run(struct ct_survey *out, const struct ct_local_model *lrm, const struct ct_graph *g,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

#endif
