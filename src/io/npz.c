/*
 * npz: see npz.h. The zip's directory at the end of the file says where each .npy lies; a .npy is
 * "\x93NUMPY", version, length, a header that is a Python dict, and the values.
 */
#include "io/npz.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/npy.h"
#include "io/sniff.h"

enum {
	MAX_ARRAYS = 4096,
	MAX_NAME = 256,
	END = 22, END64 = 56, LOCATOR = 20,	/* sizes of the records at the end, */
	ENTRY = 46, LOCAL = 30,			/* of one of the directory, and of one before its data */
	MAX_COMMENT = 65535,
	MAX_RATIO = 1032,			/* no deflate stream expands more */
	PIECE = 1 << 30,			/* zlib's counters have 32 bits */
	DIGEST_PAGE = 4096
};

struct ct_npz {
	struct ct_map map;
	struct ct_arena arena;			/* names, arrays */
	struct ct_npz_array *arrays;		/* by name */
	int n;
	unsigned char **expanded;		/* (n_expanded) */
	int n_expanded;
	size_t expanded_bytes;
};

/* A member as the directory describes it. */
struct member {
	const char *name;			/* in the mapping, name_n bytes */
	size_t name_n;
	unsigned method;			/* 0 stored, 8 deflated */
	uint32_t crc;
	uint64_t packed, size, at;		/* at: of its local record */
};

