/* train: `ctrace train`: makes a model directory from its recipe, shows progress, and reports. */
#include "train/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/corpus_context.h"
#include "cli/train_own.h"
#include "eval/verdict.h"

enum { KEY_THREADS = CLI_LONG, KEY_SAVE_EVERY, KEY_ESTIMATE };
enum { SCORED_PROMPTS = 40 };

/* " name 0.123", or nothing if the figure is unknown. */
static int
figure(char *dst, size_t size, const char *name, const char *unit, double x)
{
	int n = isfinite(x) ? snprintf(dst, size, "  %s %.3g%s", name, x, unit) : 0;

	return n > 0 && (size_t)n < size ? n : 0;
}

static bool
watch(void *ctx, const struct ct_train_live *live)
{
	double *drawn = ctx, now = ct_seconds();
	char text[200] = "";
	size_t n = 0;

	if (cli_interrupted())
		return false;
	if (now - *drawn < cli_status_pause())
		return true;
	*drawn = now;
	if (live->seconds_left < 600)
		n += (size_t)figure(text + n, sizeof text - n, "left", " s", live->seconds_left);
	else
		n += (size_t)figure(text + n, sizeof text - n, "left", " min", live->seconds_left / 60);
	n += (size_t)figure(text + n, sizeof text - n, "loss", "", live->loss);
	n += (size_t)figure(text + n, sizeof text - n, "right", "%", 100 * live->accuracy);
	n += (size_t)figure(text + n, sizeof text - n, "explained", "%", 100 * live->explained);
	n += (size_t)figure(text + n, sizeof text - n, "L0", "", live->l0);
	n += (size_t)figure(text + n, sizeof text - n, "dead", "%", 100 * live->dead);
	figure(text + n, sizeof text - n, "rate", " tokens/s", live->tokens_per_second);
	cli_status("%s %d/%d%s", live->phase, live->step, live->steps, text);
	return true;
}

static void
tell(void *ctx, const char *text)
{
	(void)ctx;
	cli_status("%s", "");
	cli_error("%s", text);
}

static void
show_transcoder(const char *name, const struct ct_train_report *r, const struct ct_train_transcoder_report *c)
{
	if (!c->made)
		return;
	cli_line("%-14s %.0f s  agrees with the model %.1f%%  KL %.4f  accuracy %.1f%%  L0 %.1f  dead %.0f%%",
	    name, c->seconds, 100 * c->agreement, c->kl, 100 * c->accuracy, c->l0, 100 * c->dead);
	for (int l = 0; l < r->L && l < CT_TRAIN_LAYERS; l++)
		cli_line("  layer %-6d explained variance %.4f  L0 %.1f  dead %.0f%%", l,
		    c->layer_explained[l], c->layer_l0[l], 100 * c->layer_dead[l]);
}

static void
show(const struct ct_train_report *r)
{
	cli_line("corpus         %d sentences, %d held out, %d words", r->sentences, r->held_out, r->V);
	cli_line("model          %.0f s  %dL D%d F%d  accuracy held out %.2f%%, seen %.2f%%",
	    r->model_seconds, r->L, r->D, r->F, 100 * r->accuracy, 100 * r->accuracy_seen);
	show_transcoder("transcoder", r, &r->clt);
	show_transcoder("transcoder-plt", r, &r->plt);
}

static void
show_verdict(const char *kind, const struct ct_eval *e)
{
	static const char *const mark[] = { [CT_VERDICT_MET] = "ok ", [CT_VERDICT_MISSED] = "-- ",
		[CT_VERDICT_TRY] = "     try: " };
	struct ct_verdict v;

	ct_verdict_find(&v, e);
	cli_line("%s verdict: %s", kind,
	    v.missed ? "not all of this model can be read" : "this model can be read");
	for (int i = 0; i < v.n; i++)
		cli_line("  %s%s", mark[v.lines[i].kind], v.lines[i].text);
}

/* Scores and verdict from a few held-out prompts; `ctrace eval` measures with all of them, and more. */
static int
show_figures(const struct cli_corpus_context *context, struct ct_error *err)
{
	static const struct ct_eval_options opt = { .prompts = SCORED_PROMPTS, .others = 2 };
	int code = CT_OK;

	ct_corpus_grade(context->corpus, ct_corpus_has_validation(context->corpus));
	for (int k = 0; k < context->n_transcoders && code == CT_OK; k++) {
		const char *kind = cli_transcoder_kind(&context->transcoders[k]);
		struct cli_progress progress = { 0 };
		struct ct_eval *e;

		code = ct_eval_run(&e, context->model, context->transcoders[k].tc, context->corpus, &opt,
		    &(struct ct_job){ context->pool, cli_progress, &progress }, err);
		cli_progress_end(&progress);
		if (code != CT_OK)
			break;
		if (e->graphs.n > 0) {
			cli_line("%s graphs of %d held-out prompts: replacement score %.3f, completeness "
			    "%.3f", kind, e->graphs.n, e->graphs.replacement, e->graphs.completeness);
			show_verdict(kind, e);
		}
		ct_eval_free(e);
	}
	return code;
}

