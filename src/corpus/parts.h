/*
 * parts: what an answer is put together from, as the recipe's `parts:` tells (models/README.md): the ones
 * digit and the magnitude of a sum. Owns reading them; what a part's features do is
 * eval/interchange_parts.h's affair.
 */
#ifndef CT_CORPUS_PARTS_H
#define CT_CORPUS_PARTS_H

#include "corpus/corpus.h"
#include "io/yaml.h"

/* Reads the recipe's `parts:`, if there are any, into c. Errors name file and line. */
int ct_corpus_read_parts(struct ct_corpus *c, const struct ct_yaml_doc *recipe, struct ct_error *err);

#endif
