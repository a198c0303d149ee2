/* answer: see answer.h. */
#include "trace/answer.h"

#include "math/kernels.h"
#include "model/transformer.h"
#include "trace/intervene.h"

int
ct_answer_logits(const struct ct_prompt *p, const struct ct_clamp *clamps, int n, double strength,
    int pos, float *logits, struct ct_arena *a, struct ct_error *err)
{
	static const struct ct_clamp_options how = { .mode = CT_FREE, .through = CT_MODEL };
	const struct ct_model *m = p->pass.m;
	struct ct_arena_mark mark = ct_arena_mark(a);
	struct ct_clamp *moved = ct_arena_need(a, (size_t)n, sizeof *moved, "clamps", err);
	struct ct_changed changed;
	struct ct_clamp_sites sites;
	int code;

	if (!moved)
		return CT_ENOMEM;
	for (int i = 0; i < n; i++) {
		moved[i] = clamps[i];
		moved[i].amount *= strength;
	}
	if ((code = ct_clamp_sites_init(&sites, &p->lrm, moved, n, a, err)) == CT_OK &&
	    (code = ct_intervene(&changed, &p->lrm, &sites, &how, a, err)) == CT_OK)
		ct_logits(m, 1, changed.final + (size_t)pos * (size_t)m->cfg.D, logits);
	ct_arena_release(a, mark);
	return code;
}

int
ct_answer_clamped(const struct ct_prompt *p, const struct ct_clamp *clamps, int n, double strength,
    struct ct_arena *a, int *said, struct ct_error *err)
{
	int V = p->pass.m->cfg.V, code;
	struct ct_arena_mark mark = ct_arena_mark(a);
	float *logits = ct_arena_need(a, (size_t)V, sizeof *logits, "logits", err);

	if (!logits)
		return CT_ENOMEM;
	if ((code = ct_answer_logits(p, clamps, n, strength, p->T - 1, logits, a, err)) == CT_OK)
		*said = ct_likeliest(V, logits);
	ct_arena_release(a, mark);
	return code;
}
