/*
 * base: arenas, the worker pool, the generator and the error message, as their callers know them.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/sort.h"
#include "base/system.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define is_closed(p) __asan_address_is_poisoned(p)
#else
#define is_closed(p) true
#endif

static bool
all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* Every piece is aligned, zeroed (also where a released one lay) and apart from the others. */
static void
test_arena_pieces(void **state)
{
	static const size_t sizes[] = { 0, 1, 63, 64, 65, 4000, 262144, 262145, 1 << 20 };
	enum { N = sizeof sizes / sizeof *sizes };
	struct ct_arena a = { 0 };
	struct ct_arena_mark empty = ct_arena_mark(&a);

	(void)state;
	for (int round = 0; round < 3; round++) {
		unsigned char *piece[N];

		for (int i = 0; i < N; i++) {
			piece[i] = ct_arena_alloc(&a, sizes[i], 1);
			assert_non_null(piece[i]);
			assert_int_equal((uintptr_t)piece[i] % 64, 0);
			assert_true(all_zero(piece[i], sizes[i]));
			memset(piece[i], 0x10 + i, sizes[i]);
			assert_true(is_closed(piece[i] + sizes[i]));
		}
		for (int i = 0; i < N; i++)
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(piece[i][k], 0x10 + i);
		ct_arena_release(&a, empty);
		assert_true(is_closed(piece[1]));
		assert_int_equal(a.used, 0);
	}
	assert_true(a.peak > 1 << 20);
	ct_arena_free(&a);
	ct_arena_free(&a);
	ct_arena_free(NULL);
}

/* A release keeps what was there at the mark, in the same block or in many later ones. */
static void
test_arena_marks(void **state)
{
	struct ct_arena a = { 0 };
	char *kept = ct_arena_strdup(&a, "kept");
	struct ct_arena_mark outer = ct_arena_mark(&a);
	size_t used = a.used;

	(void)state;
	for (int round = 0; round < 50; round++) {
		struct ct_arena_mark inner;
		char *middle = ct_arena_strdup(&a, "middle");

		inner = ct_arena_mark(&a);
		for (int i = 0; i < round; i++)
			memset(ct_arena_alloc(&a, 100000, 1), 0xff, 100000);
		ct_arena_release(&a, inner);
		assert_string_equal(middle, "middle");
		/* The next piece lies where the released ones lay, and is zeroed all the same. */
		assert_true(all_zero(ct_arena_alloc(&a, 1000, 8), 8000));
		ct_arena_release(&a, outer);
		assert_int_equal(a.used, used);
	}
	assert_string_equal(kept, "kept");
	ct_arena_free(&a);
	assert_int_equal(a.used, 0);
	assert_null(a.blocks);
}

static void
test_arena_refusals(void **state)
{
	struct ct_arena a = { 0 };
	struct ct_error err = { 0 };

	(void)state;
	assert_null(ct_arena_alloc(&a, SIZE_MAX / 2, 4));
	assert_null(ct_arena_alloc(&a, SIZE_MAX, 1));
	assert_null(ct_arena_alloc(&a, SIZE_MAX - 64, 1));
	assert_null(ct_arena_alloc(&a, (size_t)1 << 62, 1));
	assert_null(ct_arena_need(&a, (size_t)1 << 50, 4, "a test", &err));
	assert_int_equal(err.code, CT_ENOMEM);
	/* What is available differs from machine to machine. */
	assert_memory_equal(err.msg, "a test needs 4503599627370496 bytes, ", 37);
	assert_non_null(strstr(err.msg, " are available"));
	/* A product that does not fit is not told as a small number. */
	assert_null(ct_arena_need(&a, SIZE_MAX / 2 + 1, 2, "a test", &err));
	assert_string_equal(err.msg, "out of memory: 18446744073709551615 bytes for a test");
	assert_null(ct_arena_need(&a, SIZE_MAX, 2, "a test", NULL));
	assert_int_equal(a.used, 0);
	assert_non_null(ct_arena_alloc(&a, SIZE_MAX, 0));
	ct_arena_free(&a);
}

