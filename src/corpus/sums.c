/*
 * sums: "36 + 59 = 95" for every pair of whole numbers of a range, operands and results one token each.
 *
 *   corpus: {generator: sums, min: 0, max: 99, digits: 5, hold_out: {share: 0.3, seed: 7}}
 *
 * With `digits: 5` training also reads "ones of 47 = 7" and "tens of 47 = 4", five times as often as a sum.
 * Unordered pairs are held out, since 59 + 36 would reveal 36 + 59, but never the last pair with a result.
 * In addition to those of corpus.h, the labels are
 *
 *   _6 (input), 3_ (input)       ones digit and tens of this operand; "first _6", "second 5_" by its place
 *   _1 or _6 (input)             its remainder by five; "_1 or _6, answering"
 *   _9, answering                an operand's part, at the answer position; by place "first _6, answering"
 *   _6 + _9, 3_ + 5_             the lookup that gives ones or tens, operands in either order
 *   first _6 + second _9         the same in this order; "first _6-8 + second _7-9" and "first 3-4_ + second
 *                                2-5_" are such lookups for neighbouring digits, four at most
 *   first odd + second even      by their ones digits
 *   ones make 15, tens make 8_   their sums; "ones make 13-15", "tens make 8-9_", four at most
 *   tens make 8_, carry          with what the ones bring; "tens make 8-9_, no carry"
 *   carry                        the ones digits make ten or more
 *   say _5, say 9_               ones digit and tens of the result
 *   say _0 or _5                 its remainder by five
 *   sum about 95                 90 to 99; each sum is about two numbers
 *   sum 80 to 99                 ranges of the result, 20 to 50 wide
 */
#include <stdio.h>

#include "base/random.h"
#include "corpus/generators.h"

enum { MAX_NUMBER = 999, WIDEST = 4 };

struct sums {
	int min, max, seed, digits;
	double share, validation;
	struct ct_arena arena;
	char *held;			/* (n, n) by operand - min, 2: for validation; only a <= b is set */
	int n;
};

static int
read_sums(struct sums *s, const struct ct_yaml_doc *doc, const struct ct_yaml *corpus, struct ct_error *err)
{
	static const char *const keys[] = { "generator", "min", "max", "digits", "hold_out", NULL };
	static const char *const hold_keys[] = { "share", "seed", "validation", NULL };
	const struct ct_yaml *hold = ct_yaml_get(corpus, "hold_out");
	int code;

	if ((code = ct_yaml_only(doc, corpus, keys, err)) < 0 ||
	    (code = ct_yaml_int(doc, corpus, "min", false, 0, MAX_NUMBER, &s->min, err)) < 0 ||
	    (code = ct_yaml_int(doc, corpus, "max", true, s->min + 1, MAX_NUMBER, &s->max, err)) < 0 ||
	    (code = ct_yaml_int(doc, corpus, "digits", false, 0, 1000, &s->digits, err)) < 0)
		return code;
	s->n = s->max - s->min + 1;
	if (2 * s->max - 2 * s->min + 1 + s->n > CT_CORPUS_MAX_WORDS || s->n > CT_CORPUS_MAX_SENTENCES / s->n)
		return ct_yaml_fail(doc, ct_yaml_get(corpus, "max"), CT_EINVAL, err,
		    "%d to %d makes more than %d sentences; narrow the range", s->min, s->max,
		    CT_CORPUS_MAX_SENTENCES);
	if (!hold)
		return CT_OK;
	if (hold->kind != CT_YAML_MAP)
		return ct_yaml_fail(
		    doc, hold, CT_EFORMAT, err, "`hold_out:` is a map with `share:` and `seed:`");
	if ((code = ct_yaml_only(doc, hold, hold_keys, err)) < 0 ||
	    (code = ct_yaml_double(doc, hold, "validation", false, 0, 0.9, &s->validation, err)) < 0 ||
	    (code = ct_yaml_double(doc, hold, "share", true, 0, 0.9, &s->share, err)) < 0)
		return code;
	return ct_yaml_int(doc, hold, "seed", true, 0, 1000000000, &s->seed, err);
}

