/* lesson_check: see lesson_check.h. */
#include "tui/lesson/lesson_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/cmd_exec.h"
#include "tui/terminal/fmt.h"
#include "tui/view/view.h"

enum value { TEXT, SHARES };	/* SHARES: a map of names to numbers from 0 to 1, an expectation each */

struct lesson_check_kind {
	const char *key;
	enum value value;
	const char *before, *after;	/* the words before and after the text on the screen */
	bool (*holds)(struct app *a, const struct lesson_check *e, char *found, size_t size);
};

static int
position(const struct app *a, const char *at)
{
	const struct study *s = &a->study;
	int n;

	if (!at)
		return s->T - 1;
	if (cmd_parse_int(at, &n))
		return n >= 0 && n < s->T ? n : s->T - 1;
	for (int i = s->T - 1; i > 0; i--)
		if (strcmp(study_token(s, i), at) == 0)
			return i;
	return s->T - 1;
}

static bool
top_is(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	struct ct_top top;
	const char *token;
	char p[FMT_SIZE];

	if (ct_session_top(a->study.first, CT_RUN_CLAMPED, position(a, e->at), &top, 1) != 1) {
		snprintf(found, size, "nothing is traced");
		return false;
	}
	token = ct_engine_token(a->study.engine, top.token);
	snprintf(found, size, "the model says %s, %s", token, fmt_percent(p, sizeof p, top.prob));
	return strcmp(token, e->text) == 0;
}

static bool
top_is_not(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	return !top_is(a, e, found, size);
}

/* -1: there is no such token. */
static double
probability(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	int ids[64], n = ct_engine_complete(a->study.engine, e->text, ids, 64);
	char p[FMT_SIZE];

	for (int i = 0; i < n && i < 64; i++)
		if (strcmp(ct_engine_token(a->study.engine, ids[i]), e->text) == 0) {
			double prob = (double)ct_session_prob(
			    a->study.first, CT_RUN_CLAMPED, position(a, e->at), ids[i]);

			snprintf(found, size, "%s has %s", e->text, fmt_percent(p, sizeof p, prob));
			return prob;
		}
	snprintf(found, size, "\"%s\" is not in the vocabulary", e->text);
	return -1;
}

static bool
is_likely(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	return probability(a, e, found, size) >= e->number;
}

static bool
is_unlikely(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	double p = probability(a, e, found, size);

	return p >= 0 && p <= e->number;
}

/* text: a query as in session/query.h: Texas, =bridge Texas, "Texas">.8. */
static bool
label_has(const struct app *a, int layer, int feature, const char *text)
{
	struct ct_query q;
	struct ct_error err;

	return !ct_query_parse(&q, text, &err) && ct_engine_label_fits(a->study.engine, layer, feature, &q);
}

/*
 * Whether text names the node: a feature by label or place (with # or @), other nodes by a part of their
 * names.
 */
static bool
is_named(struct app *a, int node, const char *text, const char *what, char *found, size_t size)
{
	const struct ct_node *n = study_node(&a->study, node);
	char name[STUDY_NAME], note[STUDY_NAME];

	study_name(&a->study, node, name, sizeof name);
	study_note(&a->study, node, note, sizeof note);
	snprintf(found, size, "%s %s %s", what, name, note);
	if (study_is_feature(n) && !strpbrk(text, "#@"))
		return label_has(a, n->layer, n->index, text);
	return ct_text_search(name, text) || ct_text_search(note, text);
}

static bool
has_feature(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	const struct ct_graph *g = a->study.graph;

	for (int i = 0; g && i < g->n_features; i++)
		if (g->nodes[i].kept && label_has(a, g->nodes[i].layer, g->nodes[i].index, e->text))
			return true;
	snprintf(found, size, "no feature of the pruned graph has \"%s\" in its label", e->text);
	return false;
}

static bool
is_clamped(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	const struct clamp_set *set = study_clamps(&a->study);

	for (int i = 0; i < set->n; i++)
		if (!set->clamp[i].off && label_has(a, set->clamp[i].layer, set->clamp[i].feature, e->text))
			return true;
	if (set->n)
		snprintf(found, size, "no clamp on a feature with \"%s\" in its label", e->text);
	else
		snprintf(found, size, "no clamps");
	return false;
}

static bool
has_clamps(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	int n = study_clamps(&a->study)->n;

	snprintf(found, size, "%d clamp%s", n, n == 1 ? "" : "s");
	return strcmp(e->text, "none") != 0 ? n > 0 : n == 0;
}

