/*
 * npy: the header of one NumPy array; see npz.h for archives of them.
 */
#ifndef CT_IO_NPY_H
#define CT_IO_NPY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "io/safetensors.h"

struct ct_npz_array {
	struct ct_tensor t;		/* its name is without ".npy" */
	bool by_column;			/* rank 2 and more: Fortran order, the first index runs fastest */
	const char *unread;		/* numpy's name of a type that we don't read, or NULL */
};

/*
 * Fills type, shape and data of an array whose name and file are set, from the n bytes of a .npy. All sizes
 * are checked against n.
 */
int ct_npy_parse(struct ct_npz_array *a, const unsigned char *data, size_t n, struct ct_error *err);

#endif
