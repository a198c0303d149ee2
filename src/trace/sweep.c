/* sweep: see sweep.h. */
#include "trace/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/parallel.h"
#include "math/kernels.h"
#include "model/linear.h"
#include "model/transformer.h"
#include "trace/intervene.h"

struct job {
	const struct ct_local_model *lrm;
	const struct ct_graph *g;
	const struct ct_clamp *clamps;
	int n;
	const float *logits;		/* (V) of the original run at the graph's position */
	struct ct_sweep *out;
	float *final;			/* (rows,steps,D) final norm's output at that position */
	double *log_sum;		/* (rows,steps) of exp(logit) */
};

static double
log_sum_exp(const float *x, int n, int *top)
{
	double most, sum = ct_softmax_sum(n, x, &most);

	*top = ct_likeliest(n, x);
	return most + log(sum);
}

static int
run_step(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct job *j = ctx;
	struct ct_sweep *out = j->out;
	const struct ct_model *m = j->lrm->m;
	int D = m->cfg.D, row = item / out->n_steps;
	struct ct_clamp_options how = out->options;
	struct ct_clamp *clamps = ct_arena_need(a, (size_t)j->n, sizeof *clamps, "clamps", err);
	float *logits = ct_arena_need(a, (size_t)m->cfg.V, sizeof *logits, "logits", err);
	const float *final;
	struct ct_changed changed;
	struct ct_clamp_sites sites;
	int code;

	(void)worker;
	if (!clamps || !logits)
		return CT_ENOMEM;
	memcpy(clamps, j->clamps, (size_t)j->n * sizeof *clamps);
	for (int i = 0; i < j->n; i++)
		clamps[i].amount = out->strength[item % out->n_steps];
	if (out->last[row] >= 0) {
		how.mode = CT_RANGE;
		how.first = 0;
		how.last = out->last[row];
	}
	if ((code = ct_clamp_sites_init(&sites, j->lrm, clamps, j->n, a, err)) < 0 ||
	    (code = ct_intervene(&changed, j->lrm, &sites, &how, a, err)) < 0)
		return code;
	final = changed.final + (size_t)j->g->pos * D;
	memcpy(j->final + (size_t)item * D, final, (size_t)D * sizeof *final);
	ct_logits(m, 1, final, logits);
	j->log_sum[item] = log_sum_exp(logits, m->cfg.V, &out->top[item]);
	out->kl[item] = (float)ct_kl_logits(m->cfg.V, j->logits, logits);
	return CT_OK;
}

/* The unit of all clamps that are on, and the lowest layer among them. */
static int
check_clamps(const struct ct_clamp *clamps, int n, int *lowest, struct ct_error *err)
{
	const struct ct_clamp *first = NULL;

	for (int i = 0; i < n; i++) {
		if (clamps[i].off)
			continue;
		if (!first) {
			first = &clamps[i];
			*lowest = first->layer;
		}
		if (clamps[i].unit != first->unit)
			return ct_fail(err, CT_EINVAL,
			    "the clamps of a sweep need one unit: all values (=), multiples (x) or changes "
			    "(+)");
		if (clamps[i].layer < *lowest)
			*lowest = clamps[i].layer;
	}
	return first ? CT_OK : ct_fail(err, CT_EINVAL, "no clamp is on: there is nothing to sweep");
}

/* Adds a token unless it is listed. */
static void
add_token(struct ct_sweep *out, int token)
{
	for (int i = 0; i < out->n_tokens; i++)
		if (out->tokens[i] == token)
			return;
	out->tokens[out->n_tokens++] = token;
}

static int
choose_tokens(struct job *j, struct ct_arena *a, struct ct_error *err)
{
	struct ct_sweep *out = j->out;
	int items = out->n_rows * out->n_steps;

	out->tokens = ct_arena_need(
	    a, 2 * (size_t)j->g->n_targets + (size_t)items, sizeof *out->tokens, "a sweep", err);
	if (!out->tokens)
		return CT_ENOMEM;
	for (int i = j->g->n_nodes - j->g->n_targets; i < j->g->n_nodes; i++) {
		const struct ct_node *n = &j->g->nodes[i];

		if (n->target == CT_TARGET_FEATURE)
			continue;
		add_token(out, n->index);
		if (n->target == CT_TARGET_DIFFERENCE)
			add_token(out, n->other);
	}
	for (int i = 0; i < items; i++)
		add_token(out, out->top[i]);
	return CT_OK;
}

