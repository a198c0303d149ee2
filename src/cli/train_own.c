/* train_own: see train_own.h. */
#include "cli/train_own.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cards/activity.h"
#include "cli/cli.h"
#include "cli/corpus_context.h"
#include "eval/alone.h"
#include "eval/fidelity.h"
#include "io/json_out.h"

enum { FORMAT = 1 };			/* version of this command's JSON */
enum { ALONE_POSITIONS = 500 };		/* positions at which each layer is measured alone */

/* The figures of one transcoder. */
struct figures {
	const struct ct_train_transcoder_report *made;
	const char *base, *dir;		/* base: the directory of the training; dir: of the transcoder */
	long positions;			/* held-out positions */
	double explained;		/* mean over layers */
	struct ct_fidelity *f;
	struct ct_alone *alone;
};

static void
show(const struct figures *g)
{
	const struct ct_fidelity *f = g->f;

	cli_line("%s  trained in %.0f s", g->dir, g->made->seconds);
	cli_line("  held out, %ld positions: explained variance %.3f  L0 %.1f  dead %.1f%%", g->positions,
	    g->explained, f->l0_mean, 100 * f->dead);
	cli_line("  replacement model: KL %.3f  likeliest token the model's in %.1f%%", f->kl_all,
	    100 * f->top1_all);
	cli_line("  each layer, and the model with its MLP alone replaced, at %d positions", g->alone->n);
	for (int l = 0; l < f->L; l++) {
		const struct ct_fidelity_layer *y = &f->layers[l];

		cli_line("  layer %-4d explained variance %6.3f  L0 %6.1f  dead %5.1f%%  KL %7.4f  "
		    "top-1 %5.1f%%",
		    l, y->explained_variance, y->l0, 100 * y->dead, g->alone->kl[l], 100 * g->alone->top1[l]);
	}
}

static json_t *
figures_json(const struct figures *g)
{
	const struct ct_fidelity *f = g->f;
	json_t *layers = json_array();

	for (int l = 0; l < f->L; l++)
		json_array_append_new(layers, json_pack("{s:o, s:o, s:o, s:o, s:o}",
		    "explained_variance", ct_json_out_number(f->layers[l].explained_variance),
		    "l0", ct_json_out_number(f->layers[l].l0),
		    "dead", ct_json_out_number(f->layers[l].dead),
		    "kl_alone", ct_json_out_number(g->alone->kl[l]),
		    "top1_alone", ct_json_out_number(g->alone->top1[l])));
	return json_pack("{s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:i, s:o}",
	    "dir", ct_json_out_string(g->dir),
	    "positions", (json_int_t)g->positions,
	    "explained_variance", ct_json_out_number(g->explained),
	    "l0", ct_json_out_number(f->l0_mean),
	    "dead", ct_json_out_number(f->dead),
	    "kl", ct_json_out_number(f->kl_all),
	    "top1", ct_json_out_number(f->top1_all),
	    "positions_alone", g->alone->n,
	    "layers", layers);
}

/* The windows that were measured, as token ids. */
static json_t *
windows_json(const struct ct_corpus *c)
{
	json_t *list = json_array();

	for (int i = 0; i < c->n_sentences; i++)
		if (c->sentences[i].held_out)
			json_array_append_new(list, cli_ids_json(c->tokens + c->sentences[i].first,
			    c->sentences[i].n));
	return list;
}

static int
measure(struct figures *g, const struct cli_corpus_context *context, struct ct_activity **activity,
    struct ct_error *err)
{
	struct cli_progress progress = { 0 };
	const struct ct_job job = { context->pool, cli_progress, &progress };
	const struct ct_transcoder *tc = context->transcoders[0].tc;
	const struct ct_corpus *c = context->corpus;
	int code = ct_activity_collect(activity, context->model, tc, c, &job, err);

