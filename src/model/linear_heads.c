/* linear_heads: how wide heads are, which key head a head reads, and its score. See linear.h. */
#include "model/linear.h"

int
ct_query_width(const struct ct_config *c)
{
	return c->H * c->head;
}

int
ct_key_width(const struct ct_config *c)
{
	return c->H_kv * c->head;
}

int
ct_head_width(const struct ct_config *c)
{
	return c->head;
}

int
ct_key_head(const struct ct_config *c, int h)
{
	return h / (c->H / c->H_kv);
}

double
ct_head_score(const struct ct_config *c, int h, const float *query, const float *key)
{
	double sum = 0;

	query += h * c->head;
	key += h / (c->H / c->H_kv) * c->head;
	for (int e = 0; e < c->head; e++)
		sum += (double)query[e] * (double)key[e];
	return sum * ct_score_scale(c);
}
