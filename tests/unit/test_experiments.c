/*
 * The facade's experiments: what is kept and dropped, what counts, and generated tokens that join the prompt.
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

#include "trace/edges.h"
#include "world.h"

static const struct ct_clamp here = { .layer = 1, .feature = 43, .pos = 8, .unit = CT_MULTIPLE };
static const struct ct_clamp all = { .layer = 1, .feature = 43, .pos = CT_ALL_POSITIONS, .amount = 5 };

static void
clamp(struct ct_session *s, const struct ct_clamp *c, int n, enum ct_mode mode)
{
	struct ct_clamp_options how = { .mode = mode };
	struct ct_error err = { 0 };

	world_ok(ct_session_clamp(s, c, n, &how, NULL, &err), &err);
}

static bool
refuse(void *ctx, const char *phase, long done, long total)
{
	(void)ctx;
	(void)phase;
	(void)done;
	(void)total;
	return false;
}

static const struct ct_job refused = { .progress = refuse };

static void
test_survey(void **state)
{
	struct world *w = *state;
	const struct ct_survey *v, *again;
	struct ct_error err = { 0 };
	int n;

	world_prompt(w->s, PROMPT);
	assert_int_equal(ct_session_survey(w->s, &v, NULL, &err), CT_EINVAL);
	assert_string_equal(err.msg, "no graph yet: trace the prompt first");
	world_trace(w->s, NULL);
	assert_int_equal(ct_session_survey(w->s, &v, &refused, &err), CT_ECANCELLED);
	world_ok(ct_session_survey(w->s, &v, NULL, &err), &err);
	world_ok(ct_session_survey(w->s, &again, &refused, &err), &err);
	assert_ptr_equal(v, again);
	n = v->n;
	/* Clamps change nothing of it; pruning does. */
	clamp(w->s, &here, 1, CT_FROZEN);
	world_ok(ct_session_survey(w->s, &again, &refused, &err), &err);
	world_ok(ct_session_prune(w->s, 0.5, 0.9, &err), &err);
	world_ok(ct_session_survey(w->s, &v, NULL, &err), &err);
	assert_in_range(v->n, 1, n - 1);
	world_trace(w->s, NULL);
	world_ok(ct_session_survey(w->s, &v, NULL, &err), &err);
	assert_int_equal(v->n, n);
}

static void
test_sweep_and_contrast(void **state)
{
	struct world *w = *state;
	const struct ct_sweep *v;
	const struct ct_contrast *x, *y;
	struct ct_error err = { 0 };
	float first;

	world_prompt(w->s, PROMPT);
	assert_int_equal(ct_session_sweep(w->s, 0, 1, 3, &v, NULL, &err), CT_EINVAL);
	assert_string_equal(err.msg, "there are no clamps: clamp a feature first");
	assert_int_equal(ct_session_contrast(w->s, &x, &err), CT_EINVAL);
	clamp(w->s, &here, 1, CT_FREE);
	assert_int_equal(ct_session_sweep(w->s, 0, 1, 3, &v, &refused, &err), CT_ECANCELLED);
	world_ok(ct_session_sweep(w->s, -1, 1, 3, &v, NULL, &err), &err);
	/* At strength 1 a multiple changes nothing, in any row; at 0 it is the clamp in force. */
	for (int row = 0; row < v->n_rows; row++)
		for (int k = 0; k < v->n_tokens; k++)
			assert_true(fabsf(v->prob[(row * 3 + 2) * v->n_tokens + k] -
					ct_session_prob(w->s, CT_RUN_ORIGINAL, 8, v->tokens[k])) < 1e-6f);
	for (int k = 0; k < v->n_tokens; k++)
		assert_true(fabsf(v->prob[v->n_tokens + k] -
				ct_session_prob(w->s, CT_RUN_CLAMPED, 8, v->tokens[k])) < 1e-6f);
	world_ok(ct_session_contrast(w->s, &x, &err), &err);
	world_ok(ct_session_contrast(w->s, &y, &err), &err);
	assert_ptr_equal(x, y);
	assert_true(x->free.effects[0].observed == ct_session_effects(w->s)->effects[0].observed);
	first = x->frozen.effects[0].observed;
	clamp(w->s, &all, 1, CT_FREE);
	world_ok(ct_session_contrast(w->s, &x, &err), &err);
	assert_true(x->frozen.effects[0].observed != first);
}

