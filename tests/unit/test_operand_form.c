/* The sentences of a corpus that are sums of two numbers, among others that look like them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/random.h"
#include "cards/operands.h"

/* "!" is no number, though it is the first word; as in the vocabulary of GPT-2. Numbers are 2 to 7. */
enum { BANG, PLUS, MINUS, EQUALS, BOS, TWO, WORDS = TWO + 6, LEAST = 2, N = 6, LONGEST = 9 };
static const char *words[WORDS] = { "!", " +", " -", " =", "<bos>", "2", " 3", "4", " 5", " 6", "7" };

enum like { SUM, DIFFERENCE, THREE, ELSEWHERE, LONGER, LIKES };

struct said {
	enum like like;
	int a, b;
};

/* Writes a sentence; returns its length. Its answer follows the last word of its beginning. */
static int
say(int *to, struct said s)
{
	const int a = TWO + s.a, b = TWO + s.b;
	const int all[LIKES][LONGEST] = {
		[SUM] = { BOS, BANG, a, PLUS, b, EQUALS },
		[DIFFERENCE] = { BOS, BANG, a, MINUS, b, EQUALS },
		[THREE] = { BOS, BANG, a, PLUS, b, a },
		[ELSEWHERE] = { BOS, a, PLUS, b, BANG, EQUALS },
		[LONGER] = { BOS, BANG, a, PLUS, b, EQUALS, BANG },
	};
	int n = s.like == LONGER ? 7 : 6;

	for (int i = 0; i < n; i++)
		to[i] = all[s.like][i];
	to[n] = BANG;
	return n + 1;
}

/* All sums once, and after the first of them some of every other kind between them. */
static void
check(uint64_t seed, int missing)
{
	enum { SENTENCES = N * N + 4 * N };
	struct said said[SENTENCES];
	struct ct_sentence sentences[SENTENCES] = { 0 };
	int tokens[SENTENCES * LONGEST], order[SENTENCES], n = 0;
	struct ct_corpus c = { .n_words = WORDS, .words = words, .n_sentences = SENTENCES,
		.sentences = sentences, .tokens = tokens };
	struct ct_operand_form form;
	struct ct_arena a = { 0 };
	struct ct_error err = { 0 };
	struct ct_rng r;

	ct_rng_seed(&r, seed, 1);
	for (int i = 0; i < SENTENCES; i++)
		order[i] = i;
	ct_rng_shuffle(&r, order + 1, SENTENCES - 1);
	for (int i = 0; i < SENTENCES; i++) {
		int k = order[i];

		said[i] = k < N * N ? (struct said){ SUM, k / N, k % N } :
		    (struct said){ 1 + k % 4, (int)ct_rng_below(&r, N), (int)ct_rng_below(&r, N) };
		if (k == missing)
			said[i].like = DIFFERENCE;
		sentences[i].first = n;
		sentences[i].n = say(tokens + n, said[i]);
		sentences[i].answer = sentences[i].n - 2;
		n += sentences[i].n;
	}
	c.n_tokens = n;
	assert_int_equal(ct_operand_form_find(&form, &c, &a, &err), CT_OK);
	assert_int_equal(form.n, missing < 0 ? N : 0);
	if (missing < 0) {
		assert_int_equal(form.from, LEAST);
		assert_int_equal(form.length, 6);
		assert_int_equal(form.at[0], 2);
		assert_int_equal(form.at[1], 4);
	}
	for (int i = 0; i < SENTENCES && missing < 0; i++)
		assert_int_equal(form.pair_of[i], said[i].like == SUM ? said[i].a * N + said[i].b : -1);
	ct_arena_free(&a);
}

static void
test_form(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		check(seed, -1);
		check(seed, 1 + (int)seed);	/* a pair is missing: there is no picture of all */
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
