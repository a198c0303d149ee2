/*
 * name: what a model is called. Files of weights do not say it, but recipe.yaml, config.json and the
 * directory may.
 */
#ifndef CT_MODEL_NAME_H
#define CT_MODEL_NAME_H

#include <stdbool.h>

#include "base/arena.h"
#include "model/model.h"

/*
 * The value of a key at the top level of the directory's recipe.yaml, in the arena; "" if there is no recipe,
 * or none that can be read, for which there is a note.
 */
const char *ct_name_recipe(const char *dir, const char *key, struct ct_arena *a, struct ct_notes *notes);

/* "google/gemma-2-2b": "gemma-2-2b" */
const char *ct_name_last(const char *name);

/*
 * Whether the model's config.json ("_name_or_path") or the path of its directory has this name, ignoring the
 * owner and case. A model made in memory has no name.
 */
bool ct_name_known(const struct ct_model *m, const char *name);

#endif
