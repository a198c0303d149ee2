/* vector: see vector.h. */
#include "train/vector.h"

#include <stdint.h>
#include <string.h>

enum { LANES = 16 };

/* exp(x) = 2^k exp(r), |r| <= ln2/2; polynomial of Cephes' expf. */
static inline float
exponential(float x)
{
	float k, r, y;
	int32_t bits;

	x = x < -87.0f ? -87.0f : x;
	x = x > 88.0f ? 88.0f : x;
	k = (x * 1.44269504f + 12582912.0f) - 12582912.0f;	/* rounds to the nearest integer */
	r = x - k * 0.693359375f;
	r = r + k * 2.12194440e-4f;
	y = 1.9875691500e-4f;
	y = y * r + 1.3981999507e-3f;
	y = y * r + 8.3334519073e-3f;
	y = y * r + 4.1665795894e-2f;
	y = y * r + 1.6666665459e-1f;
	y = y * r + 5.0000001201e-1f;
	y = y * r * r + r + 1.0f;
	bits = ((int32_t)k + 127) * (1 << 23);
	memcpy(&r, &bits, sizeof r);
	return y * r;
}

float
ct_vec_max(int n, const float *x)
{
	float lane[LANES], most = x[0];
	int i = 0;

	if (n >= LANES) {
		memcpy(lane, x, sizeof lane);
		for (i = LANES; i + LANES <= n; i += LANES)
			for (int j = 0; j < LANES; j++)
				lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
		for (int j = 0; j < LANES; j++)
			most = lane[j] > most ? lane[j] : most;
	}
	for (; i < n; i++)
		most = x[i] > most ? x[i] : most;
	return most;
}

int
ct_vec_first(int n, const float *x, float value)
{
	int i = 0;

	while (i < n && x[i] < value)
		i++;
	return i;
}

double
ct_vec_softmax(int n, float *x)
{
	float lane[LANES] = { 0 }, most = ct_vec_max(n, x), factor;
	double sum = 0;
	int i;

	for (i = 0; i + LANES <= n; i += LANES) {
		for (int j = 0; j < LANES; j++) {
			x[i + j] = exponential(x[i + j] - most);
			lane[j] += x[i + j];
		}
	}
	for (; i < n; i++) {
		x[i] = exponential(x[i] - most);
		sum += x[i];
	}
	for (int j = 0; j < LANES; j++)
		sum += lane[j];
	factor = (float)(1 / sum);
	for (i = 0; i < n; i++)
		x[i] *= factor;
	return sum;
}

void
ct_vec_gate(int n, const float *gate_up, float *restrict sigmoid, float *restrict hidden)
{
	const float *restrict g = gate_up, *restrict u = gate_up + n;

	for (int i = 0; i < n; i++) {
		float s = 1.0f / (1.0f + exponential(-g[i]));

		sigmoid[i] = s;
		hidden[i] = g[i] * s * u[i];
	}
}

void
ct_vec_gate_back(int n, const float *gate_up, const float *sigmoid, float *restrict d)
{
	const float *restrict g = gate_up, *restrict u = gate_up + n, *restrict s = sigmoid;
	float *restrict dg = d, *restrict du = d + n;

	for (int i = 0; i < n; i++) {
		float y = dg[i], silu = g[i] * s[i];

		dg[i] = y * u[i] * (s[i] + silu * (1.0f - s[i]));
		du[i] = y * silu;
	}
}
