/* prompt: see prompt.h. */
#include "eval/prompt.h"

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
	ct_forward(m, &p->pass, ids, scratch, NULL, NULL);
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
