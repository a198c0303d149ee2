/* lab: see lab.h. */
#include "cli/corpus_context.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "corpus/text.h"
#include "ctrace.h"
#include "io/yaml.h"

static const char default_model[] = "capitals";
enum { TEXT_WINDOW = 128 };	/* tokens that are read of a line of text */

const char *
cli_coder_kind(const struct cli_coder *coder)
{
	return coder->tc->kind == CT_CLT ? "CLT" : "PLT";
}

/* Takes dir. Its cards are in base/features. */
static int
add_coder(struct cli_lab *lab, char *dir, const char *base, const char *features, struct ct_error *err)
{
	struct cli_coder *c = &lab->coders[lab->n_coders++];

	c->dir = dir;
	c->features = ct_path_join(base, features);
	if (c->dir == NULL || c->features == NULL)
		return ct_fail_memory(err, 4096, "a path");
	return ct_transcoder_open(&c->tc, c->dir, lab->model, lab->allow_nonfinite, err);
}

/* Each word of the corpus must be one token of the model; the corpus then speaks in the model's ids. */
static int
adopt_vocabulary(struct cli_lab *lab, struct ct_error *err)
{
	struct ct_corpus *c = lab->corpus;
	int V = ct_tokenizer_size(lab->tokenizer), *id_of, i;
	const char **words;

	id_of = ct_arena_need(&c->arena, (size_t)c->n_words, sizeof *id_of, "token ids", err);
	words = ct_arena_need(&c->arena, (size_t)lab->model->cfg.V, sizeof *words, "token texts", err);
	if (id_of == NULL || words == NULL)
		return CT_ENOMEM;
	for (i = 0; i < lab->model->cfg.V; i++) {
		words[i] = i < V ? ct_tokenizer_text(lab->tokenizer, i, NULL) : NULL;
		if (words[i] == NULL)
			words[i] = "?";
	}
	for (i = 0; i < c->n_words; i++)
		id_of[i] = ct_tokenizer_find(lab->tokenizer, c->words[i]);
	for (i = 0; i < c->n_tokens; i++) {
		int id = id_of[c->tokens[i]];

		if (id < 0 || id >= lab->model->cfg.V)
			return ct_fail(err, CT_EINVAL, "\"%s\" of the corpus is not one token of %s",
			    c->words[c->tokens[i]], lab->dir);
		c->tokens[i] = id;
	}
	c->words = words;
	c->n_words = lab->model->cfg.V;
	return CT_OK;
}

static bool
is_recipe(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int
open_recipe(struct cli_lab *lab, const char *path, struct ct_error *err)
{
	struct ct_yaml_doc *doc;
	int rc = ct_yaml_open(&doc, path, NULL, 0, err);

	if (rc != CT_OK)
		return rc;
	rc = ct_corpus_build(&lab->corpus, doc, err);
	if (rc == CT_OK)
		rc = adopt_vocabulary(lab, err);
	ct_yaml_close(doc);
	return rc;
}

static int
open_corpus(struct cli_lab *lab, const char *file, struct ct_error *err)
{
	const struct ct_config *cfg = &lab->model->cfg;
	char *own;
	int rc;

	if (file != NULL && !is_recipe(file))
		return ct_corpus_text(&lab->corpus, file, lab->tokenizer, cfg->V,
		    cfg->context < TEXT_WINDOW ? cfg->context : TEXT_WINDOW, err);
	if (file != NULL)
		return open_recipe(lab, file, err);
	own = ct_path_join(lab->dir, "recipe.yaml");
	if (own == NULL)
		return ct_fail_memory(err, 4096, "a path");
	if (ct_file_exists(own))
		rc = open_recipe(lab, own, err);
	else
		rc = ct_fail(err, CT_ENOTFOUND,
		    "%s has no recipe.yaml, which would say what its corpus is; name a "
		    "recipe or a text file with --corpus",
		    lab->dir);
	free(own);
	return rc;
}

static int
open_coders(struct cli_lab *lab, const char *transcoder, struct ct_error *err)
{
	static const char *const own[][2] = {{"transcoder", "features"}, {"transcoder-plt", "features-plt"}};
	int i, rc;

	if (transcoder != NULL)
		return add_coder(lab, strdup(transcoder), transcoder, "features", err);
	for (i = 0; i < 2; i++) {
		char *dir = ct_path_join(lab->dir, own[i][0]);

		if (dir != NULL && !ct_dir_exists(dir)) {
			free(dir);
			continue;
		}
		rc = add_coder(lab, dir, lab->dir, own[i][1], err);
		if (rc != CT_OK)
			return rc;
	}
	if (lab->n_coders == 0)
		return ct_fail(err, CT_ENOTFOUND,
		    "%s has neither transcoder/ nor transcoder-plt/; name one with "
		    "--transcoder",
		    lab->dir);
	return CT_OK;
}

int
cli_lab_open(struct cli_lab *lab, const char *model, const char *transcoder, const char *corpus,
    struct ct_error *err)
{
	const struct ct_model_options opt = {.allow_nonfinite = lab->allow_nonfinite};
	int rc = ct_model_find(&lab->dir, model != NULL ? model : default_model, err);

	if (rc == CT_OK)
		rc = ct_model_open(&lab->model, lab->dir, &opt, err);
	if (rc == CT_OK)
		rc = ct_tokenizer_open(&lab->tokenizer, lab->dir, err);
	if (rc == CT_OK)
		ct_tokenizer_set_bos(lab->tokenizer, lab->model->cfg.bos);
	if (rc == CT_OK)
		rc = open_coders(lab, transcoder, err);
	if (rc == CT_OK && !lab->no_corpus)
		rc = open_corpus(lab, corpus, err);
	if (rc == CT_OK)
		rc = ct_pool_open(&lab->pool, 0, err);
	return rc;
}

void
cli_lab_close(struct cli_lab *lab)
{
	int i;

	for (i = 0; i < lab->n_coders; i++) {
		ct_transcoder_close(lab->coders[i].tc);
		free(lab->coders[i].dir);
		free(lab->coders[i].features);
	}
	ct_pool_close(lab->pool);
	ct_corpus_free(lab->corpus);
	ct_tokenizer_close(lab->tokenizer);
	ct_model_close(lab->model);
	free(lab->dir);
	*lab = (struct cli_lab){0};
}
