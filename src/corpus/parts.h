/*
 * parts: the parts of which an answer is made, from the recipe's `parts:` (models/README.md), such as the
 * ones digit and the magnitude of a sum. Owns reading them; eval/interchange_parts.h tests what the features
 * of a part do.
 */
#ifndef CT_CORPUS_PARTS_H
#define CT_CORPUS_PARTS_H

#include "corpus/corpus.h"
#include "io/yaml.h"

/* Reads the recipe's `parts:`, if there are any, into c. Errors name file and line. */
int ct_corpus_read_parts(struct ct_corpus *c, const struct ct_yaml_doc *recipe, struct ct_error *err);

#endif
