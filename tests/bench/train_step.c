/*
 * train_step: the seconds of one step of `ctrace train`, and of its matrix products alone.
 *
 *   train_step RECIPE THREADS   writes one JSON object to standard output; tests/bench/train.py compares it
 *                               with PyTorch
 *
 * Steps are timed as the trainers run them: sampling, both passes, and the optimiser. The products are those
 * that a dense step needs, in the shapes and the shares in which the trainers work, on the same threads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "corpus/recipe.h"
#include "math/blas.h"
#include "train/fit_model.h"
#include "train/fit_transcoder.h"
#include "train/pack.h"

enum { MODEL_STEPS = 100, TRANSCODER_STEPS = 60, ROWS = 256, REPEATS = 20 };

struct bench {
	struct ct_yaml_doc *doc;
	struct ct_corpus *corpus;
	struct ct_train_recipe recipe;
	struct ct_pool *pool;
	struct ct_net net;
	struct ct_mlp_rows mlp_rows;
};

/* The fastest time per step between two reports: what is prepared before does not count. */
struct laps {
	double last, fastest;
	int from;
};

static bool
lap(void *ctx, const struct ct_train_live *live)
{
	struct laps *l = ctx;
	double now = ct_seconds(), each = (now - l->last) / (live->step - l->from);

	if (l->from > 0 && (l->fastest == 0 || each < l->fastest))
		l->fastest = each;
	l->last = now;
	l->from = live->step;
	return true;
}

/* One product of the forward pass, (R,in) x (out,in)^T, and the two of the backward pass. */
struct product {
	int in, out;
};
struct products {
	const struct product *list;
	int n, rows;			/* rows of each share */
	float **memory;			/* of each share: x, w, y */
};

static void
multiply(void *ctx, int task, int worker)
{
	const struct products *p = ctx;
	float *x = p->memory[3 * task], *w = p->memory[3 * task + 1], *y = p->memory[3 * task + 2];

	(void)worker;
	for (int at = 0; at < p->rows; at += ROWS) {
		int R = p->rows - at < ROWS ? p->rows - at : ROWS;

		for (int k = 0; k < p->n; k++) {
			const struct product *q = &p->list[k];

			ct_sgemm(false, true, R, q->out, q->in, 1, x, q->in, w, q->in, 0, y, q->out);
			ct_sgemm(false, false, R, q->in, q->out, 1, y, q->out, w, q->in, 0, x, q->in);
			ct_sgemm(true, false, q->out, q->in, R, 1, y, q->out, x, q->in, 0, w, q->in);
		}
	}
}

/* Fastest of a few; *gflop of one time. */
static double
time_products(struct ct_pool *pool, const struct product *list, int n, int rows, double *gflop)
{
	int shares = ct_pool_threads(pool);
	struct products p = { .list = list, .n = n, .rows = rows / shares };
	size_t widest = 0;
	double best = 0;

	for (int k = 0; k < n; k++) {
		size_t size = (size_t)list[k].in * (size_t)list[k].out;

		*gflop += 6e-9 * rows * (double)size;
		widest = size > widest ? size : widest;
		size = (size_t)ROWS * (size_t)(list[k].in > list[k].out ? list[k].in : list[k].out);
		widest = size > widest ? size : widest;
	}
	p.memory = calloc(3 * (size_t)shares, sizeof *p.memory);
	for (int k = 0; p.memory && k < 3 * shares; k++)
		if (!(p.memory[k] = calloc(widest, sizeof(float))))
			exit(2);
	for (int k = 0; p.memory && k < REPEATS; k++) {
		double start = ct_seconds(), s;

		ct_pool_run(pool, shares, multiply, &p);
		s = ct_seconds() - start;
		best = k == 0 || s < best ? s : best;
	}
	for (int k = 0; p.memory && k < 3 * shares; k++)
		free(p.memory[k]);
	free(p.memory);
	return best;
}