struct span {
	int token;
	double size;
};

static int
by_span(const void *x, const void *y)
{
	const struct span *a = x, *b = y;

	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return a->token < b->token ? -1 : a->token > b->token;
}

static float
share(const struct job *j, int item, int token)
{
	const float *final = j->final + (size_t)item * j->lrm->m->cfg.D;

	return (float)exp((double)ct_logit(j->lrm->m, token, final) - j->log_sum[item]);
}

static int
sort_tokens(struct job *j, struct ct_arena *tmp, struct ct_error *err)
{
	struct ct_sweep *out = j->out;
	struct span *span = ct_arena_need(tmp, (size_t)out->n_tokens, sizeof *span, "a sweep", err);

	if (!span)
		return CT_ENOMEM;
	for (int k = 0; k < out->n_tokens; k++) {
		double low = 1, high = 0;

		for (int i = 0; i < out->n_rows * out->n_steps; i++) {
			low = fmin(low, (double)share(j, i, out->tokens[k]));
			high = fmax(high, (double)share(j, i, out->tokens[k]));
		}
		span[k] = (struct span){ out->tokens[k], high - low };
	}
	qsort(span, (size_t)out->n_tokens, sizeof *span, by_span);
	for (int k = 0; k < out->n_tokens; k++)
		out->tokens[k] = span[k].token;
	return CT_OK;
}

static int
fill_tokens(struct job *j, struct ct_arena *a, struct ct_error *err)
{
	struct ct_sweep *out = j->out;
	const struct ct_model *m = j->lrm->m;
	int D = m->cfg.D, items = out->n_rows * out->n_steps;
	size_t n = (size_t)items * out->n_tokens;

	out->prob = ct_arena_need(a, n, sizeof *out->prob, "a sweep", err);
	out->logit = ct_arena_need(a, n, sizeof *out->logit, "a sweep", err);
	if (!out->prob || !out->logit)
		return CT_ENOMEM;
	for (int i = 0; i < items; i++)
		for (int k = 0; k < out->n_tokens; k++) {
			size_t at = (size_t)i * out->n_tokens + k;

			out->prob[at] = share(j, i, out->tokens[k]);
			out->logit[at] =
			    (float)ct_unembed_dot(m, out->tokens[k], CT_VOCAB_MEAN, j->final + (size_t)i * D);
		}
	return CT_OK;
}

static int
make_rows(struct job *j, double from, double to, int lowest, struct ct_arena *a, struct ct_arena *tmp,
    struct ct_error *err)
{
	struct ct_sweep *out = j->out;
	size_t items;

	out->n_rows = 1 + j->lrm->m->cfg.L - lowest;
	items = (size_t)out->n_rows * out->n_steps;
	out->last = ct_arena_need(a, (size_t)out->n_rows, sizeof *out->last, "a sweep", err);
	out->strength = ct_arena_need(a, (size_t)out->n_steps, sizeof *out->strength, "a sweep", err);
	out->kl = ct_arena_need(a, items, sizeof *out->kl, "a sweep", err);
	out->top = ct_arena_need(a, items, sizeof *out->top, "a sweep", err);
	j->final = ct_arena_need(tmp, items * j->lrm->m->cfg.D, sizeof *j->final, "a sweep", err);
	j->log_sum = ct_arena_need(tmp, items, sizeof *j->log_sum, "a sweep", err);
	if (!out->last || !out->strength || !out->kl || !out->top || !j->final || !j->log_sum)
		return CT_ENOMEM;
	for (int i = 0; i < out->n_rows; i++)
		out->last[i] = i == 0 ? -1 : lowest + i - 1;
	for (int i = 0; i < out->n_steps; i++)
		out->strength[i] = from + (to - from) * i / (out->n_steps - 1);
	return CT_OK;
}

