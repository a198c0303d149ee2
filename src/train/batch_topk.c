/* batch_topk: see batch_topk.h. */
#include "train/batch_topk.h"

#include <float.h>
#include <stddef.h>

/* Copies the scores above `least` to out; returns how many. */
static size_t
candidates(int B, int F, const float *h, const float *norm, float least, float *out)
{
	size_t n = 0;

	for (int t = 0; t < B; t++, h += F)
		for (int f = 0; f < F; f++) {
			float score = h[f] * norm[f];

			out[n] = score;
			n += score > least;
		}
	return n;
}

/* The value that would stand at place k of x[0..n) in falling order (Hoare's selection). x is reordered. */
static float
select_falling(float *x, size_t n, size_t k)
{
	size_t low = 0, high = n - 1;

	while (low < high) {
		float pivot = x[low + (high - low) / 2];
		size_t i = low, j = high;

		for (;;) {
			float swap;

			while (x[i] > pivot)
				i++;
			while (x[j] < pivot)
				j--;
			if (i >= j)
				break;
			swap = x[i];
			x[i++] = x[j];
			x[j--] = swap;
		}
		if (k <= j)
			high = j;
		else
			low = j + 1;
	}
	return x[k];
}

float
ct_batch_topk(int B, int F, const float *h, const float *norm, int k, float hint, float *theta,
    float *scratch)
{
	size_t keep = (size_t)B * (size_t)k, n = keep < (size_t)B * F ?
	    candidates(B, F, h, norm, .7f * hint, scratch) : 0;
	float cutoff = 0;

	if (n <= keep && hint > 0 && keep < (size_t)B * F)
		n = candidates(B, F, h, norm, 0, scratch);
	if (n > keep)
		cutoff = select_falling(scratch, n, keep);
	for (int f = 0; f < F; f++)
		theta[f] = norm[f] > 0 ? cutoff / norm[f] : FLT_MAX;
	return cutoff;
}
