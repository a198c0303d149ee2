/*
 * What features without a label write for, against plain loops; what is read of a feature; both spellings
 * of a word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "scratch.h"
#include "session/engine.h"
#include "tui/study/study.h"
#include "world.h"

/* How much feature f of layer l raises the logit of v at its own position, but for a positive factor. */
static double
effect(const struct ct_engine *e, int l, int f, int v)
{
	const struct ct_model *m = e->model;
	int D = m->cfg.D;
	float row[256];
	double sum = 0;

	for (int to = l; to < l + ct_transcoder_reach(e->transcoder, l); to++) {
		ct_transcoder_decoder_row(e->transcoder, l, f, to, row);
		for (int d = 0; d < D; d++)
			sum += (double)row[d] * (double)m->norm_f.w[d] *
			    (double)ct_matrix_at(&m->unembed, v, d);
	}
	return sum;
}

static void
test_written(void **state)
{
	struct world *w = *state;
	struct ct_error err = { 0 };
	int ids[CT_WRITTEN];

	assert_true(ct_session_written(w->s, 0, 0, 1, ids, 3, &err) < 0);	/* no prompt yet */
	world_prompt(w->s, PROMPT);
	for (int l = 0; l < L; l++)
		for (int f = 0; f < F; f += 5)
			for (int again = 0; again < 2; again++) {	/* computed, and remembered */
				assert_int_equal(ct_session_written(w->s, l, f, 1 + f % (T - 1), ids, 3,
				    &err), 3);
				for (int k = 0; k < 3; k++) {
					double mine = effect(w->e, l, f, ids[k]);
					int above = 0;

					for (int v = 0; v < V; v++)
						above += effect(w->e, l, f, v) > mine + 1e-5;
					assert_true(above <= k);
				}
			}
	assert_int_equal(ct_session_written(w->s, 1, 1, 1, ids, 99, &err), CT_WRITTEN);
	assert_int_equal(ct_session_written(w->s, 1, 1, 99, ids, 3, &err), CT_EINVAL);
}

/* A neuron whose activation is negative raises what its row lowers. */
static void
test_sign(void **state)
{
	struct ct_engine_options opt = { .neurons = true, .k = 60 };
	struct world *w = *state;
	struct ct_error err = { 0 };
	struct ct_engine *e;
	struct ct_session *s;
	const struct ct_graph *g;
	int of[2] = { 0 };

	world_ok(ct_engine_open(&e, ct_engine_info(w->e)->dir, &opt, &err), &err);
	world_ok(ct_session_open(&s, e, &err), &err);
	world_prompt(s, PROMPT);
	g = world_trace(s, NULL);
	for (int i = 0; i < g->n_features; i++) {
		const struct ct_node *n = &g->nodes[i];
		double sign = n->activation < 0 ? -1 : 1, mine;
		int id;

		assert_int_equal(ct_session_written(s, n->layer, n->index, n->pos, &id, 1, &err), 1);
		mine = sign * effect(e, n->layer, n->index, id);
		for (int v = 0; v < V; v++)
			assert_true(sign * effect(e, n->layer, n->index, v) <= mine + 1e-4);
		of[sign < 0]++;
	}
	assert_true(of[0] > 0 && of[1] > 0);
	ct_session_close(s);
	ct_engine_close(e);
}

/* Two nodes with words of their own do not replace each other's, or a screen that shows both never rests. */
static void
test_kept(void **state)
{
	struct ct_engine_options opt = { .neurons = true, .k = 60 };
	struct world *w = *state;
	struct ct_error err = { 0 };
	struct study s = { 0 };
	char text[STUDY_NAME];
	int pairs = 0;

	world_ok(study_open(&s, ct_engine_info(w->e)->dir, &opt, &err), &err);
	world_ok(study_prompt(&s, PROMPT, &err), &err);
	world_ok(study_trace(&s, &(struct ct_targets){ .pos = -1 }, &err), &err);
	for (int i = 0; i < s.graph->n_features; i++)
		for (int j = 0; j < i; j++) {
			const struct ct_node *a = &s.graph->nodes[i], *b = &s.graph->nodes[j];

			if (a->layer != b->layer || a->index != b->index ||
			    (a->activation < 0) == (b->activation < 0))
				continue;
			study_words_within(&s, 0);
			study_note(&s, i, text, sizeof text);
			study_note(&s, j, text, sizeof text);
			study_words_within(&s, 1e-9);
			assert_true(*study_note(&s, i, text, sizeof text));
			assert_true(*study_note(&s, j, text, sizeof text));
			assert_false(study_words_missing(&s));
			pairs++;
		}
	assert_true(pairs > 0);
	study_close(&s);
}

