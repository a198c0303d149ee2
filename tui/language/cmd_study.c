/* cmd_study: commands that make the engine compute; see cmd_exec.h. */
#include "tui/language/cmd_exec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/input.h"
#include "tui/language/keys.h"
#include "tui/terminal/fmt.h"
#include "tui/view/start.h"
#include "tui/view/view.h"

bool
cmd_feature(struct app *a, struct ct_clamp *out)
{
	const struct ct_node *n = study_node(&a->study, a->study.node);

	*out = (struct ct_clamp){ .layer = -1 };
	if (view_ops(a->focus)->feature)
		return view_ops(a->focus)->feature(a, a->state[a->focus], out);
	if (a->focus == VIEW_CARD && a->study.has_absent)
		n = &a->study.absent;
	if (!n || !study_is_feature(n))
		return false;
	*out = (struct ct_clamp){ .layer = n->layer, .feature = n->index, .pos = n->pos };
	return true;
}

int
cmd_no_feature(struct app *a, const char *what)
{
	char name[STUDY_NAME];
	const struct ct_node *n = study_node(&a->study, a->study.node);

	if (n && n->kind == CT_NODE_ERROR)
		return app_fail(a, "%s is what the transcoder leaves unexplained; only features can be %s",
		    study_name(&a->study, a->study.node, name, sizeof name), what);
	return app_fail(a, "only features (L1#249 and the like) can be %s: select one first", what);
}

static int
trace(struct app *a, const struct ct_targets *targets)
{
	struct ct_error err;

	if (study_trace(&a->study, targets, &err))
		return app_error(a, &err);
	view_changed(a, CHANGED_GRAPH);
	return DID_CHANGE;
}

int
cmd_follow_clamps(struct app *a)
{
	struct ct_error err;
	int code = study_refresh(&a->study, &err);

	if (code == CT_OK)
		return DID_NOTHING;
	view_changed(a, CHANGED_GRAPH);
	return code < 0 ? app_error(a, &err) : DID_CHANGE;
}

/* Explains what the model says under the clamps, or shows the graph without clamps again. */
int
do_trace(struct app *a, const char *arg)
{
	bool now = study_shows_now(&a->study), want = *arg ? strcmp(arg, "clamped") == 0 : !now;
	char name[STUDY_NAME];
	struct ct_error err;

	if (*arg && !want && strcmp(arg, "original") != 0)
		return app_fail(a, "trace: expected clamped or original, found \"%.60s\"", arg);
	if (!want && !now)
		return DID_NOTHING;
	if (!want)
		study_then(&a->study);
	else if (study_now(&a->study, &err))
		return app_error(a, &err);
	view_changed(a, CHANGED_GRAPH);
	study_name(&a->study, a->study.graph->n_nodes - a->study.graph->n_targets, name, sizeof name);
	if (want)
		app_say(a, "why the model says \"%s\" under the clamps; %s shows the graph without "
		    "them", name,
		    key_for("trace"));
	else
		app_say(a, "the graph without clamps");
	return DID_CHANGE;
}

int
do_target(struct app *a, const char *arg)
{
	struct ct_targets targets;
	struct ct_error err;

	if (!*arg) {
		input_open(a, INPUT_TARGET, "");
		return DID_CHANGE;
	}
	if (ct_session_parse_targets(a->study.session, arg, a->study.pos, &targets, &err))
		return app_error(a, &err);
	return trace(a, &targets);
}

int
do_attribute(struct app *a, const char *arg)
{
	struct ct_targets targets = { .pos = a->study.pos };
	struct ct_clamp f;
	char place[STUDY_NAME], name[STUDY_NAME];
	int did;

	if (*arg && strcmp(arg, "node") != 0)
		return do_target(a, arg);
	if (*arg) {
		if (!cmd_feature(a, &f))
			return cmd_no_feature(a, "attributed from");
		targets.list[targets.n++] = (struct ct_target){
			.kind = CT_TARGET_FEATURE, .layer = f.layer, .pos = f.pos, .index = f.feature,
			.other = -1
		};
	}
	did = trace(a, &targets);
	if (did & DID_FAIL)
		return did;
	a->view = a->focus = VIEW_TREE;
	study_place(&a->study, a->study.graph->pos, place, sizeof place);
	if (*arg)
		app_say(a, "what makes L%d#%d active %s (a: back to the next token)", f.layer, f.feature,
		    place);
	else
		app_say(a, "what makes \"%s\" likely after \"%s\"",
		    study_name(&a->study, a->study.graph->n_nodes - a->study.graph->n_targets, name,
			sizeof name), place + 1);
	return did;
}

int
do_prune(struct app *a, const char *arg)
{
	static const double steps[] = { .3, .4, .5, .6, .7, .8, .9, .95, 1 };
	enum { N = sizeof steps / sizeof *steps };
	double node = a->study.graph->node_threshold, edge = 0;
	char share[FMT_SIZE];
	struct ct_error err;
	int at = 0;

	while (at < N - 1 && steps[at] < node - 1e-9)
		at++;
	if (strcmp(arg, "more") == 0) {
		node = steps[at > 0 ? at - 1 : 0];
	} else if (strcmp(arg, "less") == 0) {
		node = steps[at < N - 1 ? at + 1 : at];
	} else if (strcmp(arg, "off") == 0) {
		node = 1;
	} else if (ct_prune_parse(arg, &node, &edge, NULL) < 0) {
		return app_fail(a, "prune: expected more, less, off or NODE[,EDGE] above 0 and up to 1; "
		    "found \"%.60s\"", arg);
	}
	if (edge == 0)
		edge = node < 1 ? CT_DEFAULT_EDGES : 1;
	if (study_prune(&a->study, node, edge, &err))
		return app_error(a, &err);
	view_changed(a, CHANGED_PRUNING);
	app_say(a, "%s of the influence: %d of %d nodes, %d edges", fmt_share(share, sizeof share, node),
	    a->study.graph->n_kept, a->study.graph->n_nodes - a->study.graph->known.missing,
	    a->study.graph->n_pruned);
	return DID_CHANGE;
}

