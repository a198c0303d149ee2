/* measure: see measure.h. */
#include "trace/measure.h"

#include <limits.h>
#include <math.h>

#include "base/clock.h"
#include "base/random.h"
#include "trace/attribution.h"
#include "trace/influence.h"
#include "trace/intervene.h"
#include "trace/prompt.h"
#include "trace/schedule.h"

/* A random model, its transcoder, and token ids. */
struct subject {
	struct ct_model *m;
	struct ct_transcoder *tc;
	int *ids;
};

static int
make_subject(struct subject *s, const struct ct_shape *shape, int T, struct ct_arena *a, struct ct_error *err)
{
	struct ct_rng rng;
	int code;

	*s = (struct subject){ .ids = ct_arena_need(a, (size_t)T, sizeof *s->ids, "a prompt", err) };
	if (!s->ids)
		return CT_ENOMEM;
	if ((code = ct_model_random(&s->m, shape, err)) < 0 ||
	    (code = ct_transcoder_random(&s->tc, shape, err)) < 0)
		return code;
	ct_rng_seed(&rng, shape->seed, 7);
	for (int t = 0; t < T; t++)
		s->ids[t] = (int)ct_rng_below(&rng, (uint32_t)shape->cfg.V);
	return CT_OK;
}

static void
free_subject(struct subject *s)
{
	ct_transcoder_close(s->tc);
	ct_model_close(s->m);
}

int
ct_measure_shape(struct ct_measured *out, const struct ct_shape *shape, int T, struct ct_arena *a,
    const struct ct_job *job, struct ct_error *err)
{
	const struct ct_trace_plan everything = { .pos = T - 1, .max_features = INT_MAX };
	struct ct_prompt *prompt;
	struct subject s;
	double start;
	int code = make_subject(&s, shape, T, a, err);

	if (code < 0)
		goto done;
	start = ct_seconds();
	code = ct_prompt_run(&prompt, s.m, s.tc, s.ids, T, a, job, err);
	if (code == CT_OK)
		code = ct_prompt_trace(&out->graph, prompt, &everything, a, a, job, err);
	out->seconds = ct_seconds() - start;
done:
	free_subject(&s);
	return code;
}

/* Only work that was completed counts. */
static void
keep_least(double *least, double took, int code)
{
	if (code == CT_OK && (*least == 0 || took < *least))
		*least = took;
}

static int
wait_for_forward(struct ct_waits *out, const struct subject *s, int T, const struct ct_job *job,
    struct ct_error *err)
{
	struct ct_arena a = { 0 };
	double start = ct_seconds();
	struct ct_pass pass;
	float *scratch = ct_arena_need(&a, ct_layer_scratch(s->m, T), sizeof *scratch, "a run", err);
	int code = scratch ? ct_pass_init(&pass, s->m, T, &a, err) : CT_ENOMEM;

	if (code == CT_OK)
		code = ct_forward(&pass, s->ids, scratch, job, err);
	keep_least(&out->forward, ct_seconds() - start, code);
	ct_arena_free(&a);
	return code;
}

enum { FIRST_ROW = 2 };			/* layer of the first row that is timed */

/* Rows are timed from a certain layer on; each is that of a feature in this layer or below. */
static int
check_rows(const struct ct_local_model *lrm, struct ct_error *err)
{
	int L = lrm->m->cfg.L;

	if (L > FIRST_ROW && lrm->first[(FIRST_ROW + 1) * lrm->T] > 0)
		return CT_OK;
	return ct_fail(err, CT_EUNSUPPORTED, "a model of %d layers with %d active features has no row to "
	    "time: it needs %d layers, and a feature that is active in them", L, lrm->n, FIRST_ROW + 1);
}

