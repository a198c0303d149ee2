/* cmd_pins: commands about pinned nodes and supernodes; see cmd_exec.h. */
#include "tui/language/cmd_exec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/input.h"
#include "tui/study/pins.h"
#include "tui/terminal/fmt.h"
#include "tui/view/boxes.h"
#include "tui/view/subgraph.h"
#include "tui/view/view.h"

enum { LINE = 1200 };

/* A copy of the pins, to be changed; set() puts it in force. It is too large for the stack. */
static struct ct_subgraph *
copy(struct app *a)
{
	struct ct_subgraph *sg = malloc(sizeof *sg);

	if (sg)
		*sg = *ct_session_subgraph(a->study.session);
	else
		app_fail(a, "out of memory");
	return sg;
}

/* Computes the row of a pinned node, since a person will want to see what feeds it. */
static void
pins_open(struct app *a)
{
	const struct ct_subgraph *sg = ct_session_subgraph(a->study.session);
	const struct ct_graph *g = a->study.graph;
	struct ct_error err;

	for (int i = 0; g && g->partial && i < sg->n_pins; i++) {
		const struct ct_pin *p = &sg->pin[i];
		int node = ct_graph_find(g, p->kind, p->layer, p->pos, p->index);

		if (node >= 0 && study_open_row(&a->study, node, &err)) {
			app_error(a, &err);
			return;
		}
	}
}

static int
set(struct app *a, struct ct_subgraph *sg)
{
	study_set_pins(&a->study, sg);
	free(sg);
	pins_open(a);
	return DID_CHANGE;
}

static int
give_up(struct app *a, struct ct_subgraph *sg, const struct ct_error *err)
{
	free(sg);
	return app_error(a, err);
}

/* Whether the focused view shows supernodes, which can be selected there. */
static bool
among_parts(const struct app *a)
{
	return a->focus == VIEW_SUBGRAPH || a->focus == VIEW_BOXES;
}

/* What is selected there: a supernode, or -1 and a pin. */
static bool
part_selected(struct app *a, int *supernode, struct ct_pin *pin)
{
	return (a->focus == VIEW_BOXES ? boxes_selected : subgraph_selected)(a, supernode, pin);
}

/* The node that pin applies to: that of the focused view. */
static bool
selected(struct app *a, struct ct_pin *out)
{
	const struct ct_node *n = study_node(&a->study, a->study.node);
	struct ct_clamp f;
	int supernode;

	if (among_parts(a))
		return part_selected(a, &supernode, out) && supernode < 0;
	if (view_ops(a->focus)->feature) {
		if (!cmd_feature(a, &f) || f.pos < 1 || f.onwards)
			return false;
		*out = (struct ct_pin){ CT_NODE_FEATURE, f.layer, f.pos, f.feature, -1, -1 };
		return true;
	}
	if (n)
		*out = ct_pin_of(n);
	return n;
}

static int
nothing_selected(struct app *a, const char *what)
{
	return app_fail(a,
	    "%s: select a node first, or name it: L1#249@8, input \"Dallas\"@6, output \"Austin\"", what);
}

/* The first pin also pins the first target, so that the subgraph explains something. */
static int
pin_selected(struct app *a, struct ct_subgraph *sg, const struct ct_pin *p, struct ct_error *err)
{
	const struct ct_graph *g = a->study.graph;
	struct ct_pin target = ct_pin_of(&g->nodes[g->n_nodes - g->n_targets]);

	if (!sg->n_pins && ct_subgraph_pin(sg, &target, err) < 0)
		return err->code;
	return ct_subgraph_pin(sg, p, err);
}

static void
say_count(struct app *a, const char *what, const char *name)
{
	char text[64];

	app_say(a, "%s %s; %s", what, name, pins_count(&a->study, text, sizeof text));
}

/* Says how many features were pinned, and for a label, how many it fits. */
static void
say_named(struct app *a, const char *names, int n, int of)
{
	if (*names == '"')
		app_say(a, "%s: %d of %d active features, those in the pruned graph", names, n, of);
}

