/*
 * heads: which attention heads carried an edge, or everything that reaches a node, or the pruned graph, and
 * from which token to which; next to it how much passes each layer through its heads and past them.
 *
 * Unless a command asked something else, it follows the tree's selected row: the edge from this node to the
 * one above it; for a target, everything that reaches it; for a row of a token, everything written there.
 */
#include "tui/view/heads.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/job.h"
#include "base/text.h"
#include "tui/app.h"
#include "tui/study/lines.h"
#include "tui/terminal/fmt.h"
#include "tui/view/node_name.h"
#include "tui/view/qk.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

enum { LAYERS_W = 32, CARRIES = 15, SHARE = 23, FROM = 25, BAR_W = 6, BAR_LEAST = 100 };

struct heads {
	struct list list;		/* first, for view_list */
	struct ct_arena arena;
	struct ct_heads heads;
	struct ct_error why;		/* why there are none */
	struct ct_heads_question q;
	bool ready;
	bool asked;			/* q is from a command, not from the tree; */
	bool fresh;			/* and this is its first display */
};

static void *
heads_open(void)
{
	return calloc(1, sizeof(struct heads));
}

static void
forget(struct heads *v)
{
	ct_arena_free(&v->arena);
	v->heads = (struct ct_heads){ .n = 0 };
	v->list = (struct list){ .h = v->list.h };
	v->why.msg[0] = '\0';
	v->ready = false;
}

static void
heads_close(void *state)
{
	forget(state);
	free(state);
}

/* The question that the tree's selected row asks. */
static struct ct_heads_question
question_of(struct app *a)
{
	struct ct_heads_question q = { .target = -1, .source = -1, .pos = -1, .to_pos = -1 };
	const struct tree_item *t = tree_selected(a);

	if (!t)
		return q;
	q.target = tree_item_target(t);
	if (q.target < 0)
		q.target = t->node;
	else if (t->node >= 0)
		q.source = t->node;
	else if (t->kind == CT_INPUT_TOKEN)
		q.pos = t->key;
	return q;
}

static void
run(struct app *a, struct heads *v)
{
	forget(v);
	if (!view_traced(a, &v->why))
		return;
	if (!v->asked)
		v->q = question_of(a);
	v->ready = ct_session_heads(a->study.session, &v->q, &v->heads, &v->arena, &a->study.job,
	    &v->why) == CT_OK;
	v->list.n = v->ready ? v->heads.n : 0;
}

static void
heads_focused(struct app *a, void *state)
{
	struct heads *v = state;

	if (!v->fresh && a->before != VIEW_HELP)
		v->asked = false;
	v->fresh = false;
	run(a, v);
}

static void
heads_changed(struct app *a, void *state, enum change what)
{
	struct heads *v = state;

	if (what == CHANGED_NODE)
		return;
	v->asked = false;
	forget(v);
	if (a->view == VIEW_HEADS)
		run(a, v);
}

int
heads_show(struct app *a, const struct ct_heads_question *q)
{
	struct heads *v = a->state[VIEW_HEADS];

	v->asked = v->fresh = q;
	if (q)
		v->q = *q;
	view_show(a, VIEW_HEADS);
	return DID_CHANGE;
}

static bool
is_graph(const struct heads *v)
{
	return v->q.target < 0;
}

static void
draw_title(struct app *a, const struct heads *v, const struct area *area)
{
	char from[3 * STUDY_NAME] = "everything", to[2 * STUDY_NAME], sum[FMT_SIZE];
	const char *note = isnan(v->heads.whole) ? ", too small a lead for shares" : "";
	int room, x = 1;

	if (is_graph(v) && v->q.to_pos < 0) {
		draw_text(area, x, 0, ST_DIM, "all that feeds the pruned graph, weighted by influence");
		return;
	}
	if (v->q.source >= 0)
		node_name_text(a, v->q.source, from, sizeof from);
	else if (v->q.pos >= 0) {
		study_place(&a->study, v->q.pos, to, sizeof to);
		snprintf(from, sizeof from, "all that was written %s", to);
	}
	if (is_graph(v)) {
		x += draw_text(area, x, 0, ST_DIM, "from ");
		x += draw_cut(area, x, 0, area->w / 2, ST_TEXT, from);
		draw_fmt(area, x, 0, ST_DIM, " to the graph's nodes %s, by influence",
		    study_place(&a->study, v->q.to_pos, to, sizeof to));
		return;
	}
	node_name_text(a, v->q.target, to, sizeof to);
	room = (area->w - 2 - (int)sizeof "from  to : +1e+05" - (int)strlen(note)) / 2;
	x += draw_text(area, x, 0, ST_DIM, "from ");
	x += draw_cut(area, x, 0, room, ST_TEXT, from);
	x += draw_text(area, x, 0, ST_DIM, " to ");
	x += draw_cut(area, x, 0, room, ST_TEXT, to);
	x += draw_text(area, x, 0, ST_DIM, ": ");
	x += draw_text(area, x, 0, v->heads.total < 0 ? ST_MINUS : ST_PLUS, fmt_summand(sum, sizeof sum,
	    v->heads.total));
	draw_text(area, x, 0, ST_STRONG, note);
}

