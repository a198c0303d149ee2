/* The best few of many, against a sort of all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/best.h"
#include "base/random.h"

enum { MOST = 40 };

/* Of 5 bytes of which two count, so that neither the size nor what is compared is a whole number of words. */
struct item {
	unsigned char key, pad[2], was[2];
};

static int
by_key(const void *a, const void *b, void *ctx)
{
	const struct item *x = a, *y = b;

	++*(int *)ctx;
	return x->key - y->key;
}

static void
keeps_the_first_of_a_stable_sort(void **state)
{
	static const unsigned keys[] = { 1, 3, 256 };
	struct item all[MOST], best[MOST], untouched;
	struct ct_rng rng;

	(void)state;
	memset(&untouched, 0x55, sizeof untouched);
	ct_rng_seed(&rng, 1, 0);
	for (int round = 0; round < 2000; round++) {
		int n = (int)ct_rng_below(&rng, MOST), most = (int)ct_rng_below(&rng, MOST);
		int kept = 0, compared = 0;

		memset(best, 0x55, sizeof best);
		for (int i = 0; i < n; i++) {
			int before = kept, calls = compared;
			bool is_kept;

			all[i] = (struct item){ .key = (unsigned char)ct_rng_below(&rng, keys[round % 3]),
			    .was = { (unsigned char)i, (unsigned char)(i ^ 0xff) } };
			is_kept = ct_best_keep(best, &kept, most, &all[i], sizeof *all, by_key, &compared);
			assert_int_equal(kept, before + (before < most));
			assert_true(is_kept ? most > 0 : before == most && compared - calls <= 1);
		}
		ct_sort(all, (size_t)n, sizeof *all, by_key, &compared);
		assert_int_equal(kept, n < most ? n : most);
		assert_memory_equal(best, all, (size_t)kept * sizeof *all);
		for (int i = kept; i < MOST; i++)
			assert_memory_equal(&best[i], &untouched, sizeof untouched);
	}
}

static int
by_value(const void *a, const void *b, void *ctx)
{
	const float *x = ctx;
	float u = x[*(const int *)a], v = x[*(const int *)b];

	return (u < v) - (u > v);
}

static void
finds_the_largest(void **state)
{
	struct ct_rng rng;

	(void)state;
	ct_rng_seed(&rng, 2, 0);
	for (int round = 0; round < 2000; round++) {
		int n = (int)ct_rng_below(&rng, MOST), most = (int)ct_rng_below(&rng, MOST);
		int sorted[MOST], out[MOST], numbers = 0, found;
		float x[MOST];

		for (int i = 0; i < n; i++) {
			x[i] = round % 2 ? (float)ct_rng_below(&rng, 4) - 2 : ct_rng_normal(&rng);
			x[i] = ct_rng_below(&rng, 8) == 0 ? NAN : ct_rng_below(&rng, 16) ? x[i] : -INFINITY;
			if (!isnan(x[i]))
				sorted[numbers++] = i;
		}
		ct_sort(sorted, (size_t)numbers, sizeof *sorted, by_value, x);
		memset(out, -1, sizeof out);
		found = ct_best_largest(n, x, most, out);
		assert_int_equal(found, numbers < most ? numbers : most);
		assert_memory_equal(out, sorted, (size_t)found * sizeof *out);
		for (int i = found; i < MOST; i++)
			assert_int_equal(out[i], -1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_first_of_a_stable_sort),
		cmocka_unit_test(finds_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
