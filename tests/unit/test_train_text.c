/* Transcoders learned from text: the choice of features, the rows that are fed, and trainings that go on. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "fixture.h"
#include "model/linear.h"
#include "scratch.h"
#include "train/batch_topk.h"
#include "train/fit_text.h"

enum { WINDOWS = 24, LONG = 9 };

static int
falling(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x < y) - (x > y);
}

/* Of B*F scores, the cutoff and the features above it are those of a sorted list. */
static void
batch_topk_is_a_sort(void **state)
{
	enum { B = 13, F = 29 };
	float h[B * F], norm[F], theta[F], scratch[B * F], sorted[B * F];
	struct ct_rng rng;

	(void)state;
	ct_rng_seed(&rng, 3, 0);
	for (int round = 0; round < 200; round++) {
		int k = 1 + (int)ct_rng_below(&rng, 8), above = 0, positive = 0;
		float hint = round % 3 == 0 ? 0 : 3 * ct_rng_uniform(&rng), cutoff;

		for (int i = 0; i < B * F; i++)
			h[i] = ct_rng_normal(&rng) + (round % 5 == 0 ? -2 : 0);
		for (int f = 0; f < F; f++)
			norm[f] = f == 4 ? 0 : .2f + ct_rng_uniform(&rng);
		for (int i = 0; i < B * F; i++) {
			sorted[i] = h[i] * norm[i % F];
			positive += sorted[i] > 0;
		}
		qsort(sorted, B * F, sizeof *sorted, falling);
		cutoff = ct_batch_topk(B, F, h, norm, k, hint, theta, scratch);
		assert_true(cutoff == (positive > B * k ? sorted[B * k] : 0));
		for (int i = 0; i < B * F; i++)
			above += h[i] > theta[i % F];
		assert_true(abs(above - (positive > B * k ? B * k : positive)) <= 1);	/* theta is rounded */
	}
}

/* Windows of random tokens, of several lengths, some held out. */
static struct ct_corpus *
make_corpus(int V)
{
	struct ct_corpus *c = calloc(1, sizeof *c);
	struct ct_rng rng;

	assert_non_null(c);
	c->sentences = ct_arena_alloc(&c->arena, WINDOWS, sizeof *c->sentences);
	c->tokens = ct_arena_alloc(&c->arena, WINDOWS * LONG, sizeof *c->tokens);
	ct_rng_seed(&rng, 5, 0);
	for (int i = 0; i < WINDOWS; i++) {
		int n = i % 5 == 0 ? LONG - 4 : LONG;

		c->sentences[c->n_sentences++] = (struct ct_sentence){ .first = c->n_tokens, .n = n,
			.held_out = i % 7 == 6 };
		for (int t = 0; t < n; t++)
			c->tokens[c->n_tokens++] = (int)ct_rng_below(&rng, (uint32_t)V);
	}
	return c;
}

struct subject {
	struct ct_model *m;
	struct ct_corpus *c;
	struct ct_feed_options feed;
};

static void
open_subject(struct subject *s, const struct ct_config *cfg, bool per_layer)
{
	struct ct_shape shape = { .cfg = *cfg, .seed = 9 };

	assert_int_equal(ct_model_random(&s->m, &shape, NULL), CT_OK);
	s->c = make_corpus(cfg->V);
	s->feed = (struct ct_feed_options){ .m = s->m, .c = s->c, .per_layer = per_layer, .buffer = 60,
	    .batch = 16,
		.passes = 2, .seed = 4, .path = "stream", .key = 77 };
}

static void
close_subject(struct subject *s)
{
	ct_corpus_free(s->c);
	ct_model_close(s->m);
}

/* 1/|stream|^2 behind layer l, as an error in what is written at t counts. */
static double
naive_weight(const struct ct_pass *p, const struct ct_feed *feed, int l, int t)
{
	int D = p->m->cfg.D;
	const float *x = p->x + ((size_t)(l + 1) * (size_t)p->T + (size_t)t) * (size_t)D;
	double stream = 0, scale = 1;

	for (int d = 0; d < D; d++)
		stream += (double)x[d] * (double)x[d];
	if (feed->hooks.write == CT_WRITE_MLP && p->m->layers[l].post2.w)
		scale = (double)p->post2[l * p->T + t];
	return scale * scale / stream;
}

/*
 * The feed's rows of layer l (k-th of the buffer) are those of whole runs of the windows, in the order of the
 * load, and only divided by the scales.
 */
