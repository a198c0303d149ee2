/* best: see best.h. */
#include "base/best.h"

#include <math.h>
#include <string.h>

bool
ct_best_keep(void *best, int *n, int most, const void *item, size_t size, ct_compare_fn compare, void *ctx)
{
	char *list = best;
	int at = *n;

	if (most <= 0 || (at == most && compare(item, list + (size_t)(at - 1) * size, ctx) >= 0))
		return false;
	if (at == most)
		at--;
	else
		++*n;
	for (; at > 0 && compare(item, list + (size_t)(at - 1) * size, ctx) < 0; at--)
		memcpy(list + (size_t)at * size, list + (size_t)(at - 1) * size, size);
	memcpy(list + (size_t)at * size, item, size);
	return true;
}

int
ct_best_largest(int n, const float *x, int most, int *out)
{
	int found = 0;

	for (int i = 0; i < n && most > 0; i++) {
		int at = found;

		if (isnan(x[i]) || (at == most && x[i] <= x[out[at - 1]]))
			continue;
		if (at == most)
			at--;
		else
			found++;
		for (; at > 0 && x[i] > x[out[at - 1]]; at--)
			out[at] = out[at - 1];
		out[at] = i;
	}
	return found;
}
