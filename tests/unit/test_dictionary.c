/*
 * dictionary and lookups: the features that they start with. Outputs that are sums of two parts are taken
 * apart into the parts; inputs with one output share a feature. Few rows, rows that do not count, and an MLP
 * that writes nothing do no harm.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "train/dictionary.h"
#include "train/lookups.h"

enum {
	SUBJECTS = 12, QUESTIONS = 5, PARTS = SUBJECTS + QUESTIONS, COMBINED = SUBJECTS * QUESTIONS,
	WIDTH = 48
};

/* Each row is a subject with a question; inputs and outputs are sums of a part for either. */
static void
combine_parts(struct ct_mlp_rows *a)
{
	float in[PARTS][WIDTH], out[PARTS][WIDTH];
	struct ct_rng rng;

	memset(a, 0, sizeof *a);
	a->N = COMBINED;
	a->L = 1;
	a->D = WIDTH;
	a->x = ct_arena_alloc(&a->arena, COMBINED * WIDTH, sizeof(float));
	a->y = ct_arena_alloc(&a->arena, COMBINED * WIDTH, sizeof(float));
	assert_true(a->x && a->y);
	ct_rng_seed(&rng, 6, 0);
	for (int p = 0; p < PARTS; p++)
		for (int d = 0; d < WIDTH; d++) {
			in[p][d] = (float)(2 * ct_rng_uniform(&rng) - 1);
			out[p][d] = (float)(2 * ct_rng_uniform(&rng) - 1);
		}
	for (int t = 0; t < COMBINED; t++)
		for (int d = 0; d < WIDTH; d++) {
			a->x[t * WIDTH + d] = in[t % SUBJECTS][d] + in[SUBJECTS + t / SUBJECTS][d];
			a->y[t * WIDTH + d] = out[t % SUBJECTS][d] + out[SUBJECTS + t / SUBJECTS][d];
		}
}

/* Feature f's pre-activation on row t, in double. */
static double
reads(const struct ct_train_transcoder *c, const struct ct_mlp_rows *a, int f, int t)
{
	const float *p = c->params.w, *enc = p + c->layers[0].enc + (size_t)f * WIDTH;
	double h = (double)p[c->layers[0].b_enc + (size_t)f];

	for (int d = 0; d < WIDTH; d++)
		h += (double)enc[d] * (double)a->x[t * WIDTH + d];
	return h;
}

enum { GROUPS = 8, MEMBERS = 5, ROWS = GROUPS * MEMBERS };

/* Random inputs, of which MEMBERS have the same output. */
static void
make_rows(struct ct_mlp_rows *a)
{
	struct ct_rng rng;

	memset(a, 0, sizeof *a);
	a->N = ROWS;
	a->L = 1;
	a->D = WIDTH;
	a->x = ct_arena_alloc(&a->arena, ROWS * WIDTH, sizeof(float));
	a->y = ct_arena_alloc(&a->arena, ROWS * WIDTH, sizeof(float));
	assert_true(a->x && a->y);
	ct_rng_seed(&rng, 5, 0);
	for (int i = 0; i < ROWS * WIDTH; i++)
		a->x[i] = (float)(2 * ct_rng_uniform(&rng) - 1);
	for (int i = 0; i < GROUPS * WIDTH; i++)
		a->y[i] = (float)(2 * ct_rng_uniform(&rng) - 1);
	for (int t = GROUPS; t < ROWS; t++)
		memcpy(a->y + t * WIDTH, a->y + t % GROUPS * WIDTH, WIDTH * sizeof(float));
}

/* One feature for all inputs with one output: 1 there, silent elsewhere, and it writes the output. */
static void
lookups_are_grouped(void **state)
{
	const struct ct_train_transcoder_shape shape = { .L = 1, .D = WIDTH, .F = GROUPS + 2 };
	struct ct_train_transcoder c;
	struct ct_mlp_rows a;
	struct ct_rng rng;

	(void)state;
	make_rows(&a);
	ct_rng_seed(&rng, 1, 0);
	assert_int_equal(ct_train_transcoder_open(&c, &shape, NULL), CT_OK);
	ct_train_transcoder_init(&c, .03, &rng);
	assert_int_equal(ct_lookups_start(&c, &a, 0, .9, NULL), CT_OK);
	for (int f = 0; f < GROUPS; f++) {
		for (int t = 0; t < ROWS; t++) {
			if (t % GROUPS == f)
				assert_float_equal(reads(&c, &a, f, t), 1, 1e-3);
			else
				assert_true(reads(&c, &a, f, t) < 0);
		}
		for (int d = 0; d < WIDTH; d++)
			assert_float_equal(c.params.w[c.layers[0].dec + (size_t)(f * WIDTH + d)],
			    a.y[f * WIDTH + d], 1e-5);
	}
	for (int t = 0; t < ROWS; t++)
		assert_true(reads(&c, &a, GROUPS, t) == -1);
	ct_train_transcoder_close(&c);
	ct_arena_free(&a.arena);
}

