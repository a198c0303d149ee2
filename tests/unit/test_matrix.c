/*
 * test_matrix: widening and products of matrices that lie in files as other numbers than floats.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"
#include "model/matrix.h"

/* The value that IEEE 754 gives a half. */
static double
half_value(unsigned h)
{
	int exponent = (int)(h >> 10 & 31);
	double fraction = (double)(h & 1023) / 1024, sign = h & 0x8000 ? -1 : 1;

	if (exponent == 31)
		return fraction > 0 ? (double)NAN : sign * INFINITY;
	return sign * (exponent ? ldexp(1 + fraction, exponent - 15) : ldexp(fraction, -14));
}

static void
every_half_is_widened(void **state)
{
	static uint16_t halves[65536];
	static float floats[65536];

	(void)state;
	for (unsigned h = 0; h < 65536; h++)
		halves[h] = (uint16_t)h;
	ct_widen(floats, CT_F16, halves, 65536);
	for (unsigned h = 0; h < 65536; h++) {
		double want = half_value(h);

		if (isnan(want))
			assert_true(isnan(floats[h]));
		else
			assert_true((double)floats[h] == want && !signbit(floats[h]) == !signbit(want));
	}
	/* BF16 is the upper half of a float. */
	ct_widen(floats, CT_BF16, halves, 65536);
	for (unsigned h = 0; h < 65536; h++) {
		uint32_t bits;

		memcpy(&bits, &floats[h], sizeof bits);
		assert_int_equal(bits, h << 16);
	}
}

/* Numbers of a type that is not float, at an odd address, each of which is written exactly by all types. */
static unsigned char *
numbers(struct ct_rng *r, enum ct_dtype type, size_t n)
{
	unsigned char *data = malloc(n * ct_dtype_size(type) + 1);

	for (size_t i = 0; i < n; i++) {
		double d = (double)ct_rng_below(r, 257) - 128;
		float f = (float)d;
		uint32_t bits;
		uint16_t h;

		memcpy(&bits, &f, sizeof bits);
		h = (uint16_t)(bits >> 16);
		if (type == CT_F16)
			h = (uint16_t)((bits >> 16 & 0x8000) |
			    (d == 0 ? 0 : ((bits >> 23 & 255) - 112) << 10 | (bits >> 13 & 1023)));
		memcpy(data + 1 + i * ct_dtype_size(type),
		    type == CT_F64 ? (void *)&d : type == CT_F32 ? (void *)&f : (void *)&h,
		    ct_dtype_size(type));
	}
	return data;
}

/*
 * Products of rows with odd distances, against sums in double. All numbers are small integers, so sums are
 * exact.
 */
static void
check_products(const struct ct_matrix *w, struct ct_rng *r, int T, float beta)
{
	int ldx = w->cols + 3, ldy = w->rows + 2;
	size_t nx = (size_t)T * ldx, ny = (size_t)T * ldy;
	float *x = malloc(nx * sizeof *x), *y = malloc(ny * sizeof *y), *gx = malloc(nx * sizeof *gx);

	for (size_t i = 0; i < nx; i++)
		x[i] = gx[i] = (float)ct_rng_below(r, 9) - 4;
	for (size_t i = 0; i < ny; i++)
		y[i] = beta == 0 ? NAN : (float)ct_rng_below(r, 9) - 4;
	for (int t = 0; t < T; t++)
		for (int o = 0; o < w->rows && beta != 0; o++)
			y[t * ldy + o] = 2;
	ct_matrix_apply(w, T, x, ldx, beta, y, ldy);
	for (int t = 0; t < T; t++)
		for (int o = 0; o < w->rows; o++) {
			double sum = beta == 0 ? 0 : (double)beta * 2;

			for (int i = 0; i < w->cols; i++)
				sum += (double)x[t * ldx + i] * (double)ct_matrix_at(w, o, i);
			assert_true((double)y[t * ldy + o] == sum);
			y[t * ldy + o] = (float)(o % 5 - 2);
		}
	ct_matrix_apply_back(w, T, y, ldy, beta, gx, ldx);
	for (int t = 0; t < T; t++)
		for (int i = 0; i < w->cols; i++) {
			double sum = (double)beta * (double)x[t * ldx + i];

			for (int o = 0; o < w->rows; o++)
				sum += (double)(o % 5 - 2) * (double)ct_matrix_at(w, o, i);
			assert_true((double)gx[t * ldx + i] == sum);
		}
	free(x);
	free(y);
	free(gx);
}

