/*
 * npz: archives as numpy writes them, put together here byte by byte; and each fault in one gives its
 * exact line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <cmocka.h>

#include "io/npz.h"
#include "scratch.h"

enum { ROOM = 1 << 16, LOCAL = 30, ENTRY = 46, EXTRA = 37 };

/* An archive being written; zip64: sizes and places as files of more than 4 GiB have them. */
struct zip {
	bool zip64;
	unsigned char data[ROOM], directory[ROOM];
	size_t n, directory_n;
	int members;
};

static void
put(unsigned char *at, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

/* A .npy of that header and so many bytes of data, counting up; returns its size. */
static size_t
make_npy(unsigned char *dst, int version, const char *header, size_t n)
{
	size_t len = strlen(header), at = version == 1 ? 10 : 12;

	memcpy(dst, "\x93NUMPY", 6);
	dst[6] = (unsigned char)version;
	dst[7] = 0;
	put(dst + 8, len, version == 1 ? 2 : 4);
	memcpy(dst + at, header, len);
	for (size_t i = 0; i < n; i++)
		dst[at + len + i] = (unsigned char)i;
	return at + len + n;
}

/* Adds a member, deflated or stored. */
static void
add(struct zip *z, const char *name, const unsigned char *data, size_t n, bool deflated)
{
	static unsigned char packed[ROOM];
	unsigned char *local = z->data + z->n, *entry = z->directory + z->directory_n;
	size_t name_n = strlen(name), packed_n = n;

	memcpy(packed, data, n);
	if (deflated) {
		z_stream s = { .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)n, .next_out = packed,
			.avail_out = ROOM };

		assert_int_equal(deflateInit2(&s, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
		assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
		packed_n = s.total_out;
		deflateEnd(&s);
	}
	memset(local, 0, LOCAL);
	memset(entry, 0, ENTRY);
	memcpy(local, "PK\3\4", 4);
	memcpy(entry, "PK\1\2", 4);
	put(local + 26, name_n, 2);
	put(entry + 10, deflated ? 8 : 0, 2);
	put(entry + 16, crc32(0, data, (uInt)n), 4);
	put(entry + 20, packed_n, 4);
	put(entry + 24, n, 4);
	put(entry + 28, name_n, 2);
	put(entry + 42, z->n, 4);
	memcpy(local + LOCAL, name, name_n);
	memcpy(entry + ENTRY, name, name_n);
	memcpy(local + LOCAL + name_n, packed, packed_n);
	if (z->zip64) {		/* behind a field that is something else, a time */
		unsigned char *extra = entry + ENTRY + name_n;

		memset(entry + 20, 0xFF, 8);
		memset(entry + 42, 0xFF, 4);
		put(entry + 30, EXTRA, 2);
		put(extra, 0x5455, 2);
		put(extra + 2, 5, 2);
		put(extra + 9, 1, 2);
		put(extra + 11, 24, 2);
		put(extra + 13, n, 8);
		put(extra + 21, packed_n, 8);
		put(extra + 29, z->n, 8);
	}
	z->n += LOCAL + name_n + packed_n;
	z->directory_n += ENTRY + name_n + (z->zip64 ? EXTRA : 0);
	z->members++;
}

/* Writes it as NAME. */
static void
finish(struct zip *z, const char *name)
{
	size_t directory = z->n;
	unsigned char *end;

	memcpy(z->data + z->n, z->directory, z->directory_n);
	z->n += z->directory_n;
	if (z->zip64) {
		unsigned char *record = z->data + z->n;

		memset(record, 0, 76);
		memcpy(record, "PK\6\6", 4);
		put(record + 32, (uint64_t)z->members, 8);
		put(record + 40, z->directory_n, 8);
		put(record + 48, directory, 8);
		memcpy(record + 56, "PK\6\7", 4);
		put(record + 64, z->n, 8);
		z->n += 76;
	}
	end = z->data + z->n;
	memset(end, 0, 22);
	memcpy(end, "PK\5\6", 4);
	put(end + 10, z->zip64 ? 0xFFFF : (uint64_t)z->members, 2);
	put(end + 12, z->zip64 ? UINT32_MAX : z->directory_n, 4);
	put(end + 16, z->zip64 ? UINT32_MAX : directory, 4);
	z->n += 22;
	scratch_write(name, z->data, z->n);
}

#define HEADER "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }  \n"

static void
arrays_are_read(void **state)
{
	static unsigned char npy[ROOM];
	static struct zip z;
	struct ct_error err = { 0 };
	struct ct_npz *npz;
	const struct ct_npz_array *a;

	(void)state;
	for (int zip64 = 0; zip64 < 2; zip64++) {
		memset(&z, 0, sizeof z);
		z.zip64 = zip64;
		add(&z, "m.npy", npy, make_npy(npy, 1, HEADER, 24), false);
		add(&z, "b.npy", npy, make_npy(npy, 2, "{\"shape\": (5,), \"fortran_order\": True, "
		    "\"descr\": \"<f2\"}", 10), true);
		add(&z, "k.npy", npy,
		    make_npy(npy, 3, "{'descr':\t'<i8',\n'fortran_order': False, 'shape': (), }", 8), false);
		add(&z, "c.npy", npy, make_npy(npy, 1, "{'descr': '<f8', 'fortran_order': True, 'shape': (2, "
		    "2), }", 32), true);
		finish(&z, "a.npz");
		if (ct_npz_open(&npz, "a.npz", &err) != CT_OK)
			fail_msg("%s", err.msg);
		assert_int_equal(ct_npz_count(npz), 4);
		a = ct_npz_at(npz, 0);
		assert_string_equal(a->t.name, "b");
		assert_true(a->t.dtype == CT_F16 && a->t.rank == 1 && a->t.dim[0] == 5 && !a->by_column &&
		    !a->unread);
		a = ct_npz_at(npz, 1);
		assert_true(a->t.dtype == CT_F64 && a->t.rank == 2 && a->t.count == 4 && a->by_column);
		a = ct_npz_at(npz, 2);
		assert_string_equal(a->unread, "int64");
		assert_true(a->t.rank == 0 && a->t.count == 1);
		a = ct_npz_at(npz, 3);
		assert_string_equal(a->t.name, "m");
		assert_true(a->t.dtype == CT_F32 && a->t.dim[0] == 2 && a->t.dim[1] == 3 && !a->by_column);
		for (int i = 0; i < 24; i++)
			assert_int_equal(((const unsigned char *)a->t.data)[i], i);
		assert_int_equal(ct_npz_check(npz, &err), CT_OK);
		assert_true(ct_npz_expanded(npz) > 32 && ct_npz_expanded(npz) < 512);
		assert_int_not_equal(ct_npz_digest(npz, 0), 0);
		ct_npz_close(npz);
	}
}

/* Headers of one stored array of 24 bytes of data. */
static const struct {
	const char *header, *message;
} headers[] = {
	{ "[]", "b.npz: m: the header of the array: expected a dict" },
	{ "{}", "b.npz: m: the header of the array: expected descr, fortran_order and shape" },
	{ "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)",
	  "b.npz: m: the header of the array: expected a comma between keys" },
	{ "{'descr' '<f4'}", "b.npz: m: the header of the array: expected a key" },
	{ "{'descr': '<f4', 'descr': '<f4'}",
	  "b.npz: m: the header of the array: expected descr, fortran_order and shape, each once" },
	{ "{'descr': '<f4', 'fortran_order': 0, 'shape': (6,)}",
	  "b.npz: m: the header of the array: expected fortran_order True or False" },
	{ "{'descr': '<f4', 'fortran_order': False, 'shape': [6]}",
	  "b.npz: m: the header of the array: expected a shape in parentheses" },
	{ "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,)}",
	  "b.npz: m: the header of the array: expected a shape of at most 8 sizes" },
	{ "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,6)}",
	  "b.npz: m: the header of the array: expected a shape of at most 8 sizes" },
	{ "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
	  "b.npz: m: the header of the array: expected a shape whose product does not overflow" },
	{ "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
	  "b.npz: m: the header of the array: expected sizes that fit the memory" },
	{ "{'descr': '<f4', 'fortran_order': False, 'shape': (7,)}",
	  "b.npz: array m: its shape needs 28 bytes, it has 24" },
	{ "{'descr': '>f4', 'fortran_order': False, 'shape': (6,)}",
	  "b.npz: array m is big-endian (>f4); save it as little-endian" },
	{ "{'descr': '|O', 'fortran_order': False, 'shape': (6,)}",
	  "b.npz: array m has the type |O; expected float32, float16 or float64" },
	{ "{'descr': '<V2', 'fortran_order': False, 'shape': (12,)}",
	  "b.npz: array m has the type <V2; expected float32, float16 or float64" },
	{ "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (6,)}",
	  "b.npz: array m has a type of several fields; expected float32, float16 or float64" },
};

static void
expect(const char *name, const char *message)
{
	struct ct_error err = { 0 };
	struct ct_npz *npz = (void *)1;

	if (ct_npz_open(&npz, name, &err) == CT_OK)
		fail_msg("opens; expected: %s", message);
	assert_string_equal(err.msg, message);
	assert_null(npz);
}

static void
bad_headers_are_named(void **state)
{
	static unsigned char npy[ROOM];
	static struct zip z;

	(void)state;
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		memset(&z, 0, sizeof z);
		add(&z, "m.npy", npy, make_npy(npy, 1, headers[i].header, 24), false);
		finish(&z, "b.npz");
		expect("b.npz", headers[i].message);
	}
}

/*
 * A number changed in an archive of a stored and a deflated array: in its directory, or counted from its
 * end.
 */
static const struct {
	bool from_end;
	int at, bytes;
	uint64_t value;
	const char *message;
} changes[] = {
	{ true, -22, 1, 0, "b.npz: byte 383: the directory of the archive is missing at its end; is the "
	    "archive cut off or damaged? Download it again" },
	{ true, -12, 2, 9, "b.npz: 9 arrays; expected at most 4096, and as many as the directory holds" },
	{ true, -6, 4, 999, "b.npz: byte 361: the directory lies outside the file; is the archive cut off or "
	    "damaged? Download it again" },
	{ false, 0, 1, 0, "b.npz: byte 259: expected an entry of the directory; is the archive cut off or "
	    "damaged? Download it again" },
	{ false, 8, 2, 1, "b.npz: the archive is encrypted" },
	{ false, 10, 2, 12, "b.npz: m is compressed by method 12; expected numpy.savez or "
	    "numpy.savez_compressed" },
	{ false, 24, 4, 1, "b.npz: byte 0: a stored array has two sizes; is the archive cut off or damaged? "
	    "Download it again" },
	{ false, 24, 4, UINT32_MAX, "b.npz: byte 259: a size of more than 32 bits is missing; is the archive "
	    "cut off or damaged? Download it again" },
	{ false, 28, 2, 300, "b.npz: byte 259: an entry of the directory does not end in it; is the archive "
	    "cut off or damaged? Download it again" },
	{ false, 42, 4, 9999, "b.npz: byte 9999: expected the start of an array; is the archive cut off or "
	    "damaged? Download it again" },
	{ false, 42, 4, 1, "b.npz: byte 1: expected the start of an array; is the archive cut off or "
	    "damaged? Download it again" },
	{ false, 20, 4, 500, "b.npz: byte 0: an array reaches into the directory; is the archive cut off or "
	    "damaged? Download it again" },
	{ false, 46, 1, 'd', "b.npz: array d is there twice" },
	{ false, 48, 4, 'x', "b.npz: m.x\\x00\\x00 is not an array (.npy): not an archive of NumPy's" },
	{ false, 51 + 16, 4, 1, "b.npz: byte 166: the checksum of an array differs; is the archive cut off "
	    "or damaged? Download it again" },
	{ false, 51 + 20, 4, 30, "b.npz: byte 166: damaged compressed data; is the archive cut off or "
	    "damaged? Download it again" },
	{ false, 51 + 24, 4, 30, "b.npz: byte 166: damaged compressed data; is the archive cut off or "
	    "damaged? Download it again" },
	{ false, 51 + 24, 4, 1 << 30, "b.npz: d: 1073741824 bytes cannot come of 93 compressed ones" },
};

static void
damage_is_named(void **state)
{
	static unsigned char npy[ROOM];
	static struct zip z;
	size_t n, directory;

	(void)state;
	memset(&z, 0, sizeof z);
	n = make_npy(npy, 1, HEADER, 24);
	add(&z, "m.npy", npy, n, false);
	add(&z, "d.npy", npy, n, true);
	directory = z.n;
	finish(&z, "a.npz");
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct zip b = z;

		put(b.data + (changes[i].from_end ? b.n : directory) + changes[i].at, changes[i].value,
		    changes[i].bytes);
		scratch_write("b.npz", b.data, b.n);
		expect("b.npz", changes[i].message);
	}
	/* Cut off anywhere, it is an error, too. */
	for (size_t cut = 0; cut < z.n; cut++) {
		struct ct_npz *npz;

		scratch_write("b.npz", z.data, cut);
		assert_int_not_equal(ct_npz_open(&npz, "b.npz", NULL), CT_OK);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_are_read),
		cmocka_unit_test(bad_headers_are_named),
		cmocka_unit_test(damage_is_named),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
