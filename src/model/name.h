/*
 * name: what a model is called. Files of weights do not say it; recipe.yaml, config.json and the directory
 * may.
 */
#ifndef CT_MODEL_NAME_H
#define CT_MODEL_NAME_H

#include <stdbool.h>

#include "base/arena.h"
#include "model/model.h"

/*
 * A text at the top of the directory's recipe.yaml; "" without a recipe that can be read, and a note if there
 * is one. In the arena.
 */
const char *ct_name_recipe(const char *dir, const char *key, struct ct_arena *a, struct ct_notes *notes);

/* "google/gemma-2-2b": "gemma-2-2b" */
const char *ct_name_last(const char *name);

/*
 * Does the model's config.json ("_name_or_path") or the path of its directory have this name, whatever its
 * owner and capitals? A model made in memory has no name.
 */
bool ct_name_known(const struct ct_model *m, const char *name);

#endif
