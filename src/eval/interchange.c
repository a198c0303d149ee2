/* interchange: see interchange.h. */
#include "eval/interchange.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/parallel.h"
#include "eval/graphs.h"
#include "eval/means.h"
#include "eval/answer.h"

enum { SPAN = 8 };	/* positions before and at the answer that a swap may touch */
const double ct_interchange_strengths[CT_INTERCHANGE_STRENGTHS] = {1, 1.5, 2};

enum { NO_ANSWER = -1, MANY_ANSWERS = -2 };	/* a rhyme alone does not say which word */

/* One value of the hidden variable, within one kind of sentence. */
struct value {
	int kind, about;	/* label "about Texas" */
	long n;			/* training sentences */
	int *answer;		/* (relations + 1) token, or one of these; the last is "no relation" */
};

struct result {
	int n, given[CT_INTERCHANGE_PLACES][CT_INTERCHANGE_STRENGTHS];
	int n_same;
	int random[CT_INTERCHANGE_PLACES], same[CT_INTERCHANGE_PLACES];	/* answers that controls changed */
};

struct job {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	const struct ct_corpus *c;
	struct ct_means means;	/* of SPAN groups for each value, by distance before the answer position */
	struct value *values;
	int n_values;
	int *value_of;		/* (n_sentences) -1: none */
	const int *sentences;
	int others;
	struct result *results;
};

/* How many positions, the answer's being the last, know the value: from the token that determines it on. */
static int
span(const struct ct_corpus *c, const struct ct_sentence *s)
{
	int n, k, at = s->first + s->answer;

	for (n = 0; n < SPAN && at - n > s->first; n++) {
		for (k = c->label_start[at - n]; k < c->label_start[at - n + 1] && c->label_of[k] != s->about;
		     k++)
			;
		if (k == c->label_start[at - n + 1])
			break;
	}
	return n;
}

static int
relation(const struct job *j, const struct ct_sentence *s)
{
	return s->relation >= 0 ? s->relation : j->c->n_relations;
}

static int
find_value(struct job *j, const struct ct_sentence *s)
{
	int i;

	for (i = 0; i < j->n_values; i++) {
		if (j->values[i].kind == s->kind && j->values[i].about == s->about)
			return i;
	}
	return -1;
}

/* The values of all graded sentences that are about something, and their answers. */
static int
collect_values(struct job *j, struct ct_error *err)
{
	const struct ct_corpus *c = j->c;
	size_t relations = (size_t)c->n_relations + 1;
	int i, k, answer, *known;

	for (i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];
		struct value *grown, *v;

		j->value_of[i] = -1;
		if (s->about < 0 || s->answer <= 0 || s->answer + 1 >= s->n)
			continue;
		j->value_of[i] = find_value(j, s);
		if (j->value_of[i] < 0) {
			grown = realloc(j->values, ((size_t)j->n_values + 1) * sizeof *grown);
			if (grown == NULL)
				return ct_fail_memory(err, sizeof *grown, "values");
			j->values = grown;
			v = &grown[j->n_values];
			*v = (struct value){.kind = s->kind, .about = s->about};
			v->answer = malloc(relations * sizeof *v->answer);
			j->value_of[i] = j->n_values++;
			if (v->answer == NULL)
				return ct_fail_memory(err, relations * sizeof *v->answer, "answers");
			for (k = 0; k < (int)relations; k++)
				v->answer[k] = NO_ANSWER;
		}
		v = &j->values[j->value_of[i]];
		answer = c->tokens[s->first + s->answer + 1];
		known = &v->answer[relation(j, s)];
		*known = *known == NO_ANSWER || *known == answer ? answer : MANY_ANSWERS;
		v->n += !s->held_out;
	}
	return CT_OK;
}

/* Means over the training sentences: a group is a value and how far before the answer position. */
static int
collect_means(struct job *j, const struct ct_activity *activity, struct ct_error *err)
{
	const struct ct_corpus *c = j->c;
	int *group = malloc(((size_t)c->n_tokens + 1) * sizeof *group), i, n, rc;

	if (group == NULL)
		return ct_fail_memory(err, (size_t)c->n_tokens * sizeof *group, "answer positions");
	for (i = 0; i < c->n_tokens; i++)
		group[i] = -1;
	for (i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];

		if (j->value_of[i] < 0 || s->held_out)
			continue;
		for (n = span(c, s) - 1; n >= 0; n--)
			group[s->first + s->answer - n] = j->value_of[i] * SPAN + n;
	}
	rc = ct_means_collect(&j->means, j->tc, c, activity, group, j->n_values * SPAN, err);
	free(group);
	return rc;
}

/* Other values whose answer to the same question is known and differs, in random order. */
static int
choose_others(const struct job *j, const struct ct_sentence *s, int own, int item, int *others)
{
	const struct value *mine = &j->values[own];
	int i, n = 0, r = relation(j, s);
	struct ct_rng rng;

	for (i = 0; i < j->n_values; i++) {
		const struct value *v = &j->values[i];

		if (v->kind == mine->kind && v->n > 0 && v->answer[r] >= 0 && mine->answer[r] >= 0 &&
		    v->answer[r] != mine->answer[r])
			others[n++] = i;
	}
	ct_rng_seed(&rng, 1, (uint64_t)item);
	ct_rng_shuffle(&rng, others, n);
	return n < j->others ? n : j->others;
}