static bool
has_supernode(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	const struct ct_subgraph *sg = ct_session_subgraph(a->study.session);

	snprintf(found, size, "%d supernodes", sg->n_supernodes);
	return ct_subgraph_supernode(sg, e->text) >= 0;
}

static bool
is_selected(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	if (!study_node(&a->study, a->study.node)) {
		snprintf(found, size, "nothing is selected");
		return false;
	}
	return is_named(a, a->study.node, e->text, "selected is", found, size);
}

static bool
is_target(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	const struct ct_graph *g = a->study.graph;

	for (int i = g ? g->n_nodes - g->n_targets : 0; g && i < g->n_nodes; i++)
		if (is_named(a, i, e->text, "the target is", found, size))
			return true;
	return false;
}

static bool
is_pruned(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	double want, have = a->study.graph ? a->study.graph->node_threshold : NAN;

	snprintf(found, size, "pruned to %.3g of the influence", have);
	return ct_text_double(e->text, &want) && fabs(have - want) < 1e-9;
}

static bool
is_mode(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	const char *mode = ct_mode_name(a->study.how.mode);

	snprintf(found, size, "the mode is %s", mode);
	return strcmp(mode, e->text) == 0;
}

static bool
is_chosen(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	snprintf(found, size, "the selected token is %s", study_token(&a->study, a->study.pos));
	return strcmp(study_token(&a->study, a->study.pos), e->text) == 0;
}

static bool
in_prompt(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	for (int i = 1; i < a->study.T; i++)
		if (strcmp(study_token(&a->study, i), e->text) == 0)
			return true;
	snprintf(found, size, "the prompt is \"%s\"", a->study.T ? ct_session_text(a->study.session) : "");
	return false;
}

static bool
has_written(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	for (int i = 0; i < a->study.n_generated; i++)
		if (strcmp(ct_engine_token(a->study.engine, a->study.generated[i]), e->text) == 0)
			return true;
	if (a->study.n_generated == 0)
		snprintf(found, size, "nothing was generated");
	else
		snprintf(found, size, "the line begins with %s",
		    ct_engine_token(a->study.engine, a->study.generated[0]));
	return false;
}

static bool
is_view(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	snprintf(found, size, "the %s has the keys", view_ops(a->focus)->name);
	return view_find(e->text) == (int)a->focus || view_find(e->text) == (int)a->view;
}

static bool
is_transcoder(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	snprintf(found, size, "the transcoder is the %s", a->study.info->transcoder);
	return strcasecmp(a->study.info->transcoder, e->text) == 0;
}

/* NAN: there is no such score now. */
static double
score(struct app *a, const char *name)
{
	const struct ct_graph *g = a->study.graph;
	const struct ct_effects *o = study_clamps(&a->study)->n ? ct_session_effects(a->study.first) : NULL;

	if (strcmp(name, "replacement") == 0)
		return g ? g->scores.replacement : NAN;
	if (strcmp(name, "completeness") == 0)
		return g ? g->scores.completeness : NAN;
	if (strcmp(name, "agreement") == 0)
		return o ? o->agreement.spearman : NAN;
	return NAN;
}

static bool
scores_high(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	double v = score(a, e->text);

	snprintf(found, size, "%s is %.3g", e->text, v);
	return v >= e->number;
}

static const struct lesson_check_kind kinds[] = {
	{ "top", TEXT, "the model says ", "", top_is },
	{ "not_top", TEXT, "the model no longer says ", "", top_is_not },
	{ "likely", SHARES, "", " at least", is_likely },
	{ "unlikely", SHARES, "", " at most", is_unlikely },
	{ "feature", TEXT, "a feature with the label ", "", has_feature },
	{ "scores", SHARES, "", " at least", scores_high },
	{ "clamped", TEXT, "a clamp on ", "", is_clamped },
	{ "clamps", TEXT, "clamps: ", "", has_clamps },
	{ "supernode", TEXT, "a supernode ", "", has_supernode },
	{ "selected", TEXT, "", " is selected", is_selected },
	{ "target", TEXT, "the graph explains ", "", is_target },
	{ "pruned", TEXT, "pruned to ", "", is_pruned },
	{ "mode", TEXT, "mode ", "", is_mode },
	{ "chosen", TEXT, "the selected token is ", "", is_chosen },
	{ "prompt", TEXT, "a prompt with ", "", in_prompt },
	{ "writes", TEXT, "what was generated last has ", "", has_written },
	{ "view", TEXT, "in sight: the ", "", is_view },
	{ "transcoder", TEXT, "seen through the ", "", is_transcoder },
};

