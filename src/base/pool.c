/* pool: see pool.h. */
#include "base/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "base/system.h"

struct worker {
	struct ct_pool *pool;
	pthread_t thread;
	int id;
};

struct ct_pool {
	pthread_mutex_t lock;
	pthread_cond_t start, done;
	int threads;
	int busy; /* workers still in this run */
	unsigned run; /* counts runs, so that a worker sees a new one */
	bool quit;
	ct_task_fn fn;
	void *ctx;
	int n;
	atomic_int next;
	struct worker *workers;
};

/* Denormal numbers make arithmetic on sparse features tens of times slower, and are too small to matter. */
static void
flush_denormals(void)
{
#if defined(__SSE__)
	_mm_setcsr(_mm_getcsr() | 0x8040);
#endif
}

static void
work(struct ct_pool *p, int id)
{
	int i;

	while ((i = atomic_fetch_add(&p->next, 1)) < p->n)
		p->fn(p->ctx, i, id);
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	struct ct_pool *p = w->pool;
	unsigned seen = 0;

	flush_denormals();
	for (;;) {
		pthread_mutex_lock(&p->lock);
		while (p->run == seen && !p->quit)
			pthread_cond_wait(&p->start, &p->lock);
		seen = p->run;
		pthread_mutex_unlock(&p->lock);
		if (p->quit)
			return NULL;
		work(p, w->id);
		pthread_mutex_lock(&p->lock);
		if (--p->busy == 0)
			pthread_cond_signal(&p->done);
		pthread_mutex_unlock(&p->lock);
	}
}

int
ct_pool_open(struct ct_pool **out, int threads, struct ct_error *err)
{
	struct ct_pool *p = calloc(1, sizeof *p);

	*out = NULL;
	if (!p)
		return ct_fail_memory(err, sizeof *p, "the worker pool");
	if (threads <= 0)
		threads = ct_system_processors();
	if (threads > 64)
		threads = 64;
	flush_denormals();
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->start, NULL);
	pthread_cond_init(&p->done, NULL);
	p->threads = 1;
	p->workers = calloc((size_t)threads, sizeof *p->workers);
	if (!p->workers) {
		ct_pool_close(p);
		return ct_fail_memory(err, (size_t)threads * sizeof *p->workers, "the worker pool");
	}
	/* With fewer threads than wanted, work is slower, but the results are the same. */
	for (int i = 1; i < threads; i++) {
		struct worker *w = &p->workers[p->threads];

		w->pool = p;
		w->id = p->threads;
		if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
			break;
		p->threads++;
	}
	*out = p;
	return CT_OK;
}

void
ct_pool_close(struct ct_pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->quit = true;
	pthread_cond_broadcast(&p->start);
	pthread_mutex_unlock(&p->lock);
	for (int i = 1; i < p->threads; i++)
		pthread_join(p->workers[i].thread, NULL);
	pthread_cond_destroy(&p->done);
	pthread_cond_destroy(&p->start);
	pthread_mutex_destroy(&p->lock);
	free(p->workers);
	free(p);
}

int
ct_pool_threads(const struct ct_pool *p)
{
	return p ? p->threads : 1;
}

void
ct_pool_run(struct ct_pool *p, int n, ct_task_fn fn, void *ctx)
{
	if (!p || p->threads == 1 || n <= 1) {
		for (int i = 0; i < n; i++)
			fn(ctx, i, 0);
		return;
	}
	pthread_mutex_lock(&p->lock);
	p->fn = fn;
	p->ctx = ctx;
	p->n = n;
	atomic_store(&p->next, 0);
	p->busy = p->threads - 1;
	p->run++;
	pthread_cond_broadcast(&p->start);
	pthread_mutex_unlock(&p->lock);
	work(p, 0);
	pthread_mutex_lock(&p->lock);
	while (p->busy)
		pthread_cond_wait(&p->done, &p->lock);
	pthread_mutex_unlock(&p->lock);
}
