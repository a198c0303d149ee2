/*
 * Labels that people type: what is written comes back; bad lines and other people's labels cost no more
 * than they must.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "cards/labels.h"
#include "scratch.h"

static void
spoil(const char *name, const void *data, size_t n)
{
	struct ct_error err;

	assert_int_equal(ct_file_replace(name, data, n, &err), CT_OK);
}

static void
test_labels(void **state)
{
	static const char edited[] = "L0#7: mine\nL1#2: \"Texas\"\n";
	struct ct_labels *l;
	struct ct_error err;
	char *text;
	size_t n;

	(void)state;
	assert_int_equal(ct_labels_open(&l, "labels.yaml", NULL, NULL, &err), CT_OK);
	assert_int_equal(ct_labels_count(l), 0);
	assert_null(ct_labels_find(l, 0, 0));
	assert_int_equal(ct_labels_set(l, 1, 249, "say \"caf\xc3\xa9\" \\ # : -", &err), CT_OK);
	assert_int_equal(ct_labels_set(l, 1, 30, "null", &err), CT_OK);
	assert_int_equal(ct_labels_set(l, 0, 5, "5", &err), CT_OK);
	ct_labels_close(l);

	assert_int_equal(ct_labels_open(&l, "labels.yaml", NULL, NULL, &err), CT_OK);
	assert_int_equal(ct_labels_count(l), 3);
	assert_string_equal(ct_labels_find(l, 1, 249), "say \"caf\xc3\xa9\" \\ # : -");
	assert_string_equal(ct_labels_find(l, 1, 30), "null");
	assert_int_equal(ct_labels_set(l, 1, 249, "", &err), CT_OK);
	assert_null(ct_labels_find(l, 1, 249));
	assert_int_equal(ct_file_read(&text, &n, "labels.yaml", 4096, &err), CT_OK);
	assert_non_null(strstr(text, "\nL0#5: \"5\"\nL1#30: \"null\"\n"));
	assert_null(strstr(text, "249: \"say"));
	free(text);

	/* What was written by hand while the file was open is kept. */
	spoil("labels.yaml", edited, sizeof edited - 1);
	assert_int_equal(ct_labels_set(l, 1, 3, "three", &err), CT_OK);
	assert_int_equal(ct_labels_count(l), 3);
	assert_string_equal(ct_labels_find(l, 0, 7), "mine");
	assert_int_equal(ct_labels_set(l, 1, 3, NULL, &err), CT_OK);
	assert_int_equal(ct_labels_set(l, 1, 2, NULL, &err), CT_OK);
	assert_int_equal(ct_labels_set(l, 0, 7, NULL, &err), CT_OK);
	ct_labels_close(l);
	/* without any, it can be read */
	assert_int_equal(ct_labels_open(&l, "labels.yaml", NULL, NULL, &err), CT_OK);
	assert_int_equal(ct_labels_count(l), 0);
	ct_labels_close(l);
}

static bool
file_has(const char *name, const char *what)
{
	struct ct_error err;
	char *text;
	size_t n;
	bool found;

	assert_int_equal(ct_file_read(&text, &n, name, 1 << 20, &err), CT_OK);
	found = strstr(text, what) != NULL;
	free(text);
	return found;
}