/* Builds the cards: old ones would describe features of the old weights. */
static int
finish_model(const char *recipe, const char *out_dir, struct ct_error *err)
{
	const char *slash = strrchr(recipe, '/');
	char *dir = out_dir ? strdup(out_dir) : slash ? strndup(recipe, (size_t)(slash - recipe) + 1) :
	    strdup("./");
	struct cli_corpus_context context = { 0 };
	int code = dir ? cli_corpus_context_open(&context, &(struct cli_model){ .model = dir }, recipe, err) :
	    ct_fail_memory(err, 4096, "a path");

	if (code == CT_OK)
		code = cli_corpus_context_features(&context, err);
	if (code == CT_OK)
		code = show_figures(&context, err);
	cli_corpus_context_close(&context);
	free(dir);
	return code;
}

static int
run(struct cli *c)
{
	struct ct_train_report report = { 0 };
	struct ct_error err = { 0 };
	double drawn = ct_seconds();
	struct ct_train_options opt = { .save_every = 10, .watch = watch, .note = tell, .ctx = &drawn };
	const char *value, *recipe, *json = NULL;
	int key, code;

	while ((key = cli_next(c, &value)) > 0)
		switch (key) {
		case 'o': opt.out_dir = value; break;
		case KEY_THREADS:
			if (cli_int(value, "--threads", 1, 1024, &opt.threads) < 0)
				return CLI_ERROR;
			break;
		case KEY_SAVE_EVERY:
			if (cli_double(value, "--save-every", 0, 86400, &opt.save_every) < 0)
				return CLI_ERROR;
			break;
		case KEY_ESTIMATE: opt.estimate = true; break;
		case CLI_JSON:
			json = value;
			opt.json = true;
			break;
		}
	if (key < 0)
		return c->status;
	recipe = cli_operand(c, "recipe");
	if (!recipe)
		return CLI_ERROR;
	code = ct_train(recipe, &opt, &report, &err);
	cli_status("%s", "");
	if (code == CT_OK && report.own) {
		code = cli_train_own(&report, recipe, opt.out_dir, json, &err);
	} else if (code == CT_OK) {
		show(&report);
		/* A recipe may have no transcoder: then there are no features to make cards of. */
		code = report.clt.made || report.plt.made ? finish_model(recipe, opt.out_dir, &err) : CT_OK;
	}
	if (code == CT_ECANCELLED && opt.estimate) {
		ct_train_clean(recipe, &opt);
		if (!cli_interrupted())
			return CLI_OK;
		cli_error("interrupted: nothing was trained");
		return CLI_INTERRUPTED;
	}
	if (code == CT_ECANCELLED) {
		cli_error("interrupted: %s; the same command goes on from there", err.msg);
		return CLI_INTERRUPTED;
	}
	if (code < 0)
		return *err.msg ? cli_fail(&err) : CLI_ERROR;
	ct_train_clean(recipe, &opt);
	return CLI_OK;
}

static const struct cli_option options[] = {
	{ 'o', "output", "DIR", "the model directory to write (the recipe's own)" },
	{ KEY_THREADS, "threads", "N", "threads to use (one for each processor)" },
	{ KEY_ESTIMATE, "estimate", NULL, "for a model that exists: say how long it would take, and stop" },
	{ CLI_JSON, "json", "FILE",
	    "for a model that exists: write the report as JSON to FILE, or to stdout for -" },
	{ KEY_SAVE_EVERY, "save-every", "SECONDS", "save the state of the training this often (10)" },
	{ 0 }
};

const struct cli_command cli_train = {
	.name = "train",
	.synopsis = "[-o DIR] [--threads N] [--save-every SECONDS] [--estimate] [--json FILE] RECIPE",
	.summary = "rebuild a model directory from its recipe",
	.details = "Trains the transformer and then its transcoders, measures them on held-out sentences,\n"
	    "replaces the files of the directory when they are complete, and builds the feature cards.\n"
	    "Then it says whether the model can be read, and what to try if not.\n"
	    "The same recipe, machine and number of threads give the same bytes.\n"
	    "An interrupted training is resumed by the same command.",
	.options = options,
	.run = run
};
