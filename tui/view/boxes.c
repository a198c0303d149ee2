/*
 * boxes: draws what is pinned: a box for each supernode and each single node, with words at the bottom, the
 * answer at the top, and tokens from left to right. A box lists what feeds it; lines join it to boxes in the
 * row below.
 *
 * Owns drawing and selecting. boxes_layout.c places the boxes; study/pins.h has their contents and sums.
 */
#include "tui/view/boxes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/study/pins.h"
#include "tui/terminal/fmt.h"
#include "tui/view/boxes_layout.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

/* HEAD: lines above the drawing; WORDS: inputs of a box that are read aloud. */
enum { HEAD = 1, WORDS = 3, NAME = STUDY_NAME };

static void *
boxes_open(void)
{
	return calloc(1, sizeof(struct boxes));
}

static void
boxes_close(void *state)
{
	struct boxes *v = state;

	free(v->box);
	free(v);
}

static const struct ct_pin *
pin_of(struct app *a, const struct ct_subgraph_part *p)
{
	return &ct_session_subgraph(a->study.session)->pin[p->pin[0]];
}

static const char *
name_of(struct app *a, const struct ct_subgraph_part *p, char *buf, size_t size)
{
	const struct ct_pin *pin = pin_of(a, p);
	int node = boxes_node(p);

	if (p->supernode >= 0)
		snprintf(buf, size, "%s", ct_session_subgraph(a->study.session)->name[p->supernode]);
	else if (pin->kind == CT_NODE_EMBEDDING || (pin->kind == CT_NODE_TARGET && pin->other < 0))
		study_word(&a->study, pin->index, buf, size);
	else if (node < 0 || !*study_note(&a->study, node, buf, size))
		pins_name(&a->study, pin, buf, size);
	return buf;
}

static struct list *
boxes_list(struct app *a, void *state)
{
	struct boxes *v = state;

	boxes_layout(a, v);
	return &v->list;
}

bool
boxes_selected(struct app *a, int *supernode, struct ct_pin *pin)
{
	struct boxes *v = a->state[VIEW_BOXES];
	const struct ct_subgraph_part *p;

	if (!boxes_list(a, v)->n)
		return false;
	p = &pins_parts(&a->study)->part[v->box[v->list.sel].part];
	*supernode = p->supernode;
	*pin = *pin_of(a, p);
	return true;
}

/* A box's share of the influence, or the answer's probability; in `now`, what the clamps make of it. */
static void
figure(struct app *a, const struct ct_subgraph_part *p, char *was, char *now, size_t size)
{
	const struct ct_node *n = study_node(&a->study, boxes_node(p));
	double level = ct_session_level(a->study.session, p), all = a->study.graph->influence;
	bool clamped = study_clamps(&a->study)->n > 0;

	*now = '\0';
	if (boxes_is_target(a, p)) {
		*was = '\0';
		if (n->target != CT_TARGET_LOGIT)
			return;
		fmt_percent(was, size, (double)study_prob_then(&a->study, n));
		if (clamped)
			fmt_percent(now, size,
			    (double)ct_session_prob(a->study.first, CT_RUN_CLAMPED, n->pos, n->index));
		return;
	}
	fmt_percent(was, size, all > 0 ? p->influence / all : 0);
	if (clamped && isfinite(level))
		snprintf(now, size, "×%s%.2f", level < -.005 ? "−" : "", fabs(level));
}

static void
draw_edge(struct app *a, const struct area *area, int x, int y, int w, const struct ct_subgraph_edge *e)
{
	double v = a->shares ? e->share : e->weight;
	enum style style = v < 0 ? ST_MINUS : ST_PLUS;
	char name[NAME], number[FMT_SIZE];

	fmt_signed(number, sizeof number, v);
	draw_cell(area, x, y, ST_DIM, 0x2190);
	draw_cut(area, x + 2, y, w - 3 - ct_text_width(number), ST_TEXT,
	    name_of(a, &pins_parts(&a->study)->part[e->source], name, sizeof name));
	draw_right(area, x + w, y, style, number);
}

static enum style
style_of(struct app *a, const struct ct_subgraph_part *p, const char *now)
{
	return boxes_is_target(a, p) ? ST_STRONG : *now ? ST_CLAMP : boxes_is_word(a, p) ? ST_INPUT : ST_TEXT;
}