enum { N_KINDS = sizeof kinds / sizeof *kinds };

static int
check_text(const struct ct_yaml_doc *d, const struct ct_yaml *entry, struct ct_error *err)
{
	if (entry->kind != CT_YAML_SCALAR || !*entry->text)
		return ct_yaml_fail(d, entry, CT_EFORMAT, err, "%s: expected a text, found %s", entry->key,
		    entry->kind == CT_YAML_SCALAR ? "nothing" : "a list or map");
	if (strcmp(entry->key, "view") == 0 && view_find(entry->text) < 0)
		return ct_yaml_fail(d, entry, CT_EFORMAT, err, "view: there is no view \"%s\"", entry->text);
	return CT_OK;
}

static int
read_shares(const struct ct_yaml_doc *d, const struct ct_yaml *entry, const struct lesson_check_kind *kind,
    struct lesson_check *out, int n, int max, struct ct_error *err)
{
	if (entry->kind != CT_YAML_MAP)
		return ct_yaml_fail(d, entry, CT_EFORMAT, err,
		    "%s: expected a map of names to numbers, {Austin: .6}", entry->key);
	for (int i = 0; i < entry->n; i++) {
		const char *name = entry->items[i].key;
		double v = 0;
		int code;

		if (strcmp(kind->key, "scores") == 0 && strcmp(name, "replacement") != 0 &&
		    strcmp(name, "completeness") != 0 && strcmp(name, "agreement") != 0)
			return ct_yaml_fail(d, &entry->items[i], CT_EFORMAT, err,
			    "scores: expected replacement, completeness or agreement; found \"%s\"", name);
		code = ct_yaml_double(d, entry, name, true, 0, 1, &v, err);
		if (code != CT_OK)
			return code;
		if (n == max)
			return ct_yaml_fail(d, entry, CT_EFORMAT, err, "more than %d expectations", max);
		out[n++] = (struct lesson_check){ .kind = kind, .text = name, .number = v };
	}
	return n;
}

int
lesson_check_read(const struct ct_yaml_doc *d, const struct ct_yaml *map, struct lesson_check *out, int max,
    struct ct_error *err)
{
	const char *known[N_KINDS + 2] = { "at" }, *at = NULL;
	int n = 0, code;

	if (map->kind != CT_YAML_MAP)
		return ct_yaml_fail(d, map, CT_EFORMAT, err, "expect: expected a map such as {top: Austin}");
	for (int i = 0; i < N_KINDS; i++)
		known[i + 1] = kinds[i].key;
	if ((code = ct_yaml_only(d, map, known, err)) ||
	    (code = ct_yaml_string(d, map, "at", false, &at, err)))
		return code;
	for (int i = 0; i < N_KINDS; i++) {
		const struct ct_yaml *entry = ct_yaml_get(map, kinds[i].key);

		if (!entry)
			continue;
		if (kinds[i].value == SHARES) {
			n = read_shares(d, entry, &kinds[i], out, n, max, err);
			if (n < 0)
				return n;
			continue;
		}
		if ((code = check_text(d, entry, err)))
			return code;
		if (n == max)
			return ct_yaml_fail(d, entry, CT_EFORMAT, err, "more than %d expectations", max);
		out[n++] = (struct lesson_check){ .kind = &kinds[i], .text = entry->text };
	}
	if (!n)
		return ct_yaml_fail(d, map, CT_EFORMAT, err, "expect: expected at least one entry, such as "
		    "{top: Austin}");
	for (int i = 0; i < n; i++)
		out[i].at = at;
	return n;
}

bool
lesson_check_holds(struct app *a, const struct lesson_check *e, char *found, size_t size)
{
	char unwanted[STUDY_NAME];

	if (!a->study.T) {
		if (found)
			snprintf(found, size, "no prompt");
		return false;
	}
	return e->kind->holds(a, e, found ? found : unwanted, found ? size : sizeof unwanted);
}

const char *
lesson_check_words(const struct lesson_check *e, char *buf, size_t size)
{
	char share[FMT_SIZE] = "", clean[160];

	ct_text_clean(clean, sizeof clean, e->text, strlen(e->text));
	if (e->kind->value == SHARES && strcmp(e->kind->key, "scores") == 0)
		fmt_share(share, sizeof share, e->number);
	else if (e->kind->value == SHARES)
		fmt_percent(share, sizeof share, e->number);
	snprintf(buf, size, "%s%s%s%s%s", e->kind->before, clean, e->kind->after, *share ? " " : "", share);
	return buf;
}
