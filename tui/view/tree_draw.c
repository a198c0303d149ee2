/* tree_draw: the part of the tree that draws its rows. */
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/terminal/fmt.h"
#include "tui/study/pins.h"
#include "tui/view/tree.h"
#include "tui/view/tree_item.h"

enum { FIGURE = 8, WIDEST = 110 };	/* numbers further from their names are hard to follow */

static void
draw_value(const struct app *a, const struct area *area, int y, int bar, double w,
    const struct tree_item *parent)
{
	struct ct_edge edge = { .target = parent->node, .weight = (float)w };
	char text[FMT_SIZE];

	draw_right(
	    area, area->w - bar - 2, y, w < 0 ? ST_MINUS : ST_PLUS, app_edge(a, &edge, text, sizeof text));
}

static void
draw_more(const struct app *a, const struct area *area, int y, int x, int bar, const struct tree_item *w)
{
	struct ct_edge up = { .target = w->node }, down = { .target = w->node };
	char one[FMT_SIZE], two[FMT_SIZE];

	for (int i = w->shown; i < w->n; i++)
		(w->child[i].weight < 0 ? &down : &up)->weight += w->child[i].weight;
	snprintf(one, sizeof one, "… %d more", w->n - w->shown);
	draw_cut(area, x + 2, y, area->w - bar - FIGURE - x - 2, ST_DIM, one);
	draw_right(area, area->w - bar - 2, y, ST_DIM, app_edge(a, &up, one, sizeof one));
	draw_text(area, area->w - bar - 1, y, ST_DIM, app_edge(a, &down, two, sizeof two));
}

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
	fmt_percent(p, sizeof p, n->prob);
	if (clamped) {
		now = ct_session_prob(a->study.session, CT_RUN_CLAMPED, n->pos, n->index);
		snprintf(text, sizeof text, "%s → ", p);
		fmt_percent(q, sizeof q, now);
		draw_right(area, area->w - 1 - ct_text_width(q), y, ST_DIM, text);
		draw_right(area, area->w - 1, y, ST_CLAMP, q);
	} else {
		draw_right(area, area->w - 1, y, ST_STRONG, p);
	}
}

static int
bar_columns(const struct area *area)
{
	return area->w >= WIDEST ? 24 : area->w >= 60 ? 12 : 6;
}

static void
draw_row(struct app *a, const struct area *area, int y, const struct row *r)
{
	const struct ct_node *n = study_node(&a->study, r->item->node);
	const struct tree_item *w = r->item, *parent = r->more ? w : w->parent;
	int bar = bar_columns(area), x = TREE_GUTTER + r->depth * TREE_INDENT, end = area->w - bar - FIGURE;
	char name[STUDY_NAME], note[STUDY_NAME], place[STUDY_NAME];
	enum style style = ST_TEXT;

	if (r->more) {
		draw_more(a, area, y, x, bar, w);
		return;
	}
	if (tree_item_can_open(&a->study, w))
		draw_cell(area, x, y, ST_DIM, w->open ? 0x25be : 0x25b8);
	x += 2;
	study_name(&a->study, w->node, name, sizeof name);
	study_note(&a->study, w->node, note, sizeof note);
	if (n->kind == CT_NODE_TARGET)
		style = ST_STRONG;
	else if (n->kind == CT_NODE_ERROR || !w->kept)
		style = n->kind == CT_NODE_ERROR ? ST_REST : ST_DIM;
	else if (n->kind == CT_NODE_EMBEDDING)
		style = ST_INPUT;
	if (n->kind == CT_NODE_FEATURE && study_clamp_find(&a->study, n->layer, n->index, n->pos) >= 0) {
		draw_cell(area, x - 1, y, ST_CLAMP, 0x25c6);
		style = ST_CLAMP;
	} else if (pins_has(&a->study, w->node)) {
		draw_cell(area, x - 1, y, ST_CLAMP, 0x25cf);
	}
	if (n->kind == CT_NODE_TARGET)
		end = area->w - 18;
	/* The name stays whole while there is room for it; the label takes what is left. */
	x += draw_cut(area, x, y, end - x, style, name);
	if (*note && end - x > 4)
		draw_cut(area, x + 2, y, end - x - 2,
		    n->kind == CT_NODE_FEATURE && !study_guess(&a->study, w->node) ? ST_TEXT : ST_DIM,
		    note);
	if (n->kind == CT_NODE_TARGET && !parent) {
		if (n->pos != a->study.pos && n->target != CT_TARGET_FEATURE && end - x > 4)
			draw_cut(area, x + 2, y, end - x - 2, ST_DIM,
			    study_place(&a->study, n->pos, place, sizeof place));
		draw_root(a, area, y, n);
		return;
	}
	draw_value(a, area, y, bar, w->weight, parent);
	if (n->kind == CT_NODE_ERROR)
		draw_hatch(
		    area, area->w - bar - 1, y, bar, ST_REST, fabs((double)w->weight) / parent->largest);
	else
		draw_bar(area, area->w - bar - 1, y, bar, w->weight < 0 ? ST_MINUS : ST_PLUS,
		    fabs((double)w->weight) / parent->largest);
}

void
tree_draw(struct app *a, void *state, const struct area *area)
{
	struct tree *t = state;
	struct list *l = tree_list(a, t);
	struct area text = area_sub(area, 0, 0, WIDEST, area->h);

	list_resize(l, l->n, area->h);
	if (!l->n) {
		/* A message may have given way to another by now. */
		draw_text(area, 1, 0, ST_DIM, !a->study.graph ? "nothing traced yet: i begins a prompt" :
		    a->study.graph->n_targets ? "no memory for the tree" : "no targets");
		return;
	}
	for (int y = 0; y < area->h && l->top + y < l->n; y++) {
		draw_row(a, &text, y, &t->rows[l->top + y]);
		if (l->top + y == l->sel && a->focus == VIEW_TREE)
			draw_select(&text, 0, y, text.w - bar_columns(&text) - FIGURE);
		else if (l->top + y == l->sel)
			draw_here(area, 0, y);
	}
	if (list_more_above(l))
		draw_cell(area, area->w - 1, 0, ST_DIM, 0x2191);
	if (list_more_below(l))
		draw_cell(area, area->w - 1, area->h - 1, ST_DIM, 0x2193);
}
