/* swap: see swap.h. */
#include "eval/swap.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "math/kernels.h"
#include "trace/answer.h"

struct act {
	const struct ct_values *v;
	const struct ct_prompt *p;
	const struct ct_sentence *s;
	int first, span;		/* nearest touched position before the answer; how many are */
	double strength;
	struct ct_clamp *clamps;	/* room */
	float *logits;			/* (V) */
	bool *own, *other;		/* (V) answers of the prompt's value, and of the one swapped for */
	struct ct_rng rng;
};

int
ct_swap_sentence(const struct ct_values *v, const int *ids, int T)
{
	for (int i = 0; i < v->c->n_sentences; i++) {
		const struct ct_sentence *s = &v->c->sentences[i];

		if (v->of[i] >= 0 && s->answer + 1 == T &&
		    memcmp(v->c->tokens + s->first, ids, (size_t)T * sizeof *ids) == 0)
			return i;
	}
	return -1;
}

/* Runs the prompt under n of the clamps. */
static int
answer(struct act *x, int n, double strength, int *said, struct ct_arena *a, struct ct_error *err)
{
	int code = ct_answer_logits(x->p, x->clamps, n, strength, x->p->T - 1, x->logits, a, err);

	if (code == CT_OK)
		*said = ct_likeliest(x->p->pass.m->cfg.V, x->logits);
	return code;
}

/* Whether an answer differs from the one without a swap. Another word of the same rhyme does not. */
static bool
changes(const struct act *x, const struct ct_swap *swap, int said)
{
	return said != swap->said && !(swap->own_answers > 1 && x->own[said]);
}

/* The answers of a value, in the row and in x->other, which then lacks those of the prompt's own value. */
static void
find_answers(struct act *x, int value, struct ct_swap_row *row)
{
	int V = x->p->pass.m->cfg.V;

	row->value = ct_value_name(x->v, value);
	row->expected = ct_values_answer(x->v, value, x->s);
	row->answers = ct_values_answers(x->v, value, x->s, x->other, V);
	for (int i = 0; i < V; i++) {
		x->other[i] = x->other[i] && !x->own[i];
		row->counts |= x->other[i];
	}
}

/* How likely the answers of a value are, together. */
static float
probability_of(const struct act *x, const struct ct_swap_row *row)
{
	int V = x->p->pass.m->cfg.V;
	double sum = 0;

	if (row->expected >= 0)
		return (float)ct_probability(V, x->logits, row->expected);
	for (int i = 0; i < V; i++)
		sum += x->other[i] ? ct_probability(V, x->logits, i) : 0;
	return row->counts ? (float)sum : NAN;
}

static int
try_value(struct act *x, int own, int other, const struct ct_swap *swap, struct ct_swap_row *row,
    struct ct_arena *a, struct ct_error *err)
{
	int V = x->p->pass.m->cfg.V, code;

	*row = (struct ct_swap_row){ 0 };
	find_answers(x, other, row);
	row->moved = ct_values_swap(x->v, own, other, x->first, x->span, x->s->answer, x->clamps);
	if ((code = answer(x, row->moved, x->strength, &row->got, a, err)) < 0)
		return code;
	row->prob_got = (float)ct_probability(V, x->logits, row->got);
	row->given = x->other[row->got];
	row->prob_expected = probability_of(x, row);
	ct_values_scatter(x->v, x->clamps, row->moved, &x->rng);
	if ((code = answer(x, row->moved, x->strength, &row->random_got, a, err)) < 0)
		return code;
	row->random_given = x->other[row->random_got];
	row->random_changed = changes(x, swap, row->random_got);
	return CT_OK;
}

/* Sets the features as in another sentence with the same value, at the positions of the swap. */
static int
try_same(struct act *x, int sentence, struct ct_swap *out, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_sentence *same = ct_values_same(x->v, sentence);
	const struct ct_corpus *c = x->v->c;
	struct ct_prompt *q;
	int n = 0, code;

	out->same = same ? (int)(same - c->sentences) : -1;
	if (!same)
		return CT_OK;
	code = ct_prompt_run(&q, x->p->pass.m, x->p->lrm.tc, c->tokens + same->first, same->answer + 1, a,
	    NULL, err);
	for (int k = 0; code == CT_OK && k < x->span; k++)
		n += ct_values_set_as_in(x->p, q, x->s->answer - x->first - k, x->clamps + n);
	if (code == CT_OK)
		code = answer(x, n, 1, &out->same_got, a, err);
	if (code < 0)
		return code;
	out->same_changed = changes(x, out, out->same_got);
	out->same_prob = (float)ct_probability(x->p->pass.m->cfg.V, x->logits, out->said);
	return CT_OK;
}

