/*
 * folder: what a folder or name that is no model directory of Hugging Face's layout is instead, and what to
 * do.
 *
 * People have checkpoints as .bin and .gguf, tokenizers as tokenizer.model, adapters, or only a name on a
 * hub. Every reader of a model's parts asks here when its file is missing.
 */
#ifndef CT_IO_FOLDER_H
#define CT_IO_FOLDER_H

#include "base/error.h"

/*
 * dir lacks what the reader of `part` needs: fails with what it has instead; without that, the reader's own
 * message.
 */
enum ct_folder_part { CT_FOLDER_CONFIG, CT_FOLDER_WEIGHTS, CT_FOLDER_TOKENIZER };
int ct_folder_explain(const char *dir, enum ct_folder_part part, struct ct_error *err);

/*
 * The same for what was named as a model and is no directory: a file, or owner/name. CT_OK: nothing to say.
 */
int ct_folder_explain_name(const char *model, struct ct_error *err);

#endif
