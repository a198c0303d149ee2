/* naive: see naive.h. */
#include "naive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
naive_gemm(bool ta, bool tb, int M, int N, int K, const float *A, int lda, const float *B, int ldb, double *C)
{
	for (int i = 0; i < M; i++)
		for (int j = 0; j < N; j++) {
			double sum = 0;

			for (int k = 0; k < K; k++)
				sum += (double)(ta ? A[k * lda + i] : A[i * lda + k]) *
				       (double)(tb ? B[j * ldb + k] : B[k * ldb + j]);
			C[i * N + j] = sum;
		}
}

static void
norm_frozen(const struct ct_model *m, const float *w, double scale, const double *x, double *y)
{
	int D = m->cfg.D;
	double mean = 0;

	for (int d = 0; d < D && m->cfg.norm == CT_LAYERNORM; d++)
		mean += x[d] / D;
	for (int d = 0; d < D; d++)
		y[d] = (x[d] - mean) * scale * (w ? (double)w[d] : 1);
}

static double
weight(const struct ct_linear *l, int o, int i)
{
	return l->transposed ? l->w[(size_t)i * l->ld + o] : l->w[(size_t)o * l->ld + i];
}

static void
attention_frozen(const struct ct_local *lo, int l, const double *x, double *mid)
{
	const struct ct_model *m = lo->m;
	const struct ct_config *c = &m->cfg;
	const struct ct_layer *ly = &m->layers[l];
	int T = lo->T, D = c->D, group = c->H / c->H_kv, kv = c->H_kv * c->head;
	double *y = calloc((size_t)D, sizeof *y), *v = calloc((size_t)T * kv, sizeof *v);

	for (int t = 0; t < T; t++) {
		norm_frozen(m, ly->norm1.w, lo->pass->scale1[l * T + t], x + t * D, y);
		for (int o = 0; o < kv; o++)
			for (int i = 0; i < D; i++)
				v[t * kv + o] += weight(&ly->v, o, i) * y[i];
	}
	memcpy(mid, x, (size_t)T * D * sizeof *mid);
	for (int t = 0; t < T; t++)
		for (int h = 0; h < c->H; h++)
			for (int e = 0; e < c->head; e++) {
				double z = 0;

				for (int k = 0; k <= t; k++)
					z += (double)
						 lo->pass->pattern[((size_t)(l * c->H + h) * T + t) * T + k] *
					     v[k * kv + h / group * c->head + e];
				for (int d = 0; d < D; d++)
					mid[t * D + d] += weight(&ly->o, d, h * c->head + e) * z;
			}
	free(y);
	free(v);
}

void
naive_frozen(
    const struct ct_local *lo, const double *dout, const double *dembed, double *dread, double *dfinal)
{
	const struct ct_model *m = lo->m;
	int T = lo->T, D = m->cfg.D, TD = T * D;
	double *x = malloc((size_t)TD * sizeof *x), *mid = malloc((size_t)TD * sizeof *mid);

	memcpy(x, dembed, (size_t)TD * sizeof *x);
	for (int l = 0; l < m->cfg.L; l++) {
		const float *skip = lo->tc->layers[l].w_skip;

		attention_frozen(lo, l, x, mid);
		for (int t = 0; t < T; t++) {
			double *read = dread + (l * T + t) * D, scale = lo->pass->scale2[l * T + t];

			switch (lo->tc->read) {
			case CT_READ_MID:
				memcpy(read, mid + t * D, (size_t)D * sizeof *read);
				break;
			case CT_READ_NORM2:
				norm_frozen(m, m->layers[l].norm2.w, scale, mid + t * D, read);
				break;
			case CT_READ_NORM2_BARE:
				for (int d = 0; d < D; d++)
					read[d] = mid[t * D + d] * scale;
				break;
			}
			for (int d = 0; d < D; d++) {
				x[t * D + d] = mid[t * D + d] + dout[(l * T + t) * D + d];
				for (int i = 0; skip && i < D; i++)
					x[t * D + d] += (double)skip[d * D + i] * read[i];
			}
		}
	}
	for (int t = 0; t < T; t++)
		norm_frozen(m, m->norm_f.w, lo->pass->scale_f[t], x + t * D, dfinal + t * D);
	free(x);
	free(mid);
}