static void
compare_rows(const struct subject *s, const struct ct_feed *feed, int l, int k)
{
	const struct ct_mlp_rows *a = &feed->rows;
	const struct ct_feed_scales *scale = &feed->scales[k];
	int D = s->m->cfg.D, row = 0;

	for (int i = feed->place.from; i < feed->place.to; i++) {
		const struct ct_sentence *w = &s->c->sentences[feed->windows[i]];
		struct ct_arena arena = { 0 };
		struct ct_pass p;
		float *scratch, *read;
		const float *written;

		assert_false(w->held_out);
		assert_int_equal(ct_pass_init(&p, s->m, w->n, &arena, NULL), CT_OK);
		scratch = ct_arena_alloc(&arena, ct_layer_scratch(s->m, w->n), sizeof *scratch);
		read = ct_arena_alloc(&arena, (size_t)(w->n * D), sizeof *read);
		assert_int_equal(ct_forward(&p, s->c->tokens + w->first, scratch, NULL, NULL), CT_OK);
		ct_read_stream(s->m, &feed->hooks, w->n, p.mid + l * w->n * D, p.mlp_in + l * w->n * D,
		    p.scale2 + l * w->n, read);
		written = ct_pass_written(&p, &feed->hooks, l);
		for (int t = p.start; t < w->n; t++, row++) {
			const float *x = a->x + (row * a->L + k) * D, *y = a->y + (row * a->L + k) * D;

			assert_true(fabs(a->weight[row * a->L + k] / naive_weight(&p, feed, l,
			    t) / scale->weight -
			    1) < 1e-4);
			for (int d = 0; d < D; d++) {
				assert_true(x[d] == read[t * D + d] / scale->x);
				assert_true(y[d] == written[t * D + d] / scale->y);
			}
		}
		ct_arena_free(&arena);
	}
	assert_int_equal(row, a->N);
}

/* Each layer from its work file, and all at once: the rows of whole runs in memory, at all hooks. */
static void
feeds_are_whole_runs(void **state)
{
	const struct ct_config *const families[] = { &fixture_llama, &fixture_gpt2, &fixture_qwen3,
	    &fixture_gemma2,
		&fixture_gemma3 };

	(void)state;
	for (int i = 0; i < 5 * 6; i++) {
		struct subject s;
		struct ct_feed feed;
		const int *rows;

		open_subject(&s, families[i % 5], i % 2 == 0);
		s.feed.read = (enum ct_read_point)(i / 5 % 3);
		s.feed.write = (enum ct_write_point)(i / 5 / 3);
		assert_int_equal(ct_feed_open(&feed, &s.feed, NULL), CT_OK);
		for (int l = 0; l < (s.feed.per_layer ? s.m->cfg.L : 1); l++) {
			for (int k = 0; k < feed.rows.L; k++)
				feed.scales[k].weight = 0;
			assert_int_equal(ct_feed_layer(&feed, l, NULL, NULL), CT_OK);
			for (int n = 0; n < 40; n++) {	/* several loads and epochs */
				assert_int_equal(ct_feed_next(&feed, &rows, NULL, NULL), CT_OK);
				for (int k = 0; k < feed.rows.L && n % 9 == 0; k++)
					compare_rows(&s, &feed, s.feed.per_layer ? l : k, k);
			}
			assert_true(feed.place.epoch > 0);
		}
		ct_feed_close(&feed);
		close_subject(&s);
		remove("stream");
	}
}

/* An epoch has each window once, but for those at its end that are too few for a batch. */
static void
an_epoch_has_each_window_once(void **state)
{
	struct subject s;
	struct ct_feed feed;
	const int *rows;
	char seen[WINDOWS] = { 0 };
	int load = -1, epoch = 0;

	(void)state;
	open_subject(&s, &fixture_llama, false);
	assert_int_equal(ct_feed_open(&feed, &s.feed, NULL), CT_OK);
	assert_int_equal(ct_feed_layer(&feed, 0, NULL, NULL), CT_OK);
	while (epoch < 5) {
		assert_int_equal(ct_feed_next(&feed, &rows, NULL, NULL), CT_OK);
		if (feed.place.load == load)
			continue;
		load = feed.place.load;
		if (feed.place.epoch != epoch) {
			int left = 0;

			for (int i = 0; i < WINDOWS; i++)
				left += s.c->sentences[i].held_out || seen[i] ? 0 : s.c->sentences[i].n - 1;
			assert_true(left < s.feed.batch);
			memset(seen, 0, sizeof seen);
			epoch = feed.place.epoch;
		}
		for (int i = feed.place.from; i < feed.place.to; i++)
			assert_int_equal(seen[feed.windows[i]]++, 0);
	}
	ct_feed_close(&feed);
	close_subject(&s);
}

