/* cmd_clamp: commands that set, change and keep clamps; see cmd_exec.h. */
#include "tui/language/cmd_exec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/input.h"
#include "tui/study/pins.h"
#include "tui/view/sweep.h"

/* Clamps for all features of a supernode with one strength; -1 after a message. */
static int
features_of(struct app *a, int supernode, const char *strength, struct ct_clamp out[STUDY_CLAMPS])
{
	struct ct_error err;
	char text[CT_SUPERNODE_NAME + 32];
	int n;

	snprintf(text, sizeof text, "\"%s\"%s", ct_session_subgraph(a->study.session)->name[supernode],
	    strength);
	n = ct_session_parse_clamps(a->study.session, text, out, STUDY_CLAMPS, &err);
	if (n < 0)
		app_error(a, &err);
	return n < 0 ? -1 : n;
}

static int
drop_clamps(struct app *a, const int *clamp, int n)
{
	struct clamp_set set = *study_clamps(&a->study);
	struct ct_error err;

	while (n-- > 0) {
		set.n--;
		memmove(set.clamp + clamp[n], set.clamp + clamp[n] + 1,
		    (size_t)(set.n - clamp[n]) * sizeof *set.clamp);
	}
	return study_clamp_set(&a->study, &set, &err) ? app_error(a, &err) : DID_CHANGE;
}

static int
ablate_supernode(struct app *a, int supernode)
{
	const struct clamp_set *set = study_clamps(&a->study);
	struct ct_clamp many[STUDY_CLAMPS];
	struct ct_error err;
	int clamp[STUDY_CLAMPS], n = pins_clamps(&a->study, supernode, clamp), whole;

	whole = n ? pins_whole(&a->study, clamp[0]) : -1;
	if (whole == supernode && set->clamp[clamp[0]].unit == CT_MULTIPLE &&
	    set->clamp[clamp[0]].amount == 0)
		return drop_clamps(a, clamp, n);
	n = features_of(a, supernode, "x0", many);
	if (n < 0)
		return DID_FAIL | DID_CHANGE;
	if (study_clamp(&a->study, many, n, &err))
		return app_error(a, &err);
	app_say(a, "%d feature%s of \"%s\" set to 0", n, n > 1 ? "s" : "",
	    ct_session_subgraph(a->study.session)->name[supernode]);
	return DID_CHANGE;
}

static int
unclamp_supernode(struct app *a, int supernode)
{
	int clamp[STUDY_CLAMPS], n = pins_clamps(&a->study, supernode, clamp);

	if (!n)
		return app_fail(a, "no feature of \"%s\" is clamped",
		    ct_session_subgraph(a->study.session)->name[supernode]);
	return drop_clamps(a, clamp, n);
}

static int
switch_supernode(struct app *a, int supernode)
{
	struct clamp_set set = *study_clamps(&a->study);
	struct ct_error err;
	int clamp[STUDY_CLAMPS], n = pins_clamps(&a->study, supernode, clamp);
	bool off = false;

	if (!n)
		return app_fail(a, "no feature of \"%s\" is clamped: x sets them to 0",
		    ct_session_subgraph(a->study.session)->name[supernode]);
	for (int i = 0; i < n; i++)
		off |= !set.clamp[clamp[i]].off;
	for (int i = 0; i < n; i++)
		set.clamp[clamp[i]].off = off;
	return study_clamp_set(&a->study, &set, &err) ? app_error(a, &err) : DID_CHANGE;
}

static int
only_supernode(struct app *a, int supernode)
{
	int clamp[STUDY_CLAMPS], n = pins_clamps(&a->study, supernode, clamp);
	struct clamp_set only = { .n = 0 };
	struct ct_error err;

	if (n && n == study_clamps(&a->study)->n && pins_whole(&a->study, clamp[0]) == supernode)
		return DID_NOTHING;
	only.n = features_of(a, supernode, "x0", only.clamp);
	if (only.n < 0)
		return DID_FAIL | DID_CHANGE;
	return study_clamp_set(&a->study, &only, &err) ? app_error(a, &err) : DID_CHANGE;
}

