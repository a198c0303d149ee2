/* graphs: see graphs.h. */
#include "eval/graphs.h"

#include <math.h>
#include <stdlib.h>

#include "base/parallel.h"
#include "eval/held_out.h"
#include "trace/influence.h"
#include "trace/judge.h"
#include "trace/prompt.h"
#include "trace/survey.h"

enum { ROWS = 10, DRAWS = 2 };
static const double fits_f1 = 0.8, most_influence = 0.8;

struct result {
	struct ct_scores scores;
	struct ct_self_check check;
	double spearman, stability;
	struct ct_direct direct;
	struct ct_judgement judged;
	int rows, named;
	int nodes, features;
	double left_out;
};

struct job {
	const struct ct_subject *x;
	struct ct_held_out at;		/* a result for each */
};

int
ct_sentence_alike(const struct ct_corpus *c, int sentence, int after)
{
	const struct ct_sentence *s = &c->sentences[sentence];

	for (int k = 1; k < c->n_sentences && s->about >= 0; k++) {
		int i = (after + k) % c->n_sentences;
		const struct ct_sentence *t = &c->sentences[i];

		if (i == sentence)
			break;
		if (t->kind == s->kind && t->about == s->about && t->relation == s->relation &&
		    t->n == s->n && t->row != s->row)
			return i;
	}
	return -1;
}

/* A sentence up to a position, traced and pruned. */
static int
trace_sentence(struct ct_prompt **p, struct ct_graph **g, const struct ct_subject *x,
    const struct ct_sentence *s, int pos, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_trace_plan plan = { .pos = pos };
	int code = ct_prompt_run(p, x->m, x->tc, x->c->tokens + s->first, pos + 1, a, NULL, err);

	return code == CT_OK ? ct_prompt_trace(g, *p, &plan, a, a, NULL, err) : code;
}

/* How many of the first features in the tree have labels that fit. */
static int
count_named(const struct ct_feature_labels *labels, const struct ct_graph *g, struct result *r,
    struct ct_arena *a, struct ct_error *err)
{
	struct ct_edge *in = ct_arena_need(a, (size_t)g->n_nodes, sizeof *in, "edges of a target", err);
	int n = in ? ct_graph_inputs(g, g->n_nodes - g->n_targets, true, in, g->n_nodes) : 0;

	for (int i = 0; i < n && r->rows < ROWS; i++) {
		const struct ct_node *f = &g->nodes[in[i].source];

		if (f->kind != CT_NODE_FEATURE)
			continue;
		r->rows++;
		r->named += labels && labels->f1[labels->first[f->layer] + (size_t)f->index] >= fits_f1;
	}
	return in ? CT_OK : CT_ENOMEM;
}

/* Whether the pruned graph's features are necessary and sufficient, compared with as many random features. */
static int
judge(struct result *r, const struct ct_prompt *p, const struct ct_graph *g, struct ct_arena *a,
    struct ct_error *err)
{
	struct ct_judge_plan plan = { .pos = p->T - 1, .answer = -1, .against = -1, .draws = DRAWS };
	bool *kept = ct_arena_need(a, (size_t)p->lrm.n, sizeof *kept, "kept features", err);

	if (!kept)
		return CT_ENOMEM;
	ct_judge_kept(&p->lrm, g, kept);
	plan.inside = kept;
	return ct_judge(&r->judged, p, &plan, a, NULL, err);
}

