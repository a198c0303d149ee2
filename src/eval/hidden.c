/* hidden: see hidden.h. */
#include "eval/hidden.h"

#include <math.h>
#include <stdlib.h>

#include "base/parallel.h"
#include "eval/held_out.h"
#include "math/kernels.h"
#include "trace/answer.h"

struct result {
	bool counts, kept;
	int features;
	double before, left;
};

struct job {
	const struct ct_subject *x;
	int *value;			/* (n_labels) see ct_hidden_values */
	struct ct_held_out at;		/* a result for each */
};

/* Clamps that ablate the sentence's group. Returns how many. */
static int
choose_group(const struct job *j, const struct ct_sentence *s, const struct ct_prompt *p,
    struct ct_clamp *clamps)
{
	int n = 0;

	for (int i = 0; i < p->lrm.n; i++) {
		const struct ct_active *a = &p->lrm.active[i];
		int label = ct_feature_label(j->x->labels, a->layer, a->feature);

		if (label >= 0 && ct_hidden_of_sentence(j->x->c, s, j->value[label]))
			clamps[n++] = (struct ct_clamp){ .layer = a->layer, .feature = a->feature,
				.pos = a->pos, .unit = CT_MULTIPLE };
	}
	return n;
}

static bool
has_value(const struct job *j, const struct ct_sentence *s)
{
	return s->about >= 0 || s->plan_at > 0 || j->x->c->n_parts > 0;
}

static int
measure_sentence(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct job *j = ctx;
	const struct ct_sentence *s = &j->x->c->sentences[j->at.sentences[item]];
	int V = j->x->m->cfg.V, answer = j->x->c->tokens[s->first + s->answer + 1], n, code;
	struct result *r = (struct result *)j->at.results + item;
	struct ct_clamp *clamps;
	struct ct_prompt *p;
	float *logits;

	(void)worker;
	if (!has_value(j, s))
		return CT_OK;
	if ((code = ct_prompt_run(&p, j->x->m, j->x->tc, j->x->c->tokens + s->first, s->answer + 1, a,
	    NULL, err)) != CT_OK)
		return code;
	logits = ct_prompt_logits(p, p->pass.final, s->answer, a, err);
	clamps = ct_arena_need(a, (size_t)p->lrm.n, sizeof *clamps, "clamps", err);
	if (!logits || !clamps)
		return CT_ENOMEM;
	n = choose_group(j, s, p, clamps);
	ct_softmax(V, logits);
	*r = (struct result){ .counts = true, .features = n, .before = logits[answer] };
	if ((code = ct_answer_logits(p, clamps, n, 1, p->T - 1, logits, a, err)) != CT_OK)
		return code;
	r->kept = ct_likeliest(V, logits) == answer;
	ct_softmax(V, logits);
	r->left = logits[answer];
	return CT_OK;
}

static void
average(struct ct_hidden_figures *out, const struct result *r, int n)
{
	*out = (struct ct_hidden_figures){ 0 };
	for (int i = 0; i < n; i++) {
		if (!r[i].counts)
			continue;
		out->n++;
		out->before += r[i].before;
		out->left += r[i].left;
		out->kept += r[i].kept;
		out->features += r[i].features;
		out->none += r[i].features == 0;
	}
	/* 0 / 0 is NAN: nothing was measured. */
	out->before /= out->n;
	out->left /= out->n;
	out->kept /= out->n;
	out->features /= out->n;
	out->none /= out->n;
}

int
ct_hidden_measure(struct ct_hidden_figures *out, const struct ct_subject *x, const struct ct_job *job,
    struct ct_error *err)
{
	struct job j = { .x = x };
	int code = ct_held_out_open(&j.at, x->c, 0, sizeof(struct result), err);

	if (code == CT_OK)
		code = ct_hidden_values(&j.value, x->c, err);
	if (code == CT_OK)
		code = ct_parallel_run(job, j.at.n, measure_sentence, &j, "ablations", err);
	if (code == CT_OK)
		average(out, j.at.results, j.at.n);
	free(j.value);
	ct_held_out_free(&j.at);
	return code;
}