/* The next position after pos where the part has a node; -1: none. */
static int
next_place(struct app *a, const struct ct_subgraph_part *p, int pos)
{
	int next = -1;

	for (int k = 0; k < p->n; k++) {
		const struct ct_node *n = study_node(&a->study, p->node[k]);

		if (n && n->pos > pos && (next < 0 || n->pos < next))
			next = n->pos;
	}
	return next;
}

/* The text of the lower border: "@Dallas"; for a supernode all of its tokens, and how many nodes it has. */
static void
place_text(struct app *a, const struct box *b, const struct ct_subgraph_part *p, char *buf, size_t size)
{
	char first[NAME], last[NAME];
	int at = next_place(a, p, -1), second = at < 0 ? -1 : next_place(a, p, at), end = second;

	if (p->supernode < 0) {
		study_place(&a->study, b->pos, buf, size);
		return;
	}
	for (int t = second; t >= 0; t = next_place(a, p, t))
		end = t;
	study_place(&a->study, at < 0 ? b->pos : at, first, sizeof first);
	if (end < 0)
		snprintf(buf, size, "%.60s %d node%s", first, p->n_nodes, p->n_nodes == 1 ? "" : "s");
	else
		snprintf(buf, size, "%.60s%s%.60s %d nodes", first, end == second ? ", " : " \xe2\x80\xa6 ",
		    study_place(&a->study, end, last, sizeof last), p->n_nodes);
}

static void
draw_frame(const struct area *area, const struct box *b, int y, enum style style)
{
	static const uint32_t corner[4] = { 0x250c, 0x2510, 0x2514, 0x2518 };

	draw_line(area, b->x + 1, y, b->w - 2, style, 0x2500);
	draw_line(area, b->x + 1, y + b->h - 1, b->w - 2, style, 0x2500);
	for (int i = 0; i < 4; i++)
		draw_cell(area, b->x + (i % 2 ? b->w - 1 : 0), y + (i < 2 ? 0 : b->h - 1), style, corner[i]);
	for (int i = 1; i < b->h - 1; i++) {
		draw_cell(area, b->x, y + i, style, 0x2502);
		draw_cell(area, b->x + b->w - 1, y + i, style, 0x2502);
	}
}

/*
 * ┌ in Texas ───── 12% ┐
 * │← Dallas       +1.2 │
 * └ @Dallas 4 nodes ───┘
 */
static void
draw_box(struct app *a, const struct area *area, const struct box *b, int y, bool selected)
{
	const struct ct_parts *x = pins_parts(&a->study);
	const struct ct_subgraph_part *p = &x->part[b->part];
	char name[NAME], was[FMT_SIZE], now[FMT_SIZE], text[NAME];
	int right = b->x + b->w - 2, used, drawn;
	bool above;
	enum style style;

	figure(a, p, was, now, sizeof was);
	style = style_of(a, p, now);
	draw_frame(area, b, y, selected ? ST_FOCUS : ST_RULE);
	above = *now && boxes_is_target(a, p);
	used = ct_text_width(was) + (above ? 3 + ct_text_width(now) : 0);
	drawn = draw_cut(area, b->x + 2, y, b->w - 7 - used, style, name_of(a, p, name, sizeof name));
	draw_cell(area, b->x + 1, y, ST_RULE, ' ');
	draw_cell(area, b->x + 2 + drawn, y, ST_RULE, ' ');
	if (used) {
		int at = right - used - 1;

		draw_cell(area, at++, y, ST_RULE, ' ');
		at += draw_text(area, at, y, ST_DIM, was);
		if (above) {
			at += draw_text(area, at, y, ST_DIM, " → ");
			at += draw_text(area, at, y, ST_CLAMP, now);
		}
		draw_cell(area, at, y, ST_RULE, ' ');
	}
	for (int i = 0; i < b->listed; i++)
		draw_edge(a, area, b->x + 1, y + 1 + i, b->w - 3, boxes_edge(x, b->part, i));
	place_text(a, b, p, name, sizeof name);
	snprintf(text, sizeof text, " %.100s ", name);
	draw_cut(area, b->x + 1, y + b->h - 1, b->w - 2, ST_DIM, text);
	if (*now && !above) {
		snprintf(text, sizeof text, " %s ", now);
		draw_text(area, right + 1 - ct_text_width(text), y + b->h - 1, ST_CLAMP, text);
	}
	if (selected)
		draw_select(area, b->x + 1, y, b->w - 2 - used - (used ? 2 : 0));
}

