/* interchange: see interchange.h. */
#include "eval/interchange.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/parallel.h"
#include "base/random.h"
#include "eval/held_out.h"
#include "eval/values.h"
#include "trace/answer.h"

const double ct_interchange_strengths[CT_INTERCHANGE_STRENGTHS] = { 1, 1.5, 2 };

struct result {
	int n, given[CT_INTERCHANGE_PLACES][CT_INTERCHANGE_STRENGTHS];
	int n_same;
	int random[CT_INTERCHANGE_PLACES], same[CT_INTERCHANGE_PLACES];	/* answers that controls changed */
};

struct job {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	const struct ct_corpus *c;
	struct ct_values values;
	struct ct_held_out at;	/* a result for each */
	int others;
};

/* Other values whose answer to the same question is known and differs, in random order. */
static int
choose_others(const struct job *j, const struct ct_sentence *s, int own, int item, int *others)
{
	const struct ct_values *v = &j->values;
	int n = 0, mine = ct_values_answer(v, own, s);
	struct ct_rng rng;

	for (int i = 0; i < v->n; i++) {
		int theirs = ct_values_answer(v, i, s);

		if (v->value[i].kind == v->value[own].kind && v->value[i].n > 0 && theirs >= 0 && mine >= 0 &&
		    theirs != mine)
			others[n++] = i;
	}
	ct_rng_seed(&rng, 1, (uint64_t)item);
	ct_rng_shuffle(&rng, others, n);
	return n < j->others ? n : j->others;
}

/* A sentence in which values are swapped. */
struct subject {
	const struct ct_sentence *s;
	int own, span;			/* its value; positions that know it */
	struct ct_prompt *p;
	int said;			/* its answer, untouched */
	struct ct_clamp *clamps;	/* room */
};

/* Clamps of a swap to another value. Returns how many. */
static int
swap_clamps(const struct job *j, const struct subject *x, int other, enum ct_interchange_place place)
{
	int first = place == CT_INTERCHANGE_WRITTEN ? x->span - 1 : 0;
	int n = place == CT_INTERCHANGE_ONWARDS ? x->span : 1;

	return ct_values_swap(&j->values, x->own, other, first, n, x->s->answer, x->clamps);
}

static const double control_strength[CT_INTERCHANGE_PLACES] = {
	[CT_INTERCHANGE_ANSWER] = 1.5, [CT_INTERCHANGE_WRITTEN] = 1
};

/* Swaps one value for another, in all ways; also moves as many random features instead. */
static int
try_value(const struct job *j, struct subject *x, int other, struct ct_rng *rng, struct result *r,
    struct ct_arena *a, struct ct_error *err)
{
	int wanted = ct_values_answer(&j->values, other, x->s), said = -1, n, code;

	r->n++;
	for (int place = 0; place < CT_INTERCHANGE_PLACES; place++) {
		n = swap_clamps(j, x, other, place);
		for (int k = 0; k < CT_INTERCHANGE_STRENGTHS; k++) {
			if ((code = ct_answer_clamped(x->p, x->clamps, n, ct_interchange_strengths[k], a,
			    &said, err)) != CT_OK)
				return code;
			r->given[place][k] += said == wanted;
		}
		if (control_strength[place] == 0)
			continue;
		ct_values_scatter(&j->values, x->clamps, n, rng);
		if ((code = ct_answer_clamped(x->p, x->clamps, n, control_strength[place], a, &said,
		    err)) != CT_OK)
			return code;
		r->random[place] += said != x->said;
	}
	return CT_OK;
}

/* Sets the features as in another sentence with the same value. */
static int
try_same(const struct job *j, struct subject *x, const struct ct_sentence *same, struct result *r,
    struct ct_arena *a, struct ct_error *err)
{
	struct ct_prompt *q;
	int said = -1, code;

