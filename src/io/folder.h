/*
 * folder: recognises folders and names that are not model directories in Hugging Face's layout, and says what
 * they are and what to do.
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
enum ct_folder_part { CT_FOLDER_CONFIG, CT_FOLDER_WEIGHTS, CT_FOLDER_TOKENIZER };
int ct_folder_explain(const char *dir, enum ct_folder_part part, struct ct_error *err);

/* The same for the name of a model that is not a directory: a file, or owner/name. CT_OK: nothing to say. */
int ct_folder_explain_name(const char *model, struct ct_error *err);

#endif