static uint32_t
line_cell(int ways)
{
	static const uint32_t cell[16] = {
		[WAY_UP] = 0x2502, [WAY_DOWN] = 0x2502, [WAY_UP | WAY_DOWN] = 0x2502,
		[WAY_LEFT] = 0x2500, [WAY_RIGHT] = 0x2500, [WAY_LEFT | WAY_RIGHT] = 0x2500,
		[WAY_UP | WAY_LEFT] = 0x2518, [WAY_UP | WAY_RIGHT] = 0x2514,
		[WAY_DOWN | WAY_LEFT] = 0x2510, [WAY_DOWN | WAY_RIGHT] = 0x250c,
		[WAY_UP | WAY_DOWN | WAY_LEFT] = 0x2524, [WAY_UP | WAY_DOWN | WAY_RIGHT] = 0x251c,
		[WAY_UP | WAY_LEFT | WAY_RIGHT] = 0x2534, [WAY_DOWN | WAY_LEFT | WAY_RIGHT] = 0x252c,
		[WAY_UP | WAY_DOWN | WAY_LEFT | WAY_RIGHT] = 0x253c
	};

	return cell[ways];
}

/* Draws the lines between a row and the one below it. */
static void
draw_gap(struct app *a, struct boxes *v, const struct area *area, int row)
{
	struct boxes_gap gap = { .row = row };
	int y = 0;

	boxes_lines(v, pins_parts(&a->study), &gap);
	for (int i = 0; i < v->list.n; i++)
		if (v->box[i].row == row + 1)
			y = v->box[i].y - 1;
	for (int c = 0; c < area->w && c < BOXES_COLUMNS; c++)
		if (gap.ways[c])
			draw_cell(area, c, y - v->top, gap.style[c], line_cell(gap.ways[c]));
	/* A box may be lower than its neighbours: its lines go on to its lower border. */
	for (int i = 0; i < v->list.n; i++) {
		const struct box *b = &v->box[i];
		int x = b->x + b->w / 2;

		for (int l = b->y + b->h; b->row == row && b->net && l < y; l++)
			draw_cell(area, x, l - v->top, gap.style[x], 0x2502);
	}
}

/* For reading aloud: a row for each box, with what feeds it. */
static void
draw_words(struct app *a, struct boxes *v, const struct area *area)
{
	const struct ct_parts *x = pins_parts(&a->study);

	v->list.y = HEAD;
	for (int i = 0; i < v->list.n; i++) {
		const struct box *b = &v->box[i];
		const struct ct_subgraph_part *p = &x->part[b->part];
		const struct ct_subgraph_edge *e;
		char name[NAME], place[NAME], was[FMT_SIZE], now[FMT_SIZE], number[FMT_SIZE];
		int at = 1;

		figure(a, p, was, now, sizeof was);
		place_text(a, b, p, place, sizeof place);
		at += draw_fmt(area, at, HEAD + i, ST_TEXT, "%s  %s  %s%s%s",
		    name_of(a, p, name, sizeof name), place, was, *now ? " → " : "", now);
		for (int k = 0; k < WORDS && (e = boxes_edge(x, b->part, k)); k++) {
			fmt_signed(number, sizeof number, a->shares ? e->share : e->weight);
			at += draw_fmt(area, at, HEAD + i, ST_TEXT, "  ← %s %s",
			    name_of(a, &x->part[e->source], name, sizeof name), number);
		}
		if (i == v->list.sel)
			draw_select(area, 0, HEAD + i, area->w);
	}
}

static void
draw_nothing(const struct area *area)
{
	draw_text(area, 1, 1, ST_DIM, "Nothing is pinned. Boxes are drawn of what is:");
	draw_text(area, 3, 3, ST_TEXT,
	    "Enter   group the pruned graph by labels and by what features do (:auto)");
	draw_text(area, 3, 4, ST_TEXT, "p  g    pin a node, or put it into a supernode, by hand");
}