int
do_pin(struct app *a, const char *arg)
{
	struct ct_subgraph *sg = copy(a);
	struct ct_pin p;
	struct ct_error err;
	char name[STUDY_NAME];
	int at, did, n, of;

	if (!sg)
		return DID_FAIL | DID_CHANGE;
	if (*arg) {
		n = ct_session_pin_all(a->study.session, sg, arg, NULL, &of, &err);
		if (n < 0)
			return give_up(a, sg, &err);
		did = set(a, sg);
		say_named(a, arg, n, of);
		return did;
	}
	if (!selected(a, &p)) {
		free(sg);
		return nothing_selected(a, "pin");
	}
	at = ct_subgraph_find(sg, &p);
	if (at >= 0)
		ct_subgraph_unpin(sg, at);
	else if (pin_selected(a, sg, &p, &err) < 0)
		return give_up(a, sg, &err);
	did = set(a, sg);
	say_count(a, at >= 0 ? "unpinned" : "pinned", pins_name(&a->study, &p, name, sizeof name));
	return did;
}

static void
unpin_members(struct ct_subgraph *sg, int supernode)
{
	char name[CT_SUPERNODE_NAME];

	/* a copy, since an empty supernode's place may be given to another */
	memcpy(name, sg->name[supernode], sizeof name);
	for (int i = sg->n_pins - 1; i >= 0; i--)
		if (sg->pin[i].supernode >= 0 && strcmp(sg->name[sg->pin[i].supernode], name) == 0)
			ct_subgraph_unpin(sg, i);
}

int
do_unpin(struct app *a, const char *arg)
{
	struct ct_subgraph *sg = copy(a);
	struct ct_pin p = { .kind = CT_NODE_FEATURE, .pos = -1 };
	struct ct_error err;
	char name[LINE];
	int supernode = -1, at, did;

	if (!sg)
		return DID_FAIL | DID_CHANGE;
	if (strcmp(arg, "all") == 0) {
		*sg = (struct ct_subgraph){ .n_pins = 0 };
		did = set(a, sg);
		app_say(a, "%s", pins_count(&a->study, name, sizeof name));
		return did;
	}
	if (*arg && ct_session_parse_pin(a->study.session, arg, &p, &err) < 0)
		return give_up(a, sg, &err);
	if (!*arg && among_parts(a))
		part_selected(a, &supernode, &p);
	else if (!*arg && !selected(a, &p)) {
		free(sg);
		return nothing_selected(a, "unpin");
	}
	at = supernode < 0 ? ct_subgraph_find(sg, &p) : -1;
	if (supernode < 0 && at < 0) {
		free(sg);
		return app_fail(a, "this node is not pinned");
	}
	if (supernode >= 0)
		snprintf(name, sizeof name, "\"%s\"", sg->name[supernode]);
	else
		pins_name(&a->study, &p, name, sizeof name);
	if (supernode >= 0)
		unpin_members(sg, supernode);
	else	/* in two supernodes it is pinned twice */
		for (; at >= 0; at = ct_subgraph_find(sg, &p))
			ct_subgraph_unpin(sg, at);
	did = set(a, sg);
	say_count(a, "unpinned", name);
	return did;
}

/* Whether the name of a node begins here. */
static bool
is_node(const char *s)
{
	static const char *const begins[] = { "\"", "input \"", "output \"", "error L", "target L",
		"absent \"" };

	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (strncmp(s, begins[i], strlen(begins[i])) == 0)
			return true;
	return (*s == 'L' || *s == 'l') && s[1] && s[1 + strspn(s + 1, "0123456789")] == '#';
}

/*
 * Splits "NAME" REST. A name without quotes ends where the name of a node begins. Returns REST, or NULL if
 * there is no name.
 */
static const char *
split_name(const char *arg, char *name, size_t size)
{
	const char *end = *arg == '"' ? strchr(arg + 1, '"') : NULL, *rest = arg;

	if (end) {
		snprintf(name, size, "%.*s", (int)(end - arg - 1), arg + 1);
		rest = end + 1;
	} else {
		while (*rest && !(rest > arg && rest[-1] == ' ' && is_node(rest)))
			rest++;
		snprintf(name, size, "%.*s", (int)(rest - arg), arg);
	}
	return name[strspn(name, " ")] ? rest + strspn(rest, " ") : NULL;
}

/*
 * The name to propose: that of the node's own supernode; its label if a supernode has that name; the
 * supernode that a node was last put into; its label.
 */
