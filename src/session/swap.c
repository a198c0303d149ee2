/*
 * swap: the facade's function that sets the features of a hidden value to those of another. See eval/swap.h.
 */
#include "eval/swap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/text.h"
#include "corpus/open.h"
#include "session/names_feature.h"

/* What the corpus says about values, computed at the first request. */
struct ct_swaps {
	struct ct_values values;
	struct ct_arena arena;		/* of the last swap's results */
	struct ct_swap last;
};

void
ct_engine_drop_swaps(struct ct_engine *e)
{
	if (!e->swaps)
		return;
	ct_values_free(&e->swaps->values);
	ct_arena_free(&e->swaps->arena);
	free(e->swaps);
	e->swaps = NULL;
}

int
ct_engine_corpus(struct ct_engine *e, const struct ct_corpus **out, struct ct_error *err)
{
	char *path = e->corpus ? NULL : ct_path_join(e->info.dir, "recipe.yaml");
	int code = CT_OK;

	if (!e->corpus && !path)
		return ct_fail_memory(err, strlen(e->info.dir), "a path");
	if (path && ct_file_exists(path))
		code = ct_corpus_open(&e->corpus, path, e->tokenizer, e->model->cfg.V,
		    e->model->cfg.context, e->info.dir, err);
	else if (path)
		code = ct_fail(err, CT_ENOTFOUND, "%s has no recipe.yaml, which would say what its "
		    "sentences are about", e->info.dir);
	free(path);
	if (code < 0) {
		ct_corpus_free(e->corpus);
		e->corpus = NULL;
	}
	*out = e->corpus;
	return code;
}

/* What can be done where no corpus says which values there are. */
#define INSTEAD "; instead, compare PROMPT sets features to what they are in another prompt"

/* The corpus of a swap, which needs a recipe. */
static int
find_corpus(struct ct_engine *e, const struct ct_corpus **out, struct ct_error *err)
{
	struct ct_error why = { 0 };
	int code = ct_engine_corpus(e, out, &why);

	if (code < 0)
		ct_fail(err, code, "%s%s", why.msg, code == CT_ENOTFOUND ? INSTEAD : "");
	return code;
}

static int
prepare(struct ct_engine *e, const struct ct_job *job, struct ct_error *err)
{
	struct ct_activity *activity = NULL;
	struct ct_swaps *w = e->swaps ? NULL : calloc(1, sizeof *w);
	const struct ct_corpus *corpus;
	int code;

	if (e->swaps)
		return CT_OK;
	if (e->info.neurons)
		return ct_fail(err, CT_EUNSUPPORTED, "a swap needs a transcoder, whose features are rarely "
		    "active: neurons are active at every token" INSTEAD);
	if (!w)
		return ct_fail_memory(err, sizeof *w, "swaps");
	e->swaps = w;
	code = find_corpus(e, &corpus, err);
	if (code == CT_OK)
		code = ct_activity_collect(&activity, e->model, e->transcoder, corpus, job, err);
	if (code == CT_OK)
		code = ct_values_init(&w->values, e->transcoder, corpus, activity, err);
	if (code == CT_OK && w->values.n == 0)
		code = ct_fail(err, CT_ENOTFOUND, "%s/recipe.yaml: no sentence is about a hidden "
		    "value" INSTEAD, e->info.dir);
	ct_activity_free(activity);
	if (code < 0)
		ct_engine_drop_swaps(e);
	return code;
}

/* The value with this name among those of one kind of sentence, in upper or lower case. */
static int
find_value(const struct ct_values *v, int kind, const char *name, struct ct_error *err)
{
	const char *some = NULL;
	char clean[80];

	for (int i = 0; i < v->n; i++) {
		if (v->value[i].kind != kind)
			continue;
		if (strcasecmp(ct_value_name(v, i), name) == 0)
			return i;
		some = some ? some : ct_value_name(v, i);
	}
	ct_text_clean(clean, sizeof clean, name, strlen(name));
	return ct_fail(err, CT_ENOTFOUND, "no sentence like this one is about \"%s\"; one is about \"%s\"",
	    clean, some ? some : "");
}