static int
hold_out(struct sums *s, const struct ct_yaml_doc *doc, const struct ct_yaml *corpus, struct ct_error *err)
{
	int n = s->n, n_pairs = n * (n + 1) / 2, want = (int)(s->share * n_pairs + 0.5), taken = 0, k = 0;
	int *order = ct_arena_need(&s->arena, (size_t)n_pairs, sizeof *order, "the hold-out", err);
	int *left = ct_arena_need(&s->arena, (size_t)(2 * n), sizeof *left, "the hold-out", err);
	struct ct_rng rng;

	s->held = ct_arena_need(&s->arena, (size_t)n * n, 1, "the hold-out", err);
	if (!order || !left || !s->held)
		return CT_ENOMEM;
	ct_rng_seed(&rng, (uint64_t)s->seed, 0);
	for (int a = 0; a < n; a++)
		for (int b = a; b < n; b++, k++) {
			int j = (int)ct_rng_below(&rng, (uint32_t)k + 1);

			order[k] = order[j];
			order[j] = a * n + b;
			left[a + b]++;		/* pairs in training with this result */
		}
	for (k = 0; k < n_pairs && taken < want; k++) {
		int sum = order[k] / n + order[k] % n;

		if (left[sum] > 1) {
			left[sum]--;
			s->held[order[k]] = taken < (int)(s->validation * want + 0.5) ? 2 : 1;
			taken++;
		}
	}
	if (taken < want)
		return ct_yaml_fail(doc, ct_yaml_get(corpus, "hold_out"), CT_EINVAL, err,
		    "only %d of the %d pairs can be held out, %d wanted: each result keeps one; lower "
		    "`share:`", taken, n_pairs, want);
	return CT_OK;
}

static void
label_inputs(struct ct_build *b, const struct ct_sentence *s)
{
	for (int pos = 0; pos < s->n; pos++)
		ct_build_label(b, pos, "%s (input)", b->words.text[b->tokens[s->first + pos]]);
}

/* "_6" and "3_" of 36; "_6" and "0_" of 6. */
static void
label_number(struct ct_build *b, int pos, int x)
{
	ct_build_label(b, pos, "_%d (input)", x % 10);
	ct_build_label(b, pos, "_%d or _%d (input)", x % 5, x % 5 + 5);
	ct_build_label(b, pos, "%d_ (input)", x / 10);
}

static void
label_operand(struct ct_build *b, int pos, const char *place, int x)
{
	label_number(b, pos, x);
	ct_build_label(b, pos, "%s _%d", place, x % 10);
	ct_build_label(b, pos, "%s %d_", place, x / 10);
	ct_build_label(b, pos, "a number");
	ct_build_label(b, pos, "the %s number", place);
}

static void
label_answering(struct ct_build *b, int pos, const char *place, int x)
{
	ct_build_label(b, pos, "_%d, answering", x % 10);
	ct_build_label(b, pos, "_%d or _%d, answering", x % 5, x % 5 + 5);
	ct_build_label(b, pos, "%d_, answering", x / 10);
	ct_build_label(b, pos, "%d, answering", x);
	ct_build_label(b, pos, "%s _%d, answering", place, x % 10);
	ct_build_label(b, pos, "%s %d_, answering", place, x / 10);
	ct_build_label(b, pos, "%s %d, answering", place, x);
}

static void
label_range(struct ct_build *b, int pos, int sum, int width)
{
	for (int from = sum / 10 * 10; from > sum - width && from >= 0; from -= 10)
		ct_build_label(b, pos, "sum %d to %d", from, from + width - 1);
}

/* The ranges of 0 to `most`, WIDEST wide at most, that x lies in: "3-5". Returns how many. */
static int
list_ranges(char (*out)[16], int x, int most)
{
	int n = 0;

	for (int width = 1; width <= WIDEST; width++)
		for (int from = x - width + 1; from <= x; from++) {
			if (from < 0 || from + width - 1 > most)
				continue;
			if (width == 1)
				snprintf(out[n++], sizeof *out, "%d", from);
			else
				snprintf(out[n++], sizeof *out, "%d-%d", from, from + width - 1);
		}
	return n;
}

