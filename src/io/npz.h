/*
 * npz: named arrays in a NumPy archive (numpy.savez, numpy.savez_compressed).
 *
 * An .npz is a zip of .npy files. Arrays that are stored (savez) stay in the mapped file; compressed ones are
 * expanded into memory when the archive is opened. Owns both; arrays lend pointers until it is closed. Reads
 * what numpy writes: little-endian float16, float32 and float64 as tensors; arrays of other types are listed,
 * but cannot be read.
 */
#ifndef CT_IO_NPZ_H
#define CT_IO_NPZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/npy.h"

struct ct_npz;

int ct_npz_open(struct ct_npz **out, const char *path, struct ct_error *err);
void ct_npz_close(struct ct_npz *z);

int ct_npz_count(const struct ct_npz *z);
const struct ct_npz_array *ct_npz_at(const struct ct_npz *z, int i);	/* by name */
size_t ct_npz_expanded(const struct ct_npz *z);		/* bytes of memory that compressed arrays take */

/* As ct_tensors_check and ct_tensors_digest do for safetensors. */
int ct_npz_check(const struct ct_npz *z, struct ct_error *err);
uint32_t ct_npz_digest(const struct ct_npz *z, uint32_t digest);

#endif