static int
plan_swap(const struct ct_session *s, const struct ct_swap_options *opt, struct ct_swap_plan *out,
    struct ct_error *err)
{
	const struct ct_values *v = &s->e->swaps->values;
	struct ct_member place = { .c.pos = -1 };
	int own, code;

	out->strength = opt->strength;
	out->sentence = ct_swap_sentence(v, s->ids, s->T);
	if (out->sentence < 0)
		return ct_fail(err, CT_ENOTFOUND, "this prompt is not the beginning of a sentence of the "
		    "model's corpus, up to its answer, so the value that it hides is unknown" INSTEAD);
	own = v->of[out->sentence];
	if (opt->from && strcasecmp(opt->from, ct_value_name(v, own)) != 0)
		return ct_fail(err, CT_EINVAL, "this prompt is about %s, not about %s", ct_value_name(v,
		    own), opt->from);
	out->to = opt->to ? find_value(v, v->value[own].kind, opt->to, err) : -1;
	if (opt->to && out->to < 0)
		return out->to;
	if (out->to == own)
		return ct_fail(err, CT_EINVAL, "swapping %s for %s changes nothing; the first row of "
		    "every swap is the same value by another sentence", opt->to, opt->to);
	if (opt->at && (code = ct_place_read(s, opt->at, &place.c, err)) < 0)
		return code;
	out->pos = opt->at ? place.c.pos : -1;
	out->onwards = place.c.onwards;
	return CT_OK;
}

/* Everything that a swap needs before its runs. */
static int
plan(struct ct_session *s, const struct ct_swap_options *opt, const struct ct_job *job,
    struct ct_swap_plan *out, struct ct_error *err)
{
	int code = ct_session_need_first(s, err);

	if (code < 0 || (code = ct_engine_check(s->e, err)) < 0)
		return code;
	if (!s->prompt)
		return ct_session_no_prompt(err);
	code = prepare(s->e, job, err);
	return code < 0 ? code : plan_swap(s, opt, out, err);
}

int
ct_session_swap(struct ct_session *s, const struct ct_swap_options *opt, const struct ct_swap **out,
    const struct ct_job *job, struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(s->e, job);
	struct ct_swap_plan what;
	struct ct_swaps *w;
	int code = plan(s, opt, &own, &what, err);

	if (code < 0)
		return code;
	w = s->e->swaps;
	ct_arena_free(&w->arena);
	code = ct_swap_run(&w->last, &w->values, s->prompt, &what, &w->arena, &own, err);
	*out = &w->last;
	return code < 0 ? code : ct_engine_check(s->e, err);
}

char *
ct_session_swap_same(const struct ct_session *s, const struct ct_swap *swap)
{
	const struct ct_corpus *c = s->e->corpus;
	const struct ct_sentence *same = swap->same < 0 ? NULL : &c->sentences[swap->same];

	return same ? ct_engine_text(s->e, c->tokens + same->first + 1, same->answer) : NULL;
}

int
ct_session_swap_clamps(struct ct_session *s, const struct ct_swap_options *opt, struct ct_clamp *out, int max,
    const struct ct_job *job, struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(s->e, job);
	struct ct_arena tmp = { 0 };
	struct ct_swap_plan what;
	struct ct_clamp *all;
	int n = plan(s, opt, &own, &what, err);

	if (n == CT_OK && what.to < 0)
		n = ct_fail(err, CT_EINVAL, "the value to swap for is missing: name one value");
	if (n < 0)
		return n;
	all = ct_arena_need(&tmp, CT_VALUE_SPAN * s->e->swaps->values.means.first[s->e->info.L],
	    sizeof *all, "clamps", err);
	n = all ? ct_swap_clamps(&s->e->swaps->values, &what, all, err) : CT_ENOMEM;
	for (int i = 0; i < n && i < max; i++)
		out[i] = all[i];
	ct_arena_free(&tmp);
	return n <= max ? n : ct_fail(err, CT_EINVAL, "this swap moves %d features, more than %d clamps", n,
	    max);
}
