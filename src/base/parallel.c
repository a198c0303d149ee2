/* parallel: see parallel.h. */
#include "base/parallel.h"

#include <stdlib.h>

#include "base/clock.h"

/*
 * Items per worker between two calls of the progress function, at most: less where an item takes long, since
 * progress must be seen and Ctrl-C heard.
 */
enum { ROUND = 32, GROW = 4 };
static const double short_round = .02, long_round = .2;		/* seconds */

struct worker {
	struct ct_arena scratch;
	struct ct_error err;	/* code 0: none */
	int item;		/* that failed */
};

struct round {
	ct_item_fn fn;
	void *ctx;
	int first;
	struct worker *workers;
};

static void
run_item(void *arg, int task, int id)
{
	struct round *r = arg;
	struct worker *w = &r->workers[id];
	struct ct_arena_mark mark;
	struct ct_error err = { 0 };

	if (w->err.code != 0)
		return;
	mark = ct_arena_mark(&w->scratch);
	if (r->fn(r->ctx, r->first + task, id, &w->scratch, &err) < 0) {
		w->err = err;
		w->item = r->first + task;
	}
	ct_arena_release(&w->scratch, mark);
}

static const struct worker *
first_failure(const struct worker *workers, int n)
{
	const struct worker *first = NULL;
	int i;

	for (i = 0; i < n; i++) {
		if (workers[i].err.code != 0 && (!first || workers[i].item < first->item))
			first = &workers[i];
	}
	return first;
}

int
ct_parallel_run(const struct ct_job *job, int n, ct_item_fn fn, void *ctx, const char *phase,
    struct ct_error *err)
{
	struct ct_pool *pool = ct_job_pool(job);
	int threads = ct_pool_threads(pool), each = 1, size, i, code = CT_OK;
	struct round r = { .fn = fn, .ctx = ctx };
	const struct worker *failed;

	r.workers = calloc((size_t)threads, sizeof *r.workers);
	if (!r.workers)
		return ct_fail_memory(err, (size_t)threads * sizeof *r.workers, phase);
	for (r.first = 0; r.first < n && code == CT_OK; r.first += size) {
		double start = ct_seconds(), took;

		size = each * threads;
		if (!ct_job_go_on(job, phase, r.first, n)) {
			code = ct_fail(err, CT_ECANCELLED, "%s: cancelled after %d of %d", phase, r.first, n);
			break;
		}
		ct_pool_run(pool, n - r.first < size ? n - r.first : size, run_item, &r);
		took = ct_seconds() - start;
		if (took < short_round && each < ROUND)
			each *= GROW;
		else if (took > long_round && each > 1)
			each /= 2;
		each = each > ROUND ? ROUND : each;
		failed = first_failure(r.workers, threads);
		if (failed) {
			code = failed->err.code;
			if (err)
				*err = failed->err;
		}
	}
	for (i = 0; i < threads; i++)
		ct_arena_free(&r.workers[i].scratch);
	free(r.workers);
	return code;
}
