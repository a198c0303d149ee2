/*
 * json: what is refused, the getters' messages, and documents written piece by piece.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "io/json.h"
#include "io/json_out.h"
#include "io/json_writer.h"

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
	assert_int_equal(parse(&v, "{\"i\": 7, \"d\": 2.5, \"b\": true, \"s\": \"x\", \"n\": null}", NULL),
	    CT_OK);
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

/* A writer's text is that of jansson, byte for byte. */
static void
writer_writes_what_a_tree_says(void **state)
{
	static const char *const documents[] = {
		"{}", "[]", "{\"a\": [], \"b\": {}, \"c\": [{}, [[]]]}",
		"{\"x\": 0.0, \"y\": -2.5, \"z\": 1e300, \"w\": 1e-7, \"v\": 0.1, \"u\": 123456789.125, "
		    "\"t\": 1e9}",
		"{\"i\": -9007199254740993, \"t\": true, \"f\": false, \"n\": null}",
		"{\"s\": \"\\\"\\\\\\b\\f\\n\\r\\t/\\u001b\\u00e9\\u2028\\ud83d\\ude00\", \"\\u00fc\": \"\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
		for (int indent = 0; indent < 2; indent++) {
			struct ct_buffer b = { 0 };
			struct ct_writer w;
			char *text, *whole;
			json_t *v;
			size_t n;

			assert_int_equal(parse(&v, documents[i], NULL), CT_OK);
			ct_writer_init(&w, &b, indent);
			ct_writer_tree(&w, NULL, v);
			text = ct_buffer_take(&b, &n);
			whole = json_dumps(v, (indent ? JSON_INDENT(1) : JSON_COMPACT) | JSON_ENSURE_ASCII |
			    JSON_REAL_PRECISION(9));
			assert_int_equal(n, strlen(whole) + 1);
			assert_memory_equal(text, whole, n - 1);
			assert_string_equal(text + n - 1, "\n");
			free(text);
			free(whole);
			json_decref(v);
		}
}

/* Of a value from a file only white space changes, and what is no ASCII or no JSON. */
static void
writer_keeps_raw_values(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ " 1.50e+01 ", "1.50e+01" }, { "0.6687631607055664", "0.6687631607055664" },
		{ "[ 1 ,\n\t2 ]", "[1,2]" }, { "{ }", "{}" },
		    { "{\"a\" : { \"b\" : [ ] } , \"a\":-0}", "{\"a\":{\"b\":[]},\"a\":-0}" },
		{ "\"\\u0000 \\ud800 \\/ \\\\\"", "\"\\u0000 \\ud800 \\/ \\\\\"" },
		{ "\"\xc3\xa9\xf0\x9f\x98\x80\xff\x7f\"", "\"\\u00E9\\uD83D\\uDE00\\uFFFD\\u007F\"" },
		{ "[NaN, -Infinity, Infinity, null, true]", "[null,null,null,null,true]" },
		{ "\"{[,:]}\"", "\"{[,:]}\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ct_buffer b = { 0 };
		struct ct_writer w;
		char *text, expected[200];

		ct_writer_init(&w, &b, false);
		ct_writer_object(&w, NULL);
		ct_writer_raw(&w, "v", cases[i].in, strlen(cases[i].in));
		ct_writer_end(&w);
		text = ct_buffer_take(&b, NULL);
		snprintf(expected, sizeof expected, "{\"v\":%s}\n", cases[i].out);
		assert_string_equal(text, expected);
		free(text);
	}
}

static void
writer_indents_raw_values(void **state)
{
	struct ct_buffer b = { 0 };
	struct ct_writer w;
	char *text;

	(void)state;
	ct_writer_init(&w, &b, true);
	ct_writer_list(&w, NULL);
	ct_writer_raw(&w, NULL, "{\"a\":[1,2],\"b\":{}}", 18);
	ct_writer_null(&w, NULL);
	ct_writer_end(&w);
	text = ct_buffer_take(&b, NULL);
	assert_string_equal(text, "[\n {\n  \"a\": [\n   1,\n   2\n  ],\n  \"b\": {}\n },\n null\n]\n");
	free(text);
}

/* Both ways to write a document begin with its version and format. */
static void
documents_begin_alike(void **state)
{
	static const char expected[] = "{\"ctrace_version\":\"" PACKAGE_VERSION "\",\"format\":3,\"a\":1}\n";
	struct ct_buffer b = { 0 };
	struct ct_writer w;
	json_t *v;
	char *text;
	size_t n;

	(void)state;
	ct_writer_document(&w, &b, false, 3);
	ct_writer_integer(&w, "a", 1);
	ct_writer_end(&w);
	text = ct_buffer_take(&b, NULL);
	assert_string_equal(text, expected);
	free(text);
	v = ct_json_out_document(3, json_pack("{s:i}", "a", 1));
	assert_int_equal(ct_json_out_text(&text, &n, v, false, NULL), CT_OK);
	assert_string_equal(text, expected);
	free(text);
	json_decref(v);
	assert_null(ct_json_out_document(3, NULL));
}

/* Fails from the second piece on. */
static int
two_pieces(void *ctx, const char *text, size_t n, struct ct_error *err)
{
	int *pieces = ctx;

	(void)text;
	return ++*pieces < 2 ? CT_OK : ct_fail(err, CT_EIO, "full after %zu", n);
}

static void
failure_of_a_drain_sticks(void **state)
{
	struct ct_error err = { 0 };
	int pieces = 0;
	struct ct_buffer b = { .drain = two_pieces, .ctx = &pieces, .err = &err };
	struct ct_writer w;

	(void)state;
	ct_writer_init(&w, &b, false);
	ct_writer_list(&w, NULL);
	for (int i = 0; i < 100000; i++)
		ct_writer_integer(&w, NULL, i);
	ct_writer_end(&w);
	assert_true(b.room < 1 << 18);
	assert_int_equal(ct_buffer_finish(&b), CT_EIO);
	assert_int_equal(pieces, 2);
	assert_memory_equal(err.msg, "full after ", 11);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(getters_convert_or_keep_the_default),
		cmocka_unit_test(getters_name_file_and_key),
		cmocka_unit_test(brackets_without_content_are_refused),
		cmocka_unit_test(writer_writes_what_a_tree_says),
		cmocka_unit_test(writer_keeps_raw_values),
		cmocka_unit_test(writer_indents_raw_values),
		cmocka_unit_test(documents_begin_alike),
		cmocka_unit_test(failure_of_a_drain_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
