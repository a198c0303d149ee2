/* operands: pictures of features over pairs of numbers, against the prompts that they picture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "world.h"

static void
needs_numbers(void **state)
{
	struct world *w = *state;
	struct ct_operands o;
	struct ct_error err;

	world_prompt(w->s, PROMPT);
	assert_int_equal(ct_session_operands(w->s, 0, 0, 1, &o, NULL, &err), CT_EINVAL);
	assert_non_null(strstr(err.msg, "two numbers"));
}

/* How many pairs of a picture are active, and the largest of their activations. */
static void
check_counts(const struct ct_operands *o)
{
	float most = 0;
	int n = 0;

	for (int i = 0; o->acts && i < o->n * o->n; i++) {
		n += o->acts[i] > 0;
		most = o->acts[i] > most ? o->acts[i] : most;
	}
	assert_int_equal(o->n_active, n);
	assert_float_equal(o->most, most, 1e-6f * most);
}

/*
 * The model of sums, where it is there: each value is what the prompt with these numbers has; that of a card,
 * where the prompt is like the corpus, to a step of 5 %.
 */
static void
pictures_prompts(void **state)
{
	static const int pairs[][2] = { { 28, 47 }, { 0, 0 }, { 99, 3 }, { 5, 62 } };
	struct ct_engine_options opt = { 0 };
	struct ct_engine *e;
	struct ct_session *s, *other;
	struct ct_operands o;
	struct ct_error err;
	enum { N = sizeof pairs / sizeof *pairs };
	static const char *const ends[] = { "=", "+ 3 =" };
	char text[32];
	int active = 0;

	(void)state;
	/* valgrind would take half an hour for the 10,000 prompts of a picture */
	if (getenv("CTRACE_VALGRIND") || ct_engine_open(&e, test_path("../models/sums"), &opt, &err) < 0)
		skip();
	assert_int_equal(ct_session_open(&s, e, &err), CT_OK);
	assert_int_equal(ct_session_open(&other, e, &err), CT_OK);
	for (size_t i = 0; i < 2 * N; i++) {
		const int *pair = pairs[i % N];

		if (i % N == 0) {
			snprintf(text, sizeof text, "%d + %d %s", 28, 47, ends[i / N]);
			world_prompt(s, text);
		}
		snprintf(text, sizeof text, "%d + %d %s", pair[0], pair[1], ends[i / N]);
		world_prompt(other, text);
		for (int f = 0; f < 200; f++) {
			float got, step, want = ct_session_activation(other, 1, f, 4);

			world_ok(ct_session_operands(s, 1, f, 4, &o, NULL, &err), &err);
			assert_int_equal(o.n, 100);
			check_counts(&o);
			got = o.acts ? o.acts[pair[0] * 100 + pair[1]] : 0;
			step = ct_session_operands_known(s, 1, f, 4, &o) ? .051f * o.most : 0;
			assert_true(got > want - 1e-4f - step && got < want + 1e-4f + step);
			assert_true(got <= o.most);
			active += got > 0;
		}
	}
	assert_true(active > 4);
	assert_true(o.at[0] == 1 && o.at[1] == 3 && o.value[0] == 28 && o.value[1] == 47);
	assert_int_equal(ct_session_operands(s, 1, 0, 7, &o, NULL, &err), CT_EINVAL);
	assert_int_equal(ct_session_operands(s, 9, 0, 4, &o, NULL, &err), CT_ENOTFOUND);
	assert_int_equal(ct_session_operands(s, 1, ct_engine_info(e)->F, 4, &o, NULL, &err), CT_ENOTFOUND);
	assert_int_equal(ct_session_operands(s, 1, -1, 4, &o, NULL, &err), CT_ENOTFOUND);
	ct_session_close(other);
	ct_session_close(s);
	ct_engine_close(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { WORLD_TEST(needs_numbers), cmocka_unit_test(pictures_prompts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
