/*
 * A session whose graph is traced in pieces: with clamps, pins and another pruning on the way, the file of
 * the finished graph is, byte by byte, that of a session that waited.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

static void
write_graph(struct ct_session *s, struct ct_buffer *b)
{
	struct ct_error err = { 0 };

	world_ok(ct_session_graph_json(s, world_gather, b, &err), &err);
}

/* As many features as there are, or the most influential ones. */
static const int maxima[] = { 0, 20 };

static void
test_same_file(void **state)
{
	struct world *w = *state;
	struct ct_error err = { 0 };

	for (size_t k = 0; k < sizeof maxima / sizeof *maxima; k++) {
		struct ct_trace_options opt = { .targets = { .pos = -1 }, .max_feature_nodes = maxima[k] };
		struct ct_buffer want = { 0 }, got = { 0 };
		const struct ct_graph *g;
		int code, steps = 0;

		world_prompt(w->s, PROMPT);
		world_trace(w->s, &opt);
		world_ok(ct_session_prune(w->s, .7, .9, &err), &err);
		write_graph(w->s, &want);
		world_prompt(w->s, PROMPT);
		opt.pace = CT_ROW_BY_ROW;
		g = world_trace(w->s, &opt);
		assert_true(g->partial && g->seen < 1 && g->n_kept > 0);
		world_ok(ct_session_prune(w->s, .7, .9, &err), &err);
		for (int i = 0; i < g->n_features; i += 7) {
			world_ok(ct_session_open_row(w->s, i, NULL, &err), &err);
			assert_true(g->nodes[i].attributed);
			/* No time at all is one step. */
			code = ct_session_work(w->s, 0, NULL, &err);
			world_ok(code, &err);
			if (code == CT_WORK_FINISHED)
				break;
		}
		while ((code = ct_session_work(w->s, 0, NULL, &err)) != CT_WORK_NONE) {
			world_ok(code, &err);
			assert_true(++steps < 10000);
		}
		assert_false(ct_session_graph(w->s)->partial);
		write_graph(w->s, &got);
		assert_int_equal(want.n, got.n);
		assert_memory_equal(want.text, got.text, want.n);
		ct_buffer_free(&want);
		ct_buffer_free(&got);
	}
}

static bool
never(void *ctx, const char *phase, long done, long total)
{
	(void)ctx;
	(void)phase;
	(void)done;
	(void)total;
	return false;
}

/* What needs the whole graph says so; clamps are compared with whatever graph there is. */
static void
test_on_the_way(void **state)
{
	struct world *w = *state;
	struct ct_trace_options opt = { .targets = { .pos = -1 }, .pace = CT_ROW_BY_ROW,
		.max_feature_nodes = 25 };
	const struct ct_job stop = { .progress = never };
	const struct ct_survey *survey;
	const struct ct_graph *g;
	struct ct_error err = { 0 };
	struct ct_buffer b = { 0 };
	const struct ct_heads_question heads_of = { .target = -1, .source = -1, .pos = -1, .to_pos = -1 };
	struct ct_explanation judged;
	struct ct_heads heads;
	struct ct_arena a = { 0 };
	struct ct_clamp c;
	int all;

	world_prompt(w->s, PROMPT);
	g = world_trace(w->s, &opt);
	all = g->n_features;
	assert_true(all > 25);
	assert_int_equal(ct_session_graph_json(w->s, world_gather, &b, &err), CT_EINVAL);
	assert_string_equal(err.msg, "the graph has rows that are still to be computed: let it be "
	    "finished, then ask again");
	assert_int_equal(ct_session_judge(w->s, NULL, &judged, &a, NULL, &err), CT_EINVAL);
	assert_int_equal(ct_session_heads(w->s, &heads_of, &heads, &a, NULL, &err), CT_EINVAL);
	assert_int_equal(ct_session_survey(w->s, &survey, NULL, &err), CT_EINVAL);
	c = (struct ct_clamp){ .layer = g->nodes[3].layer, .feature = g->nodes[3].index,
		.pos = g->nodes[3].pos, .unit = CT_MULTIPLE };
	world_ok(ct_session_clamp(w->s, &c, 1, NULL, NULL, &err), &err);
	assert_true(ct_session_effects(w->s)->n_effects > all);
	/* Stopped: everything is as it was, and goes on from there. */
	assert_int_equal(ct_session_finish(w->s, &stop, &err), CT_ECANCELLED);
	assert_ptr_equal(ct_session_graph(w->s), g);
	assert_true(g->partial);
	world_ok(ct_session_finish(w->s, NULL, &err), &err);
	g = ct_session_graph(w->s);
	assert_false(g->partial);
	assert_int_equal(g->n_features, 25);
	assert_true(ct_session_effects(w->s)->n_effects < all);
	world_ok(ct_session_survey(w->s, &survey, NULL, &err), &err);
	ct_buffer_free(&b);
}

/* What runs the model anew, without the clamps, says so of the graph of a clamped run. */
static void
test_clamped(void **state)
{
	struct world *w = *state;
	struct ct_trace_options opt = { .targets = { .pos = -1 } };
	struct ct_explanation judged;
	struct ct_comparison compared;
	struct ct_error err = { 0 };
	struct ct_session *now;
	struct ct_arena a = { 0 };
	const struct ct_graph *g;
	struct ct_clamp c;

	world_prompt(w->s, PROMPT);
	g = world_trace(w->s, &opt);
	c = (struct ct_clamp){ .layer = g->nodes[3].layer, .feature = g->nodes[3].index,
		.pos = g->nodes[3].pos, .unit = CT_MULTIPLE };
	world_ok(ct_session_clamp(w->s, &c, 1, NULL, NULL, &err), &err);
	world_ok(ct_session_now(&now, w->s, &opt, false, NULL, &err), &err);
	assert_int_equal(ct_session_judge(now, NULL, &judged, &a, NULL, &err), CT_EUNSUPPORTED);
	assert_int_equal(ct_session_compare(now, w->s, &compared, &a, &err), CT_EUNSUPPORTED);
	world_ok(ct_session_compare(w->s, now, &compared, &a, &err), &err);
	ct_session_close(now);
	ct_arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_same_file),
		WORLD_TEST(test_on_the_way),
		WORLD_TEST(test_clamped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
