/* tree_draw: draws the rows of the tree. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/study/pins.h"
#include "tui/terminal/fmt.h"
#include "tui/view/node_name.h"
#include "tui/view/tree.h"

enum { THEN_NOW = 28, THEN_NOW_SHORT = 12, THEN_NOW_WORDS = 44 };
enum { FIGURE = 8, WIDEST = 110 };	/* WIDEST: numbers further away from their names are hard to follow */

/* If both graphs are known, activations without and with clamps replace the bar. */
static int
bar_columns(const struct app *a, const struct area *area)
{
	if (study_shows_now(&a->study))
		return area->grid->words ? THEN_NOW_WORDS : area->w >= 60 ? THEN_NOW : THEN_NOW_SHORT;
	return area->w >= WIDEST ? 24 : area->w >= 60 ? 12 : 6;
}

/* The column where names end and numbers begin. */
static int
names_end(const struct app *a, const struct area *area)
{
	return area->w - bar_columns(a, area) - FIGURE;
}

/* What is added to a node, or taken from it, with its right edge at column `right`. */
static void
draw_value(const struct app *a, const struct area *area, int right, int y, double w, int target)
{
	struct ct_edge edge = { .target = target, .weight = (float)w };
	char text[FMT_SIZE];

	draw_right(area, right, y, w < 0 ? ST_MINUS : ST_PLUS, app_edge(a, &edge, text, sizeof text));
}

static void
draw_more(const struct app *a, const struct area *area, int y, int x, const struct tree_item *w)
{
	int target = w->node >= 0 ? w->node : tree_item_target(w), bar = bar_columns(a, area);
	struct ct_edge up = { .target = target }, down = { .target = target };
	char text[FMT_SIZE + 16];

	for (int i = w->shown; i < w->n; i++) {
		up.weight += (float)w->child[i].plus;
		down.weight += (float)w->child[i].minus;
	}
	snprintf(text, sizeof text, "… %d more", w->n - w->shown);
	draw_cut(area, x, y, names_end(a, area) - x, ST_DIM, text);
	draw_right(area, area->w - bar - 2, y, ST_DIM, app_edge(a, &up, text, sizeof text));
	draw_text(area, area->w - bar - 1, y, ST_DIM, app_edge(a, &down, text, sizeof text));
}

/* A target's probability, and what the clamps make of it. */
static void
draw_root(struct app *a, const struct area *area, int y, const struct ct_node *n)
{
	char p[FMT_SIZE], q[FMT_SIZE], text[3 * FMT_SIZE];
	bool clamped = study_clamps(&a->study)->n > 0;
	float now;

	if (n->target != CT_TARGET_LOGIT) {
		draw_right(area, area->w - 1, y, ST_STRONG, fmt_plain(p, sizeof p, n->value));
		return;
	}
	fmt_percent(p, sizeof p, (double)study_prob_then(&a->study, n));
	if (clamped) {
		now = ct_session_prob(a->study.first, CT_RUN_CLAMPED, n->pos, n->index);
		snprintf(text, sizeof text, "%s → ", p);
		fmt_percent(q, sizeof q, now);
		draw_right(area, area->w - 1 - ct_text_width(q), y, ST_DIM, text);
		draw_right(area, area->w - 1, y, ST_CLAMP, q);
	} else {
		draw_right(area, area->w - 1, y, ST_STRONG, p);
	}
}

static void
draw_target(struct app *a, const struct area *area, int y, int x, int node)
{
	const struct ct_node *n = study_node(&a->study, node);
	int end = area->w - 18, used = node_name_draw(a, area, x, y, end - x, node);
	char place[STUDY_NAME];

	x += used + 2;
	if (n->pos != a->study.pos && n->target != CT_TARGET_FEATURE && end - x > 2)
		draw_cut(area, x, y, end - x, ST_DIM, study_place(&a->study, n->pos, place, sizeof place));
	draw_root(a, area, y, n);
}

/* "words (8)  capital, Dallas, ...": the folded nodes, the strongest first. */
static void
draw_fold(struct app *a, const struct area *area, int y, int x, const struct tree_item *w)
{
	char title[STUDY_NAME], name[STUDY_NAME], all[2 * STUDY_NAME] = "";
	enum style style = w->kind == CT_INPUT_WORDS ? ST_INPUT
	    : w->kind == CT_INPUT_ERRORS || w->kind == CT_INPUT_LEFT_OUT ? ST_REST : ST_TEXT;
	const char *errors = ct_node_traits(CT_NODE_ERROR)->label;
	int end = names_end(a, area);

	x += draw_cut(area, x, y, end - x, style, tree_item_title(&a->study, w, title, sizeof title));
	if (w->kind == CT_INPUT_LEFT_OUT)
		return;
	snprintf(title, sizeof title, " (%d)", w->size);
	x += draw_cut(area, x, y, end - x, ST_DIM, title) + 2;
	for (int i = 0; i < w->n && i < 4; i++) {
		const struct ct_node *n = study_node(&a->study, w->child[i].node);
		const char *text = study_note(&a->study, w->child[i].node, name, sizeof name);

		if (!study_is_feature(n) || !*text)
			text = study_name(&a->study, w->child[i].node, name, sizeof name);
		if (w->kind == CT_INPUT_ERRORS && ct_node_after_label(text, errors))
			text = ct_node_after_label(text, errors);
		snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? ", " : "", text);
	}
	if (end - x > 3)
		draw_cut(area, x, y, end - x, ST_DIM, all);
}

