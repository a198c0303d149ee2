/*
 * generators: corpora that follow a rule of arithmetic instead of tables. Each has one function here, and one
 * row of the table in recipe.c.
 */
#ifndef CT_CORPUS_GENERATORS_H
#define CT_CORPUS_GENERATORS_H

#include "corpus/build.h"
#include "io/yaml.h"

/* a + b = sum of whole numbers: see sums.c. */
int ct_sums_build(struct ct_build *b, const struct ct_yaml_doc *recipe, const struct ct_yaml *corpus,
    struct ct_error *err);

#endif
