/*
 * subgraph: what is pinned: supernodes with their members, single nodes, and what feeds each of them among
 * the others.
 *
 * Owns which supernodes are open. Scores are shown next to those of the whole graph.
 */
#include "tui/view/subgraph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/study/pins.h"
#include "tui/terminal/fmt.h"
#include "tui/view/fold.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

/* A part that gives less than this share of what flows in has no row. */
static const double least_share = .01;

enum kind { PART, MEMBER, FROM };

struct row {
	enum kind kind;
	int part;
	int at;		/* index of a member in its part, or of an edge */
};

struct subgraph {
	struct fold fold;	/* its rows as they stand in levels */
	struct row *rows;
	char open[CT_MAX_SUPERNODES][CT_SUPERNODE_NAME];
	int n_open;
};

static void *
subgraph_open(void)
{
	return calloc(1, sizeof(struct subgraph));
}

static void
subgraph_close(void *state)
{
	struct subgraph *v = state;

	fold_free(&v->fold);
	free(v->rows);
	free(v);
}

static const char *
supernode_name(struct app *a, const struct ct_subgraph_part *p)
{
	return ct_session_subgraph(a->study.session)->name[p->supernode];
}

static const struct ct_pin *
pin_of(struct app *a, const struct ct_subgraph_part *p, int member)
{
	return &ct_session_subgraph(a->study.session)->pin[p->pin[member]];
}

/* The index of a supernode in the list of open ones, or -1. */
static int
open_at(struct app *a, const struct subgraph *v, const struct ct_subgraph_part *p)
{
	for (int i = 0; p->supernode >= 0 && i < v->n_open; i++)
		if (strcmp(v->open[i], supernode_name(a, p)) == 0)
			return i;
	return -1;
}

static struct list *
subgraph_list(struct app *a, void *state)
{
	struct subgraph *v = state;
	const struct ct_parts *x = pins_parts(&a->study);
	int most = x ? x->n + CT_MAX_PINS + x->n_edges : 0, n = 0;
	struct row *rows = realloc(v->rows, ((size_t)most + 1) * sizeof *rows);

	if (!rows)
		most = 0;
	else
		v->rows = rows;
	for (int i = 0, e = 0; most && i < x->n; i++) {
		const struct ct_subgraph_part *p = &x->part[i];

		v->rows[n++] = (struct row){ PART, i, 0 };
		for (int k = 0; k < p->n && open_at(a, v, p) >= 0; k++)
			v->rows[n++] = (struct row){ MEMBER, i, k };
		for (; e < x->n_edges && x->edge[e].target == i; e++)
			if (fabs(x->edge[e].share) >= least_share)
				v->rows[n++] = (struct row){ FROM, i, e };
	}
	fold_clear(&v->fold);
	for (int i = 0; i < n; i++) {
		const struct row *r = &v->rows[i];
		bool opens = r->kind == PART && x->part[r->part].supernode >= 0;

		if (!fold_add(&v->fold, (struct fold_row){ .part = i, .depth = r->kind != PART,
			.opens = opens, .open = opens && open_at(a, v, &x->part[r->part]) >= 0,
			.leaf = !opens }))
			break;
	}
	list_select(&v->fold.list, v->fold.list.sel);
	return &v->fold.list;
}

/* The part that a row is about; for an edge the part it comes from. */
static const struct ct_subgraph_part *
part_of(const struct ct_parts *x, const struct row *r)
{
	return &x->part[r->kind == FROM ? x->edge[r->at].source : r->part];
}

bool
subgraph_selected(struct app *a, int *supernode, struct ct_pin *pin)
{
	struct subgraph *v = a->state[VIEW_SUBGRAPH];
	const struct ct_subgraph_part *p;
	const struct row *r;

	if (!subgraph_list(a, v)->n)
		return false;
	r = &v->rows[v->fold.list.sel];
	p = part_of(pins_parts(&a->study), r);
	*supernode = r->kind == MEMBER ? -1 : p->supernode;
	*pin = *pin_of(a, p, r->kind == MEMBER ? r->at : 0);
	return true;
}

/* The node that a row stands for; for a supernode its first one in the graph; or -1. */
static int
node_of(const struct ct_parts *x, const struct row *r)
{
	const struct ct_subgraph_part *p = part_of(x, r);

	if (r->kind == MEMBER)
		return p->node[r->at];
	for (int k = 0; k < p->n; k++)
		if (p->node[k] >= 0)
			return p->node[k];
	return -1;
}

