/*
 * open: the corpus of a recipe in the token ids of a model that exists.
 */
#ifndef CT_CORPUS_OPEN_H
#define CT_CORPUS_OPEN_H

#include "base/error.h"
#include "corpus/corpus.h"
#include "model/tokenizer.h"

/*
 * Each word of the corpus must be one token of the model, which has V of them; of a corpus of text, the
 * sample that cards and figures are made of. context: the model's longest sequence. model names it in
 * messages.
 * *out is set, and to be freed, after a failure too, if the recipe could be read.
 */
int ct_corpus_open(struct ct_corpus **out, const char *recipe, const struct ct_tokenizer *t, int V,
    int context, const char *model, struct ct_error *err);

#endif