/*
 * Each set of clamps counts once, for as long as the session lives; those that agree by construction do not.
 */
static void
test_agreement(void **state)
{
	struct world *w = *state;
	struct ct_agreement one, two, three;

	assert_int_equal(ct_session_agreement(w->s).n, 0);
	assert_true(isnan(ct_session_agreement(w->s).spearman));
	world_prompt(w->s, PROMPT);
	clamp(w->s, &all, 1, CT_DIRECT);
	assert_int_equal(ct_session_agreement(w->s).n, 0);
	clamp(w->s, &all, 1, CT_FROZEN);
	one = ct_session_effects(w->s)->agreement;
	assert_true(ct_session_agreement(w->s).n == 1 && ct_session_agreement(w->s).spearman == one.spearman);
	clamp(w->s, &all, 1, CT_FREE);
	two = ct_session_effects(w->s)->agreement;
	clamp(w->s, NULL, 0, CT_FREE);
	clamp(w->s, &all, 1, CT_FROZEN);
	assert_int_equal(ct_session_agreement(w->s).n, 2);
	world_prompt(w->s, "w1 w2 w3 w4");
	clamp(w->s, &all, 1, CT_FROZEN);
	three = ct_session_effects(w->s)->agreement;
	assert_int_equal(ct_session_agreement(w->s).n, 3);
	assert_true(fabs(ct_session_agreement(w->s).spearman -
	    (one.spearman + two.spearman + three.spearman) / 3) <
		    1e-12);
	assert_true(fabs(ct_session_agreement(w->s).pearson -
	    (one.pearson + two.pearson + three.pearson) / 3) <
		    1e-12);
}

/* Of two clamps on one feature and place the last one counts, and the effects says which was lost where. */
static void
test_contradiction(void **state)
{
	struct world *w = *state;
	struct ct_clamp both[3] = { here, all, here };
	float after;

	both[2].amount = 3;
	world_prompt(w->s, PROMPT);
	clamp(w->s, &both[2], 1, CT_FROZEN);
	after = ct_session_logit(w->s, CT_RUN_CLAMPED, 8, 10);
	assert_int_equal(ct_session_effects(w->s)->overridden, 0);
	clamp(w->s, both, 3, CT_FROZEN);
	assert_int_equal(ct_session_effects(w->s)->overridden, 2);
	assert_int_equal(ct_session_effects(w->s)->lost[0], 1);
	assert_int_equal(ct_session_effects(w->s)->lost[1], 1);
	assert_int_equal(ct_session_effects(w->s)->lost[2], 0);
	both[1] = both[0];
	clamp(w->s, both, 3, CT_FROZEN);
	assert_true(ct_session_logit(w->s, CT_RUN_CLAMPED, 8, 10) == after);
	/* One that is off replaces nothing. */
	both[2].off = true;
	clamp(w->s, both, 3, CT_FROZEN);
	assert_int_equal(ct_session_effects(w->s)->overridden, 1);
}

/* In direct mode the run is checked against the edges: true ones agree, a wrong one is noticed. */
static void
test_self_check(void **state)
{
	struct world *w = *state;
	struct ct_clamp c[3] = { here, { .layer = 0, .feature = 3, .pos = 4, .amount = 2 },
		{ .layer = 1, .feature = 45, .pos = 8, .unit = CT_DELTA, .amount = -3 } };
	const struct ct_graph *g;
	int source;

	world_prompt(w->s, PROMPT);
	g = world_trace(w->s, NULL);
	clamp(w->s, c, 3, CT_FROZEN);
	assert_true(isnan(ct_session_effects(w->s)->max_direct_error));
	clamp(w->s, c, 3, CT_DIRECT);
	assert_true(ct_session_effects(w->s)->max_direct_error < 1e-5);
	source = ct_graph_find(g, CT_NODE_FEATURE, 1, 8, 43);
	assert_true(source >= 0);
	for (size_t i = 0; i < ct_layout_length(&g->edges->layout, L, 8); i++)
		g->edges->rows[g->n_nodes - 1][i] *= 1.01f;
	clamp(w->s, c, 3, CT_DIRECT);
	assert_true(ct_session_effects(w->s)->max_direct_error > 1e-4);
}