static void
row_text(struct app *a, const struct ct_parts *x, const struct row *r, char *buf, size_t size)
{
	const struct ct_subgraph_part *p = part_of(x, r);
	const struct ct_pin *pin = pin_of(a, p, r->kind == MEMBER ? r->at : 0);
	char name[STUDY_NAME], note[STUDY_NAME];

	if (p->supernode >= 0 && r->kind != MEMBER)
		snprintf(buf, size, "%s", supernode_name(a, p));
	else
		snprintf(buf, size, "%s  %s", pins_name(&a->study, pin, name, sizeof name),
		    pins_note(&a->study, pin, note, sizeof note));
}

static void
subgraph_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	struct subgraph *v = state;

	row_text(a, pins_parts(&a->study), &v->rows[row], buf, size);
}

/* Right edges of the numbers' columns, counted from the right. */
enum { ACTIVE = 22, NOW = 13, INFLUENCE = 1, BAR = 20 };

/* A score, and that of the whole graph. */
static int
draw_score(const struct area *area, int x, const char *what, double ours, double whole)
{
	char b[FMT_SIZE];
	int x0 = x;

	x += draw_fmt(area, x, 0, ST_DIM, "%s ", what);
	x += draw_text(area, x, 0, ST_STRONG, fmt_share(b, sizeof b, ours));
	x += draw_fmt(area, x, 0, ST_DIM, " of %s", fmt_share(b, sizeof b, whole));
	return x - x0;
}

static void
draw_scores(struct app *a, const struct area *area, const struct ct_parts *x)
{
	const struct ct_graph *g = a->study.graph;
	int at = 1;

	at += draw_score(area, at, "replacement", x->scores.replacement, x->whole.replacement) + 3;
	at += draw_score(area, at, "completeness", x->scores.completeness, x->whole.completeness) + 3;
	draw_fmt(area, at, 0, ST_DIM, "features %d of %d", x->n_features, g->n_features);
	draw_text(area, 1, 1, ST_DIM, "what is pinned, and what feeds it");
	draw_right(area, area->w - ACTIVE, 1, ST_DIM, "active");
	if (study_clamps(&a->study)->n)
		draw_right(area, area->w - NOW, 1, ST_DIM, "now");
	draw_right(area, area->w - INFLUENCE, 1, ST_DIM, "influence");
}

/* What the clamps leave: 100%, or −100% if it is reversed. */
static void
draw_level(const struct area *area, int y, double level)
{
	char text[FMT_SIZE];

	if (!isfinite(level))
		return;
	snprintf(text, sizeof text, "%s%.0f%%", level < -.005 ? "−" : "", 100 * fabs(level));
	draw_right(area, area->w - NOW, y, fabs(level - 1) < .005 ? ST_DIM : ST_CLAMP, text);
}

/* A target's probability, and what the clamps make of it. */
static void
draw_target(struct app *a, const struct area *area, int y, const struct ct_node *n)
{
	char was[FMT_SIZE], now[FMT_SIZE], text[3 * FMT_SIZE];

	if (n->target != CT_TARGET_LOGIT)
		return;
	fmt_percent(was, sizeof was, (double)study_prob_then(&a->study, n));
	if (!study_clamps(&a->study)->n) {
		draw_right(area, area->w - INFLUENCE, y, ST_STRONG, was);
		return;
	}
	fmt_percent(now, sizeof now,
	    (double)ct_session_prob(a->study.first, CT_RUN_CLAMPED, n->pos, n->index));
	snprintf(text, sizeof text, "%s → ", was);
	draw_right(area, area->w - INFLUENCE - ct_text_width(now), y, ST_DIM, text);
	draw_right(area, area->w - INFLUENCE, y, ST_CLAMP, now);
}

/* The name of a node and its note, up to column `end`. */
static void
draw_node(struct app *a, const struct area *area, int x, int y, int end, const struct ct_pin *pin, bool there)
{
	char name[STUDY_NAME], note[STUDY_NAME];
	enum style style = !there ? ST_DIM
	    : pin->kind == CT_NODE_TARGET ? ST_STRONG
	    : pin->kind == CT_NODE_EMBEDDING ? ST_INPUT
	    : pin->kind == CT_NODE_ERROR ? ST_REST : ST_TEXT;

	x += draw_cut(area, x, y, end - x, style, pins_name(&a->study, pin, name, sizeof name)) + 2;
	if (x < end)
		draw_cut(area, x, y, end - x, ST_DIM,
		    there ? pins_note(&a->study, pin, note, sizeof note) : "not in this graph");
}

