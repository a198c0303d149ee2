/* kernels: see kernels.h. */
#include "math/kernels.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/vector.h"

enum { LANES = 16 };		/* partial results, which together fill a vector register */

void
ct_rmsnorm(int T, int D, const float *x, const float *w, double eps, float *y, float *scale)
{
	for (int t = 0; t < T; t++, x += D, y += D) {
		double sum = 0;

		for (int d = 0; d < D; d++)
			sum += (double)x[d] * x[d];
		scale[t] = (float)(1.0 / sqrt(sum / D + eps));
		for (int d = 0; d < D; d++)
			y[d] = x[d] * scale[t] * w[d];
	}
}

void
ct_layernorm(int T, int D, const float *x, const float *w, const float *b, double eps, float *y, float *scale)
{
	for (int t = 0; t < T; t++, x += D, y += D) {
		double sum = 0, var = 0;
		float mean;

		for (int d = 0; d < D; d++)
			sum += x[d];
		sum /= D;
		for (int d = 0; d < D; d++)
			var += (x[d] - sum) * (x[d] - sum);
		scale[t] = (float)(1.0 / sqrt(var / D + eps));
		mean = (float)sum;
		for (int d = 0; d < D; d++)
			y[d] = (x[d] - mean) * scale[t] * w[d] + (b ? b[d] : 0);
	}
}

static float
mean_of(int D, const float *x, const float *w)
{
	double sum = 0;

	for (int d = 0; d < D; d++)
		sum += w ? (double)x[d] * w[d] : x[d];
	return (float)(sum / D);
}

void
ct_norm_linear(int D, int centre, const float *dx, const float *w, float scale, float *y)
{
	float mean = centre ? mean_of(D, dx, NULL) : 0;

	if (w)
		for (int d = 0; d < D; d++)
			y[d] = (dx[d] - mean) * scale * w[d];
	else
		for (int d = 0; d < D; d++)
			y[d] = (dx[d] - mean) * scale;
}

void
ct_norm_linear_back(int D, int centre, const float *g, const float *w, float scale, float *y)
{
	float mean = centre ? mean_of(D, g, w) : 0;

	if (w)
		for (int d = 0; d < D; d++)
			y[d] = (w[d] * g[d] - mean) * scale;
	else
		for (int d = 0; d < D; d++)
			y[d] = (g[d] - mean) * scale;
}

void
ct_silu(int n, float *x)
{
	for (int i = 0; i < n; i++)
		x[i] = x[i] / (1.0f + expf(-x[i]));
}

void
ct_gelu(int n, float *x)
{
	for (int i = 0; i < n; i++)
		x[i] = 0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678f));
}

void
ct_gelu_tanh(int n, float *x)
{
	for (int i = 0; i < n; i++) {
		float u = 0.7978845608f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);

		x[i] = 0.5f * x[i] * (1.0f + tanhf(u));
	}
}

void
ct_relu(int n, float *x)
{
	for (int i = 0; i < n; i++)
		x[i] = x[i] > 0 ? x[i] : 0;
}

void
ct_rope(int T, int first, int heads, int head, const double *freq, float *x)
{
	int half = head / 2;

	for (int t = 0; t < T; t++, x += heads * head)
		for (int i = 0; i < half; i++) {
			double angle = (double)(first + t) * freq[i];
			float c = (float)cos(angle), s = (float)sin(angle);

			for (int h = 0; h < heads; h++) {
				float *p = x + h * head + i, a = p[0], b = p[half];

				p[0] = a * c - b * s;
				p[half] = b * c + a * s;
			}
		}
}

bool
ct_all_finite(int n, const float *x)
{
	float sum = 0;

	/* 0 * x is NaN where x is not finite. */
	for (int i = 0; i < n; i++)
		sum += 0 * x[i];
	return sum == 0;
}

int
ct_likeliest(int n, const float *logits)
{
	int best = 0;

	for (int i = 1; i < n; i++)
		if (logits[i] > logits[best])
			best = i;
	return best;
}

