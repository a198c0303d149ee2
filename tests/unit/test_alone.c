/* A layer that alone stands in for its MLP: with a single layer, that is the whole replacement model. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "eval/alone.h"
#include "eval/fidelity.h"
#include "fixture.h"

enum { SENTENCES = 6, LONG = 8, MOST_WORDS = 256 };

static void
make_corpus(struct ct_corpus *c, int V, bool no_bos)
{
	struct ct_rng rng;

	*c = (struct ct_corpus){ .n_words = V };
	c->sentences = ct_arena_alloc(&c->arena, SENTENCES, sizeof *c->sentences);
	c->tokens = ct_arena_alloc(&c->arena, SENTENCES * LONG, sizeof *c->tokens);
	assert_true(c->sentences && c->tokens);
	ct_rng_seed(&rng, 6, 0);
	for (int i = 0; i < SENTENCES; i++) {
		int n = LONG - i % 3;

		c->sentences[c->n_sentences++] = (struct ct_sentence){ .first = c->n_tokens, .n = n,
			.held_out = i != 2, .answer = n - 2, .no_bos = no_bos };
		for (int t = 0; t < n; t++)
			c->tokens[c->n_tokens++] = (int)ct_rng_below(&rng, (uint32_t)V);
	}
}

/*
 * Figures of a random model and transcoder of this shape; n: positions that alone was to measure; no_bos:
 * no token is a special one, so that the first has features like any other.
 */
static void
measure(const struct ct_shape *s, int n, bool no_bos, struct ct_alone **alone, struct ct_fidelity **whole)
{
	static const bool none[MOST_WORDS];
	struct ct_activity *activity;
	struct ct_transcoder *tc;
	struct ct_corpus c;
	struct ct_model *m;

	assert_int_equal(ct_model_random(&m, s, NULL), CT_OK);
	assert_int_equal(ct_transcoder_random(&tc, s, NULL), CT_OK);
	assert_true(s->cfg.V <= MOST_WORDS);
	m->special = no_bos ? none : NULL;
	make_corpus(&c, s->cfg.V, no_bos);
	assert_int_equal(ct_activity_collect(&activity, m, tc, &c, NULL, NULL), CT_OK);
	assert_int_equal(ct_fidelity_measure(whole, m, tc, &c, activity, NULL, NULL), CT_OK);
	assert_int_equal(ct_alone_measure(alone, m, tc, &c, n, NULL, NULL), CT_OK);
	ct_activity_free(activity);
	ct_arena_free(&c.arena);
	ct_transcoder_close(tc);
	ct_model_close(m);
}

static void
one_layer_is_the_whole(void **state)
{
	const struct ct_config *const families[] = { &fixture_llama, &fixture_gpt2, &fixture_qwen3,
		&fixture_gemma2, &fixture_gemma3 };
	int tried = 0, positions = 0;

	(void)state;
	for (int i = 0; i < SENTENCES; i++)
		positions += i != 2 ? LONG - i % 3 - 1 : 0;
	for (int k = 0; k < 5; k++) {
		struct ct_config cfg = *families[k];
		struct ct_shape s;

		cfg.L = 1;
		for (int i = 0; fixture_shape(&s, &cfg, i); i++) {
			struct ct_fidelity *whole;
			struct ct_alone *alone;

			if (s.act == CT_TC_BATCHTOPK || i % 3 != k % 3)
				continue;
			measure(&s, 1000, i % 2, &alone, &whole);
			assert_int_equal(alone->L, 1);
			assert_int_equal(alone->n, positions - (i % 2 ? 0 : SENTENCES - 1));
			assert_true(fabs(alone->kl[0] - whole->kl_all) <= 2e-4 * whole->kl_all + 1e-6);
			assert_true(fabs(alone->top1[0] - whole->top1_all) < 1e-9);
			ct_fidelity_free(whole);
			ct_alone_free(alone);
			tried++;
		}
	}
	assert_true(tried > 20);
}

/* Whole sentences are measured until there are enough positions. */
static void
it_stops_when_there_are_enough(void **state)
{
	struct ct_shape s;
	struct ct_fidelity *whole;
	struct ct_alone *alone;

	(void)state;
	assert_true(fixture_shape(&s, &fixture_llama, 0));
	measure(&s, 7, false, &alone, &whole);
	assert_int_equal(alone->n, LONG - 2 + LONG - 3);
	for (int l = 0; l < alone->L; l++)
		assert_true(alone->kl[l] > 0 && alone->top1[l] >= 0 && alone->top1[l] <= 1);
	ct_fidelity_free(whole);
	ct_alone_free(alone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_layer_is_the_whole),
		cmocka_unit_test(it_stops_when_there_are_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
