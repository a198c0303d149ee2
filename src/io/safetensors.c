/*
 * safetensors: see safetensors.h. A file is: u64 LE length N, N bytes of JSON
 * {name: {dtype, shape, data_offsets}}, data. Offsets count from byte 8+N.
 */
#include "io/safetensors.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"
#include "io/folder.h"
#include "io/json.h"
#include "io/sniff.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensors are used in place: a little-endian machine is needed"
#endif

enum { MAX_HEADER = 16 << 20, MAX_INDEX = 64 << 20, MAX_SHARDS = 4096, MAX_NAME = 256, DIGEST_PAGE = 4096 };

/* Every dtype of the format; `read` is its ct_dtype, or -1 where we only need the size for the layout. */
static const struct dtype {
	const char *name;
	int size, read;
} dtypes[] = {
	{ "F32", 4, CT_F32 }, { "F16", 2, CT_F16 }, { "BF16", 2, CT_BF16 }, { "F64", 8, CT_F64 },
	{ "BOOL", 1, -1 }, { "U8", 1, -1 }, { "I8", 1, -1 }, { "F8_E5M2", 1, -1 }, { "F8_E4M3", 1, -1 },
	{ "I16", 2, -1 }, { "U16", 2, -1 }, { "I32", 4, -1 }, { "U32", 4, -1 }, { "I64", 8, -1 },
	{ "U64", 8, -1 }, { "F8_E8M0", 1, -1 }, { "F8_E4M3FNUZ", 1, -1 }, { "F8_E5M2FNUZ", 1, -1 },
	    { "C64", 8, -1 },
};

/*
 * A dtype that the table lacks, such as F4 with two values in a byte: only the offsets say how large it is.
 */
static const struct dtype unknown_dtype = { "", 0, -1 };

struct entry {
	struct ct_tensor t;
	const struct dtype *dtype;
	const char *dtype_name;		/* lent by the table, or kept in the arena when the table lacks it */
	size_t begin, end;		/* in the file's data */
	bool marked;
};

struct ct_tensors {
	struct ct_arena arena;		/* names, entries */
	struct ct_map *maps;
	int n_maps, room_maps;
	struct entry *all;		/* sorted by name */
	int n_all, room_all;
	const struct ct_tensor **list;	/* the readable ones, by name */
	int n;
};

static const struct dtype *
find_dtype(const char *name)
{
	for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
		if (strcmp(dtypes[i].name, name) == 0)
			return &dtypes[i];
	return &unknown_dtype;
}

/* A JSON value as a size; false when it is not a whole number from 0 on. */
static bool
as_size(const json_t *v, size_t *out)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*out = (size_t)json_integer_value(v);
	return true;
}

static int
read_shape(struct entry *e, const json_t *shape, const char *path, struct ct_error *err)
{
	size_t n = json_array_size(shape);

	if (!json_is_array(shape) || n > CT_MAX_RANK)
		return ct_fail(err, CT_EFORMAT, "%s: tensor %s: \"shape\": expected a list of at most %d "
		    "sizes", path, e->t.name, CT_MAX_RANK);
	e->t.rank = (int)n;
	e->t.count = 1;
	for (size_t i = 0; i < n; i++) {
		size_t *dim = &e->t.dim[i];

		if (!as_size(json_array_get(shape, i), dim))
			return ct_fail(err, CT_EFORMAT, "%s: tensor %s: \"shape\"[%zu] is not a size", path,
			    e->t.name, i);
		if (*dim && e->t.count > SIZE_MAX / 8 / *dim)
			return ct_fail(err, CT_EFORMAT, "%s: tensor %s: the product of \"shape\" overflows",
			    path, e->t.name);
		e->t.count *= *dim;
	}
	return CT_OK;
}

