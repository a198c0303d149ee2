/* cmd_study: commands that make the engine compute; see cmd_exec.h. */
#include "tui/cmd_exec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/fmt.h"

bool
cmd_feature(struct app *a, struct ct_clamp *out)
{
	const struct ct_node *n = study_node(&a->study, a->study.node);

	*out = (struct ct_clamp){ .layer = -1 };
	if (view_ops(a->focus)->feature)
		return view_ops(a->focus)->feature(a, a->state[a->focus], out);
	if (!n
	    || !(n->kind == CT_NODE_FEATURE
		|| (n->kind == CT_NODE_TARGET && n->target == CT_TARGET_FEATURE)))
		return false;
	*out = (struct ct_clamp){ .layer = n->layer, .feature = n->index, .pos = n->pos };
	return true;
}

static int
no_feature(struct app *a, const char *what)
{
	char name[STUDY_NAME];
	const struct ct_node *n = study_node(&a->study, a->study.node);

	if (n && n->kind == CT_NODE_ERROR)
		return app_fail(a, "%s is what the transcoder leaves unexplained; only features can be %s",
		    study_name(&a->study, a->study.node, name, sizeof name), what);
	return app_fail(a, "only features (L1#249 and the like) can be %s: select one first", what);
}

static int
trace(struct app *a, const struct ct_target *target)
{
	struct ct_error err;

	if (study_trace(&a->study, target, &err))
		return app_error(a, &err);
	view_changed(a, CHANGED_GRAPH);
	return DID_CHANGE;
}

int
do_target(struct app *a, const char *arg)
{
	struct ct_target target;
	struct ct_error err;

	if (!*arg) {
		input_open(a, INPUT_TARGET, "");
		return DID_CHANGE;
	}
	if (ct_session_parse_target(a->study.session, arg, a->study.pos, &target, &err))
		return app_error(a, &err);
	return trace(a, &target);
}

int
do_attribute(struct app *a, const char *arg)
{
	struct ct_target target = { .kind = CT_TARGET_LOGIT, .pos = a->study.pos };
	struct ct_clamp f;
	char place[STUDY_NAME], name[STUDY_NAME];
	int did;

	if (*arg && strcmp(arg, "node"))
		return do_target(a, arg);
	if (*arg) {
		if (!cmd_feature(a, &f))
			return no_feature(a, "attributed from");
		target = (struct ct_target){
			.kind = CT_TARGET_FEATURE, .layer = f.layer, .feature = f.feature, .pos = f.pos
		};
	}
	did = trace(a, &target);
	if (did & DID_FAIL)
		return did;
	a->view = a->focus = VIEW_TREE;
	study_place(&a->study, a->study.graph->pos, place, sizeof place);
	if (*arg)
		app_say(a, "what makes L%d#%d active %s (a: back to the next token)", f.layer, f.feature,
		    place);
	else
		app_say(a, "what makes \"%s\" likely after \"%s\"", study_name(&a->study, a->study.graph->n_nodes
		    - a->study.graph->n_targets, name, sizeof name), place + 1);
	return did;
}

int
do_prune(struct app *a, const char *arg)
{
	static const double steps[] = { .3, .4, .5, .6, .7, .8, .9, .95, 1 };
	enum { N = sizeof steps / sizeof *steps };
	double node = a->study.graph->node_threshold, edge = .98;
	char share[FMT_SIZE], *end;
	struct ct_error err;
	int at = 0;

	while (at < N - 1 && steps[at] < node - 1e-9)
		at++;
	if (!strcmp(arg, "more")) {
		node = steps[at > 0 ? at - 1 : 0];
	} else if (!strcmp(arg, "less")) {
		node = steps[at < N - 1 ? at + 1 : at];
	} else if (!strcmp(arg, "off")) {
		node = 1;
	} else {
		node = strtod(arg, &end);
		if (end != arg && *end == ',')
			edge = strtod(arg = end + 1, &end);
		if (end == arg || *end || !(node > 0 && node <= 1 && edge > 0 && edge <= 1))
			return app_fail(a,
			    "prune: expected more, less, off or NODE[,EDGE] above 0 and up to 1; found "
			    "\"%.60s\"",
			    arg);
	}
	if (node >= 1 && edge == .98)
		edge = 1;
	if (study_prune(&a->study, node, edge, &err))
		return app_error(a, &err);
	view_changed(a, CHANGED_PRUNING);
	app_say(a, "%s of the influence: %d of %d nodes, %d edges", fmt_share(share, sizeof share, node),
	    a->study.graph->n_kept, a->study.graph->n_nodes - a->study.graph->known.missing, a->study.graph->n_pruned);
	return DID_CHANGE;
}

