/*
 * math: every kernel against a naive reference in double, on odd shapes and at the ends of the number range.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "math/blas.h"
#include "math/kernels.h"
#include "naive.h"

enum { MOST = 70 * 70 };

static const int sizes[] = { 1, 2, 3, 5, 7, 8, 16, 17, 31, 33, 64, 67 };
enum { N_SIZES = sizeof sizes / sizeof *sizes };

static void
fill(struct ct_rng *r, float *x, int n, double centre, double spread)
{
	for (int i = 0; i < n; i++)
		x[i] = (float)(centre + spread * (2 * (double)ct_rng_uniform(r) - 1));
}

/* Within a few roundings of numbers of this size. */
static void
near(const char *what, double got, double want, double size)
{
	if (!(fabs(got - want) <= 4e-6 * (fabs(size) + fabs(want)) + 1e-30))
		fail_msg("%s: %.9g, expected %.9g", what, got, want);
}

struct product {
	bool ta, tb;
	int M, N, K, lda, ldb, ldc;
	float alpha, beta;
};

static void
check_product(struct ct_rng *r, const struct product *p)
{
	static float A[MOST], B[MOST], C[MOST], before[MOST];
	static double want[MOST];

	fill(r, A, MOST, 0, 1);
	fill(r, B, MOST, 0, 1);
	fill(r, C, MOST, 0, 1);
	if (p->beta == 0)
		for (int i = 0; i < p->M; i++)
			for (int j = 0; j < p->N; j++)
				C[i * p->ldc + j] = NAN; /* overwritten, not multiplied by 0 */
	memcpy(before, C, sizeof C);
	naive_gemm(p->ta, p->tb, p->M, p->N, p->K, A, p->lda, B, p->ldb, want);
	ct_sgemm(p->ta, p->tb, p->M, p->N, p->K, p->alpha, A, p->lda, B, p->ldb, p->beta, C, p->ldc);
	for (int i = 0; i < MOST; i++) {
		int row = i / p->ldc, column = i % p->ldc;

		if (row < p->M && column < p->N)
			near("sgemm", (double)C[i],
			    (double)p->alpha * want[row * p->N + column] +
				(p->beta != 0 ? (double)p->beta * (double)before[i] : 0),
			    sqrt(p->K));
		else
			assert_memory_equal(&C[i], &before[i], sizeof *C); /* the gaps between rows stay */
	}
}

/* Both transposes, rows further apart than they are long, alpha and beta. */
static void
test_sgemm(void **state)
{
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 1, 1);
	for (int i = 0; i < 250; i++) {
		struct product p = { .ta = i & 1,
			.tb = i & 2,
			.M = sizes[ct_rng_below(&r, N_SIZES)],
			.N = sizes[ct_rng_below(&r, N_SIZES)],
			.K = sizes[ct_rng_below(&r, N_SIZES)] };

		p.alpha = i & 4 ? 1 : -0.5f;
		p.beta = i & 8 ? 0 : i & 16 ? 1 : 0.25f;
		p.lda = (p.ta ? p.M : p.K) + (i & 32 ? 3 : 0);
		p.ldb = (p.tb ? p.K : p.N) + (i & 64 ? 2 : 0);
		p.ldc = p.N + (i & 128 ? 3 : 0);
		check_product(&r, &p);
	}
}

/* Any size may be 0: no rows or columns touch nothing, an empty sum is 0. */
static void
test_sgemm_empty(void **state)
{
	float A[4] = { 1, 2, 3, 4 }, C[4] = { 5, 6, 7, 8 };

	(void)state;
	ct_sgemm(false, false, 0, 2, 2, 1, A, 2, A, 2, 0, C, 2);
	ct_sgemm(false, true, 2, 0, 2, 1, A, 2, A, 2, 0, C, 0);
	for (int i = 0; i < 4; i++)
		assert_true(C[i] == A[i] + 4);
	ct_sgemm(false, false, 2, 2, 0, 1, A, 0, A, 2, 1, C, 2);
	for (int i = 0; i < 4; i++)
		assert_true(C[i] == A[i] + 4);
	ct_sgemm(false, false, 2, 2, 0, 1, A, 0, A, 2, 0, C, 2);
	for (int i = 0; i < 4; i++)
		assert_float_equal(C[i], 0, 0);
}

