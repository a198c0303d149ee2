/* session: one prompt looked into. See ctrace.h; names and parsing are in names.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "session/engine.h"
#include "trace/generate.h"

enum { MAX_BYTES = 1 << 24 };

int
ct_session_open(struct ct_session **out, struct ct_engine *e, struct ct_error *err)
{
	struct ct_session *s = calloc(1, sizeof *s);
	int code;

	*out = s;
	if (!s)
		return ct_fail_memory(err, sizeof *s, "a session");
	s->e = e;
	if ((code = e->source->begin(s, err)) < 0) {
		ct_session_close(s);
		*out = NULL;
		return code;
	}
	return CT_OK;
}

static void
drop_clamps(struct ct_session *s)
{
	ct_arena_free(&s->clamp_arena);
	s->clamps = NULL;
	s->n_clamps = 0;
	s->effects = NULL;
	s->contrast = NULL;
	s->clamped = (struct ct_logits){ 0 };
}

static void
drop_graph(struct ct_session *s)
{
	ct_session_drop_survey(s);
	ct_session_drop_parts(s);
	ct_arena_free(&s->graph_arena);
	ct_arena_free(&s->pruned_arena);
	s->graph = NULL;
}

void
ct_session_close(struct ct_session *s)
{
	if (!s)
		return;
	drop_clamps(s);
	drop_graph(s);
	ct_session_drop_operands(s);
	ct_arena_free(&s->sweep_arena);
	ct_arena_free(&s->prompt_arena);
	free(s);
}

const struct ct_engine *
ct_session_engine(const struct ct_session *s)
{
	return s->e;
}

int
ct_session_check(const struct ct_session *s, struct ct_error *err)
{
	return ct_engine_check(s->e, err);
}

/* ---- the prompt */

/* A layer where nearly all features are active: are its thresholds, or its hook, of another model? */
static void
note_dense(struct ct_session *s)
{
	static const double dense_share = 0.9;
	const struct ct_local_model *lrm = &s->prompt->lrm;
	int L = lrm->tc->L, places = s->T - s->prompt->pass.start, worst = -1, dense = 0;
	double most = 0;

	for (int l = 0; l < L && places > 0; l++) {
		int n = lrm->first[(l + 1) * s->T] - lrm->first[l * s->T];
		double share = (double)n / places / lrm->tc->layers[l].F;

		dense += share > dense_share;
		if (share > dense_share && share > most) {
			most = share;
			worst = l;
		}
	}
	if (dense)
		snprintf(s->note, sizeof s->note, "%d of %d layers have nearly all features active; of layer "
		    "%d %.0f of %d at the mean token: do its thresholds and its hook fit this model?", dense,
		    L, worst, most * lrm->tc->layers[worst].F, lrm->tc->layers[worst].F);
}

/* Fills a new session object's prompt from token ids; the caller swaps it in. */
static int
run_ids(struct ct_session *s, const char *text, const int *ids, int n, ct_progress_fn progress, void *ctx,
    struct ct_error *err)
{
	int context = s->e->model->cfg.context, r;
	double start = ct_seconds();

	if (n > context)
		return ct_fail(err, CT_EINVAL,
		    "the prompt has %d tokens, but this model's context holds %d; shorten it", n, context);
	s->T = n;
	s->text = ct_arena_strdup(&s->prompt_arena, text);
	if (!s->text)
		return ct_fail_memory(err, strlen(text) + 1, "a prompt");
	r = ct_prompt_run(&s->prompt, s->e->model, s->e->transcoder, ids, n, &s->prompt_arena,
	    &(struct ct_job){ s->e->pool, progress, ctx }, err);
	if (r < 0)
		return r;
	s->ids = s->prompt->ids;
	if ((r = ct_session_words_init(s, err)) == CT_OK)
		r = ct_session_logits_init(&s->original, s, s->prompt->pass.final, &s->prompt_arena, err);
	s->prompt_seconds = ct_seconds() - start;
	note_dense(s);
	return r;
}

