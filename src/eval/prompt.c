/* prompt: see prompt.h. */
#include "eval/prompt.h"

#include <math.h>

#include "model/transformer.h"

int
ct_prompt_run(struct ct_prompt *p, const struct ct_model *m, const struct ct_transcoder *tc, const int *ids,
    int T, struct ct_arena *a, struct ct_error *err)
{
	float *scratch;
	int rc;

	p->ids = ids;
	p->T = T;
	rc = ct_pass_init(&p->pass, m, T, a, err);
	if (rc != CT_OK)
		return rc;
	scratch = ct_arena_need(a, ct_layer_scratch(m, T), sizeof *scratch, "a forward pass", err);
	if (scratch == NULL)
		return CT_ENOMEM;
	ct_forward(m, &p->pass, ids, scratch);
	return ct_local_init(&p->local, m, tc, &p->pass, NULL, a, err);
}

float *
ct_prompt_logits(const struct ct_prompt *p, const float *final, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_model *m = p->local.m;
	float *logits = ct_arena_need(a, (size_t)m->cfg.V, sizeof *logits, "logits", err);

	if (logits != NULL)
		ct_logits(m, 1, final + (size_t)(p->T - 1) * (size_t)m->cfg.D, logits);
	return logits;
}

int
ct_likeliest(int n, const float *logits)
{
	int i, best = 0;

	for (i = 1; i < n; i++) {
		if (logits[i] > logits[best])
			best = i;
	}
	return best;
}

double
ct_kl_logits(int n, const float *p, const float *q)
{
	double top_p = -INFINITY, top_q = -INFINITY, sum_p = 0, sum_q = 0, kl = 0;
	int i;

	for (i = 0; i < n; i++) {
		top_p = fmax(top_p, (double)p[i]);
		top_q = fmax(top_q, (double)q[i]);
	}
	for (i = 0; i < n; i++) {
		sum_p += exp((double)p[i] - top_p);
		sum_q += exp((double)q[i] - top_q);
	}
	for (i = 0; i < n; i++) {
		double log_p = (double)p[i] - top_p - log(sum_p), log_q = (double)q[i] - top_q - log(sum_q);

		kl += exp(log_p) * (log_p - log_q);
	}
	return kl > 0 ? kl : 0;		/* below zero by rounding only */
}
