/* eval: see eval.h. */
#include "eval/eval.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cards/activity.h"
#include "eval/interchange.h"
#include "eval/interchange_parts.h"
#include "eval/planning.h"

static const double sure_f1 = 0.9, least_f1 = 0.5;

static const char about[] = "about ", bridge[] = "bridge ", answering[] = ", answering";

/* Whether label is "PREFIX VALUE", or that followed by a comma and more. */
static bool
names(const char *label, const char *prefix, const char *value)
{
	size_t before = strlen(prefix), n = strlen(value);

	return strncmp(label, prefix, before) == 0 && strncmp(label + before, value, n) == 0 &&
	    (label[before + n] == '\0' || label[before + n] == ',');
}

/* Whether a label says that the value of "about VALUE" is known: at the answer position, or from there on. */
static bool
is_bridge(const char *label, const char *about_value)
{
	const char *value = about_value + sizeof about - 1;

	return strcmp(label, about_value) == 0 || names(label, bridge, value) ||
	    (names(label, "", value) && strcmp(label + strlen(value), answering) == 0);
}

/* Marks each value that a sure label names as a bridge. */
static void
count_bridges(struct ct_eval_labels *out, const struct ct_corpus *c, const bool *sure)
{
	int i, l, v;

	for (v = 0; v < c->n_labels; v++) {
		bool used = false, found = false;

		if (strncmp(c->labels[v], about, sizeof about - 1) != 0)
			continue;
		for (i = 0; i < c->n_sentences && !used; i++)
			used = c->sentences[i].about == v;
		for (l = 0; l < c->n_labels && used && !found; l++)
			found = sure[l] && is_bridge(c->labels[l], c->labels[v]);
		out->values += used;
		out->bridges += found;
	}
}

/* Finds which values have features of their own, and where these are. */
static int
find_named(struct ct_eval_labels *out, const struct ct_corpus *c, const struct ct_feature_labels *labels,
    struct ct_error *err)
{
	int *value, code = ct_hidden_values(&value, c, err);
	bool *found = calloc((size_t)c->n_labels + 1, sizeof *found);
	long most = 0, most_bridges = 0;

	out->named_layer = out->bridge_layer = -1;
	if (code == CT_OK && !found)
		code = ct_fail_memory(err, (size_t)c->n_labels * sizeof *found, "labels");
	for (int l = 0; l < labels->L && code == CT_OK; l++) {
		long here = 0, bridges = 0;

		for (size_t k = labels->first[l]; k < labels->first[l + 1]; k++) {
			int v = labels->f1[k] >= sure_f1 ? value[labels->label[k]] : -1;

			if (v < 0 || strncmp(c->labels[v], about, sizeof about - 1) != 0)
				continue;
			out->named_values += !found[v];
			found[v] = true;
			bridges += is_bridge(c->labels[labels->label[k]], c->labels[v]);
			here++;
		}
		if (here > most) {
			most = here;
			out->named_layer = l;
		}
		if (bridges > most_bridges) {
			most_bridges = bridges;
			out->bridge_layer = l;
		}
	}
	free(value);
	free(found);
	return code;
}

static int
label_figures(struct ct_eval_labels *out, const struct ct_corpus *c, const struct ct_feature_labels *labels,
    struct ct_error *err)
{
	bool *sure = calloc((size_t)c->n_labels + 1, sizeof *sure);	/* some feature has it, F1 >= .9 */
	size_t n = labels->first[labels->L];

	*out = (struct ct_eval_labels){ .features = (long)n };
	if (!sure)
		return ct_fail_memory(err, (size_t)c->n_labels, "labels");
	for (size_t k = 0; k < n; k++) {
		out->dead += labels->tokens[k] == 0;
		out->named += labels->f1[k] >= least_f1;
		if (labels->f1[k] >= sure_f1) {
			out->sure++;
			sure[labels->label[k]] = true;
		}
	}
	count_bridges(out, c, sure);
	free(sure);
	return find_named(out, c, labels, err);
}

static void
add_test(struct ct_eval *e, const char *name, double strength, double share, int n)
{
	struct ct_eval_test *t;

	if (e->n_causal == CT_EVAL_TESTS)
		return;
	t = &e->causal[e->n_causal++];
	snprintf(t->name, sizeof t->name, "%.40s, %gx", name, strength);
	t->share = share;
	t->n = n;
}

static void
add_planning(struct ct_eval *e, const struct ct_planning_figures *p)
{
	static const char *const other[CT_PLANNING_MOVED] = {[CT_PLANNING_ALL] = "plan swap, other rhyme",
	    [CT_PLANNING_LABELLED] = "labelled plans, other rhyme"};
	static const char *const word[CT_PLANNING_MOVED] = {[CT_PLANNING_ALL] = "plan swap, that word",
	    [CT_PLANNING_LABELLED] = "labelled plans, that word"};
	int moved, k;

	if (p->n == 0)
		return;
	add_test(e, "no plan swap, own rhyme", 0, p->own, p->n);
	for (moved = 0; moved < CT_PLANNING_MOVED; moved++) {
		for (k = 0; k < CT_INTERCHANGE_STRENGTHS; k++)
			add_test(e, other[moved], ct_interchange_strengths[k], p->other[moved][k], p->n);
		for (k = 0; k < CT_INTERCHANGE_STRENGTHS; k++)
			add_test(e, word[moved], ct_interchange_strengths[k], p->word[moved][k], p->n);
	}
}