/* One specification, or several with semicolons between, "off" before some; how many clamps they are, or a code. */
static int
parse_clamps(const struct ct_session *s, const char *text, struct ct_clamp *out, struct ct_error *err)
{
	static const char off[] = "off ";
	char one[PROMPT_MAX];
	int n = 0, r;

	do {
		size_t len = 0;
		bool quoted = false, is_off = !strncmp(text, off, sizeof off - 1);

		text += is_off ? sizeof off - 1 : 0;
		for (; text[len] && (quoted || text[len] != ';'); len++)
			quoted ^= text[len] == '"';
		if (len >= sizeof one)
			return ct_fail(err, CT_EINVAL, "a clamp of %zu bytes is too long", len);
		snprintf(one, sizeof one, "%.*s", (int)len, text);
		r = ct_session_parse_clamps(s, one, out + n, STUDY_CLAMPS - n, err);
		if (r < 0)
			return r;
		for (int i = 0; i < r; i++)
			out[n + i].off = is_off;
		n += r;
		text += len + (text[len] == ';');
		text += strspn(text, " ");
	} while (*text);
	return n;
}

int
do_clamp(struct app *a, const char *arg)
{
	struct ct_clamp c, all, many[STUDY_CLAMPS];
	struct ct_error err;
	char text[STUDY_NAME];
	int i, n;

	if (*arg) {
		n = parse_clamps(a->study.session, arg, many, &err);
		if (n < 0 || study_clamp(&a->study, many, n, &err))
			return app_error(a, &err);
		if (n > 1)
			app_say(a, "%d features clamped", n);
		return DID_CHANGE;
	}
	if ((i = cmd_supernode(a, &arg)) >= 0) {
		snprintf(text, sizeof text, "\"%s\"", ct_session_subgraph(a->study.session)->name[i]);
		input_open(a, INPUT_CLAMP, text);
		return DID_CHANGE;
	}
	if (!cmd_feature(a, &c))
		return no_feature(a, "clamped");
	i = study_clamp_find(&a->study, c.layer, c.feature, c.pos);
	if (i >= 0) {
		all = study_clamps(&a->study)->clamp[i];
		ct_clamp_text(&all, text, sizeof text);
	} else {
		snprintf(text, sizeof text, "L%d#%d@%d", c.layer, c.feature, c.pos);
	}
	input_open(a, INPUT_CLAMP, text);
	if (i >= 0)
		a->input.strength = strcspn(text, "=x+-");
	return DID_CHANGE;
}

static int
remove_clamp(struct app *a, int i)
{
	struct clamp_set set = *study_clamps(&a->study);
	struct ct_error err;

	set.n--;
	memmove(set.clamp + i, set.clamp + i + 1, (size_t)(set.n - i) * sizeof *set.clamp);
	return study_clamp_set(&a->study, &set, &err) ? app_error(a, &err) : DID_CHANGE;
}

/* All features of the pruned graph whose label contains a text, in one step. */
static int
ablate_label(struct app *a, const char *quoted)
{
	const struct ct_graph *g = a->study.graph;
	struct clamp_set set = *study_clamps(&a->study);
	struct ct_error err;
	char want[256], label[STUDY_NAME];
	int found = 0;

	snprintf(want, sizeof want, "%.*s", (int)strcspn(quoted, "\""), quoted);
	for (int i = 0; i < g->n_features; i++) {
		const struct ct_node *n = &g->nodes[i];

		if (!n->kept || !strcasestr(study_note(&a->study, i, label, sizeof label), want))
			continue;
		found++;
		if (study_clamp_find(&a->study, n->layer, n->index, n->pos) >= 0)
			continue;
		if (set.n == STUDY_CLAMPS)
			return app_fail(a,
			    "more than %d features have \"%s\" in their label; name a part of them",
			    STUDY_CLAMPS, want);
		set.clamp[set.n++] = (struct ct_clamp){
			.layer = n->layer, .feature = n->index, .pos = n->pos, .unit = CT_MULTIPLE
		};
	}
	if (!*want || !found)
		return app_fail(a, "no feature of this graph has \"%s\" in its label", want);
	if (study_clamp_set(&a->study, &set, &err))
		return app_error(a, &err);
	app_say(a, "%d feature%s with \"%s\" set to 0", found, found > 1 ? "s" : "", want);
	return DID_CHANGE;
}

