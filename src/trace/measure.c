/* measure: see measure.h. */
#include "trace/measure.h"

#include <limits.h>

#include "base/clock.h"
#include "base/random.h"
#include "trace/prompt.h"

int
ct_measure_shape(struct ct_measured *out, const struct ct_shape *shape, int T, struct ct_arena *a,
    const struct ct_job *job, struct ct_error *err)
{
	struct ct_model *m = NULL;
	struct ct_transcoder *tc = NULL;
	const struct ct_trace_plan everything = { .pos = T - 1, .max_features = INT_MAX };
	struct ct_prompt *prompt;
	struct ct_rng rng;
	double start;
	int *ids = ct_arena_need(a, (size_t)T, sizeof *ids, "a prompt", err);
	int rc = CT_ENOMEM;

	if (!ids)
		return rc;
	if ((rc = ct_model_random(&m, shape, err)) < 0 || (rc = ct_transcoder_random(&tc, shape, err)) < 0)
		goto done;
	ct_rng_seed(&rng, shape->seed, 7);
	for (int t = 0; t < T; t++)
		ids[t] = (int)ct_rng_below(&rng, (uint32_t)shape->cfg.V);
	start = ct_seconds();
	rc = ct_prompt_run(&prompt, m, tc, ids, T, a, job, err);
	if (rc == CT_OK)
		rc = ct_prompt_trace(&out->graph, prompt, &everything, a, a, job, err);
	out->seconds = ct_seconds() - start;
done:
	ct_transcoder_close(tc);
	ct_model_close(m);
	return rc;
}