static int
run_prompt(struct ct_session *s, const char *text, ct_progress_fn progress, void *ctx, struct ct_error *err)
{
	/*
	 * A token takes a byte at least, and a template adds a few: room for all, to say how many there are.
	 */
	size_t most = strlen(text) < MAX_BYTES ? strlen(text) + 64 : MAX_BYTES;
	struct ct_arena tmp = { 0 };
	struct ct_token_span *spans = ct_arena_need(&tmp, most + 1, sizeof *spans, "a prompt", err);
	int *ids = ct_arena_need(&tmp, most + 1, sizeof *ids, "a prompt", err), n = CT_ENOMEM;

	if (spans && ids)
		n = ct_tokenizer_encode(s->e->tokenizer, text, strlen(text), spans, (int)most, NULL, err);
	for (int i = 0; i < n; i++)
		ids[i] = spans[i].id;
	if (n == 0 || (n == 1 && spans[0].start == spans[0].end))
		n = ct_fail(err, CT_EINVAL, "the prompt is empty: type some words");
	if (n > 0)
		n = run_ids(s, text, ids, n, progress, ctx, err);
	ct_arena_free(&tmp);
	return n;
}

/* The whole of `fresh`, which stands for another prompt, takes the place of what the session had. */
static void
replace(struct ct_session *s, struct ct_session *fresh)
{
	drop_clamps(s);
	drop_graph(s);
	ct_session_drop_operands(s);
	ct_arena_free(&s->sweep_arena);
	ct_arena_free(&s->prompt_arena);
	fresh->running = s->running;
	*s = *fresh;
}

int
ct_session_prompt(
    struct ct_session *s, const char *text, ct_progress_fn progress, void *ctx, struct ct_error *err)
{
	struct ct_session fresh = { .e = s->e };
	int r = ct_engine_check(s->e, err);

	if (r == CT_OK)
		r = run_prompt(&fresh, text, progress, ctx, err);
	if (r == CT_OK && progress && !progress(ctx, "prompt", 1, 1))
		r = ct_fail(err, CT_ECANCELLED, "prompt cancelled");
	if (r == CT_OK)
		r = ct_engine_check(s->e, err);
	if (r < 0) {
		ct_arena_free(&fresh.prompt_arena);
		return r;
	}
	replace(s, &fresh);
	return CT_OK;
}

const char *
ct_session_note(const struct ct_session *s)
{
	return s->note;
}

const char *
ct_session_text(const struct ct_session *s)
{
	return s->text ? s->text : "";
}

int
ct_session_start(const struct ct_session *s)
{
	return s->prompt ? s->prompt->pass.start : 0;
}

int
ct_session_length(const struct ct_session *s)
{
	return s->T;
}

int
ct_session_token(const struct ct_session *s, int pos)
{
	return pos >= 0 && pos < s->T ? s->ids[pos] : -1;
}

/* ---- the graph */

/* Checks one target, and gives it its position, probability and weight. */
static int
resolve_target(struct ct_session *s, struct ct_target *t, struct ct_error *err)
{
	const struct ct_transcoder *tc = s->e->transcoder;
	int V = s->e->model->cfg.V, code;

	if (t->pos < 0)
		t->pos = s->T - 1;
	if ((code = ct_session_check_position(s, t->pos, err)) < 0)
		return code;
	t->weight = 1;
	if (t->kind == CT_TARGET_FEATURE) {
		if (t->layer < 0 || t->layer >= tc->L || t->index < 0 || t->index >= tc->layers[t->layer].F)
			return ct_fail(err, CT_ENOTFOUND, "no feature L%d#%d in this transcoder", t->layer,
			    t->index);
		if (t->pos < ct_session_start(s))
			return ct_fail(err, CT_EINVAL,
			    "position 0 is BOS, which has no features: positions start at 1");
		return CT_OK;
	}
	if (t->index < 0 || t->index >= V)
		return ct_fail(err, CT_ENOTFOUND, "no token %d in this model", t->index);
	if (t->kind == CT_TARGET_DIFFERENCE) {
		if (t->other < 0 || t->other >= V)
			return ct_fail(err, CT_ENOTFOUND, "no token %d in this model", t->other);
		if (t->index == t->other)
			return ct_fail(err, CT_EINVAL,
			    "the difference of \"%s\" from itself is 0: name two tokens, as in A-B",
			    ct_engine_token(s->e, t->index));
		return CT_OK;
	}
	if (!ct_session_logits(s, CT_RUN_ORIGINAL, t->pos, err))
		return err ? err->code : CT_ENOMEM;
	t->prob = t->weight = ct_session_prob(s, CT_RUN_ORIGINAL, t->pos, t->index);
	return CT_OK;
}