/*
 * Parses a clamp, or several separated by semicolons; those after "off" are switched off. Returns how many,
 * or a code.
 */
static int
parse_clamps(const struct ct_session *s, const char *text, struct ct_clamp *out, struct ct_error *err)
{
	static const char off[] = "off ";
	char one[PROMPT_MAX];
	int n = 0, code;

	do {
		size_t len = 0;
		bool quoted = false, is_off = strncmp(text, off, sizeof off - 1) == 0;

		text += is_off ? sizeof off - 1 : 0;
		for (; text[len] && (quoted || text[len] != ';'); len++)
			quoted ^= text[len] == '"';
		if (len >= sizeof one)
			return ct_fail(err, CT_EINVAL, "a clamp of %zu bytes is too long", len);
		snprintf(one, sizeof one, "%.*s", (int)len, text);
		code = ct_session_parse_clamps(s, one, out + n, STUDY_CLAMPS - n, err);
		if (code < 0)
			return code;
		for (int i = 0; i < code; i++)
			out[n + i].off = is_off;
		n += code;
		text += len + (text[len] == ';');
		text += strspn(text, " ");
	} while (*text);
	return n;
}

/*
 * Says what clamps reach: that they reach nothing, or for several, how many there are and how many are in the
 * pruned graph.
 */
static void
say_reach(struct app *a, const struct ct_clamp *c, int n)
{
	struct ct_reach r = ct_session_reach(a->study.first, c, n);
	int on = 0;

	for (int i = 0; i < n; i++)
		on += !c[i].off;
	if (on && !r.places)
		app_say(a, "%s not active there, so this changes nothing",
		    n > 1 ? "these features are" : "the feature is");
	else if (n > 1 || r.places > 1)
		app_say(a, "%d feature%s clamped at %d place%s, %d of %d in the pruned graph", r.features,
		    r.features > 1 ? "s" : "", r.places, r.places > 1 ? "s" : "", r.kept, r.places);
}

/*
 * Says which clamps were replaced. Of two on one feature and place the last one counts. was: the set before.
 */
static void
say_clamped(struct app *a, const struct clamp_set *was, const struct ct_clamp *c, int n)
{
	const struct ct_effects *o = ct_session_effects(a->study.first);
	char old[80], new[80];
	int replaced = 0;

	for (int i = 0; i < was->n; i++)
		for (int k = 0; k < n; k++)
			if (study_same_place(&was->clamp[i], &c[k])) {
				study_clamp_text(&was->clamp[i], old, sizeof old);
				study_clamp_text(&c[k], new, sizeof new);
				replaced++;
			}
	if (replaced == 1)
		app_say(a, "%s replaces %s", new, old);
	else if (replaced)
		app_say(a, "%d of these clamps replace earlier ones", replaced);
	else if (o && o->overridden)
		app_say(a, "of two clamps on one feature and token the last one counts: at %d place%s",
		    o->overridden, o->overridden > 1 ? "s" : "");
	else
		say_reach(a, c, n);
}

/* A strength alone, perhaps with a scope before it: 3, x0, -2, @*x0. */
static bool
is_value(const char *s)
{
	size_t sign = strspn(s, "=x+-");

	return (*s == '@' && s[1]) || (sign <= 2 && strspn(s + sign, "0123456789.") > 0);
}

/*
 * The subject of a strength that is typed alone: the selected supernode or feature, with the scope of its
 * clamp if it has one, else its position; `now` gets the present strength, or "". Returns false if neither is
 * selected.
 */
static bool
clamp_subject(struct app *a, char *subject, size_t size, char *now, size_t now_size)
{
	const char *none = "";
	struct ct_clamp c;
	int i = cmd_supernode(a, &none);

	now[0] = '\0';
	if (i >= 0) {
		snprintf(subject, size, "\"%s\"", ct_session_subgraph(a->study.session)->name[i]);
		return true;
	}
	if (!cmd_feature(a, &c))
		return false;
	i = study_clamp_find(&a->study, c.layer, c.feature, c.pos);
	/* if it has several clamps, the selected one */
	for (int k = 0; k < study_clamps(&a->study)->n; k++)
		if (study_same_place(&study_clamps(&a->study)->clamp[k], &c))
			i = k;
	if (i < 0) {
		snprintf(subject, size, "L%d#%d@%d", c.layer, c.feature, c.pos);
		return true;
	}
	ct_clamp_text(&study_clamps(&a->study)->clamp[i], subject, size);
	snprintf(now, now_size, "%s", subject + strcspn(subject, "=x+-"));
	subject[strcspn(subject, "=x+-")] = '\0';
	return true;
}