/* A bad line costs that line, and is said; it stays in the file. */
static void
test_bad_labels(void **state)
{
	static const struct {
		const char *text, *says;
		int n;
	} bad[] = {
		{ "L1#2: a\nL1: b\n", "labels.yaml:2: expected a feature such as L1#249, found \"L1\"; this "
		    "line is ignored", 1 },
		{ "L01#2: b\nL1#2: a\n", "labels.yaml:1: expected a feature", 1 },
		{ "L1#2: a\nL1#-2: b\n", "labels.yaml:2: expected a feature", 1 },
		{ "L1#3: [a]\nL1#2: a\n", "labels.yaml:1: the label of L1#3 must be text", 1 },
		{ "L1#3: \"\"\nL1#2: a\n", "labels.yaml:1: the label of L1#3 is empty", 1 },
		{ "L1#2: a\nL1#4: \"a\\e[2J\"\n", "labels.yaml:2: the label of L1#4 has an invisible or "
		    "control", 1 },
		{ "- L1#2\nL1#2: a\n", "labels.yaml:1: expected lines such as", 1 },
		{ "L1#2: a\nL1#2: b\n", "labels.yaml:2: L1#2 has two labels: keep one of them", 1 },
		{ "L1#2: a\nL1#3: \"b\nL2#5: c\n", "labels.yaml:2: ", 2 },
		{ "L1#2: a\nfingerprint: 12\n", "labels.yaml:2: expected a fingerprint, found \"12\"", 1 },
	};
	struct ct_labels *l, *again;
	struct ct_error err;
	char text[CT_LABEL_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct ct_notes notes = { 0 };

		spoil("labels.yaml", bad[i].text, strlen(bad[i].text));
		assert_int_equal(ct_labels_open(&l, "labels.yaml", NULL, &notes, &err), CT_OK);
		assert_int_equal(notes.n, 1);
		if (!strstr(notes.text[0], bad[i].says))
			fail_msg("expected \"%s\", found \"%s\"", bad[i].says, notes.text[0]);
		assert_int_equal(ct_labels_count(l), bad[i].n);
		assert_string_equal(ct_labels_find(l, 1, 2), "a");
		/* Twice: what was ignored is kept from then on. */
		assert_int_equal(ct_labels_set(l, 0, 1, "new", &err), CT_OK);
		assert_int_equal(ct_labels_set(l, 0, 1, "newer", &err), CT_OK);
		assert_int_equal(ct_labels_open(&again, "labels.yaml", NULL, &notes, &err), CT_OK);
		assert_int_equal(ct_labels_count(again), bad[i].n + 1);
		assert_int_equal(notes.n, 1);	/* now it is a comment */
		assert_true(file_has("labels.yaml", "# not read: "));
		ct_labels_close(again);
		ct_labels_close(l);
	}
	spoil("labels.yaml", "L1#2: a\n", 8);
	assert_int_equal(ct_labels_open(&l, "labels.yaml", NULL, NULL, &err), CT_OK);
	memset(text, 'x', sizeof text);
	text[CT_LABEL_MAX + 1] = '\0';
	assert_int_equal(ct_labels_set(l, 1, 2, text, &err), CT_EINVAL);
	assert_int_equal(ct_labels_set(l, 1, 2, "a\nb", &err), CT_EINVAL);
	assert_int_equal(ct_labels_set(l, -1, 2, "a", &err), CT_EINVAL);
	ct_labels_close(l);
	/* Comments alone are a file without labels. */
	spoil("labels.yaml", "# none\n\n # at all", 17);
	assert_int_equal(ct_labels_open(&l, "labels.yaml", NULL, NULL, &err), CT_OK);
	assert_int_equal(ct_labels_count(l), 0);
	ct_labels_close(l);
}

/* Labels of other weights are not shown, and not overwritten. */
static void
test_labels_of_others(void **state)
{
	static const char mine[] = "00000001-00000002-00000003", theirs[] = "00000001-0000000f-00000003";
	struct ct_notes notes = { 0 };
	struct ct_labels *l;
	struct ct_error err;

	(void)state;
	spoil("labels.yaml", "L1#2: a\n", 8);
	assert_int_equal(ct_labels_open(&l, "labels.yaml", mine, &notes, &err), CT_OK);
	assert_int_equal(ct_labels_count(l), 1);	/* it does not say whose they are */
	assert_int_equal(ct_labels_set(l, 1, 3, "b", &err), CT_OK);
	assert_true(file_has("labels.yaml", mine));
	ct_labels_close(l);
	assert_int_equal(ct_labels_open(&l, "labels.yaml", theirs, &notes, &err), CT_OK);
	assert_int_equal(ct_labels_count(l), 0);
	assert_non_null(strstr(notes.text[0], "labels.yaml: the labels were typed for different files: the "
	    "transcoder (00000001-00000002-00000003 there, 00000001-0000000f-00000003 here); none of them "
	    "is shown"));
	assert_int_equal(ct_labels_set(l, 1, 3, "c", &err), CT_EINVAL);
	assert_true(file_has("labels.yaml", "L1#3: \"b\""));
	ct_labels_close(l);
	assert_int_equal(ct_labels_open(&l, "labels.yaml", mine, &notes, &err), CT_OK);
	assert_int_equal(ct_labels_count(l), 2);
	ct_labels_close(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_labels, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(test_bad_labels, scratch_enter, scratch_leave),
		cmocka_unit_test_setup_teardown(test_labels_of_others, scratch_enter, scratch_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