struct counted {
	struct ct_pool *pool;
	atomic_int runs[5000];
	atomic_int wrong_worker;
	int threads;
	long per_worker[64]; /* each touched by its worker only: no lock */
};

static void
count(void *arg, int task, int worker)
{
	struct counted *c = arg;

	atomic_fetch_add(&c->runs[task], 1);
	if (worker < 0 || worker >= c->threads)
		atomic_fetch_add(&c->wrong_worker, 1);
	else
		c->per_worker[worker]++;
}

/* Every task exactly once, for any number of tasks and threads, and many times in a row. */
static void
test_pool(void **state)
{
	static const int threads[] = { 1, 2, 3, 8, 64 }, tasks[] = { 0, 1, 2, 3, 64, 65, 5000 };
	struct counted *c = malloc(sizeof *c);
	struct ct_error err = { 0 };

	(void)state;
	for (size_t i = 0; i <= sizeof threads / sizeof *threads; i++) {
		struct ct_pool *p = NULL;

		if (i < sizeof threads / sizeof *threads) {
			assert_int_equal(ct_pool_open(&p, threads[i], &err), CT_OK);
			assert_int_equal(ct_pool_threads(p), threads[i]);
		}
		for (int round = 0; round < 8; round++)
			for (size_t k = 0; k < sizeof tasks / sizeof *tasks; k++) {
				long sum = 0;

				memset(c, 0, sizeof *c);
				c->threads = ct_pool_threads(p);
				ct_pool_run(p, tasks[k], count, c);
				for (int t = 0; t < 5000; t++)
					assert_int_equal(atomic_load(&c->runs[t]), t < tasks[k]);
				assert_int_equal(atomic_load(&c->wrong_worker), 0);
				for (int w = 0; w < 64; w++)
					sum += c->per_worker[w];
				assert_int_equal(sum, tasks[k]);
			}
		ct_pool_close(p);
	}
	free(c);
}

static void
test_pool_sizes(void **state)
{
	struct ct_error err = { 0 };
	struct ct_pool *p;

	(void)state;
	assert_int_equal(ct_pool_threads(NULL), 1);
	ct_pool_close(NULL);
	for (int threads = -1; threads <= 0; threads++) {
		assert_int_equal(ct_pool_open(&p, threads, &err), CT_OK);
		assert_in_range(ct_pool_threads(p), 1, 64);
		ct_pool_close(p);
	}
	assert_int_equal(ct_pool_open(&p, 100000, &err), CT_OK);
	assert_in_range(ct_pool_threads(p), 1, 64);
	ct_pool_close(p);
}

static void
make_denormal(void *arg, int task, int worker)
{
	volatile float tiny = 1e-30f;
	float *out = arg;

	(void)worker;
	out[task] = tiny * 1e-12f;
}

/* Denormals are flushed in every thread alike, so results cannot depend on who takes a task. */
static void
test_pool_denormals(void **state)
{
	struct ct_error err = { 0 };
	struct ct_pool *p;
	float out[1000];

	(void)state;
	assert_int_equal(ct_pool_open(&p, 4, &err), CT_OK);
	ct_pool_run(p, 1000, make_denormal, out);
	for (int i = 1; i < 1000; i++)
		assert_memory_equal(&out[i], &out[0], sizeof *out);
	ct_pool_close(p);
}

/* The published PCG32 demo (seed 42, stream 54): the generator is the one it says it is, on every machine. */
static void
test_random_published(void **state)
{
	static const uint32_t want[] = { 0xa15c02b7, 0x7b47f409, 0xba1d3330, 0x83d2f293, 0xbfa4784b,
		0xcbed606e };
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 42, 54);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		assert_int_equal(ct_rng_u32(&r), want[i]);
}

static void
test_random_streams(void **state)
{
	struct ct_rng a, b, other_seed, other_stream;
	int same_seed = 0, same_stream = 0;

	(void)state;
	ct_rng_seed(&a, 7, 1);
	ct_rng_seed(&b, 7, 1);
	ct_rng_seed(&other_seed, 8, 1);
	ct_rng_seed(&other_stream, 7, 2);
	for (int i = 0; i < 1000; i++) {
		uint32_t x = ct_rng_u32(&a);

		assert_int_equal(x, ct_rng_u32(&b));
		same_seed += x == ct_rng_u32(&other_seed);
		same_stream += x == ct_rng_u32(&other_stream);
	}
	assert_true(same_seed < 3 && same_stream < 3);
}