int
ct_sweep_run(struct ct_sweep *out, const struct ct_local_model *lrm, const struct ct_graph *g,
    const struct ct_sweep_plan *plan, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct job j = { .lrm = lrm, .g = g, .clamps = plan->clamps, .n = plan->n, .out = out };
	struct ct_arena tmp = { 0 };
	float *logits = ct_arena_need(&tmp, (size_t)lrm->m->cfg.V, sizeof *logits, "logits", err);
	double start = ct_seconds();
	int lowest = 0, code = CT_ENOMEM;

	*out = (struct ct_sweep){ .options = *plan->options, .n_steps = plan->steps };
	if (!logits)
		goto done;
	if (!isfinite(plan->from) || !isfinite(plan->to) || plan->steps < 2 || plan->steps > CT_MAX_STEPS) {
		code = ct_fail(err, CT_EINVAL, "sweep: expected finite strengths and 2 to %d steps, found "
		    "%g:%g:%d", CT_MAX_STEPS, plan->from, plan->to, plan->steps);
		goto done;
	}
	if ((code = check_clamps(plan->clamps, plan->n, &lowest, err)) < 0 ||
	    (code = make_rows(&j, plan->from, plan->to, lowest, a, &tmp, err)) < 0)
		goto done;
	ct_logits(lrm->m, 1, lrm->pass->final + (size_t)g->pos * lrm->m->cfg.D, logits);
	j.logits = logits;
	if ((code = ct_parallel_run(job, out->n_rows * plan->steps, run_step, &j, "sweep", err)) < 0 ||
	    (code = choose_tokens(&j, a, err)) < 0 || (code = sort_tokens(&j, &tmp, err)) < 0 ||
	    (code = fill_tokens(&j, a, err)) < 0)
		goto done;
	out->seconds = ct_seconds() - start;
done:
	ct_arena_free(&tmp);
	return code;
}

/*
 * One side of a contrast: the effects, the probabilities of the next token, and how far they are from the
 * original ones.
 */
static int
run_side(const struct job *j, const struct ct_clamp_sites *s, const struct ct_clamp_options *how,
    struct ct_effects *effects, float **prob, double *kl, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_model *m = j->lrm->m;
	struct ct_changed changed;
	double sum;
	int code, top;

	*prob = ct_arena_need(a, (size_t)m->cfg.V, sizeof **prob, "logits", err);
	if (!*prob)
		return CT_ENOMEM;
	if ((code = ct_intervene(&changed, j->lrm, s, how, a, err)) < 0 ||
	    (code = ct_effects_init(effects, j->lrm, j->g, s, how, &changed, a, err)) < 0)
		return code;
	ct_logits(m, 1, changed.final + (size_t)j->g->pos * m->cfg.D, *prob);
	*kl = ct_kl_logits(m->cfg.V, j->logits, *prob);
	sum = log_sum_exp(*prob, m->cfg.V, &top);
	for (int v = 0; v < m->cfg.V; v++)
		(*prob)[v] = (float)exp((double)(*prob)[v] - sum);
	return CT_OK;
}

int
ct_contrast_run(struct ct_contrast *out, const struct ct_local_model *lrm, const struct ct_graph *g,
    const struct ct_clamp *clamps, int n, const struct ct_clamp_options *opt, struct ct_arena *a,
    struct ct_error *err)
{
	struct job j = { .lrm = lrm, .g = g };
	/* Predictions are for the mode in force. */
	struct ct_clamp_options frozen = { .mode = CT_FROZEN, .through = opt->through, .unpredicted = true };
	struct ct_clamp_options live = { .mode = CT_FREE, .through = opt->through, .unpredicted = true };
	float *logits = ct_arena_need(a, (size_t)lrm->m->cfg.V, sizeof *logits, "logits", err);
	double seen = 0, unseen = 0;
	struct ct_clamp_sites sites;
	int code;

	*out = (struct ct_contrast){ 0 };
	if (!logits)
		return CT_ENOMEM;
	ct_logits(lrm->m, 1, lrm->pass->final + (size_t)g->pos * lrm->m->cfg.D, logits);
	j.logits = logits;
	if ((code = ct_clamp_sites_init(&sites, lrm, clamps, n, a, err)) < 0 ||
	    (code = run_side(&j, &sites, &frozen, &out->frozen, &out->prob_frozen, &out->kl_frozen, a,
	    err)) < 0 ||
	    (code = run_side(&j, &sites, &live, &out->free, &out->prob_free, &out->kl_free, a, err)) < 0)
		return code;
	for (int i = 0; i < out->frozen.n_targets; i++) {
		double effect = (double)out->frozen.effects[i].observed;

		seen += fabs(effect);
		unseen += fabs((double)out->free.effects[i].observed - effect);
	}
	out->pattern_share = seen + unseen > 0 ? unseen / (seen + unseen) : NAN;
	return CT_OK;
}
