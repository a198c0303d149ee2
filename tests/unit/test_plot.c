/* plot: pictures of features over pairs of numbers, and how cards keep them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "cards/operands.h"
#include "cards/plot.h"
#include "cards/record.h"

static float acts[CT_OPERANDS * CT_OPERANDS];

static struct ct_operands
picture(int n, float (*of)(int, int))
{
	struct ct_operands o = { .n = n, .pos = 4, .at = { 1, 3 }, .value = { 28, 47 }, .acts = acts };

	for (int y = 0; y < n; y++)
		for (int x = 0; x < n; x++) {
			float a = of(y, x);

			acts[y * n + x] = a;
			o.most = a > o.most ? a : o.most;
			o.n_active += a > 0;
		}
	return o;
}

static float
ends_in_5(int y, int x)
{
	return (y + x) % 10 == 5 ? 2 : 0;
}

static float
near_75(int y, int x)
{
	return fmaxf(0, 3 - fabsf((float)(y + x - 75)) / 2);
}

static float
even_and_odd(int y, int x)
{
	return y % 2 == 0 && x % 2 == 1 ? 2 : 0;
}

static float
everywhere(int y, int x)
{
	return 1 + (float)(y + x) / 1000;
}

static float
huge(int y, int x)
{
	return y == x ? 3e38f : 0;
}

/* Row y as text, blanks at its end cut off. */
static const char *
row(const struct ct_plot *p, int y)
{
	static char text[4 * CT_PLOT_COLS + 1];
	struct ct_plot_cell cells[CT_PLOT_COLS];
	int used = 0, end = 0;

	assert_true(y < p->h && p->w <= CT_PLOT_COLS);
	ct_plot_row(p, y, cells);
	for (int x = 0; x < p->w; x++) {
		used += ct_utf8_encode(cells[x].cp, text + used);
		end = cells[x].cp == ' ' ? end : used;
	}
	text[end] = '\0';
	return text;
}

static void
tens_and_ones(void **state)
{
	struct ct_operands o = picture(100, ends_in_5);
	struct ct_plot p;
	char words[80];

	(void)state;
	assert_true(ct_plot_fit(&p, CT_PLOT_FOLDED, &o, 33, 6, false));
	assert_true(p.h == 6 && p.w == 32);
	assert_string_equal(row(&p, 0), "tens 0123456789  ones 0123456789");
	/*
	 * All tens have the same; the ones that make 5 are two lines from right to left. The prompt's digits:
	 * 2, 8.
	 */
	assert_string_equal(row(&p, 3), "     all alike      4 ⣤⠛");
	assert_string_equal(row(&p, 2), "                    2   ⣤⠛");
	assert_string_equal(row(&p, 5), "                    8       ⣤⠛");
	assert_true(ct_plot_fit(&p, CT_PLOT_FOLDED, &o, 33, 6, true));
	assert_string_equal(row(&p, 5), "                    8       .'");
	assert_true(ct_plot_fit(&p, CT_PLOT_FOLDED, &o, 51, 11, false));
	assert_string_equal(row(&p, 6), "     all alike               5 ██");
	assert_false(ct_plot_fit(&p, CT_PLOT_FOLDED, &o, 31, 20, false));
	assert_false(ct_plot_fit(&p, CT_PLOT_FOLDED, &o, 80, 5, false));

	assert_string_equal(ct_plot_words(&p, words, sizeof words), "tens all alike, ones 0+5 1+4 2+3 3+2");

	o = picture(100, near_75);
	assert_true(ct_plot_fit(&p, CT_PLOT_FOLDED, &o, 51, 11, true));
	assert_string_equal(ct_plot_words(&p, words, sizeof words), "tens 0+7 1+6 2+5 3+4, ones all alike");
	assert_string_equal(row(&p, 1), "   0             ++##");
	assert_string_equal(row(&p, 8), "   7 ##");
}

