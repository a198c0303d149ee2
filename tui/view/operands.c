/*
 * operands: the selected feature over all values of the prompt's two numbers, as a picture: the first number
 * downwards, the second to the right. A stripe is a feature of one number, a diagonal one of their sum, a grid
 * one of digits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/fmt.h"

enum { LEFT = 5, TICK = 20 };		/* columns of the scale, and values between its numbers */

struct operands {
	bool ready;
	struct ct_operands picture;
	struct ct_error why;		/* there is none */
	int layer, feature, pos;
	int node;			/* that it was made for */
	int step;			/* positions away from the node's */
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

/* The feature that a node is or asks for. */
static bool
feature_of(const struct ct_node *n, struct operands *o)
{
	if (!n || !(n->kind == CT_NODE_FEATURE || (n->kind == CT_NODE_TARGET && n->target == CT_TARGET_FEATURE)))
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
	if (!feature_of(study_node(&a->study, o->node), o)) {
		ct_fail(&o->why, CT_EINVAL, "choose a feature in the tree (1) or the list of features (5)");
		return;
	}
	o->pos += o->step;
	o->ready = ct_session_operands(a->study.session, o->layer, o->feature, o->pos, &o->picture,
	    a->study.progress, a->study.ctx, &o->why) == CT_OK;
}

static void
operands_changed(struct app *a, void *state, enum change what)
{
	struct operands *o = state;

	o->ready = false;
	o->step = 0;
	o->why.msg[0] = '\0';
	if (a->view == VIEW_OPERANDS && what != CHANGED_PRUNING)
		make_picture(a, o);
}

static void
operands_focused(struct app *a, void *state)
{
	struct operands *o = state;

	if (o->node != a->study.node)
		o->step = 0;
	make_picture(a, o);
}

/* The same feature at another token. */
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

/* How values become dots: `by` values in each, `dots` of them in a cell. */
struct scale {
	int by, dots, cells;
};

static struct scale
fit(int n, int cells, int dots)
{
	struct scale s = { .by = 1, .dots = dots };

	if (cells < 1)
		cells = 1;
	while ((n + s.by - 1) / s.by > cells * dots)
		s.by++;
	s.cells = ((n + s.by - 1) / s.by + dots - 1) / dots;
	return s;
}

/* The largest activation among the pairs of a dot. */
static float
dot(const struct ct_operands *p, const struct scale *rows, const struct scale *cols, int row, int col)
{
	float most = 0;

	for (int y = row * rows->by; y < (row + 1) * rows->by && y < p->n; y++)
		for (int x = col * cols->by; x < (col + 1) * cols->by && x < p->n; x++)
			most = p->acts[y * p->n + x] > most ? p->acts[y * p->n + x] : most;
	return most;
}

static enum style
strength(const struct ct_operands *p, float act)
{
	return act * 3 > p->most * 2 ? ST_STRONG : act * 3 > p->most ? ST_TEXT : ST_DIM;
}

static void
draw_dots(const struct area *area, const struct ct_operands *p, const struct scale *rows,
    const struct scale *cols)
{
	static const unsigned char bit[4][2] = { { 1, 8 }, { 2, 16 }, { 4, 32 }, { 64, 128 } };	/* of braille */
	static const char shades[] = ".:-=+*#%@";

	for (int y = 0; y < rows->cells; y++) {
		for (int x = 0; x < cols->cells; x++) {
			unsigned bits = 0;
			float most = 0;

			for (int r = 0; r < rows->dots; r++) {
				for (int c = 0; c < cols->dots; c++) {
					float act = dot(p, rows, cols, y * rows->dots + r, x * cols->dots + c);

					bits |= act > 0 ? bit[r][c] : 0;
					most = act > most ? act : most;
				}
			}
			if (!bits)
				continue;
			draw_cell(area, LEFT + x, 2 + y, strength(p, most), area->grid->ascii
			    ? (uint32_t)shades[(int)(most / p->most * (float)(sizeof shades - 2))] : 0x2800 + bits);
		}
	}
}

static void
draw_scales(const struct area *area, const struct ct_operands *p, const struct scale *rows,
    const struct scale *cols)
{
	int y = p->value[0] / (rows->by * rows->dots), x = p->value[1] / (cols->by * cols->dots), used = LEFT;
	char text[16];

	for (int row = 0, tick = 0; row < rows->cells; row++) {
		if (row * rows->by * rows->dots >= tick) {
			snprintf(text, sizeof text, "%d", row * rows->by * rows->dots);
			draw_right(area, LEFT - 1, 2 + row, ST_DIM, text);
			while (tick <= row * rows->by * rows->dots)
				tick += TICK;
		}
	}
	for (int col = 0, tick = 0; col < cols->cells; col++) {
		if (col * cols->by * cols->dots >= tick && LEFT + col >= used) {
			snprintf(text, sizeof text, "%d", col * cols->by * cols->dots);
			used = LEFT + col + 1 + draw_text(area, LEFT + col, 1, ST_DIM, text);
			while (tick <= col * cols->by * cols->dots)
				tick += TICK;
		}
	}
	draw_cell(area, LEFT - 1, 2 + (y < rows->cells ? y : rows->cells - 1), ST_CHOSEN, '>');
	draw_cell(area, LEFT + (x < cols->cells ? x : cols->cells - 1), 1, ST_CHOSEN, 'v');
}

static void
operands_draw(struct app *a, void *state, const struct area *area)
{
	struct operands *o = state;
	const struct ct_operands *p = &o->picture;
	char note[STUDY_NAME], place[STUDY_NAME], most[FMT_SIZE], text[64];
	struct scale rows, cols;
	int x = 1;

	if (!o->ready) {
		draw_cut(area, 1, 1, area->w - 2, ST_DIM, o->why.msg[0] ? o->why.msg : "nothing pictured yet");
		return;
	}
	rows = fit(p->n, area->h - 2, area->grid->ascii ? 1 : 4);
	cols = fit(p->n, area->w - LEFT - 1, area->grid->ascii ? 1 : 2);
	snprintf(text, sizeof text, "active on %d of %d, at most %s", p->n_active, p->n * p->n,
	    fmt_plain(most, sizeof most, (double)p->most));
	x += draw_fmt(area, x, 0, ST_TITLE, "L%d#%d %s", o->layer, o->feature,
	    study_place(&a->study, o->pos, place, sizeof place));
	if (area->w - x - ct_text_width(text) > 6)
		draw_cut(area, x + 2, 0, area->w - x - 5 - ct_text_width(text), ST_TEXT,
		    ct_engine_label_short(a->study.engine, o->layer, o->feature, note, sizeof note, NULL));
	draw_right(area, area->w - 1, 0, ST_DIM, text);
	draw_scales(area, p, &rows, &cols);
	draw_dots(area, p, &rows, &cols);
}

const struct view_ops operands_view = {
	.name = "operands",
	.title = "operands",
	.note = "the selected feature over all values of the prompt's two numbers, the first one downwards; ←→ "
		"choose the token",
	.open = operands_open,
	.close = operands_close,
	.changed = operands_changed,
	.draw = operands_draw,
	.focused = operands_focused,
	.side = operands_side,
	.feature = operands_feature,
};
