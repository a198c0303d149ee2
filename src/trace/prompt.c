/* prompt: see prompt.h. */
#include "trace/prompt.h"

#include <string.h>

#include "base/memory.h"
#include "trace/influence.h"
#include "trace/neuron_choice.h"

/*
 * The least memory that is needed up to the targets' rows: a pass, plus the largest of what the forward run,
 * the choice of neurons, and the local model with the rows need one after the other. Features and their
 * decoder rows are not known in advance; they are few in comparison.
 */
static unsigned long long
prompt_bytes(const struct ct_model *m, const struct ct_transcoder *tc, int T, int threads)
{
	unsigned long long stream = sizeof(float) * (unsigned long long)m->cfg.L * T * m->cfg.D;
	unsigned long long local = 2 * stream + ct_attribution_bytes(m, T, CT_DEFAULT_TARGETS, threads);
	unsigned long long first = sizeof(float) * ct_layer_scratch(m, T);

	if (tc->neurons)
		first += ct_neuron_choice_bytes(m, T, CT_DEFAULT_TARGETS, threads);
	else if (tc->read != CT_READ_NORM2)
		local += stream;
	return ct_pass_bytes(m, T) + (first > local ? first : local);
}

/*
 * Refuses a prompt that cannot fit into memory before any work is done, and says how many tokens would fit.
 */
static int
check_memory(const struct ct_model *m, const struct ct_transcoder *tc, int T, int threads,
    struct ct_error *err)
{
	const unsigned long long worth_asking = 64ull << 20;
	unsigned long long need = prompt_bytes(m, tc, T, threads), available;
	int fits = 0;

	if (need < worth_asking || need <= (available = ct_memory_available()))
		return CT_OK;
	for (int step = T; step > 0; step /= 2)
		while (fits + step < T && prompt_bytes(m, tc, fits + step, threads) <= available)
			fits += step;
	return ct_fail(err, CT_ENOMEM, "the prompt has %d tokens, which need %.1f GB of memory; %.1f GB are "
	    "available, enough for %d tokens", T, (double)need / 1e9, (double)available / 1e9, fits);
}

bool
ct_trace_plan_is_default(const struct ct_trace_plan *plan, int T)
{
	return plan->n_targets == 0 && plan->pos == T - 1 && plan->max_targets <= 0 &&
	    !(plan->target_share > 0);
}

/* The targets of a plan: its own, or the default ones at its position, in `a`. */
static int
find_targets(const struct ct_target **targets, int *n, const struct ct_pass *p,
    const struct ct_trace_plan *plan, struct ct_arena *a, struct ct_error *err)
{
	int V = p->m->cfg.V, most = plan->max_targets > 0 ? plan->max_targets : CT_DEFAULT_TARGETS;
	double share = plan->target_share > 0 ? plan->target_share : CT_DEFAULT_COVERAGE;
	struct ct_target *chosen;
	float *logits;

	*targets = plan->targets;
	*n = plan->n_targets;
	if (plan->n_targets > 0)
		return CT_OK;
	chosen = ct_arena_need(a, (size_t)most, sizeof *chosen, "targets", err);
	logits = ct_arena_need(a, (size_t)V, sizeof *logits, "logits", err);
	if (!chosen || !logits)
		return CT_ENOMEM;
	ct_logits(p->m, 1, p->final + (size_t)plan->pos * p->m->cfg.D, logits);
	*targets = chosen;
	*n = ct_default_targets(logits, V, plan->pos, share, chosen, most);
	return CT_OK;
}

int
ct_prompt_neurons(struct ct_local_run *run, const struct ct_transcoder *tc, const struct ct_trace_plan *plan,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_trace_plan by_default = { .pos = run->pass->T - 1 };
	struct ct_neuron_question q = { .most = tc->k > 0 ? tc->k : CT_DEFAULT_NEURONS };
	struct ct_neuron_choice chosen;
	struct ct_arena tmp = { 0 };
	int code = find_targets(&q.targets, &q.n_targets, run->pass, plan ? plan : &by_default, &tmp, err);

	if (code == CT_OK)
		code = ct_neuron_choose(&chosen, run->pass, tc, &q, a, job, err);
	ct_arena_free(&tmp);
	if (code < 0)
		return code;
	run->active = chosen.active;
	run->n = chosen.n;
	run->left_out = chosen.left_out;
	return CT_OK;
}

/* The local model of a finished pass: of the features that are active, or of the neurons that matter. */
static int
make_local(struct ct_prompt *p, const struct ct_transcoder *tc, struct ct_arena *a, const struct ct_job *job,
    struct ct_error *err)
{
	struct ct_local_run run = { .pass = &p->pass, .read = p->pass.mlp_in };
	int code;