static void
propose_name(struct app *a, const struct ct_pin *p, char *buf, size_t size)
{
	const struct ct_subgraph *sg = ct_session_subgraph(a->study.session);
	int at = ct_subgraph_find(sg, p);
	bool guess = false;

	buf[0] = '\0';
	if (p->kind == CT_NODE_FEATURE)
		study_label(&a->study, p->layer, p->index, buf, size, &guess);
	if (guess)
		buf[0] = '\0';
	if (at >= 0 && sg->pin[at].supernode >= 0)
		snprintf(buf, size, "%s", sg->name[sg->pin[at].supernode]);
	else if (ct_subgraph_supernode(sg, buf) < 0 && ct_subgraph_supernode(sg, a->supernode) >= 0)
		snprintf(buf, size, "%s", a->supernode);
}

/* Puts the selected node into the supernode of that name. */
static int
group_selected(struct app *a, struct ct_subgraph *sg, const char *name)
{
	struct ct_error err;
	struct ct_pin p;
	char node[STUDY_NAME];
	int at, supernode = -1, n = 0, did;

	if (among_parts(a) && part_selected(a, &supernode, &p) && supernode >= 0) {
		free(sg);
		return app_fail(a,
		    "this is a supernode: rename changes its name, and move its members one by one");
	}
	if (!selected(a, &p)) {
		free(sg);
		return nothing_selected(a, "group");
	}
	at = pin_selected(a, sg, &p, &err);
	if (at < 0 || ct_subgraph_group(sg, at, name, &err) < 0)
		return give_up(a, sg, &err);
	supernode = sg->pin[at].supernode;
	memcpy(a->supernode, sg->name[supernode], sizeof a->supernode);
	for (int i = 0; i < sg->n_pins; i++)
		n += sg->pin[i].supernode == supernode;
	did = set(a, sg);
	app_say(a, "%s is in \"%s\": %d member%s", pins_name(&a->study, &p, node, sizeof node),
	    ct_session_subgraph(a->study.session)->name[supernode], n, n == 1 ? "" : "s");
	return did;
}

int
do_group(struct app *a, const char *arg)
{
	struct ct_subgraph *sg;
	struct ct_error err;
	struct ct_pin p;
	char name[LINE];
	const char *rest;
	int n, of, did;

	if (!*arg) {
		if (!selected(a, &p))
			return nothing_selected(a, "group");
		propose_name(a, &p, name, CT_SUPERNODE_NAME);
		input_open(a, INPUT_GROUP, name);
		a->input.proposed = *name;
		return DID_CHANGE;
	}
	rest = split_name(arg, name, sizeof name);
	if (!rest)
		return app_fail(a, "group: a supernode needs a name, as in group Texas");
	if (!(sg = copy(a)))
		return DID_FAIL | DID_CHANGE;
	if (!*rest)
		return group_selected(a, sg, name);
	n = ct_session_pin_all(a->study.session, sg, rest, name, &of, &err);
	if (n < 0)
		return give_up(a, sg, &err);
	did = set(a, sg);
	say_named(a, rest, n, of);
	return did;
}

int
do_auto(struct app *a, const char *arg)
{
	struct ct_subgraph *sg = copy(a);
	struct ct_auto_groups n;
	struct ct_error err;
	char groups[64] = "no group", share[FMT_SIZE], other[FMT_SIZE];
	int did;

	if (!sg)
		return DID_FAIL | DID_CHANGE;
	if (*arg) {
		free(sg);
		return app_fail(a, "auto takes no argument: it groups the pruned graph");
	}
	if (ct_session_auto_groups(a->study.session, sg, &n, &a->study.job, &err) < 0)
		return give_up(a, sg, &err);
	did = set(a, sg);
	if (n.groups > 0)
		snprintf(groups, sizeof groups, "%d group%s of %d nodes", n.groups,
		    n.groups == 1 ? "" : "s", n.members);
	app_say(a, "%s, %d single node%s: %s of the influence; left out: %d weaker node%s, and %d against "
	    "it (%s)", groups, n.singles, n.singles == 1 ? "" : "s", fmt_percent(share, sizeof share,
	    n.influence), n.left_out, n.left_out == 1 ? "" : "s", n.against, fmt_percent(other, sizeof other,
	    n.against_influence));
	view_show(a, VIEW_BOXES);
	return did;
}