/* Whether feature f is active exactly where the part is. */
static bool
stands_for(const struct ct_train_transcoder *c, const struct ct_mlp_rows *a, int f, int part)
{
	double threshold = exp((double)c->params.w[c->layers[0].log_threshold + (size_t)f]);
	bool exact = true;

	for (int t = 0; t < COMBINED && exact; t++) {
		bool there = part < SUBJECTS ? t % SUBJECTS == part : t / SUBJECTS == part - SUBJECTS;

		exact = (reads(c, a, f, t) > threshold) == there;
	}
	return exact;
}

/* The parts become atoms, although every row is a combination. */
static void
dictionaries_come_apart(void **state)
{
	const struct ct_train_transcoder_shape shape = { .L = 1, .D = WIDTH, .F = PARTS + 4 };
	float importance[COMBINED];
	struct ct_train_transcoder c;
	struct ct_mlp_rows a;
	struct ct_rng rng;
	int found = 0;

	(void)state;
	combine_parts(&a);
	for (int t = 0; t < COMBINED; t++)
		importance[t] = 1;
	ct_rng_seed(&rng, 4, 0);
	assert_int_equal(ct_train_transcoder_open(&c, &shape, NULL), CT_OK);
	ct_train_transcoder_init(&c, .03, &rng);
	assert_int_equal(ct_dictionary_start(&c, &a, 0, importance, PARTS, .05, &rng, NULL), CT_OK);
	for (int part = 0; part < PARTS; part++) {
		bool own = false;

		for (int f = 0; f < PARTS; f++)
			own |= stands_for(&c, &a, f, part);
		found += own;
	}
	if (found < PARTS - 2)
		fail_msg("%d of %d parts have a feature", found, PARTS);
	for (int t = 0; t < COMBINED; t++)
		assert_true(reads(&c, &a, PARTS, t) == -1);
	ct_train_transcoder_close(&c);
	ct_arena_free(&a.arena);
}

/* The share of the square of row t's output that its features do not write. */
static double
unwritten(const struct ct_train_transcoder *c, const struct ct_mlp_rows *a, int t)
{
	const float *p = c->params.w, *y = a->y + (size_t)t * WIDTH;
	double left = 0, whole = 0, out[WIDTH] = { 0 };

	for (int f = 0; f < c->s.F; f++) {
		double h = reads(c, a, f, t);

		if (h > exp((double)p[c->layers[0].log_threshold + (size_t)f]))
			for (int d = 0; d < WIDTH; d++)
				out[d] += h * (double)p[c->layers[0].dec + (size_t)f * WIDTH + (size_t)d];
	}
	for (int d = 0; d < WIDTH; d++) {
		left += pow((double)y[d] - out[d], 2);
		whole += pow((double)y[d], 2);
	}
	return left / whole;
}

/* Opens a transcoder of F features and starts it from a, with as many atoms. */
static void
start(struct ct_train_transcoder *c, const struct ct_mlp_rows *a, int F, const float *importance)
{
	const struct ct_train_transcoder_shape shape = { .L = 1, .D = WIDTH, .F = F };
	struct ct_rng rng;

	ct_rng_seed(&rng, 4, 0);
	assert_int_equal(ct_train_transcoder_open(c, &shape, NULL), CT_OK);
	ct_train_transcoder_init(c, .03, &rng);
	assert_int_equal(ct_dictionary_start(c, a, 0, importance, F + 9, .05, &rng, NULL), CT_OK);
}

/* More atoms than rows and than features; rows without importance have no say. */
static void
a_few_rows_are_enough(void **state)
{
	float importance[COMBINED] = { 0 };
	struct ct_train_transcoder c;
	struct ct_mlp_rows a;

	(void)state;
	combine_parts(&a);
	a.N = SUBJECTS;
	for (int t = 0; t < a.N - 1; t++)
		importance[t] = 1;
	start(&c, &a, SUBJECTS + 8, importance);
	for (int t = 0; t < a.N - 1; t++)
		if (!(unwritten(&c, &a, t) < .1))
			fail_msg("row %d: %.3f is not written", t, unwritten(&c, &a, t));
	if (!(unwritten(&c, &a, a.N - 1) > .5))
		fail_msg("the row that does not count: only %.3f is not written", unwritten(&c, &a, a.N - 1));
	ct_train_transcoder_close(&c);
	ct_arena_free(&a.arena);
}

/* An MLP that writes nothing but b_dec, or no input at all, leaves all features silent. */
static void
nothing_has_no_features(void **state)
{
	float importance[COMBINED];
	struct ct_train_transcoder c;
	struct ct_mlp_rows a;

	(void)state;
	for (int t = 0; t < COMBINED; t++)
		importance[t] = 1;
	for (int input = 0; input < 2; input++) {
		combine_parts(&a);
		memset(input ? a.x : a.y, 0, COMBINED * WIDTH * sizeof(float));
		start(&c, &a, PARTS, importance);
		for (int f = 0; f < PARTS; f++)
			for (int t = 0; t < COMBINED; t++)
				assert_true(reads(&c, &a, f, t) == -1);
		ct_train_transcoder_close(&c);
		ct_arena_free(&a.arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lookups_are_grouped),
		cmocka_unit_test(dictionaries_come_apart),
		cmocka_unit_test(a_few_rows_are_enough),
		cmocka_unit_test(nothing_has_no_features),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