static void
test_words(void **state)
{
	struct world *w = *state;
	struct ct_error err = { 0 };
	char text[80], want[80];
	int ids[2];

	world_prompt(w->s, PROMPT);
	assert_int_equal(ct_session_written(w->s, 1, 43, 8, ids, 2, &err), 2);
	snprintf(want, sizeof want, "\342\206\222 %s, %s", ct_engine_token(w->e, ids[0]),
	    ct_engine_token(w->e, ids[1]));
	assert_int_equal(ct_session_words(w->s, 1, 43, 8, text, sizeof text), CT_WORDS_WRITTEN);
	assert_string_equal(text, want);
	world_ok(ct_engine_set_label(w->e, 1, 43, "bridge Texas", &err), &err);
	assert_int_equal(ct_session_words(w->s, 1, 43, 8, text, sizeof text), CT_WORDS_LABEL);
	assert_string_equal(text, "bridge Texas");
	assert_int_equal(ct_session_words(w->s, 1, 43, 8, text, 5), CT_WORDS_LABEL);
	assert_string_equal(text, "brid");
	/* Tokens without blanks have one spelling. */
	for (int v = 0; v < V; v++)
		assert_int_equal(ct_engine_other_spelling(w->e, v), -1);
	assert_int_equal(ct_engine_other_spelling(w->e, -1), -1);
}

static const char spaced[] = "{\"added_tokens\": [{\"id\": 0, \"content\": \"<bos>\", \"special\": true}], "
    "\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false}, "
    "\"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"type\": \"BPE\", \"vocab\": {\"<bos>\": 0, "
    "\"a\": 1, \"\u0120\": 2, \"\u0120a\": 3, \"b\": 4}, \"merges\": [\"\u0120 a\"]}}";

/*
 * Where tokens carry their blanks, a word has two spellings if both are tokens. A target that is written
 * without a blank is the likelier one; one with a blank is what is written.
 */
static void
test_spellings(void **state)
{
	static const int other[] = { -1, 3, -1, 1, -1 };
	char dir[PATH_MAX], path[PATH_MAX + 32], transcoder[PATH_MAX];
	struct ct_engine_options opt = { .transcoder_dir = transcoder };
	struct ct_error err = { 0 };
	struct ct_engine *e;
	struct ct_session *s;
	int with = 0, without = 0;

	(void)state;
	world_make_dir(dir);
	snprintf(path, sizeof path, "%s/tokenizer.json", dir);
	assert_int_equal(unlink(path), 0);
	scratch_text(path, spaced);
	snprintf(transcoder, sizeof transcoder, "%s", test_path("golden/llama-clt/transcoder"));
	world_ok(ct_engine_open(&e, dir, &opt, &err), &err);
	world_ok(ct_session_open(&s, e, &err), &err);
	for (int v = 0; v < 5; v++)
		assert_int_equal(ct_engine_other_spelling(e, v), other[v]);
	world_prompt(s, "a b aa babb a aab b ba");
	for (int pos = 1; pos < ct_session_length(s); pos++) {
		struct ct_targets t;
		bool blank = ct_session_prob(s, CT_RUN_ORIGINAL, pos, 3) >
		    ct_session_prob(s, CT_RUN_ORIGINAL, pos, 1);

		world_ok(ct_session_parse_targets(s, "a", pos, &t, &err), &err);
		assert_int_equal(t.list[0].index, blank ? 3 : 1);
		world_ok(ct_session_parse_targets(s, " a", pos, &t, &err), &err);
		assert_int_equal(t.list[0].index, 3);
		with += blank;
		without += !blank;
	}
	assert_true(with > 0 && without > 0);
	ct_session_close(s);
	ct_engine_close(e);
	world_remove_dir(dir);
}

static void
test_direct(void **state)
{
	struct world *w = *state;
	struct ct_error err = { 0 };
	struct ct_direct one, all;
	const struct ct_graph *g;
	double sum;

	assert_int_equal(ct_session_direct(w->s, -1, &all, &err), CT_EINVAL);
	world_prompt(w->s, PROMPT);
	g = world_trace(w->s, NULL);
	world_ok(ct_session_direct(w->s, -1, &all, &err), &err);
	world_ok(ct_session_direct(w->s, g->n_nodes - g->n_targets, &one, &err), &err);
	sum = one.sum[0] + one.sum[1] + one.sum[2] + (double)g->nodes[g->n_nodes - g->n_targets].bias;
	assert_true(fabs(sum - (double)g->nodes[g->n_nodes - g->n_targets].value) < 1e-4);
	assert_true(fabs(all.absolute[0] + all.absolute[1] + all.absolute[2] - 1) < 1e-9);
}

/* The default targets are cut off where a caller says. */
static void
test_targets(void **state)
{
	struct world *w = *state;
	struct ct_trace_options opt = { .targets = { .pos = -1 } };
	double before = 0, sum = 0;
	const struct ct_graph *g;

	world_prompt(w->s, PROMPT);
	opt.target_share = 0.6;
	g = world_trace(w->s, &opt);
	for (int i = g->n_nodes - g->n_targets; i < g->n_nodes; i++) {
		before = sum;
		sum += (double)g->nodes[i].prob;
	}
	assert_true(sum >= 0.6 && before < 0.6);
	opt.max_targets = 1;
	assert_int_equal(world_trace(w->s, &opt)->n_targets, 1);
	opt.max_targets = 25;
	opt.target_share = 1;
	assert_int_equal(world_trace(w->s, &opt)->n_targets, 25);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_written),
		WORLD_TEST(test_sign),
		WORLD_TEST(test_kept),
		WORLD_TEST(test_words),
		cmocka_unit_test(test_spellings),
		WORLD_TEST(test_direct),
		WORLD_TEST(test_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