/* Every pass over a load draws each row once at most, and a skip leads to the same batch as reading on. */
static void
batches_are_drawn_without_replacement(void **state)
{
	struct subject s;
	struct ct_feed feed, skipped;
	const int *rows, *again;
	char seen[60];

	(void)state;
	open_subject(&s, &fixture_llama, false);
	assert_int_equal(ct_feed_open(&feed, &s.feed, NULL), CT_OK);
	assert_int_equal(ct_feed_open(&skipped, &s.feed, NULL), CT_OK);
	assert_int_equal(ct_feed_layer(&feed, 0, NULL, NULL), CT_OK);
	for (int n = 0; n < 50; n++) {
		int per_pass;

		assert_int_equal(ct_feed_next(&feed, &rows, NULL, NULL), CT_OK);
		per_pass = feed.place.rows / s.feed.batch;
		if ((feed.place.batch - 1) % per_pass == 0)
			memset(seen, 0, sizeof seen);
		for (int t = 0; t < s.feed.batch; t++)
			assert_int_equal(seen[rows[t]]++, 0);
		ct_feed_skip(&skipped, n);
		assert_int_equal(ct_feed_next(&skipped, &again, NULL, NULL), CT_OK);
		assert_memory_equal(rows, again, (size_t)s.feed.batch * sizeof *rows);
		assert_int_equal(feed.place.load, skipped.place.load);
	}
	ct_feed_close(&feed);
	ct_feed_close(&skipped);
	close_subject(&s);
}

/* A text that is too short, and a buffer too small for a batch and a window, are refused. */
static void
what_is_too_small_is_refused(void **state)
{
	struct ct_error err;
	struct ct_feed feed;
	struct subject s;

	(void)state;
	open_subject(&s, &fixture_llama, false);
	s.feed.batch = 1000;
	s.feed.buffer = 2000;
	assert_int_equal(ct_feed_open(&feed, &s.feed, &err), CT_EINVAL);
	assert_non_null(strstr(err.msg, "the text is too short"));
	ct_feed_close(&feed);
	s.feed.batch = s.feed.buffer = 20;
	assert_int_equal(ct_feed_open(&feed, &s.feed, &err), CT_EINVAL);
	assert_non_null(strstr(err.msg, "give a larger `buffer:`"));
	ct_feed_close(&feed);
	close_subject(&s);
}

enum { MOST_LAYERS = 8 };

/* What a training made of each layer, and when it is to fail. */
struct result {
	float *w[MOST_LAYERS];
	size_t n;
	int fail_at;			/* layer; -1: never */
};

static int
take(void *ctx, const struct ct_train_transcoder *c, int l, struct ct_error *err)
{
	struct result *r = ctx;

	r->n = c->params.count;
	free(r->w[l]);
	r->w[l] = malloc(r->n * sizeof(float));
	assert_non_null(r->w[l]);
	memcpy(r->w[l], c->params.w, r->n * sizeof(float));
	return l == r->fail_at ? ct_fail(err, CT_ECANCELLED, "stopped") : CT_OK;
}

static int
train(struct subject *s, const struct ct_own_transcoder *o, struct result *r, const char *work)
{
	struct ct_checkpoint checkpoint = { 0 };
	struct ct_reporter reporter;
	struct ct_fit_text fit = { .o = o, .feed = &s->feed, .reporter = &reporter, .checkpoint = &checkpoint,
		.done = take, .ctx = r };
	bool foreign;
	int code;

	if (work)
		assert_int_equal(ct_checkpoint_open(&checkpoint, work, 1, 0, &foreign, NULL), CT_OK);
	ct_reporter_start(&reporter, NULL, NULL, "test", o->steps);
	code = ct_fit_text_run(&fit, NULL);
	ct_checkpoint_close(&checkpoint);
	return code;
}

static struct ct_own_transcoder
options(bool per_layer, bool topk)
{
	return (struct ct_own_transcoder){ .wanted = true, .per_layer = per_layer, .features = 24, .l0 = 4,
		.topk = topk, .seed = 2, .steps = 60, .batch = 16, .rate = 3e-3, .beta1 = .9, .beta2 = .999,
		.warmup = .02, .cooldown = .3, .buffer = 60, .passes = 2, .dead_after = 40, .bandwidth = .3,
		.threshold_rate = 1, .sharpness = 4 };
}