static unsigned
u16(const unsigned char *p)
{
	return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static uint32_t
u32(const unsigned char *p)
{
	return (uint32_t)u16(p) | (uint32_t)u16(p + 2) << 16;
}

static uint64_t
u64(const unsigned char *p)
{
	return (uint64_t)u32(p) | (uint64_t)u32(p + 4) << 32;
}

static int
damaged(const struct ct_npz *z, size_t at, const char *what, struct ct_error *err)
{
	return ct_fail(err, CT_EFORMAT, "%s: byte %zu: %s; is the archive cut off or damaged? Download it "
	    "again", z->map.path, at, what);
}

/* Where the directory begins, how long it is and how many members it has. */
static int
find_directory(const struct ct_npz *z, uint64_t *at, uint64_t *size, uint64_t *n, struct ct_error *err)
{
	const unsigned char *data = z->map.data, *end;
	size_t last = z->map.size < END ? 0 : z->map.size - END;
	size_t first = last > MAX_COMMENT ? last - MAX_COMMENT : 0, i = last;

	if (z->map.size < END)
		return damaged(z, z->map.size, "too short for an archive", err);
	while (i > first && memcmp(data + i, "PK\5\6", 4) != 0)
		i--;
	end = data + i;
	if (memcmp(end, "PK\5\6", 4) != 0)
		return damaged(z, z->map.size, "the directory of the archive is missing at its end", err);
	*n = u16(end + 10);
	*size = u32(end + 12);
	*at = u32(end + 16);
	if (i >= LOCATOR && memcmp(end - LOCATOR, "PK\6\7", 4) == 0) {	/* zip64, for archives beyond 4 GiB */
		uint64_t at64 = u64(end - LOCATOR + 8);

		if (i < LOCATOR + END64 || at64 > i - LOCATOR - END64 ||
		    memcmp(data + at64, "PK\6\6", 4) != 0)
			return damaged(z, i - LOCATOR, "the directory is not where the locator says", err);
		*n = u64(data + at64 + 32);
		*size = u64(data + at64 + 40);
		*at = u64(data + at64 + 48);
	}
	if (*at > i || *size > i - *at)
		return damaged(z, i, "the directory lies outside the file", err);
	if (*n > MAX_ARRAYS || *n > *size / ENTRY)
		return ct_fail(err, CT_EFORMAT, "%s: %llu arrays; expected at most %d, and as many as the "
		    "directory holds", z->map.path, (unsigned long long)*n, MAX_ARRAYS);
	return CT_OK;
}

/* Sizes that do not fit 32 bits are in an extra field. */
static bool
read_extra64(struct member *m, const unsigned char *extra, size_t n)
{
	uint64_t *wanted[] = { &m->size, &m->packed, &m->at };

	if (m->size != UINT32_MAX && m->packed != UINT32_MAX && m->at != UINT32_MAX)
		return true;
	while (n >= 4) {
		size_t len = u16(extra + 2), used = 0;

		if (len > n - 4)
			return false;
		if (u16(extra) == 1) {
			for (int i = 0; i < 3; i++) {
				if (*wanted[i] != UINT32_MAX)
					continue;
				if (used + 8 > len)
					return false;
				*wanted[i] = u64(extra + 4 + used);
				used += 8;
			}
			return true;
		}
		extra += 4 + len;
		n -= 4 + len;
	}
	return false;
}

/* Reads the member described at *at, which moves past it. */
static int
read_member(const struct ct_npz *z, uint64_t *at, uint64_t end, struct member *m, struct ct_error *err)
{
	const unsigned char *p = z->map.data + *at;
	size_t extra_n, comment_n;

	if (end - *at < ENTRY || memcmp(p, "PK\1\2", 4) != 0)
		return damaged(z, *at, "expected an entry of the directory", err);
	*m = (struct member){ .name = (const char *)p + ENTRY, .name_n = u16(p + 28), .method = u16(p + 10),
		.crc = u32(p + 16), .packed = u32(p + 20), .size = u32(p + 24), .at = u32(p + 42) };
	extra_n = u16(p + 30);
	comment_n = u16(p + 32);
	if (m->name_n + extra_n + comment_n > end - *at - ENTRY)
		return damaged(z, *at, "an entry of the directory does not end in it", err);
	if (m->name_n > MAX_NAME)
		return ct_fail(err, CT_EFORMAT, "%s: byte %zu: a name of %zu bytes; expected at most %d",
		    z->map.path, (size_t)*at, m->name_n, MAX_NAME);
	if (!read_extra64(m, p + ENTRY + m->name_n, extra_n))
		return damaged(z, *at, "a size of more than 32 bits is missing", err);
	if (u16(p + 8) & 1)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: the archive is encrypted", z->map.path);
	*at += ENTRY + m->name_n + extra_n + comment_n;
	return CT_OK;
}

/* Where the bytes of a member begin: somewhere before the directory. */
static int
find_data(const struct ct_npz *z, const struct member *m, uint64_t directory, const unsigned char **data,
    struct ct_error *err)
{
	const unsigned char *p = z->map.data + m->at;
	uint64_t head;

	if (m->at > directory || directory - m->at < LOCAL || memcmp(p, "PK\3\4", 4) != 0)
		return damaged(z, m->at, "expected the start of an array", err);
	head = LOCAL + u16(p + 26) + u16(p + 28);
	if (head > directory - m->at || m->packed > directory - m->at - head)
		return damaged(z, m->at, "an array reaches into the directory", err);
	*data = p + head;
	return CT_OK;
}

static int
expand(struct ct_npz *z, const struct member *m, const char *name, const unsigned char *packed,
    const unsigned char **out, struct ct_error *err)
{
	z_stream s = { 0 };
	unsigned char *dst;
	uint64_t in = m->packed, left = m->size;
	int status = Z_OK, code;

	if (m->size / MAX_RATIO > m->packed)
		return ct_fail(err, CT_EFORMAT, "%s: %s: %llu bytes cannot come of %llu compressed ones",
		    z->map.path, name, (unsigned long long)m->size, (unsigned long long)m->packed);
	code = ct_memory_check(m->size, name, "save it with numpy.savez, which does not compress", err);
	if (code != CT_OK)
		return code;
	dst = malloc(m->size ? m->size : 1);
	if (!dst)
		return ct_fail_memory(err, m->size, name);
	z->expanded[z->n_expanded++] = dst;
	z->expanded_bytes += m->size;
	if (inflateInit2(&s, -15) != Z_OK)
		return ct_fail_memory(err, 64 << 10, name);
	s.next_in = (Bytef *)(uintptr_t)packed;
	s.next_out = dst;
	while (status == Z_OK) {
		uInt feed = in < PIECE ? (uInt)in : PIECE, room = left < PIECE ? (uInt)left : PIECE;

		s.avail_in = feed;
		s.avail_out = room;
		status = inflate(&s, Z_NO_FLUSH);
		in -= feed - s.avail_in;
		left -= room - s.avail_out;
	}
	inflateEnd(&s);
	if (status != Z_STREAM_END || in || left)
		return damaged(z, (size_t)(packed - z->map.data), "damaged compressed data", err);
	for (uint64_t at = 0, crc = crc32(0, NULL, 0);; at += PIECE) {
		uint64_t n = m->size - at < PIECE ? m->size - at : PIECE;

		crc = crc32((uLong)crc, dst + at, (uInt)n);
		if (n == PIECE)
			continue;
		if (crc != m->crc)
			return damaged(z, (size_t)(packed - z->map.data), "the checksum of an array differs",
			    err);
		break;
	}
	*out = dst;
	return CT_OK;
}

static int
add_array(struct ct_npz *z, const struct member *m, uint64_t directory, struct ct_error *err)
{
	struct ct_npz_array *a = &z->arrays[z->n];
	const unsigned char *data = NULL;
	char name[MAX_NAME + 1];
	int code = find_data(z, m, directory, &data, err);

	if (code != CT_OK)
		return code;
	if (m->name_n < 5 || memcmp(m->name + m->name_n - 4, ".npy", 4) != 0) {
		ct_text_clean(name, sizeof name, m->name, m->name_n);
		return ct_fail(err, CT_EFORMAT, "%s: %s is not an array (.npy): not an archive of NumPy's",
		    z->map.path, name);
	}
	ct_text_clean(name, sizeof name, m->name, m->name_n - 4);
	a->t.name = ct_arena_strdup(&z->arena, name);
	if (!a->t.name)
		return ct_fail_memory(err, m->name_n, "the name of an array");
	a->t.file = z->map.path;
	if (m->method == 8)
		code = expand(z, m, name, data, &data, err);
	else if (m->method != 0)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: %s is compressed by method %u; expected "
		    "numpy.savez or numpy.savez_compressed", z->map.path, name, m->method);
	else if (m->packed != m->size)
		return damaged(z, m->at, "a stored array has two sizes", err);
	if (code == CT_OK)
		code = ct_npy_parse(a, data, m->size, err);
	z->n += code == CT_OK;
	return code;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct ct_npz_array *)a)->t.name, ((const struct ct_npz_array *)b)->t.name);
}

