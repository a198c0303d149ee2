/*
 * experiments: the facade's functions that run a prompt many times: surveys, sweeps, frozen patterns compared
 * with free ones, and how well predictions agreed over a whole session. See ctrace.h.
 */
#include <math.h>
#include <stdlib.h>

#include "session/engine.h"
#include "trace/survey.h"
#include "trace/sweep.h"

void
ct_session_drop_survey(struct ct_session *s)
{
	ct_arena_free(&s->survey_arena);
	s->survey = NULL;
}

int
ct_session_survey(struct ct_session *s, const struct ct_survey **out, const struct ct_job *job,
    struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(s->e, job);
	struct ct_arena arena = { 0 };
	struct ct_survey *survey;
	int code;

	*out = s->survey;
	if (s->survey)
		return CT_OK;
	if (!s->graph)
		return ct_session_no_graph(err);
	if ((code = ct_session_need_first(s, err)) < 0 || (code = ct_session_need_whole(s, err)) < 0 ||
	    (code = ct_engine_check(s->e, err)) < 0)
		return code;
	survey = ct_arena_need(&arena, 1, sizeof *survey, "a survey", err);
	code = survey ? ct_survey_run(survey, &s->prompt->lrm, s->graph, &arena, &own, err) : CT_ENOMEM;
	if (code == CT_OK)
		code = ct_engine_check(s->e, err);
	if (code < 0) {
		ct_arena_free(&arena);
		return code;
	}
	s->survey_arena = arena;
	*out = s->survey = survey;
	return CT_OK;
}

static int
need_clamps(const struct ct_session *s, struct ct_error *err)
{
	int code = ct_engine_check(s->e, err);

	if (code == CT_OK && !s->n_clamps)
		return ct_fail(err, CT_EINVAL, "there are no clamps: clamp a feature first");
	return code;
}

int
ct_session_sweep(struct ct_session *s, double from, double to, int steps, const struct ct_sweep **out,
    const struct ct_job *job, struct ct_error *err)
{
	const struct ct_sweep_plan plan = { s->clamps, s->n_clamps, &s->clamp_options, from, to, steps };
	const struct ct_job own = ct_engine_job(s->e, job);
	struct ct_arena arena = { 0 };
	struct ct_sweep *sweep;
	int code;

	*out = NULL;
	if ((code = need_clamps(s, err)) < 0)
		return code;
	sweep = ct_arena_need(&arena, 1, sizeof *sweep, "a sweep", err);
	code = sweep ? ct_sweep_run(sweep, &s->prompt->lrm, s->graph, &plan, &arena, &own, err) : CT_ENOMEM;
	if (code == CT_OK)
		code = ct_engine_check(s->e, err);
	if (code < 0) {
		ct_arena_free(&arena);
		return code;
	}
	ct_arena_free(&s->sweep_arena);
	s->sweep_arena = arena;
	*out = sweep;
	return CT_OK;
}

int
ct_session_contrast(struct ct_session *s, const struct ct_contrast **out, struct ct_error *err)
{
	struct ct_contrast *c;
	int code;

	*out = s->contrast;
	if (s->contrast)
		return CT_OK;
	if ((code = need_clamps(s, err)) < 0)
		return code;
	c = ct_arena_need(&s->clamp_arena, 1, sizeof *c, "frozen and free runs", err);
	code = c ? ct_contrast_run(c, &s->prompt->lrm, s->graph, s->clamps, s->n_clamps, &s->clamp_options,
	    &s->clamp_arena, err)
	      : CT_ENOMEM;
	if (code == CT_OK)
		code = ct_engine_check(s->e, err);
	if (code == CT_OK)
		*out = s->contrast = c;
	return code;
}

/* FNV-1a over everything that distinguishes one experiment from another. */
static unsigned long long
hash(unsigned long long h, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 1099511628211ULL;
	return h;
}

static unsigned long long
hash_int(unsigned long long h, int v)
{
	return hash(h, &v, sizeof v);
}

static unsigned long long
experiment(const struct ct_session *s)
{
	const struct ct_clamp_options *o = &s->clamp_options;
	unsigned long long h = hash(14695981039346656037ULL, s->ids, (size_t)s->T * sizeof *s->ids);

	h = hash_int(hash_int(h, (int)o->mode), (int)o->through);
	if (o->mode == CT_RANGE)
		h = hash_int(hash_int(h, o->first), o->last);
	for (int i = 0; i < s->n_clamps; i++) {
		const struct ct_clamp *c = &s->clamps[i];

		if (c->off)
			continue;
		h = hash_int(hash_int(hash_int(h, c->layer), c->feature), c->pos);
		h = hash(hash_int(hash_int(h, c->onwards), (int)c->unit), &c->amount, sizeof c->amount);
	}
	return h;
}

void
ct_session_count_effects(struct ct_session *s)
{
	const struct ct_agreement *a = &s->effects->agreement;
	struct ct_running *r = &s->running;
	unsigned long long id = experiment(s);

	/* In direct mode there are only direct effects, which agree by construction. */
	if (a->n < CT_RANK_LEAST || !isfinite(a->spearman) || !isfinite(a->pearson) ||
	    ct_is_direct(&s->clamp_options, s->e->model->cfg.L))
		return;
	for (int i = 0; i < r->n_seen && i < CT_RUNNING_SETS; i++)
		if (r->seen[i] == id)
			return;
	r->seen[r->n_seen++ % CT_RUNNING_SETS] = id;
	r->n++;
	r->spearman += a->spearman;
	r->pearson += a->pearson;
}

struct ct_agreement
ct_session_agreement(const struct ct_session *s)
{
	const struct ct_running *r = &s->running;

	if (r->n == 0)
		return (struct ct_agreement){ NAN, NAN, 0 };
	return (struct ct_agreement){ r->spearman / r->n, r->pearson / r->n, r->n };
}