static void
test_vectors(void **state)
{
	float x[70], y[70], z[70];
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 2, 1);
	for (int n = 0; n < 70; n++) {
		double sum = 0;

		fill(&r, x, 70, 0, 1);
		fill(&r, y, 70, 0, 1);
		memcpy(z, y, sizeof z);
		for (int i = 0; i < n; i++)
			sum += (double)x[i] * (double)y[i];
		near("sdot", (double)ct_sdot(n, x, y), sum, sqrt(n));
		ct_saxpy(n, -1.5f, x, z);
		for (int i = 0; i < 70; i++)
			near("saxpy", (double)z[i], i < n ? (double)y[i] - 1.5 * (double)x[i] : (double)y[i],
			    1);
	}
}

struct norm_case {
	int T, D;
	double centre, spread, eps;
};

static void
check_norms(struct ct_rng *r, const struct norm_case *c)
{
	int n = c->T * c->D, D = c->D;
	float *x = calloc((size_t)n, sizeof *x), *y = calloc((size_t)n, sizeof *y);
	float *w = calloc((size_t)D, sizeof *w), *b = calloc((size_t)D, sizeof *b);
	float *scale = calloc((size_t)c->T, sizeof *scale);

	fill(r, x, n, c->centre, c->spread);
	fill(r, w, D, 1, 0.5);
	fill(r, b, D, 0, 0.5);
	for (int kind = 0; kind < 4; kind++) {
		bool layer = kind > 0, in_place = kind == 3;
		const float *bias = kind >= 2 ? b : NULL;

		memcpy(y, x, (size_t)n * sizeof *x);
		if (layer)
			ct_layernorm(c->T, D, in_place ? y : x, w, bias, c->eps, y, scale);
		else
			ct_rmsnorm(c->T, D, x, w, c->eps, y, scale);
		for (int t = 0; t < c->T; t++) {
			double mean = 0, square = 0, s;

			for (int d = 0; d < D && layer; d++)
				mean += (double)x[t * D + d] / D;
			for (int d = 0; d < D; d++)
				square += pow((double)x[t * D + d] - mean, 2) / D;
			s = 1 / sqrt(square + c->eps);
			near("scale", (double)scale[t], s, 0);
			for (int d = 0; d < D; d++)
				near("norm", (double)y[t * D + d],
				    ((double)x[t * D + d] - mean) * s * (double)w[d] +
					(bias ? (double)b[d] : 0),
				    fabs(mean) * s + 1);
		}
	}
	/* RMSNorm in place. */
	memcpy(y, x, (size_t)n * sizeof *x);
	ct_rmsnorm(c->T, D, y, w, c->eps, y, scale);
	for (int t = 0; t < c->T; t++)
		for (int d = 0; d < D; d++)
			near("in place", (double)y[t * D + d],
			    (double)x[t * D + d] * (double)scale[t] * (double)w[d], 0);
	free(x);
	free(y);
	free(w);
	free(b);
	free(scale);
}

static void
test_norms(void **state)
{
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 3, 1);
	for (int i = 0; i < N_SIZES; i++) {
		struct norm_case plain = { 3, sizes[i], 0, 1, 1e-5 }, far = { 2, sizes[i], 100, 1, 1e-5 },
				 large = { 1, sizes[i], 0, 1e18, 1e-6 },
				 small = { 4, sizes[i], 0, 1e-18, 1e-6 };

		check_norms(&r, &plain);
		check_norms(&r, &far);
		check_norms(&r, &large);
		check_norms(&r, &small);
	}
}

/* A frozen norm is linear: against the formula, in place too, and <g, J x> = <J' g, x> for its transpose. */
static void
test_norm_linear(void **state)
{
	float x[70], g[70], w[70], y[70], back[70];
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 4, 1);
	for (int i = 0; i < N_SIZES * 4; i++) {
		int D = sizes[i / 4], centre = i & 1;
		const float *weight = i & 2 ? w : NULL;
		double mean = 0, forward = 0, backward = 0, size = 0;

		fill(&r, x, D, 0.3, 1);
		fill(&r, g, D, 0, 1);
		fill(&r, w, D, 1, 0.5);
		for (int d = 0; d < D && centre; d++)
			mean += (double)x[d] / D;
		ct_norm_linear(D, centre, x, weight, 0.7f, y);
		ct_norm_linear_back(D, centre, g, weight, 0.7f, back);
		for (int d = 0; d < D; d++) {
			near("linear", (double)y[d],
			    ((double)x[d] - mean) * (double)0.7f * (weight ? (double)w[d] : 1), 1);
			forward += (double)g[d] * (double)y[d];
			backward += (double)back[d] * (double)x[d];
			size += fabs((double)g[d] * (double)y[d]) + fabs((double)back[d] * (double)x[d]);
		}
		near("transpose", backward, forward, size);
		ct_norm_linear(D, centre, x, weight, 0.7f, x);
		ct_norm_linear_back(D, centre, g, weight, 0.7f, g);
		assert_memory_equal(x, y, (size_t)D * sizeof *x);
		assert_memory_equal(g, back, (size_t)D * sizeof *g);
	}
}

