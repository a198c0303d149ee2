/* test_planning: swaps of plans, on a two-hop world and computed again, plainly. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cards/activity.h"
#include "eval/planning.h"
#include "eval_world.h"
#include "math/kernels.h"

enum { PLAN = 2, REST = LENGTH - 1 - PLAN };

/* The likeliest tokens after the prompt's first PLAN + 1, each from a run of its own; clamps lie at PLAN. */
static void
naive_write(struct fixture *f, const int *tokens, const struct ct_clamp *clamps, int n, int *rest)
{
	int all[LENGTH], i;
	float logits[VOCAB];

	memcpy(all, tokens, sizeof all);
	for (i = 0; i < REST; i++) {
		fixture_run(f, all, PLAN + 1 + i);
		run_clamped(f, clamps, n, CT_FREE, logits);
		rest[i] = all[PLAN + 1 + i] = ct_likeliest(VOCAB, logits);
	}
}

static bool
is_rest(const struct world *w, int v, const int *rest)
{
	int s;

	for (s = 0; s < SENTENCES; s++)
		if (w->sentences[s].about == v &&
		    memcmp(w->tokens + s * LENGTH + PLAN + 1, rest, REST * sizeof *rest) == 0)
			return true;
	return false;
}

static void
plan_all(struct world *w)
{
	for (int s = 0; s < SENTENCES; s++) {
		w->sentences[s].plan = 30 + w->sentences[s].about;
		w->sentences[s].plan_at = PLAN;
	}
}

/* Each sentence goes on as the model writes after another one with this one's plan. */
static void
follow_plans(struct fixture *f, struct world *w, float (*mean)[LENGTH][3][64])
{
	static struct ct_clamp clamps[3 * 64];
	int rest[REST], n;

	for (int s = 0; s < SENTENCES; s++) {
		int after = (s + CITIES * RELATIONS) % SENTENCES;

		n = naive_clamps(f, mean[w->sentences[after].about], mean[w->sentences[s].about], PLAN, PLAN,
		    2, .1f, clamps);
		naive_write(f, w->tokens + after * LENGTH, clamps, n, rest);
		memcpy(w->tokens + s * LENGTH + PLAN + 1, rest, sizeof rest);
	}
}

/* Once every feature's label says plan, what is labelled is all there is. */
static void
check_labelled(struct world *w, struct ct_feature_labels *labels, const struct ct_subject *subject,
    const struct ct_activity *activity, const struct ct_planning_figures *unlabelled)
{
	struct ct_planning_figures got;
	struct ct_error err;

	w->labels[0] = "plans a word";
	for (size_t k = 0; k < labels->first[labels->L]; k++) {
		labels->label[k] = 0;
		labels->f1[k] = 1;
	}
	assert_int_equal(ct_planning_measure(&got, subject, activity, 99, NULL, &err), CT_OK);
	assert_memory_equal(got.other[CT_PLANNING_LABELLED], unlabelled->other[CT_PLANNING_ALL],
	    sizeof *got.other);
}

/*
 * Each value plans one word. Its rests become what a swap from the value after it writes, so that some must
 * hit.
 */
static void
test_planning(void **state)
{
	static struct world w;
	static struct ct_clamp clamps[3 * 64];
	float (*mean)[LENGTH][3][64] = calloc(VALUES, sizeof *mean);
	struct ct_planning_figures got;
	struct ct_feature_labels labels;
	struct ct_activity *activity;
	struct fixture f;
	struct ct_subject subject;
	struct ct_error err;
	int s, v, k, n, tried = 0, own = 0, still = 0, other[CT_INTERCHANGE_STRENGTHS] = {0}, rest[REST];

	(void)state;
	assert_non_null(mean);
	make_world(&w);
	fixture_open(&f, "llama-clt");
	plan_all(&w);
	naive_means(&f, &w, mean);
	follow_plans(&f, &w, mean);
	assert_int_equal(ct_activity_collect(&activity, f.m, f.tc, &w.c, NULL, &err), CT_OK);
	assert_int_equal(ct_feature_labels_find(&labels, &w.c, activity, &err), CT_OK);
	subject = (struct ct_subject){ f.m, f.tc, &w.c, &labels };
	assert_int_equal(ct_planning_measure(&got, &subject, activity, 99, NULL, &err), CT_OK);
	for (s = 0; s < SENTENCES; s++) {
		int from = w.sentences[s].about;

		if (!w.sentences[s].held_out)
			continue;
		naive_write(&f, w.tokens + s * LENGTH, NULL, 0, rest);
		own += (VALUES - 1) * is_rest(&w, from, rest);
		for (v = 0; v < VALUES; v++)
			still += v != from && is_rest(&w, v, rest);
		for (v = 0; v < VALUES; v++) {
			for (k = 0; v != from && k < CT_INTERCHANGE_STRENGTHS; k++) {
				n = naive_clamps(&f, mean[from], mean[v], PLAN, PLAN,
				    ct_interchange_strengths[k], .1f, clamps);
				naive_write(&f, w.tokens + s * LENGTH, clamps, n, rest);
				other[k] += is_rest(&w, v, rest);
			}
			tried += v != from;
		}
	}
	assert_true(tried > 5);
	assert_int_equal(got.n, tried);
	assert_true(fabs(got.own - (double)own / tried) < 1e-9);
	for (k = n = 0; k < CT_INTERCHANGE_STRENGTHS; k++) {
		assert_true(fabs(got.other[CT_PLANNING_ALL][k] - (double)other[k] / tried) < 1e-9);
		assert_true(got.word[CT_PLANNING_ALL][k] == got.other[CT_PLANNING_ALL][k]);
		/* No label says plan, so nothing is moved. */
		assert_true(fabs(got.other[CT_PLANNING_LABELLED][k] - (double)still / tried) < 1e-9);
		n += other[k];
	}
	assert_true(n > 0);
	check_labelled(&w, &labels, &subject, activity, &got);
	ct_feature_labels_free(&labels);
	ct_activity_free(activity);
	fixture_close(&f);
	free(mean);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_planning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