	if (!tc->neurons)
		return ct_local_model_init(&p->lrm, tc, &p->pass, a, job, err);
	code = ct_prompt_neurons(&run, tc, NULL, a, job, err);
	return code < 0 ? code : ct_local_model_of(&p->lrm, tc, &run, a, job, err);
}

int
ct_prompt_run(struct ct_prompt **out, const struct ct_model *m, const struct ct_transcoder *tc,
    const int *ids, int T, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	struct ct_prompt *p = NULL;
	struct ct_arena tmp = { 0 };
	float *scratch;
	int code = check_memory(m, tc, T, ct_pool_threads(ct_job_pool(job)), err);

	if (code != CT_OK)
		return code;
	p = ct_arena_need(a, 1, sizeof *p, "a prompt", err);
	scratch = ct_arena_need(&tmp, ct_layer_scratch(m, T), sizeof *scratch, "a run", err);
	code = p && scratch && (p->ids = ct_arena_need(a, (size_t)T, sizeof *p->ids, "a prompt", err)) ?
	    CT_OK : CT_ENOMEM;
	if (code == CT_OK) {
		p->T = T;
		memcpy(p->ids, ids, (size_t)T * sizeof *ids);
		code = ct_pass_init(&p->pass, m, T, a, err);
	}
	if (code == CT_OK)
		code = ct_forward(&p->pass, p->ids, scratch, job, err);
	ct_arena_free(&tmp);
	if (code < 0)
		return code;
	if (tc->turn > p->pass.start)
		p->pass.start = tc->turn < T ? tc->turn : T;
	code = make_local(p, tc, a, job, err);
	if (code == CT_OK)
		*out = p;
	return code;
}

float *
ct_prompt_logits(const struct ct_prompt *p, const float *final, int pos, struct ct_arena *a,
    struct ct_error *err)
{
	const struct ct_model *m = p->pass.m;
	float *logits = ct_arena_need(a, (size_t)m->cfg.V, sizeof *logits, "logits", err);

	if (logits)
		ct_logits(m, 1, final + (size_t)pos * m->cfg.D, logits);
	return logits;
}

/* The self-check at every position that a target sits at: the largest error. */
static int
check(const struct ct_prompt *p, struct ct_graph *g, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_node *target = g->nodes + g->n_nodes - g->n_targets;
	struct ct_arena tmp = { 0 };
	double *error = &g->check.max_logit_error;
	int code = CT_OK;

	*error = 0;
	for (int i = 0; i < g->n_targets && code == CT_OK; i++) {
		double found = 0;
		bool done = false;

		for (int k = 0; k < i && !done; k++)
			done = target[k].pos == target[i].pos;
		if (!done)
			code = ct_local_model_check(&p->lrm, target[i].pos, &tmp, &found, job, err);
		/* NaN is kept, so that the check fails. */
		if (!(found <= *error))
			*error = found;
	}
	ct_arena_free(&tmp);
	return code;
}

int
ct_prompt_trace_begin(struct ct_building **out, const struct ct_prompt *p, const struct ct_trace_plan *plan,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	int most = plan->max_features != 0 ? plan->max_features : CT_DEFAULT_FEATURES, n;
	const struct ct_target *targets;
	struct ct_arena tmp = { 0 };
	int code = find_targets(&targets, &n, &p->pass, plan, &tmp, err);

	if (code == CT_OK)
		code = ct_building_begin(out, &p->lrm, targets, n, most, a, job, err);
	ct_arena_free(&tmp);
	return code;
}

int
ct_prompt_trace_end(struct ct_graph **out, const struct ct_prompt *p, struct ct_building *b,
    const struct ct_trace_plan *plan, struct ct_arena *a, struct ct_arena *pruned, const struct ct_job *job,
    struct ct_error *err)
{
	bool none = plan->node_threshold == 0 && plan->edge_threshold == 0;
	struct ct_arena tmp = { 0 };
	struct ct_graph *g = NULL;
	int code = ct_building_finish(b, &g, a, job, err);

	if (code == CT_OK)
		code = check(p, g, job, err);
	if (code == CT_OK)
		code = ct_graph_prune(g, none ? CT_DEFAULT_NODES : plan->node_threshold,
		    none ? CT_DEFAULT_EDGES : plan->edge_threshold, pruned, &tmp, job, err);
	if (code == CT_OK)
		*out = g;
	ct_arena_free(&tmp);
	return code;
}

int
ct_prompt_trace(struct ct_graph **out, const struct ct_prompt *p, const struct ct_trace_plan *plan,
    struct ct_arena *a, struct ct_arena *pruned, const struct ct_job *job, struct ct_error *err)
{
	struct ct_building *b = NULL;
	int code = ct_prompt_trace_begin(&b, p, plan, a, job, err);

	if (code == CT_OK)
		code = ct_prompt_trace_end(out, p, b, plan, a, pruned, job, err);
	ct_building_end(b);
	return code;
}
