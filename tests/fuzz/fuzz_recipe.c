/*
 * Fuzzes recipe.yaml: the sections for training, and the corpus that is built from its tables and sentences.
 */
#include <stdlib.h>
#include <string.h>

#include "corpus/recipe.h"
#include "fuzz.h"
#include "train/options.h"

/* Every token and label of every sentence is one that there is. */
static void
check_corpus(const struct ct_corpus *c)
{
	for (int i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];

		if (s->n < 1 || s->first < 0 || s->first + s->n > c->n_tokens || s->answer >= s->n ||
		    s->kind >= c->n_kinds || s->relation >= c->n_relations)
			abort();
	}
	for (int i = 0; i < c->n_tokens; i++) {
		if (c->tokens[i] < 0 || c->tokens[i] >= c->n_words)
			abort();
		for (int k = c->label_start[i]; k < c->label_start[i + 1]; k++)
			if (c->label_of[k] < 0 || c->label_of[k] >= c->n_labels)
				abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ct_train_recipe recipe;
	struct ct_corpus *c;
	struct ct_yaml_doc *d;
	struct ct_error err;

	if (ct_yaml_open(&d, "recipe.yaml", n ? (const char *)data : "", n, &err) != CT_OK)
		return 0;
	ct_train_recipe_read(&recipe, d, &err);
	if (ct_corpus_build(&c, d, &err) == CT_OK) {
		check_corpus(c);
		ct_corpus_free(c);
	}
	ct_yaml_close(d);
	return 0;
}
