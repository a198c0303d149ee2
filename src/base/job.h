/*
 * job: the threads on which long work runs, and the function by which it reports progress and can be
 * cancelled.
 */
#ifndef CT_BASE_JOB_H
#define CT_BASE_JOB_H

#include <stddef.h>

#include "base/pool.h"
#include "base/progress.h"

/* The last argument before the error in functions that take long; NULL: one thread, without reports. */
struct ct_job {
	struct ct_pool *pool;		/* NULL: one thread */
	ct_progress_fn progress;	/* NULL: no reports; runs on the thread that asked for the work */
	void *ctx;			/* progress's first argument */
};

static inline struct ct_pool *
ct_job_pool(const struct ct_job *job)
{
	return job ? job->pool : NULL;
}

/* Reports done of total, and returns whether to go on. */
static inline bool
ct_job_go_on(const struct ct_job *job, const char *phase, long done, long total)
{
	return !job || ct_go_on(job->progress, job->ctx, phase, done, total);
}

#endif