static void
draw_figures(struct app *a, const struct area *area, int y, double activation, double influence, double level)
{
	char b[FMT_SIZE];

	if (activation != 0)
		draw_right(area, area->w - ACTIVE, y, ST_TEXT, fmt_plain(b, sizeof b, activation));
	draw_level(area, y, level);
	draw_right(area, area->w - INFLUENCE, y, ST_TEXT,
	    fmt_percent(b, sizeof b, influence / a->study.graph->influence));
}

static void
draw_part(struct app *a, const struct area *area, int y, const struct subgraph *v,
    const struct ct_subgraph_part *p)
{
	const struct ct_node *n = p->supernode < 0 ? study_node(&a->study, p->node[0]) : NULL;
	int x = 3, end = area->w - ACTIVE - 7;

	if (p->supernode < 0) {
		draw_node(a, area, x, y, end, pin_of(a, p, 0), n);
		if (n && n->kind == CT_NODE_TARGET) {
			draw_target(a, area, y, n);
			return;
		}
	} else {
		draw_cell(area, 1, y, ST_DIM, open_at(a, v, p) >= 0 ? 0x25be : 0x25b8);
		x += draw_cut(area, x, y, end - x, ST_STRONG, supernode_name(a, p)) + 2;
		if (x + 12 < end)
			draw_fmt(area, x, y, ST_DIM,
			    p->n_nodes < p->n ? "%d node%s, %d in this graph" : "%d node%s",
			    p->n, p->n == 1 ? "" : "s", p->n_nodes);
	}
	if (p->n_nodes)
		draw_figures(a, area, y, p->activation, p->influence, ct_session_level(a->study.session, p));
}

static void
draw_member(struct app *a, const struct area *area, int y, const struct ct_subgraph_part *p, int k)
{
	struct ct_subgraph_part alone = { .supernode = -1, .n = 1, .pin = p->pin + k, .node = p->node + k };
	const struct ct_node *n = study_node(&a->study, p->node[k]);

	draw_cell(area, 4, y, ST_DIM, 0xb7);
	draw_node(a, area, 6, y, area->w - ACTIVE - 7, pin_of(a, p, k), n);
	if (n)
		draw_figures(a, area, y, (double)n->activation, n->influence,
		    ct_session_level(a->study.session, &alone));
}

static void
draw_from(struct app *a, const struct area *area, int y, const struct ct_parts *x, const struct row *r)
{
	const struct ct_subgraph_edge *e = &x->edge[r->at], *first = e;
	const struct ct_subgraph_part *p = &x->part[e->source];
	double v = a->shares ? e->share : e->weight;
	enum style sign = v < 0 ? ST_MINUS : ST_PLUS;
	char text[FMT_SIZE];
	int end = area->w - ACTIVE - 7;

	while (first > x->edge && first[-1].target == e->target)
		first--;	/* the strongest has a full bar */
	draw_cell(area, 6, y, ST_DIM, 0x2190);
	if (p->supernode >= 0)
		draw_cut(area, 8, y, end - 8, ST_TEXT, supernode_name(a, p));
	else
		draw_node(a, area, 8, y, end, pin_of(a, p, 0), true);
	draw_right(area, area->w - ACTIVE, y, sign, fmt_signed(text, sizeof text, v));
	draw_bar(area, area->w - BAR - 1, y, BAR, sign,
	    fabs(v) / fabs(a->shares ? first->share : first->weight));
}

static void
draw_nothing(const struct area *area)
{
	draw_text(area, 1, 1, ST_DIM, "Nothing is pinned. Select a node in the tree or the map, then");
	draw_text(area, 3, 3, ST_TEXT, "p    pins it: the subgraph is what you have pinned");
	draw_text(area, 3, 4, ST_TEXT, "g    puts it into a supernode, whose name you type");
	draw_text(area, 1, 6, ST_DIM, "This view then shows what feeds what among them, and how much of the");
	draw_text(area, 1, 7, ST_DIM, "whole graph they explain. x and c clamp all members of a supernode.");
}

