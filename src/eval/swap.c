/* swap: see swap.h. */
#include "eval/swap.h"

#include <math.h>
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

static int
try_value(struct act *x, int own, int other, const struct ct_swap *swap, struct ct_swap_row *row,
    struct ct_arena *a, struct ct_error *err)
{
	int V = x->p->pass.m->cfg.V, code;

	*row = (struct ct_swap_row){ .value = ct_value_name(x->v, other),
		.expected = ct_values_answer(x->v, other, x->s) };
	row->counts = row->expected >= 0 && row->expected != swap->own_answer;
	row->moved = ct_values_swap(x->v, own, other, x->first, x->span, x->s->answer, x->clamps);
	if ((code = answer(x, row->moved, x->strength, &row->got, a, err)) < 0)
		return code;
	row->prob_got = (float)ct_probability(V, x->logits, row->got);
	row->prob_expected = NAN;
	if (row->expected >= 0)
		row->prob_expected = (float)ct_probability(V, x->logits, row->expected);
	ct_values_scatter(x->v, x->clamps, row->moved, &x->rng);
	return answer(x, row->moved, x->strength, &row->random_got, a, err);
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
	if (code == CT_OK && (code = answer(x, n, 1, &out->same_got, a, err)) == CT_OK)
		out->same_prob = (float)ct_probability(x->p->pass.m->cfg.V, x->logits, out->said);
	return code;
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
		out->given += r->counts && r->got == r->expected;
		out->random_given += r->counts && r->random_got == r->expected;
		out->random_changed += r->counts && r->random_got != out->said;
	}
	out->controls_hold = (out->same < 0 || out->same_got == out->said) &&
	    out->random_changed <= .02 * out->tried;
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
	if (!x.clamps || !x.logits || !out->row)
		return CT_ENOMEM;
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
