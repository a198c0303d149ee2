/*
 * Long calls of the facade can be cancelled: they ask often, and a cancelled one leaves everything as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/parallel.h"
#include "world.h"

struct patience {
	int left, calls;
};

static bool
until_tired(void *ctx, const char *phase, long done, long total)
{
	struct patience *p = ctx;

	assert_non_null(phase);
	assert_true(done >= 0 && (total == 0 || done <= total));
	p->calls++;
	return p->left-- > 0;
}

static int
slow_item(void *ctx, int item, int worker, struct ct_arena *scratch, struct ct_error *err)
{
	const struct timespec pause = { .tv_nsec = 60 * 1000 * 1000 };

	(void)item;
	(void)worker;
	(void)scratch;
	(void)err;
	nanosleep(&pause, NULL);
	++*(int *)ctx;
	return CT_OK;
}

static int
quick_item(void *ctx, int item, int worker, struct ct_arena *scratch, struct ct_error *err)
{
	(void)worker;
	(void)scratch;
	(void)err;
	*(int *)ctx += item;
	return CT_OK;
}

/* Between slow items it is asked each time; between quick ones rarely. */
static void
test_slow_items(void **state)
{
	struct patience p = { 2, 0 };
	const struct ct_job job = { .progress = until_tired, .ctx = &p };
	struct ct_error err = { 0 };
	int done = 0, sum = 0;

	(void)state;
	assert_int_equal(ct_parallel_run(&job, 30, slow_item, &done, "items", &err), CT_ECANCELLED);
	assert_string_equal(err.msg, "items: cancelled after 2 of 30");
	assert_int_equal(done, 2);
	p = (struct patience){ INT_MAX, 0 };
	assert_int_equal(ct_parallel_run(&job, 10000, quick_item, &sum, "items", &err), CT_OK);
	assert_int_equal(sum, 10000 / 2 * 9999);
	assert_in_range(p.calls, 10000 / 32, 10000 / 8);
}

/* Wherever a long call is cancelled, the session is what it was. */
static void
test_cancel(void **state)
{
	struct world *w = *state;
	struct ct_trace_options other = { .targets = { .pos = 5 } };
	struct ct_generate_options gen = { 0 };
	struct ct_clamp c = { .layer = 1, .feature = 43, .pos = 8 };
	struct patience p = { 0, 0 };
	const struct ct_job job = { .progress = until_tired, .ctx = &p };
	float before[T * V], now[T * V];
	const struct ct_effects *o;
	const struct ct_graph *g;
	struct ct_error err = { 0 };
	int ids[4], calls;

	world_prompt(w->s, PROMPT);
	/* A clamp without a graph traces first, and that can be cancelled. */
	assert_int_equal(ct_session_clamp(w->s, &c, 1, NULL, &job, &err), CT_ECANCELLED);
	assert_string_equal(err.msg, "attribution cancelled");
	assert_null(ct_session_graph(w->s));
	assert_null(ct_session_effects(w->s));
	g = world_trace(w->s, NULL);
	world_ok(ct_session_clamp(w->s, &c, 1, NULL, NULL, &err), &err);
	o = ct_session_effects(w->s);
	world_logits(w->s, CT_RUN_CLAMPED, before);
	for (int i = 0; i < 2 * L + 1; i++) {	/* at least: each layer is run and subtracted */
		p = (struct patience){ i, 0 };
		assert_int_equal(ct_session_prompt(w->s, "w1 w2", &job, &err), CT_ECANCELLED);
		assert_string_equal(err.msg, "prompt cancelled");
		assert_int_equal(p.calls, i + 1);
		assert_ptr_equal(ct_session_graph(w->s), g);
	}
	p = (struct patience){ INT_MAX, 0 };
	world_ok(ct_session_trace(w->s, &other, &job, &err), &err);
	assert_true((calls = p.calls) >= 1);
	g = world_trace(w->s, NULL);
	o = ct_session_effects(w->s);
	/* How often a trace asks depends on which thread takes which share of the work. */
	for (int i = 0; i < calls; i++) {
		p = (struct patience){ i, 0 };
		if (ct_session_trace(w->s, &other, &job, &err) == CT_OK) {
			assert_true(i > 0 && p.calls <= i);
			g = world_trace(w->s, NULL);
			o = ct_session_effects(w->s);
			break;
		}
		assert_int_equal(err.code, CT_ECANCELLED);
		assert_ptr_equal(ct_session_graph(w->s), g);
	}
	for (int i = 0; i < 4; i++) {
		p = (struct patience){ i, 0 };
		assert_int_equal(ct_session_generate(w->s, &gen, ids, 4, &job, &err), CT_ECANCELLED);
	}
	assert_string_equal(err.msg, "generation cancelled");
	assert_string_equal(ct_session_text(w->s), PROMPT);
	assert_ptr_equal(ct_session_graph(w->s), g);
	assert_int_equal(g->pos, T - 1);
	assert_ptr_equal(ct_session_effects(w->s), o);
	world_logits(w->s, CT_RUN_CLAMPED, now);
	assert_memory_equal(now, before, sizeof now);
}

