/*
 * random: a small seeded generator (PCG32, O'Neill 2014), the same on every machine.
 */
#ifndef CT_BASE_RANDOM_H
#define CT_BASE_RANDOM_H

#include <stdint.h>

struct ct_rng {
	uint64_t state, inc;
};

void ct_rng_seed(struct ct_rng *r, uint64_t seed, uint64_t stream);
uint32_t ct_rng_u32(struct ct_rng *r);
uint32_t ct_rng_below(struct ct_rng *r, uint32_t n);	/* 0..n-1, unbiased; n > 0 */
float ct_rng_uniform(struct ct_rng *r);			/* [0, 1) */
float ct_rng_normal(struct ct_rng *r);			/* mean 0, deviation 1 */
void ct_rng_shuffle(struct ct_rng *r, int *list, int n);

#endif