static void
draw_rows(struct app *a, struct subgraph *v, const struct area *area)
{
	const struct ct_parts *x = pins_parts(&a->study);
	struct list *l = &v->fold.list;

	draw_scores(a, area, x);
	list_resize(l, l->n, area->h - 2);
	l->y = 2;
	for (int i = 0; i < l->h && l->top + i < l->n; i++) {
		const struct row *r = &v->rows[l->top + i];

		if (r->kind == PART)
			draw_part(a, area, 2 + i, v, &x->part[r->part]);
		else if (r->kind == MEMBER)
			draw_member(a, area, 2 + i, &x->part[r->part], r->at);
		else
			draw_from(a, area, 2 + i, x, r);
		if (l->top + i == l->sel)
			draw_select(area, 0, 2 + i, area->w);
	}
	if (list_more_above(l))
		draw_cell(area, area->w - 1, 2, ST_DIM, 0x2191);
	if (list_more_below(l))
		draw_cell(area, area->w - 1, area->h - 1, ST_DIM, 0x2193);
}

/* If there is room, the card of the selected node is drawn next to the list. */
static void
subgraph_draw(struct app *a, void *state, const struct area *area)
{
	int rest = area->w >= APP_WIDE ? area->w * 3 / 8 : 0;
	struct area rows = area_sub(area, 0, 0, area->w - rest - (rest > 0), area->h);
	struct area card = area_sub(area, area->w - rest, 0, rest, area->h);

	if (!subgraph_list(a, state)->n) {
		draw_nothing(area);
		return;
	}
	draw_rows(a, state, &rows);
	if (!rest)
		return;
	for (int y = 0; y < area->h; y++)
		draw_cell(area, rows.w, y, ST_RULE, 0x2502);
	view_ops(VIEW_CARD)->draw(a, a->state[VIEW_CARD], &card);
}

static void
subgraph_moved(struct app *a, void *state)
{
	struct subgraph *v = state;
	int node = v->fold.list.n ? node_of(pins_parts(&a->study), &v->rows[v->fold.list.sel]) : -1;

	if (node >= 0)
		view_select(a, node);
}

static void
toggle(struct app *a, struct subgraph *v, const struct ct_subgraph_part *p)
{
	int at = open_at(a, v, p);

	if (at >= 0) {
		v->n_open--;
		memmove(v->open[at], v->open[at + 1], (size_t)(v->n_open - at) * sizeof *v->open);
	} else {
		if (v->n_open == CT_MAX_SUPERNODES)	/* drop those that no longer exist */
			v->n_open = 0;
		snprintf(v->open[v->n_open++], CT_SUPERNODE_NAME, "%s", supernode_name(a, p));
	}
}

/* Opens a supernode; from an edge goes to its source; from a node goes to the tree. */
static int
subgraph_enter(struct app *a, void *state)
{
	struct subgraph *v = state;
	const struct ct_parts *x = pins_parts(&a->study);
	const struct row *r;
	int node;

	if (!subgraph_list(a, v)->n)
		return DID_NOTHING;
	r = &v->rows[v->fold.list.sel];
	if (r->kind == FROM) {
		int part = x->edge[r->at].source;

		for (int i = 0; i < v->fold.list.n; i++)
			if (v->rows[i].kind == PART && v->rows[i].part == part)
				list_select(&v->fold.list, i);
		return DID_CHANGE;
	}
	node = node_of(x, r);
	if (r->kind == PART && x->part[r->part].supernode >= 0) {
		toggle(a, v, &x->part[r->part]);
	} else if (node < 0) {
		return app_fail(a, "this node is not in the present graph");
	} else {
		view_select(a, node);
		a->view = a->focus = VIEW_TREE;
		tree_reveal(a, node);
	}
	return DID_CHANGE;
}

static bool
subgraph_feature(struct app *a, void *state, struct ct_clamp *out)
{
	struct ct_pin p;
	int supernode;

	(void)state;
	return subgraph_selected(a, &supernode, &p) && supernode < 0 && pins_feature(&p, out);
}

static bool
subgraph_marker(struct app *a, void *state, int row, int x)
{
	struct subgraph *v = state;

	(void)a;
	return fold_mark_at(&v->fold, row, x);
}

static struct fold *
subgraph_fold(struct app *a, void *state)
{
	struct subgraph *v = state;

	subgraph_list(a, v);
	return &v->fold;
}

const struct view_ops subgraph_view = {
	.node = true,
	.name = "subgraph",
	.title = "subgraph",
	.note = "pinned nodes and supernodes: what feeds what among them, and how much of the graph they "
	    "explain",
	.keep = true,
	.open = subgraph_open,
	.close = subgraph_close,
	.draw = subgraph_draw,
	.list = subgraph_list,
	.moved = subgraph_moved,
	.text = subgraph_text,
	.enter = subgraph_enter,
	.marker = subgraph_marker,
	.fold = subgraph_fold,
	.feature = subgraph_feature,
};