struct count {
	char phase[24];
	int calls;
	long last, step;	/* the most that was done between two calls */
};

struct census {
	struct count of[16];
	int n;
};

static struct count *
count_of(struct census *c, const char *phase)
{
	for (int i = 0; i < c->n; i++)
		if (strcmp(c->of[i].phase, phase) == 0)
			return &c->of[i];
	return NULL;
}

static bool
take_census(void *ctx, const char *phase, long done, long total)
{
	struct census *c = ctx;
	struct count *of = count_of(c, phase);

	/* A bar is drawn of these. */
	assert_true(total > 0 && done >= 0 && done <= total);
	if (!of) {
		assert_true(c->n < 16);
		of = &c->of[c->n++];
		*of = (struct count){ .last = done };
		snprintf(of->phase, sizeof of->phase, "%s", phase);
	}
	if (done - of->last > of->step)
		of->step = done - of->last;
	of->last = done;
	of->calls++;
	return true;
}

/*
 * No part of the work on a prompt is without questions: at most a layer, or a few rows, lie between two of
 * them.
 */
static void
test_questions(void **state)
{
	static const struct {
		const char *phase;
		int calls;	/* at least */
		long step;	/* at most; 0: which thread does what decides */
	} want[] = {
		{ "prompt", L + 1, 1 },
		{ "features", 1, 0 },
		{ "errors", L, 1 },
		{ "attribution", 2, 0 },
		{ "choice of nodes", 1, CT_ASK_ROWS },
		{ "edges", 2, CT_ASK_ROWS },
		{ "influence", 2, CT_ASK_ROWS },
		{ "check", L, 1 },
		{ "pruning", 2, CT_ASK_ROWS },
	};
	struct world *w = *state;
	struct ct_trace_options opt = { .targets = { .pos = -1 } };
	struct census c = { .n = 0 };
	const struct ct_job job = { .progress = take_census, .ctx = &c };
	struct ct_error err = { 0 };

	world_ok(ct_session_prompt(w->s, PROMPT, &job, &err), &err);
	world_trace(w->s, NULL);
	opt.max_feature_nodes = ct_session_graph(w->s)->n_features - 1;	/* they are chosen */
	world_ok(ct_session_trace(w->s, &opt, &job, &err), &err);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		const struct count *of = count_of(&c, want[i].phase);

		if (!of)
			fail_msg("%s: never asked", want[i].phase);
		else if (of->calls < want[i].calls || (want[i].step && of->step > want[i].step))
			fail_msg("%s: asked %d times, up to %ld apart", of->phase, of->calls, of->step);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_items),
		WORLD_TEST(test_cancel),
		WORLD_TEST(test_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
