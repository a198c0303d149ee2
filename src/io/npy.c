/* npy: see npy.h. */
#include "io/npy.h"

#include <stdio.h>
#include <string.h>

enum { MAGIC = 6, MAX_HEADER = 65536, MAX_TYPE = 24 };

/* numpy's types; `read` is the ct_dtype, or -1 if it is not read and only its size is needed. */
static const struct type {
	char kind;
	int size, read;
	const char *name;
} types[] = {
	{ 'f', 4, CT_F32, "float32" }, { 'f', 2, CT_F16, "float16" }, { 'f', 8, CT_F64, "float64" },
	{ 'i', 1, -1, "int8" }, { 'i', 2, -1, "int16" }, { 'i', 4, -1, "int32" }, { 'i', 8, -1, "int64" },
	{ 'u', 1, -1, "uint8" }, { 'u', 2, -1, "uint16" }, { 'u', 4, -1, "uint32" },
	    { 'u', 8, -1, "uint64" },
	{ 'b', 1, -1, "bool" },
};

/* The header's text, which is read from left to right. */
struct reader {
	const struct ct_npz_array *a;
	const char *p, *end;
	struct ct_error *err;
};

static int
fail(const struct reader *r, const char *expected)
{
	return ct_fail(r->err, CT_EFORMAT, "%s: %s: the header of the array: expected %s", r->a->t.file,
	    r->a->t.name, expected);
}

static void
skip_blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t'))
		r->p++;
}

static bool
take(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* A string in either quotes, without escapes. */
static bool
take_string(struct reader *r, char *dst, size_t size)
{
	char quote;
	size_t n = 0;

	skip_blanks(r);
	if (r->p == r->end || (*r->p != '\'' && *r->p != '"'))
		return false;
	quote = *r->p++;
	while (r->p < r->end && *r->p != quote) {
		if (n + 1 == size || *r->p == '\\' || *r->p < ' ')
			return false;
		dst[n++] = *r->p++;
	}
	dst[n] = '\0';
	return take(r, quote);
}

static bool
take_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	skip_blanks(r);
	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
		return false;
	r->p += n;
	return true;
}

static int
read_shape(struct reader *r, struct ct_tensor *t)
{
	t->count = 1;
	if (!take(r, '('))
		return fail(r, "a shape in parentheses");
	while (!take(r, ')')) {
		size_t dim = 0;
		const char *first;

		skip_blanks(r);
		first = r->p;
		for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
			if (dim > SIZE_MAX / 16)
				return fail(r, "sizes that fit the memory");
			dim = 10 * dim + (size_t)(*r->p - '0');
		}
		if (r->p == first || t->rank == CT_MAX_RANK)
			return fail(r, "a shape of at most 8 sizes");
		if (dim && t->count > SIZE_MAX / 8 / dim)
			return fail(r, "a shape whose product does not overflow");
		t->dim[t->rank++] = dim;
		t->count *= dim;
		if (!take(r, ',') && (r->p == r->end || *r->p != ')'))
			return fail(r, "a comma between sizes");
	}
	return CT_OK;
}

/* "<f4" and the like. */
static int
read_type(struct ct_npz_array *a, const char *descr, size_t *size, struct ct_error *err)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		char text[8];

		snprintf(text, sizeof text, "%c%d", types[i].kind, types[i].size);
		if (!*descr || strcmp(descr + 1, text) != 0 ||
		    !strchr(types[i].size == 1 ? "|<>=" : "<>=", *descr))
			continue;
		if (*descr == '>')
			return ct_fail(err, CT_EUNSUPPORTED, "%s: array %s is big-endian (%s); save it as "
			    "little-endian", a->t.file, a->t.name, descr);
		if (types[i].read < 0)
			a->unread = types[i].name;
		else
			a->t.dtype = (enum ct_dtype)types[i].read;
		*size = (size_t)types[i].size;
		return CT_OK;
	}
	return ct_fail(err, CT_EUNSUPPORTED, "%s: array %s has the type %s; expected float32, float16 or "
	    "float64", a->t.file, a->t.name, descr);
}

static int
read_header(struct ct_npz_array *a, const char *text, size_t n, size_t *size, struct ct_error *err)
{
	struct reader r = { a, text, text + n, err };
	char key[MAX_TYPE], descr[MAX_TYPE] = "";
	bool shaped = false, ordered = false;
	int code = CT_OK;

	if (!take(&r, '{'))
		return fail(&r, "a dict");
	while (!take(&r, '}')) {
		if (!take_string(&r, key, sizeof key) || !take(&r, ':'))
			return fail(&r, "a key");
		if (strcmp(key, "descr") == 0 && !*descr) {
			if (!take_string(&r, descr, sizeof descr))
				return ct_fail(err, CT_EUNSUPPORTED, "%s: array %s has a type of several "
				    "fields; expected float32, float16 or float64", a->t.file, a->t.name);
		} else if (strcmp(key, "fortran_order") == 0 && !ordered) {
			ordered = true;
			a->by_column = take_word(&r, "True");
			if (!a->by_column && !take_word(&r, "False"))
				return fail(&r, "fortran_order True or False");
		} else if (strcmp(key, "shape") == 0 && !shaped) {
			shaped = true;
			code = read_shape(&r, &a->t);
		} else {
			return fail(&r, "descr, fortran_order and shape, each once");
		}
		if (code != CT_OK)
			return code;
		if (!take(&r, ',') && (r.p == r.end || *r.p != '}'))
			return fail(&r, "a comma between keys");
	}
	if (!*descr || !ordered || !shaped)
		return fail(&r, "descr, fortran_order and shape");
	a->by_column = a->by_column && a->t.rank > 1;
	return read_type(a, descr, size, err);
}

int
ct_npy_parse(struct ct_npz_array *a, const unsigned char *data, size_t n, struct ct_error *err)
{
	size_t header, at, size = 0, bytes;
	int code;

	if (n < MAGIC + 4 || memcmp(data, "\x93NUMPY", MAGIC) != 0)
		return ct_fail(err, CT_EFORMAT, "%s: %s does not begin as an array of NumPy's does",
		    a->t.file, a->t.name);
	header = (size_t)data[8] | (size_t)data[9] << 8;
	at = MAGIC + 4;
	if (data[6] == 2 || data[6] == 3) {
		if (n < MAGIC + 6)
			return ct_fail(err, CT_EFORMAT, "%s: %s ends in its header", a->t.file, a->t.name);
		header |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
		at += 2;
	} else if (data[6] != 1) {
		return ct_fail(err, CT_EUNSUPPORTED, "%s: array %s is of version %d of the format; expected "
		    "1, 2 or 3", a->t.file, a->t.name, data[6]);
	}
	if (header > n - at || header > MAX_HEADER)
		return ct_fail(err, CT_EFORMAT, "%s: %s: the header has %zu bytes, the array %zu", a->t.file,
		    a->t.name, header, n);
	code = read_header(a, (const char *)data + at, header, &size, err);
	if (code != CT_OK)
		return code;
	at += header;
	bytes = a->t.count * size;
	if (n - at != bytes)
		return ct_fail(err, CT_EFORMAT, "%s: array %s: its shape needs %zu bytes, it has %zu",
		    a->t.file, a->t.name, bytes, n - at);
	a->t.data = data + at;
	return CT_OK;
}
