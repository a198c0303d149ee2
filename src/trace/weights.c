/* weights: see weights.h. */
#include "trace/weights.h"

#include <math.h>

#include "base/best.h"

static int
by_deviations(const void *a, const void *b, void *ctx)
{
	const struct ct_outstanding *x = a, *y = b;

	(void)ctx;
	return (x->deviations < y->deviations) - (x->deviations > y->deviations);
}

int
ct_weights_outstanding(int V, const float *x, struct ct_outstanding *out, int most)
{
	double mean = 0, square = 0, deviation;
	int n = 0;

	for (int v = 0; v < V; v++)
		mean += (double)x[v] / V;
	for (int v = 0; v < V; v++)
		square += ((double)x[v] - mean) * ((double)x[v] - mean) / V;
	deviation = sqrt(square);
	for (int v = 0; v < V; v++)
		ct_best_keep(out, &n, most,
		    &(struct ct_outstanding){ v,
			deviation > 0 ? (float)(((double)x[v] - mean) / deviation) : 0 },
		    sizeof *out, by_deviations, NULL);
	return n;
}