static void
check_rows(const struct ct_matrix *w, int r)
{
	float *row = malloc((size_t)w->cols * sizeof *row), *sum = malloc((size_t)w->cols * sizeof *sum);
	const float *lent = ct_matrix_row(w, r, row);
	double dot = 0;

	/* Floats are lent where they lie, if the processor can read them there. */
	assert_int_equal(lent != row, w->type == CT_F32 && !w->flipped &&
	    (uintptr_t)w->data % sizeof(float) == 0);
	for (int c = 0; c < w->cols; c++) {
		assert_true(lent[c] == ct_matrix_at(w, r, c));
		dot += (double)lent[c] * (c % 3);
		sum[c] = (float)(c % 3);
	}
	assert_true((double)ct_matrix_row_dot(w, r, sum) == dot);
	ct_matrix_add_row(w, r, sum);
	for (int c = 0; c < w->cols; c++)
		assert_true(sum[c] == lent[c] + (float)(c % 3));
	free(row);
	free(sum);
}

static void
products_and_rows(void **state)
{
	static const int shapes[][2] = { { 1, 1 }, { 3, 70 }, { 65, 257 }, { 300, 20 }, { 64, 256 }, { 129,
	    515 } };
	static const enum ct_dtype types[] = { CT_F32, CT_F16, CT_BF16, CT_F64 };
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 5, 1);
	for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
		for (int k = 0; k < 8; k++) {
			int rows = shapes[s][0], cols = shapes[s][1];
			enum ct_dtype type = types[k / 2];
			unsigned char *data = numbers(&r, type, (size_t)rows * cols);
			const struct ct_tensor t = { .dtype = type, .rank = 2, .data = data + 1,
				.dim = { (size_t)(k % 2 ? cols : rows), (size_t)(k % 2 ? rows : cols) } };
			struct ct_matrix w = ct_matrix_of_tensor(&t, k % 2), part = ct_matrix_part(&w,
			    rows / 2, rows - rows / 2), back = ct_matrix_transpose(&w);

			assert_true(w.rows == rows && w.cols == cols);
			check_products(&w, &r, k % 3 + 1, 0);
			check_products(&w, &r, 5, 1);
			check_products(&part, &r, 2, 0);
			check_rows(&w, rows - 1);
			check_rows(&back, cols - 1);
			for (int c = 0; c < cols; c++)
				assert_true(ct_matrix_at(&part, 0, c) == ct_matrix_at(&w, rows / 2, c) &&
				    ct_matrix_at(&back, c, rows / 2) == ct_matrix_at(&w, rows / 2, c));
			free(data);
		}
}

/* The place in the data is named, whichever way the matrix lies. */
static void
rows_that_are_not_finite(void **state)
{
	float data[3 * 4] = { 0 };
	struct ct_matrix w = ct_matrix_of(data, 3, 4), back = ct_matrix_transpose(&w);

	(void)state;
	data[7] = (float)NAN;
	data[9] = -INFINITY;
	assert_true(ct_matrix_nonfinite(&w, 0, 0, 4) == -1);
	assert_true(ct_matrix_nonfinite(&w, 1, 0, 4) == 7);
	assert_true(ct_matrix_nonfinite(&w, 1, 0, 3) == -1);
	assert_true(ct_matrix_nonfinite(&w, 2, 1, 3) == 9);
	assert_true(ct_matrix_nonfinite(&w, 2, 2, 2) == -1);
	assert_true(ct_matrix_nonfinite(&back, 3, 0, 3) == 7);
	assert_true(ct_matrix_nonfinite(&back, 3, 0, 1) == -1);
	assert_true(ct_matrix_nonfinite(&back, 1, 1, 2) == 9);
	assert_true(ct_matrix_nonfinite(&back, 0, 0, 3) == -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_half_is_widened),
		cmocka_unit_test(products_and_rows),
		cmocka_unit_test(rows_that_are_not_finite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