static double
silu(double x)
{
	return x / (1 + exp(-x));
}

static double
gelu(double x)
{
	return 0.5 * x * (1 + erf(x / sqrt(2)));
}

static double
gelu_tanh(double x)
{
	return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

static double
relu(double x)
{
	return x > 0 ? x : 0;
}

static void
test_activations(void **state)
{
	static const struct {
		void (*kernel)(int, float *);
		double (*naive)(double);
	} list[] = { { ct_silu, silu }, { ct_gelu, gelu }, { ct_gelu_tanh, gelu_tanh }, { ct_relu, relu } };
	float x[401], y[401];

	(void)state;
	for (size_t k = 0; k < sizeof list / sizeof *list; k++) {
		for (int i = 0; i < 401; i++)
			x[i] = y[i] = (float)(i - 200) / 20;
		list[k].kernel(400, y);
		for (int i = 0; i < 400; i++)
			near("activation", (double)y[i], list[k].naive((double)x[i]),
			    fmin(1, fabs((double)x[i])));
		assert_float_equal(y[400], x[400], 0);
		/* Far out they are 0 and x, never NaN. */
		y[0] = -1e4f;
		y[1] = 1e4f;
		y[2] = -3e38f;
		y[3] = 3e38f;
		y[4] = 0;
		list[k].kernel(5, y);
		assert_true(fabs((double)y[0]) < 1e-30 && y[1] == 1e4f && fabs((double)y[2]) < 1e-30);
		assert_true(y[3] == 3e38f && y[4] == 0);
		list[k].kernel(0, NULL);
	}
}

static void
check_softmax(const char *what, const float *x, int n)
{
	float y[70];
	double max = -INFINITY, sum = 0, total = 0;

	memcpy(y, x, (size_t)n * sizeof *x);
	ct_softmax(n, y);
	for (int i = 0; i < n; i++)
		max = fmax(max, (double)x[i]);
	for (int i = 0; i < n; i++)
		sum += exp((double)x[i] - max);
	for (int i = 0; i < n; i++) {
		near(what, (double)y[i], exp((double)x[i] - max) / sum, 0.01);
		assert_true(fabs(ct_probability(n, x, i) - exp((double)x[i] - max) / sum) < 1e-15);
		assert_true(x[i] < x[ct_likeliest(n, x)] || (x[i] == x[ct_likeliest(n, x)] &&
		    i >= ct_likeliest(n, x)));
		total += (double)y[i];
	}
	assert_true(fabs(total - 1) < 1e-6);
}

static void
test_finite(void **state)
{
	float x[70];

	(void)state;
	for (int n = 1; n < 70; n++) {
		for (int i = 0; i < n; i++)
			x[i] = i % 2 ? 3e38f : -1e-40f;
		assert_true(ct_all_finite(n, x) && ct_all_finite(0, x));
		for (int k = 0; k < 3; k++) {
			x[n - 1] = k == 0 ? (float)NAN : k == 1 ? INFINITY : -INFINITY;
			assert_false(ct_all_finite(n, x));
			assert_true(ct_all_finite(n - 1, x));
		}
	}
}

static void
test_softmax(void **state)
{
	static const float same[] = { -4, -4, -4 }, large[] = { 3e38f, 3e38f, -3e38f, 0 },
			   low[] = { -3e38f, -3.1e38f }, spike[] = { -1e4f, 0, 1e4f }, one[] = { -7e30f },
			   minus[] = { -INFINITY, 2, 1 }, late[] = { 1, 2, 3, 90, 200 };
	float x[70];
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 5, 1);
	check_softmax("same", same, 3);
	check_softmax("large", large, 4);
	check_softmax("low", low, 2);
	check_softmax("spike", spike, 3);
	check_softmax("one", one, 1);
	check_softmax("minus infinity", minus, 3);
	check_softmax("late maximum", late, 5);
	for (int i = 0; i < N_SIZES; i++) {
		fill(&r, x, sizes[i], 50, 10);
		check_softmax("random", x, sizes[i]);
	}
}