int
do_clamp(struct app *a, const char *arg)
{
	char subject[STUDY_NAME], now[STUDY_NAME], whole[2 * STUDY_NAME];
	struct ct_clamp many[STUDY_CLAMPS];
	struct ct_error err;
	struct clamp_set was;
	int n;

	if (is_value(arg)) {
		if (!clamp_subject(a, subject, sizeof subject, now, sizeof now))
			return cmd_no_feature(a, "clamped");
		if (*arg == '@')	/* the scope was typed */
			subject[strcspn(subject, "@")] = '\0';
		snprintf(whole, sizeof whole, "%s%s%.200s", subject, strchr("=x+-@", *arg) ? "" : "=", arg);
		arg = whole;
	}
	if (*arg) {
		n = parse_clamps(a->study.session, arg, many, &err);
		was = *study_clamps(&a->study);
		if (n < 0 || study_clamp(&a->study, many, n, &err))
			return app_error(a, &err);
		say_clamped(a, &was, many, n);
		return DID_CHANGE;
	}
	if (!clamp_subject(a, subject, sizeof subject, now, sizeof now))
		return cmd_no_feature(a, "clamped");
	input_open_about(a, INPUT_CLAMP, subject, now);
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

int
do_ablate(struct app *a, const char *arg)
{
	const struct clamp_set *set = study_clamps(&a->study);
	struct ct_clamp c;
	struct ct_error err;
	char text[STUDY_NAME];
	int i = cmd_supernode(a, &arg);

	if (i >= 0)
		return ablate_supernode(a, i);
	if (*arg) {
		snprintf(text, sizeof text, "%sx0", arg);
		return do_clamp(a, text);
	}
	if (!cmd_feature(a, &c))
		return cmd_no_feature(a, "ablated");
	i = study_clamp_find(&a->study, c.layer, c.feature, c.pos);
	if (i >= 0 && set->clamp[i].pos == c.pos && set->clamp[i].unit == CT_MULTIPLE &&
	    set->clamp[i].amount == 0)
		return remove_clamp(a, i);
	c.unit = CT_MULTIPLE;
	c.amount = 0;
	return study_clamp(&a->study, &c, 1, &err) ? app_error(a, &err) : DID_CHANGE;
}

/*
 * The clamp that a command is about: the one with this number, else that of the selected feature. -1 after a
 * message.
 */
static int
which_clamp(struct app *a, const char *arg)
{
	const struct clamp_set *set = study_clamps(&a->study);
	struct ct_clamp c;
	int i = -1;

	if (*arg == '"') {
		app_fail(a, "there is no supernode %s", arg);
		return -1;
	}
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

	if (strcmp(arg, "all") == 0)
		return study_clamp_set(&a->study, &none, &err) ? app_error(a, &err) : DID_CHANGE;
	if ((i = cmd_supernode(a, &arg)) >= 0)
		return unclamp_supernode(a, i);
	i = which_clamp(a, arg);
	return i < 0 ? DID_FAIL | DID_CHANGE : remove_clamp(a, i);
}

int
do_patch(struct app *a, const char *arg)
{
	struct ct_error err;
	int n;

	if (!*arg)
		return app_fail(a, "patch: expected the prompt to take activations from");
	if (study_patch(&a->study, arg, &n, &err))
		return app_error(a, &err);
	app_say(a, "%d features of \"%s\" set as in: %s", n, study_token(&a->study, a->study.pos), arg);
	return DID_CHANGE;
}

int
do_switch(struct app *a, const char *arg)
{
	struct clamp_set set = *study_clamps(&a->study);
	struct ct_error err;
	int i = cmd_supernode(a, &arg);

	if (i >= 0)
		return switch_supernode(a, i);
	if ((i = which_clamp(a, arg)) < 0)
		return DID_FAIL | DID_CHANGE;
	set.clamp[i].off = !set.clamp[i].off;
	return study_clamp_set(&a->study, &set, &err) ? app_error(a, &err) : DID_CHANGE;
}

/* Parses clamps that need not fit this prompt, in a session without a prompt. */
static int
read_set(struct app *a, const char *specs, struct clamp_set *set, struct ct_error *err)
{
	struct ct_session *none;
	int code = ct_session_open(&none, a->study.engine, err);

	if (code != CT_OK)
		return code;
	code = parse_clamps(none, specs, set->clamp, err);
	set->n = code < 0 ? 0 : code;
	ct_session_close(none);
	return code < 0 ? code : CT_OK;
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
	ct_text_clean(name, sizeof name, arg, specs ? (size_t)(specs - arg) : strlen(arg));
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
	const char *done = step < 0 ? "undone" : "redone";
	struct label_change label;
	struct ct_error err;
	char text[STUDY_NAME];
	int n, what = study_undo(&a->study, step, &label, &err);

	if (what < 0)
		return app_error(a, &err);
	n = study_clamps(&a->study)->n;
	if (what == UNDONE_LABEL)
		app_say(a, "%s: L%d#%d is %s", done, label.layer, label.feature,
		    *study_label(&a->study, label.layer, label.feature, text, sizeof text, NULL)
			? text : "without a label");
	else if (what == UNDONE_PINS)
		app_say(a, "%s: %s", done, pins_count(&a->study, text, sizeof text));
	else if (n == 0)
		app_say(a, "%s: no clamps", done);
	else
		app_say(a, "%s: %d clamp%s", done, n, n > 1 ? "s" : "");
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
	struct ct_error err;

	if (!*arg)
		how.mode = how.mode == CT_FROZEN ? CT_FREE : how.mode == CT_FREE ? CT_DIRECT : CT_FROZEN;
	else if (ct_mode_parse(arg, a->study.info->L, &how, &err))
		return app_fail(a, "mode: %s", err.msg);
	return set_how(a, &how);
}

int
do_through(struct app *a, const char *arg)
{
	struct ct_clamp_options how = a->study.how;

	if (!*arg)
		how.through = how.through == CT_MODEL ? CT_REPLACEMENT : CT_MODEL;
	else if (!ct_through_find(arg, &how.through))
		return app_fail(a, "through: expected model or replacement, found \"%.60s\"", arg);
	return set_how(a, &how);
}

/* Reads a number that ends at a colon or at the end of the text. Returns false if there is none. */
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
	const struct clamp_set *set;
	double from = -2, to = 2, steps = 17, largest = 0;
	int supernode = cmd_supernode(a, &arg);
	const char *p = arg;

	if (supernode < 0 && *arg == '"')
		return app_fail(a, "there is no supernode %s", arg);
	if (*arg && !(read_part(&p, &from) && read_part(&p, &to) && read_part(&p, &steps) && !*p &&
	    steps >= 2 && steps <= 100 && steps == (int)steps))
		return app_fail(a,
		    "sweep: expected FROM:TO:STEPS such as -2:2:17, with 2 to 100 steps; found \"%.60s\"",
		    arg);
	if (supernode >= 0 && (only_supernode(a, supernode) & DID_FAIL))
		return DID_FAIL | DID_CHANGE;
	set = study_clamps(&a->study);
	/*
	 * Without arguments, multiples range from reversed to doubled; values and changes as far as the
	 * clamps do, with both signs.
	 */
	for (int i = 0; !*arg && i < set->n; i++)
		if (!set->clamp[i].off && set->clamp[i].unit != CT_MULTIPLE)
			largest = fmax(largest, fabs(set->clamp[i].amount));
	if (largest > 0) {
		from = -2 * largest;
		to = 2 * largest;
	}
	return sweep_run(a, from, to, (int)steps);
}