/* In range, every value reached, no value favoured (5 standard deviations). */
static void
test_random_below(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 3, 7, 10, 256, 1000 };
	enum { DRAWS = 100000 };
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 1, 1);
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		int seen[1000] = { 0 };
		double want = (double)DRAWS / sizes[k];

		for (int i = 0; i < DRAWS; i++) {
			uint32_t x = ct_rng_below(&r, sizes[k]);

			assert_true(x < sizes[k]);
			seen[x]++;
		}
		for (uint32_t v = 0; v < sizes[k]; v++)
			assert_true(fabs(seen[v] - want) <= 5 * sqrt(want) + 1);
	}
	/* 3 << 30 divides no power of two: without rejection the lowest quarter would be twice as likely. */
	int low = 0;

	for (int i = 0; i < DRAWS; i++)
		low += ct_rng_below(&r, 3u << 30) < 1u << 30;
	assert_true(fabs(low - DRAWS / 3.0) < 5 * sqrt(DRAWS / 3.0));
	for (int i = 0; i < 1000; i++)
		assert_true(ct_rng_below(&r, UINT32_MAX) < UINT32_MAX);
}

static void
test_random_reals(void **state)
{
	enum { DRAWS = 200000 };
	double sum = 0, square = 0, mean = 0, var = 0, fourth = 0;
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 3, 1);
	for (int i = 0; i < DRAWS; i++) {
		double u = (double)ct_rng_uniform(&r), n;

		assert_true(u >= 0 && u < 1);
		sum += u;
		square += u * u;
		n = (double)ct_rng_normal(&r);
		assert_true(isfinite(n));
		mean += n;
		var += n * n;
		fourth += n * n * n * n;
	}
	assert_true(fabs(sum / DRAWS - 0.5) < 0.005);
	assert_true(fabs(square / DRAWS - 1 / 3.0) < 0.005);
	assert_true(fabs(mean / DRAWS) < 0.015);
	assert_true(fabs(var / DRAWS - 1) < 0.02);
	assert_true(fabs(fourth / DRAWS - 3) < 0.2);
}

static void
test_error(void **state)
{
	struct ct_error err = { 0 };

	(void)state;
	assert_int_equal(ct_fail(&err, CT_EFORMAT, "%s: byte %d", "a.json", 7), CT_EFORMAT);
	assert_int_equal(err.code, CT_EFORMAT);
	assert_string_equal(err.msg, "a.json: byte 7");
	assert_int_equal(ct_fail_in(&err, "%s, line %d", "dir", 3), CT_EFORMAT);
	assert_string_equal(err.msg, "dir, line 3: a.json: byte 7");
	assert_int_equal(ct_fail_memory(&err, 12, "x"), CT_ENOMEM);
	assert_string_equal(err.msg, "out of memory: 12 bytes for x");
	assert_int_equal(ct_fail(NULL, CT_EIO, "nobody asks"), CT_EIO);
	assert_int_equal(ct_fail_memory(NULL, 1, "x"), CT_ENOMEM);
	assert_true(ct_fail_in(NULL, "nobody asks") < 0);
}