/*
 * Tokens that join the prompt make the same prompt as typing them; clamps stay; a failure leaves all as it
 * was.
 */
static void
test_extend(void **state)
{
	struct world *w = *state;
	struct ct_generate_options greedy = { .clamped = true };
	struct ct_error err = { 0 };
	struct ct_session *typed;
	struct ct_clamp two[2] = { here, { .layer = 1, .feature = 43, .pos = 8, .onwards = true,
	    .amount = 5 } };
	char text[200];
	int ids[3], many[CONTEXT] = { 3 };
	float before;

	assert_int_equal(ct_session_extend(w->s, many, 1, NULL, NULL, &err), CT_EINVAL);
	world_prompt(w->s, PROMPT);
	clamp(w->s, two, 2, CT_FREE);
	assert_int_equal(ct_session_generate(w->s, &greedy, ids, 3, NULL, &err), 3);
	before = ct_session_logit(w->s, CT_RUN_CLAMPED, 8, 10);
	assert_int_equal(ct_session_extend(w->s, many, CONTEXT, NULL, NULL, &err), CT_EINVAL);
	assert_int_equal(ct_session_extend(w->s, &(int){ V }, 1, NULL, NULL, &err), CT_ENOTFOUND);
	assert_int_equal(ct_session_extend(w->s, ids, 3, NULL, &refused, &err), CT_ECANCELLED);
	assert_int_equal(ct_session_length(w->s), T);
	assert_true(ct_session_logit(w->s, CT_RUN_CLAMPED, 8, 10) == before);
	world_ok(ct_session_extend(w->s, ids, 3, NULL, NULL, &err), &err);
	snprintf(text, sizeof text, "%s %s %s %s", PROMPT, ct_engine_token(w->e, ids[0]),
	    ct_engine_token(w->e, ids[1]), ct_engine_token(w->e, ids[2]));
	assert_string_equal(ct_session_text(w->s), text);
	assert_int_equal(ct_session_graph(w->s)->pos, T + 2);
	world_ok(ct_session_open(&typed, w->e, &err), &err);
	world_prompt(typed, text);
	world_trace(typed, NULL);
	clamp(typed, two, 2, CT_FREE);
	assert_int_equal(ct_session_length(typed), T + 3);
	assert_int_equal(ct_session_graph(typed)->n_features, ct_session_graph(w->s)->n_features);
	for (int v = 0; v < V; v++) {
		assert_true(ct_session_logit(typed, CT_RUN_ORIGINAL, T + 2, v) ==
			    ct_session_logit(w->s, CT_RUN_ORIGINAL, T + 2, v));
		assert_true(ct_session_logit(typed, CT_RUN_CLAMPED, T + 2, v) ==
			    ct_session_logit(w->s, CT_RUN_CLAMPED, T + 2, v));
	}
	/* Under clamps in free mode the longer prompt goes on as the generation did. */
	for (int i = 0; i < 3; i++) {
		struct ct_top top;

		assert_int_equal(ct_session_top(w->s, CT_RUN_CLAMPED, T - 1 + i, &top, 1), 1);
		assert_int_equal(top.token, ids[i]);
	}
	ct_session_close(typed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_survey),
		WORLD_TEST(test_sweep_and_contrast),
		WORLD_TEST(test_agreement),
		WORLD_TEST(test_contradiction),
		WORLD_TEST(test_self_check),
		WORLD_TEST(test_extend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
