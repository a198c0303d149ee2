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
 * dir lacks what the reader of `part` needs: fails and says what it has instead. CT_OK: nothing is known
 * about it, and the reader gives its own message. If the weights are missing, it always fails.
 */
enum ct_folder_part { CT_FOLDER_CONFIG, CT_FOLDER_WEIGHTS, CT_FOLDER_TOKENIZER, CT_FOLDER_TRANSCODER };
int ct_folder_explain(const char *dir, enum ct_folder_part part, struct ct_error *err);

/*
 * The same for a path that was given as a model or a transcoder (`kind` is that word) and is not a directory:
 * a file, or owner/name. CT_OK: nothing is known about it.
 */
int ct_folder_explain_name(const char *name, const char *kind, struct ct_error *err);

#endif
