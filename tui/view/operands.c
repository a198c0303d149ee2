/*
 * operands: the selected feature over all values of the prompt's two numbers, as large as the screen allows.
 * cards/plot.h explains the characters.
 */
#include "tui/view/operands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/terminal/fmt.h"
#include "tui/view/view.h"

struct operands {
	bool ready;
	struct ct_operands picture;
	struct ct_error why;		/* why there is none */
	int layer, feature, pos;
	int node;			/* the selected node that it was made for, */
	/* or a feature selected in another view's list, with its own place: */
	bool listed;
	struct ct_clamp place;
	int step;			/* how many positions from the node's */
};

static void *
operands_open(void)
{
	return calloc(1, sizeof(struct operands));
}

static void
operands_close(void *state)
{
	free(state);
}

/* Sets the feature of a node, if it has one. */
static bool
feature_of(const struct ct_node *n, struct operands *o)
{
	if (!n || !study_is_feature(n))
		return false;
	o->layer = n->layer;
	o->feature = n->index;
	o->pos = n->pos;
	return true;
}

static void
make_picture(struct app *a, struct operands *o)
{
	o->ready = false;
	o->node = a->study.node;
	if (o->listed) {
		o->layer = o->place.layer;
		o->feature = o->place.feature;
		o->pos = o->place.pos;
	} else if (!feature_of(study_node(&a->study, o->node), o)) {
		ct_fail(&o->why, CT_EINVAL, "choose a feature in the tree (1) or the list of features (5)");
		return;
	}
	o->pos += o->step;
	o->ready = ct_session_operands(a->study.session, o->layer, o->feature, o->pos, &o->picture,
	    &a->study.job, &o->why) == CT_OK;
}

static void
operands_changed(struct app *a, void *state, enum change what)
{
	struct operands *o = state;

	o->ready = o->listed = false;
	o->step = 0;
	o->why.msg[0] = '\0';
	if (a->view == VIEW_OPERANDS && what != CHANGED_PRUNING)
		make_picture(a, o);
}

static void
operands_focused(struct app *a, void *state)
{
	struct operands *o = state;
	const struct view_ops *from = view_ops(a->before);

	o->listed = a->before != VIEW_OPERANDS && from->feature &&
	    from->feature(a, a->state[a->before], &o->place);
	if (o->listed || o->node != a->study.node)
		o->step = 0;
	make_picture(a, o);
}

/* Shows the feature at another token. */
static int
operands_side(struct app *a, void *state, int step)
{
	struct operands *o = state;

	if (!o->ready || o->pos + step < 1 || o->pos + step >= a->study.T)
		return DID_NOTHING;
	o->step += step;
	make_picture(a, o);
	return DID_CHANGE;
}

static bool
operands_feature(struct app *a, void *state, struct ct_clamp *out)
{
	struct operands *o = state;

	(void)a;
	if (!o->ready)
		return false;
	*out = (struct ct_clamp){ .layer = o->layer, .feature = o->feature, .pos = o->pos };
	return true;
}

void
operands_row(const struct area *area, int x, int y, const struct ct_plot *plot, int row)
{
	static const enum style style[] = { [CT_INK_WEAK] = ST_DIM, [CT_INK_MIDDLE] = ST_TEXT,
		[CT_INK_STRONG] = ST_STRONG, [CT_INK_SCALE] = ST_DIM, [CT_INK_HERE] = ST_CHOSEN };
	struct ct_plot_cell cells[CT_PLOT_COLS];

	ct_plot_row(plot, row, cells);
	for (int i = 0; i < plot->w; i++)
		if (cells[i].cp != ' ')
			draw_cell(area, x + i, y, style[cells[i].ink], cells[i].cp);
}

/* Draws a picture at (x,y) of the area if there is room; returns the columns used. */
static int
draw_form(const struct area *area, int x, int y, enum ct_plot_form form, const struct ct_operands *o)
{
	struct ct_plot plot;
	char words[STUDY_NAME];

	if (!ct_plot_fit(&plot, form, o, area->w - x, area->h - y, area->grid->ascii))
		return 0;
	if (area->grid->words && form == CT_PLOT_FOLDED)
		draw_text(area, 1, y, ST_TEXT, ct_plot_words(&plot, words, sizeof words));
	for (int row = 0; row < plot.h && !area->grid->words; row++)
		operands_row(area, x, y + row, &plot, row);
	return plot.w;
}

static void
operands_draw(struct app *a, void *state, const struct area *area)
{
	struct operands *o = state;
	const struct ct_operands *p = &o->picture;
	char note[STUDY_NAME], place[STUDY_NAME], most[FMT_SIZE], text[64];
	int x = 1;

	if (!o->ready) {
		draw_cut(area, 1, 1, area->w - 2, ST_DIM,
		    o->why.msg[0] ? o->why.msg : "nothing pictured yet");
		return;
	}
	snprintf(text, sizeof text, "active on %d of %d, at most %s", p->n_active, p->n * p->n,
	    fmt_plain(most, sizeof most, (double)p->most));
	x += draw_fmt(area, x, 0, ST_TITLE, "L%d#%d %s", o->layer, o->feature,
	    study_place(&a->study, o->pos, place, sizeof place));
	if (area->w - x - ct_text_width(text) > 6)
		draw_cut(area, x + 2, 0, area->w - x - 5 - ct_text_width(text), ST_TEXT,
		    ct_engine_label_short(a->study.engine, o->layer, o->feature, note, sizeof note, NULL));
	draw_right(area, area->w - 1, 0, ST_DIM, text);
	x = area->grid->words ? 0 : draw_form(area, 0, 1, CT_PLOT_DOTS, p);
	draw_form(area, x, 1, CT_PLOT_FOLDED, p);
}

const struct view_ops operands_view = {
	.name = "operands",
	.title = "operands",
	.note = "the selected feature over all values of the prompt's two numbers, the first one downwards; "
	    "←→ choose the token",
	.open = operands_open,
	.close = operands_close,
	.changed = operands_changed,
	.draw = operands_draw,
	.focused = operands_focused,
	.side = operands_side,
	.feature = operands_feature,
};
