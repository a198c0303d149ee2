/*
 * text: a corpus from a plain text file, for models that have no recipe.
 *
 * Each line that is not blank is a sentence. Annotations are what can be known from text alone: "Dallas
 * (input)" at a token, "say Dallas" at the token before it. All sentences count as held out, and the last
 * token is graded.
 */
#ifndef CT_CORPUS_TEXT_H
#define CT_CORPUS_TEXT_H

#include "base/error.h"
#include "corpus/corpus.h"
#include "model/tokenizer.h"

/*
 * n_words is the model's vocabulary. Sentences are cut after max_tokens; lines of fewer than three tokens
 * (BOS included) are left out. Errors name file and line. Free with ct_corpus_free.
 */
int ct_corpus_text(struct ct_corpus **out, const char *path, const struct ct_tokenizer *t, int n_words,
    int max_tokens, struct ct_error *err);

/*
 * What corpora of text share. The first function makes the texts of a model's n_words tokens the words of the
 * corpus; the second adds the labels of its tokens, once it has its sentences.
 */
int ct_corpus_name_tokens(struct ct_corpus *c, const struct ct_tokenizer *t, int n_words,
    struct ct_error *err);
int ct_corpus_annotate_text(struct ct_corpus *c, struct ct_error *err);

#endif