static void
dots(void **state)
{
	struct ct_operands o = picture(100, ends_in_5);
	struct ct_plot_cell cells[CT_PLOT_COLS];
	struct ct_plot p;

	(void)state;
	assert_true(ct_plot_fit(&p, CT_PLOT_DOTS, &o, 80, 26, false));
	assert_true(p.by == 1 && p.w == 54 && p.h == 26);
	assert_string_equal(row(&p, 0), "    0         20        40 v      60        80");
	assert_int_equal(strncmp(row(&p, 1), "  0  ⡠⠊   ⡠⠊   ⡠", strlen("  0  ⡠⠊   ⡠⠊   ⡠")), 0);
	assert_true(row(&p, 8)[3] == '>');
	assert_true(ct_plot_fit(&p, CT_PLOT_DOTS, &o, 35, 25, false));
	assert_true(p.by == 2 && p.w == 29 && p.h == 14);
	assert_true(ct_plot_fit(&p, CT_PLOT_DOTS, &o, 60, 26, true));
	assert_true(p.by == 2 && p.w == 54 && p.h == 26);
	assert_int_equal(strncmp(row(&p, 1), "  0  .'", 7), 0);
	assert_true(ct_plot_fit(&p, CT_PLOT_DOTS, &o, 60, 16, true));
	assert_true(p.by == 4 && p.w == 29 && p.h == 14);
	assert_false(ct_plot_fit(&p, CT_PLOT_DOTS, &o, 60, 13, true));
	assert_false(ct_plot_fit(&p, CT_PLOT_DOTS, &o, 16, 60, false));

	/* The strongest third stands out, the weakest stands back, however small all are. */
	for (float scale = 1; scale > 0.001f; scale /= 8) {
		o = picture(100, near_75);
		for (int i = 0; i < 100 * 100; i++)
			acts[i] *= scale;
		o.most *= scale;
		assert_true(ct_plot_fit(&p, CT_PLOT_DOTS, &o, 80, 26, false));
		ct_plot_row(&p, 1, cells);
		assert_int_equal(cells[4 + 37].ink, CT_INK_STRONG);
		assert_int_equal(cells[4 + 33].ink, CT_INK_WEAK);
	}
	/* Years: the scale has room for their digits. */
	o.n = 12;
	o.from = 1990;
	assert_true(ct_plot_fit(&p, CT_PLOT_DOTS, &o, 20, 9, false));
	assert_int_equal(strncmp(row(&p, 3), "2000", 4), 0);
	o.from = 9995;
	assert_true(ct_plot_fit(&p, CT_PLOT_DOTS, &o, 20, 9, true));
	assert_int_equal(strncmp(row(&p, 3), "10000", 5), 0);
	/* Nowhere active, few numbers. */
	o = (struct ct_operands){ .n = 12, .value = { -1, -1 } };
	assert_true(ct_plot_fit(&p, CT_PLOT_DOTS, &o, 20, 9, false));
	assert_true(p.w == 10 && p.h == 4);
	assert_string_equal(row(&p, 0), "    0");
	assert_string_equal(row(&p, 2), "");
	assert_true(ct_plot_fit(&p, CT_PLOT_FOLDED, &o, 60, 11, false));
	assert_string_equal(row(&p, 0), "tens 0 1  ones 0 1 2 3 4 5 6 7 8 9");
	assert_string_equal(row(&p, 10), "             9");
}

static const struct {
	const char *json, *message;
} records_bad[] = {
	{ "{\"tokens\":[null,\"+\"],\"from\":0,\"pictures\":[]}", "operands.tokens: expected null for each" },
	{ "{\"tokens\":[null,null,null],\"from\":0,\"pictures\":[]}", "operands.tokens: expected "
	    "texts, and null" },
	{ "{\"tokens\":[null,null],\"from\":-1,\"pictures\":[]}",
	    "operands.from: expected the first" },
	{ "{\"tokens\":[null,null],\"from\":0,\"pictures\":[1,2,3]}", "operands.pictures: expected a list" },
	{ "{\"tokens\":[null,null],\"from\":0,\"pictures\":[{\"position\":3}]}", "operands.position: "
	    "expected" },
	{ "{\"tokens\":[null,null],\"from\":0,\"pictures\":[{\"position\":2,\"max\":0}]}",
	    "operands.max: expected" },
	{ "{\"tokens\":[null,null],\"from\":0,\"pictures\":[{\"position\":2,\"max\":1e-60}]}",
	    "operands.max: expected" },
	{ "{\"tokens\":[null,null],\"from\":0,\"pictures\":[{\"position\":2,\"max\":1e300}]}",
	    "operands.max: expected" },
	{ "{\"tokens\":[null,null],\"from\":0,\"pictures\":[{\"position\":2,\"max\":1,\"percent\":[[0]]}]}",
	  "operands.percent: expected from 3 to 100 rows" },
	{ "{\"tokens\":[null,null],\"from\":0,\"pictures\":[{\"position\":2,\"max\":1,"
	  "\"percent\":[[0,0,0],[0,0],[0,0,0]]}]}", "operands.percent: expected as many" },
	{ "{\"tokens\":[null,null],\"from\":0,\"pictures\":[{\"position\":2,\"max\":1,"
	  "\"percent\":[[0,0,0],[0,0,101],[0,0,0]]}]}", "operands.percent: expected whole numbers" },
};