static int
causal_tests(struct ct_eval *e, const struct ct_subject *subject, const struct ct_activity *activity,
    int others, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_model *m = subject->m;
	const struct ct_transcoder *tc = subject->tc;
	const struct ct_corpus *c = subject->c;
	static const char *const places[CT_INTERCHANGE_PLACES] = {
	    [CT_INTERCHANGE_ANSWER] = "bridge swap at the answer",
	    [CT_INTERCHANGE_WRITTEN] = "bridge swap where it is written",
	    [CT_INTERCHANGE_ONWARDS] = "bridge swap onwards"};
	static const char *const controls[CT_CONTROLS][2] = {
		[CT_CONTROL_SAME] = { "control, same value, at the answer", "control, same value, written" },
		[CT_CONTROL_RANDOM] = { "control, random features, at the answer",
		    "control, random features, written" },
	};
	struct ct_interchange_figures swap;
	struct ct_planning_figures planning;
	struct ct_interchange_parts_figures exchange[CT_CORPUS_MAX_PARTS];
	char name[64];
	int place, i, k, code;

	code = ct_interchange_measure(&swap, m, tc, c, activity, others, job, err);
	for (place = 0; code == CT_OK && swap.n > 0 && place < CT_INTERCHANGE_PLACES; place++) {
		for (k = 0; k < CT_INTERCHANGE_STRENGTHS; k++)
			add_test(e, places[place], ct_interchange_strengths[k], swap.share[place][k], swap.n);
	}
	for (k = 0; code == CT_OK && swap.n > 0 && k < CT_CONTROLS; k++) {
		bool random = k == CT_CONTROL_RANDOM;
		int n = random ? swap.n : swap.n_same;

		add_test(e, controls[k][0], random ? 1.5 : 1, swap.changed[k][CT_INTERCHANGE_ANSWER], n);
		add_test(e, controls[k][1], 1, swap.changed[k][CT_INTERCHANGE_WRITTEN], n);
	}
	if (code == CT_OK)
		code = ct_planning_measure(&planning, subject, activity, others, job, err);
	if (code == CT_OK)
		add_planning(e, &planning);
	if (code == CT_OK)
		code = ct_interchange_parts_measure(exchange, m, tc, c, activity, others, job, err);
	for (i = 0; code == CT_OK && i < c->n_parts; i++) {
		snprintf(name, sizeof name, "swap of the %.24s", c->parts[i].name);
		for (k = 0; exchange[i].n > 0 && k < CT_INTERCHANGE_STRENGTHS; k++)
			add_test(e, name, ct_interchange_strengths[k], exchange[i].share[k], exchange[i].n);
	}
	return code;
}

int
ct_eval_run(struct ct_eval **out, const struct ct_model *m, const struct ct_transcoder *tc,
    const struct ct_corpus *c, const struct ct_eval_options *opt, const struct ct_job *job,
    struct ct_error *err)
{
	struct ct_eval *e = calloc(1, sizeof *e);
	struct ct_activity *activity = NULL;
	struct ct_feature_labels labels = { 0 };
	const struct ct_subject subject = { m, tc, c, &labels };
	int code;

	*out = NULL;
	if (!e)
		return ct_fail_memory(err, sizeof *e, "figures");
	code = ct_activity_collect(&activity, m, tc, c, job, err);
	if (code == CT_OK)
		code = ct_fidelity_measure(&e->fidelity, m, tc, c, activity, job, err);
	if (code == CT_OK)
		code = ct_feature_labels_find(&labels, c, activity, err);
	if (code == CT_OK)
		code = ct_graph_figures_measure(&e->graphs, &subject, opt->prompts, job, err);
	if (code == CT_OK)
		code = ct_hidden_measure(&e->hidden, &subject, job, err);
	if (code == CT_OK)
		code = ct_group_swap_measure(&e->groups, &subject, opt->prompts, job, err);
	if (code == CT_OK)
		code = causal_tests(e, &subject, activity, opt->others, job, err);
	if (code == CT_OK)
		code = label_figures(&e->labels, c, &labels, err);
	if (code == CT_OK)
		code = ct_transcoder_check(tc, m, err);
	ct_feature_labels_free(&labels);
	ct_activity_free(activity);
	if (code != CT_OK) {
		ct_eval_free(e);
		return code;
	}
	*out = e;
	return CT_OK;
}

void
ct_eval_free(struct ct_eval *e)
{
	if (!e)
		return;
	ct_fidelity_free(e->fidelity);
	free(e);
}
