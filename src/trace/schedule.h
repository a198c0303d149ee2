/*
 * schedule: which rows of a graph are computed, and when.
 *
 * The targets' rows come first. If not all active features can have rows, those with the most influence so
 * far are chosen in rounds; else there is one round. It may pause at any time, which changes neither the
 * choice of rows nor any bit of them. Builds no graph: see build.h.
 */
#ifndef CT_TRACE_SCHEDULE_H
#define CT_TRACE_SCHEDULE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "trace/attribution.h"
#include "trace/replacement.h"

enum { CT_NO_ROWS = -1 };

struct ct_schedule {
	const struct ct_local_model *lrm;
	struct ct_layout layout;
	struct ct_row *rows;		/* targets first, then the features chosen so far */
	int n_rows, n_targets;
	int most;			/* the number of features that get rows */
	bool bare;			/* no rows are computed at all */
	int *row_of;			/* (lrm->n) index in rows, -1: not chosen so far */
	int *target_row;		/* (n_targets) row of the i-th target */
	float *weight;			/* (n_targets) weight of the target in this row */
	/*
	 * (lrm->n) influence so far, for the order within a round; NULL: the order that takes the least time
	 */
	const double *influence;
	struct ct_arena own, round;	/* memory of the schedule, and of the present round */
	struct ct_attribution *under_way;	/* NULL: no round is in progress */
};

/*
 * Computes the targets' rows, unless max_features is CT_NO_ROWS. Edges and layout are from `a`, here and
 * below. To be freed in any case.
 */
int ct_schedule_init(struct ct_schedule *s, const struct ct_local_model *lrm, const struct ct_target *targets,
    int n, int max_features, struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
void ct_schedule_free(struct ct_schedule *s);

/*
 * Continues until the clock says `until` (ct_attribution_run) or all rows are done. CT_ECANCELLED is a pause.
 */
int ct_schedule_run(struct ct_schedule *s, double until, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err);
bool ct_schedule_done(const struct ct_schedule *s);

/* The row that an active feature will have. */
struct ct_row ct_feature_row(const struct ct_active *f);

#endif