static int
read_archive(struct ct_npz *z, struct ct_error *err)
{
	uint64_t at = 0, size = 0, n = 0, directory;
	int code = find_directory(z, &at, &size, &n, err);

	if (code != CT_OK)
		return code;
	z->arrays = ct_arena_need(&z->arena, n, sizeof *z->arrays, "the list of arrays", err);
	z->expanded = ct_arena_need(&z->arena, n, sizeof *z->expanded, "the list of arrays", err);
	if (!z->arrays || !z->expanded)
		return CT_ENOMEM;
	directory = at;
	for (uint64_t i = 0; i < n; i++) {
		struct member m = { 0 };

		code = read_member(z, &at, directory + size, &m, err);
		if (code == CT_OK)
			code = add_array(z, &m, directory, err);
		if (code != CT_OK)
			return code;
	}
	if (z->n)
		qsort(z->arrays, (size_t)z->n, sizeof *z->arrays, by_name);
	for (int i = 1; i < z->n; i++)
		if (strcmp(z->arrays[i].t.name, z->arrays[i - 1].t.name) == 0)
			return ct_fail(err, CT_EFORMAT, "%s: array %s is there twice", z->map.path,
			    z->arrays[i].t.name);
	return CT_OK;
}

int
ct_npz_open(struct ct_npz **out, const char *path, struct ct_error *err)
{
	struct ct_npz *z = calloc(1, sizeof *z);
	int code;

	*out = NULL;
	if (!z)
		return ct_fail_memory(err, sizeof *z, path);
	code = ct_map_open(&z->map, path, err);
	if (code == CT_OK)
		code = ct_sniff_expect(path, z->map.data, z->map.size, CT_SNIFF_NPZ,
		    "a NumPy archive (.npz)", err);
	if (code == CT_OK)
		code = read_archive(z, err);
	if (code != CT_OK) {
		ct_npz_close(z);
		return code;
	}
	*out = z;
	return CT_OK;
}

void
ct_npz_close(struct ct_npz *z)
{
	if (!z)
		return;
	for (int i = 0; i < z->n_expanded; i++)
		free(z->expanded[i]);
	ct_map_close(&z->map);
	ct_arena_free(&z->arena);
	free(z);
}

int
ct_npz_count(const struct ct_npz *z)
{
	return z->n;
}

const struct ct_npz_array *
ct_npz_at(const struct ct_npz *z, int i)
{
	return &z->arrays[i];
}

size_t
ct_npz_expanded(const struct ct_npz *z)
{
	return z->expanded_bytes;
}

int
ct_npz_check(const struct ct_npz *z, struct ct_error *err)
{
	return ct_map_check(&z->map, err);
}

uint32_t
ct_npz_digest(const struct ct_npz *z, uint32_t digest)
{
	uLong crc = digest;

	for (int i = 0; i < z->n; i++) {
		const struct ct_tensor *t = &z->arrays[i].t;
		size_t n = t->count * ct_dtype_size(t->dtype), page = n < DIGEST_PAGE ? n : DIGEST_PAGE;

		crc = crc32(crc, (const Bytef *)t->name, (uInt)strlen(t->name));
		crc = crc32(crc, (const Bytef *)t->dim, (uInt)((size_t)t->rank * sizeof *t->dim));
		if (n == 0 || z->arrays[i].unread)
			continue;
		crc = crc32(crc, t->data, (uInt)page);
		crc = crc32(crc, (const Bytef *)t->data + (n - page) / 2, (uInt)page);
		crc = crc32(crc, (const Bytef *)t->data + n - page, (uInt)page);
	}
	return (uint32_t)crc;
}
