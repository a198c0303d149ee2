/* deflate: see deflate.h. */
#include "io/deflate.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { WINDOW = 15, GZIP_HEADER = 16, EITHER_HEADER = 32 };	/* zlib's windowBits */

int
ct_deflate(unsigned char **out, size_t *n, const void *in, size_t n_in, enum ct_container to,
    struct ct_error *err)
{
	z_stream z = { 0 };
	unsigned char *dst;
	size_t size;
	int window = to == CT_GZIP ? WINDOW + GZIP_HEADER : WINDOW;

	*out = NULL;
	*n = 0;
	if (n_in > INT_MAX / 2)
		return ct_fail(
		    err, CT_EINVAL, "cannot compress %zu bytes at once: at most %d", n_in, INT_MAX / 2);
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return ct_fail_memory(err, 256 << 10, "compression");
	size = deflateBound(&z, (uLong)n_in);
	dst = malloc(size);
	if (!dst) {
		deflateEnd(&z);
		return ct_fail_memory(err, size, "compression");
	}
	z.next_in = (Bytef *)in;
	z.avail_in = (uInt)n_in;
	z.next_out = dst;
	z.avail_out = (uInt)size;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END) {
		deflateEnd(&z);
		free(dst);
		return ct_fail(err, CT_EINVAL, "compression of %zu bytes failed", n_in);
	}
	*n = z.total_out;
	*out = dst;
	deflateEnd(&z);
	return CT_OK;
}

/* Whether the stream ended, and no bytes follow it. */
static int
check_end(const z_stream *z, int status, size_t n_in, const char *where, struct ct_error *err)
{
	if (status == Z_BUF_ERROR && z->avail_in == 0)
		return ct_fail(err, CT_EFORMAT, "%s: compressed data ends too early (%zu bytes)", where,
		    n_in);
	if (status != Z_STREAM_END)
		return ct_fail(err, CT_EFORMAT, "%s: damaged compressed data at byte %lu: %s", where,
		    z->total_in, z->msg ? z->msg : "not a zlib or gzip stream");
	if (z->avail_in > 0)
		return ct_fail(err, CT_EFORMAT, "%s: %u extra bytes after the end of the compressed data",
		    where, z->avail_in);
	return CT_OK;
}

int
ct_inflate(char **out, size_t *n, const void *in, size_t n_in, size_t max, const char *where,
    struct ct_error *err)
{
	z_stream z = { 0 };
	char *dst = NULL, *grown;
	size_t size = 0, used = 0;
	int status = Z_OK, code = CT_OK;

	*out = NULL;
	*n = 0;
	if (n_in > INT_MAX)
		return ct_fail(err, CT_EFORMAT, "%s: %zu compressed bytes, at most %d can be read", where,
		    n_in, INT_MAX);
	if (inflateInit2(&z, WINDOW + EITHER_HEADER) != Z_OK)
		return ct_fail_memory(err, 64 << 10, where);
	z.next_in = (Bytef *)in;
	z.avail_in = (uInt)n_in;
	while (status == Z_OK && used <= max) {
		if (used == size) {
			size = size == 0 ? 4 * n_in + 256 : 2 * size;
			if (size > max)
				size = max + 1;		/* one byte more, to detect that it is too much */
			grown = realloc(dst, size + 1);
			if (!grown) {
				code = ct_fail_memory(err, size + 1, where);
				goto fail;
			}
			dst = grown;
		}
		z.next_out = (Bytef *)dst + used;
		z.avail_out = (uInt)(size - used < INT_MAX ? size - used : INT_MAX);
		status = inflate(&z, Z_NO_FLUSH);
		used = (size_t)((char *)z.next_out - dst);
	}
	if (used > max) {
		code = ct_fail(err, CT_EFORMAT, "%s: more than %zu bytes when uncompressed", where, max);
		goto fail;
	}
	code = check_end(&z, status, n_in, where, err);
	if (code != CT_OK)
		goto fail;
	dst[used] = '\0';
	*out = dst;
	*n = used;
	inflateEnd(&z);
	return CT_OK;
fail:
	inflateEnd(&z);
	free(dst);
	return code;
}