int
do_ablate(struct app *a, const char *arg)
{
	const struct clamp_set *set = study_clamps(&a->study);
	struct ct_clamp c;
	struct ct_error err;
	char text[STUDY_NAME];
	int i = cmd_supernode(a, &arg);

	if (i >= 0)
		return cmd_ablate_supernode(a, i);
	if (*arg == '"')
		return ablate_label(a, arg + 1);
	if (*arg) {
		snprintf(text, sizeof text, "%sx0", arg);
		return do_clamp(a, text);
	}
	if (!cmd_feature(a, &c))
		return no_feature(a, "ablated");
	i = study_clamp_find(&a->study, c.layer, c.feature, c.pos);
	if (i >= 0 && set->clamp[i].pos == c.pos && set->clamp[i].unit == CT_MULTIPLE
	    && set->clamp[i].amount == 0)
		return remove_clamp(a, i);
	c.unit = CT_MULTIPLE;
	c.amount = 0;
	return study_clamp(&a->study, &c, 1, &err) ? app_error(a, &err) : DID_CHANGE;
}

/* The clamp that a command is about: by number, else the one on the current feature. -1: said why. */
static int
which_clamp(struct app *a, const char *arg)
{
	const struct clamp_set *set = study_clamps(&a->study);
	struct ct_clamp c;
	int i = -1;

	if (*arg && set->n) {
		if (!cmd_parse_int(arg, &i) || i < 1 || i > set->n) {
			app_fail(a, "expected the number of a clamp, 1 to %d; found \"%.60s\"", set->n, arg);
			return -1;
		}
		return i - 1;
	}
	if (cmd_feature(a, &c))
		i = study_clamp_find(&a->study, c.layer, c.feature, c.pos);
	if (i < 0)
		app_fail(a, set->n ? "the selected node is not clamped" : "there are no clamps");
	return i;
}

int
do_unclamp(struct app *a, const char *arg)
{
	struct clamp_set none = { .n = 0 };
	struct ct_error err;
	int i;

	if (!strcmp(arg, "all"))
		return study_clamp_set(&a->study, &none, &err) ? app_error(a, &err) : DID_CHANGE;
	if ((i = cmd_supernode(a, &arg)) >= 0)
		return cmd_unclamp_supernode(a, i);
	i = which_clamp(a, arg);
	return i < 0 ? DID_FAIL | DID_CHANGE : remove_clamp(a, i);
}

int
do_patch(struct app *a, const char *arg)
{
	struct ct_error err;
	int n;

	if (!*arg)
		return app_fail(a, "patch: from which prompt?");
	if (study_patch(&a->study, arg, &n, &err))
		return app_error(a, &err);
	app_say(a, "%d features of \"%s\" set as in that prompt", n, study_token(&a->study, a->study.pos));
	return DID_CHANGE;
}

int
do_switch(struct app *a, const char *arg)
{
	struct clamp_set set = *study_clamps(&a->study);
	struct ct_error err;
	int i = cmd_supernode(a, &arg);

	if (i >= 0)
		return cmd_switch_supernode(a, i);
	if ((i = which_clamp(a, arg)) < 0)
		return DID_FAIL | DID_CHANGE;
	set.clamp[i].off = !set.clamp[i].off;
	return study_clamp_set(&a->study, &set, &err) ? app_error(a, &err) : DID_CHANGE;
}

/* Clamps that need not fit the prompt at hand: seen by a session that has none. */
static int
read_set(struct app *a, const char *specs, struct clamp_set *set, struct ct_error *err)
{
	struct ct_session *none;
	int rc = ct_session_open(&none, a->study.engine, err);

	if (rc)
		return rc;
	rc = parse_clamps(none, specs, set->clamp, err);
	set->n = rc < 0 ? 0 : rc;
	ct_session_close(none);
	return rc < 0 ? rc : CT_OK;
}

