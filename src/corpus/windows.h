/*
 * windows: plain text as a corpus of windows of a model's own tokens. Each window begins like the model's
 * prompts.
 *
 * Owns the section `corpus: {text: FILE, ...}` of a recipe, the tokens of its files, and the split into
 * windows for training, for validation, and held out. Annotations are those of text.h.
 */
#ifndef CT_CORPUS_WINDOWS_H
#define CT_CORPUS_WINDOWS_H

#include <stdbool.h>

#include "base/error.h"
#include "corpus/corpus.h"
#include "io/yaml.h"
#include "model/tokenizer.h"

/* Whether the recipe's corpus is text. */
bool ct_windows_wanted(const struct ct_yaml_doc *recipe);

/* A path in the recipe, which is relative to the recipe's folder unless it is absolute. To be freed. */
char *ct_recipe_path(const struct ct_yaml_doc *recipe, const char *name);

enum ct_windows_part {
	CT_WINDOWS_ALL,			/* every window, without labels: for training */
	CT_WINDOWS_SAMPLE		/* `sample:` windows of each part, with labels: for measuring */
};

/*
 * Each file is encoded as a whole and cut into windows of `window:` tokens, the model's BOS among them; each
 * `block:` of neighbouring windows is for training, for validation, or held out, drawn at random from
 * `seed:`. A file's last window may be shorter. V is the model's vocabulary, context its longest sequence,
 * and model names it in messages. Errors name file and byte. Free with ct_corpus_free.
 */
int ct_windows_build(struct ct_corpus **out, const struct ct_yaml_doc *recipe, enum ct_windows_part part,
    const struct ct_tokenizer *t, int V, int context, const char *model, struct ct_error *err);

#endif