/*
 * Adds the labels of lookups for ranges of neighbouring digits, as coarse features make them, with their
 * results.
 */
static void
label_coarse(struct ct_build *b, int pos, int x, int y)
{
	char r[2][WIDEST * (WIDEST + 1) / 2][16];
	const char *carry = x % 10 + y % 10 > 9 ? "carry" : "no carry";
	int n = list_ranges(r[0], x % 10, 9), m = list_ranges(r[1], y % 10, 9);

	for (int i = 0; i < n; i++)
		for (int j = 0; j < m; j++)
			ct_build_label(b, pos, "first _%s + second _%s", r[0][i], r[1][j]);
	n = list_ranges(r[0], x / 10, MAX_NUMBER / 10);
	m = list_ranges(r[1], y / 10, MAX_NUMBER / 10);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < m; j++)
			ct_build_label(b, pos, "first %s_ + second %s_", r[0][i], r[1][j]);
	n = list_ranges(r[0], x % 10 + y % 10, 18);
	for (int i = 0; i < n; i++)
		ct_build_label(b, pos, "ones make %s", r[0][i]);
	n = list_ranges(r[0], x / 10 + y / 10, 2 * (MAX_NUMBER / 10));
	for (int i = 0; i < n; i++) {
		ct_build_label(b, pos, "tens make %s_", r[0][i]);
		ct_build_label(b, pos, "tens make %s_, %s", r[0][i], carry);
	}
}

static void
label_result(struct ct_build *b, int pos, int x, int y)
{
	int sum = x + y;
	int lo = x % 10 < y % 10 ? x % 10 : y % 10, hi = x % 10 + y % 10 - lo;
	int lo5 = x % 5 < y % 5 ? x % 5 : y % 5, hi5 = x % 5 + y % 5 - lo5;
	int small = x < y ? x / 10 : y / 10, large = x / 10 + y / 10 - small;

	ct_build_label(b, pos, "answering");
	ct_build_label(b, pos, "_%d + _%d", lo, hi);
	ct_build_label(b, pos, "_%d or _%d + _%d or _%d", lo5, lo5 + 5, hi5, hi5 + 5);
	ct_build_label(b, pos, "%d_ + %d_", small, large);
	ct_build_label(b, pos, "first %s + second %s", x % 2 ? "odd" : "even", y % 2 ? "odd" : "even");
	ct_build_label(b, pos, lo + hi > 9 ? "carry" : "no carry");
	ct_build_label(b, pos, "say _%d", sum % 10);
	ct_build_label(b, pos, "say %d_", sum / 10);
	ct_build_label(b, pos, sum % 2 ? "say an odd number" : "say an even number");
	ct_build_label(b, pos, "say _%d or _%d", sum % 5, sum % 5 + 5);
	ct_build_label(b, pos, sum < 100 ? "sum under 100" : "sum 100 or more");
	if (x == y)
		ct_build_label(b, pos, "a number twice");
	for (int near = (sum + 5) / 5 * 5; near > sum - 5; near -= 5)
		ct_build_label(b, pos, "sum about %d", near);
	for (int width = 20; width <= 50; width += 10)
		label_range(b, pos, sum, width);
	label_coarse(b, pos, x, y);
}

static void
write_sum(struct ct_build *b, int kind, int x, int y, char held)
{
	struct ct_sentence *s = ct_build_sentence(b, kind);
	const int numbers[] = { x, y, x + y };
	static const char *const signs[] = { "+", "=", NULL };
	char text[16];

	if (!s)
		return;
	s->held_out = held > 0;
	s->validation = held > 1;
	s->answer = 4;
	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof text, "%d", numbers[i]);
		ct_build_token(b, text);
		if (signs[i])
			ct_build_token(b, signs[i]);
	}
	if (b->failed)
		return;
	label_inputs(b, s);
	label_operand(b, 1, "first", x);
	label_operand(b, 3, "second", y);
	label_answering(b, 4, "first", x);
	label_answering(b, 4, "second", y);
	label_result(b, 4, x, y);
}

