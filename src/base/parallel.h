/*
 * parallel: fallible work over many numbered items, on the pool.
 *
 * Owns what each such loop needs: scratch memory per worker, the first failure, progress and cancelling
 * between rounds. The caller decides what an item is and where its result goes; a result must not depend on
 * which worker made it, nor on the order of items.
 */
#ifndef CT_BASE_PARALLEL_H
#define CT_BASE_PARALLEL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"

/* scratch is empty again after each item. */
typedef int (*ct_item_fn)(void *ctx, int item, int worker, struct ct_arena *scratch, struct ct_error *err);

/*
 * Runs fn for items 0..n-1. After a failure (the one of the lowest item is reported) or a false return of
 * the job's progress (CT_ECANCELLED) the remaining items are left out.
 */
int ct_parallel_run(const struct ct_job *job, int n, ct_item_fn fn, void *ctx, const char *phase,
    struct ct_error *err);

#endif