/* Marks before the name show that a node is clamped or pinned. */
static void
draw_node(struct app *a, const struct area *area, int y, int x, int node)
{
	if (node_name_style(a, node) == ST_CLAMP)
		draw_cell(area, x - 1, y, ST_CLAMP, 0x25c6);
	else if (pins_has(&a->study, node))
		draw_cell(area, x - 1, y, ST_CLAMP, 0x25cf);
	node_name_draw(a, area, x, y, names_end(a, area) - x, node);
}

/*
 * A node without and with clamps: its activation if there is room, "1.37→0.00", and its share of the
 * influence, "4.2%→12%".
 */
static void
draw_then_now(struct app *a, const struct area *area, int y, int node)
{
	const struct ct_node *n = study_node(&a->study, node);
	const struct ct_graph *first = study_first_graph(&a->study);
	int then = study_node_then(&a->study, node), x = area->w - bar_columns(a, area);
	const char *arrow = area->grid->words ? " → " : "→";
	char was[FMT_SIZE], is[FMT_SIZE], text[2 * FMT_SIZE + 8];

	if (!n)
		return;
	if (n->kind == CT_NODE_FEATURE && area->w >= 60) {
		snprintf(text, sizeof text, "%s%s%s", fmt_plain(was, sizeof was, then < 0 ? 0 :
		    first->nodes[then].activation), arrow, fmt_plain(is, sizeof is, n->activation));
		draw_right(area, x + (area->grid->words ? 22 : 14), y, n->set ? ST_CLAMP : ST_TEXT, text);
	}
	fmt_percent(was, sizeof was, ct_graph_influence_share(first, then));
	fmt_percent(is, sizeof is, ct_graph_influence_share(a->study.graph, node));
	snprintf(text, sizeof text, "%s%s%s", was, arrow, is);
	draw_right(area, area->w - 1, y, n->set ? ST_CLAMP : ST_DIM, text);
}

static void
draw_row(struct app *a, struct tree *t, const struct area *area, int y, int row)
{
	const struct fold_row *r = &t->fold.row[row];
	const struct tree_item *w = r->item;
	int x = fold_draw(&t->fold, area, y, row), bar = bar_columns(a, area);
	bool error = w->kind == CT_INPUT_ERRORS || w->kind == CT_INPUT_LEFT_OUT ||
	    (w->node >= 0 && study_node(&a->study, w->node)->kind == CT_NODE_ERROR);
	double v = tree_item_weight(w), share;

	if (r->part == TREE_MORE) {
		draw_more(a, area, y, x, w);
		return;
	}
	if (!w->parent) {
		draw_target(a, area, y, x, w->node);
		return;
	}
	if (w->node < 0)
		draw_fold(a, area, y, x, w);
	else
		draw_node(a, area, y, x, w->node);
	draw_value(a, area, area->w - bar - 2, y, v, tree_item_target(w));
	if (study_shows_now(&a->study)) {
		draw_then_now(a, area, y, w->node);
		return;
	}
	share = w->parent->largest > 0 ? fabs(v) / w->parent->largest : 0;
	(error ? draw_hatch : draw_bar)(area, area->w - bar - 1, y, bar,
	    error ? ST_REST : v < 0 ? ST_MINUS : ST_PLUS, share);
}

void
tree_draw(struct app *a, void *state, const struct area *area)
{
	struct tree *t = state;
	struct list *l = tree_list(a, t);
	struct area text = area_sub(area, 0, 0, WIDEST, area->h);

	list_resize(l, l->n, area->h);
	if (!l->n) {
		/* Other messages may have replaced the one that said so. */
		draw_text(area, 1, 0, ST_DIM, !a->study.graph ? "nothing traced yet: i begins a prompt"
		    : a->study.graph->n_targets ? "no memory for the tree" : "no targets");
		return;
	}
	for (int y = 0; y < area->h && l->top + y < l->n; y++) {
		draw_row(a, t, &text, y, l->top + y);
		if (l->top + y == l->sel && a->focus == VIEW_TREE)
			draw_select(&text, 0, y, names_end(a, &text));
		else if (l->top + y == l->sel)
			draw_here(area, 0, y);
	}
	if (list_more_above(l))
		draw_cell(area, area->w - 1, 0, ST_DIM, 0x2191);
	if (list_more_below(l))
		draw_cell(area, area->w - 1, area->h - 1, ST_DIM, 0x2193);
}
