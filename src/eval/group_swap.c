/* group_swap: see group_swap.h. */
#include "eval/group_swap.h"

#include <stdlib.h>

#include "base/parallel.h"
#include "eval/held_out.h"
#include "trace/answer.h"
#include "trace/groups.h"

struct result {
	bool counts, swapped, given, changed;
	int features;
};

struct job {
	const struct ct_subject *x;
	int *value;			/* (n_labels) see ct_hidden_values */
	struct ct_held_out at;		/* a result for each */
};

/* A traced sentence, and which of its features are in the group. */
struct traced {
	struct ct_prompt *p;
	struct ct_graph *g;
	bool *in;			/* (n_features) */
	int n;
};

/* The label of each feature of the graph, if it fits well enough; else "". */
static const char **
labels_of(const struct job *j, const struct ct_graph *g, struct ct_arena *a, struct ct_error *err)
{
	const char **text = ct_arena_need(a, (size_t)g->n_features, sizeof *text, "labels", err);

	for (int i = 0; text && i < g->n_features; i++) {
		int label = ct_feature_label(j->x->labels, g->nodes[i].layer, g->nodes[i].index);

		text[i] = label >= 0 ? j->x->c->labels[label] : "";
	}
	return text;
}

/* Whether the feature's label names the value that the sentence hides. */
static bool
names_value(const struct job *j, const struct ct_sentence *s, const struct ct_node *n)
{
	int label = ct_feature_label(j->x->labels, n->layer, n->index);

	return n->kept && label >= 0 && ct_hidden_of_sentence(j->x->c, s, j->value[label]);
}

static int
find_group(const struct job *j, const struct ct_sentence *s, struct traced *t, struct ct_arena *a,
    struct ct_error *err)
{
	const char **text = labels_of(j, t->g, a, err);
	struct ct_graph_groups groups;
	int code = text ? ct_graph_groups(&groups, t->g, text, NULL, a, NULL, err) : CT_ENOMEM;

	t->in = code == CT_OK ? ct_arena_need(a, (size_t)t->g->n_features, sizeof *t->in, "a group", err) :
	    NULL;
	if (!t->in)
		return code < 0 ? code : CT_ENOMEM;
	for (int i = 0; i < t->g->n_features; i++) {
		if (!names_value(j, s, &t->g->nodes[i]))
			continue;
		t->in[i] = true;
		for (int k = 0; groups.of[i] >= 0 && k < groups.group[groups.of[i]].n; k++)
			t->in[groups.group[groups.of[i]].node[k]] = true;
	}
	for (int i = 0; i < t->g->n_features; i++)
		t->n += t->in[i];
	return CT_OK;
}

static int
trace(const struct job *j, int sentence, struct traced *t, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_sentence *s = &j->x->c->sentences[sentence];
	const struct ct_trace_plan plan = { .pos = s->answer };
	int code;

	*t = (struct traced){ 0 };
	if ((code = ct_prompt_run(&t->p, j->x->m, j->x->tc, j->x->c->tokens + s->first, s->answer + 1, a,
	    NULL, err)) < 0 || (code = ct_prompt_trace(&t->g, t->p, &plan, a, a, NULL, err)) < 0)
		return code;
	return find_group(j, s, t, a, err);
}

static int
answer_of(const struct job *j, int sentence)
{
	const struct ct_sentence *s = &j->x->c->sentences[sentence];

	return j->x->c->tokens[s->first + s->answer + 1];
}

/* The next held-out sentence of the list that asks the same about another value; -1: there is none. */
static int
other_of(const struct job *j, int item)
{
	const struct ct_sentence *s = &j->x->c->sentences[j->at.sentences[item]];

	for (int k = 1; k < j->at.n; k++) {
		int i = j->at.sentences[(item + k) % j->at.n];
		const struct ct_sentence *t = &j->x->c->sentences[i];

		if (t->kind == s->kind && t->relation == s->relation && t->n == s->n &&
		    t->answer == s->answer && t->about >= 0 && t->about != s->about &&
		    answer_of(j, i) != answer_of(j, j->at.sentences[item]))
			return i;
	}
	return -1;
}

static float
activation(const struct ct_prompt *p, const struct ct_node *n)
{
	int i = ct_local_model_active(&p->lrm, n->layer, n->pos, n->index);

	return i < 0 ? 0 : p->lrm.active[i].act;
}

/* Clamps that set a group's features to what they are in the other sentence. Returns how many. */
static int
add_clamps(const struct traced *from, const struct ct_prompt *to, struct ct_clamp *out, int n)
{
	for (int i = 0; i < from->g->n_features; i++) {
		const struct ct_node *f = &from->g->nodes[i];

		if (from->in[i])
			out[n++] = (struct ct_clamp){ .layer = f->layer, .feature = f->index, .pos = f->pos,
				.unit = CT_ABSOLUTE, .amount = (double)activation(to, f) };
	}
	return n;
}

static int
measure_sentence(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct job *j = ctx;
	struct result *r = (struct result *)j->at.results + item;
	int own = j->at.sentences[item], other = other_of(j, item), before, said, code, n;
	struct traced here, there;
	struct ct_clamp *clamps;

	(void)worker;
	if (j->x->c->sentences[own].about < 0)
		return CT_OK;
	if ((code = trace(j, own, &here, a, err)) < 0)
		return code;
	*r = (struct result){ .counts = true, .features = here.n };
	if (here.n == 0 || other < 0)
		return CT_OK;
	if ((code = trace(j, other, &there, a, err)) < 0)
		return code;
	clamps = ct_arena_need(a, (size_t)here.n + there.n, sizeof *clamps, "clamps", err);
	if (!clamps)
		return CT_ENOMEM;
	n = add_clamps(&there, there.p, clamps, add_clamps(&here, there.p, clamps, 0));
	if ((code = ct_answer_clamped(here.p, clamps, 0, 1, a, &before, err)) < 0 ||
	    (code = ct_answer_clamped(here.p, clamps, n, 1, a, &said, err)) < 0)
		return code;
	r->swapped = true;
	r->given = said == answer_of(j, other);
	r->changed = said != before;
	return CT_OK;
}

static void
average(struct ct_group_swap_figures *out, const struct result *r, int n)
{
	int found = 0;

	*out = (struct ct_group_swap_figures){ 0 };
	for (int i = 0; i < n; i++) {
		out->n += r[i].counts;
		found += r[i].features > 0;
		out->features += r[i].features;
		out->n_swaps += r[i].swapped;
		out->given += r[i].given;
		out->changed += r[i].changed;
	}
	/* 0 / 0 is NAN: nothing was measured. */
	out->found = (double)found / out->n;
	out->features /= found;
	out->given /= out->n_swaps;
	out->changed /= out->n_swaps;
}

int
ct_group_swap_measure(struct ct_group_swap_figures *out, const struct ct_subject *x, int max,
    const struct ct_job *job, struct ct_error *err)
{
	struct job j = { .x = x };
	int code = ct_held_out_open(&j.at, x->c, max, sizeof(struct result), err);

	if (code == CT_OK)
		code = ct_hidden_values(&j.value, x->c, err);
	if (code == CT_OK)
		code = ct_parallel_run(job, j.at.n, measure_sentence, &j, "groups", err);
	if (code == CT_OK)
		average(out, j.at.results, j.at.n);
	free(j.value);
	ct_held_out_free(&j.at);
	return code;
}