static int
bench_model(struct bench *b, struct ct_error *err)
{
	const struct ct_net_shape *s = &b->net.s;
	struct ct_train_model_options o = b->recipe.model;
	struct product list[4 * 64 + 1];
	struct ct_checkpoint none = { 0 };
	struct laps laps = { 0 };
	struct ct_reporter reporter;
	double gflop = 0, alone, rows = 0;
	int n = 0, code;

	o.steps = MODEL_STEPS;
	ct_reporter_start(&reporter, lap, &laps, "transformer", o.steps);
	if ((code = ct_fit_model(&b->net, b->corpus, &o, b->pool, &reporter, &none, err)) != CT_OK)
		return code;
	for (int i = 0; i < b->corpus->n_sentences; i++)
		rows += (b->corpus->sentences[i].n - 1) / (double)b->corpus->n_sentences;
	for (int l = 0; l < s->L && l < 64; l++) {
		list[n++] = (struct product){ s->D, (s->H + 2 * s->H_kv) * s->head };
		list[n++] = (struct product){ s->H * s->head, s->D };
		list[n++] = (struct product){ s->D, 2 * s->mlp };
		list[n++] = (struct product){ s->mlp, s->D };
	}
	list[n++] = (struct product){ s->D, s->V };
	alone = time_products(b->pool, list, n, (int)(rows * o.batch), &gflop);
	printf("\"model\":{\"L\":%d,\"D\":%d,\"H\":%d,\"mlp\":%d,\"V\":%d,\"batch\":%d,\"length\":%.2f,"
	    "\"step\":%.6f,\"products\":%.6f,\"gflop\":%.4f}", s->L, s->D, s->H, s->mlp, s->V, o.batch, rows,
	    laps.fastest, alone, gflop);
	return CT_OK;
}

static int
bench_transcoder(struct bench *b, struct ct_error *err)
{
	struct ct_train_transcoder_options o = b->recipe.clt;
	struct ct_train_transcoder_shape shape = { .L = b->net.s.L, .D = b->net.s.D, .F = o.features };
	struct product list[64 * 2];
	struct ct_checkpoint none = { 0 };
	struct laps laps = { 0 };
	struct ct_reporter reporter;
	struct ct_train_transcoder transcoder;
	double gflop = 0, alone;
	int n = 0, code;

	o.steps = TRANSCODER_STEPS;
	if ((code = ct_mlp_rows_collect(&b->mlp_rows, &b->net, b->corpus, b->pool, err)) != CT_OK ||
	    (code = ct_train_transcoder_open(&transcoder, &shape, err)) != CT_OK)
		return code;
	ct_reporter_start(&reporter, lap, &laps, "transcoder", o.steps);
	code = ct_fit_transcoder(&transcoder, &b->mlp_rows, &o, b->pool, &reporter, &none, err);
	ct_train_transcoder_close(&transcoder);
	for (int l = 0; l < shape.L && l < 64; l++) {
		list[n++] = (struct product){ shape.D, shape.F };
		list[n++] = (struct product){ shape.F, (shape.L - l) * shape.D };
	}
	alone = time_products(b->pool, list, n, o.batch, &gflop);
	printf(",\"transcoder\":{\"L\":%d,\"D\":%d,\"F\":%d,\"batch\":%d,\"step\":%.6f,"
	    "\"products\":%.6f,\"gflop\":%.4f}",
	    shape.L, shape.D, shape.F, o.batch, laps.fastest, alone, gflop);
	return code;
}

int
main(int argc, char **argv)
{
	struct bench b = { 0 };
	struct ct_error err = { 0 };
	int code;

	if (argc != 3)
		return fprintf(stderr, "usage: train_step RECIPE THREADS\n"), 2;
	if ((code = ct_yaml_open(&b.doc, argv[1], NULL, 0, &err)) != CT_OK ||
	    (code = ct_train_recipe_read(&b.recipe, b.doc, &err)) != CT_OK ||
	    (code = ct_corpus_build(&b.corpus, b.doc, &err)) != CT_OK ||
	    (code = ct_pool_open(&b.pool, (int)strtol(argv[2], NULL, 10), &err)) != CT_OK)
		goto done;
	b.recipe.model.shape.V = b.corpus->n_words;
	if ((code = ct_net_open(&b.net, &b.recipe.model.shape, &err)) != CT_OK)
		goto done;
	printf("{\"threads\":%d,", ct_pool_threads(b.pool));
	if ((code = bench_model(&b, &err)) == CT_OK)
		code = bench_transcoder(&b, &err);
	printf("}\n");
done:
	if (code != CT_OK)
		fprintf(stderr, "train_step: %s\n", err.msg);
	ct_mlp_rows_free(&b.mlp_rows);
	ct_net_close(&b.net);
	ct_pool_close(b.pool);
	ct_corpus_free(b.corpus);
	ct_yaml_close(b.doc);
	return code == CT_OK ? 0 : 2;
}
