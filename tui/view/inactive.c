/*
 * inactive: features that are not active but nearly are, what inhibits them, and what they would add to the
 * selected node, or to the first target if words or errors are selected.
 */
#include "tui/view/inactive.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/job.h"
#include "base/text.h"
#include "tui/app.h"
#include "tui/study/lines.h"
#include "tui/terminal/fmt.h"
#include "tui/view/node_name.h"
#include "tui/view/view.h"

/* Columns from the right edge; what holds a feature down is read aloud in full. */
enum { H = 41, NEEDS = 33, ADD = 25, HOLD = 23, HOLD_WORDS = 42 };

struct inactive {
	struct list list;		/* first, for view_list */
	struct ct_arena arena;
	struct ct_inactives found;
	struct ct_error why;		/* why there are none */
	int target;			/* the node to which they would add */
	int pos;			/* -1: all positions up to the target's */
	/* how many of those found would be active if nothing inhibited them */
	int held;
};

static void *
inactive_open(void)
{
	struct inactive *v = calloc(1, sizeof *v);

	if (v)
		v->pos = -1;
	return v;
}

static void
forget(struct inactive *v)
{
	ct_arena_free(&v->arena);
	v->found = (struct ct_inactives){ .n = 0 };
	v->list = (struct list){ .h = v->list.h };
	v->why.msg[0] = '\0';
	v->held = 0;
}

static void
inactive_close(void *state)
{
	forget(state);
	free(state);
}

static void
run(struct app *a, struct inactive *v)
{
	const struct ct_graph *g = a->study.graph;
	const struct ct_node *n = study_node(&a->study, a->study.node);
	int sel = v->list.sel;

	forget(v);
	if (!view_traced(a, &v->why))
		return;
	v->target = n && ct_node_traits(n->kind)->has_inputs ? a->study.node : g->n_nodes - g->n_targets;
	if (ct_session_inactive(a->study.session, v->target, v->pos, &v->found, &v->arena,
	    &a->study.job, &v->why))
		v->found.n = 0;
	else if (v->found.n == 0)
		ct_fail(&v->why, CT_ENOTFOUND, "no inactive feature there is below the selected node: "
		    "select a target, or a feature of a higher layer");
	for (int i = 0; i < v->found.n; i++)
		v->held += v->found.items[i].held;
	v->list.n = v->found.n;
	list_select(&v->list, sel);
}

static void
inactive_focused(struct app *a, void *state)
{
	run(a, state);
}

static void
inactive_changed(struct app *a, void *state, enum change what)
{
	struct inactive *v = state;

	if (what != CHANGED_GRAPH)
		return;
	v->pos = -1;
	forget(v);
	if (a->view == VIEW_INACTIVE)
		run(a, v);
}

int
inactive_show(struct app *a, int pos)
{
	struct inactive *v = a->state[VIEW_INACTIVE];

	v->pos = pos;
	view_show(a, VIEW_INACTIVE);
	return DID_CHANGE;
}

/* Where an edge comes from: "word Dallas", "in Texas @Dallas", "error L1 @is". */
static const char *
edge_text(struct app *a, const struct ct_inactive_edge *e, char *buf, size_t size)
{
	char label[STUDY_NAME], place[STUDY_NAME];

	study_place(&a->study, e->pos, place, sizeof place);
	if (e->kind == CT_NODE_EMBEDDING)
		snprintf(buf, size, "word %s", place + 1);
	else if (e->kind == CT_NODE_ERROR)
		snprintf(buf, size, "error L%d %s", e->layer, place);
	else if (*study_label(&a->study, e->layer, e->index, label, sizeof label, NULL))
		snprintf(buf, size, "%s %s", label, place);
	else
		snprintf(buf, size, "L%d#%d %s", e->layer, e->index, place);
	return buf;
}

/* A column that is so far from the right edge; what is read aloud has more room there. */
static int
column(const struct area *area, int from_right)
{
	return area->w - from_right - (area->grid->words ? HOLD_WORDS - HOLD : 0);
}

/* A feature's label, then its number and place. */
static void
draw_feature(struct app *a, const struct area *area, int y, int max, const struct ct_inactive *f)
{
	char label[STUDY_NAME], name[2 * STUDY_NAME], place[STUDY_NAME];
	bool clamped = study_clamp_find(&a->study, f->layer, f->feature, f->pos) >= 0;
	int x = 1, w;

	ct_session_words(a->study.session, f->layer, f->feature, f->pos, label, sizeof label);
	study_place(&a->study, f->pos, place, sizeof place);
	snprintf(name, sizeof name, "L%d#%d %s", f->layer, f->feature, place);
	/* no room for the number, which the card shows */
	if (*label && ct_text_width(label) + 2 + ct_text_width(name) > max)
		snprintf(name, sizeof name, "%s", place);
	w = max - ct_text_width(name) - 2;
	if (*label && w >= 8)
		x += draw_cut(area, x, y, w, clamped ? ST_CLAMP : ST_TEXT, label) + 2;
	draw_cut(area, x, y, max + 1 - x, clamped ? ST_CLAMP : *label ? ST_DIM : ST_TEXT, name);
}

static void
draw_row(struct app *a, const struct area *area, int y, const struct ct_inactive *f)
{
	char b[FMT_SIZE], hold[2 * STUDY_NAME];
	double add = (double)(f->unit * f->typical);

	draw_feature(a, area, y, column(area, H + 7), f);
	draw_right(area, column(area, H), y, ST_TEXT, fmt_signed(b, sizeof b, (double)f->pre));
	draw_right(area, column(area, NEEDS), y, ST_TEXT, fmt_signed(b, sizeof b, (double)f->threshold));
	draw_right(area, column(area, ADD), y, add < 0 ? ST_MINUS : ST_PLUS, fmt_signed(b, sizeof b, add));
	if (f->held)
		draw_fmt(area, column(area, HOLD), y, f->held_by_one ? ST_STRONG : ST_TEXT, f->held_by_one ?
		    "only %s" : "%s and more", edge_text(a, &f->hold, hold, sizeof hold));
}

