/*
 * Generation with the key-value cache against running everything anew, with and without clamps; sampling.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "naive.h"
#include "trace/generate.h"

enum { GENERATED = 6 };

/*
 * Generates greedily with the cache, and runs prompt and tokens so far anew for every step, without one, in
 * double: the same logits. Each of these runs applies the prompt's mode and every clamp's scope from the
 * beginning: in frozen mode the prompt has the patterns of its own run without clamps, what is generated is
 * live. Clamps hold one value wherever they reach, so it does not matter what the original activation there
 * would be.
 */
static void
compare_generation(struct fixture *f, const struct ct_shape *s, const struct ct_clamp *clamps, int n,
    enum ct_mode mode)
{
	struct ct_clamp_options opt = { .mode = mode };
	struct naive_hold hold = { .tc = f->tc, .clamps = clamps, .n_clamps = n };
	int T = f->T, V = s->cfg.V, D = s->cfg.D, ids[64];
	struct ct_changed start = fixture_clamp(f, clamps, n, opt);
	struct naive_run original, whole;
	struct ct_error err = { 0 };
	struct ct_generator g;

	naive_run(&original, f->m, f->ids, T, NULL, NULL, NULL);
	hold.pattern = original.pattern;
	hold.n_held = mode == CT_FROZEN ? T : 0;
	memcpy(ids, f->ids, (size_t)T * sizeof *ids);
	assert_int_equal(
	    ct_generator_init(&g, &f->prompt->lrm, GENERATED, &(struct ct_generator_start){
		n ? start.k : f->prompt->pass.k, n ? start.v : f->prompt->pass.v,
		start.final + (size_t)(T - 1) * D, clamps, n }, &f->arena, &err), CT_OK);
	for (int i = 0; i <= GENERATED; i++) {
		double worst = 0, largest = 0;

		naive_run(&whole, f->m, ids, T + i, NULL, NULL, &hold);
		for (int v = 0; v < V; v++) {
			double want = naive_logit(f->m, v, whole.final + (T + i - 1) * D);

			worst = fmax(worst, fabs(want - (double)ct_generator_logits(&g)[v]));
			largest = fmax(largest, fabs(want));
		}
		naive_run_free(&whole);
		if (worst > 2e-5 * largest)
			fail_msg("token %d: logits differ by %g of %g", i, worst, largest);
		ids[T + i] = ct_sample(ct_generator_logits(&g), V, 0, NULL);
		if (i < GENERATED)
			assert_int_equal(ct_generator_push(&g, ids[T + i], &err), CT_OK);
	}
	assert_int_equal(ct_generator_push(&g, 0, &err), CT_EINVAL);
	naive_run_free(&original);
}

static void
check_generation(struct fixture *f, const struct ct_shape *s)
{
	struct ct_clamp all = { .layer = 0, .feature = 3, .pos = CT_ALL_POSITIONS, .amount = 3 };
	struct ct_clamp later = { .layer = 0, .feature = 3, .pos = f->T + 2, .onwards = true, .amount = -4 };
	struct ct_clamp here = { .layer = 0, .feature = 3, .pos = f->T - 1, .amount = 7 };
	struct ct_clamp other = { .layer = 1, .feature = 8, .pos = 2, .onwards = true, .amount = 2 };
	struct ct_clamp off = all;

	off.off = true;
	off.amount = 50;
	if (s->seed % 4 != 1)
		return;
	compare_generation(f, s, NULL, 0, CT_FREE);
	for (int k = 0; k < 2; k++) {
		enum ct_mode mode = k ? CT_FROZEN : CT_FREE;

		compare_generation(f, s, (struct ct_clamp[]){ all, other, off }, 3, mode);
		compare_generation(f, s, (struct ct_clamp[]){ other, here }, 2, mode);
		/* The last one counts, but only where it reaches. */
		compare_generation(f, s, (struct ct_clamp[]){ all, later }, 2, mode);
		compare_generation(f, s, (struct ct_clamp[]){ later, all }, 2, mode);
		compare_generation(f, s, (struct ct_clamp[]){ all, here }, 2, mode);
	}
}

static void
test_generation(void **state)
{
	(void)state;
	fixture_each(5, check_generation);
}

