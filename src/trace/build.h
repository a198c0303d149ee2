/*
 * build: one attribution graph from a local replacement model and a choice of targets.
 */
#ifndef CT_TRACE_BUILD_H
#define CT_TRACE_BUILD_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/attribution.h"
#include "trace/graph.h"
#include "trace/replacement.h"

/*
 * The smallest set of next tokens that reaches this share of the probability, at most max. Returns how
 * many.
 */
int ct_default_targets(const float *logits, int V, int pos, double share, struct ct_target *out, int max);

/*
 * Attributes the targets and the active features (at most max_features of them, chosen in batches by the
 * influence known so far; the others' edges are summed in `omitted`), and fills influence and scores.
 * Pruning is left to ct_graph_prune. The graph lives in the arena.
 */
int ct_graph_build(struct ct_graph **out, const struct ct_local_model *lrm, const struct ct_target *targets,
    int n, int max_features, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

#endif
