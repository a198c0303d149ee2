/* answer: see answer.h. */
#include "eval/answer.h"

#include "model/transformer.h"
#include "trace/intervene.h"

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
ct_answer_clamped(const struct ct_prompt *p, const struct ct_clamp *clamps, int n, double strength,
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
		rc = ct_clamp_sites_init(&sites, &p->lrm, moved, n, a, err);
	if (rc == CT_OK)
		rc = ct_intervene(&changed, &p->lrm, &sites, &how, a, err);
	if (rc == CT_OK) {
		logits = ct_prompt_logits(p, changed.final, p->T - 1, a, err);
		rc = logits != NULL ? CT_OK : CT_ENOMEM;
	}
	if (rc == CT_OK)
		*said = ct_likeliest(p->pass.m->cfg.V, logits);
	ct_arena_release(a, mark);
	return rc;
}
