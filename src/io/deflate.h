/*
 * deflate: whole buffers in and out of zlib's two containers.
 *
 * Owns no files. Sizes are bounded by the caller, so that a small hostile input cannot fill the memory.
 */
#ifndef CT_IO_DEFLATE_H
#define CT_IO_DEFLATE_H

#include <stddef.h>

#include "base/error.h"

enum ct_container { CT_ZLIB, CT_GZIP };

/* *out is to be freed by the caller. The same input gives the same bytes (no time stamp). */
int ct_deflate(unsigned char **out, size_t *n, const void *in, size_t n_in, enum ct_container to,
    struct ct_error *err);

/*
 * Either container, recognised by its header. *out is NUL-terminated (not counted in *n) and to be freed by
 * the caller. More than max bytes, a damaged stream and bytes after its end are errors; where is for
 * messages.
 */
int ct_inflate(char **out, size_t *n, const void *in, size_t n_in, size_t max, const char *where,
    struct ct_error *err);

#endif
