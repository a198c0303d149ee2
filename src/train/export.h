/*
 * export: writes a trained model and its transcoders as files that Hugging Face and circuit-tracer open.
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

/*
 * The same in steps, for transcoders whose layers are trained one after the other. This is the folder's name:
 */
const char *ct_export_folder(bool per_layer);

/* The names of the model and of its transcoder, and where that reads and writes, for config.yaml. */
struct ct_export_names {
	const char *model, *scan, *read, *write;
};

/* Writes layer l of the transcoder to dir, as the files of layer `number`. */
int ct_export_layer(const char *dir, const struct ct_train_transcoder *transcoder, int l, int number,
    struct ct_error *err);
/*
 * Once all L layers are in dir: writes its config.yaml, and removes files of further layers, which are
 * outdated.
 */
int ct_export_config(const char *dir, bool per_layer, int L, const struct ct_export_names *names,
    struct ct_error *err);

#endif