/* The column of the tokens, which leaves room for a bar if the pane is wide. */
static int
names_at(const struct area *area)
{
	return FROM + (area->w >= BAR_LEAST && !area->grid->words ? BAR_W + 1 : 0);
}

static void
draw_load(struct app *a, const struct heads *v, const struct area *area, int y, int w, int i)
{
	const struct ct_head_load *load = &v->heads.loads[i];
	double size = fabs((double)load->loading), whole = v->heads.whole;
	char b[FMT_SIZE], from[STUDY_NAME], to[STUDY_NAME];
	enum style style = load->loading < 0 ? ST_MINUS : ST_PLUS;
	int x = names_at(area);

	draw_fmt(area, 1, y, ST_STRONG, "L%dH%d", load->layer, load->head);
	if (!is_graph(v))
		draw_right(area, CARRIES, y, style, fmt_summand(b, sizeof b, (double)load->loading));
	if (whole > 0) {
		draw_right(area, SHARE, y, ST_TEXT, fmt_percent(b, sizeof b, size / whole));
		if (x > FROM)
			draw_bar(area, FROM - 1, y, BAR_W, style, size / whole);
	} else
		draw_right(area, SHARE, y, ST_DIM, "–");
	study_place(&a->study, load->key, from, sizeof from);
	study_place(&a->study, load->query, to, sizeof to);
	x += draw_cut(area, x, y, (w - x) / 2, ST_TEXT, from);
	x += draw_text(area, x, y, ST_DIM, " → ");
	draw_cut(area, x, y, w - x, ST_TEXT, to);
}

/* What passes a layer's attention: through its heads, past them in the residual stream, and as a constant. */
static void
draw_layer(const struct heads *v, const struct area *area, int y, int l)
{
	const double *load = v->heads.loading + l * v->heads.H;
	char b[FMT_SIZE], name[24];
	double sum = 0;
	int most = 0;

	for (int h = 0; h < v->heads.H; h++) {
		sum += load[h];
		if (load[h] > load[most])
			most = h;
	}
	draw_fmt(area, 1, y, ST_TEXT, "L%d", l);
	if (is_graph(v)) {
		draw_right(area, 12, y, ST_STRONG, fmt_percent(b, sizeof b, sum));
		snprintf(name, sizeof name, "H%d", most);
		draw_text(area, 15, y, ST_TEXT, name);
		draw_right(area, 25, y, ST_TEXT, fmt_percent(b, sizeof b, load[most]));
		return;
	}
	draw_right(area, 13, y, ST_STRONG, fmt_summand(b, sizeof b, sum));
	draw_right(area, 21, y, ST_TEXT, fmt_summand(b, sizeof b, v->heads.bypass[l]));
	draw_right(area, 31, y, ST_DIM, fmt_summand(b, sizeof b, v->heads.constant[l]));
}

/* Draws h layers, so that the selected row's is visible. */
static void
draw_layers(const struct heads *v, const struct area *area, int selected)
{
	int h = area->h - 1, first = selected - h / 2;

	draw_text(area, 1, 0, ST_DIM, "layer");
	draw_right(area, is_graph(v) ? 12 : 13, 0, ST_DIM, is_graph(v) ? "sum" : "heads");
	if (is_graph(v))
		draw_text(area, 15, 0, ST_DIM, "most of it");
	else {
		draw_right(area, 21, 0, ST_DIM, "past");
		draw_right(area, 31, 0, ST_DIM, "constant");
	}
	if (first > v->heads.layers - h)
		first = v->heads.layers - h;
	if (first < 0)
		first = 0;
	for (int i = 0; i < h && first + i < v->heads.layers; i++)
		draw_layer(v, area, 1 + i, first + i);
}