/* What the options ask for, in the words of the pipeline; it lends its targets to the plan. */
static int
resolve(struct ct_session *s, struct ct_targets *targets, struct ct_trace_plan *plan, struct ct_error *err)
{
	int code;

	plan->pos = targets->pos < 0 ? s->T - 1 : targets->pos;
	plan->targets = targets->list;
	plan->n_targets = targets->n;
	if (targets->n == 0)
		return ct_session_check_position(s, plan->pos, err);
	for (int i = 0; i < targets->n; i++)
		if ((code = resolve_target(s, &targets->list[i], err)) < 0)
			return code;
	return CT_OK;
}

static int apply_clamps(struct ct_session *s, const struct ct_graph *g, const struct ct_clamp *clamps, int n,
    const struct ct_clamp_options *opt, struct ct_error *err);

static int
check_thresholds(double node, double edge, struct ct_error *err)
{
	if (node > 0 && node <= 1 && edge > 0 && edge <= 1)
		return CT_OK;
	return ct_fail(
	    err, CT_EINVAL, "pruning thresholds are shares above 0 and up to 1, not %g,%g", node, edge);
}

int
ct_session_trace(struct ct_session *s, const struct ct_trace_options *opt, ct_progress_fn progress, void *ctx,
    struct ct_error *err)
{
	struct ct_trace_plan plan = { .max_features = opt->max_feature_nodes,
		.max_targets = opt->max_targets, .target_share = opt->target_share,
		.node_threshold = opt->node_threshold, .edge_threshold = opt->edge_threshold };
	const struct ct_job job = { s->e->pool, progress, ctx };
	struct ct_targets targets = opt->targets;
	struct ct_arena arena = { 0 }, pruned = { 0 };
	struct ct_graph *g = NULL;
	double start = ct_seconds();
	int r = ct_engine_check(s->e, err);

	if (r < 0 || (r = resolve(s, &targets, &plan, err)) < 0 ||
	    ((plan.node_threshold != 0 || plan.edge_threshold != 0) &&
		(r = check_thresholds(plan.node_threshold, plan.edge_threshold, err)) < 0) ||
	    (r = ct_prompt_trace(&g, s->prompt, &plan, &arena, &pruned, &job, err)) < 0 ||
	    (r = ct_engine_check(s->e, err)) < 0)
		goto fail;
	/* Effects refer to nodes of the graph, so clamps in force are compared with the new one. */
	if (s->n_clamps) {
		struct ct_clamp_options keep = s->clamp_options;

		if ((r = apply_clamps(s, g, s->clamps, s->n_clamps, &keep, err)) < 0)
			goto fail;
	}
	drop_graph(s);
	s->graph_arena = arena;
	s->pruned_arena = pruned;
	s->graph = g;
	s->trace_seconds = ct_seconds() - start + s->prompt_seconds;
	return CT_OK;
fail:
	ct_arena_free(&pruned);
	ct_arena_free(&arena);
	return r;
}

const struct ct_graph *
ct_session_graph(const struct ct_session *s)
{
	return s->graph;
}

int
ct_session_prune(struct ct_session *s, double node_threshold, double edge_threshold, struct ct_error *err)
{
	struct ct_arena arena = { 0 }, tmp = { 0 };
	int r;

	if (!s->graph)
		return ct_fail(err, CT_EINVAL, "no graph yet: trace the prompt first");
	if ((r = check_thresholds(node_threshold, edge_threshold, err)) < 0)
		return r;
	r = ct_graph_prune(s->graph, node_threshold, edge_threshold, &arena, &tmp, NULL, err);
	ct_arena_free(&tmp);
	if (r < 0) {
		ct_arena_free(&arena);
		return r;
	}
	ct_session_drop_survey(s);
	ct_arena_free(&s->pruned_arena);
	s->pruned_arena = arena;
	return CT_OK;
}

int
ct_session_direct(const struct ct_session *s, int node, struct ct_direct *out, struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	int code;

	if (!s->graph)
		return ct_fail(err, CT_EINVAL, "no graph yet: trace the prompt first");
	if (node < 0)
		code = ct_direct_targets(out, s->graph, &tmp, err);
	else
		code = ct_direct_split(out, s->graph, node, &tmp, err);
	ct_arena_free(&tmp);
	return code;
}

