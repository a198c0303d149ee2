/*
 * pool: a few worker threads that run numbered tasks.
 *
 * Owns the threads. A task must touch only its own data (or what `worker` indexes); the results of a run may
 * not depend on which worker took a task.
 */
#ifndef CT_BASE_POOL_H
#define CT_BASE_POOL_H

#include "base/error.h"

struct ct_pool;

typedef void (*ct_task_fn)(void *ctx, int task, int worker);

/* threads <= 0: one per processor this process may use. The caller counts as one of them. */
int ct_pool_open(struct ct_pool **out, int threads, struct ct_error *err);
void ct_pool_close(struct ct_pool *p);
int ct_pool_threads(const struct ct_pool *p);		/* 1 for NULL */

/* Runs fn for tasks 0..n-1 and returns when all are done. A NULL pool runs them in the caller. */
void ct_pool_run(struct ct_pool *p, int n, ct_task_fn fn, void *ctx);

#endif
