/* corpus_context: see corpus_context.h. */
#include "cli/corpus_context.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/cli.h"
#include "corpus/open.h"
#include "corpus/text.h"
#include "ctrace.h"
#include "model/name.h"

static const char default_model[] = "capitals";
enum { TEXT_WINDOW = 128 };	/* tokens read from one line of plain text */

const char *
cli_transcoder_kind(const struct cli_transcoder *transcoder)
{
	return transcoder->tc->kind == CT_CLT ? "CLT" : "PLT";
}

/* Opens the transcoder in dir, whose cards are in base/features. Takes over the allocation of dir. */
static int
add_transcoder(struct cli_corpus_context *context, const struct cli_model *m, char *dir, const char *base,
    const char *features, struct ct_error *err)
{
	struct ct_arena names = { 0 };
	const struct ct_transcoder_options options = {
		.allow_nonfinite = m->allow_nonfinite, .k = m->k,
		.model_name = ct_name_recipe(context->dir, "name", &names, &context->model->notes)
	};
	struct cli_transcoder *c = &context->transcoders[context->n_transcoders++];
	int code;

	c->dir = dir;
	c->features = ct_path_join(base, features);
	if (!c->dir || !c->features)
		code = ct_fail_memory(err, 4096, "a path");
	else
		code = ct_transcoder_open(&c->tc, c->dir, context->model, &options, err);
	ct_arena_free(&names);
	if (code == CT_OK)
		cli_notes(&c->tc->notes);
	return code;
}

static bool
is_recipe(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int
open_recipe(struct cli_corpus_context *context, const char *path, struct ct_error *err)
{
	return ct_corpus_open(&context->corpus, path, context->tokenizer, context->model->cfg.V,
	    context->model->cfg.context, context->dir, err);
}

static int
open_corpus(struct cli_corpus_context *context, const char *file, struct ct_error *err)
{
	const struct ct_config *cfg = &context->model->cfg;
	char *own;
	int code;

	if (file && !is_recipe(file))
		return ct_corpus_text(&context->corpus, file, context->tokenizer, cfg->V,
		    cfg->context < TEXT_WINDOW ? cfg->context : TEXT_WINDOW, err);
	if (file)
		return open_recipe(context, file, err);
	own = ct_path_join(context->dir, "recipe.yaml");
	if (!own)
		return ct_fail_memory(err, 4096, "a path");
	if (ct_file_exists(own))
		code = open_recipe(context, own, err);
	else
		code = ct_fail(err, CT_ENOTFOUND,
		    "%s has no recipe.yaml, which would say what its corpus is; name a "
		    "recipe or a text file with --corpus", context->dir);
	free(own);
	return code;
}

static int
open_transcoders(struct cli_corpus_context *context, const struct cli_model *m, struct ct_error *err)
{
	static const char *const own[][2] = { { "transcoder", "features" },
		{ "transcoder-plt", "features-plt" } };
	int i, code;

	if (m->transcoder)
		return add_transcoder(context, m, strdup(m->transcoder), m->transcoder, "features", err);
	for (i = 0; i < 2; i++) {
		char *dir = ct_path_join(context->dir, own[i][0]);

		if (dir && ct_file_missing(dir)) {
			free(dir);
			continue;
		}
		code = add_transcoder(context, m, dir, context->dir, own[i][1], err);
		if (code != CT_OK)
			return code;
	}
	if (context->n_transcoders == 0 && !context->no_transcoder)
		return ct_fail(err, CT_ENOTFOUND,
		    "%s has neither transcoder/ nor transcoder-plt/; name one with --transcoder, or "
		    "train one (\"ctrace train\")",
		    context->dir);
	return CT_OK;
}

int
cli_corpus_context_open(struct cli_corpus_context *context, const struct cli_model *m, const char *corpus,
    struct ct_error *err)
{
	const struct ct_model_options opt = { .allow_nonfinite = m->allow_nonfinite };
	int code = ct_model_find(&context->dir, m->model ? m->model : default_model, err);

	context->k = m->k;
	if (code == CT_OK)
		code = ct_model_open(&context->model, context->dir, &opt, err);
	if (code == CT_OK)
		code = ct_tokenizer_open(&context->tokenizer, context->dir, err);
	if (code == CT_OK)
		ct_tokenizer_set_bos(context->tokenizer, context->model->cfg.bos, &context->model->notes);
	if (code == CT_OK)
		cli_notes(&context->model->notes);
	if (code == CT_OK)
		code = ct_model_learn_special(context->model, context->tokenizer, err);
	if (code == CT_OK)
		code = open_transcoders(context, m, err);
	if (code == CT_OK && !context->no_corpus)
		code = open_corpus(context, corpus, err);
	if (code == CT_OK)
		code = ct_pool_open(&context->pool, 0, err);
	return code;
}

void
cli_corpus_context_close(struct cli_corpus_context *context)
{
	int i;

	for (i = 0; i < context->n_transcoders; i++) {
		ct_transcoder_close(context->transcoders[i].tc);
		free(context->transcoders[i].dir);
		free(context->transcoders[i].features);
	}
	ct_pool_close(context->pool);
	ct_corpus_free(context->corpus);
	ct_tokenizer_close(context->tokenizer);
	ct_model_close(context->model);
	free(context->dir);
	*context = (struct cli_corpus_context){ 0 };
}
