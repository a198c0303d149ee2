/*
 * safetensors: named tensors in mapped files, read and written.
 *
 * Owns the mappings; tensors lend pointers into them until the set is closed. Checks header, types, shapes
 * and offsets before it hands out a pointer. Knows no model.
 */
#ifndef CT_IO_SAFETENSORS_H
#define CT_IO_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum ct_dtype { CT_F32, CT_F16, CT_BF16, CT_F64 };
enum { CT_MAX_RANK = 8 };

struct ct_tensor {
	const char *name;
	enum ct_dtype dtype;
	int rank;
	size_t dim[CT_MAX_RANK];
	size_t count;		/* product of dims */
	const void *data;	/* little endian, in the file's mapping; may be unaligned */
	const char *file;	/* path, for messages */
};

struct ct_tensors;

/* One file. */
int ct_tensors_open(struct ct_tensors **out, const char *path, struct ct_error *err);

/* dir/model.safetensors, or dir/model.safetensors.index.json with its shards. */
int ct_tensors_open_model(struct ct_tensors **out, const char *dir, struct ct_error *err);

void ct_tensors_close(struct ct_tensors *t);
int ct_tensors_count(const struct ct_tensors *t);
const struct ct_tensor *ct_tensors_at(const struct ct_tensors *t, int i);
const struct ct_tensor *ct_tensors_find(const struct ct_tensors *t, const char *name);	/* or NULL */

/*
 * The i-th of all tensors, ordered by name, or NULL after the last. If its type is not supported, *unread is
 * the dtype, and only name, shape and file are valid; otherwise *unread is NULL.
 */
const struct ct_tensor *ct_tensors_any(const struct ct_tensors *t, int i, const char **unread);

/* The dtype of a tensor that exists, but whose type is not supported ("I8"; it is not counted), or NULL. */
const char *ct_tensors_unread(const struct ct_tensors *t, const char *name);

/*
 * Readers mark the tensors that they read, so that those that nobody reads can be listed. Marking a tensor
 * that does not exist does nothing. *at is 0 at first; returns the next unmarked name, or NULL after the
 * last.
 */
void ct_tensors_mark(struct ct_tensors *t, const char *name);
const char *ct_tensors_unmarked(const struct ct_tensors *t, int *at);

/*
 * Fails if a file was truncated or overwritten after it was opened: results computed from it are invalid.
 */
int ct_tensors_check(const struct ct_tensors *t, struct ct_error *err);

/*
 * A checksum that differs between trainings, continued from another checksum (0: none). It covers names,
 * shapes and three pages of each tensor, so that it costs little even for large files.
 */
uint32_t ct_tensors_digest(const struct ct_tensors *t, uint32_t digest);

/* Bytes of one number. */
size_t ct_dtype_size(enum ct_dtype type);

/* dst[0..n) = n numbers of this type as floats, exactly (F64: rounded). src may be unaligned. */
void ct_widen(float *restrict dst, enum ct_dtype type, const void *src, size_t n);

/* Index of the first NaN or Inf among n numbers of this type, or -1. src may be unaligned. */
long long ct_nonfinite(enum ct_dtype type, const void *src, size_t n);

/* dst[0..n) = tensor[first..first+n) as float. The range must lie inside the tensor. */
void ct_tensor_read(float *dst, const struct ct_tensor *t, size_t first, size_t n);

/* The tensor's own memory when it is F32 and aligned, else NULL (then read it). */
const float *ct_tensor_f32(const struct ct_tensor *t);

/* Index of the tensor's first NaN or Inf, or -1. */
long long ct_tensor_nonfinite(const struct ct_tensor *t);

/* Writes F32 tensors (name, rank, dim, data), in the order given, atomically. */
int ct_tensors_write(const char *path, const struct ct_tensor *list, int n, struct ct_error *err);

#endif
