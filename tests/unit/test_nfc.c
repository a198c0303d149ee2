/*
 * test_nfc: Unicode's normalization form C.
 *
 * The checksum is of what Hugging Face's tokenizers make of every code point in four surroundings:
 * tests/peer/nfc_tables.py prints it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>

#include "base/text.h"
#include "model/nfc.h"

static struct ct_piece
normal(const char *s, size_t n, struct ct_changed_text *own)
{
	struct ct_piece in = { .s = s, .n = n }, out;
	struct ct_error err;

	*own = (struct ct_changed_text){ 0 };
	assert_int_equal(ct_nfc_run(&in, own, &err), CT_OK);
	assert_int_equal(ct_changed_end(own, &in, &out, &err), CT_OK);
	return out;
}

/* What lies after the end of a text is no part of it, even if it completes a character that is cut off. */
static void
cut_off(void **state)
{
	struct ct_changed_text own;
	struct ct_piece out = normal("e\xcc\x81", 2, &own);

	(void)state;
	assert_int_equal(out.n, 2);
	assert_memory_equal(out.s, "e\xcc", 2);
	ct_changed_free(&own);
}

static void
every_code_point(void **state)
{
	static const char *const around[][2] = { { "", "" }, { "a\u0323", "\u0301" }, { "", "\u0338\u0323" },
		{ "\u1100\u1161", "\u11a8" } };
	uLong crc = crc32(0, NULL, 0);

	(void)state;
	for (uint32_t cp = 0; cp < 0x110000; cp++) {
		for (size_t i = 0; i < 4 && (cp < 0xD800 || cp >= 0xE000); i++) {
			struct ct_changed_text own;
			struct ct_piece out;
			char text[32], c[4];
			size_t before = strlen(around[i][0]), after = strlen(around[i][1]);
			size_t n = (size_t)ct_utf8_encode(cp, c);

			memcpy(text, around[i][0], before);
			memcpy(text + before, c, n);
			memcpy(text + before + n, around[i][1], after);
			out = normal(text, before + n + after, &own);
			crc = crc32(crc, (const Bytef *)out.s, (uInt)out.n);
			crc = crc32(crc, (const Bytef *)"\n", 1);
			ct_changed_free(&own);
		}
	}
	assert_int_equal(crc, 0xc7b6201f);
}

static void
places_in_the_prompt(void **state)
{
	static const char text[] = "xe\u0301y\u0323\u0301\u0308.";
	struct ct_changed_text own;
	struct ct_piece out = normal(text, sizeof text - 1, &own);

	(void)state;
	assert_string_equal(out.s, "x\u00e9\u1ef5\u0301\u0308.");
	assert_int_equal(out.at[0], 0);
	assert_int_equal(out.at[1], 1);
	assert_int_equal(out.at[3], 4);
	assert_int_equal(out.at[out.n - 1], sizeof text - 2);
	assert_int_equal(out.at[out.n], sizeof text - 1);
	for (size_t i = 0; i < out.n; i++)
		assert_true(out.at[i] <= out.at[i + 1]);
	ct_changed_free(&own);
}

static void
bytes_that_are_no_text_stay(void **state)
{
	static const char text[] = "\xff\xcc\x81 e\xcc\x81\xcc";
	struct ct_changed_text own;
	struct ct_piece out = normal(text, sizeof text - 1, &own);

	(void)state;
	assert_int_equal(out.n, 7);
	assert_memory_equal(out.s, "\xff\xcc\x81 \xc3\xa9\xcc", 7);
	ct_changed_free(&own);
	out = normal("", 0, &own);
	assert_int_equal(out.n, 0);
	ct_changed_free(&own);
}

/* A hundred thousand marks on one letter are sorted in a moment, those of one class in their order. */
static void
many_marks(void **state)
{
	enum { N = 100000 };
	char *text = malloc(4 * N + 1);
	struct ct_changed_text own;
	struct ct_piece out;

	(void)state;
	assert_non_null(text);
	text[0] = 'q';
	for (size_t i = 0; i < N; i++)
		memcpy(text + 1 + 4 * i, i % 2 ? "\u0323\u0305" : "\u0305\u0324", 4);
	out = normal(text, 4 * N + 1, &own);
	assert_int_equal(out.n, 4 * N + 1);
	assert_memory_equal(out.s, "q\u0324\u0323\u0324", 7);
	assert_memory_equal(out.s + out.n - 4, "\u0305\u0305", 4);
	ct_changed_free(&own);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_off),
		cmocka_unit_test(every_code_point),
		cmocka_unit_test(places_in_the_prompt),
		cmocka_unit_test(bytes_that_are_no_text_stay),
		cmocka_unit_test(many_marks),
	};
	return cmocka_run_group_tests_name("nfc", tests, NULL, NULL);
}