static void
draw_head(struct app *a, const struct boxes *v, const struct area *area)
{
	const struct ct_parts *x = pins_parts(&a->study);
	char b[2][FMT_SIZE];
	int away = x->n - v->list.n, at = 1;

	/* Some boxes have no node in this graph. */
	if (away)
		at += draw_fmt(area, at, 0, ST_DIM, "%d of ", x->n - away);
	draw_fmt(area, at, 0, ST_DIM, "%d boxes: %sinfluence%s   replacement %s of %s", x->n,
	    away ? "" : "share of ", study_clamps(&a->study)->n ? ", below what clamps leave" : "",
	    fmt_share(b[0], sizeof b[0], x->scores.replacement),
	    fmt_share(b[1], sizeof b[1], x->whole.replacement));
}

static void
boxes_draw(struct app *a, void *state, const struct area *area)
{
	struct boxes *v = state;
	struct area body = area_sub(area, 0, HEAD, area->w, area->h - HEAD);
	const struct box *b;

	v->w = area->w;
	v->h = body.h;
	boxes_layout(a, v);
	if (!v->list.n) {
		draw_nothing(area);
		return;
	}
	draw_head(a, v, area);
	if (area->grid->words) {
		draw_words(a, v, area);
		return;
	}
	b = &v->box[v->list.sel];
	v->top = b->y + b->h > v->top + body.h ? b->y + b->h - body.h : v->top;
	v->top = b->y < v->top ? b->y : v->top;
	v->top = v->top > v->lines - body.h ? v->lines - body.h : v->top;
	v->top = v->top < 0 ? 0 : v->top;
	for (int row = 0; row + 1 < v->n_rows; row++)
		draw_gap(a, v, &body, row);
	for (int i = 0; i < v->list.n; i++)
		draw_box(a, &body, &v->box[i], v->box[i].y - v->top, i == v->list.sel);
	if (v->top > 0)
		draw_cell(&body, body.w - 1, 0, ST_DIM, 0x2191);
	if (v->top + body.h < v->lines)
		draw_cell(&body, body.w - 1, body.h - 1, ST_DIM, 0x2193);
}

static void
boxes_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	struct boxes *v = state;

	name_of(a, &pins_parts(&a->study)->part[v->box[row].part], buf, size);
}

static int
selected_node(struct app *a, struct boxes *v)
{
	return boxes_list(a, v)->n ? boxes_node(&pins_parts(&a->study)->part[v->box[v->list.sel].part]) : -1;
}

static void
boxes_moved(struct app *a, void *state)
{
	int node = selected_node(a, state);

	if (node >= 0)
		view_select(a, node);
}

/* Goes to the node, or the first node of a supernode, in the tree. */
static int
boxes_enter(struct app *a, void *state)
{
	int node = selected_node(a, state);

	if (ct_session_subgraph(a->study.session)->n_pins == 0)
		return cmd_run(a, "auto");
	if (node < 0)
		return DID_NOTHING;
	view_select(a, node);
	a->view = a->focus = VIEW_TREE;
	tree_reveal(a, node);
	return DID_CHANGE;
}

static int
boxes_click(struct app *a, void *state, int x, int y)
{
	struct boxes *v = state;

	for (int i = 0; i < v->list.n; i++) {
		const struct box *b = &v->box[i];
		int line = y - HEAD + v->top;

		if (x < b->x || x >= b->x + b->w || line < b->y || line >= b->y + b->h)
			continue;
		list_select(&v->list, i);
		boxes_moved(a, v);
		return DID_CHANGE;
	}
	return DID_NOTHING;
}

static bool
boxes_feature(struct app *a, void *state, struct ct_clamp *out)
{
	struct ct_pin p;
	int supernode;

	(void)state;
	return boxes_selected(a, &supernode, &p) && supernode < 0 && pins_feature(&p, out);
}

const struct view_ops boxes_view = {
	.node = true,
	.name = "boxes",
	.title = "boxes",
	.note = "what is pinned as a drawing: words below, the answer above, and what feeds what",
	.keep = true,
	.open = boxes_open,
	.close = boxes_close,
	.draw = boxes_draw,
	.list = boxes_list,
	.moved = boxes_moved,
	.text = boxes_text,
	.enter = boxes_enter,
	.click = boxes_click,
	.feature = boxes_feature,
};
