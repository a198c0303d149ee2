/* cmd_look: commands that change what is shown; see cmd_exec.h. */
#include "tui/language/cmd_exec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/input.h"
#include "tui/view/jumplist.h"
#include "tui/view/layout.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

static int
trace_prompt(struct app *a, const char *text)
{
	struct ct_error err;

	if (study_prompt(&a->study, text, &err))
		return app_error(a, &err);
	app_remember(a, &a->prompts, text);
	a->view = a->focus = VIEW_TREE;
	view_changed(a, CHANGED_GRAPH);
	if (*ct_session_note(a->study.session))
		app_say(a, "%s", ct_session_note(a->study.session));
	return DID_CHANGE;
}

int
do_prompt(struct app *a, const char *arg)
{
	if (*arg)
		return trace_prompt(a, arg);
	input_open(a, INPUT_PROMPT, a->study.session ? ct_session_text(a->study.session) : "");
	return DID_CHANGE;
}

/* Replaces the escapes in s, up to the closing quote, in place. Returns false if s is not such a text. */
static bool
unquote(char *s)
{
	char *to = s;
	unsigned byte;

	if (*s++ != '"')
		return false;
	while (*s && *s != '"') {
		if (*s != '\\') {
			*to++ = *s++;
			continue;
		}
		s += 2;
		switch (s[-1]) {
		case 'n': *to++ = '\n'; break;
		case 't': *to++ = '\t'; break;
		case '"': case '\\': *to++ = s[-1]; break;
		case 'x':
			if (strspn(s, "0123456789abcdefABCDEF") < 2 || sscanf(s, "%2x", &byte) != 1 || !byte)
				return false;
			*to++ = (char)byte;
			s += 2;
			break;
		default:
			return false;
		}
	}
	if (*s != '"' || s[1])
		return false;
	*to = '\0';
	return true;
}

int
do_prompt_text(struct app *a, const char *arg)
{
	char *text = strdup(arg);
	int did;

	if (!text)
		return app_fail(a, "out of memory");
	if (unquote(text))
		did = trace_prompt(a, text);
	else
		did = app_fail(a,
		    "prompt-text: expected \"TEXT\" with \\n, \\t, \\\", \\\\ and \\xHH; found %.60s", arg);
	free(text);
	return did;
}

static int
go_to(struct app *a, int pos)
{
	struct study *s = &a->study;

	if (pos < 1)
		pos = s->T > 1 ? 1 : 0;
	if (pos >= s->T)
		pos = s->T - 1;
	if (pos == s->pos)
		return DID_NOTHING;
	s->pos = pos;
	return DID_CHANGE;
}

int
do_at(struct app *a, const char *arg)
{
	struct study *s = &a->study;
	int n;

	if (strcmp(arg, "last") == 0)
		return go_to(a, s->T - 1);
	if (cmd_parse_int(arg, &n)) {
		if (*arg == '+' || *arg == '-')
			return go_to(a, s->pos + n);
		if (n < 0 || n >= s->T)
			return app_fail(a, "position %d: the prompt has 0 to %d", n, s->T - 1);
		s->pos = n;
		return DID_CHANGE;
	}
	for (int i = 1; i <= s->T; i++) {
		int pos = (s->pos + i) % s->T;

		if (strcmp(study_token(s, pos), arg) == 0) {
			s->pos = pos;
			return DID_CHANGE;
		}
	}
	return app_fail(
	    a, "at: expected a position, +N, -N, last or a token of the prompt; found \"%.60s\"", arg);
}

static int
step_side(struct app *a, int step)
{
	if (view_ops(a->focus)->side)
		return view_ops(a->focus)->side(a, a->state[a->focus], step);
	return go_to(a, a->study.pos + step);
}

int
do_left(struct app *a, const char *arg)
{
	(void)arg;
	return step_side(a, -1);
}

int
do_right(struct app *a, const char *arg)
{
	(void)arg;
	return step_side(a, 1);
}

