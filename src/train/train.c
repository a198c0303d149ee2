/* train: see train.h. */
#include "train/train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corpus/recipe.h"
#include "train/export.h"
#include "train/fit_model.h"
#include "train/fit_transcoder.h"
#include "train/measure.h"
#include "train/number_codes.h"
#include "train/own.h"
#include "train/own_options.h"
#include "train/pack.h"
#include "train/work.h"

/*
 * One run, from recipe to files. Transcoders are kept here until everything is trained, so that files change
 * last.
 */
struct run {
	const struct ct_train_options *opt;
	struct ct_train_report *report;
	struct ct_yaml_doc *doc;
	struct ct_corpus *corpus;
	struct ct_train_recipe recipe;
	struct ct_pool *pool;
	struct ct_net net;
	struct ct_mlp_rows mlp_rows;
	struct ct_train_transcoder transcoders[2];	/* cross-layer, per layer */
	const char *name;		/* of the model */
	struct ct_train_work work;
};

static int
check_bottleneck(const struct run *r, struct ct_error *err)
{
	for (int i = 0; i < r->corpus->n_sentences; i++)
		if (r->recipe.model.bottleneck <= 0 || r->corpus->sentences[i].plan_at > 0)
			return CT_OK;
	return ct_yaml_fail(r->doc, ct_yaml_get(ct_yaml_get(ct_yaml_root(r->doc), "train"), "bottleneck"),
	    CT_EINVAL, err, "`bottleneck:` needs sentences with `plan at:`, and none has one");
}

static int
check_codes(const struct run *r, struct ct_error *err)
{
	const struct ct_yaml *at = ct_yaml_get(ct_yaml_get(ct_yaml_root(r->doc), "model"), "number codes");
	struct ct_error why;

	if (!r->recipe.model.codes || ct_number_codes_check(&r->recipe.model.shape, r->corpus, &why) == CT_OK)
		return CT_OK;
	return ct_yaml_fail(r->doc, at, CT_EINVAL, err, "%s", why.msg);
}

/* The length of the longest token of the corpus that s begins with, up to a blank or the end. */
static size_t
longest_token(const struct ct_corpus *c, const char *s)
{
	size_t best = 0;

	for (int i = 0; i < c->n_words; i++) {
		size_t n = strlen(c->words[i]);

		if (n > best && strncmp(s, c->words[i], n) == 0 && (s[n] == ' ' || s[n] == '\0'))
			best = n;
	}
	return best;
}

static int
check_demo(const struct run *r, struct ct_error *err)
{
	const struct ct_yaml *root = ct_yaml_root(r->doc);
	const char *demo = "";
	int code = ct_yaml_string(r->doc, root, "demo", false, &demo, err);

	for (size_t n; code == CT_OK && *(demo += strspn(demo, " ")); demo += n)
		if ((n = longest_token(r->corpus, demo)) == 0)
			return ct_yaml_fail(r->doc, ct_yaml_get(root, "demo"), CT_EINVAL, err,
			    "no sentence of the corpus has the word \"%.*s\"", (int)strcspn(demo, " "), demo);
	return code;
}

static int
prepare(struct run *r, const char *path, struct ct_error *err)
{
	struct ct_net_shape *s = &r->recipe.model.shape;
	int code;

	if ((code = ct_train_recipe_read(&r->recipe, r->doc, err)) != CT_OK ||
	    (code = ct_yaml_string(r->doc, ct_yaml_root(r->doc), "name", true, &r->name, err)) != CT_OK ||
	    (code = ct_corpus_build(&r->corpus, r->doc, err)) != CT_OK ||
	    (code = check_bottleneck(r, err)) != CT_OK || (code = check_codes(r, err)) != CT_OK ||
	    (code = check_demo(r, err)) != CT_OK ||
	    (code = ct_pool_open(&r->pool, r->opt->threads, err)) != CT_OK ||
	    (code = ct_train_work_open(&r->work, path, r->opt, ct_pool_threads(r->pool), 0,
	    err)) != CT_OK)
		return code;
	if (ct_corpus_has_validation(r->corpus))
		/* held-out figures for the report must not be used to choose a recipe */
		ct_corpus_grade(r->corpus, true);
	s->V = r->corpus->n_words;
	if (s->context < ct_corpus_longest(r->corpus))
		s->context = ct_corpus_longest(r->corpus);
	*r->report = (struct ct_train_report){ .L = s->L, .D = s->D, .F = r->recipe.clt.features, .V = s->V,
		.sentences = r->corpus->n_sentences };
	for (int i = 0; i < r->corpus->n_sentences; i++)
		r->report->held_out += r->corpus->sentences[i].held_out;
	return ct_net_open(&r->net, s, err);
}

static int
fit_model(struct run *r, struct ct_error *err)
{
	struct ct_answer_score score;
	struct ct_reporter reporter;
	int code;

	ct_reporter_start(&reporter, r->opt->watch, r->opt->ctx, "transformer", r->recipe.model.steps);
	if ((code = ct_fit_model(&r->net, r->corpus, &r->recipe.model, r->pool, &reporter,
	    &r->work.checkpoint, err)) != CT_OK)
		return code;
	r->report->model_seconds = ct_reporter_seconds(&reporter);
	if ((code = ct_measure_answers(&score, &r->net, NULL, r->corpus, false, r->pool, err)) != CT_OK)
		return code;
	r->report->accuracy_seen = score.accuracy;
	if ((code = ct_measure_answers(&score, &r->net, NULL, r->corpus, true, r->pool, err)) != CT_OK)
		return code;
	r->report->accuracy = score.accuracy;
	return CT_OK;
}

