/*
 * yaml: the tree, the getters and their messages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "io/yaml.h"

static struct ct_yaml_doc *
must_open(const char *text)
{
	struct ct_error err = { 0 };
	struct ct_yaml_doc *d;

	if (ct_yaml_open(&d, "t.yaml", text, strlen(text), &err) != CT_OK)
		fail_msg("%s", err.msg);
	return d;
}

static void
the_tree_keeps_order_and_lines(void **state)
{
	struct ct_yaml_doc *d = must_open("name: capitals\nlist:\n- a\n- [b, \"c d\"]\n- {k: "
	    "v}\nempty:\nlast: ''\n");
	const struct ct_yaml *root = ct_yaml_root(d), *list = ct_yaml_get(root, "list");

	(void)state;
	assert_int_equal(root->kind, CT_YAML_MAP);
	assert_int_equal(root->n, 4);
	assert_string_equal(root->items[0].key, "name");
	assert_string_equal(root->items[0].text, "capitals");
	assert_string_equal(root->items[3].key, "last");
	assert_int_equal(list->kind, CT_YAML_LIST);
	assert_int_equal(list->n, 3);
	assert_null(list->items[0].key);
	assert_int_equal(list->items[1].line, 4);
	assert_string_equal(list->items[1].items[1].text, "c d");
	assert_true(list->items[1].items[1].quoted);
	assert_string_equal(ct_yaml_get(&list->items[2], "k")->text, "v");
	assert_null(ct_yaml_get(root, "none"));
	assert_null(ct_yaml_get(list, "name"));
	ct_yaml_close(d);
}

/* Some editors write a byte order mark. */
static void
a_byte_order_mark_is_no_text(void **state)
{
	struct ct_yaml_doc *d = must_open("\xEF\xBB\xBF" "name: capitals\nlast: 1\n");

	(void)state;
	assert_string_equal(ct_yaml_get(ct_yaml_root(d), "name")->text, "capitals");
	assert_int_equal(ct_yaml_get(ct_yaml_root(d), "last")->line, 2);
	ct_yaml_close(d);
}

static void
getters_convert_or_keep_the_default(void **state)
{
	struct ct_yaml_doc *d = must_open("i: -7\nd: 1e-3\nb: true\ns: 12\nnothing: null\n"
	    "no: false\nYes: True\nNo: False\n");
	const struct ct_yaml *root = ct_yaml_root(d);
	const char *s = "default";
	double x = 9;
	int i = 9;
	bool b = false;

	(void)state;
	assert_int_equal(ct_yaml_int(d, root, "i", true, -10, 10, &i, NULL), CT_OK);
	assert_int_equal(i, -7);
	assert_int_equal(ct_yaml_double(d, root, "d", true, 0, 1, &x, NULL), CT_OK);
	assert_true(x == 1e-3);
	assert_int_equal(ct_yaml_bool(d, root, "b", true, &b, NULL), CT_OK);
	assert_true(b);
	assert_int_equal(ct_yaml_bool(d, root, "no", true, &b, NULL), CT_OK);
	assert_false(b);
	assert_int_equal(ct_yaml_bool(d, root, "Yes", true, &b, NULL), CT_OK);
	assert_true(b);
	assert_int_equal(ct_yaml_bool(d, root, "No", true, &b, NULL), CT_OK);
	assert_false(b);
	assert_int_equal(ct_yaml_string(d, root, "nothing", false, &s, NULL), CT_OK);
	assert_string_equal(s, "default");
	assert_int_equal(ct_yaml_int(d, root, "absent", false, 0, 1, &i, NULL), CT_OK);
	assert_int_equal(i, -7);
	assert_int_equal(ct_yaml_string(d, root, "s", true, &s, NULL), CT_OK);
	assert_string_equal(s, "12");
	ct_yaml_close(d);
}