int
ct_session_paths(const struct ct_session *s, int target, int max, struct ct_paths *out, struct ct_arena *a,
    struct ct_error *err)
{
	struct ct_arena tmp = { 0 };
	int code;

	if (!s->graph)
		return ct_fail(err, CT_EINVAL, "no graph yet: trace the prompt first");
	code = ct_paths_find(out, s->graph, target, max, a, &tmp, err);
	ct_arena_free(&tmp);
	return code;
}

double
ct_session_trace_seconds(const struct ct_session *s)
{
	return s->trace_seconds;
}

/* ---- clamps */

static int
apply_clamps(struct ct_session *s, const struct ct_graph *g, const struct ct_clamp *clamps, int n,
    const struct ct_clamp_options *opt, struct ct_error *err)
{
	struct ct_arena arena = { 0 };
	struct ct_clamp *copy = ct_arena_need(&arena, (size_t)n, sizeof *copy, "clamps", err);
	struct ct_effects *effects = ct_arena_need(&arena, 1, sizeof *effects, "clamps", err);
	struct ct_logits logits;
	struct ct_changed run;
	struct ct_clamp_sites sites;
	int r = CT_ENOMEM;

	if (!copy || !effects)
		goto fail;
	memcpy(copy, clamps, (size_t)n * sizeof *copy);
	if ((r = ct_clamp_sites_init(&sites, &s->prompt->lrm, copy, n, &arena, err)) < 0 ||
	    (r = ct_intervene(&run, &s->prompt->lrm, &sites, opt, &arena, err)) < 0 ||
	    (r = ct_effects_init(effects, &s->prompt->lrm, g, &sites, opt, &run, &arena, err)) < 0 ||
	    (r = ct_session_logits_init(&logits, s, run.final, &arena, err)) < 0 ||
	    (r = ct_engine_check(s->e, err)) < 0)
		goto fail;
	drop_clamps(s);
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
	return r;
}

int
ct_session_clamp(struct ct_session *s, const struct ct_clamp *clamps, int n,
    const struct ct_clamp_options *opt, ct_progress_fn progress, void *ctx, struct ct_error *err)
{
	const struct ct_clamp_options defaults = { 0 };
	int r;

	if ((r = ct_engine_need_model(s->e, err)) < 0)
		return r;
	if (s->T == 0)
		return ct_fail(err, CT_EINVAL, "no prompt yet");
	if (n == 0) {
		drop_clamps(s);
		return CT_OK;
	}
	if ((r = ct_engine_check(s->e, err)) < 0)
		return r;
	if (!s->graph) {
		struct ct_trace_options trace = { .targets = { .pos = -1 } };

		if ((r = ct_session_trace(s, &trace, progress, ctx, err)) < 0)
			return r;
	}
	if ((r = apply_clamps(s, s->graph, clamps, n, opt ? opt : &defaults, err)) == CT_OK)
		ct_session_count_effects(s);
	return r;
}

const struct ct_effects *
ct_session_effects(const struct ct_session *s)
{
	return s->effects;
}

/* ---- generation */

int
ct_session_generate(struct ct_session *s, const struct ct_generate_options *opt, int *ids, int n,
    ct_progress_fn progress, void *ctx, struct ct_error *err)
{
	bool clamped = opt->clamped && s->n_clamps;
	struct ct_generator_start start;
	int V = s->e->info.V, room = s->e->info.context - s->T, r, i;
	struct ct_arena tmp = { 0 };
	struct ct_generator g;
	struct ct_rng rng;

	if (s->T == 0)
		return ct_fail(err, CT_EINVAL, "no prompt yet");
	if ((r = ct_engine_check(s->e, err)) < 0)
		return r;
	start = (struct ct_generator_start){
		.k = clamped ? s->changed.k : s->prompt->pass.k,
		    .v = clamped ? s->changed.v : s->prompt->pass.v,
		.final = (clamped ? s->changed.final : s->prompt->pass.final) +
		    (size_t)(s->T - 1) * s->e->model->cfg.D,
		.clamps = s->clamps, .n_clamps = clamped ? s->n_clamps : 0
	};
	/* The last token needs no run of its own, so one more fits than the context has room for. */
	n = n < room + 1 ? n : room + 1;
	ct_rng_seed(&rng, opt->seed, 1);
	r = ct_generator_init(&g, &s->prompt->lrm, n, &start, &tmp, err);
	for (i = 0; i < n && r == CT_OK; i++) {
		ids[i] = ct_sample(ct_generator_logits(&g), V, opt->temperature, &rng);
		if (i + 1 < n)
			r = ct_generator_push(&g, ids[i], err);
		if (r == CT_OK && progress && !progress(ctx, "generation", i + 1, n))
			r = ct_fail(err, CT_ECANCELLED, "generation cancelled");
	}
	if (r == CT_OK)
		r = ct_engine_check(s->e, err);
	ct_arena_free(&tmp);
	return r < 0 ? r : n;
}