/*
 * A generated position has no original run: multiples and changes refer to the activation that the feature
 * has there. What that is, the unclamped run of the same tokens says, since nothing before is clamped.
 */
static void
check_units(struct fixture *f, const struct ct_shape *s)
{
	int T = f->T, ids[16], compared = 0;
	struct fixture whole = { .m = f->m, .tc = f->tc };
	struct ct_error err = { 0 };

	memcpy(ids, f->ids, (size_t)T * sizeof *ids);
	ids[T] = 5;
	fixture_run(&whole, ids, T + 1);
	for (int i = 0; i < whole.prompt->lrm.n && compared < 3; i++) {
		const struct ct_active *a = &whole.prompt->lrm.active[i];
		struct ct_clamp c[] = { clamp_on(a, CT_MULTIPLE, -2),
			clamp_on(a, CT_ABSOLUTE, -2 * (double)a->act), clamp_on(a, CT_DELTA, 1.5),
			clamp_on(a, CT_ABSOLUTE, (double)a->act + 1.5), clamp_on(a, CT_MULTIPLE, 1),
			clamp_on(a, CT_DELTA, 0) };
		struct ct_generator g[6], plain;

		if (a->pos != T)
			continue;
		compared++;
		for (int k = 0; k < 7; k++) {
			struct ct_generator *to = k < 6 ? &g[k] : &plain;

			if (k < 6)
				c[k].onwards = true;
			assert_int_equal(ct_generator_init(to, &f->prompt->lrm, 1,
			    &(struct ct_generator_start){
			    f->prompt->pass.k, f->prompt->pass.v,
			    f->prompt->pass.final + (size_t)(T - 1) * s->cfg.D, &c[k % 6], k < 6 },
			    &f->arena, &err), CT_OK);
			assert_int_equal(ct_generator_push(to, 5, &err), CT_OK);
		}
		for (int v = 0; v < s->cfg.V; v++) {
			float none = ct_generator_logits(&plain)[v];

			for (int k = 0; k < 4; k += 2) {
				double x = (double)ct_generator_logits(&g[k])[v];
				double y = (double)ct_generator_logits(&g[k + 1])[v];

				assert_true(fabs(x - y) < 1e-4 * (1 + fabs(x)));
			}
			assert_true(
			    ct_generator_logits(&g[4])[v] == none && ct_generator_logits(&g[5])[v] == none);
		}
		assert_memory_not_equal(ct_generator_logits(&g[0]), ct_generator_logits(&plain),
		    (size_t)s->cfg.V * sizeof(float));
		assert_memory_not_equal(ct_generator_logits(&g[2]), ct_generator_logits(&plain),
		    (size_t)s->cfg.V * sizeof(float));
	}
	assert_true(compared > 0);
	ct_arena_free(&whole.arena);
	ct_arena_free(&whole.scratch);
}

static void
test_units(void **state)
{
	(void)state;
	fixture_each(5, check_units);
}

static void
test_sample(void **state)
{
	static const float logits[] = { 1, 3, -2, 3, 0 };
	enum { DRAWS = 20000 };
	double sum = 0;
	struct ct_rng r, again;

	(void)state;
	assert_int_equal(ct_sample(logits, 5, 0, NULL), 1);
	assert_int_equal(ct_sample(logits, 1, 0, NULL), 0);
	for (int v = 0; v < 5; v++)
		sum += exp((double)logits[v] / 2);
	for (int cold = 0; cold < 2; cold++) {
		int count[5] = { 0 };

		ct_rng_seed(&r, 5, 1);
		ct_rng_seed(&again, 5, 1);
		for (int i = 0; i < DRAWS; i++) {
			int v = ct_sample(logits, 5, cold ? 0.01 : 2, &r);

			assert_in_range(v, 0, 4);
			assert_int_equal(v, ct_sample(logits, 5, cold ? 0.01 : 2, &again));
			count[v]++;
		}
		for (int v = 0; v < 5; v++) {
			double p = cold ? (v == 1 || v == 3 ? 0.5 : 0) : exp((double)logits[v] / 2) / sum;

			assert_true(fabs(count[v] - DRAWS * p) <= 5 * sqrt(DRAWS * p));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generation),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
