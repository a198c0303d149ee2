/*
 * recipe: a corpus from the `corpus:` section of recipe.yaml (models/README.md has the format): from tables
 * and sentence templates, or from a generator. The same recipe gives the same corpus on every machine.
 */
#ifndef CT_CORPUS_RECIPE_H
#define CT_CORPUS_RECIPE_H

#include "corpus/corpus.h"
#include "io/yaml.h"

/* Errors name file and line. */
int ct_corpus_build(struct ct_corpus **out, const struct ct_yaml_doc *recipe, struct ct_error *err);

#endif