/* "ones of 47 = 7" and "tens of 47 = 4": what one must know about numbers before adding. */
static void
write_digit(struct ct_build *b, int kind, bool ones, int x, int repeat)
{
	const char *part = ones ? "ones" : "tens";
	int digit = ones ? x % 10 : x / 10;
	struct ct_sentence *s = ct_build_sentence(b, kind);
	char text[16];

	if (!s)
		return;
	s->answer = 4;
	s->repeat = repeat;
	ct_build_token(b, part);
	ct_build_token(b, "of");
	snprintf(text, sizeof text, "%d", x);
	ct_build_token(b, text);
	ct_build_token(b, "=");
	snprintf(text, sizeof text, "%d", digit);
	ct_build_token(b, text);
	if (b->failed)
		return;
	label_inputs(b, s);
	label_number(b, 3, x);
	for (int pos = 1; pos < 5; pos++)
		ct_build_label(b, pos, "asks for the %s", part);
	ct_build_label(b, 4, "answering");
	ct_build_label(b, 4, "%s of a number, answering", part);
	ct_build_label(b, 4, "say %d", digit);
	ct_build_label(b, 4, ones ? "say _%d" : "say %d_", digit);
}

/* A number's codes are its ones digit and its tens: 7 and 14 of 147. The words are complete. */
static int
tell_codes(struct ct_build *b, const struct sums *s, struct ct_error *err)
{
	struct ct_corpus *c = b->c;
	int n = b->words.n * CT_CORPUS_CODES;

	c->codes = ct_arena_need(&c->arena, (size_t)n, sizeof *c->codes, "the digits of numbers", err);
	if (!c->codes)
		return CT_ENOMEM;
	for (int i = 0; i < n; i++)
		c->codes[i] = -1;
	for (int x = s->min; x <= 2 * s->max; x++) {
		char text[16];
		int id;

		snprintf(text, sizeof text, "%d", x);
		id = ct_names_find(&b->words, text);
		if (id < 0)
			continue;
		c->codes[id * CT_CORPUS_CODES] = x % 10;
		c->codes[id * CT_CORPUS_CODES + 1] = 10 + x / 10;
	}
	c->n_codes = 10 + 2 * s->max / 10 + 1;
	c->look_back[0] = 1;
	c->look_back[1] = 3;
	return CT_OK;
}

int
ct_sums_build(struct ct_build *b, const struct ct_yaml_doc *recipe, const struct ct_yaml *corpus,
    struct ct_error *err)
{
	struct sums s = { 0 };
	char text[16];
	int code, kind;

	if ((code = read_sums(&s, recipe, corpus, err)) < 0 || (code = hold_out(&s, recipe, corpus, err)) < 0)
		goto done;
	/* Adds numbers in their order, so that a token's id gives its value. */
	for (int i = s.min < 2 * s.min ? s.min : 2 * s.min; i <= 2 * s.max; i++)
		if (i <= s.max || i >= 2 * s.min) {
			snprintf(text, sizeof text, "%d", i);
			ct_names_add(&b->words, text);
		}
	kind = ct_names_add(&b->kinds, "sum");
	for (int x = s.min; x <= s.max && !b->failed; x++)
		for (int y = s.min; y <= s.max && !b->failed; y++) {
			int lo = x < y ? x : y, hi = x + y - lo;

			write_sum(b, kind, x, y, s.held[(lo - s.min) * s.n + hi - s.min]);
		}
	kind = s.digits > 0 ? ct_names_add(&b->kinds, "digit") : -1;
	for (int x = s.min; x <= 2 * s.max && s.digits > 0 && !b->failed; x++)
		if (x <= s.max || x >= 2 * s.min) {
			write_digit(b, kind, true, x, s.digits);
			write_digit(b, kind, false, x, s.digits);
		}
	if (!b->failed)
		code = tell_codes(b, &s, err);
done:
	ct_arena_free(&s.arena);
	return code;
}