static void
lists_of_integers(void **state)
{
	struct ct_yaml_doc *d = must_open("a: [3, 4]\nb: [1, x]\nc: 7\nd: [1, 2, 3, 4]\ne: [1, 9]\n"
	    "f: [[1]]\n");
	const struct ct_yaml *root = ct_yaml_root(d);
	static const char *const bad[][2] = {
		{ "b", "t.yaml:2: \"b\": expected an integer, found \"x\"" },
		{ "c", "t.yaml:3: \"c\": expected a list of at most 3 integers" },
		{ "d", "t.yaml:4: \"d\": expected a list of at most 3 integers" },
		{ "e", "t.yaml:5: \"e\": expected 1 to 5, found 9" },
		{ "f", "t.yaml:6: \"f\": expected a list of integers" },
	};
	int x[3] = { 0 }, n = -1;
	struct ct_error err;

	(void)state;
	assert_int_equal(ct_yaml_ints(d, root, "absent", 3, 5, x, &n, NULL), CT_OK);
	assert_int_equal(n, -1);
	assert_int_equal(ct_yaml_ints(d, root, "a", 3, 5, x, &n, NULL), CT_OK);
	assert_int_equal(n, 2);
	assert_int_equal(x[0], 3);
	assert_int_equal(x[1], 4);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(ct_yaml_ints(d, root, bad[i][0], 3, 5, x, &n, &err), CT_EFORMAT);
		assert_string_equal(err.msg, bad[i][1]);
	}
	ct_yaml_close(d);
}

static void
getters_name_file_line_and_key(void **state)
{
	struct ct_yaml_doc *d = must_open("a: x\nb: 5\nc: [1]\nd: 'true'\n");
	const struct ct_yaml *root = ct_yaml_root(d);
	struct ct_error err;
	const char *s;
	double x;
	bool b;
	int i;

	(void)state;
	assert_int_equal(ct_yaml_int(d, root, "a", true, 0, 9, &i, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.yaml:1: \"a\": expected an integer, found \"x\"");
	assert_int_equal(ct_yaml_int(d, root, "b", true, 0, 4, &i, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.yaml:2: \"b\": expected 0 to 4, found 5");
	assert_int_equal(ct_yaml_double(d, root, "b", true, 0, 4.5, &x, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.yaml:2: \"b\": expected 0 to 4.5, found 5");
	assert_int_equal(ct_yaml_string(d, root, "c", true, &s, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.yaml:3: \"c\": expected text, found a list");
	assert_int_equal(ct_yaml_bool(d, root, "d", true, &b, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.yaml:4: \"d\": expected true or false, found \"true\"");
	assert_int_equal(ct_yaml_string(d, root, "e", true, &s, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.yaml:1: \"e\" is missing");
	assert_int_equal(ct_yaml_string(d, ct_yaml_get(root, "c"), "k", true, &s, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.yaml:3: expected a map with \"k\", found a list");
	ct_yaml_close(d);
}

static void
unknown_keys_get_a_suggestion(void **state)
{
	static const char *const keys[] = { "layers", "heads", NULL };
	struct ct_yaml_doc *d = must_open("heads: 4\nlayer: 3\n");
	struct ct_error err;

	(void)state;
	assert_int_equal(ct_yaml_only(d, ct_yaml_root(d), keys, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.yaml:2: unknown key \"layer\"; did you mean \"layers\"?");
	ct_yaml_close(d);
	d = must_open("heads: 4\nsomething: 3\n");
	assert_int_equal(ct_yaml_only(d, ct_yaml_root(d), keys, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "t.yaml:2: unknown key \"something\"");
	ct_yaml_close(d);
	d = must_open("heads: 4\nlayers: 3\n");
	assert_int_equal(ct_yaml_only(d, ct_yaml_root(d), keys, &err), CT_OK);
	ct_yaml_close(d);
}

static void
thirty_two_levels_are_fine(void **state)
{
	char text[80] = "";

	(void)state;
	memset(text, '[', 32);
	memset(text + 32, ']', 32);
	ct_yaml_close(must_open(text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_keeps_order_and_lines),
		cmocka_unit_test(a_byte_order_mark_is_no_text),
		cmocka_unit_test(getters_convert_or_keep_the_default),
		cmocka_unit_test(lists_of_integers),
		cmocka_unit_test(getters_name_file_line_and_key),
		cmocka_unit_test(unknown_keys_get_a_suggestion),
		cmocka_unit_test(thirty_two_levels_are_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