	if (code == CT_OK)
		code = ct_fidelity_measure(&g->f, context->model, tc, c, *activity, &job, err);
	if (code == CT_OK)
		code = ct_alone_measure(&g->alone, context->model, tc, c, ALONE_POSITIONS, &job, err);
	cli_progress_end(&progress);
	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];

		g->positions += s->held_out ? s->n - ct_sentence_start(s) : 0;
	}
	for (int l = 0; code == CT_OK && l < g->f->L; l++)
		g->explained += g->f->layers[l].explained_variance / g->f->L;
	return code;
}

/*
 * Cards are normally in the transcoder's directory. If the transcoder was trained into its model's own
 * directory, they are the model's cards.
 */
static int
place_cards(struct cli_transcoder *t, const struct ct_train_report *r, const char *base, struct ct_error *err)
{
	struct stat model, written;

	if (stat(r->from, &model) != 0 || stat(base, &written) != 0 || model.st_dev != written.st_dev ||
	    model.st_ino != written.st_ino)
		return CT_OK;
	free(t->features);
	t->features = ct_path_join(base, t->tc->kind == CT_CLT ? "features" : "features-plt");
	return t->features ? CT_OK : ct_fail_memory(err, 4096, "a path");
}

/* Measures one transcoder and builds its cards. If root is given, the figures are added to it under `key`. */
static int
finish(const struct ct_train_report *r, struct figures *g, const char *recipe, json_t *root, const char *key,
    struct ct_error *err)
{
	struct cli_corpus_context context = { 0 };
	struct ct_activity *activity = NULL;
	const struct cli_model m = { .model = r->from, .transcoder = g->dir };
	int code = cli_corpus_context_open(&context, &m, recipe, err);

	if (code == CT_OK) {
		ct_corpus_grade(context.corpus, ct_corpus_has_validation(context.corpus));
		code = measure(g, &context, &activity, err);
	}
	if (code == CT_OK && root) {
		json_object_set_new(root, key, figures_json(g));
		json_object_set_new(root, "measured", windows_json(context.corpus));
	} else if (code == CT_OK) {
		show(g);
	}
	if (code == CT_OK)
		code = place_cards(&context.transcoders[0], r, g->base, err);
	if (code == CT_OK)
		code = cli_transcoder_cards(&context, &context.transcoders[0], activity, NULL, !root, err);
	ct_fidelity_free(g->f);
	ct_alone_free(g->alone);
	ct_activity_free(activity);
	cli_corpus_context_close(&context);
	return code;
}

static int
finish_all(const struct ct_train_report *r, const char *recipe, const char *base, json_t *root,
    struct ct_error *err)
{
	const struct ct_train_transcoder_report *made[] = { &r->clt, &r->plt };
	static const char *const names[] = { "transcoder", "transcoder-plt" };
	int code = CT_OK;

	for (int k = 0; k < 2 && code == CT_OK; k++) {
		char *dir = made[k]->made ? ct_path_join(base, names[k]) : NULL;
		struct figures g = { .made = made[k], .base = base, .dir = dir };

		if (dir)
			code = finish(r, &g, recipe, root, names[k], err);
		else if (made[k]->made)
			code = ct_fail_memory(err, 4096, "a path");
		free(dir);
	}
	return code;
}

int
cli_train_own(const struct ct_train_report *r, const char *recipe, const char *out_dir, const char *json,
    struct ct_error *err)
{
	char *base = out_dir ? strdup(out_dir) : ct_path_folder(recipe);
	json_t *root = NULL;
	int code;

	if (!base)
		return ct_fail_memory(err, 4096, "a path");
	if (json)
		root = json_pack("{s:o, s:i, s:i, s:I}", "model", ct_json_out_string(r->from), "windows",
		    r->sentences, "held_out", r->held_out, "tokens", (json_int_t)r->tokens);
	else
		cli_line("text  %d windows of %ld tokens, %d of them held out", r->sentences, r->tokens,
		    r->held_out);
	code = finish_all(r, recipe, base, root, err);
	free(base);
	if (json && code == CT_OK && cli_json(json, FORMAT, root) != CLI_OK)
		return CT_EIO;
	if (json && code != CT_OK)
		json_decref(root);
	return code;
}