static int
move_to(struct app *a, int row)
{
	const struct view_ops *ops = view_ops(a->focus);
	struct list *l = ops->list ? ops->list(a, a->state[a->focus]) : NULL;
	int was = l ? l->sel : 0;

	if (!l || !l->n)	/* the node is gone: another model was opened without a prompt */
		return DID_NOTHING;
	list_select(l, row);
	if (l->sel == was)
		return DID_NOTHING;
	if (ops->moved)
		ops->moved(a, a->state[a->focus]);
	return DID_CHANGE;
}

static int
move_by(struct app *a, const char *arg, int step)
{
	const struct view_ops *ops = view_ops(a->focus);
	struct list *l = ops->list ? ops->list(a, a->state[a->focus]) : NULL;
	int n = 1;

	if (*arg && !cmd_parse_int(arg, &n))
		return app_fail(a, "expected a number of lines, found \"%.60s\"", arg);
	return l ? move_to(a, l->sel + n * step) : DID_NOTHING;
}

static int
page(struct app *a, const char *arg, int step)
{
	const struct view_ops *ops = view_ops(a->focus);
	struct list *l = ops->list ? ops->list(a, a->state[a->focus]) : NULL;
	bool half = strcmp(arg, "half") == 0;
	int rows;

	if (*arg && !half)
		return app_fail(a, "expected half or nothing, found \"%.60s\"", arg);
	if (!l)
		return DID_NOTHING;
	rows = l->h > 2 ? l->h - 1 : 10;
	return move_to(a, l->sel + step * (half ? (rows + 1) / 2 : rows));
}

int
do_up(struct app *a, const char *arg)
{
	return move_by(a, arg, -1);
}

int
do_down(struct app *a, const char *arg)
{
	return move_by(a, arg, 1);
}

int
do_page_up(struct app *a, const char *arg)
{
	return page(a, arg, -1);
}

int
do_page_down(struct app *a, const char *arg)
{
	return page(a, arg, 1);
}

int
do_first(struct app *a, const char *arg)
{
	(void)arg;
	return move_to(a, 0);
}

int
do_last(struct app *a, const char *arg)
{
	(void)arg;
	return move_to(a, 1 << 30);
}

int
do_row(struct app *a, const char *arg)
{
	const struct view_ops *ops = view_ops(a->focus);
	struct list *l = ops->list ? ops->list(a, a->state[a->focus]) : NULL;
	int n;

	if (!l || !l->n)
		return app_fail(a, "there are no rows here");
	if (!cmd_parse_int(arg, &n) || n < 1 || n > l->n)
		return app_fail(a, "row: expected 1 to %d, found \"%.60s\"", l->n, arg);
	return move_to(a, n - 1);
}

int
do_enter(struct app *a, const char *arg)
{
	(void)arg;
	return view_ops(a->focus)->enter ? view_ops(a->focus)->enter(a, a->state[a->focus]) : DID_NOTHING;
}

int
do_select(struct app *a, const char *arg)
{
	struct ct_error err;
	int node;

	if (!*arg)
		return app_fail(
		    a, "select: expected a node: L1#249@8, input \"Dallas\"@6, error L1@8 or output "
		    "\"Austin\"");
	node = ct_session_find_node(a->study.session, arg, &err);
	if (node < 0)
		return app_error(a, &err);
	view_select(a, node);
	/* If the tree is not visible now, it follows once it is shown. */
	if (a->view == VIEW_TREE && a->focus != VIEW_MAP && !tree_reveal(a, node))
		app_say(a, "%s feeds none of the targets: it is not in the tree", arg);
	return DID_CHANGE;
}

int
do_jumplist(struct app *a, const char *arg)
{
	bool back = strcmp(arg, "back") == 0;
	int node;

	if (!back && strcmp(arg, "forward") != 0)
		return app_fail(a, "jump: expected back or forward, found \"%.60s\"", arg);
	node = jumplist_go(a, back ? -1 : 1);
	if (node < 0)
		return app_fail(a, "there is no node to go %s to", arg);
	view_select(a, node);
	tree_reveal(a, node);
	return DID_CHANGE;
}

