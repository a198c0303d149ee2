/*
 * safetensors: values of every dtype, shards, and writing what can be read again.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "io/safetensors.h"
#include "scratch.h"

static struct ct_tensors *
must_open(const char *path)
{
	struct ct_error err = { 0 };
	struct ct_tensors *t;

	if (ct_tensors_open(&t, path, &err) != CT_OK)
		fail_msg("%s", err.msg);
	return t;
}

static void
what_is_written_is_read(void **state)
{
	const float a[6] = { 1, -2, .5f, 1e-40f, 3e38f, 0 }, b[1] = { 7 };
	const struct ct_tensor list[] = {
		{ .name = "z.weight", .rank = 2, .dim = { 2, 3 }, .data = a },
		{ .name = "a \"quoted\" \xc3\xa9", .rank = 1, .dim = { 1 }, .data = b },
		{ .name = "empty", .rank = 2, .dim = { 0, 4 }, .data = b },
		{ .name = "scalar", .rank = 0, .data = b },
	};
	const struct ct_tensor *t;
	struct ct_tensors *set;
	float x[6];

	(void)state;
	assert_int_equal(ct_tensors_write("w.safetensors", list, 4, NULL), CT_OK);
	set = must_open("w.safetensors");
	assert_int_equal(ct_tensors_count(set), 4);
	t = ct_tensors_find(set, "z.weight");
	assert_non_null(t);
	assert_int_equal(t->rank, 2);
	assert_int_equal(t->dim[0], 2);
	assert_int_equal(t->dim[1], 3);
	assert_int_equal(t->count, 6);
	ct_tensor_read(x, t, 1, 4);
	assert_memory_equal(x, a + 1, 4 * sizeof *x);
	assert_ptr_equal(ct_tensor_f32(t), t->data);		/* aligned: used in place */
	assert_int_equal(ct_tensors_find(set, "scalar")->count, 1);
	assert_int_equal(ct_tensors_find(set, "empty")->count, 0);
	assert_null(ct_tensors_find(set, "z"));
	ct_tensors_close(set);
}

static void
dtypes_become_float(void **state)
{
	static const unsigned char half[] = {
		0x00, 0x3e,	/* 1.5 */
		0xff, 0xfb,	/* -65504 */
		0x01, 0x00,	/* 2^-24, the smallest subnormal */
		0x00, 0x80,	/* -0 */
	};
	static const unsigned char bfloat[] = { 0xc0, 0x3f, 0x80, 0xff };	/* 1.5, -inf */
	const double d[2] = { -.1, 1e300 };
	unsigned char data[29] = { 0 };
	struct ct_tensors *set;
	const struct ct_tensor *t;
	float x[4];

	(void)state;
	memcpy(data, half, 8);
	memcpy(data + 8, bfloat, 4);
	memcpy(data + 12, d, 16);
	scratch_tensors("d.safetensors", "{\"h\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]},"
	    "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[8,12]},"
	    "\"d\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[12,28]},"
	    "\"m\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[28,29]}}", data, 29);
	set = must_open("d.safetensors");
	t = ct_tensors_find(set, "h");
	ct_tensor_read(x, t, 0, 4);
	assert_true(x[0] == 1.5f && x[1] == -65504 && x[2] == 0x1p-24f && x[3] == 0 && signbit(x[3]));
	assert_true(ct_tensor_nonfinite(t) == -1);
	assert_null(ct_tensor_f32(t));
	t = ct_tensors_find(set, "b");
	ct_tensor_read(x, t, 0, 2);
	assert_true(x[0] == 1.5f && isinf(x[1]));
	assert_true(ct_tensor_nonfinite(t) == 1);
	t = ct_tensors_find(set, "d");
	ct_tensor_read(x, t, 0, 1);
	assert_true(x[0] == -.1f);
	assert_true(ct_tensor_nonfinite(t) == 1);	/* too large for a float */
	assert_int_equal(ct_tensors_count(set), 3);
	assert_null(ct_tensors_find(set, "m"));
	assert_string_equal(ct_tensors_unread(set, "m"), "BOOL");
	assert_null(ct_tensors_unread(set, "h"));
	ct_tensors_close(set);
}

static void
unaligned_floats_are_copied(void **state)
{
	const float wanted = 2.5f;
	unsigned char data[5] = { 0 };
	struct ct_tensors *set;
	const struct ct_tensor *t;
	float x;

	(void)state;
	memcpy(data + 1, &wanted, 4);
	scratch_tensors("u.safetensors", "{\"pad\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
	    "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}  ", data, 5);
	set = must_open("u.safetensors");
	t = ct_tensors_find(set, "x");
	if ((uintptr_t)t->data % 4 != 0)
		assert_null(ct_tensor_f32(t));
	ct_tensor_read(&x, t, 0, 1);
	assert_true(x == wanted);
	ct_tensors_close(set);
}

static void
shards_are_one_set(void **state)
{
	const float one = 1, two = 2;
	const struct ct_tensor a = { .name = "a", .rank = 1, .dim = { 1 }, .data = &one };
	const struct ct_tensor b = { .name = "b", .rank = 1, .dim = { 1 }, .data = &two };
	struct ct_tensors *set;
	struct ct_error err;
	float x;

	(void)state;
	assert_int_equal(ct_dir_make("sharded", NULL), CT_OK);
	assert_int_equal(ct_tensors_write("sharded/1.safetensors", &a, 1, NULL), CT_OK);
	assert_int_equal(ct_tensors_write("sharded/2.safetensors", &b, 1, NULL), CT_OK);
	scratch_text("sharded/model.safetensors.index.json",
	    "{\"metadata\": {}, \"weight_map\": {\"a\": \"1.safetensors\", \"b\": \"2.safetensors\"}}");
	assert_int_equal(ct_tensors_open_model(&set, "sharded", NULL), CT_OK);
	assert_int_equal(ct_tensors_count(set), 2);
	ct_tensor_read(&x, ct_tensors_find(set, "b"), 0, 1);
	assert_true(x == 2);
	assert_int_equal(ct_tensors_check(set, NULL), CT_OK);
	assert_int_equal(truncate("sharded/2.safetensors", 10), 0);
	assert_int_equal(ct_tensors_check(set, &err), CT_EIO);
	ct_tensors_close(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(dtypes_become_float),
		cmocka_unit_test(unaligned_floats_are_copied),
		cmocka_unit_test(shards_are_one_set),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
