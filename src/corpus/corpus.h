/*
 * corpus: the generated world of a lesson model, with every token annotated.
 *
 * Built from the `corpus:` section of recipe.yaml; owns sentences, vocabulary and annotations. The same
 * recipe gives the same corpus on every machine. Knows no transformer.
 */
#ifndef CT_CORPUS_CORPUS_H
#define CT_CORPUS_CORPUS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "io/yaml.h"

struct ct_sentence {
	int first, n;		/* tokens[first .. first+n), first one is BOS */
	bool held_out;		/* never trained on */
	int answer;		/* position (in the sentence) that predicts the graded token; -1: none */
	int kind;		/* index into kinds[] */
	int row;		/* row of the table it was generated from, -1: none */
};

struct ct_corpus {
	int n_words;		/* vocabulary: words[0..n_words) are the token texts, id = index */
	const char **words;
	int bos, unk;		/* ids */

	int n_sentences;
	struct ct_sentence *sentences;
	int n_kinds;
	const char **kinds;	/* names of the sentence templates */

	int n_tokens;
	int *tokens;		/* (n_tokens) */

	/*
	 * Annotations: each token has a set of labels, e.g. "Texas (input)", "state Texas", "relation capital",
	 * "capital at the answer". label_of[label_start[i] .. label_start[i+1]) are those of token i, ascending.
	 * Facts about the whole sentence (its hidden variables) label each token from where they are determined.
	 */
	int n_labels;
	const char **labels;
	int *label_start;	/* (n_tokens + 1) */
	int *label_of;

	struct ct_arena arena;
};

/* From the recipe's `corpus:` section; errors name file and line. */
int ct_corpus_build(struct ct_corpus **out, const struct ct_yaml_doc *recipe, struct ct_error *err);
void ct_corpus_free(struct ct_corpus *c);

#endif
