/* values: see values.h. */
#include "eval/values.h"

#include <stdlib.h>
#include <string.h>

static const char about[] = "about ";

const char *
ct_value_name(const struct ct_values *v, int value)
{
	const char *label = v->c->labels[v->value[value].about];

	return strncmp(label, about, sizeof about - 1) == 0 ? label + sizeof about - 1 : label;
}

int
ct_values_span(const struct ct_corpus *c, const struct ct_sentence *s)
{
	int n, k, at = s->first + s->answer;

	for (n = 0; n < CT_VALUE_SPAN && at - n > s->first; n++) {
		for (k = c->label_start[at - n]; k < c->label_start[at - n + 1]; k++)
			if (c->label_of[k] == s->about)
				break;
		if (k == c->label_start[at - n + 1])
			break;
	}
	return n;
}

static int
relation(const struct ct_corpus *c, const struct ct_sentence *s)
{
	return s->relation >= 0 ? s->relation : c->n_relations;
}

int
ct_values_answer(const struct ct_values *v, int value, const struct ct_sentence *s)
{
	return v->value[value].answer[relation(v->c, s)];
}

int
ct_values_answers(const struct ct_values *v, int value, const struct ct_sentence *s, bool *is, int V)
{
	const struct ct_corpus *c = v->c;
	int n = 0;

	memset(is, 0, (size_t)V * sizeof *is);
	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *t = &c->sentences[i];

		if (v->of[i] == value && relation(c, t) == relation(c, s)) {
			int answer = c->tokens[t->first + t->answer + 1];

			n += !is[answer];
			is[answer] = true;
		}
	}
	return n;
}

static int
find_value(const struct ct_values *v, const struct ct_sentence *s)
{
	for (int i = 0; i < v->n; i++)
		if (v->value[i].kind == s->kind && v->value[i].about == s->about)
			return i;
	return -1;
}

/* The index of a sentence's value, which is added if it is new; -1 with err set. */
static int
value_of(struct ct_values *v, const struct ct_sentence *s, struct ct_error *err)
{
	size_t relations = (size_t)v->c->n_relations + 1;
	int found = find_value(v, s);
	struct ct_value *grown;

	if (found >= 0)
		return found;
	grown = realloc(v->value, ((size_t)v->n + 1) * sizeof *grown);
	if (!grown) {
		ct_fail_memory(err, sizeof *grown, "values");
		return -1;
	}
	v->value = grown;
	grown[v->n] = (struct ct_value){ .kind = s->kind, .about = s->about };
	grown[v->n].answer = malloc(relations * sizeof *grown->answer);
	if (!grown[v->n].answer) {
		ct_fail_memory(err, relations * sizeof *grown->answer, "answers");
		return -1;
	}
	for (size_t k = 0; k < relations; k++)
		grown[v->n].answer[k] = CT_NO_ANSWER;
	return v->n++;
}

static int
collect_values(struct ct_values *v, struct ct_error *err)
{
	const struct ct_corpus *c = v->c;

	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];
		int answer, *known;

		v->of[i] = -1;
		if (s->about < 0 || s->answer <= 0 || s->answer + 1 >= s->n)
			continue;
		v->of[i] = value_of(v, s, err);
		if (v->of[i] < 0)
			return CT_ENOMEM;
		answer = c->tokens[s->first + s->answer + 1];
		known = &v->value[v->of[i]].answer[relation(c, s)];
		*known = *known == CT_NO_ANSWER || *known == answer ? answer : CT_MANY_ANSWERS;
		v->value[v->of[i]].n += !s->held_out;
	}
	return CT_OK;
}

/* Means over the training sentences: a group is a value and how far before the answer position. */
static int
collect_means(struct ct_values *v, const struct ct_transcoder *tc, const struct ct_activity *activity,
    struct ct_error *err)
{
	const struct ct_corpus *c = v->c;
	int *group = malloc(((size_t)c->n_tokens + 1) * sizeof *group), code;

	if (!group)
		return ct_fail_memory(err, (size_t)c->n_tokens * sizeof *group, "answer positions");
	for (int i = 0; i < c->n_tokens; i++)
		group[i] = -1;
	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];

		if (v->of[i] < 0 || s->held_out)
			continue;
		for (int n = ct_values_span(c, s) - 1; n >= 0; n--)
			group[s->first + s->answer - n] = v->of[i] * CT_VALUE_SPAN + n;
	}
	code = ct_means_collect(&v->means, tc, c, activity, group, v->n * CT_VALUE_SPAN, err);
	free(group);
	return code;
}

int
ct_values_init(struct ct_values *v, const struct ct_transcoder *tc, const struct ct_corpus *c,
    const struct ct_activity *activity, struct ct_error *err)
{
	int code;

	*v = (struct ct_values){ .c = c };
	v->of = calloc((size_t)c->n_sentences + 1, sizeof *v->of);
	if (!v->of)
		return ct_fail_memory(err, (size_t)c->n_sentences * sizeof *v->of, "values");
	code = collect_values(v, err);
	return code < 0 ? code : collect_means(v, tc, activity, err);
}

void
ct_values_free(struct ct_values *v)
{
	for (int i = 0; i < v->n; i++)
		free(v->value[i].answer);
	ct_means_free(&v->means);
	free(v->value);
	free(v->of);
	*v = (struct ct_values){ 0 };
}

const struct ct_sentence *
ct_values_same(const struct ct_values *v, int sentence)
{
	const struct ct_corpus *c = v->c;
	const struct ct_sentence *s = &c->sentences[sentence];

	for (int k = 1; k < c->n_sentences; k++) {
		int i = (sentence + k) % c->n_sentences;
		const struct ct_sentence *t = &c->sentences[i];

		if (v->of[i] == v->of[sentence] && t->relation == s->relation && t->n == s->n &&
		    t->row != s->row)
			return t;
	}
	return NULL;
}

int
ct_values_swap(const struct ct_values *v, int from, int to, int first, int n, int answer,
    struct ct_clamp *clamps)
{
	return ct_means_difference(&v->means, from * CT_VALUE_SPAN + first, to * CT_VALUE_SPAN + first, n,
	    answer - first, NULL, clamps);
}

void
ct_values_scatter(const struct ct_values *v, struct ct_clamp *clamps, int n, struct ct_rng *rng)
{
	const struct ct_means *m = &v->means;

	for (int i = 0; i < n; i++) {
		size_t first = m->first[clamps[i].layer], F = m->first[clamps[i].layer + 1] - first;
		size_t own = first + (size_t)clamps[i].feature;
		size_t other = first + ct_rng_below(rng, (uint32_t)F);

		clamps[i].amount *= m->norm[other] > 0 ? (double)m->norm[own] / (double)m->norm[other] : 0;
		clamps[i].feature = (int)(other - first);
	}
}

int
ct_values_set_as_in(const struct ct_prompt *p, const struct ct_prompt *q, int pos, struct ct_clamp *clamps)
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