static int
read_entry(struct ct_tensors *set, struct entry *e, const json_t *v, const char *path, struct ct_error *err)
{
	const json_t *dtype = json_object_get(v, "dtype"), *offsets = json_object_get(v, "data_offsets");
	size_t bytes;
	int code;

	if (strlen(e->t.name) > MAX_NAME)
		return ct_fail(err, CT_EFORMAT, "%s: the name of tensor %.40s... has %zu bytes; expected at "
		    "most %d", path, e->t.name, strlen(e->t.name), MAX_NAME);
	if (!json_is_object(v) || !json_is_string(dtype) || json_array_size(offsets) != 2)
		return ct_fail(err, CT_EFORMAT, "%s: tensor %s: expected {\"dtype\", \"shape\", "
		    "\"data_offsets\": [begin, end]}", path, e->t.name);
	e->dtype = find_dtype(json_string_value(dtype));
	e->dtype_name = e->dtype->size ? e->dtype->name :
	    ct_arena_strdup(&set->arena, json_string_value(dtype));
	if (!e->dtype_name)
		return ct_fail_memory(err, json_string_length(dtype), "the name of a dtype");
	e->t.dtype = e->dtype->read >= 0 ? (enum ct_dtype)e->dtype->read : CT_F32;
	code = read_shape(e, json_object_get(v, "shape"), path, err);
	if (code != CT_OK)
		return code;
	if (!as_size(json_array_get(offsets, 0), &e->begin) || !as_size(json_array_get(offsets, 1), &e->end))
		return ct_fail(err, CT_EFORMAT, "%s: tensor %s: \"data_offsets\" are not sizes", path,
		    e->t.name);
	if (e->begin > e->end)
		return ct_fail(err, CT_EFORMAT, "%s: tensor %s: begins at byte %zu and ends before, at byte "
		    "%zu", path, e->t.name, e->begin, e->end);
	bytes = e->t.count * (size_t)e->dtype->size;
	if (e->dtype != &unknown_dtype && e->end - e->begin != bytes)
		return ct_fail(err, CT_EFORMAT, "%s: tensor %s: its shape needs %zu bytes of %s, its offsets "
		    "span %zu", path, e->t.name, bytes, e->dtype_name, e->end - e->begin);
	return CT_OK;
}

static int
by_offset(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

static int
by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->t.name, y->t.name);
}

/* Tensors must cover the data without gaps: bytes that belong to no tensor could hide anything. */
static int
check_tiling(struct entry *e, int n, const char *path, size_t data_size, struct ct_error *err)
{
	size_t at = 0;

	qsort(e, (size_t)n, sizeof *e, by_offset);
	for (int i = 0; i < n; i++) {
		if (e[i].begin < at)
			return ct_fail(err, CT_EFORMAT, "%s: tensor %s begins at byte %zu, inside tensor %s",
			    path, e[i].t.name, e[i].begin, e[i - 1].t.name);
		if (e[i].begin > at)
			return ct_fail(err, CT_EFORMAT, "%s: bytes %zu to %zu before tensor %s belong to no "
			    "tensor", path, at, e[i].begin, e[i].t.name);
		at = e[i].end;
	}
	if (at != data_size)
		return ct_fail(err, CT_EFORMAT, "%s: %zu bytes after the last tensor belong to no tensor",
		    path, data_size - at);
	return CT_OK;
}

/* Room for n more entries. */
static int
reserve(struct ct_tensors *t, size_t n, struct ct_error *err)
{
	size_t room = (size_t)t->n_all + n;
	struct entry *all;

	if (room <= (size_t)t->room_all)
		return CT_OK;
	all = realloc(t->all, room * sizeof *all);
	if (!all)
		return ct_fail_memory(err, room * sizeof *all, "the list of tensors");
	t->all = all;
	t->room_all = (int)room;
	return CT_OK;
}

static int
cut_off(const struct ct_map *m, size_t whole, struct ct_error *err)
{
	return ct_fail(err, CT_EFORMAT, "%s: cut off at %zu of %zu bytes; download it again", m->path,
	    m->size, whole);
}