/* One feature of each third layer: its row, and the same row opened in the partial graph. */
static int
wait_for_rows(struct ct_waits *out, const struct ct_local_model *lrm, struct ct_building *b,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	double row = 0, opened = 0;
	struct ct_layout layout;
	int code = ct_attribution_layout(&layout, lrm, a, err), n = 0;

	for (int l = FIRST_ROW; l < lrm->m->cfg.L && code == CT_OK; l += 3, n++) {
		int node = lrm->first[(l + 1) * lrm->T] - 1;
		struct ct_row one = ct_feature_row(&lrm->active[node]);
		double start = ct_seconds();

		code = ct_attribute(lrm, &layout, &one, 1, a, job, err);
		row += ct_seconds() - start;
		start = ct_seconds();
		if (code == CT_OK)
			code = ct_building_open(b, node, a, job, err);
		opened += ct_seconds() - start;
	}
	keep_least(&out->row, row / n, code);
	keep_least(&out->opened, opened / n, code);
	return code;
}

static int
wait_for_clamp(struct ct_waits *out, const struct ct_prompt *p, struct ct_graph *g, struct ct_arena *a,
    struct ct_error *err)
{
	const struct ct_clamp_options how = { .mode = CT_FROZEN, .unpredicted = true };
	const struct ct_active *f = &p->lrm.active[p->lrm.n / 2];
	const struct ct_clamp clamp = { .layer = f->layer, .feature = f->feature, .pos = f->pos,
		.unit = CT_MULTIPLE };
	double start = ct_seconds();
	struct ct_clamp_sites sites;
	struct ct_effects effects;
	struct ct_changed run;
	int code;

	if ((code = ct_clamp_sites_init(&sites, &p->lrm, &clamp, 1, a, err)) == CT_OK &&
	    (code = ct_intervene(&run, &p->lrm, &sites, &how, a, err)) == CT_OK)
		code = ct_effects_init(&effects, &p->lrm, g, &sites, &how, &run, a, err);
	keep_least(&out->clamped, ct_seconds() - start, code);
	return code;
}

static int
wait_once(struct ct_waits *out, const struct subject *s, int T, const struct ct_job *job,
    struct ct_error *err)
{
	const struct ct_trace_plan plan = { .pos = T - 1 };
	struct ct_arena a = { 0 }, tmp = { 0 };
	struct ct_building *b = NULL;
	double start = ct_seconds();
	struct ct_graph *g;
	struct ct_prompt *p;
	int code = ct_prompt_run(&p, s->m, s->tc, s->ids, T, &a, job, err);

	keep_least(&out->prompt, ct_seconds() - start, code);
	if (code < 0 || (code = check_rows(&p->lrm, err)) < 0 ||
	    (code = ct_prompt_trace_begin(&b, p, &plan, &a, job, err)) < 0 ||
	    (code = ct_building_look(b, &g, &a, job, err)) < 0 ||
	    (code = ct_graph_prune(g, CT_DEFAULT_NODES, CT_DEFAULT_EDGES, &a, &tmp, job, err)) < 0)
		goto done;
	keep_least(&out->tree, ct_seconds() - start, CT_OK);
	if ((code = wait_for_rows(out, &p->lrm, b, &a, job, err)) == CT_OK)
		code = wait_for_clamp(out, p, g, &a, err);
done:
	ct_building_end(b);
	ct_arena_free(&tmp);
	ct_arena_free(&a);
	return code;
}

int
ct_measure_waits(struct ct_waits *out, const struct ct_shape *shape, int T, const struct ct_job *job,
    struct ct_error *err)
{
	enum { RUNS = 3 };
	struct ct_arena a = { 0 };
	struct subject s;
	int code = make_subject(&s, shape, T, &a, err);

	*out = (struct ct_waits){ 0 };
	for (int i = 0; i < RUNS && code == CT_OK; i++)
		if ((code = wait_for_forward(out, &s, T, job, err)) == CT_OK)
			code = wait_once(out, &s, T, job, err);
	free_subject(&s);
	ct_arena_free(&a);
	return code;
}
