/*
 * json: what is refused, and the getters' messages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "io/json.h"

static int
parse(json_t **out, const char *text, struct ct_error *err)
{
	return ct_json_parse(out, "t.json", text, strlen(text), err);
}

static void
getters_convert_or_keep_the_default(void **state)
{
	const char *s = "default";
	double d = 0;
	bool b = false;
	json_t *v;
	int i = 9;

	(void)state;
	assert_int_equal(parse(&v, "{\"i\": 7, \"d\": 2.5, \"b\": true, \"s\": \"x\", \"n\": null}", NULL), CT_OK);
	assert_int_equal(ct_json_int(v, "t.json", "i", true, 0, 9, &i, NULL), CT_OK);
	assert_int_equal(i, 7);
	assert_int_equal(ct_json_double(v, "t.json", "d", true, &d, NULL), CT_OK);
	assert_true(d == 2.5);
	assert_int_equal(ct_json_double(v, "t.json", "i", true, &d, NULL), CT_OK);
	assert_true(d == 7);
	assert_int_equal(ct_json_bool(v, "t.json", "b", true, &b, NULL), CT_OK);
	assert_true(b);
	assert_int_equal(ct_json_string(v, "t.json", "n", false, &s, NULL), CT_OK);
	assert_string_equal(s, "default");
	assert_int_equal(ct_json_string(v, "t.json", "s", true, &s, NULL), CT_OK);
	assert_string_equal(s, "x");
	json_decref(v);
}

static void
getters_name_file_and_key(void **state)
{
	struct ct_error err;
	const char *s;
	double d;
	json_t *v;
	bool b;
	int i;

	(void)state;
	assert_int_equal(parse(&v, "{\"i\": 7, \"d\": 2.5, \"n\": null, \"l\": []}", NULL), CT_OK);
	assert_int_equal(ct_json_int(v, "t.json", "d", true, 0, 9, &i, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.json: \"d\": expected an integer, found a number");
	assert_int_equal(ct_json_int(v, "t.json", "i", true, 8, 9, &i, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.json: \"i\": expected 8 to 9, found 7");
	assert_int_equal(ct_json_double(v, "t.json", "l", true, &d, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.json: \"l\": expected a number, found a list");
	assert_int_equal(ct_json_bool(v, "t.json", "i", true, &b, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.json: \"i\": expected true or false, found an integer");
	assert_int_equal(ct_json_string(v, "t.json", "n", true, &s, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.json: \"n\" is missing");
	json_decref(v);
}

static void
brackets_without_content_are_refused(void **state)
{
	enum { N = 1 << 20 };
	char *text = malloc(N + 1);
	struct ct_error err;
	json_t *v;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i + 3 <= N; i += 3)
		memcpy(text + i, "{},", 3);
	text[0] = '[';
	text[N - 1] = text[N] = '\0';
	assert_int_equal(parse(&v, text, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.json: more brackets than content; refused");
	/* Brackets inside strings weigh nothing. */
	memset(text, '{', N);
	memcpy(text, "[\"", 2);
	memcpy(text + N - 2, "\"]", 2);
	assert_int_equal(parse(&v, text, NULL), CT_OK);
	json_decref(v);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(getters_convert_or_keep_the_default),
		cmocka_unit_test(getters_name_file_and_key),
		cmocka_unit_test(brackets_without_content_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