static int
add_entries(struct ct_tensors *t, const struct ct_map *m, json_t *header, size_t data_at,
    struct ct_error *err)
{
	struct entry *first;
	size_t data_size = m->size - data_at, names = 0, end = 0;
	char *name_at;
	const char *name;
	json_t *v;
	int n = 0, code;

	code = reserve(t, json_object_size(header), err);
	if (code != CT_OK)
		return code;
	json_object_foreach(header, name, v)
		names += strlen(name) + 1;
	name_at = ct_arena_need(&t->arena, names, 1, "tensor names", err);
	if (!name_at)
		return CT_ENOMEM;
	first = t->all + t->n_all;
	json_object_foreach(header, name, v) {
		struct entry *e = &first[n];
		size_t len = strlen(name) + 1;

		if (strcmp(name, "__metadata__") == 0)
			continue;
		*e = (struct entry){ .t = { .name = memcpy(name_at, name, len), .file = m->path } };
		name_at += len;
		code = read_entry(t, e, v, m->path, err);
		if (code != CT_OK)
			return code;
		end = e->end > end ? e->end : end;
		e->t.data = m->data + data_at + e->begin;
		n++;
	}
	if (end > data_size && end <= SIZE_MAX - data_at)
		return cut_off(m, data_at + end, err);
	if (end > data_size)
		return ct_fail(err, CT_EFORMAT, "%s: tensors up to byte %zu of %zu bytes of data", m->path,
		    end, data_size);
	code = check_tiling(first, n, m->path, data_size, err);
	t->n_all += n;
	return code;
}

static int
read_header(struct ct_tensors *t, const struct ct_map *m, struct ct_error *err)
{
	char name[PATH_MAX + 16];
	uint64_t len = 0;
	size_t max;
	json_t *header;
	int code;

	code = ct_sniff_expect(m->path, m->data, m->size, CT_SNIFF_SAFETENSORS, "a safetensors file", err);
	if (code != CT_OK)
		return code;
	if (m->size <= 8)
		return ct_fail(err, CT_EFORMAT, "%s: %zu bytes are too few for a safetensors file", m->path,
		    m->size);
	memcpy(&len, m->data, 8);
	if (m->size > 8 && m->data[8] == '{' && len > m->size - 8 && len <= MAX_HEADER)
		return ct_fail(err, CT_EFORMAT, "%s: cut off at %zu bytes, within its header of %llu; "
		    "download it again", m->path, m->size, (unsigned long long)len);
	max = m->size - 8 < MAX_HEADER ? m->size - 8 : MAX_HEADER;
	if (len > max)
		return ct_fail(err, CT_EFORMAT, "%s: the header's length at byte 0 is %llu; expected at most "
		    "%zu", m->path, (unsigned long long)len, max);
	if (len == 0 || m->data[8] != '{')
		return ct_fail(err, CT_EFORMAT, "%s: byte 8: expected '{', the start of the header", m->path);
	snprintf(name, sizeof name, "%s (header)", m->path);
	code = ct_json_parse(&header, name, (const char *)m->data + 8, len, err);
	if (code != CT_OK)
		return code;
	code = add_entries(t, m, header, 8 + len, err);
	json_decref(header);
	return code;
}

static int
add_file(struct ct_tensors *t, const char *path, struct ct_error *err)
{
	int code = ct_map_open(&t->maps[t->n_maps], path, err);

	if (code != CT_OK)
		return code;
	return read_header(t, &t->maps[t->n_maps++], err);
}

/* Once all files are read: sorts by name, refuses duplicates, and lists the tensors that can be read. */
static int
finish(struct ct_tensors *t, struct ct_error *err)
{
	/* the array of an empty set is NULL */
	if (t->n_all)
		qsort(t->all, (size_t)t->n_all, sizeof *t->all, by_name);
	t->list = ct_arena_need(&t->arena, (size_t)t->n_all, sizeof *t->list, "the list of tensors", err);
	if (!t->list)
		return CT_ENOMEM;
	for (int i = 0; i < t->n_all; i++) {
		const struct entry *e = &t->all[i];

		if (i && strcmp(e->t.name, e[-1].t.name) == 0)
			return ct_fail(err, CT_EFORMAT, "%s: tensor %s is in %s too", e->t.file, e->t.name,
			    e[-1].t.file);
		if (e->dtype->read >= 0)
			t->list[t->n++] = &e->t;
	}
	return CT_OK;
}

