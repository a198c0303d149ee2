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

static int
measure_sentence(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct job *j = ctx;
	int sentence = j->sentences[item], own = j->value_of[sentence], n_others, n, i, k, place, said = -1,
	    rc;
	const struct ct_sentence *s = &j->c->sentences[sentence];
	struct result *r = &j->results[item];
	struct ct_clamp *clamps;
	struct ct_prompt *p;
	int *others;

	(void)worker;
	if (own < 0 || j->values[own].n == 0)
		return CT_OK;
	others = ct_arena_need(a, (size_t)j->n_values, sizeof *others, "values", err);
	clamps = ct_arena_need(a, SPAN * j->means.first[j->tc->L], sizeof *clamps, "clamps", err);
	if (others == NULL || clamps == NULL)
		return CT_ENOMEM;
	rc = ct_prompt_run(&p, j->m, j->tc, j->c->tokens + s->first, s->answer + 1, a, NULL, err);
	if (rc != CT_OK)
		return rc;
	n_others = choose_others(j, s, own, item, others);
	for (i = 0; i < n_others; i++) {
		const struct value *to = &j->values[others[i]];

		r->n++;
		for (place = 0; place < CT_INTERCHANGE_PLACES; place++) {
			n = ct_means_difference(&j->means, own * SPAN, others[i] * SPAN,
			    place == CT_INTERCHANGE_ANSWER ? 1 : span(j->c, s), s->answer, NULL, clamps);
			for (k = 0; k < CT_INTERCHANGE_STRENGTHS; k++) {
				rc = ct_answer_clamped(p, clamps, n, ct_interchange_strengths[k], a, &said, err);
				if (rc != CT_OK)
					return rc;
				r->given[place][k] += said == to->answer[relation(j, s)];
			}
		}
	}
	return CT_OK;
}

static void
add_up(struct ct_interchange_figures *out, const struct result *r, int n)
{
	int i, k, place;

	*out = (struct ct_interchange_figures){0};
	for (i = 0; i < n; i++)
		out->n += r[i].n;
	for (place = 0; place < CT_INTERCHANGE_PLACES; place++) {
		for (k = 0; k < CT_INTERCHANGE_STRENGTHS; k++) {
			for (i = 0; i < n; i++)
				out->share[place][k] += r[i].given[place][k];
			out->share[place][k] = out->n > 0 ? out->share[place][k] / out->n : NAN;
		}
	}
}

int
ct_interchange_measure(struct ct_interchange_figures *out, const struct ct_model *m, const struct ct_transcoder *tc,
    const struct ct_corpus *c, const struct ct_activity *activity, int others, struct ct_pool *pool,
    ct_progress_fn progress, void *ctx, struct ct_error *err)
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
		rc = ct_parallel_run(pool, n, measure_sentence, &j, "swaps", progress, ctx, err);
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
