/*
 * parallel: fallible work over many numbered items, on the pool.
 *
 * Owns what each such loop needs: scratch memory per worker, the first failure, progress and cancelling
 * between rounds. What an item is and where its result goes is the caller's affair; a result must not
 * depend on which worker made it, nor on the order of items.
 */
#ifndef CT_BASE_PARALLEL_H
#define CT_BASE_PARALLEL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/pool.h"
#include "base/progress.h"

/* scratch is empty again after each item. */
typedef int (*ct_item_fn)(void *ctx, int item, int worker, struct ct_arena *scratch, struct ct_error *err);

/*
 * Runs fn for items 0..n-1. After a failure (the one of the lowest item is reported) or a false return of
 * progress (CT_ECANCELLED) the remaining items are left out. progress may be NULL.
 */
int ct_parallel_run(struct ct_pool *pool, int n, ct_item_fn fn, void *ctx, const char *phase,
    ct_progress_fn progress, void *progress_ctx, struct ct_error *err);

#endif
