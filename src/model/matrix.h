/*
 * matrix: a weight matrix used in place: floats, or F16, BF16 or F64 numbers that are converted to floats a
 * tile at a time.
 *
 * Owns nothing: the data is a file's mapping or an arena. So a model takes no memory of its own for its
 * weights, and opening one reads nothing but headers. A product with a matrix of floats is one sgemm; with
 * other types it is one sgemm for each tile, and the conversion costs little compared with a product of more
 * than a few rows.
 */
#ifndef CT_MODEL_MATRIX_H
#define CT_MODEL_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

#include "io/safetensors.h"

/* W (rows,cols): element (r,c) is number r*ld + c of data, or c*ld + r when flipped (GPT-2's Conv1D). */
struct ct_matrix {
	const void *data;		/* NULL: there is no such matrix */
	enum ct_dtype type;
	bool flipped;
	int rows, cols;
	size_t ld;
};

/* A matrix of floats in memory. */
struct ct_matrix ct_matrix_of(const float *data, int rows, int cols);

/* A matrix of a tensor with two dimensions: (rows,cols), or (cols,rows) if flipped. */
struct ct_matrix ct_matrix_of_tensor(const struct ct_tensor *t, bool flipped);

/* Rows first..first+rows-1. */
struct ct_matrix ct_matrix_part(const struct ct_matrix *w, int first, int rows);

/* W': the same data, read in the other order. */
struct ct_matrix ct_matrix_transpose(const struct ct_matrix *w);

/*
 * y = beta*y + x W'     x (T,cols), y (T,rows); ldx, ldy are the distances between their rows
 * y = beta*y + g W      g (T,rows), y (T,cols): the transpose, for gradients
 * 2*T*rows*cols flops. beta 0 overwrites. Oracle: tests/unit/naive.c.
 */
void ct_matrix_apply(const struct ct_matrix *w, int T, const float *x, int ldx, float beta, float *restrict y,
    int ldy);
void ct_matrix_apply_back(const struct ct_matrix *w, int T, const float *g, int ldg, float beta,
    float *restrict y, int ldy);

/* dst (n) = row r from column c on; y += row r; <row r, x>; one element. */
void ct_matrix_read(const struct ct_matrix *w, int r, int c, int n, float *dst);
void ct_matrix_add_row(const struct ct_matrix *w, int r, float *restrict y);
float ct_matrix_row_dot(const struct ct_matrix *w, int r, const float *x);
float ct_matrix_at(const struct ct_matrix *w, int r, int c);

/*
 * The place in the data, counted in numbers, of the first NaN or Inf in n columns of row r from column c on;
 * -1: none.
 */
long long ct_matrix_nonfinite(const struct ct_matrix *w, int r, int c, int n);

/* Row r as floats: the data itself, or else converted into tmp (cols). */
const float *ct_matrix_row(const struct ct_matrix *w, int r, float *tmp);

#endif