static void
draw_check(const struct heads *v, const struct area *area, int y)
{
	char b[FMT_SIZE];

	draw_fmt(area, 1, y, ST_DIM, "heads + past them + constant = the whole, at every layer, within %s",
	    fmt_tiny(b, sizeof b, v->heads.residual));
}

/* Next to the layers, or below them if the screen is read aloud. */
static void
draw_rows(struct app *a, struct heads *v, const struct area *area, int top, int w)
{
	draw_text(area, 1, top, ST_DIM, "head");
	if (!is_graph(v))
		draw_right(area, CARRIES, top, ST_DIM, "carries");
	draw_right(area, SHARE, top, ST_DIM, "share");
	draw_text(area, names_at(area), top, ST_DIM, "token → token");
	v->list.y = top + 1;
	list_resize(&v->list, v->heads.n, area->h - top - 1 - !area->grid->words);
	for (int i = 0; i < v->list.h && v->list.top + i < v->heads.n; i++) {
		draw_load(a, v, area, top + 1 + i, w, v->list.top + i);
		if (v->list.top + i == v->list.sel)
			draw_select(area, 0, top + 1 + i, FROM - 2);
	}
}

static void
heads_draw(struct app *a, void *state, const struct area *area)
{
	struct heads *v = state;
	bool words = area->grid->words;
	int w = area->w - LAYERS_W, layers = words ? v->heads.layers + 1 : area->h - 2;
	struct area side = area_sub(area, words ? 0 : w, words ? 2 : 1, LAYERS_W, layers);

	if (!v->ready) {
		draw_wrapped(area, 1, 1, area->w - 2, ST_DIM, v->why.msg);
		return;
	}
	draw_title(a, v, area);
	draw_check(v, area, words ? 1 : area->h - 1);
	if (v->heads.n == 0)
		draw_text(area, 1, 2, ST_DIM, "no head carries any of it");
	else if (words)
		draw_rows(a, v, area, 2 + layers, area->w);
	else
		draw_rows(a, v, area, 1, w - 1);
	draw_layers(v, &side, v->heads.n ? v->heads.loads[v->list.sel].layer : 0);
}

static void
heads_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	const struct ct_head_load *load = &((struct heads *)state)->heads.loads[row];
	char from[STUDY_NAME], to[STUDY_NAME];

	snprintf(buf, size, "L%dH%d %s %s", load->layer, load->head, study_place(&a->study, load->key, from,
	    sizeof from), study_place(&a->study, load->query, to, sizeof to));
}

/* Shows why the selected row's head attended. */
static int
heads_enter(struct app *a, void *state)
{
	struct heads *v = state;
	const struct ct_head_load *load;

	if (!v->heads.n)
		return DID_NOTHING;
	load = &v->heads.loads[v->list.sel];
	return qk_show(a, &(struct ct_qk_question){ load->layer, load->head, load->query, load->key });
}

/* Saves the question, unless it came from the tree. */
static void
heads_save(struct app *a, void *state, struct lines *out)
{
	struct heads *v = state;
	char from[STUDY_NAME] = "", to[STUDY_NAME];

	if (a->view != VIEW_HEADS || !v->asked)
		return;
	if (v->q.target < 0 && v->q.to_pos < 0) {
		lines_add(out, "heads all");
		return;
	}
	if (v->q.source >= 0)
		ct_session_node_name(a->study.session, v->q.source, from, sizeof from);
	else if (v->q.pos >= 0)
		snprintf(from, sizeof from, "@%d", v->q.pos);
	if (v->q.target >= 0)
		ct_session_node_name(a->study.session, v->q.target, to, sizeof to);
	else
		snprintf(to, sizeof to, "@%d", v->q.to_pos);
	lines_add(out, "heads %s%sto %s", from, *from ? " " : "", to);
}

const struct view_ops heads_view = {
	.name = "heads",
	.title = "heads",
	.note = "which attention heads carried the tree's selected edge, or all that reaches a target, from "
		"which token to which",
	.keep = true,
	.save = heads_save,
	.open = heads_open,
	.close = heads_close,
	.changed = heads_changed,
	.draw = heads_draw,
	.list = view_list,
	.focused = heads_focused,
	.text = heads_text,
	.enter = heads_enter,
};
