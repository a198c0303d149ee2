/*
 * text: UTF-8, columns, the sanitiser, distances, numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"

static void
utf8_round_trips(void **state)
{
	(void)state;
	for (uint32_t cp = 1; cp <= 0x10FFFF; cp++) {
		char buf[4];
		uint32_t back;
		int n;

		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		n = ct_utf8_encode(cp, buf);
		assert_int_equal(ct_utf8_decode(buf, (size_t)n, &back), n);
		assert_int_equal(back, cp);
	}
}

static void
invalid_bytes_count_one(void **state)
{
	static const char *const bad[] = { "\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
		"\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe6\x9d", "\xc3(" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		uint32_t cp;

		assert_int_equal(ct_utf8_decode(bad[i], strlen(bad[i]), &cp), 1);
		assert_int_equal(cp, 0xFFFD);
	}
}

static void
columns_of_text(void **state)
{
	(void)state;
	assert_int_equal(ct_text_width("abc"), 3);
	assert_int_equal(ct_text_width("e\xcc\x81"), 1);			/* combining accent */
	assert_int_equal(ct_text_width("\xe6\x9d\xb1\xe4\xba\xac"), 4);	/* two ideographs */
	assert_int_equal(ct_text_width("\xf0\x9f\x98\x80"), 2);		/* emoji */
	assert_int_equal(ct_text_width("\xe2\x96\x88\xe2\x94\x80"), 2);	/* bar and line */
	assert_int_equal(ct_text_fit("abc", 2), 2);
	assert_int_equal(ct_text_fit("\xe6\x9d\xb1\xe4\xba\xac", 3), 3);
	/* the accent stays on its letter */
	assert_int_equal(ct_text_fit("e\xcc\x81x", 1), 3);
	assert_int_equal(ct_text_fit("abc", 0), 0);
}

static void
clean(const char *src, size_t n, const char *wanted)
{
	char buf[128];
	size_t got = ct_text_clean(buf, sizeof buf, src, n);

	assert_string_equal(buf, wanted);
	assert_int_equal(got, strlen(wanted));
}

static void
nothing_acts_on_the_terminal(void **state)
{
	(void)state;
	clean("plain \xc3\xa9", 8, "plain \xc3\xa9");
	clean("a\nb\tc", 5, "a\xe2\x8f\x8e" "b\xe2\x87\xa5" "c");
	clean("\x1b[31m\x07\x7f", 7, "\\x1b[31m\\x07\\x7f");
	clean("\0x", 2, "\\x00x");
	clean("\xc2\x9b" "31m", 5, "\\x9b31m");				/* C1: a CSI of one character */
	clean("\xff\xc3", 2, "\\xff\\xc3");
	clean("a\xe2\x80\xae" "b", 5, "a\\u{202E}b");			/* right-to-left override */
	clean("a\xe2\x80\x8b" "b", 5, "a\\u{200B}b");			/* zero-width space */
	clean("\xf3\xa0\x81\x81", 4, "\\u{E0041}");			/* invisible tag letter */
	clean("\xef\xbf\xbd", 3, "\xef\xbf\xbd");			/* U+FFFD itself may be shown */
}

static void
a_token_alone_has_a_name(void **state)
{
	static const struct {
		const char *token, *name;
	} names[] = {
		{ "Paris", "Paris" }, { " Paris", "Paris" }, { "New York", "New York" }, { "", "" },
		{ "\"", "\"" },
		{ " ", "\xe2\x90\xa3" }, { "  ", "\xe2\x90\xa3\xe2\x90\xa3" },
		{ "\xc2\xa0", "\\u{00A0}" }, { " \xc2\xa0", "\\u{00A0}" }, { "\xc2\xa0x", "\\u{00A0}x" },
		{ "1\xc2\xa0" "000", "1\xc2\xa0" "000" }, { "x\xe3\x80\x80", "x\\u{3000}" },
	};
	char buf[40], small[4];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_string_equal(ct_text_word(buf, sizeof buf, names[i].token), names[i].name);
	assert_string_equal(ct_text_word(small, sizeof small, "  "), "\xe2\x90\xa3");
	assert_string_equal(ct_text_word(small, sizeof small, "\xc2\xa0"), "");
	assert_string_equal(ct_text_word(small, sizeof small, "abcd"), "abc");
}

/* Every byte, alone and after a lead byte: no control byte and no broken UTF-8 comes out. */
static void
every_byte_is_harmless(void **state)
{
	(void)state;
	for (int a = 0; a < 256; a++) {
		for (int b = 0; b < 256; b++) {
			char src[2] = { (char)a, (char)b }, buf[64];
			size_t n = ct_text_clean(buf, sizeof buf, src, 2);

			for (size_t i = 0; i < n;) {
				uint32_t cp;
				int len = ct_utf8_decode(buf + i, n - i, &cp);

				assert_true(cp >= 0x20 && cp != 0x7F && !(cp >= 0x80 && cp < 0xA0));
				assert_false(cp == 0xFFFD && len == 1);
				i += (size_t)len;
			}
		}
	}
}

static void
cleaning_cuts_between_characters(void **state)
{
	char buf[6];

	(void)state;
	assert_int_equal(ct_text_clean(buf, sizeof buf, "ab\x1b\x1b", 4), 2);
	assert_string_equal(buf, "ab");
	assert_int_equal(ct_text_clean(buf, 3, "\xe6\x9d\xb1", 3), 0);
	assert_string_equal(buf, "");
	assert_int_equal(ct_text_clean(NULL, 0, "x", 1), 0);
}