static struct ct_tensors *
new_set(int files, struct ct_error *err)
{
	struct ct_tensors *t = calloc(1, sizeof *t);

	if (t)
		t->maps = calloc((size_t)files, sizeof *t->maps);
	if (!t || !t->maps) {
		ct_fail_memory(err, (size_t)files * sizeof *t->maps, "the list of files");
		free(t);
		return NULL;
	}
	return t;
}

int
ct_tensors_open(struct ct_tensors **out, const char *path, struct ct_error *err)
{
	struct ct_tensors *t = new_set(1, err);
	int code;

	*out = NULL;
	if (!t)
		return CT_ENOMEM;
	code = add_file(t, path, err);
	if (code == CT_OK)
		code = finish(t, err);
	if (code != CT_OK) {
		ct_tensors_close(t);
		return code;
	}
	*out = t;
	return CT_OK;
}

/* A shard must be in the folder of its index: a name with a slash could point anywhere. */
static bool
plain_name(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int
add_shards(struct ct_tensors *t, const char *dir, const char *index, const json_t *map, struct ct_error *err)
{
	json_t *seen = json_object(), *v;
	const char *name;
	int code = seen ? CT_OK : ct_fail_memory(err, sizeof *seen, index);

	json_object_foreach((json_t *)(uintptr_t)map, name, v) {
		const char *file = json_string_value(v);
		char *path;

		if (code != CT_OK || (file && json_object_get(seen, file)))
			continue;
		if (!file || !plain_name(file)) {
			code = ct_fail(err, CT_EFORMAT, "%s: tensor %s: expected the name of a file in "
			    "the folder of the index", index, name);
			continue;
		}
		if (t->n_maps == MAX_SHARDS) {
			code = ct_fail(err, CT_EFORMAT, "%s: more than %d files", index, MAX_SHARDS);
			continue;
		}
		path = ct_path_join(dir, file);
		if (!path || json_object_set_new(seen, file, json_true()) != 0)
			code = ct_fail_memory(err, strlen(file), index);
		else
			code = add_file(t, path, err);
		free(path);
	}
	json_decref(seen);
	return code;
}

/* Each tensor must be in the file that the index says it is in. */
static int
check_index(const struct ct_tensors *t, const char *index, json_t *map, struct ct_error *err)
{
	const char *name;
	json_t *v;

	json_object_foreach(map, name, v) {
		struct entry key = { .t = { .name = name } };
		const struct entry *e = bsearch(&key, t->all, (size_t)t->n_all, sizeof *t->all, by_name);
		const char *base = e ? strrchr(e->t.file, '/') : NULL;

		if (!e || strcmp(base ? base + 1 : e->t.file, json_string_value(v)) != 0)
			return ct_fail(err, CT_EFORMAT, "%s: tensor %s is not in %s", index, name,
			    json_string_value(v));
	}
	return CT_OK;
}

static int
open_sharded(struct ct_tensors **out, const char *dir, const char *index, struct ct_error *err)
{
	struct ct_tensors *t = NULL;
	json_t *root = NULL, *map;
	int code = ct_json_load(&root, index, MAX_INDEX, err);

	if (code != CT_OK)
		return code;
	map = json_object_get(root, "weight_map");
	if (!json_is_object(map)) {
		code = ct_fail(err, CT_EFORMAT, "%s: \"weight_map\" is missing or not an object", index);
		goto fail;
	}
	t = new_set(MAX_SHARDS, err);
	if (!t) {
		code = CT_ENOMEM;
		goto fail;
	}
	code = add_shards(t, dir, index, map, err);
	if (code == CT_OK)
		code = finish(t, err);
	if (code == CT_OK)
		code = check_index(t, index, map, err);
	if (code != CT_OK)
		goto fail;
	json_decref(root);
	*out = t;
	return CT_OK;
fail:
	json_decref(root);
	ct_tensors_close(t);
	return code;
}

int
ct_tensors_open_model(struct ct_tensors **out, const char *dir, struct ct_error *err)
{
	char *single = ct_path_join(dir, "model.safetensors");
	char *index = ct_path_join(dir, "model.safetensors.index.json");
	int code;

	*out = NULL;
	if (!single || !index)
		code = ct_fail_memory(err, strlen(dir), "a path");
	else if (!ct_file_exists(single) && ct_file_exists(index))
		code = open_sharded(out, dir, index, err);
	else if (!ct_file_missing(single) || (code = ct_folder_explain(dir, CT_FOLDER_WEIGHTS, err)) == CT_OK)
		code = ct_tensors_open(out, single, err);
	free(single);
	free(index);
	return code;
}

void
ct_tensors_close(struct ct_tensors *t)
{
	if (!t)
		return;
	for (int i = 0; i < t->n_maps; i++)
		ct_map_close(&t->maps[i]);
	free(t->maps);
	free(t->all);
	ct_arena_free(&t->arena);
	free(t);
}

int
ct_tensors_count(const struct ct_tensors *t)
{
	return t->n;
}

const struct ct_tensor *
ct_tensors_at(const struct ct_tensors *t, int i)
{
	return t->list[i];
}

static const struct entry *
find(const struct ct_tensors *t, const char *name)
{
	struct entry key = { .t = { .name = name } };

	return t->n_all ? bsearch(&key, t->all, (size_t)t->n_all, sizeof *t->all, by_name) : NULL;
}

const struct ct_tensor *
ct_tensors_find(const struct ct_tensors *t, const char *name)
{
	const struct entry *e = find(t, name);

	return e && e->dtype->read >= 0 ? &e->t : NULL;
}

const struct ct_tensor *
ct_tensors_any(const struct ct_tensors *t, int i, const char **unread)
{
	*unread = i < t->n_all && t->all[i].dtype->read < 0 ? t->all[i].dtype_name : NULL;
	return i < t->n_all ? &t->all[i].t : NULL;
}

const char *
ct_tensors_unread(const struct ct_tensors *t, const char *name)
{
	const struct entry *e = find(t, name);

	return e && e->dtype->read < 0 ? e->dtype_name : NULL;
}

void
ct_tensors_mark(struct ct_tensors *t, const char *name)
{
	const struct entry *e = find(t, name);

	if (e)
		t->all[e - t->all].marked = true;
}

const char *
ct_tensors_unmarked(const struct ct_tensors *t, int *at)
{
	while (*at < t->n_all && t->all[*at].marked)
		++*at;
	return *at < t->n_all ? t->all[(*at)++].t.name : NULL;
}

int
ct_tensors_check(const struct ct_tensors *t, struct ct_error *err)
{
	for (int i = 0; i < t->n_maps; i++) {
		int code = ct_map_check(&t->maps[i], err);

		if (code != CT_OK)
			return code;
	}
	return CT_OK;
}

uint32_t
ct_tensors_digest(const struct ct_tensors *t, uint32_t digest)
{
	uLong crc = digest;

	for (int i = 0; i < t->n_all; i++) {
		const struct entry *e = &t->all[i];
		size_t n = e->end - e->begin, page = n < DIGEST_PAGE ? n : DIGEST_PAGE;
		const Bytef *data = e->t.data;

		crc = crc32(crc, (const Bytef *)e->t.name, (uInt)strlen(e->t.name));
		crc = crc32(crc, (const Bytef *)e->t.dim, (uInt)((size_t)e->t.rank * sizeof *e->t.dim));
		if (n == 0)
			continue;
		crc = crc32(crc, data, (uInt)page);
		crc = crc32(crc, data + (n - page) / 2, (uInt)page);
		crc = crc32(crc, data + n - page, (uInt)page);
	}
	return (uint32_t)crc;
}