/* Interrupted after every layer, and gone on with: the same bytes as in one go. */
static void
a_training_goes_on_to_the_same_bytes(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct ct_own_transcoder o = options(kind % 2 == 0, kind < 2);
		struct result whole = { .fail_at = -1 }, parts = { .fail_at = -1 };
		struct subject s;
		int layers;

		open_subject(&s, &fixture_llama, o.per_layer);
		layers = o.per_layer ? s.m->cfg.L : 1;
		assert_true(layers <= MOST_LAYERS);
		assert_int_equal(train(&s, &o, &whole, NULL), CT_OK);
		for (parts.fail_at = 0; parts.fail_at < layers; parts.fail_at++)
			assert_int_equal(train(&s, &o, &parts, "work"), CT_ECANCELLED);
		parts.fail_at = -1;
		assert_int_equal(train(&s, &o, &parts, "work"), CT_OK);
		for (int l = 0; l < layers; l++) {
			assert_memory_equal(whole.w[l], parts.w[l], whole.n * sizeof(float));
			free(whole.w[l]);
			free(parts.w[l]);
		}
		close_subject(&s);
		remove("work");
		remove("stream");
	}
}

/* The buffer's rows as the model has them. */
static void
unscale_rows(struct ct_feed *f)
{
	int D = f->rows.D;

	for (int t = 0; t < f->rows.N; t++)
		for (int l = 0; l < f->rows.L; l++)
			for (int d = 0; d < D; d++) {
				f->rows.x[(t * f->rows.L + l) * D + d] *= f->scales[l].x;
				f->rows.y[(t * f->rows.L + l) * D + d] *= f->scales[l].y;
			}
}

/* A transcoder explains most of a small MLP on what it learned from, with the wanted number of features. */
static void
it_learns(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct ct_own_transcoder o = options(kind % 2 == 0, kind < 2);
		struct result r = { .fail_at = -1 };
		struct ct_train_transcoder c;
		struct ct_train_transcoder_pass *pass;
		struct ct_train_transcoder_sums sums = { 0 };
		struct ct_feed feed;
		struct subject s;
		double error = 0, total = 0;
		const float *yhat;
		size_t wide;

		o.steps = 1500;
		o.features = 96;
		o.l0 = 6;
		open_subject(&s, &fixture_llama, o.per_layer);
		assert_int_equal(train(&s, &o, &r, NULL), CT_OK);
		assert_int_equal(ct_feed_open(&feed, &s.feed, NULL), CT_OK);
		assert_int_equal(ct_feed_layer(&feed, 0, NULL, NULL), CT_OK);
		assert_int_equal(ct_feed_fill(&feed, NULL, NULL), CT_OK);
		assert_int_equal(ct_train_transcoder_open(&c, &(struct ct_train_transcoder_shape){
		    .L = feed.rows.L, .D = feed.rows.D, .F = o.features, .per_layer = o.per_layer }, NULL),
		    CT_OK);
		assert_int_equal(ct_train_transcoder_pass_open(&pass, &c.s, 60, NULL), CT_OK);
		memcpy(c.params.w, r.w[0], r.n * sizeof(float));
		wide = (size_t)feed.rows.L * (size_t)feed.rows.D;
		unscale_rows(&feed);
		yhat = ct_train_transcoder_forward(pass, &c, feed.rows.N, feed.rows.x, &sums, NULL);
		for (size_t d = 0; d < wide; d++) {
			double mean = 0;

			for (int t = 0; t < feed.rows.N; t++)
				mean += (double)feed.rows.y[(size_t)t * wide + d] / feed.rows.N;
			for (int t = 0; t < feed.rows.N; t++) {
				double y = (double)feed.rows.y[(size_t)t * wide + d];

				total += (y - mean) * (y - mean);
				error += pow(y - (double)yhat[(size_t)t * wide + d], 2);
			}
		}
		print_message("kind %d: explained %.3f, L0 %.2f\n", kind, 1 - error / total,
		    sums.active / feed.rows.N / feed.rows.L);
		assert_true(error < .3 * total);
		assert_true(fabs(sums.active / feed.rows.N / feed.rows.L / o.l0 - 1) < .25);
		ct_train_transcoder_pass_close(pass);
		ct_train_transcoder_close(&c);
		ct_feed_close(&feed);
		for (int l = 0; l < MOST_LAYERS; l++)
			free(r.w[l]);
		close_subject(&s);
		remove("stream");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batch_topk_is_a_sort),
		cmocka_unit_test(feeds_are_whole_runs),
		cmocka_unit_test(an_epoch_has_each_window_once),
		cmocka_unit_test(batches_are_drawn_without_replacement),
		cmocka_unit_test(what_is_too_small_is_refused),
		cmocka_unit_test(a_training_goes_on_to_the_same_bytes),
		cmocka_unit_test(it_learns),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
