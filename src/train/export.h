/*
 * export: a trained model and its transcoders as files that Hugging Face and circuit-tracer open.
 *
 * Owns names, layouts and the order of writing: each file is replaced atomically.
 */
#ifndef CT_TRAIN_EXPORT_H
#define CT_TRAIN_EXPORT_H

#include "base/error.h"
#include "train/transcoder.h"
#include "train/transformer.h"

/* dir/config.json and dir/model.safetensors. */
int ct_export_model(const char *dir, const struct ct_net *net, int bos, struct ct_error *err);

/* dir/transcoder/ or dir/transcoder-plt/, for the model called name. */
int ct_export_transcoder(const char *dir, const struct ct_train_transcoder *transcoder, const char *name,
    struct ct_error *err);

/* The same in steps, for transcoders whose layers are trained one after the other. The folder's name: */
const char *ct_export_folder(bool per_layer);

/* What config.yaml calls the model, and where the transcoder reads and writes. */
struct ct_export_names {
	const char *model, *read, *write;
};

/* dir gets the files of layer l of the transcoder, as those of layer `number`. */
int ct_export_layer(const char *dir, const struct ct_train_transcoder *transcoder, int l, int number,
    struct ct_error *err);
/* When all L layers are in dir: its config.yaml. Removes files of further layers, which are out of date. */
int ct_export_config(const char *dir, bool per_layer, int L, const struct ct_export_names *names,
    struct ct_error *err);

#endif