static int
measure_prompt(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct job *j = ctx;
	int own = j->at.sentences[item], alike = ct_sentence_alike(j->x->c, own, own), code;
	const struct ct_sentence *s = &j->x->c->sentences[own];
	struct result *r = (struct result *)j->at.results + item;
	struct ct_survey survey;
	struct ct_prompt *p, *q;
	struct ct_graph *g, *h;

	(void)worker;
	r->stability = NAN;
	if ((code = trace_sentence(&p, &g, j->x, s, s->answer, a, err)) != CT_OK ||
	    (code = ct_survey_run(&survey, &p->lrm, g, a, NULL, err)) != CT_OK ||
	    (code = ct_direct_split(&r->direct, g, g->n_nodes - g->n_targets, a, err)) != CT_OK ||
	    (code = count_named(j->x->labels, g, r, a, err)) != CT_OK ||
	    (code = judge(r, p, g, a, err)) != CT_OK)
		return code;
	r->scores = g->scores;
	r->check = g->check;
	r->spearman = survey.spearman_kl;
	r->left_out = p->lrm.left_out;
	r->nodes = ct_graph_fewest(g, most_influence);
	for (int i = 0; i < g->n_features; i++)
		r->features += g->nodes[i].kept;
	if (alike < 0)
		return CT_OK;
	code = trace_sentence(&q, &h, j->x, &j->x->c->sentences[alike], s->answer, a, err);
	if (code == CT_OK)
		r->stability = ct_judge_overlap(g, h);
	return code;
}

/* The larger one; NaN counts as larger than any number. */
static double
worse(double a, double b)
{
	return isnan(a) || a > b ? a : b;
}

/*
 * The mean of n values that are `stride` bytes apart, without those that are not finite; *used: how many are.
 */
static double
mean_of(const double *x, size_t stride, int n, int *used)
{
	double sum = 0;

	*used = 0;
	for (int i = 0; i < n; i++, x = (const double *)((const char *)x + stride)) {
		sum += isfinite(*x) ? *x : 0;
		*used += isfinite(*x);
	}
	return *used > 0 ? sum / *used : NAN;
}

static void
average(struct ct_graph_figures *out, const struct result *r, int n, bool labels)
{
	int all;

	*out = (struct ct_graph_figures){ .n = n };
	out->replacement = mean_of(&r->scores.replacement, sizeof *r, n, &all);
	out->completeness = mean_of(&r->scores.completeness, sizeof *r, n, &all);
	out->spearman = mean_of(&r->spearman, sizeof *r, n, &out->n_ranked);
	out->necessity = mean_of(&r->judged.necessity, sizeof *r, n, &out->n_lead);
	out->sufficiency = mean_of(&r->judged.sufficiency, sizeof *r, n, &out->n_lead);
	out->random_necessity = mean_of(&r->judged.random_necessity, sizeof *r, n, &all);
	out->random_sufficiency = mean_of(&r->judged.random_sufficiency, sizeof *r, n, &all);
	out->stability = mean_of(&r->stability, sizeof *r, n, &out->n_alike);
	for (int k = 0; k < CT_DIRECT_SOURCES; k++) {
		out->direct_absolute[k] = mean_of(&r->direct.absolute[k], sizeof *r, n, &all);
		out->direct_net[k] = mean_of(&r->direct.net[k], sizeof *r, n, &out->n_split);
	}
	for (int i = 0; i < n; i++) {
		out->max_edge_residual = worse(out->max_edge_residual, r[i].check.max_edge_residual);
		out->max_logit_error = worse(out->max_logit_error, r[i].check.max_logit_error);
		out->first_rows += (double)r[i].rows / n;
		/* Without labels there is nothing to count. */
		out->first_named += labels ? (double)r[i].named / n : NAN;
		out->nodes += (double)r[i].nodes / n;
		out->features += (double)r[i].features / n;
		out->left_out += r[i].left_out / n;
	}
}

int
ct_graph_figures_measure(struct ct_graph_figures *out, const struct ct_subject *x, int max,
    const struct ct_job *job, struct ct_error *err)
{
	struct job j = { .x = x };
	int code = ct_held_out_open(&j.at, x->c, max, sizeof(struct result), err);

	if (code == CT_OK)
		code = ct_parallel_run(job, j.at.n, measure_prompt, &j, "graphs", err);
	if (code == CT_OK)
		average(out, j.at.results, j.at.n, x->labels);
	ct_held_out_free(&j.at);
	return code;
}
