/*
 * Swaps on one prompt: over all held-out prompts of a small world they are what interchange measures, each
 * row is what its own clamps do, and controls and places are what they say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "eval/interchange.h"
#include "eval/swap.h"
#include "eval_world.h"
#include "math/kernels.h"

struct stage {
	struct world w;
	struct fixture f;
	struct ct_activity *activity;
	struct ct_values v;
	struct ct_arena arena;
};

static struct ct_error err;

static void
stage_open(struct stage *s, const char *name)
{
	int answers[VALUES][RELATIONS];

	*s = (struct stage){ .arena = { 0 } };
	make_world(&s->w);
	fixture_open(&s->f, name);
	answer_as_the_model(&s->f, &s->w, answers);
	assert_int_equal(ct_activity_collect(&s->activity, s->f.m, s->f.tc, &s->w.c, NULL, &err), CT_OK);
	assert_int_equal(ct_values_init(&s->v, s->f.tc, &s->w.c, s->activity, &err), CT_OK);
}

static void
stage_close(struct stage *s)
{
	ct_arena_free(&s->arena);
	ct_values_free(&s->v);
	ct_activity_free(s->activity);
	fixture_close(&s->f);
}

static struct ct_swap
run(struct stage *s, const struct ct_swap_plan *plan)
{
	struct ct_swap out;

	fixture_run(&s->f, s->w.tokens + plan->sentence * LENGTH, ANSWER + 1);
	assert_int_equal(ct_swap_run(&out, &s->v, s->f.prompt, plan, &s->arena, NULL, &err), CT_OK);
	return out;
}

/* A row is what its clamps do, with its token's probability. */
static void
check_row(struct stage *s, const struct ct_swap_plan *plan, const struct ct_swap_row *row, int value)
{
	static struct ct_clamp clamps[2 * CT_VALUE_SPAN * 3 * 64];
	struct ct_swap_plan one = *plan;
	float logits[VOCAB];
	double sum = 0;
	int n;

	one.to = value;
	n = ct_swap_clamps(&s->v, &one, clamps, &err);
	assert_int_equal(n, row->moved);
	run_clamped(&s->f, clamps, n, CT_FREE, logits);
	assert_int_equal(ct_likeliest(VOCAB, logits), row->got);
	for (int i = 0; i < VOCAB; i++)
		sum += exp((double)logits[i]);
	assert_true(fabs(exp((double)logits[row->got]) / sum - (double)row->prob_got) < 1e-5);
	assert_true(fabs(exp((double)logits[row->expected]) / sum - (double)row->prob_expected) < 1e-5);
	assert_string_equal(row->value, s->w.text[value] + strlen("about "));
}

static void
check(const char *name)
{
	static struct stage s;
	struct ct_interchange_figures figures;
	int tried = 0, given[2] = { 0 }, same = 0;

	stage_open(&s, name);
	assert_int_equal(ct_interchange_measure(&figures, s.f.m, s.f.tc, &s.w.c, s.activity, 99, NULL,
	    &err), CT_OK);
	for (int i = 0; i < SENTENCES; i++) {
		struct ct_swap_plan plan = { .sentence = i, .to = -1, .pos = -1, .strength = 1 };
		struct ct_swap out;

		if (!s.w.sentences[i].held_out)
			continue;
		out = run(&s, &plan);
		assert_int_equal(out.n, VALUES - 1);
		assert_true(out.pos == 1 && out.n_pos == 1);
		tried += out.tried;
		given[0] += out.given;
		same += out.same >= 0 && out.same_got != out.said;
		for (int k = 0, value = 0; k < out.n; k++, value++) {
			value += value == s.w.sentences[i].about;
			check_row(&s, &plan, &out.row[k], value);
		}
		plan.onwards = true;
		out = run(&s, &plan);
		assert_true(out.pos == ANSWER && out.n_pos == ANSWER);
		given[1] += out.given;
	}
	assert_int_equal(tried, figures.n);
	assert_true(fabs((double)given[0] / tried - figures.share[CT_INTERCHANGE_WRITTEN][0]) < 1e-9);
	assert_true(fabs((double)given[1] / tried - figures.share[CT_INTERCHANGE_ONWARDS][0]) < 1e-9);
	assert_true(fabs((double)same / figures.n_same -
	    figures.changed[CT_CONTROL_SAME][CT_INTERCHANGE_WRITTEN]) < 1e-9);
	stage_close(&s);
}

static void
test_swap(void **state)
{
	(void)state;
	check("llama-clt");
	check("llama-skip");
}

