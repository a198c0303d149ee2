/* What an evaluation's figures are said to mean. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "eval/verdict.h"

static const struct ct_fidelity good = { .accuracy = 1, .top1_agreement = 1 };

static struct ct_eval
good_model(void)
{
	struct ct_eval e = { .fidelity = (struct ct_fidelity *)&good, .n_causal = 2 };

	e.graphs.completeness = .99;
	e.graphs.direct_absolute[CT_DIRECT_WORDS] = .05;
	e.hidden = (struct ct_hidden_figures){ .n = 10, .before = .99, .left = .2 };
	e.labels = (struct ct_eval_labels){
		.values = 50, .named_values = 49, .named_layer = 0, .bridges = 48, .bridge_layer = 1 };
	e.causal[0] = (struct ct_eval_test){ "bridge swap where it is written, 1x", .97, 40 };
	e.causal[1] = (struct ct_eval_test){ "bridge swap at the answer, 1.5x", .95, 40 };
	return e;
}

static bool
says(const struct ct_verdict *v, enum ct_verdict_kind kind, const char *text)
{
	for (int i = 0; i < v->n; i++)
		if (v->lines[i].kind == kind && strstr(v->lines[i].text, text))
			return true;
	return false;
}

static void
good_figures_need_no_advice(void **state)
{
	struct ct_eval e = good_model();
	struct ct_verdict v;

	(void)state;
	ct_verdict_find(&v, &e);
	assert_int_equal(v.missed, 0);
	for (int i = 0; i < v.n; i++)
		assert_int_equal(v.lines[i].kind, CT_VERDICT_MET);
	assert_true(says(&v, CT_VERDICT_MET, "49 of 50 hidden values have a feature of their own"));
	assert_true(says(&v, CT_VERDICT_MET, "48 of them one at the answer (most in layer 1)"));
	e.labels.bridge_layer = -1;
	ct_verdict_find(&v, &e);
	assert_true(says(&v, CT_VERDICT_MET, "most in layer 0, none at the answer"));
	assert_true(says(&v, CT_VERDICT_MET, "an answer of 99 % keeps 20 %"));
	assert_true(says(&v, CT_VERDICT_MET, "where it is written gives the other answer in 97.0 %"));
}

static void
each_fault_is_named(void **state)
{
	struct ct_eval e = good_model();
	struct ct_fidelity bad = { .accuracy = .5, .top1_agreement = 1 };
	struct ct_verdict v;

	(void)state;
	e.graphs.direct_absolute[CT_DIRECT_WORDS] = .44;
	e.hidden.left = .98;
	e.labels.named_values = 0;
	e.causal[1].share = .03;
	ct_verdict_find(&v, &e);
	assert_int_equal(v.missed, 4);
	assert_true(says(&v, CT_VERDICT_TRY, "`direct: 1`"));
	assert_true(says(&v, CT_VERDICT_MISSED, "none of 50 hidden values"));
	assert_true(says(&v, CT_VERDICT_TRY, "`answer bottleneck`"));
	assert_true(says(&v, CT_VERDICT_MET, "where it is written"));
	e = good_model();
	e.fidelity = &bad;
	ct_verdict_find(&v, &e);
	assert_int_equal(v.missed, 1);
	assert_true(says(&v, CT_VERDICT_TRY, "`steps`"));
	/* Nothing that was not measured is judged. */
	e = good_model();
	e.n_causal = 0;
	e.hidden.n = 0;
	e.labels.values = 0;
	ct_verdict_find(&v, &e);
	assert_int_equal(v.missed, 0);
	assert_true(says(&v, CT_VERDICT_TRY, "`about:`"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_figures_need_no_advice),
		cmocka_unit_test(each_fault_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