/* Whatever the lengths of prefix and message: cut to fit, ended, and nothing beyond touched. */
static void
test_error_lengths(void **state)
{
	enum { SIZE = sizeof((struct ct_error *)NULL)->msg, LONGEST = 3 * SIZE };
	static const int lengths[] = { 0, 1, 2, 100, SIZE / 2 - 1, SIZE / 2, SIZE - 6, SIZE - 5, SIZE - 4,
	    SIZE - 3,
		SIZE - 2, SIZE - 1, SIZE, SIZE + 1, LONGEST };
	enum { N = sizeof lengths / sizeof *lengths };
	struct {
		struct ct_error err;
		char guard[64];
	} box;
	char *long_text = malloc(LONGEST + 1), *prefix = malloc(LONGEST + 1);

	(void)state;
	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++) {
			size_t size = sizeof box.err.msg, n = (size_t)lengths[i], p = (size_t)lengths[k],
			       have;
			char want[LONGEST + SIZE + 8];

			memset(long_text, 'm', n);
			long_text[n] = '\0';
			memset(prefix, 'p', p);
			prefix[p] = '\0';
			memset(&box, 'g', sizeof box);
			ct_fail(&box.err, CT_EIO, "%s", long_text);
			have = n < size ? n : size - 1;
			assert_int_equal(strlen(box.err.msg), have);
			assert_int_equal(ct_fail_in(&box.err, "%s", prefix), CT_EIO);
			memset(want, 'p', p);
			memcpy(want + p, ": ", 2);
			memset(want + p + 2, 'm', have);
			want[p + 2 + have < size ? p + 2 + have : size - 1] = '\0';
			assert_string_equal(box.err.msg, want);
			for (size_t g = 0; g < sizeof box.guard; g++)
				assert_int_equal(box.guard[g], 'g');
		}
	free(long_text);
	free(prefix);
}

/* A cut does not leave half a character behind. */
static void
test_error_utf8(void **state)
{
	struct ct_error err = { 0 };
	char text[sizeof err.msg + 300] = "";

	(void)state;
	for (int shift = 0; shift < 3; shift++) {
		size_t n;

		memset(text, 'a', (size_t)shift);
		for (size_t i = (size_t)shift; i + 3 < sizeof text; i += 3)
			memcpy(text + i, "\xe2\x82\xac", 4);
		ct_fail(&err, CT_EIO, "%s", text);
		n = strlen(err.msg);
		assert_int_equal((n - (size_t)shift) % 3, 0);
		assert_true(n > sizeof err.msg - 4);
		assert_memory_equal(err.msg, text, n);
		ct_fail_in(&err, "p");
		n = strlen(err.msg);
		assert_int_equal((n - (size_t)shift) % 3, 0);
		assert_true(n > sizeof err.msg - 4);
	}
}

static void
buffers_hold_what_is_written(void **state)
{
	struct ct_buffer b = { 0 };
	char *text, *expected = calloc(1, 40001);
	size_t n;

	(void)state;
	assert_non_null(expected);
	assert_string_equal(text = ct_buffer_take(&b, &n), "");
	assert_int_equal(n, 0);
	free(text);
	for (int i = 0; i < 1000; i++) {
		ct_buffer_printf(&b, "%s%d", "x", 12);
		ct_buffer_puts(&b, "ab");
		ct_buffer_add(&b, "c\0d", 3);
		memcpy(expected + 8 * i, "x12abc\0d", 8);
	}
	text = ct_buffer_take(&b, &n);
	assert_int_equal(n, 8000);
	assert_memory_equal(text, expected, 8001);
	free(text);
	/* Once something is lost, all is: half a text is none. */
	ct_buffer_puts(&b, "half");
	b.lost = true;
	ct_buffer_puts(&b, "more");
	assert_null(ct_buffer_take(&b, &n));
	assert_int_equal(n, 0);
	ct_buffer_puts(&b, "whole");
	assert_string_equal(text = ct_buffer_take(&b, NULL), "whole");
	free(text);
	free(expected);
}

/* Sorted by key; `was` tells equal ones apart. */
struct item {
	int key, was, pad;
};

static int
by_key(const void *a, const void *b, void *ctx)
{
	const struct item *x = a, *y = b;

	++*(size_t *)ctx;
	return (x->key > y->key) - (x->key < y->key);
}