int
do_where(struct app *a, const char *arg)
{
	char text[sizeof a->message] = "", name[STUDY_NAME], note[STUDY_NAME];
	const struct tree_item *path[TREE_PATH];
	int n = tree_path(a, path, TREE_PATH);
	size_t len = 0;

	(void)arg;
	for (int i = 0; i < n && len < sizeof text; i++) {
		tree_item_title(&a->study, path[i], name, sizeof name);
		study_note(&a->study, path[i]->node, note, sizeof note);
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%s%s", i ? " ← " : "", name,
		    *note ? " " : "", note);
	}
	app_say(a, "%s", text);
	return DID_CHANGE;
}

int
do_branch(struct app *a, const char *arg)
{
	char *end;
	long rows = strtol(arg, &end, 10);

	if (!a->study.graph->n_targets)
		return app_fail(a, "branch: the graph has no targets");
	if (end == arg)
		return tree_branch(a, arg, -1);
	if (*end != ' ' || rows < 0 || rows > 100000)
		return app_fail(a, "branch: expected how many rows, and a node; found \"%.60s\"", arg);
	return tree_branch(a, end + strspn(end, " "), (int)rows);
}

static int
show(struct app *a, enum view_id id)
{
	view_show(a, id);
	return DID_CHANGE;
}

int
do_view(struct app *a, const char *arg)
{
	int id = view_find(arg);
	char names[300] = "";
	size_t n = 0;

	for (int i = 0; i < VIEW_COUNT && n < sizeof names; i++)
		n += (size_t)snprintf(names + n, sizeof names - n, "%s%s",
		    i ? i + 1 < VIEW_COUNT ? ", " : " or " : "", view_ops((enum view_id)i)->name);
	if (id < 0)
		return app_fail(a, "view: expected %s; found \"%.60s\"", names, arg);
	/* The key that opens a view also closes it. */
	return show(a, a->focus == (enum view_id)id ? VIEW_TREE : (enum view_id)id);
}

int
do_back(struct app *a, const char *arg)
{
	(void)arg;
	a->message[0] = '\0';
	if (a->view == VIEW_TREE)
		a->wish.zoom = false;
	return show(a, a->focus == VIEW_HELP ? a->before : VIEW_TREE);
}

int
do_next_pane(struct app *a, const char *arg)
{
	enum view_id pane[LAYOUT_PANES];
	int n = layout_panes(a, pane), at = 0;

	if (a->view != VIEW_TREE)
		return show(a, VIEW_TREE);
	while (at < n - 1 && pane[at] != a->focus)
		at++;
	return show(a, pane[(at + (strcmp(arg, "back") != 0 ? 1 : n - 1)) % n]);
}

int
do_pane(struct app *a, const char *arg)
{
	static const struct {
		const char *word;
		int columns, rows;
	} moves[] = { { "wider", 4, 0 }, { "narrower", -4, 0 }, { "taller", 0, 2 }, { "shorter", 0, -2 } };

	if (strcmp(arg, "even") == 0) {
		a->wish = (struct layout_wish){ .zoom = false };
		return DID_CHANGE;
	}
	if (strcmp(arg, "zoom") == 0) {
		if (a->view != VIEW_TREE)
			return app_fail(a, "the %s fills the whole screen already", view_ops(a->view)->name);
		a->wish.zoom = !a->wish.zoom;
		return DID_CHANGE;
	}
	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
		if (strcmp(arg, moves[i].word) == 0)
			return layout_grow(a, moves[i].columns, moves[i].rows)
			    ? DID_CHANGE
			    : app_fail(a, "the %s cannot be made %s", view_ops(a->focus)->name, arg);
	return app_fail(
	    a, "pane: expected wider, narrower, taller, shorter, even or zoom; found \"%.60s\"", arg);
}