static int
fit_transcoder(struct run *r, const struct ct_train_transcoder_options *o,
    struct ct_train_transcoder *transcoder, struct ct_train_transcoder_report *report, struct ct_error *err)
{
	struct ct_train_transcoder_shape shape = { .L = r->net.s.L, .D = r->net.s.D, .F = o->features,
		.per_layer = o->per_layer };
	struct ct_answer_score score;
	struct ct_reporter reporter;
	int code;

	if (!o->wanted)
		return CT_OK;
	ct_reporter_start(&reporter, r->opt->watch, r->opt->ctx,
	    o->per_layer ? "transcoder-plt" : "transcoder", o->steps);
	if (!r->mlp_rows.N && (code = ct_mlp_rows_collect(&r->mlp_rows, &r->net, r->corpus, r->pool,
	    err)) != CT_OK)
		return code;
	if ((code = ct_train_transcoder_open(transcoder, &shape, err)) != CT_OK ||
	    (code = ct_fit_transcoder(transcoder, &r->mlp_rows, o, r->pool, &reporter, &r->work.checkpoint,
	    err)) != CT_OK ||
	    (code = ct_measure_transcoder(report->layer_explained, report->layer_l0, report->layer_dead,
	    transcoder, &r->mlp_rows,
	    err)) != CT_OK ||
	    (code = ct_measure_answers(&score, &r->net, transcoder, r->corpus, true, r->pool, err)) != CT_OK)
		return code;
	report->made = true;
	report->seconds = ct_reporter_seconds(&reporter);
	report->agreement = score.agreement;
	report->kl = score.kl;
	report->accuracy = score.accuracy_replaced;
	for (int l = 0; l < shape.L; l++) {
		report->l0 += report->layer_l0[l] / shape.L;
		report->dead += report->layer_dead[l] / shape.L;
	}
	return CT_OK;
}

static int
write_all(const struct run *r, struct ct_error *err)
{
	int code;

	if ((code = ct_export_model(r->work.dir, &r->net, r->corpus->bos, err)) != CT_OK ||
	    (code = ct_corpus_write_tokenizer(r->corpus, r->work.dir, err)) != CT_OK)
		return code;
	for (int k = 0; k < 2; k++)
		if (r->transcoders[k].params.w &&
		    (code = ct_export_transcoder(r->work.dir, &r->transcoders[k], r->name, err)) != CT_OK)
			return code;
	return ct_train_work_copy_recipe(&r->work, err);
}

/* Options for transcoders of an existing model are refused before anything is trained. */
static int
check_options(const struct run *r, const char *recipe_path, struct ct_error *err)
{
	const char *option = r->opt->estimate ? "--estimate" : r->opt->json ? "--json" : NULL;

	return !option ? CT_OK : ct_fail(err, CT_EINVAL, "%s: %s is for recipes of transcoders for a model "
	    "that exists; this one trains a model: leave %s out", recipe_path, option, option);
}

/* Trains the model and its transcoders, as the recipe in r->doc describes them. */
static int
train_world(struct run *r, const char *recipe_path, struct ct_error *err)
{
	int code = prepare(r, recipe_path, err);

	if (code == CT_OK)
		code = fit_model(r, err);
	if (code == CT_OK)
		code = fit_transcoder(r, &r->recipe.clt, &r->transcoders[0], &r->report->clt, err);
	if (code == CT_OK)
		code = fit_transcoder(r, &r->recipe.plt, &r->transcoders[1], &r->report->plt, err);
	if (code == CT_OK)
		code = write_all(r, err);
	for (int k = 0; k < 2; k++)
		ct_train_transcoder_close(&r->transcoders[k]);
	ct_train_work_close(&r->work);
	ct_mlp_rows_free(&r->mlp_rows);
	ct_net_close(&r->net);
	ct_pool_close(r->pool);
	ct_corpus_free(r->corpus);
	return code;
}

int
ct_train(const char *recipe_path, const struct ct_train_options *opt, struct ct_train_report *report,
    struct ct_error *err)
{
	static const struct ct_train_options defaults = { 0 };
	struct ct_train_report unwanted;
	struct run r = { .opt = opt ? opt : &defaults, .report = report ? report : &unwanted };
	int code = ct_yaml_open(&r.doc, recipe_path, NULL, 0, err);

	if (code != CT_OK)
		return code;
	if (ct_own_wanted(r.doc))
		code = ct_own_train(r.doc, recipe_path, r.opt, r.report, err);
	else if ((code = check_options(&r, recipe_path, err)) == CT_OK)
		code = train_world(&r, recipe_path, err);
	ct_yaml_close(r.doc);
	return code;
}

void
ct_train_clean(const char *recipe_path, const struct ct_train_options *opt)
{
	ct_train_work_clean(recipe_path, opt);
}
