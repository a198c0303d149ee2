/* open: see open.h. */
#include "corpus/open.h"

#include "corpus/recipe.h"
#include "corpus/windows.h"
#include "io/yaml.h"

/* Replaces words by the model's tokens, so that the corpus uses its ids. */
static int
load_vocabulary(struct ct_corpus *c, const struct ct_tokenizer *t, int V, const char *model,
    struct ct_error *err)
{
	int known = ct_tokenizer_size(t), *id_of;
	const char **words;

	id_of = ct_arena_need(&c->arena, (size_t)c->n_words, sizeof *id_of, "token ids", err);
	words = ct_arena_need(&c->arena, (size_t)V, sizeof *words, "token texts", err);
	if (!id_of || !words)
		return CT_ENOMEM;
	for (int i = 0; i < V; i++) {
		words[i] = i < known ? ct_tokenizer_text(t, i, NULL) : NULL;
		if (!words[i])
			words[i] = "?";
	}
	for (int i = 0; i < c->n_words; i++)
		id_of[i] = ct_tokenizer_find(t, c->words[i]);
	for (int i = 0; i < c->n_tokens; i++) {
		int id = id_of[c->tokens[i]];

		if (id < 0 || id >= V)
			return ct_fail(err, CT_EINVAL, "\"%s\" of the corpus is not one token of %s",
			    c->words[c->tokens[i]], model);
		c->tokens[i] = id;
	}
	c->words = words;
	c->n_words = V;
	return CT_OK;
}

int
ct_corpus_open(struct ct_corpus **out, const char *recipe, const struct ct_tokenizer *t, int V,
    int context, const char *model, struct ct_error *err)
{
	struct ct_yaml_doc *doc;
	int code = ct_yaml_open(&doc, recipe, NULL, 0, err);

	*out = NULL;
	if (code < 0)
		return code;
	if (ct_windows_wanted(doc)) {
		code = ct_windows_build(out, doc, CT_WINDOWS_SAMPLE, t, V, context, model, err);
	} else {
		code = ct_corpus_build(out, doc, err);
		if (code == CT_OK)
			code = load_vocabulary(*out, t, V, model, err);
	}
	ct_yaml_close(doc);
	return code;
}
