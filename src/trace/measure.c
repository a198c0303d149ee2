/* measure: see measure.h. */
#include "trace/measure.h"

#include <limits.h>

#include "base/clock.h"
#include "base/random.h"
#include "model/transformer.h"
#include "trace/build.h"
#include "trace/influence.h"
#include "trace/replacement.h"

enum { MAX_ROOTS = 10 };

/* From ids to graph, as a session does it. */
static int
trace(struct ct_measured *out, const struct ct_model *m, const struct ct_transcoder *tc, const int *ids,
    int T, struct ct_arena *a, struct ct_pool *pool, ct_progress_fn progress, void *ctx, struct ct_error *err)
{
	struct ct_root roots[MAX_ROOTS];
	struct ct_arena tmp = { 0 };
	struct ct_pass pass;
	struct ct_local_model local;
	double start = ct_seconds();
	float *scratch = ct_arena_need(&tmp, ct_layer_scratch(m, T), sizeof *scratch, "a run", err);
	float *logits = ct_arena_need(&tmp, (size_t)m->cfg.V, sizeof *logits, "logits", err);
	int rc = CT_ENOMEM, n;

	if (!scratch || !logits || (rc = ct_pass_init(&pass, m, T, a, err)) < 0)
		goto done;
	/* A phase is named as it begins. */
	if (progress)
		progress(ctx, "run", 0, 1);
	ct_forward(&pass, ids, scratch, NULL, NULL);
	if (progress)
		progress(ctx, "features", 0, 1);
	rc = ct_local_model_init(&local, m, tc, &pass, pool, a, NULL, NULL, err);
	if (rc < 0)
		goto done;
	if (progress)
		progress(ctx, "attribution", 0, 1);
	ct_logits(m, 1, pass.final + (size_t)(T - 1) * m->cfg.D, logits);
	n = ct_default_roots(logits, m->cfg.V, T - 1, roots, MAX_ROOTS);
	rc = ct_graph_build(&out->graph, &local, ids, roots, n, INT_MAX, a, pool, progress, ctx, err);
	if (rc == CT_OK)
		rc = ct_local_model_check(&local, ids, T - 1, &tmp, &out->graph->check.max_logit_error, NULL, NULL, err);
	if (rc < 0)
		goto done;
	if (progress)
		progress(ctx, "pruning", 0, 1);
	rc = ct_graph_prune(out->graph, 0.8, 0.98, a, &tmp, NULL, NULL, err);
	out->seconds = ct_seconds() - start;
done:
	ct_arena_free(&tmp);
	return rc;
}

int
ct_measure_shape(struct ct_measured *out, const struct ct_shape *shape, int T, struct ct_arena *a,
    struct ct_pool *pool, ct_progress_fn progress, void *ctx, struct ct_error *err)
{
	struct ct_model *m = NULL;
	struct ct_transcoder *tc = NULL;
	struct ct_rng rng;
	int *ids = ct_arena_need(a, (size_t)T, sizeof *ids, "a prompt", err);
	int rc = CT_ENOMEM;

	if (!ids)
		return rc;
	if ((rc = ct_model_random(&m, shape, err)) < 0 || (rc = ct_transcoder_random(&tc, shape, err)) < 0)
		goto done;
	ct_rng_seed(&rng, shape->seed, 7);
	for (int t = 0; t < T; t++)
		ids[t] = (int)ct_rng_below(&rng, (uint32_t)shape->cfg.V);
	rc = trace(out, m, tc, ids, T, a, pool, progress, ctx, err);
done:
	ct_transcoder_close(tc);
	ct_model_close(m);
	return rc;
}