/* Another sentence with the same value and question, as long as s, or NULL. */
static const struct ct_sentence *
find_same(const struct job *j, int sentence)
{
	const struct ct_sentence *s = &j->c->sentences[sentence];

	for (int k = 1; k < j->c->n_sentences; k++) {
		int i = (sentence + k) % j->c->n_sentences;
		const struct ct_sentence *t = &j->c->sentences[i];

		if (j->value_of[i] == j->value_of[sentence] && t->relation == s->relation && t->n == s->n &&
		    t->row != s->row)
			return t;
	}
	return NULL;
}

/* Clamps that give p's features at a position the activations they have in q. Returns how many. */
static int
set_as_in(const struct ct_prompt *p, const struct ct_prompt *q, int pos, struct ct_clamp *clamps)
{
	int n = 0;

	for (int pass = 0; pass < 2; pass++) {
		const struct ct_local_model *from = pass ? &p->lrm : &q->lrm;
		const struct ct_local_model *other = pass ? &q->lrm : &p->lrm;

		for (int i = 0; i < from->n; i++) {
			const struct ct_active *a = &from->active[i];
			bool both = false;

			for (int k = 0; a->pos == pos && k < other->n && !both; k++)
				both = other->active[k].layer == a->layer && other->active[k].pos == pos &&
				    other->active[k].feature == a->feature;
			if (a->pos == pos && (pass == 0 || !both))
				clamps[n++] = (struct ct_clamp){ .layer = a->layer, .feature = a->feature,
					.pos = pos, .unit = CT_ABSOLUTE,
					.amount = pass ? 0 : (double)a->act };
		}
	}
	return n;
}

/* Other features of the same layers take the place of those that a swap moves, and move the stream as far. */
static void
scatter(const struct job *j, struct ct_clamp *clamps, int n, struct ct_rng *rng)
{
	const struct ct_means *m = &j->means;

	for (int i = 0; i < n; i++) {
		size_t first = m->first[clamps[i].layer], F = m->first[clamps[i].layer + 1] - first;
		size_t own = first + (size_t)clamps[i].feature;
		size_t other = first + ct_rng_below(rng, (uint32_t)F);

		clamps[i].amount *= m->norm[other] > 0 ? (double)m->norm[own] / (double)m->norm[other] : 0;
		clamps[i].feature = (int)(other - first);
	}
}

/* A sentence that swaps are tried on. */
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

	return ct_means_difference(&j->means, x->own * SPAN + first, other * SPAN + first, n,
	    x->s->answer - first, NULL, x->clamps);
}

static const double control_strength[CT_INTERCHANGE_PLACES] = {
	[CT_INTERCHANGE_ANSWER] = 1.5, [CT_INTERCHANGE_WRITTEN] = 1
};

/* One value for another, in all ways, and as many random features moved instead. */
static int
try_value(const struct job *j, struct subject *x, int other, struct ct_rng *rng, struct result *r,
    struct ct_arena *a, struct ct_error *err)
{
	int wanted = j->values[other].answer[relation(j, x->s)], said = -1, n, code;

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
		scatter(j, x->clamps, n, rng);
		if ((code = ct_answer_clamped(x->p, x->clamps, n, control_strength[place], a, &said,
		    err)) != CT_OK)
			return code;
		r->random[place] += said != x->said;
	}
	return CT_OK;
}

/* The features of another sentence with the same value. */
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
		n = set_as_in(x->p, q, pos, x->clamps);
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
	int sentence = j->sentences[item], n_others, code;
	struct subject x = { .s = &j->c->sentences[sentence], .own = j->value_of[sentence] };
	const struct ct_sentence *same = find_same(j, sentence);
	struct result *r = &j->results[item];
	struct ct_rng rng;
	int *others;

	(void)worker;
	if (x.own < 0 || j->values[x.own].n == 0 || (x.span = span(j->c, x.s)) == 0)
		return CT_OK;
	others = ct_arena_need(a, (size_t)j->n_values, sizeof *others, "values", err);
	x.clamps = ct_arena_need(a, SPAN * j->means.first[j->tc->L], sizeof *x.clamps, "clamps", err);
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
	struct job j = {.m = m, .tc = tc, .c = c, .others = others};
	int *sentences = NULL, n = ct_held_out_prompts(&sentences, c, 0, err), rc, i;

	if (n < 0)
		return n;
	j.sentences = sentences;
	j.value_of = calloc((size_t)c->n_sentences + 1, sizeof *j.value_of);
	j.results = calloc((size_t)n + 1, sizeof *j.results);
	if (j.value_of == NULL || j.results == NULL) {
		rc = ct_fail_memory(err, (size_t)c->n_sentences * sizeof *j.value_of, "figures");
		goto fail;
	}
	rc = collect_values(&j, err);
	if (rc == CT_OK)
		rc = collect_means(&j, activity, err);
	if (rc == CT_OK)
		rc = ct_parallel_run(job, n, measure_sentence, &j, "swaps", err);
	if (rc == CT_OK)
		add_up(out, j.results, n);
fail:
	for (i = 0; i < j.n_values; i++)
		free(j.values[i].answer);
	ct_means_free(&j.means);
	free(j.values);
	free(j.results);
	free(j.value_of);
	free(sentences);
	return rc;
}
