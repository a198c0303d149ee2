/* session: opens, runs and extends one prompt. See ctrace.h; names.c parses names. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "session/engine.h"

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

void
ct_session_drop_clamps(struct ct_session *s)
{
	ct_arena_free(&s->clamp_arena);
	s->clamps = NULL;
	s->n_clamps = 0;
	s->effects = NULL;
	s->contrast = NULL;
	s->clamped = (struct ct_logits){ 0 };
}

void
ct_session_drop_graph(struct ct_session *s)
{
	ct_session_drop_survey(s);
	ct_session_drop_parts(s);
	ct_building_end(s->building);
	s->building = NULL;
	ct_arena_free(&s->graph_arena);
	ct_arena_free(&s->pruned_arena);
	s->graph = NULL;
	s->qk = NULL;
}

void
ct_session_close(struct ct_session *s)
{
	if (!s)
		return;
	ct_session_drop_clamps(s);
	ct_session_drop_graph(s);
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

/*
 * Notes layers where nearly all features are active: perhaps the thresholds or the hook belong to another
 * model.
 */
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

void
ct_session_note_choice(struct ct_session *s)
{
	const struct ct_local_model *lrm = &s->prompt->lrm;
	long all = (long)lrm->tc->L * (s->T - s->prompt->pass.start) * lrm->tc->F;

	s->note[0] = '\0';
	if (lrm->left_out >= 0.005)
		snprintf(s->note, sizeof s->note, "features are the %d neurons with the largest effects on "
		    "what is explained, of %ld; the others have %.0f %% of these effects, and are "
		    "summed (--k %d takes more)", lrm->n, all, 100 * lrm->left_out, 4 * lrm->n);
}

/*
 * Fails if the transcoder was made for chats and the prompt does not begin with a turn: it has never seen
 * such prompts.
 */
static int
check_turn(const struct ct_session *s, const int *ids, int n, struct ct_error *err)
{
	static const char *const turn[] = { "<bos>", "<start_of_turn>", "user", "\n" };

	for (int i = 0; s->e->transcoder && i < s->e->transcoder->turn; i++) {
		size_t length = 0;
		const char *text = i < n ? ct_tokenizer_text(s->e->tokenizer, ids[i], &length) : NULL;

		if (!text || length != strlen(turn[i]) || memcmp(text, turn[i], length) != 0)
			return ct_fail(err, CT_EINVAL,
			    "this transcoder is of an instruction model: its prompts begin "
			    "with a turn, <start_of_turn>user and a line break; these have no features");
	}
	return CT_OK;
}

/* Runs token ids as the prompt of a new session object; the caller puts it in place. */
static int
run_ids(struct ct_session *s, const char *text, const int *ids, int n, const struct ct_job *job,
    struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(s->e, job);
	int context = s->e->model->cfg.context, code;
	double start = ct_seconds();

	if (n > context)
		return ct_fail(err, CT_EINVAL,
		    "the prompt has %d tokens, but this model's context holds %d; shorten it", n, context);
	if ((code = check_turn(s, ids, n, err)) < 0)
		return code;
	s->T = n;
	s->text = ct_arena_strdup(&s->prompt_arena, text);
	if (!s->text)
		return ct_fail_memory(err, strlen(text) + 1, "a prompt");
	code = ct_prompt_run(&s->prompt, s->e->model, s->e->transcoder, ids, n, &s->prompt_arena, &own,
	    err);
	if (code < 0)
		return code;
	s->ids = s->prompt->ids;
	if ((code = ct_session_words_init(s, err)) == CT_OK)
		code = ct_session_logits_init(&s->original, s, s->prompt->pass.final, &s->prompt_arena, err);
	s->prompt_seconds = ct_seconds() - start;
	s->by_default = s->prompt->lrm;
	if (s->e->info.neurons)
		ct_session_note_choice(s);
	else
		note_dense(s);
	return code;
}

