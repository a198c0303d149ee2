/* prompt: see prompt.h. */
#include "eval/prompt.h"

#include "model/transformer.h"
#include "trace/intervene.h"

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
	ct_forward(&p->pass, ids, scratch, NULL, NULL);
	return ct_local_model_init(&p->local, m, tc, &p->pass, NULL, a, NULL, NULL, err);
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

int
ct_prompt_clamped(const struct ct_prompt *p, const struct ct_clamp *clamps, int n, double strength,
    struct ct_arena *a, int *said, struct ct_error *err)
{
	static const struct ct_clamp_options how = {.mode = CT_FREE, .through = CT_MODEL};
	struct ct_arena_mark mark = ct_arena_mark(a);
	struct ct_clamp *moved = ct_arena_need(a, (size_t)n, sizeof *moved, "clamps", err);
	struct ct_changed changed;
	struct ct_clamp_sites sites;
	float *logits = NULL;
	int i, rc = moved != NULL ? CT_OK : CT_ENOMEM;

	for (i = 0; rc == CT_OK && i < n; i++) {
		moved[i] = clamps[i];
		moved[i].amount *= strength;
	}
	if (rc == CT_OK)
		rc = ct_clamp_sites_init(&sites, &p->local, moved, n, a, err);
	if (rc == CT_OK)
		rc = ct_intervene(&changed, &p->local, &sites, &how, a, err);
	if (rc == CT_OK) {
		logits = ct_prompt_logits(p, changed.final, a, err);
		rc = logits != NULL ? CT_OK : CT_ENOMEM;
	}
	if (rc == CT_OK)
		*said = ct_likeliest(p->local.m->cfg.V, logits);
	ct_arena_release(a, mark);
	return rc;
}
