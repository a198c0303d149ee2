/* What is left of answers without the features that are named after a hidden variable. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cards/activity.h"
#include "eval/hidden.h"
#include "eval_world.h"

static double
probability(struct fixture *f, const struct ct_clamp *clamps, int n, int answer)
{
	float logits[VOCAB];
	double sum = 0;

	run_clamped(f, clamps, n, CT_FREE, logits);
	for (int v = 0; v < VOCAB; v++)
		sum += exp((double)logits[v]);
	return exp((double)logits[answer]) / sum;
}

/* What is left of each answer without the features whose label is the sentence's own value. */
static void
test_hidden(void **state)
{
	static struct world w;
	static struct ct_clamp clamps[LENGTH * 3 * 64];
	struct ct_feature_labels labels;
	struct ct_hidden_figures got;
	struct ct_activity *activity;
	struct ct_subject subject;
	struct fixture f;
	struct ct_error err;
	double before = 0, left = 0;
	int n, prompts = 0, features = 0;

	(void)state;
	make_world(&w);
	fixture_open(&f, "llama-clt");
	assert_int_equal(ct_activity_collect(&activity, f.m, f.tc, &w.c, NULL, &err), CT_OK);
	assert_int_equal(ct_feature_labels_find(&labels, &w.c, activity, &err), CT_OK);
	/* Random features fit no label well: some get the first value's, others the second's. */
	for (size_t k = 0; k < labels.first[labels.L]; k++) {
		labels.f1[k] = k % 3 == 0 ? .4 : .6;
		labels.label[k] = (int)(k % (VALUES + 1));
	}
	subject = (struct ct_subject){ f.m, f.tc, &w.c, &labels };
	assert_int_equal(ct_hidden_measure(&got, &subject, NULL, &err), CT_OK);
	for (int s = 0; s < SENTENCES; s++) {
		int answer = w.tokens[s * LENGTH + ANSWER + 1];

		if (!w.sentences[s].held_out)
			continue;
		fixture_run(&f, w.tokens + s * LENGTH, ANSWER + 1);
		n = 0;
		for (int i = 0; i < f.prompt->lrm.n; i++) {
			const struct ct_active *a = &f.prompt->lrm.active[i];
			size_t k = labels.first[a->layer] + (size_t)a->feature;

			if (k % 3 != 0 && (int)(k % (VALUES + 1)) == w.sentences[s].about)
				clamps[n++] = (struct ct_clamp){
					.layer = a->layer, .feature = a->feature, .pos = a->pos };
		}
		before += probability(&f, clamps, 0, answer);
		left += probability(&f, clamps, n, answer);
		features += n;
		prompts++;
	}
	assert_true(features > 0);
	assert_int_equal(got.n, prompts);
	assert_true(fabs(got.before - before / prompts) < 1e-5);
	assert_true(fabs(got.left - left / prompts) < 1e-5);
	assert_true(fabs(got.left - got.before) > 1e-4);
	assert_true(fabs(got.features - (double)features / prompts) < 1e-9);
	ct_feature_labels_free(&labels);
	ct_activity_free(activity);
	fixture_close(&f);
}

static void
test_hidden_values(void **state)
{
	static const char *const labels[] = { "about Virginia", "about West Virginia", "in West Virginia",
		"bridge Virginia, two hops", "Virginia, answering", "capital of West Virginia",
		"say Virginia", "Virginia (input)", "plans moon", "-oon rhyme, planning",
		"two hops, answering" };
	static const int want[] = { 0, 1, 1, 0, 0, 1, -1, -1, 8, 9, -1 };
	struct ct_corpus c = { .n_labels = 11, .labels = (const char **)labels };
	struct ct_error err;
	int *got;

	(void)state;
	assert_int_equal(ct_hidden_values(&got, &c, &err), CT_OK);
	for (int l = 0; l < 11; l++)
		if (got[l] != want[l])
			fail_msg("%s: %d", labels[l], got[l]);
	free(got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_hidden_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
