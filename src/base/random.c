/* random: see random.h. */
#include "base/random.h"

#include <math.h>

void
ct_rng_seed(struct ct_rng *r, uint64_t seed, uint64_t stream)
{
	r->inc = (stream << 1) | 1u;
	r->state = 0;
	ct_rng_u32(r);
	r->state += seed;
	ct_rng_u32(r);
}

uint32_t
ct_rng_u32(struct ct_rng *r)
{
	uint64_t old = r->state;
	uint32_t xorshifted = (uint32_t)(((old >> 18) ^ old) >> 27);
	uint32_t rot = (uint32_t)(old >> 59);

	r->state = old * 6364136223846793005ULL + r->inc;
	return (xorshifted >> rot) | (xorshifted << ((32 - rot) & 31));
}

uint32_t
ct_rng_below(struct ct_rng *r, uint32_t n)
{
	uint32_t floor = (0u - n) % n, x;

	do
		x = ct_rng_u32(r);
	while (x < floor);
	return x % n;
}

float
ct_rng_uniform(struct ct_rng *r)
{
	return (float)(ct_rng_u32(r) >> 8) * 0x1p-24f;
}

float
ct_rng_normal(struct ct_rng *r)
{
	/* Box-Muller; 1-u keeps the logarithm finite. */
	double u = 1.0 - (double)(ct_rng_u32(r) >> 8) * 0x1p-24;
	double v = (double)(ct_rng_u32(r) >> 8) * 0x1p-24;

	return (float)(sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v));
}

void
ct_rng_shuffle(struct ct_rng *r, int *list, int n)
{
	for (int i = n - 1; i > 0; i--) {
		int k = (int)ct_rng_below(r, (uint32_t)i + 1), keep = list[i];

		list[i] = list[k];
		list[k] = keep;
	}
}