	if ((code = ct_prompt_run(&q, j->m, j->tc, j->c->tokens + same->first, same->answer + 1, a,
	    NULL, err)) != CT_OK)
		return code;
	r->n_same++;
	for (int place = 0; place < CT_INTERCHANGE_PLACES; place++) {
		int pos = x->s->answer - (place == CT_INTERCHANGE_WRITTEN ? x->span - 1 : 0), n;

		if (control_strength[place] == 0)
			continue;
		n = ct_values_set_as_in(x->p, q, pos, x->clamps);
		if ((code = ct_answer_clamped(x->p, x->clamps, n, 1, a, &said, err)) != CT_OK)
			return code;
		r->same[place] += said != x->said;
	}
	return CT_OK;
}

static int
measure_sentence(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct job *j = ctx;
	int sentence = j->at.sentences[item], n_others, code;
	struct subject x = { .s = &j->c->sentences[sentence], .own = j->values.of[sentence] };
	const struct ct_sentence *same = ct_values_same(&j->values, sentence);
	struct result *r = (struct result *)j->at.results + item;
	struct ct_rng rng;
	int *others;

	(void)worker;
	if (x.own < 0 || j->values.value[x.own].n == 0 ||
	    (x.span = ct_values_span(j->c, x.s)) == 0)
		return CT_OK;
	others = ct_arena_need(a, (size_t)j->values.n, sizeof *others, "values", err);
	x.clamps = ct_arena_need(a, CT_VALUE_SPAN * j->values.means.first[j->tc->L], sizeof *x.clamps,
	    "clamps", err);
	if (!others || !x.clamps)
		return CT_ENOMEM;
	if ((code = ct_prompt_run(&x.p, j->m, j->tc, j->c->tokens + x.s->first, x.s->answer + 1, a,
	    NULL, err)) != CT_OK ||
	    (code = ct_answer_clamped(x.p, NULL, 0, 1, a, &x.said, err)) != CT_OK)
		return code;
	n_others = choose_others(j, x.s, x.own, item, others);
	ct_rng_seed(&rng, 3, (uint64_t)item);
	for (int i = 0; i < n_others; i++)
		if ((code = try_value(j, &x, others[i], &rng, r, a, err)) != CT_OK)
			return code;
	return same && n_others > 0 ? try_same(j, &x, same, r, a, err) : CT_OK;
}

static void
add_up(struct ct_interchange_figures *out, const struct result *r, int n)
{
	*out = (struct ct_interchange_figures){ 0 };
	for (int i = 0; i < n; i++) {
		out->n += r[i].n;
		out->n_same += r[i].n_same;
	}
	for (int place = 0; place < CT_INTERCHANGE_PLACES; place++) {
		double random = 0, same = 0, given[CT_INTERCHANGE_STRENGTHS] = { 0 };

		for (int i = 0; i < n; i++) {
			random += r[i].random[place];
			same += r[i].same[place];
			for (int k = 0; k < CT_INTERCHANGE_STRENGTHS; k++)
				given[k] += r[i].given[place][k];
		}
		/* 0 / 0 is NAN: nothing was tried. */
		for (int k = 0; k < CT_INTERCHANGE_STRENGTHS; k++)
			out->share[place][k] = given[k] / out->n;
		out->changed[CT_CONTROL_RANDOM][place] = random / out->n;
		out->changed[CT_CONTROL_SAME][place] = same / out->n_same;
	}
}

int
ct_interchange_measure(struct ct_interchange_figures *out, const struct ct_model *m,
    const struct ct_transcoder *tc,
    const struct ct_corpus *c, const struct ct_activity *activity, int others, const struct ct_job *job,
    struct ct_error *err)
{
	struct job j = { .m = m, .tc = tc, .c = c, .others = others };
	int code = ct_held_out_open(&j.at, c, 0, sizeof(struct result), err);

	if (code == CT_OK)
		code = ct_values_init(&j.values, tc, c, activity, err);
	if (code == CT_OK)
		code = ct_parallel_run(job, j.at.n, measure_sentence, &j, "swaps", err);
	if (code == CT_OK)
		add_up(out, j.at.results, j.at.n);
	ct_values_free(&j.values);
	ct_held_out_free(&j.at);
	return code;
}