/* The prompt's text with more tokens behind it, to be freed: what decoding adds to it. NULL: no memory. */
static char *
longer_text(const struct ct_session *s, const int *ids, int n)
{
	const struct ct_tokenizer *t = s->e->tokenizer;
	size_t old = ct_tokenizer_decode(t, s->ids, s->T, NULL, 0),
	    all = ct_tokenizer_decode(t, ids, n, NULL, 0);
	size_t text = strlen(s->text);
	char *dst = malloc(text + all + 1), *decoded = malloc(all + 1);

	if (dst && decoded) {
		ct_tokenizer_decode(t, ids, n, decoded, all + 1);
		memcpy(dst, s->text, text);
		memcpy(dst + text, decoded + old, all - old + 1);
	} else {
		free(dst);
		dst = NULL;
	}
	free(decoded);
	return dst;
}

int
ct_session_begin(struct ct_session *s, const char *text, const struct ct_trace_options *opt,
    ct_progress_fn progress,
    void *ctx, struct ct_error *err)
{
	struct ct_session fresh = { .e = s->e };
	int r = ct_session_prompt(&fresh, text, progress, ctx, err);

	if (r == CT_OK)
		r = ct_session_trace(&fresh, opt, progress, ctx, err);
	if (r < 0) {
		drop_graph(&fresh);
		ct_arena_free(&fresh.prompt_arena);
		return r;
	}
	replace(s, &fresh);
	return CT_OK;
}

int
ct_session_extend(struct ct_session *s, const int *ids, int n, const struct ct_trace_options *opt,
    ct_progress_fn progress, void *ctx, struct ct_error *err)
{
	const struct ct_trace_options last = { .targets = { .pos = -1 } };
	struct ct_session fresh = { .e = s->e };
	int *all = malloc(((size_t)s->T + (size_t)n) * sizeof *all), r;
	char *text = NULL;

	if (!all)
		return ct_fail_memory(err, ((size_t)s->T + (size_t)n) * sizeof *all, "a prompt");
	if (s->T == 0) {
		r = ct_fail(err, CT_EINVAL, "no prompt yet");
		goto out;
	}
	if ((r = ct_engine_check(s->e, err)) < 0)
		goto out;
	memcpy(all, s->ids, (size_t)s->T * sizeof *all);
	memcpy(all + s->T, ids, (size_t)n * sizeof *all);
	for (int i = 0; i < n; i++)
		if (ids[i] < 0 || ids[i] >= s->e->model->cfg.V) {
			r = ct_fail(err, CT_ENOTFOUND, "no token %d in this model", ids[i]);
			goto out;
		}
	if (!(text = longer_text(s, all, s->T + n))) {
		r = ct_fail_memory(err, strlen(s->text), "a prompt");
		goto out;
	}
	if ((r = run_ids(&fresh, text, all, s->T + n, progress, ctx, err)) < 0 ||
	    (r = ct_session_trace(&fresh, opt ? opt : &last, progress, ctx, err)) < 0 ||
	    (s->n_clamps &&
		(r = apply_clamps(&fresh, fresh.graph, s->clamps, s->n_clamps, &s->clamp_options,
		    err)) < 0)) {
		drop_clamps(&fresh);
		drop_graph(&fresh);
		ct_arena_free(&fresh.prompt_arena);
		goto out;
	}
	fresh.subgraph = s->subgraph;
	replace(s, &fresh);
out:
	free(text);
	free(all);
	return r;
}
