/* patch: see patch.h. */
#include "trace/patch.h"

#include <math.h>

#include "math/kernels.h"
#include "trace/intervene.h"

/* Collects clamps: counts all of them, and writes at most max. */
struct collect {
	const struct ct_patch_what *what;
	struct ct_clamp *out;
	int n, max;
};

/* Adds a clamp on a feature whose activation differs. */
static void
add(struct collect *c, const struct ct_active *like, int pos, float from, float to)
{
	if (from == to || (c->what->feature >= 0 && c->what->feature != like->feature))
		return;
	if (c->n < c->max)
		c->out[c->n] = (struct ct_clamp){ .layer = like->layer, .feature = like->feature, .pos = pos,
			.unit = CT_ABSOLUTE, .amount = (double)to };
	c->n++;
}

/* The features of one layer at aligned positions: two ordered lists, merged. */
static void
add_place(const struct ct_local_model *here, const struct ct_local_model *there, int l, int pos, int other,
    struct collect *c)
{
	int i = here->first[l * here->T + pos], end = here->first[l * here->T + pos + 1];
	int k = there->first[l * there->T + other], stop = there->first[l * there->T + other + 1];

	while (i < end || k < stop) {
		const struct ct_active *x = i < end ? &here->active[i] : NULL;
		const struct ct_active *y = k < stop ? &there->active[k] : NULL;
		bool mine = x && (!y || x->feature <= y->feature);
		bool theirs = y && (!x || y->feature <= x->feature);

		/*
		 * The activation of a neuron that the other prompt's graph left out is not known; it is not
		 * 0.
		 */
		if ((mine && theirs) || !here->tc->neurons)
			add(c, mine ? x : y, pos, mine ? x->act : 0, theirs ? y->act : 0);
		i += mine;
		k += theirs;
	}
}

int
ct_patch_clamps(const struct ct_prompt *here, const struct ct_prompt *there,
    const struct ct_alignment *align, const struct ct_patch_what *what, struct ct_clamp *out, int max)
{
	struct collect c = { .what = what, .out = out, .max = max };
	int first = what->pos < 0 ? here->pass.start : what->pos;
	int last = what->pos < 0 ? here->T - 1 : what->pos;

	for (int l = 0; l < here->lrm.tc->L; l++)
		for (int t = first; t <= last && (what->layer < 0 || what->layer == l); t++)
			if (t >= here->pass.start && align->there[t] >= there->pass.start)
				add_place(&here->lrm, &there->lrm, l, t, align->there[t], &c);
	return c.n;
}

/* logit(there) - logit(here) in a final stream; if the answer is the same, its logit minus the mean. */
static double
gap_of(const struct ct_prompt *p, const struct ct_patch_answers *answers, int pos, const float *final)
{
	int other = answers->here == answers->there ? CT_VOCAB_MEAN : answers->here;

	return ct_unembed_dot(p->pass.m, answers->there, other,
	    final + (size_t)pos * p->pass.m->cfg.D);
}

/* Sets what the patched run says. */
static int
read_answers(struct ct_patch *out, const struct ct_prompt *p, const float *final,
    const struct ct_patch_answers *answers, struct ct_arena *a, struct ct_error *err)
{
	float *logits = ct_prompt_logits(p, final, answers->pos, a, err);
	int V = p->pass.m->cfg.V;

	if (!logits)
		return CT_ENOMEM;
	out->top = ct_likeliest(V, logits);
	out->prob = (float)ct_probability(V, logits, out->top);
	out->prob_there = (float)ct_probability(V, logits, answers->there);
	return CT_OK;
}

int
ct_patch_run(struct ct_patch *out, const struct ct_prompt *here, const struct ct_prompt *there,
    const struct ct_alignment *align, const struct ct_patch_what *what,
    const struct ct_patch_answers *answers, struct ct_error *err)
{
	const struct ct_clamp_options how = { .mode = CT_FROZEN };
	struct ct_arena tmp = { 0 };
	struct ct_clamp *list;
	struct ct_clamp_sites sites;
	struct ct_changed run;
	int n = ct_patch_clamps(here, there, align, what, NULL, 0), code = CT_ENOMEM;

	*out = (struct ct_patch){ .features = n, .top = -1, .share = NAN };
	list = ct_arena_need(&tmp, (size_t)n, sizeof *list, "a patch", err);
	if (!list)
		goto done;
	ct_patch_clamps(here, there, align, what, list, n);
	if ((code = ct_clamp_sites_init(&sites, &here->lrm, list, n, &tmp, err)) < 0 ||
	    (code = ct_intervene(&run, &here->lrm, &sites, &how, &tmp, err)) < 0 ||
	    (code = read_answers(out, here, run.final, answers, &tmp, err)) < 0)
		goto done;
	out->moved = (float)(gap_of(here, answers, answers->pos, run.final) -
	    gap_of(here, answers, answers->pos, here->pass.final));
	out->gap = (float)(gap_of(there, answers, answers->pos_there, there->pass.final) -
	    gap_of(here, answers, answers->pos, here->pass.final));
	/*
	 * Between prompts with the same answer the gap is a small difference, so a share of it means nothing.
	 */
	if (answers->here != answers->there && fabs((double)out->gap) > 1e-6)
		out->share = out->moved / out->gap;
done:
	ct_arena_free(&tmp);
	return code;
}
