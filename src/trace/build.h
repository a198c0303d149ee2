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

/*
 * The same a piece at a time, for a reader who need not wait. After begin a graph with the targets' rows can
 * be looked at. Whatever is looked at, opened, or interrupted in between, the finished graph is, bit for bit,
 * that of ct_graph_build. All of it is from one arena, which each call names (it may be
 * moved between calls), but for what ct_building_end frees.
 */
struct ct_building;
int ct_building_begin(struct ct_building **out, const struct ct_local_model *lrm,
    const struct ct_target *targets, int n, int max_features, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err);
void ct_building_end(struct ct_building *b);

/* Rows, until the clock (ct_seconds) says `until`; CT_ECANCELLED loses nothing that was computed. */
int ct_building_run(struct ct_building *b, double until, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err);
bool ct_building_done(const struct ct_building *b);

/* The nodes alone, of what began with CT_NO_ROWS (schedule.h): for what asks for no edges. */
int ct_building_bare(struct ct_building *b, struct ct_graph **out, struct ct_arena *a, struct ct_error *err);

/*
 * The graph so far, with the influence that is known; partial->seen says how much that is. All active
 * features are nodes; those that are not attributed have no row yet. It is one object: looked at again, it
 * has more rows. From the first time on the rows of the most influence come first.
 */
int ct_building_look(struct ct_building *b, struct ct_graph **out, struct ct_arena *a,
    const struct ct_job *job, struct ct_error *err);

/*
 * The row of a node of the graph so far, at once: one walk backwards. It serves until the row comes with the
 * others, which may differ in the last bits. Influence is as it was, until it is looked at again.
 */
int ct_building_open(struct ct_building *b, int node, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err);

/* All that is missing, and the whole graph as another object. Can be called again when it was cancelled. */
int ct_building_finish(struct ct_building *b, struct ct_graph **out, struct ct_arena *a,
    const struct ct_job *job, struct ct_error *err);

#endif
