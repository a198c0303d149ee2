/* graphs: see graphs.h. */
#include "eval/graphs.h"

#include <math.h>
#include <stdlib.h>

#include "base/parallel.h"
#include "eval/answer.h"
#include "trace/survey.h"

struct result {
	struct ct_scores scores;
	struct ct_self_check check;
	double spearman;
};

struct job {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	const struct ct_corpus *c;
	const int *sentences;
	struct result *results;		/* one per sentence */
};

int
ct_held_out_prompts(int **out, const struct ct_corpus *c, int max, struct ct_error *err)
{
	int *all = malloc(((size_t)c->n_sentences + 1) * sizeof *all);
	int i, n = 0, kept;

	*out = all;
	if (all == NULL)
		return ct_fail_memory(err, (size_t)c->n_sentences * sizeof *all, "held-out sentences");
	for (i = 0; i < c->n_sentences; i++) {
		if (c->sentences[i].held_out && c->sentences[i].answer > 0)
			all[n++] = i;
	}
	kept = max > 0 && max < n ? max : n;
	for (i = 0; i < kept; i++)
		all[i] = all[(int)((long)i * n / kept)];	/* forwards: never one that was overwritten */
	return kept;
}

static int
measure_prompt(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct job *j = ctx;
	const struct ct_sentence *s = &j->c->sentences[j->sentences[item]];
	struct result *r = &j->results[item];
	const struct ct_trace_plan plan = {.pos = s->answer};
	struct ct_survey survey;
	struct ct_prompt *p;
	struct ct_graph *g;
	int rc;

	(void)worker;
	rc = ct_prompt_run(&p, j->m, j->tc, j->c->tokens + s->first, s->answer + 1, a, NULL, err);
	if (rc == CT_OK)
		rc = ct_prompt_trace(&g, p, &plan, a, a, NULL, err);
	if (rc == CT_OK)
		rc = ct_survey_run(&survey, &p->lrm, g, a, NULL, err);
	if (rc == CT_OK) {
		r->scores = g->scores;
		r->check = g->check;
		r->spearman = survey.spearman_kl;
	}
	return rc;
}

/* The larger one; a NaN is the worst of all. */
static double
worse(double a, double b)
{
	return isnan(a) || a > b ? a : b;
}

static void
average(struct ct_graph_figures *out, const struct result *r, int n)
{
	int i;

	*out = (struct ct_graph_figures){.n = n};
	for (i = 0; i < n; i++) {
		out->replacement += r[i].scores.replacement / n;
		out->completeness += r[i].scores.completeness / n;
		out->max_edge_residual = worse(out->max_edge_residual, r[i].check.max_edge_residual);
		out->max_logit_error = worse(out->max_logit_error, r[i].check.max_logit_error);
		if (isfinite(r[i].spearman)) {
			out->spearman += r[i].spearman;
			out->n_ranked++;
		}
	}
	out->spearman = out->n_ranked > 0 ? out->spearman / out->n_ranked : NAN;
	if (n == 0)
		out->replacement = out->completeness = NAN;
}

int
ct_graph_figures_measure(struct ct_graph_figures *out, const struct ct_model *m,
    const struct ct_transcoder *tc, const struct ct_corpus *c, int max, struct ct_pool *pool,
    ct_progress_fn progress, void *ctx, struct ct_error *err)
{
	struct job j = {.m = m, .tc = tc, .c = c};
	int *sentences, n = ct_held_out_prompts(&sentences, c, max, err), rc = n;

	j.results = n >= 0 ? calloc((size_t)n + 1, sizeof *j.results) : NULL;
	if (n >= 0 && j.results == NULL)
		rc = ct_fail_memory(err, (size_t)n * sizeof *j.results, "figures");
	if (rc >= 0) {
		j.sentences = sentences;
		rc = ct_parallel_run(pool, n, measure_prompt, &j, "graphs", progress, ctx, err);
	}
	if (rc == CT_OK)
		average(out, j.results, n);
	free(j.results);
	free(sentences);
	return rc;
}
