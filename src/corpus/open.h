/*
 * open: the corpus of a recipe in the token ids of a model that exists.
 */
#ifndef CT_CORPUS_OPEN_H
#define CT_CORPUS_OPEN_H

#include "base/error.h"
#include "corpus/corpus.h"
#include "model/tokenizer.h"

/*
 * Each word of the corpus must be one of the model's V tokens. If the corpus is text, *out is the sample of
 * it from which cards and figures are made. context: the model's longest sequence. model: its name for
 * messages. If the recipe could be read, *out is set even after a failure, and must be freed.
 */
int ct_corpus_open(struct ct_corpus **out, const char *recipe, const struct ct_tokenizer *t, int V,
    int context, const char *model, struct ct_error *err);

#endif