/* The field "operands" of a record: kept in steps of 5 %, and refused when it is not what it should be. */
static void
records(void **state)
{
	struct ct_card *card = ct_card_new(0, 7), *again;
	struct ct_operands o = picture(100, near_75);
	const char *tokens[] = { "", "", "+", "", "=" };
	unsigned char *bytes;
	struct ct_plot p;
	struct ct_error err;
	size_t n;

	(void)state;
	card->operands = (struct ct_card_operands){ .length = 5, .tokens = tokens, .n = 1, .pictures = &o };
	assert_int_equal(ct_record_write(&bytes, &n, card, &err), CT_OK);
	assert_int_equal(ct_record_read(&again, bytes, n, 0, 7, "card", &err), CT_OK);
	free(bytes);
	assert_true(again->operands.n == 1 && again->operands.length == 5);
	assert_string_equal(again->operands.tokens[2], "+");
	assert_string_equal(again->operands.tokens[3], "");
	assert_true(again->operands.pictures[0].pos == 4 && again->operands.pictures[0].at[1] == 3);
	assert_true(again->operands.pictures[0].n_active == o.n_active);
	for (int i = 0; i < 100 * 100; i++) {
		float got = again->operands.pictures[0].acts[i];

		assert_true(fabsf(got - acts[i]) <= .026f * 3 ||
		    (acts[i] > 0 && got > 0 && got <= .051f * 3));
		assert_true((got > 0) == (acts[i] > 0));
	}
	ct_card_free(again);
	/* The largest of floats stay in their range. */
	o = picture(100, huge);
	assert_int_equal(ct_record_write(&bytes, &n, card, &err), CT_OK);
	assert_int_equal(ct_record_read(&again, bytes, n, 0, 7, "card", &err), CT_OK);
	free(bytes);
	assert_true(isfinite(again->operands.pictures[0].acts[0]) &&
	    again->operands.pictures[0].n_active == 100);
	assert_true(ct_plot_fit(&p, CT_PLOT_FOLDED, &again->operands.pictures[0], 51, 11, true));
	assert_int_equal(strncmp(row(&p, 1), "   0 ##", 7), 0);
	ct_card_free(again);
	for (size_t i = 0; i < sizeof records_bad / sizeof *records_bad; i++) {
		char text[256];

		n = (size_t)snprintf(text, sizeof text, "{\"operands\":%s}", records_bad[i].json);
		assert_int_equal(ct_record_pack(&bytes, &n, text, n, &err), CT_OK);
		assert_int_equal(ct_record_read(&again, bytes, n, 0, 7, "card", &err), CT_EFORMAT);
		if (!strstr(err.msg, records_bad[i].message))
			fail_msg("\"%s\" in place of \"%s\"", err.msg, records_bad[i].message);
		free(bytes);
	}
	ct_card_free(card);
}

/* By fours, odd and even are a texture and no solid block; what is solid stays so, and lines do not break. */
static void
texture(void **state)
{
	struct ct_operands o = picture(100, even_and_odd);
	struct ct_plot p;

	(void)state;
	assert_true(ct_plot_fit(&p, CT_PLOT_DOTS, &o, 60, 16, false));
	assert_int_equal(p.by, 2);
	assert_null(strstr(row(&p, 3), "\u28ff"));
	assert_non_null(strstr(row(&p, 3), "\u2805\u2805\u2805"));	/* one dot of four */
	o = picture(100, everywhere);
	assert_true(ct_plot_fit(&p, CT_PLOT_DOTS, &o, 60, 16, false));
	assert_non_null(strstr(row(&p, 3), "\u28ff\u28ff\u28ff"));
	o = picture(100, ends_in_5);
	assert_true(ct_plot_fit(&p, CT_PLOT_DOTS, &o, 60, 16, false));
	assert_non_null(strstr(row(&p, 1), "\u2814\u2801\u2860\u280a"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(texture),
		cmocka_unit_test(tens_and_ones), cmocka_unit_test(dots),
		cmocka_unit_test(records) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