/* What the selected feature's pre-activation consists of, and which edges contribute most. */
static void
draw_sums(struct app *a, const struct area *area, int y, const struct ct_inactive *f)
{
	char sum[FMT_SIZE], part[FMT_SIZE], name[2 * STUDY_NAME];
	int x = 1;

	x += draw_fmt(area, x, y, ST_TEXT, "h %s", fmt_signed(sum, sizeof sum, (double)f->pre));
	x += draw_fmt(area, x, y, ST_PLUS, " = %s", fmt_signed(sum, sizeof sum, f->excitation));
	if (f->push.weight > 0)
		x += draw_fmt(area, x, y, ST_DIM, " (%s from %.30s)", fmt_signed(part, sizeof part,
		    (double)f->push.weight), edge_text(a, &f->push, name, sizeof name));
	x += draw_fmt(area, x, y, ST_MINUS, " %s", fmt_signed(sum, sizeof sum, f->inhibition));
	if (f->hold.weight < 0)
		x += draw_fmt(area, x, y, ST_DIM, " (%s from %.30s)", fmt_signed(part, sizeof part,
		    (double)f->hold.weight), edge_text(a, &f->hold, name, sizeof name));
	draw_fmt(area, x, y, ST_DIM, " bias %s", fmt_signed(sum, sizeof sum, (double)f->bias));
}

static void
inactive_draw(struct app *a, void *state, const struct area *area)
{
	struct inactive *v = state;
	char name[2 * STUDY_NAME], place[STUDY_NAME] = "", b[FMT_SIZE];

	if (!v->found.n) {
		draw_wrapped(area, 1, 1, area->w - 2, ST_DIM, v->why.msg);
		return;
	}
	if (v->pos >= 0)
		study_place(&a->study, v->pos, place, sizeof place);
	draw_fmt(area, 1, 0, ST_DIM, "the %d nearest of %ld%s%s, by what they would add to %s", v->found.n,
	    v->found.total, *place ? " " : "", place, node_name_text(a, v->target, name, sizeof name));
	draw_text(area, 1, 1, ST_DIM, "feature");
	draw_right(area, column(area, H), 1, ST_DIM, "h");
	draw_right(area, column(area, NEEDS), 1, ST_DIM, "needs");
	draw_right(area, column(area, ADD), 1, ST_DIM, "adds");
	draw_text(area, column(area, HOLD), 1, ST_DIM, "held down by");
	v->list.y = 2;
	list_resize(&v->list, v->found.n, area->h - 4);
	for (int i = 0; i < v->list.h && v->list.top + i < v->found.n; i++) {
		draw_row(a, area, 2 + i, &v->found.items[v->list.top + i]);
		if (v->list.top + i == v->list.sel)
			draw_select(area, 0, 2 + i, column(area, H + 6));
	}
	draw_sums(a, area, area->h - 2, &v->found.items[v->list.sel]);
	draw_fmt(area, 1, area->h - 1, ST_DIM, "%d of %d are held down: active if nothing were against them; "
	    "sums exact %s", v->held, v->found.n, fmt_tiny(b, sizeof b, v->found.residual));
}

static void
inactive_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	const struct ct_inactive *f = &((struct inactive *)state)->found.items[row];
	char label[STUDY_NAME], place[STUDY_NAME];

	ct_session_words(a->study.session, f->layer, f->feature, f->pos, label, sizeof label);
	snprintf(buf, size, "%s L%d#%d %s", label, f->layer, f->feature, study_place(&a->study, f->pos, place,
	    sizeof place));
}

static bool
inactive_feature(struct app *a, void *state, struct ct_clamp *out)
{
	struct inactive *v = state;
	const struct ct_inactive *f;

	(void)a;
	if (!v->found.n)
		return false;
	f = &v->found.items[v->list.sel];
	*out = (struct ct_clamp){ .layer = f->layer, .feature = f->feature, .pos = f->pos };
	return true;
}

/* Clamps the feature to its typical activation. */
static int
inactive_enter(struct app *a, void *state)
{
	struct inactive *v = state;
	struct ct_clamp c;
	struct ct_error err;

	if (!inactive_feature(a, v, &c))
		return DID_NOTHING;
	c.unit = CT_ABSOLUTE;
	c.amount = v->found.items[v->list.sel].typical;
	if (study_clamp(&a->study, &c, 1, &err))
		return app_error(a, &err);
	view_show(a, VIEW_CLAMPS);
	return DID_CHANGE;
}

static void
inactive_save(struct app *a, void *state, struct lines *out)
{
	struct inactive *v = state;

	if (a->view == VIEW_INACTIVE && v->pos >= 0)
		lines_add(out, "inactive @%d", v->pos);
}

const struct view_ops inactive_view = {
	.name = "inactive",
	.title = "not active",
	.note = "features that nearly fire, what is most against them, and what they would add",
	.keep = true,
	.save = inactive_save,
	.open = inactive_open,
	.close = inactive_close,
	.changed = inactive_changed,
	.draw = inactive_draw,
	.list = view_list,
	.focused = inactive_focused,
	.text = inactive_text,
	.enter = inactive_enter,
	.feature = inactive_feature,
};