/*
 * The supernode that a command is about: by name, with or without quotes, or that of the selected row or
 * node. -1 after a message.
 */
static int
which_supernode(struct app *a, const char *arg)
{
	const struct ct_subgraph *sg = ct_session_subgraph(a->study.session);
	char name[LINE];
	struct ct_pin p;
	int supernode = -1, at;

	if (*arg) {
		if (split_name(arg, name, sizeof name))
			supernode = ct_subgraph_supernode(sg, name);
		if (supernode < 0)
			app_fail(a, "there is no supernode \"%.60s\"", name);
		return supernode;
	}
	if (among_parts(a) && part_selected(a, &supernode, &p) && supernode >= 0)
		return supernode;
	at = selected(a, &p) ? ct_subgraph_find(sg, &p) : -1;
	supernode = at < 0 ? -1 : sg->pin[at].supernode;
	if (supernode < 0)
		app_fail(a, "select a supernode or a member of it first, or name it");
	return supernode;
}

int
do_ungroup(struct app *a, const char *arg)
{
	int supernode = which_supernode(a, arg), did;
	struct ct_subgraph *sg = supernode < 0 ? NULL : copy(a);
	char name[CT_SUPERNODE_NAME];

	if (!sg)
		return DID_FAIL | DID_CHANGE;
	memcpy(name, sg->name[supernode], sizeof name);
	ct_subgraph_ungroup(sg, supernode);
	did = set(a, sg);
	app_say(a, "\"%s\" is dissolved; its members stay pinned", name);
	return did;
}

int
do_rename(struct app *a, const char *arg)
{
	char first[LINE];
	const char *rest = split_name(arg, first, sizeof first);
	/* rename "OLD" NEW, or rename NEW for the selected supernode. */
	int supernode = which_supernode(a, rest && *rest ? first : "");
	struct ct_subgraph *sg;
	struct ct_error err;

	if (supernode < 0)
		return DID_FAIL | DID_CHANGE;
	if (!*arg) {
		input_open_about(a, INPUT_RENAME, "", ct_session_subgraph(a->study.session)->name[supernode]);
		return DID_CHANGE;
	}
	if (rest && *rest)
		split_name(rest, first, sizeof first);
	if (!(sg = copy(a)))
		return DID_FAIL | DID_CHANGE;
	if (ct_subgraph_rename(sg, supernode, first, &err) < 0)
		return give_up(a, sg, &err);
	return set(a, sg);
}

int
do_move(struct app *a, const char *arg)
{
	const struct ct_subgraph *sg = ct_session_subgraph(a->study.session);
	bool out = strcmp(arg, "out") == 0;
	struct ct_subgraph *fresh;
	struct ct_error err;
	struct ct_pin p;
	char name[STUDY_NAME];
	int at = selected(a, &p) ? ct_subgraph_find(sg, &p) : -1, to = -1, did;

	if (!*arg)
		return app_fail(a, "move: expected the name of a supernode, or out");
	if (!out && (to = which_supernode(a, arg)) < 0)
		return DID_FAIL | DID_CHANGE;
	if (at < 0)
		return app_fail(a, "move: select a pinned node first");
	if (out && sg->pin[at].supernode < 0)
		return app_fail(a, "%s is in no supernode", pins_name(&a->study, &p, name, sizeof name));
	if (!(fresh = copy(a)))
		return DID_FAIL | DID_CHANGE;
	if (ct_subgraph_group(fresh, at, out ? NULL : sg->name[to], &err) < 0)
		return give_up(a, fresh, &err);
	did = set(a, fresh);
	app_say(a, "%s is %s%s", pins_name(&a->study, &p, name, sizeof name),
	    out ? "in no supernode now" : "now in ", out ? "" : arg);
	return did;
}

int
cmd_supernode(struct app *a, const char **arg)
{
	const struct ct_subgraph *sg = ct_session_subgraph(a->study.session);
	const char *rest;
	char name[LINE];
	struct ct_pin p;
	int supernode = -1;

	if (**arg == '"') {
		rest = split_name(*arg, name, sizeof name);
		supernode = rest ? ct_subgraph_supernode(sg, name) : -1;
		*arg = supernode < 0 ? *arg : rest;
	} else if (among_parts(a) && !part_selected(a, &supernode, &p)) {
		supernode = -1;
	}
	return supernode;
}
