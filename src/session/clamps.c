/* clamps: the clamps in force, what they did, and generation under them. See ctrace.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "session/engine.h"
#include "trace/generate.h"

int
ct_session_apply_clamps(struct ct_session *s, const struct ct_graph *g, const struct ct_clamp *clamps, int n,
    const struct ct_clamp_options *opt, struct ct_error *err)
{
	struct ct_arena arena = { 0 };
	struct ct_clamp *copy = ct_arena_need(&arena, (size_t)n, sizeof *copy, "clamps", err);
	struct ct_effects *effects = ct_arena_need(&arena, 1, sizeof *effects, "clamps", err);
	struct ct_logits logits;
	struct ct_changed run;
	struct ct_clamp_sites sites;
	int code = CT_ENOMEM;

	if (!copy || !effects)
		goto fail;
	memcpy(copy, clamps, (size_t)n * sizeof *copy);
	if ((code = ct_clamp_sites_init(&sites, &s->prompt->lrm, copy, n, &arena, err)) < 0 ||
	    (code = ct_intervene(&run, &s->prompt->lrm, &sites, opt, &arena, err)) < 0 ||
	    (code = ct_effects_init(effects, &s->prompt->lrm, g, &sites, opt, &run, &arena, err)) < 0 ||
	    (code = ct_session_logits_init(&logits, s, run.final, &arena, err)) < 0 ||
	    (code = ct_engine_check(s->e, err)) < 0)
		goto fail;
	ct_session_drop_clamps(s);
	s->clamp_arena = arena;
	s->clamps = copy;
	s->n_clamps = n;
	s->clamp_options = *opt;
	s->effects = effects;
	s->sites = sites;
	s->changed = run;
	s->clamped = logits;
	return CT_OK;
fail:
	ct_arena_free(&arena);
	return code;
}

int
ct_session_clamp(struct ct_session *s, const struct ct_clamp *clamps, int n,
    const struct ct_clamp_options *opt, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_clamp_options defaults = { 0 };
	int code;

	if ((code = ct_engine_need_model(s->e, err)) < 0)
		return code;
	if (n > 0 && (code = ct_session_need_first(s, err)) < 0)
		return code;
	if (s->T == 0)
		return ct_session_no_prompt(err);
	if (n == 0) {
		ct_session_drop_clamps(s);
		return CT_OK;
	}
	if ((code = ct_engine_check(s->e, err)) < 0)
		return code;
	if (!s->graph) {
		struct ct_trace_options trace = { .targets = { .pos = -1 } };

		if ((code = ct_session_trace(s, &trace, job, err)) < 0)
			return code;
	}
	if ((code = ct_session_apply_clamps(s, s->graph, clamps, n, opt ? opt : &defaults, err)) == CT_OK)
		ct_session_count_effects(s);
	return code;
}

const struct ct_effects *
ct_session_effects(const struct ct_session *s)
{
	return s->effects;
}

int
ct_session_generate(struct ct_session *s, const struct ct_generate_options *opt, int *ids, int n,
    const struct ct_job *job, struct ct_error *err)
{
	bool clamped = opt->clamped && s->n_clamps;
	struct ct_generator_start start;
	int V = s->e->info.V, room = s->e->info.context - s->T, code, i;
	struct ct_arena tmp = { 0 };
	struct ct_generator g;
	struct ct_rng rng;

	if (s->T == 0)
		return ct_session_no_prompt(err);
	if ((code = ct_session_need_first(s, err)) < 0 || (code = ct_engine_check(s->e, err)) < 0)
		return code;
	start = (struct ct_generator_start){
		.k = clamped ? s->changed.k : s->prompt->pass.k,
		    .v = clamped ? s->changed.v : s->prompt->pass.v,
		.final = (clamped ? s->changed.final : s->prompt->pass.final) +
		    (size_t)(s->T - 1) * s->e->model->cfg.D,
		.clamps = s->clamps, .n_clamps = clamped ? s->n_clamps : 0
	};
	/* The last generated token is not run, so there can be one more than the context has room for. */
	n = n < room + 1 ? n : room + 1;
	ct_rng_seed(&rng, opt->seed, 1);
	code = ct_generator_init(&g, &s->prompt->lrm, n, &start, &tmp, err);
	for (i = 0; i < n && code == CT_OK; i++) {
		ids[i] = ct_sample(ct_generator_logits(&g), V, opt->temperature, &rng);
		if (i + 1 < n)
			code = ct_generator_push(&g, ids[i], err);
		if (code == CT_OK && !ct_job_go_on(job, "generation", i + 1, n))
			code = ct_fail(err, CT_ECANCELLED, "generation cancelled");
	}
	if (code == CT_OK)
		code = ct_engine_check(s->e, err);
	ct_arena_free(&tmp);
	return code < 0 ? code : n;
}
