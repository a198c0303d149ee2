/* verdict: see verdict.h. */
#include "eval/verdict.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const double least_accuracy = 0.99, least_agreement = 0.99, least_completeness = 0.95;
static const double most_direct = 0.2, most_left = 0.5, least_swap = 0.9, least_named = 0.9;

__attribute__((format(printf, 3, 4))) static void
add(struct ct_verdict *v, enum ct_verdict_kind kind, const char *format, ...)
{
	va_list args;

	if (v->n == CT_VERDICT_LINES)
		return;
	v->lines[v->n].kind = kind;
	v->missed += kind == CT_VERDICT_MISSED;
	va_start(args, format);
	vsnprintf(v->lines[v->n].text, sizeof v->lines[v->n].text, format, args);
	va_end(args);
	v->n++;
}

static enum ct_verdict_kind
judge(bool met)
{
	return met ? CT_VERDICT_MET : CT_VERDICT_MISSED;
}

/* The share of the test with this name, or NAN. */
static double
share_of(const struct ct_eval *e, const char *name)
{
	for (int i = 0; i < e->n_causal; i++)
		if (strcmp(e->causal[i].name, name) == 0)
			return e->causal[i].share;
	return NAN;
}

static void
judge_model(struct ct_verdict *v, const struct ct_eval *e)
{
	const struct ct_fidelity *f = e->fidelity;
	const struct ct_graph_figures *g = &e->graphs;
	bool right = f->accuracy >= least_accuracy;
	bool same = f->top1_agreement >= least_agreement && g->completeness >= least_completeness;
	bool past = g->direct_absolute[CT_DIRECT_WORDS] > most_direct;

	add(v, judge(right), "the model gives %.1f %% of the held-out answers", 100 * f->accuracy);
	if (!right)
		add(v, CT_VERDICT_TRY, "train: more `steps`; more rows in the tables; less `noise`");
	add(v, judge(same), "its transcoder gives the model's answer in %.1f %%, completeness %.2f",
	    100 * f->top1_agreement, g->completeness);
	if (!same)
		add(v, CT_VERDICT_TRY, "transcoder: more `steps` or `features`, less `sparsity`; "
		    "train: `noise: 0.15`");
	add(v, judge(!past), "%.0f %% of what raises or lowers an answer comes directly from words, not "
	    "through features", 100 * g->direct_absolute[CT_DIRECT_WORDS]);
	if (past)
		add(v, CT_VERDICT_TRY, "train: `direct: 1`, or more of it");
}

static void
judge_labels(struct ct_verdict *v, const struct ct_eval *e)
{
	const struct ct_eval_labels *l = &e->labels;
	bool named = l->named_values >= least_named * l->values;
	bool needed = e->hidden.left <= most_left;

	if (l->values > 0) {
		if (l->named_values == 0)
			add(v, judge(named), "none of %d hidden values has a feature of its own "
			    "(label F1 .9)", l->values);
		else if (l->bridge_layer >= 0)
			add(v, judge(named), "%d of %d hidden values have a feature of their own (label F1 "
			    ".9), %d of them one at the answer (most in layer %d)", l->named_values,
			    l->values, l->bridges, l->bridge_layer);
		else
			add(v, judge(named), "%d of %d hidden values have a feature of their own (label F1 "
			    ".9), most in layer %d, none at the answer", l->named_values, l->values,
			    l->named_layer);
		if (!named)
			add(v, CT_VERDICT_TRY, "train: `pairs: 1`, `carry: 5`; transcoder: "
			    "`lookups: 1`, `alike: 0.985`, `dictionary`, more `sparsity`");
	}
	if (e->hidden.n > 0) {
		add(v, judge(needed), "without the features named after its hidden value an answer of "
		    "%.0f %% keeps %.0f %%", 100 * e->hidden.before, 100 * e->hidden.left);
		if (!needed)
			add(v, CT_VERDICT_TRY, "features without a fitting label carry the value, too: "
			    "train: `noise`, `pairs: 1`, `attention layer: 1`; transcoder: `lookups: 1`, "
			    "`alike: 0.985`, `dictionary`, more `sparsity`");
	}
}

static void
judge_swap(struct ct_verdict *v, const char *what, double share, const char *advice)
{
	bool works = share >= least_swap;

	if (!isfinite(share))
		return;
	add(v, judge(works), "%s gives the other answer in %.1f %%", what, 100 * share);
	if (!works)
		add(v, CT_VERDICT_TRY, "%s", advice);
}

void
ct_verdict_find(struct ct_verdict *out, const struct ct_eval *e)
{
	char what[80];
	size_t n;

	*out = (struct ct_verdict){ 0 };
	judge_model(out, e);
	judge_labels(out, e);
	judge_swap(out, "a swap of the value where it is written",
	    share_of(e, "bridge swap where it is written, 1x"),
	    "train: `carry: 5`, `pairs: 1`, so that the value is found at the word that tells it");
	judge_swap(out, "a swap at the answer alone (1.5 times)",
	    share_of(e, "bridge swap at the answer, 1.5x"),
	    "the value does not stop at the answer on its way: train: `attention layer: 1`, `joint`, "
	    "`answer bottleneck`");
	judge_swap(out, "a swap of the planned word", share_of(e, "plan swap, other rhyme, 1x"),
	    "train: `bottleneck: 0.9`, `direct: 1`, `noise: 0.15`");
	for (int i = 0; i < e->n_causal; i++) {
		const char *end = strstr(e->causal[i].name, ", 1x");

		if (strncmp(e->causal[i].name, "swap of the ", 12) != 0 || !end)
			continue;
		n = (size_t)(end - e->causal[i].name);
		snprintf(what, sizeof what, "a %.*s", (int)n, e->causal[i].name);
		judge_swap(out, what, e->causal[i].share,
		    "train: more `activity`, more `steps`; transcoder: more `steps`");
	}
	if (e->n_causal == 0 && e->hidden.n == 0)
		add(out, CT_VERDICT_TRY, "the recipe says of no sentence what it is `about:`, so no hidden "
		    "value was looked for");
}