int
do_keep(struct app *a, const char *arg)
{
	const char *specs = NULL;
	struct clamp_set set;
	struct ct_error err;
	char name[STUDY_NAME];

	if (!*arg)
		return app_fail(a, "keep: a name is missing");
	for (const char *p = strstr(arg, " = "); p; p = strstr(p + 1, " = "))
		specs = p;
	snprintf(name, sizeof name, "%.*s", specs ? (int)(specs - arg) : (int)strlen(arg), arg);
	set = *study_clamps(&a->study);
	if ((specs && read_set(a, specs + 3, &set, &err)) || study_keep(&a->study, name, &set, &err))
		return app_error(a, &err);
	app_say(a, "the clamps are kept: recall %s brings them back", name);
	return DID_CHANGE;
}

int
do_recall(struct app *a, const char *arg)
{
	struct ct_error err;

	if (!*arg)
		return app_fail(a, "recall: a name is missing");
	return study_recall(&a->study, arg, &err) ? app_error(a, &err) : DID_CHANGE;
}

static int
walk_undo(struct app *a, int step)
{
	struct ct_error err;
	int n;

	if (study_undo(&a->study, step, &err))
		return app_error(a, &err);
	n = study_clamps(&a->study)->n;
	if (n == 0)
		app_say(a, "%s: no clamps", step < 0 ? "undone" : "redone");
	else
		app_say(a, "%s: %d clamp%s", step < 0 ? "undone" : "redone", n, n > 1 ? "s" : "");
	return DID_CHANGE;
}

int
do_undo(struct app *a, const char *arg)
{
	(void)arg;
	return walk_undo(a, -1);
}

int
do_redo(struct app *a, const char *arg)
{
	(void)arg;
	return walk_undo(a, 1);
}

static int
set_how(struct app *a, const struct ct_clamp_options *how)
{
	struct ct_error err;
	char text[128];

	if (study_how(&a->study, how, &err))
		return app_error(a, &err);
	app_say(a, "%s", study_how_text(how, text, sizeof text));
	return DID_CHANGE;
}

int
do_mode(struct app *a, const char *arg)
{
	struct ct_clamp_options how = a->study.how;
	int n = 0;

	if (!*arg)
		how.mode = how.mode == CT_FROZEN ? CT_FREE : how.mode == CT_FREE ? CT_DIRECT : CT_FROZEN;
	else if (!strcmp(arg, "frozen"))
		how.mode = CT_FROZEN;
	else if (!strcmp(arg, "free"))
		how.mode = CT_FREE;
	else if (!strcmp(arg, "direct"))
		how.mode = CT_DIRECT;
	else if (sscanf(arg, "range=%d-%d%n", &how.first, &how.last, &n) == 2 && !arg[n])
		how.mode = CT_RANGE;
	else
		return app_fail(a, "mode: expected frozen, free, direct or range=I-J; found \"%.60s\"", arg);
	if (how.mode == CT_RANGE && (how.first < 0 || how.last < how.first || how.last >= a->study.info->L))
		return app_fail(a, "mode: the model has layers 0 to %d; found %d-%d", a->study.info->L - 1,
		    how.first, how.last);
	return set_how(a, &how);
}

int
do_through(struct app *a, const char *arg)
{
	struct ct_clamp_options how = a->study.how;

	if (*arg && strcmp(arg, "model") && strcmp(arg, "replacement"))
		return app_fail(a, "through: expected model or replacement, found \"%.60s\"", arg);
	how.through = *arg ? (strcmp(arg, "model") ? CT_REPLACEMENT : CT_MODEL)
			   : (how.through == CT_MODEL ? CT_REPLACEMENT : CT_MODEL);
	return set_how(a, &how);
}

/* A number up to the next colon, or the text's end; false: it is none. */
static bool
read_part(const char **p, double *out)
{
	char part[64];
	size_t n = strcspn(*p, ":");

	if (n == 0 || n >= sizeof part)
		return false;
	memcpy(part, *p, n);
	part[n] = '\0';
	*p += n + ((*p)[n] == ':');
	return ct_text_double(part, out);
}