/* The parts of a softmax, whose exp is made for rows of scores. */
static void
test_exp(void **state)
{
	enum { N = 2000 };
	float x[N], y[N], top;
	double sum = 0;

	(void)state;
	for (int i = 0; i < N; i++)
		x[i] = 3 - 88 * (float)i / N;
	for (int n = 1; n < 40; n++) {
		memcpy(y, x, sizeof y);
		y[n / 2] = 4;
		assert_true(ct_largest(n, y) == 4);
		assert_true(ct_largest(n, x + 1) == x[1]);
	}
	top = ct_largest(N, x);
	for (int i = 0; i < N; i++)
		sum += exp(fmax((double)x[i] - (double)top, -86));
	assert_true(fabs(ct_exp_sum(N, top, x) / sum - 1) < 1e-7);
	memcpy(y, x, sizeof y);
	ct_exp_scaled(N, top, 2, y);
	for (int i = 0; i < N; i++) {
		double want = 2 * exp(fmax((double)(x[i] - top), -86));

		if (!(fabs((double)y[i] / want - 1) < 2e-7))
			fail_msg("exp(%g) is %g, not %g", (double)(x[i] - top), (double)y[i] / 2, want / 2);
	}
	/* What is not a number must not look like one. */
	y[17] = NAN;
	assert_true(isnan(ct_exp_sum(40, 0, y)));
	y[0] = y[1] = INFINITY;
	assert_true(isnan(ct_exp_sum(2, ct_largest(2, y), y)));
	y[0] = -INFINITY;
	y[1] = 1;
	ct_exp_scaled(2, 1, 1, y);
	assert_true(y[0] < 1e-37f && y[1] == 1);
}

/*
 * Hugging Face's apply_rotary_pos_emb: q * cos + rotate_half(q) * sin, with cos and sin of the angles
 * repeated for both halves and rotate_half(x) = [-x[half:], x[:half]].
 */
static void
test_rope(void **state)
{
	static const struct {
		int T, first, heads, head;
	} list[] = { { 1, 0, 1, 2 }, { 5, 0, 3, 4 }, { 3, 17, 2, 6 }, { 2, 100000, 1, 10 }, { 7, 2, 4, 14 } };
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 6, 1);
	for (size_t k = 0; k < sizeof list / sizeof *list; k++) {
		int head = list[k].head, half = head / 2, n = list[k].T * list[k].heads * head;
		double freq[7];
		float *x = calloc((size_t)n, sizeof *x), *y = calloc((size_t)n, sizeof *y);

		for (int i = 0; i < half; i++)
			freq[i] = pow(10000, -2.0 * i / head);
		fill(&r, x, n, 0, 1);
		memcpy(y, x, (size_t)n * sizeof *x);
		ct_rope(list[k].T, list[k].first, list[k].heads, head, freq, y);
		for (int i = 0; i < n; i++) {
			int t = i / (list[k].heads * head), d = i % head;
			double angle = (list[k].first + t) * freq[d % half];
			double rotated = d < half ? -(double)x[i + half] : (double)x[i - half];

			near("rope", (double)y[i], (double)x[i] * cos(angle) + rotated * sin(angle), 1);
		}
		free(x);
		free(y);
	}
}

/* Rotated queries and keys meet at an angle that depends on their distance only. */
static void
test_rope_distance(void **state)
{
	double freq[] = { 1, 0.1, 0.01 }, first = 0;
	float q[6], k[6], rq[6], rk[6];
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 7, 1);
	fill(&r, q, 6, 0, 1);
	fill(&r, k, 6, 0, 1);
	for (int shift = 0; shift < 200; shift += 9) {
		memcpy(rq, q, sizeof q);
		memcpy(rk, k, sizeof k);
		ct_rope(1, 5 + shift, 1, 6, freq, rq);
		ct_rope(1, 2 + shift, 1, 6, freq, rk);
		if (shift == 0)
			first = (double)ct_sdot(6, rq, rk);
		near("distance", (double)ct_sdot(6, rq, rk), first, 3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sgemm),
		cmocka_unit_test(test_sgemm_empty),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_norms),
		cmocka_unit_test(test_norm_linear),
		cmocka_unit_test(test_activations),
		cmocka_unit_test(test_finite),
		cmocka_unit_test(test_softmax),
		cmocka_unit_test(test_exp),
		cmocka_unit_test(test_rope),
		cmocka_unit_test(test_rope_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
