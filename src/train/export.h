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

#endif
