/* Names of features by their labels: what each way to write one matches, and every way to get it wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/label.h"
#include "session/query.h"

static const struct {
	const char *query, *label;
	double f1;
	bool matches;
} labels[] = {
	/* whole words, in any order, in any case */
	{ "\"Texas\"", "Texas", .9, true },
	{ "\"texas\"", "Texas", .9, true },
	{ "\"Texas\"", "bridge Texas", .1, true },
	{ "\"Texas\"", "Texas, answering", .9, true },
	{ "\"Texas\"", "in Texas (Dallas)", .9, true },
	{ "\"Tex\"", "Texas", .9, false },
	{ "\"Texas\"", "Texasville", .9, false },
	{ "\"Texas\"", "New Texas2", .9, false },
	{ "\"Texas bridge\"", "bridge Texas", .9, true },
	{ "\"Texas, bridge\"", "bridge: Texas", .9, true },
	{ "\"Texas capital\"", "bridge Texas", .9, false },
	{ "\"new\"", "New York", .9, true },
	{ "\"60 69\"", "sum 60-69", .9, true },
	{ "\"6\"", "sum 60-69", .9, false },
	{ "\"_6\"", "_6 + _9", .9, true },
	{ "\"S\303\243o\"", "S\303\243o Paulo", .9, true },
	{ "\"S\"", "S\303\243o Paulo", .9, false },
	/* exactly one label */
	{ "\"=bridge Texas\"", "bridge Texas", .1, true },
	{ "\"=bridge Texas\"", "Texas bridge", .9, false },
	{ "\"=bridge Texas\"", "bridge texas", .9, false },
	{ "\"=bridge\"", "bridge Texas", .9, false },
	{ "\"=+\"", "+", .9, true },
	/* a mixed label is its best guess */
	{ "\"Texas\"", "mixed: Texas / say TX / a bird", .3, true },
	{ "\"bird\"", "mixed: Texas / say TX / a bird", .3, false },
	{ "\"mixed\"", "mixed: Texas / say TX / a bird", .3, false },
	{ "\"=Texas\"", "mixed: Texas / say TX / a bird", .3, true },
	/* F1: above it; a person's label has none and fits */
	{ "\"Texas\">.8", "Texas", .81, true },
	{ "\"Texas\">.8", "Texas", .8, false },
	{ "\"Texas\">0.8", "Texas", NAN, true },
	{ "\"Texas\">0", "Texas", 0, false },
	{ "\"Texas\"", "Texas", 0, true },
	{ "\"=Texas\">.5", "Texas", .4, false },
	{ "\"Texas\">1", "Texas", 1, false },
	/* no label */
	{ "\"Texas\"", "", NAN, false },
};

static void
test_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		const char *p = labels[i].query;
		struct ct_query q;
		struct ct_error err;

		if (ct_query_read(&q, &p, &err) < 0)
			fail_msg("%s: %s", labels[i].query, err.msg);
		assert_string_equal(p, "");
		if (ct_query_matches(&q, labels[i].label, labels[i].f1) != labels[i].matches)
			fail_msg("%s and %s, F1 %g", labels[i].query, labels[i].label, labels[i].f1);
	}
}

/* What follows is left to others. */
static void
test_rest(void **state)
{
	static const char *const cases[][2] = {
		{ "\"Texas\"@8x0", "@8x0" }, { "\"Texas\">.8@8x0", "@8x0" }, { "\"Texas\">1x0", "x0" },
		{ "\"Texas\" \"Ohio\"", " \"Ohio\"" }, { "\"Texas\"*", "*" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *p = cases[i][0];
		struct ct_query q;
		struct ct_error err;

		assert_int_equal(ct_query_read(&q, &p, &err), CT_OK);
		assert_string_equal(p, cases[i][1]);
		assert_true(ct_query_matches(&q, "Texas", 1) == (q.above < 1));
	}
}

static void
test_bad(void **state)
{
	static const char *const cases[][2] = {
		{ "", "expected a label in quotes, as \"Texas\"" },
		{ "Texas", "expected a label in quotes, as \"Texas\"" },
		{ "\"Texas", "expected a label in quotes, as \"Texas\"" },
		{ "\"\"", "\"\" names no label: expected words of a label, as \"Texas\", or a whole "
		    "label, as \"=bridge Texas\"" },
		{ "\"+ ,\"", "\"+ ,\" names no label: expected words of a label, as \"Texas\", or a whole "
		    "label, as \"=bridge Texas\"" },
		{ "\"=\"", "\"\" names no label: expected words of a label, as \"Texas\", or a whole "
		    "label, as \"=bridge Texas\"" },
		{ "\"Texas\">", "after > expected an F1 from 0 to 1, as in \"Texas\">.8" },
		{ "\"Texas\">x", "after > expected an F1 from 0 to 1, as in \"Texas\">.8" },
		{ "\"Texas\">1.5", "after > expected an F1 from 0 to 1, as in \"Texas\">.8" },
		{ "\"Texas\">-1", "after > expected an F1 from 0 to 1, as in \"Texas\">.8" },
		{ "\"Texas\">0.1.2", "after > expected an F1 from 0 to 1, as in \"Texas\">.8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *p = cases[i][0];
		struct ct_query q;
		struct ct_error err = { 0 };

		assert_int_equal(ct_query_read(&q, &p, &err), CT_EINVAL);
		assert_string_equal(err.msg, cases[i][1]);
	}
}

/* As an operand a shell has taken the quotes off. */
static void
test_parse(void **state)
{
	struct ct_query q;
	struct ct_error err;

	(void)state;
	assert_int_equal(ct_query_parse(&q, "Texas bridge", &err), CT_OK);
	assert_true(!q.exact && ct_query_matches(&q, "bridge Texas", .1) && q.above < 0);
	assert_int_equal(ct_query_parse(&q, "=bridge Texas", &err), CT_OK);
	assert_true(q.exact && ct_query_matches(&q, "bridge Texas", .1));
	assert_int_equal(ct_query_parse(&q, "\"Texas\">.5", &err), CT_OK);
	assert_false(ct_query_matches(&q, "Texas", .4));
	assert_int_equal(ct_query_parse(&q, "\"Texas\"@8", &err), CT_EINVAL);
	assert_string_equal(err.msg, "expected nothing after the label, found '@8'");
	assert_int_equal(ct_query_parse(&q, "", &err), CT_EINVAL);
}

static void
test_wording(void **state)
{
	char text[40], small[6];

	(void)state;
	assert_true(ct_label_short(text, sizeof text, "mixed: Texas / say TX"));
	assert_string_equal(text, "\342\211\210 Texas");
	assert_true(ct_label_short(text, sizeof text, "mixed: Texas"));
	assert_string_equal(text, "\342\211\210 Texas");
	assert_true(ct_label_short(small, sizeof small, "mixed: Texas"));
	assert_string_equal(small, "\342\211\210 T");
	assert_false(ct_label_short(text, sizeof text, "bridge Texas"));
	assert_string_equal(text, "bridge Texas");
	assert_true(ct_label_words(text, sizeof text, "mixed: Texas / say TX"));
	assert_string_equal(text, "Texas");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_wording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