static void
test_places(void **state)
{
	static struct stage s;
	static struct ct_clamp clamps[2 * CT_VALUE_SPAN * 3 * 64];
	struct ct_swap_plan plan = { .sentence = 0, .to = 1, .pos = 0, .strength = 1 };
	struct ct_swap out;
	int n;

	(void)state;
	stage_open(&s, "llama-clt");
	for (int i = 0; i < SENTENCES; i++)
		assert_int_equal(ct_swap_sentence(&s.v, s.w.tokens + i * LENGTH, ANSWER + 1), i);
	assert_int_equal(ct_swap_sentence(&s.v, s.w.tokens, ANSWER), -1);
	assert_int_equal(ct_swap_sentence(&s.v, s.w.tokens + 1, ANSWER + 1), -1);
	assert_int_equal(ct_swap_clamps(&s.v, &plan, clamps, &err), CT_EINVAL);
	assert_string_equal(err.msg, "position 0 does not know the value: positions 1 to 3 do");
	plan.pos = ANSWER + 1;
	assert_int_equal(ct_swap_clamps(&s.v, &plan, clamps, &err), CT_EINVAL);
	plan.pos = 2;
	out = run(&s, &plan);
	assert_true(out.pos == 2 && out.n_pos == 1 && out.n == 1);
	n = ct_swap_clamps(&s.v, &plan, clamps, &err);
	for (int i = 0; i < n; i++)
		assert_int_equal(clamps[i].pos, 2);
	/* Nothing moved is nothing changed. */
	plan.strength = 0;
	out = run(&s, &plan);
	assert_true(out.row[0].got == out.said && out.row[0].random_got == out.said);
	assert_true(fabsf(out.row[0].prob_got - out.prob_said) < 1e-6f);
	stage_close(&s);
}

/* The first question's answers in the sentences about a value: one for its first city, one for the others. */
static void
set_answers(struct stage *s, int value, int first, int other)
{
	for (int city = 0; city < CITIES; city++)
		s->w.tokens[(value * CITIES + city) * RELATIONS * LENGTH + ANSWER + 1] = city ? other : first;
	ct_values_free(&s->v);
	assert_int_equal(ct_values_init(&s->v, s->f.tc, &s->w.c, s->activity, &err), CT_OK);
}

/* The first n tokens that are none of the three. */
static void
find_others(const struct ct_swap *out, int *ids, int n)
{
	for (int id = 0; n > 0; id++) {
		assert_true(id < VOCAB);
		if (id != out->said && id != out->row[0].got && id != out->row[0].random_got) {
			*ids++ = id;
			n--;
		}
	}
}

/* A swap of the first value that changes the answer, and otherwise than its random features do. */
static struct ct_swap
find_changes(struct stage *s, struct ct_swap_plan *plan)
{
	struct ct_swap out;

	for (int i = 0; i < CITIES * (VALUES - 1) * 12; i++) {
		*plan = (struct ct_swap_plan){ .sentence = i % CITIES * RELATIONS,
			.to = 1 + i / CITIES % (VALUES - 1), .pos = -1, .onwards = true,
			.strength = ldexp(1, i / (CITIES * (VALUES - 1))) };
		out = run(s, plan);
		if (out.row[0].got != out.said && out.row[0].random_got != out.said &&
		    out.row[0].got != out.row[0].random_got)
			return out;
	}
	fail();
	return out;
}

/*
 * Of a value's several answers, any will do that is not one of the prompt's own value; and another answer of
 * the own value is no change.
 */
static void
test_many_answers(void **state)
{
	static struct stage s;
	struct ct_swap_plan plan;
	struct ct_swap out;
	int got, random, others[2];

	(void)state;
	stage_open(&s, "llama-clt");
	out = find_changes(&s, &plan);
	got = out.row[0].got;
	random = out.row[0].random_got;
	find_others(&out, others, 2);

	set_answers(&s, 0, others[0], others[0]);
	set_answers(&s, plan.to, got, others[1]);
	out = run(&s, &plan);
	assert_true(out.row[0].answers == 2 && out.row[0].expected == CT_MANY_ANSWERS);
	assert_true(out.row[0].got == got && out.row[0].given && out.given == 1 && out.tried == 1);
	assert_true(out.row[0].prob_expected >= out.row[0].prob_got);
	assert_true(out.row[0].random_changed && !out.row[0].random_given && out.random_changed == 1);

	set_answers(&s, plan.to, random, others[1]);
	out = run(&s, &plan);
	assert_true(!out.row[0].given && out.given == 0 && out.tried == 1);
	assert_true(out.row[0].random_given && out.random_given == 1);

	set_answers(&s, 0, others[0], got);
	set_answers(&s, plan.to, got, others[1]);
	out = run(&s, &plan);
	assert_true(out.own_answers == 2 && out.own_answer == CT_MANY_ANSWERS);
	assert_true(out.row[0].counts && !out.row[0].given);
	set_answers(&s, plan.to, got, got);
	out = run(&s, &plan);
	assert_true(out.row[0].answers == 1 && !out.row[0].counts && out.tried == 0 && out.given == 0);

	set_answers(&s, 0, others[0], random);
	set_answers(&s, plan.to, got, others[1]);
	out = run(&s, &plan);
	assert_true(out.row[0].random_got == random && !out.row[0].random_changed);
	assert_int_equal(out.random_changed, 0);
	stage_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_many_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