int
do_sweep(struct app *a, const char *arg)
{
	const struct clamp_set *set = study_clamps(&a->study);
	double from = -2, to = 2, steps = 17, largest = 0;
	int supernode = cmd_supernode(a, &arg);
	const char *p = arg;

	if (*arg && !(read_part(&p, &from) && read_part(&p, &to) && read_part(&p, &steps) && !*p && steps >= 2
			&& steps <= 100 && steps == (int)steps))
		return app_fail(a, "sweep: expected FROM:TO:STEPS such as -2:2:17, with 2 to 100 steps; found \"%.60s\"",
		    arg);
	if (supernode >= 0 && (cmd_only_supernode(a, supernode) & DID_FAIL))
		return DID_FAIL | DID_CHANGE;
	set = study_clamps(&a->study);
	/* Multiples go from flipped to doubled; values and changes as far as the clamps do, both ways. */
	for (int i = 0; !*arg && i < set->n; i++)
		if (!set->clamp[i].off && set->clamp[i].unit != CT_MULTIPLE)
			largest = fmax(largest, fabs(set->clamp[i].amount));
	if (largest > 0) {
		from = -2 * largest;
		to = 2 * largest;
	}
	return sweep_run(a, from, to, (int)steps);
}

int
do_generate(struct app *a, const char *arg)
{
	int n = 12, seed = 0, got, end = 0;
	double temperature = 0;
	char text[2][220];
	struct ct_error err;
	bool clamped = study_clamps(&a->study)->n > 0;

	if (*arg && (sscanf(arg, "%6d %n%lf %n%9d %n", &n, &end, &temperature, &end, &seed, &end) < 1 || arg[end]
			|| n < 1 || n > STUDY_GENERATED || !(temperature >= 0 && temperature <= 100) || seed < 0))
		return app_fail(a, "generate: expected a number of tokens from 1 to %d, maybe a temperature and a seed; "
		    "found \"%.60s\"", STUDY_GENERATED, arg);
	for (int i = 0; i <= clamped; i++) {
		struct ct_generate_options opt = {
			.clamped = i, .temperature = temperature, .seed = (unsigned long long)seed
		};
		size_t at = 0;

		got = ct_session_generate(a->study.session, &opt, a->study.generated, n, a->study.progress,
		    a->study.ctx, &err);
		a->study.n_generated = got < 0 ? 0 : got;
		if (got < 0)
			return app_error(a, &err);
		text[i][0] = '\0';
		for (int k = 0; k < got && at < sizeof text[i]; k++)
			at += (size_t)snprintf(text[i] + at, sizeof text[i] - at, " %s",
			    ct_engine_token(a->study.engine, a->study.generated[k]));
	}
	if (clamped)
		app_say(a, "without the clamps:%s   with them:%s", text[0], text[1]);
	else
		app_say(a, "goes on:%s", text[0]);
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
	app_say(a, "%d token%s taken into the prompt", n, n > 1 ? "s" : "");
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
		return no_feature(a, "labelled");
	if ((did = app_refuse(a, "label")))
		return did;
	if (!*arg) {
		input_open(a, INPUT_LABEL, ct_engine_label(a->study.engine, f.layer, f.feature));
		return DID_CHANGE;
	}
	n = strlen(arg);
	if (n >= 2 && arg[0] == '"' && arg[n - 1] == '"')
		snprintf(text, sizeof text, "%.*s", (int)(n - 2), arg + 1);
	else
		snprintf(text, sizeof text, "%s", arg);
	if (ct_engine_set_label(a->study.engine, f.layer, f.feature, text, &err))
		return app_error(a, &err);
	app_say(a, *text ? "L%d#%d is now labelled by you" : "L%d#%d has its automatic label again",
	    f.layer, f.feature);
	return DID_CHANGE;
}

int
do_transcoder(struct app *a, const char *arg)
{
	struct ct_error err;

	bool named = !strcmp(arg, "clt") || !strcmp(arg, "plt");

	if (named && !strcasecmp(arg, a->study.info->transcoder))
		return DID_NOTHING;
	if (*arg && !named && !strchr(arg, '/'))
		return app_fail(a, "transcoder: expected clt, plt or a directory (with a / in it), found \"%.60s\"", arg);
	if (*arg && !named ? study_transcoder(&a->study, arg, &err) : study_twin(&a->study, &err))
		return app_error(a, &err);
	view_changed(a, CHANGED_GRAPH);
	app_say(a, "the model seen through its %s", strcmp(a->study.info->transcoder, "PLT")
	    ? "cross-layer transcoder" : "per-layer transcoders");
	return DID_CHANGE;
}