static void
sorting_is_stable(void **state)
{
	static const int sizes[] = { 0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 100, 1000, 1365, 1366, 2731, 5000,
	    20011, 60000 };
	static const unsigned kinds[] = { 1, 2, 7, 100, 1u << 30 };
	struct item *v = malloc(60000 * sizeof *v);
	struct ct_rng rng;

	(void)state;
	ct_rng_seed(&rng, 1, 0);
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
		for (size_t k = 0; k <= sizeof kinds / sizeof *kinds; k++) {
			int n = sizes[s], sum = 0;
			size_t compared = 0;

			for (int i = 0; i < n; i++) {
				int key = k < sizeof kinds / sizeof *kinds ?
				    (int)ct_rng_below(&rng, kinds[k]) : n - i;

				v[i] = (struct item){ key, i, key ^ i };
			}
			ct_sort(v, (size_t)n, sizeof *v, by_key, &compared);
			for (int i = 0; i < n; i++) {
				assert_int_equal(v[i].pad, v[i].key ^ v[i].was);
				assert_true(i == 0 || v[i - 1].key < v[i].key ||
				    (v[i - 1].key == v[i].key && v[i - 1].was < v[i].was));
				sum ^= v[i].was ^ i;
			}
			assert_int_equal(sum, 0);
		}
	free(v);
}

static int
by_first_byte(const void *a, const void *b, void *ctx)
{
	(void)ctx;
	return *(const unsigned char *)a - *(const unsigned char *)b;
}

/* Elements of one byte, of odd sizes, and some that no buffer holds. */
static void
sorting_takes_any_size(void **state)
{
	static const size_t sizes[] = { 1, 3, 257, 8192, 8193, 16384, 16385, 40000 };
	struct ct_rng rng;

	(void)state;
	ct_rng_seed(&rng, 2, 0);
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
		size_t size = sizes[s], n = 200;
		unsigned char *v = malloc(n * size);
		int last[16], seen = 0;

		for (size_t i = 0; i < n; i++) {
			memset(v + i * size, (int)i, size);
			v[i * size] = (unsigned char)ct_rng_below(&rng, 16);
		}
		ct_sort(v, n, size, by_first_byte, NULL);
		memset(last, -1, sizeof last);
		for (size_t i = 0; i < n; i++) {
			const unsigned char *e = v + i * size;

			assert_true(i == 0 || e[0] >= e[0 - (ptrdiff_t)size]);
			for (size_t b = 2; b < size; b++)
				assert_int_equal(e[b], e[1]);
			if (size > 1) {
				assert_true(e[1] > last[e[0]]);
				last[e[0]] = e[1];
			}
			seen++;
		}
		assert_int_equal(seen, 200);
		free(v);
	}
}

/* Within a quarter above n log2 n of the worst case known; a sorted list needs n. */
static void
sorting_costs_few_comparisons(void **state)
{
	enum { N = 1 << 17 };
	struct item *v = malloc(N * sizeof *v);
	struct ct_rng rng;
	size_t compared = 0;

	(void)state;
	ct_rng_seed(&rng, 3, 0);
	for (int i = 0; i < N; i++)
		v[i] = (struct item){ .key = (int)ct_rng_below(&rng, 1u << 30), .was = i };
	ct_sort(v, N, sizeof *v, by_key, &compared);
	assert_true(compared < 17 * N * 5 / 4);
	compared = 0;
	ct_sort(v, N, sizeof *v, by_key, &compared);
	assert_true(compared < 5 * N);
	free(v);
}

static void
the_system_answers(void **state)
{
	char path[4096] = "x", tiny[2] = "x";

	(void)state;
	assert_true(ct_system_processors() >= 1);
	assert_ptr_equal(ct_system_program(path, sizeof path), path);
	assert_true(!path[0] || path[0] == '/');
	assert_true(strlen(ct_system_program(tiny, sizeof tiny)) <= 1);
	assert_true(ct_memory_available() > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena_pieces),
		cmocka_unit_test(test_arena_marks),
		cmocka_unit_test(test_arena_refusals),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_pool_sizes),
		cmocka_unit_test(test_pool_denormals),
		cmocka_unit_test(test_random_published),
		cmocka_unit_test(test_random_streams),
		cmocka_unit_test(test_random_below),
		cmocka_unit_test(test_random_reals),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_error_lengths),
		cmocka_unit_test(test_error_utf8),
		cmocka_unit_test(buffers_hold_what_is_written),
		cmocka_unit_test(sorting_is_stable),
		cmocka_unit_test(sorting_takes_any_size),
		cmocka_unit_test(sorting_costs_few_comparisons),
		cmocka_unit_test(the_system_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