/* Finds the positions that the plan changes; fails if the value is not determined there yet. */
static int
place(const struct ct_values *v, const struct ct_swap_plan *plan, int *first, int *span, struct ct_error *err)
{
	const struct ct_sentence *s = &v->c->sentences[plan->sentence];
	int known = ct_values_span(v->c, s), at = plan->pos < 0 ? s->answer - known + 1 : plan->pos;

	if (known == 0)
		return ct_fail(err, CT_EINVAL, "no token of this prompt determines the value");
	if (at > s->answer || at <= s->answer - known)
		return ct_fail(err, CT_EINVAL, "position %d does not know the value: positions %d to %d do",
		    at, s->answer - known + 1, s->answer);
	*first = plan->onwards ? 0 : s->answer - at;
	*span = plan->onwards ? s->answer - at + 1 : 1;
	return CT_OK;
}

int
ct_swap_clamps(const struct ct_values *v, const struct ct_swap_plan *plan, struct ct_clamp *clamps,
    struct ct_error *err)
{
	int first, span, n = place(v, plan, &first, &span, err);

	if (n == CT_OK)
		n = ct_values_swap(v, v->of[plan->sentence], plan->to, first, span,
		    v->c->sentences[plan->sentence].answer, clamps);
	for (int i = 0; i < n; i++)
		clamps[i].amount *= plan->strength;
	return n;
}

static void
add_up(struct ct_swap *out)
{
	for (int i = 0; i < out->n; i++) {
		const struct ct_swap_row *r = &out->row[i];

		out->tried += r->counts;
		out->given += r->given;
		out->random_given += r->random_given;
		out->random_changed += r->counts && r->random_changed;
	}
	out->controls_hold = !out->same_changed && out->random_changed <= .02 * out->tried;
}

int
ct_swap_run(struct ct_swap *out, const struct ct_values *v, const struct ct_prompt *p,
    const struct ct_swap_plan *plan, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	int own = v->of[plan->sentence], V = p->pass.m->cfg.V, code;
	struct act x = { .v = v, .p = p, .s = &v->c->sentences[plan->sentence], .strength = plan->strength };
	size_t room = 2 * CT_VALUE_SPAN * v->means.first[v->means.L];

	*out = (struct ct_swap){ .own = ct_value_name(v, own), .own_answer = ct_values_answer(v, own, x.s),
		.strength = plan->strength };
	x.clamps = ct_arena_need(a, room, sizeof *x.clamps, "clamps", err);
	x.logits = ct_arena_need(a, (size_t)V, sizeof *x.logits, "logits", err);
	out->row = ct_arena_need(a, (size_t)v->n, sizeof *out->row, "swaps", err);
	x.own = ct_arena_need(a, 2 * (size_t)V, sizeof *x.own, "answers", err);
	if (!x.clamps || !x.logits || !out->row || !x.own)
		return CT_ENOMEM;
	x.other = x.own + V;
	out->own_answers = ct_values_answers(v, own, x.s, x.own, V);
	ct_rng_seed(&x.rng, 4, (uint64_t)plan->sentence);
	if ((code = place(v, plan, &x.first, &x.span, err)) < 0 || (code = answer(&x, 0, 1, &out->said, a,
	    err)) < 0)
		return code;
	out->pos = x.s->answer - x.first;
	out->n_pos = x.span;
	out->prob_said = (float)ct_probability(V, x.logits, out->said);
	code = try_same(&x, plan->sentence, out, a, err);
	for (int i = 0; code == CT_OK && i < v->n; i++) {
		if (v->value[i].kind != v->value[own].kind || v->value[i].n == 0 || i == own ||
		    (plan->to >= 0 && i != plan->to))
			continue;
		code = try_value(&x, own, i, out, &out->row[out->n++], a, err);
		if (code == CT_OK && !ct_job_go_on(job, "swaps", i + 1, v->n))
			code = ct_fail(err, CT_ECANCELLED, "swaps cancelled");
	}
	add_up(out);
	return code;
}