int
do_generate(struct app *a, const char *arg)
{
	int n = 12, seed = 0, got, end = 0;
	double temperature = 0;
	char text[2][220], *whole;
	struct ct_error err;
	bool clamped = study_clamps(&a->study)->n > 0;

	if (*arg && (sscanf(arg, "%6d %n%lf %n%9d %n", &n, &end, &temperature, &end, &seed, &end) < 1 ||
	    arg[end] || n < 1 || n > STUDY_GENERATED || !(temperature >= 0 && temperature <= 100) ||
	    seed < 0))
		return app_fail(a, "generate: expected a number of tokens from 1 to %d, perhaps a "
		    "temperature and a seed; found \"%.60s\"", STUDY_GENERATED, arg);
	for (int i = 0; i <= clamped; i++) {
		struct ct_generate_options opt = {
			.clamped = i, .temperature = temperature, .seed = (unsigned long long)seed
		};
		got = ct_session_generate(a->study.first, &opt, a->study.generated, n, &a->study.job, &err);
		a->study.n_generated = got < 0 ? 0 : got;
		if (got < 0)
			return app_error(a, &err);
		whole = ct_engine_text(a->study.engine, a->study.generated, got);
		snprintf(text[i], sizeof text[i], "%s", whole ? whole + strspn(whole, " ") : "out of memory");
		free(whole);
	}
	if (clamped)
		app_say(a, "without the clamps: %s   with them: %s", text[0], text[1]);
	else
		app_say(a, "goes on: %s", text[0]);
	return DID_CHANGE;
}

int
do_take(struct app *a, const char *arg)
{
	int n = a->study.n_generated;
	struct ct_error err;

	if (n == 0)
		return app_fail(a, "nothing was generated after this prompt yet: G lets the model go on");
	if (*arg && (!cmd_parse_int(arg, &n) || n < 1 || n > a->study.n_generated))
		return app_fail(a, "take: expected a number of tokens from 1 to %d, found \"%.60s\"",
		    a->study.n_generated, arg);
	if (study_take(&a->study, n, &err))
		return app_error(a, &err);
	view_changed(a, CHANGED_GRAPH);
	app_say(a, "%d token%s added to the prompt", n, n > 1 ? "s" : "");
	return DID_CHANGE;
}

int
do_label(struct app *a, const char *arg)
{
	struct ct_error err;
	struct ct_clamp f;
	char text[256];
	size_t n;
	int did;

	if (!cmd_feature(a, &f))
		return cmd_no_feature(a, "labelled");
	if ((did = app_refuse(a, "label")))
		return did;
	if (!*arg) {
		snprintf(text, sizeof text, "L%d#%d", f.layer, f.feature);
		input_open_about(a, INPUT_LABEL, text, ct_engine_label(a->study.engine, f.layer, f.feature));
		return DID_CHANGE;
	}
	n = strlen(arg);
	if (n >= 2 && arg[0] == '"' && arg[n - 1] == '"')
		snprintf(text, sizeof text, "%.*s", (int)(n - 2), arg + 1);
	else
		snprintf(text, sizeof text, "%s", arg);
	if (study_set_label(&a->study, f.layer, f.feature, text, &err))
		return app_error(a, &err);
	app_say(a, *text ? "L%d#%d now has your label (u undoes it)" : "L%d#%d has its automatic label again",
	    f.layer, f.feature);
	return DID_CHANGE;
}

/* Opens the model's own transcoder of a kind, "clt" or "plt"; "": the other one. */
static int
look_through(struct app *a, const char *kind, struct ct_error *err)
{
	int code = study_other_transcoder(&a->study, err);

	/* From the neurons the first transcoder was opened; go on to the second one. */
	if (code == CT_OK && *kind && strcasecmp(kind, a->study.info->transcoder) != 0 &&
	    a->study.info->has_other_transcoder)
		code = study_other_transcoder(&a->study, err);
	return code;
}

int
do_transcoder(struct app *a, const char *arg)
{
	bool neurons = strcmp(arg, "neurons") == 0,
	    named = strcmp(arg, "clt") == 0 || strcmp(arg, "plt") == 0;
	const char *model = neurons && a->view == VIEW_START ? start_model(a) : NULL;
	struct ct_error err;
	int code;

	if (neurons && !model && a->view == VIEW_START && !a->session.reading)
		return app_fail(a, "select a model first");
	if ((named || neurons) && !model && strcasecmp(arg, a->study.info->transcoder) == 0)
		return DID_NOTHING;
	if (*arg && !named && !neurons && !strchr(arg, '/'))
		return app_fail(a, "transcoder: expected clt, plt, neurons or a directory (with a / in it), "
		    "found \"%.60s\"", arg);
	if (neurons)
		code = study_neurons(&a->study, model, &err);
	else if (*arg && !named)
		code = study_transcoder(&a->study, arg, &err);
	else
		code = look_through(a, arg, &err);
	if (code != CT_OK)
		return app_error(a, &err);
	if (model)
		view_show(a, VIEW_TREE);
	view_changed(a, CHANGED_GRAPH);
	app_say(a, "the model with its %s", a->study.info->neurons ? "own neurons"
	    : strcmp(a->study.info->transcoder, "PLT") == 0 ? "per-layer transcoders"
							    : "cross-layer transcoder");
	return DID_CHANGE;
}