double
ct_softmax_sum(int n, const float *x, double *top)
{
	double sum = 0;

	*top = (double)x[ct_likeliest(n, x)];
	for (int i = 0; i < n; i++)
		sum += exp((double)x[i] - *top);
	return sum;
}

double
ct_probability(int n, const float *x, int i)
{
	double top, sum = ct_softmax_sum(n, x, &top);

	return exp((double)x[i] - top) / sum;
}

void
ct_softmax(int n, float *x)
{
	float max = x[0];
	double sum = 0;

	for (int i = 1; i < n; i++)
		if (x[i] > max)
			max = x[i];
	for (int i = 0; i < n; i++) {
		x[i] = expf(x[i] - max);
		sum += x[i];
	}
	for (int i = 0; i < n; i++)
		x[i] = (float)(x[i] / sum);
}

MULTIVERSION float
ct_largest(int n, const float *x)
{
	float lane[LANES], top = x[0];
	int i = 0;

	for (int j = 0; j < LANES; j++)
		lane[j] = top;
	for (; i + LANES <= n; i += LANES)
		for (int j = 0; j < LANES; j++)
			lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
	for (; i < n; i++)
		top = x[i] > top ? x[i] : top;
	for (int j = 0; j < LANES; j++)
		top = lane[j] > top ? lane[j] : top;
	return top;
}

/*
 * exp(x) for x <= 0, as 2^n * e^r with |r| <= log(2)/2. Adding 1.5 * 2^23 rounds to a whole number n, which
 * is then in the lowest bits and is moved from there into the exponent; subtracting it again gives n as a
 * float. There is no branch and no call, so that loops over it become vector code.
 */
static inline float
exp_below(float x)
{
	const float round = 12582912.0f;
	float n, r, y;
	unsigned bits, power;

	x = x < -86.0f ? -86.0f : x;
	n = x * 1.44269504f + round;
	memcpy(&power, &n, sizeof power);
	n -= round;
	r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
	y = 1.9875691500e-4f;
	y = y * r + 1.3981999507e-3f;
	y = y * r + 8.3334519073e-3f;
	y = y * r + 4.1665795894e-2f;
	y = y * r + 1.6666665459e-1f;
	y = y * r + 5.0000001201e-1f;
	y = y * r * r + r + 1;
	memcpy(&bits, &y, sizeof bits);
	bits += power << 23;
	memcpy(&y, &bits, sizeof y);
	return y;
}

MULTIVERSION double
ct_exp_sum(int n, float top, const float *x)
{
	double lane[LANES] = { 0 }, sum = 0;
	int i = 0;

	for (; i + LANES <= n; i += LANES)
		for (int j = 0; j < LANES; j++)
			lane[j] += (double)exp_below(x[i + j] - top);
	for (; i < n; i++)
		sum += (double)exp_below(x[i] - top);
	for (int j = 0; j < LANES; j++)
		sum += lane[j];
	return sum;
}

MULTIVERSION void
ct_exp_scaled(int n, float top, float scale, float *x)
{
	for (int i = 0; i < n; i++)
		x[i] = exp_below(x[i] - top) * scale;
}

void
ct_softcap(int n, double cap, float *x)
{
	for (int i = 0; i < n && cap > 0; i++)
		x[i] = (float)(cap * tanh((double)x[i] / cap));
}

double
ct_kl_logits(int n, const float *p, const float *q)
{
	double top_p, sum_p = ct_softmax_sum(n, p, &top_p), top_q, sum_q = ct_softmax_sum(n, q, &top_q);
	double kl = 0;

	for (int i = 0; i < n; i++) {
		double log_p = (double)p[i] - top_p - log(sum_p), log_q = (double)q[i] - top_q - log(sum_q);

		kl += exp(log_p) * (log_p - log_q);
	}
	return kl > 0 ? kl : 0;		/* below zero by rounding only */
}
