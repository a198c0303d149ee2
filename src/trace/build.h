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
 * The smallest set of next tokens that reaches this share of the probability, at most max of them. Returns
 * how many there are.
 */
int ct_default_targets(const float *logits, int V, int pos, double share, struct ct_target *out, int max);

/*
 * Attributes the targets and the active features (at most max_features of them, chosen in batches by the
 * influence known so far; the others' edges are summed in `omitted`), and fills influence and scores.
 * Pruning is left to ct_graph_prune. The graph lives in the arena.
 */
int ct_graph_build(struct ct_graph **out, const struct ct_local_model *lrm, const struct ct_target *targets,
    int n, int max_features, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

/*
 * The same in pieces, so that a graph can be looked at before it is complete. ct_building_begin makes a graph
 * with the targets' rows. Looking, opening rows and interruptions do not change any bit of the finished
 * graph, which is that of ct_graph_build. Everything is allocated from one arena, which each call names (the
 * arena struct may be moved between calls), except what ct_building_end frees.
 */
struct ct_building;
int ct_building_begin(struct ct_building **out, const struct ct_local_model *lrm,
    const struct ct_target *targets, int n, int max_features, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err);
void ct_building_end(struct ct_building *b);

/*
 * Computes rows until the clock (ct_seconds) reaches `until`. CT_ECANCELLED loses nothing that was computed.
 */
int ct_building_run(struct ct_building *b, double until, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err);
bool ct_building_done(const struct ct_building *b);

/*
 * The nodes alone, if ct_building_begin was called with CT_NO_ROWS (schedule.h): for callers that need no
 * edges.
 */
int ct_building_bare(struct ct_building *b, struct ct_graph **out, struct ct_arena *a, struct ct_error *err);

/*
 * The graph so far, with the influence computed from its rows; `seen` says how much of it is known. All
 * active features are nodes; those that are not attributed have no row yet. Each call returns the same
 * object, with more rows. From the first call on, the rows with the most influence are computed first.
 */
int ct_building_look(struct ct_building *b, struct ct_graph **out, struct ct_arena *a,
    const struct ct_job *job, struct ct_error *err);

/*
 * Computes the row of one node of the graph so far immediately, by one backward pass. Later the row is
 * computed again together with others, and may then differ in the last bits. Influence does not change until
 * the next ct_building_look.
 */
int ct_building_open(struct ct_building *b, int node, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err);

/* Computes all missing rows; *out is the whole graph, a new object. After a cancel it can be called again. */
int ct_building_finish(struct ct_building *b, struct ct_graph **out, struct ct_arena *a,
    const struct ct_job *job, struct ct_error *err);

#endif
