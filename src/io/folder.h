/*
 * folder: recognises folders and names that are not model directories in Hugging Face's layout, or not
 * transcoders, and says what they are and what to do.
 *
 * Users may have a checkpoint as .bin or .gguf, a tokenizer as tokenizer.model, an adapter, or only a name on
 * a hub. Every reader of a part of a model calls this when its file is missing.
 */
#ifndef CT_IO_FOLDER_H
#define CT_IO_FOLDER_H

#include "base/error.h"

/*
 * dir lacks what the reader of `part` needs: fails with what it has instead. CT_OK: nothing is known of it,
 * and the reader has its own message; of missing weights there is always something to say.
 */
enum ct_folder_part { CT_FOLDER_CONFIG, CT_FOLDER_WEIGHTS, CT_FOLDER_TOKENIZER, CT_FOLDER_TRANSCODER };
int ct_folder_explain(const char *dir, enum ct_folder_part part, struct ct_error *err);

/*
 * The same for what is named as a model or a transcoder (`kind`: the word) and is not a directory: a file, or
 * owner/name. CT_OK: nothing to say.
 */
int ct_folder_explain_name(const char *name, const char *kind, struct ct_error *err);

#endif
