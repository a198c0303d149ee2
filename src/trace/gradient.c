/* gradient: see gradient.h. */
#include "trace/gradient.h"

#include <string.h>

int
ct_gradient_init(struct ct_gradient *g, const struct ct_pass *p, int T, struct ct_arena *a,
    struct ct_error *err)
{
	const struct ct_model *m = p->m;

	*g = (struct ct_gradient){ 0 };
	g->G = ct_arena_need(a, (size_t)T * m->cfg.D, sizeof *g->G, "gradients", err);
	return g->G ? ct_back_init(&g->back, m, p->T, (size_t)T, 1, a, err) : CT_ENOMEM;
}

int
ct_target_layers(const struct ct_local_model *lrm, const struct ct_target *target)
{
	return target->kind == CT_TARGET_FEATURE ? target->layer + 1 : lrm->m->cfg.L;
}

static int
tell(int (*visitor)(void *, int, const struct ct_gradient *, struct ct_error *), void *ctx, int l,
    const struct ct_gradient *g, struct ct_error *err)
{
	return visitor ? visitor(ctx, l, g, err) : CT_OK;
}

int
ct_gradient_walk(struct ct_gradient *g, const struct ct_local_model *lrm, const struct ct_target *target,
    const struct ct_gradient_visit *visit, void *ctx, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_pass *p = lrm->pass;
	int D = lrm->m->cfg.D, layers = ct_target_layers(lrm, target), code = CT_OK;
	float *own = g->G + (size_t)target->pos * D;

	g->Tp = target->pos + 1;
	g->bias = 0;
	memset(g->G, 0, (size_t)g->Tp * D * sizeof *g->G);
	if (target->kind != CT_TARGET_FEATURE)
		ct_logit_gradient(p, target->pos, target->index, target->other, own, &g->bias);
	for (int l = layers - 1; l >= 0 && code == CT_OK; l--) {
		if (!ct_job_go_on(job, "gradient", layers - 1 - l, layers))
			return ct_fail(err, CT_ECANCELLED, "cancelled");
		if (target->kind == CT_TARGET_FEATURE && l == target->layer)
			ct_feature_gradient(p, lrm->tc, l, target->pos, target->index, own, &g->bias);
		else if ((code = tell(visit->written, ctx, l, g, err)) == CT_OK)
			ct_skip_back(p, lrm->tc, l, 1, g->Tp, g->G, &g->bias, &g->back);
		if (code == CT_OK)
			code = tell(visit->attended, ctx, l, g, err);
		if (code < 0)
			break;
		ct_attention_back(p, l, 1, g->Tp, g->G, &g->bias, &g->back);
		code = tell(visit->entered, ctx, l, g, err);
	}
	return code;
}