static int
run_prompt(struct ct_session *s, const char *text, const struct ct_job *job, struct ct_error *err)
{
	/*
	 * Each token takes at least a byte, and a template adds a few: room for all, so that a message can
	 * count them.
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
		n = run_ids(s, text, ids, n, job, err);
	ct_arena_free(&tmp);
	return n;
}

/* Puts `fresh`, a session with another prompt, in place of all that the session had. */
static void
replace(struct ct_session *s, struct ct_session *fresh)
{
	ct_session_drop_clamps(s);
	ct_session_drop_graph(s);
	ct_session_drop_operands(s);
	ct_arena_free(&s->sweep_arena);
	ct_arena_free(&s->prompt_arena);
	fresh->running = s->running;
	*s = *fresh;
}

int
ct_session_prompt(
    struct ct_session *s, const char *text, const struct ct_job *job, struct ct_error *err)
{
	struct ct_session fresh = { .e = s->e };
	int code = ct_engine_check(s->e, err);

	if (code == CT_OK)
		code = run_prompt(&fresh, text, job, err);
	if (code == CT_OK && !ct_job_go_on(job, "prompt", 1, 1))
		code = ct_fail(err, CT_ECANCELLED, "prompt cancelled");
	if (code == CT_OK)
		code = ct_engine_check(s->e, err);
	if (code < 0) {
		ct_arena_free(&fresh.prompt_arena);
		return code;
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

/* The prompt's text with more tokens decoded after it, to be freed. NULL: no memory. */
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
    const struct ct_job *job, struct ct_error *err)
{
	struct ct_session fresh = { .e = s->e };
	int code = ct_session_prompt(&fresh, text, job, err);

	if (code == CT_OK)
		code = ct_session_trace(&fresh, opt, job, err);
	if (code < 0) {
		ct_session_drop_graph(&fresh);
		ct_arena_free(&fresh.prompt_arena);
		return code;
	}
	replace(s, &fresh);
	return CT_OK;
}

int
ct_session_extend(struct ct_session *s, const int *ids, int n, const struct ct_trace_options *opt,
    const struct ct_job *job, struct ct_error *err)
{
	const struct ct_trace_options last = { .targets = { .pos = -1 } };
	struct ct_session fresh = { .e = s->e };
	int *all = malloc(((size_t)s->T + (size_t)n) * sizeof *all), code;
	char *text = NULL;

	if (!all)
		return ct_fail_memory(err, ((size_t)s->T + (size_t)n) * sizeof *all, "a prompt");
	if (s->T == 0) {
		code = ct_session_no_prompt(err);
		goto out;
	}
	if ((code = ct_session_need_first(s, err)) < 0 || (code = ct_engine_check(s->e, err)) < 0)
		goto out;
	memcpy(all, s->ids, (size_t)s->T * sizeof *all);
	memcpy(all + s->T, ids, (size_t)n * sizeof *all);
	for (int i = 0; i < n; i++)
		if (ids[i] < 0 || ids[i] >= s->e->model->cfg.V) {
			code = ct_fail(err, CT_ENOTFOUND, "no token %d in this model", ids[i]);
			goto out;
		}
	if (!(text = longer_text(s, all, s->T + n))) {
		code = ct_fail_memory(err, strlen(s->text), "a prompt");
		goto out;
	}
	if ((code = run_ids(&fresh, text, all, s->T + n, job, err)) < 0 ||
	    (code = ct_session_trace(&fresh, opt ? opt : &last, job, err)) < 0 ||
	    (s->n_clamps &&
		(code = ct_session_apply_clamps(&fresh, fresh.graph, s->clamps, s->n_clamps,
		    &s->clamp_options, err)) < 0)) {
		ct_session_drop_clamps(&fresh);
		ct_session_drop_graph(&fresh);
		ct_arena_free(&fresh.prompt_arena);
		goto out;
	}
	fresh.subgraph = s->subgraph;
	replace(s, &fresh);
out:
	free(text);
	free(all);
	return code;
}