/* Each character once, on the piece where it ends, however it is cut; nothing is lost. */
static void
characters_in_pieces(void **state)
{
	static const char text[] = "a\xe6\x97\xa5 \xf0\x9f\x99\x82\xff\xe6\x97" "b";
	static const struct {
		size_t start, end;
		const char *shown;
	} pieces[] = {
		{ 0, 13, "a\xe6\x97\xa5 \xf0\x9f\x99\x82<ffe697>b" }, { 0, 2, "a\xe2\x80\xa6" },
		    { 2, 3, "\xe2\x80\xa6" },
		{ 2, 4, "\xe6\x97\xa5" }, { 3, 5, "\xe6\x97\xa5 " }, { 4, 7, " \xe2\x80\xa6" },
		    { 6, 8, "\xe2\x80\xa6" },
		{ 8, 10, "\xf0\x9f\x99\x82<ff>" }, { 10, 11, "<e6>" }, { 11, 12, "<97>" }, { 12, 13, "b" },
		    { 5, 5, "" }
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		size_t n = ct_text_piece(buf, sizeof buf, text, sizeof text - 1, pieces[i].start,
		    pieces[i].end);

		assert_string_equal(buf, pieces[i].shown);
		assert_int_equal(n, strlen(buf));
	}
	assert_int_equal(ct_text_piece(buf, 3, text, sizeof text - 1, 0, 13), 1);
	assert_int_equal(ct_text_piece(NULL, 0, text, 13, 0, 13), 0);
}

static void
distances(void **state)
{
	(void)state;
	assert_int_equal(ct_text_distance("Dallas", "Dallas", 3), 0);
	assert_int_equal(ct_text_distance("Dalas", "Dallas", 3), 1);
	assert_int_equal(ct_text_distance("Texsa", "Texas", 3), 1);		/* neighbours swapped */
	assert_int_equal(ct_text_distance("caf\xc3\xa9", "cafe", 3), 1);	/* code points, not bytes */
	assert_int_equal(ct_text_distance("kitten", "sitting", 3), 3);
	assert_int_equal(ct_text_distance("kitten", "sitting", 2), 3);		/* limit + 1 */
	assert_int_equal(ct_text_distance("", "abc", 5), 3);
}

static void
numbers(void **state)
{
	double d;
	long l;

	(void)state;
	assert_true(ct_text_long("-42", &l));
	assert_int_equal(l, -42);
	assert_false(ct_text_long("", &l));
	assert_false(ct_text_long(" 1", &l));
	assert_false(ct_text_long("1x", &l));
	assert_false(ct_text_long("99999999999999999999", &l));
	assert_true(ct_text_double("-2.5e1", &d));
	assert_true(d == -25);
	assert_false(ct_text_double("nan", &d));
	assert_false(ct_text_double("0x10", &d));
	assert_false(ct_text_double("1e999", &d));
	assert_false(ct_text_double("1.2.3", &d));
}

static void
texts_are_found(void **state)
{
	const char *austin = "the capital: Austin, TEXAS";
	static const char bytes[] = { 'a', '\0', 'p', 'k', 'l', '\xff' };

	(void)state;
	assert_ptr_equal(ct_text_search(austin, "austin"), austin + 13);
	assert_ptr_equal(ct_text_search(austin, "Texas"), austin + 21);
	assert_ptr_equal(ct_text_search(austin, "S"), austin + 15);
	assert_ptr_equal(ct_text_search(austin, ""), austin);
	assert_null(ct_text_search(austin, "texas!"));
	assert_null(ct_text_search("", "a"));
	assert_string_equal(ct_text_search("aaab", "aab"), "aab");
	assert_null(ct_text_search("\xc3\x84", "\xc3\xa4"));	/* letters beyond ASCII are as they are */
	assert_ptr_equal(ct_text_within(bytes, sizeof bytes, "pkl"), bytes + 2);
	assert_null(ct_text_within(bytes, 4, "pkl"));
	assert_null(ct_text_within(bytes, 0, "a"));
	assert_ptr_equal(ct_text_within(bytes, 1, ""), bytes);
}

/* Of tables of any length every range is found, with its ends, and nothing between them. */
static void
ranges_are_found(void **state)
{
	struct ct_cp_range table[9];
	enum { N = sizeof table / sizeof *table };

	(void)state;
	for (uint32_t i = 0; i < N; i++)
		table[i] = (struct ct_cp_range){ .first = 10 * i + 3, .last = 10 * i + 5 };
	for (size_t n = 0; n <= N; n++)
		for (uint32_t cp = 0; cp < 10 * (N + 1); cp++)
			assert_int_equal(ct_cp_inside(table, n, cp),
			    cp / 10 < n && cp % 10 >= 3 && cp % 10 <= 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_found),
		cmocka_unit_test(utf8_round_trips),
		cmocka_unit_test(invalid_bytes_count_one),
		cmocka_unit_test(columns_of_text),
		cmocka_unit_test(ranges_are_found),
		cmocka_unit_test(nothing_acts_on_the_terminal),
		cmocka_unit_test(every_byte_is_harmless),
		cmocka_unit_test(a_token_alone_has_a_name),
		cmocka_unit_test(cleaning_cuts_between_characters),
		cmocka_unit_test(characters_in_pieces),
		cmocka_unit_test(distances),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