int
do_help(struct app *a, const char *arg)
{
	(void)arg;
	return show(a, a->focus == VIEW_HELP ? a->before : VIEW_HELP);
}

int
do_expand(struct app *a, const char *arg)
{
	bool all = strcmp(arg, "all") == 0;

	if (tree_level(a, all ? 100 : 1))
		return DID_CHANGE;
	return all && tree_level(a, -100) ? DID_CHANGE : DID_NOTHING;
}

int
do_fold(struct app *a, const char *arg)
{
	return tree_level(a, strcmp(arg, "all") != 0 ? -1 : -100) ? DID_CHANGE : DID_NOTHING;
}

/* One level up: folds an open row, or goes to the row above. */
int
do_out(struct app *a, const char *arg)
{
	const struct view_ops *ops = view_ops(a->focus);
	struct fold *f = ops->fold ? ops->fold(a, a->state[a->focus]) : NULL;
	const struct fold_row *r = f ? fold_selected(f) : NULL;

	(void)arg;
	if (!f)
		return app_fail(a, "out: this view has no levels");
	if (r && r->open)
		return ops->enter(a, a->state[a->focus]);
	return r && fold_parent(f, f->list.sel) >= 0 ? move_to(a, fold_parent(f, f->list.sel)) : DID_NOTHING;
}

/* One level down: opens the row, or goes to the first one below it. */
int
do_in(struct app *a, const char *arg)
{
	const struct view_ops *ops = view_ops(a->focus);
	struct fold *f = ops->fold ? ops->fold(a, a->state[a->focus]) : NULL;
	const struct fold_row *r = f ? fold_selected(f) : NULL;

	(void)arg;
	if (!f)
		return app_fail(a, "in: this view has no levels");
	if (r && r->open)
		return move_to(a, f->list.sel + 1);
	return r && !r->leaf ? ops->enter(a, a->state[a->focus]) : DID_NOTHING;
}

int
do_by(struct app *a, const char *arg)
{
	struct tree_shape shape = tree_shape(a);
	int by = *arg ? 0 : ((int)shape.by + 1) % 3, did;

	while (*arg && by < 3 && strcmp(tree_by_name((enum ct_inputs_by)by), arg) != 0)
		by++;
	if (by == 3)
		return app_fail(a, "by: expected node, token or layer, found \"%.60s\"", arg);
	shape.by = (enum ct_inputs_by)by;
	did = tree_order(a, &shape);
	app_say(a, shape.by == CT_BY_KIND ? "a row for each feature; words and errors are summed up"
	    : shape.by == CT_BY_TOKEN ? "a row for each token: everything that comes from it"
				      : "a row for each layer: everything that comes from it");
	return did | DID_CHANGE;
}

int
do_sort(struct app *a, const char *arg)
{
	struct tree_shape shape = tree_shape(a);
	int order = *arg ? 0 : ((int)shape.order + 1) % 3, did;

	while (*arg && order < 3 && strcmp(tree_order_name((enum tree_order)order), arg) != 0)
		order++;
	if (order == 3)
		return app_fail(a, "sort: expected size, for or against, found \"%.60s\"", arg);
	shape.order = (enum tree_order)order;
	did = tree_order(a, &shape);
	app_say(a, shape.order == ORDER_SIZE ? "the largest first, for or against"
	    : shape.order == ORDER_FOR ? "the most positive first"
				       : "the most negative first");
	return did | DID_CHANGE;
}

int
do_edges(struct app *a, const char *arg)
{
	if (*arg && strcmp(arg, "weight") != 0 && strcmp(arg, "share") != 0)
		return app_fail(a, "edges: expected weight or share, found \"%.60s\"", arg);
	a->shares = *arg ? strcmp(arg, "share") == 0 : !a->shares;
	app_say(a, a->shares ? "edges as shares of all that flows into the node, positive and negative"
			     : "edges as weights: what the source adds to the node, in its own units");
	return DID_CHANGE;
}
