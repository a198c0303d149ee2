/*
 * tokenizer_config: what tokenizer_config.json changes of a tokenizer.json.
 *
 * transformers reads both files, and where they differ tokenizer_config.json counts; the tokenizers library
 * reads only tokenizer.json. Models are trained and run with transformers.
 */
#ifndef CT_MODEL_TOKENIZER_CONFIG_H
#define CT_MODEL_TOKENIZER_CONFIG_H

#include <stdint.h>

#include "base/error.h"
#include "base/notes.h"
#include "io/json.h"

/*
 * Changes `root`, which is dir's tokenizer.json, as transformers does for dir's tokenizer_config.json, if
 * there is one, and notes what it changes and what has no effect here. *digest changes with `root`. A file
 * that cannot be read is noted, too: tokenizer.json is usable without it.
 */
int ct_tokenizer_config_merge(json_t *root, const char *dir, struct ct_notes *notes, uint32_t *digest,
    struct ct_error *err);

#endif
