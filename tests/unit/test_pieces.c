/*
 * pieces: pre-tokenizers of every kind, and every construct of their patterns, against what Hugging Face
 * tokenizers cut (tests/tokenizers/pieces.json, written by tests/peer/tokenizers_check.py), or refused by
 * name.
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
#include "model/onig.h"
#include "model/split.h"

struct expected {
	const json_t *pieces;
	size_t n, end;
	const char *text;
};

static int
compare_piece(void *ctx, const struct ct_piece *p, struct ct_error *err)
{
	struct expected *x = ctx;
	const json_t *want = json_array_get(x->pieces, x->n++);

	(void)err;
	if (!want || json_string_length(want) != p->n || memcmp(json_string_value(want), p->s, p->n) != 0)
		fail_msg("piece %zu of \"%s\" is \"%.*s\", Hugging Face's \"%s\"", x->n - 1, x->text,
		    (int)p->n, p->s, want ? json_string_value(want) : "(none)");
	/* Places in the text never fall, and stay in it. */
	assert_true(ct_piece_at(p, 0) >= x->end && ct_piece_at(p, p->n) >= ct_piece_at(p, 0));
	assert_true(ct_piece_at(p, p->n) <= strlen(x->text));
	x->end = ct_piece_at(p, p->n);
	return CT_OK;
}

static void
pieces_match_hugging_face(void **state)
{
	const char *srcdir = getenv("srcdir");
	int refused = 0, texts = 0;
	json_t *all, *one, *c;
	char path[512];
	size_t i, k;

	(void)state;
	snprintf(path, sizeof path, "%s/tests/tokenizers/pieces.json", srcdir ? srcdir : ".");
	assert_int_equal(ct_json_load(&all, path, 1 << 20, NULL), CT_OK);
	json_array_foreach(all, i, one) {
		struct ct_error err = { 0 };
		struct ct_split s;
		int code = ct_split_read(&s, json_object_get(one, "pre_tokenizer"), "t", &err);

		if (json_object_get(one, "refused")) {
			assert_int_equal(code, CT_EUNSUPPORTED);
			assert_non_null(strstr(err.msg, "t: the pattern \""));
			refused++;
			continue;
		}
		if (code != CT_OK)
			fail_msg("%zu: %s", i, err.msg);
		json_array_foreach(json_object_get(one, "cases"), k, c) {
			const char *text = json_string_value(json_array_get(c, 0));
			struct expected x = { .pieces = json_array_get(c, 1), .text = text };
			struct ct_piece p = { .s = text, .n = strlen(text) };

			assert_int_equal(ct_split_run(&s, &p, compare_piece, &x, &err), CT_OK);
			assert_int_equal(x.n, json_array_size(x.pieces));
			texts++;
		}
		ct_split_free(&s);
	}
	assert_true(refused > 20 && i > 220 && texts > 1500);
	json_decref(all);
}

/* What PCRE2 would take for something of its own, and what it cannot do, have exact reasons. */
static void
patterns_are_refused_by_name(void **state)
{
	static const struct {
		const char *pattern, *why;
	} cases[] = {
		{ "(", "t: the pattern \"(\": byte 0: a group without )" },
		{ ")", "t: the pattern \")\": byte 0: a ) without its (" },
		{ "a\\", "t: the pattern \"a\\\": byte 1: the pattern ends with \\" },
		{ "[a", "t: the pattern \"[a\": byte 0: a class without ]" },
		{ "[z-a]", "t: the pattern \"[z-a]\": byte 3: a range in a class ends before it begins" },
		{ "+", "t: the pattern \"+\": byte 0: a quantifier with nothing before it" },
		{ "x{1000}", "t: the pattern \"x{1000}\": byte 1: 1000 repetitions and more are not "
		    "supported" },
		{ "\\x{110000}", "t: the pattern \"\\x{110000}\": byte 0: not a code point" },
		{ "\\xe9", "t: the pattern \"\\xe9\": byte 0: expected \\xHH up to 7F" },
		{ "\\C", "t: the pattern \"\\C\": byte 0: this \\ and letter is not supported" },
		{ "(*UTF)", "t: the pattern \"(*UTF)\": byte 1: a quantifier with nothing before it" },
		{ "(?#x", "t: the pattern \"(?#x\": byte 0: a comment without )" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ct_error err = { 0 };
		char *out;
		bool newer;

		assert_int_equal(ct_onig_translate(&out, &newer, cases[i].pattern, "t", &err),
		    CT_EUNSUPPORTED);
		assert_string_equal(err.msg, cases[i].why);
		assert_null(out);
	}
}

/* Without case, two letters that some ligature folds to are refused (\u00df is ss), and no other two. */
static void
letters_that_fold_together(void **state)
{
	static const char *const folded[] = { "ss", "ff", "fi", "fl", "st" };
	char *out;

	(void)state;
	for (char a = 'a'; a <= 'z'; a++)
		for (char b = 'a'; b <= 'z'; b++) {
			const char pattern[] = { '(', '?', 'i', ':', a, b, ')', '\0' };
			struct ct_error err = { 0 };
			bool newer, refused = false;

			for (size_t i = 0; i < sizeof folded / sizeof *folded; i++)
				refused |= folded[i][0] == a && folded[i][1] == b;
			assert_int_equal(ct_onig_translate(&out, &newer, pattern, "t", &err),
			    refused ? CT_EUNSUPPORTED : CT_OK);
			free(out);
		}
}

/* Groups nest up to a limit, in patterns and in classes. */
static void
nesting_has_a_limit(void **state)
{
	char pattern[400];
	struct ct_error err = { 0 };
	bool newer;
	char *out;

	(void)state;
	memset(pattern, '(', 100);
	memset(pattern + 100, ')', 100);
	pattern[200] = '\0';
	assert_int_equal(ct_onig_translate(&out, &newer, pattern, "t", &err), CT_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, "nested too deeply"));
	memset(pattern, '[', 100);
	pattern[100] = '\0';
	assert_int_equal(ct_onig_translate(&out, &newer, pattern, "t", &err), CT_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, "nested too deeply"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_match_hugging_face),
		cmocka_unit_test(patterns_are_refused_by_name),
		cmocka_unit_test(letters_that_fold_together),
		cmocka_unit_test(nesting_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
