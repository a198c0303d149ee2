/*
 * clamps: what is clamped, and what that did: predicted by the graph, and observed in the model.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/language/keys.h"
#include "tui/study/pins.h"
#include "tui/terminal/fmt.h"
#include "tui/view/node_name.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

struct clamps {
	struct list list;	/* the clamps, then the effects */
};

static void *
clamps_open(void)
{
	return calloc(1, sizeof(struct clamps));
}

static void
clamps_close(void *state)
{
	free(state);
}

/* Another prompt begins at its first clamp, with the effect on the answer in sight. */
static void
clamps_changed(struct app *a, void *state, enum change what)
{
	struct clamps *v = state;

	(void)a;
	if (what == CHANGED_GRAPH)
		v->list.sel = v->list.top = 0;
}

static const struct ct_effects *
effects(struct app *a)
{
	return study_clamps(&a->study)->n ? ct_session_effects(a->study.first) : NULL;
}

/* Effects come sorted: targets, then features by what was observed. Those at the end did not move. */
static int
moved_effects(const struct ct_effects *o)
{
	int n = o ? o->n_effects : 0;

	while (n > 0 && fabsf(o->effects[n - 1].observed) < .005f &&
	    fabsf(ct_predicted(o, &o->effects[n - 1])) < .005f)
		n--;
	return n;
}

static struct list *
clamps_list(struct app *a, void *state)
{
	struct clamps *v = state;
	v->list.n = study_clamps(&a->study)->n + moved_effects(effects(a));
	list_select(&v->list, v->list.sel);
	return &v->list;
}

static const struct ct_effect *
effect_at(struct app *a, int row)
{
	const struct ct_effects *o = effects(a);

	row -= study_clamps(&a->study)->n;
	return o && row >= 0 && row < o->n_effects ? &o->effects[row] : NULL;
}

static void
draw_clamp(struct app *a, const struct area *area, int y, int i)
{
	const struct ct_clamp *c = &study_clamps(&a->study)->clamp[i];
	const char *supernode = ct_session_clamp_supernode(a->study.session, c);
	char text[160], label[STUDY_NAME];
	bool guess;
	int x = 2;

	x += draw_fmt(area, x, y, ST_DIM, "%d  ", i + 1);
	study_clamp_text(c, text, sizeof text);
	x += draw_text(area, x, y, c->off ? ST_DIM : ST_CLAMP, text) + 2;
	study_label(&a->study, c->layer, c->feature, label, sizeof label, &guess);
	x += draw_cut(area, x, y, area->w / 4, guess ? ST_DIM : ST_TEXT, label) + 2;
	if (supernode)
		x += draw_fmt(area, x, y, ST_DIM, "in \"%s\"", supernode) + 2;
	if (c->pos == CT_ALL_POSITIONS) {
		draw_text(area, x, y, ST_DIM, "all tokens");
	} else {
		char place[STUDY_NAME];

		x += draw_text(area, x, y, ST_DIM, study_place(&a->study, c->pos, place, sizeof place));
		if (c->onwards)
			x += draw_text(area, x, y, ST_DIM, " and on");
		if (!c->onwards) {
			char was[FMT_SIZE];

			draw_fmt(area, x + 2, y, ST_DIM, "active %s without the clamp",
			    fmt_plain(was, sizeof was,
				ct_session_activation(a->study.first, c->layer, c->feature, c->pos)));
		}
	}
	if (c->off)
		draw_right(area, area->w - 1, y, ST_DIM, "off");
	else if (effects(a) && effects(a)->lost[i])
		draw_right(area, area->w - 1, y, ST_BAD, "replaced by a later one");
}

enum {
	NAMES = 46,
	BEFORE = 38,
	AFTER = 30,
	DIRECT = 21,
	PREDICTED = 10,
	OBSERVED = 1
}; /* columns from the right edge where they end */

/* Effects refer to nodes of the graph without clamps, even if that of the clamped run is shown. */
static const char *
first_name(struct app *a, int node, char *buf, size_t size)
{
	const struct ct_node *n = &study_first_graph(&a->study)->nodes[node];
	char label[STUDY_NAME / 2], place[STUDY_NAME / 4];

	if (!study_shows_now(&a->study))
		return study_name(&a->study, node, buf, size);
	if (n->kind != CT_NODE_FEATURE) {
		study_word(&a->study, n->index, buf, size);
		return buf;
	}
	study_label(&a->study, n->layer, n->index, label, sizeof label, NULL);
	snprintf(buf, size, "%s  L%d#%d %s", label, n->layer, n->index,
	    study_place(&a->study, n->pos, place, sizeof place));
	return buf;
}

static void
draw_effect(struct app *a, const struct area *area, int y, const struct ct_effect *e)
{
	char b[FMT_SIZE], name[STUDY_NAME];
	int x = 2, end = area->w - NAMES;
	int node = study_node_now(&a->study, e->node);

	if (node >= 0)
		node_name_draw(a, area, x, y, end - x, node);
	else
		draw_cut(area, x, y, end - x, ST_DIM, first_name(a, e->node, name, sizeof name));
	draw_right(area, area->w - BEFORE, y, ST_TEXT, fmt_plain(b, sizeof b, e->before));
	draw_right(area, area->w - AFTER, y, ST_TEXT, fmt_plain(b, sizeof b, e->after));
	if (!e->clamped)
		draw_right(area, area->w - DIRECT, y, ST_DIM, fmt_signed(b, sizeof b, e->predicted_direct));
	draw_right(area, area->w - PREDICTED, y, ST_DIM, e->clamped ? "set"
	    : fmt_signed(b, sizeof b, ct_predicted(effects(a), e)));
	draw_right(area, area->w - OBSERVED, y,
	    fabsf(e->observed) < .005f ? ST_DIM : e->observed < 0 ? ST_MINUS : ST_PLUS,
	    fmt_signed(b, sizeof b, e->observed));
}

static void
draw_effects_title(struct app *a, const struct area *area, int y)
{
	const struct ct_effects *o = effects(a);
	int still = o ? o->n_effects - moved_effects(o) : 0, x = 1;

	x += draw_text(area, x, y, ST_DIM, "effects");
	if (still)
		draw_fmt(area, x, y, ST_DIM, " (and %d unmoved)", still);
	draw_right(area, area->w - BEFORE, y, ST_DIM, "before");
	draw_right(area, area->w - AFTER, y, ST_DIM, "after");
	draw_right(area, area->w - DIRECT, y, ST_DIM, "direct");
	draw_right(area, area->w - PREDICTED, y, ST_DIM, "predicted");
	draw_right(area, area->w - OBSERVED, y, ST_DIM, "observed");
}

static void
draw_agreement(struct app *a, const struct area *area, int y)
{
	const struct ct_effects *o = effects(a);
	struct ct_agreement all = ct_session_agreement(a->study.first);
	char b[FMT_SIZE];
	int x = 1;

	if (!o)
		return;
	if (isfinite(o->max_direct_error)) {
		draw_fmt(area, x, y, ST_DIM,
		    "all is frozen: observed effects are the graph's edges within %s",
		    fmt_tiny(b, sizeof b, o->max_direct_error));
		return;
	}
	x += draw_text(area, x, y, ST_DIM, "knock-on effects predicted: ");
	if (o->agreement.n < CT_RANK_LEAST) {
		x += draw_fmt(area, x, y, ST_DIM, "too few to rank  n %d", o->agreement.n);
	} else if (isfinite(o->agreement.spearman) && isfinite(o->agreement.pearson)) {
		x += draw_text(area, x, y, ST_DIM, "Spearman ");
		x += draw_text(area, x, y, ST_STRONG, fmt_signed(b, sizeof b, o->agreement.spearman));
		x += draw_fmt(area, x, y, ST_DIM, "  n %d", o->agreement.n);
	} else {
		x += draw_text(area, x, y, ST_DIM, "all alike");
	}
	if (all.n > 1)
		draw_fmt(area, x, y, ST_DIM, "   this session %s over %d",
		    fmt_signed(b, sizeof b, all.spearman), all.n);
}

/* For one side of a contrast, the change of each target's logit. */
static void
draw_side(struct app *a, const struct area *area, int y, const char *title, const struct ct_effects *o,
    int end)
{
	char name[STUDY_NAME], b[FMT_SIZE];
	int x = 1 + draw_text(area, 1, y, ST_DIM, title);

	for (int i = 0; i < o->n_targets && x < end - 12; i++) {
		double effect = o->effects[i].observed;

		first_name(a, o->effects[i].node, name, sizeof name);
		x += 2 + draw_cut(area, x + 2, y, end - x - 9, ST_TEXT, name);
		x += 1 + draw_text(area, x + 1, y, effect < 0 ? ST_MINUS : ST_PLUS,
		    fmt_signed(b, sizeof b, effect));
	}
}

/* Frozen patterns above free ones; the difference goes through attention patterns. */
static void
draw_contrast(struct app *a, const struct area *area, int y)
{
	const struct ct_contrast *c;
	struct ct_error err;
	int end = area->w - 24;

	if (!effects(a) || ct_session_contrast(a->study.first, &c, &err))
		return;
	draw_side(a, area, y, "attention frozen", &c->frozen, end);
	draw_side(a, area, y + 1, "attention free  ", &c->free, end);
	if (isfinite(c->pattern_share)) {
		char b[FMT_SIZE];

		draw_right(area, area->w - 1, y, ST_STRONG, fmt_percent(b, sizeof b, c->pattern_share));
		draw_right(area, area->w - 1, y + 1, ST_DIM, "via patterns");
	}
}

static void
clamps_draw(struct app *a, void *state, const struct area *area)
{
	struct clamps *v = state;
	int n_clamps = study_clamps(&a->study)->n, y = 0;
	struct list *l = clamps_list(a, v);
	int bottom = area->h - (area->h > 12 ? 4 : 1);	/* the first line below the list */

	if (!n_clamps) {
		draw_text(area, 1, 1, ST_DIM, "No clamps. Select a feature in the tree, then");
		draw_text(area, 3, 3, ST_TEXT, "x    sets it to 0: what does the model say without it?");
		draw_text(area, 3, 4, ST_TEXT,
		    "c    sets it to a value (=3), a multiple (x2), or shifts it (+1, -1)");
		draw_text(area, 1, 6, ST_DIM,
		    "This view then compares what the graph predicts with what the model does.");
		return;
	}
	list_resize(l, l->n, bottom - 2);
	for (int row = l->top; row < l->n && y < bottom; row++) {
		const struct ct_effect *e = effect_at(a, row);

		if (row == n_clamps || (row == l->top && row > n_clamps)) {
			y += row == n_clamps && row > l->top;
			draw_effects_title(a, area, y);
			y++;
		}
		if (y >= bottom)
			break;
		if (e)
			draw_effect(a, area, y, e);
		else
			draw_clamp(a, area, y, row);
		if (row == l->sel)
			draw_select(area, 0, y, area->w - NAMES);
		if (row == l->top)
			l->y = y;
		y++;
	}
	if (list_more_above(l))
		draw_cell(area, area->w - 1, 0, ST_DIM, 0x2191);
	if (list_more_below(l))
		draw_cell(area, area->w - 1, bottom - 1, ST_DIM, 0x2193);
	if (bottom < area->h - 1) {
		char how[128];

		draw_fmt(area, 1, bottom, ST_DIM, "observed: %s",
		    study_how_text(&a->study.how, how, sizeof how));
		draw_contrast(a, area, area->h - 3);
	}
	draw_agreement(a, area, area->h - 1);
}

static void
clamps_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	const struct ct_effect *e = effect_at(a, row);
	char name[STUDY_NAME], note[STUDY_NAME];

	(void)state;
	if (e)
		snprintf(buf, size, "%s %s", first_name(a, e->node, name, sizeof name),
		    study_note(&a->study, study_node_now(&a->study, e->node), note, sizeof note));
	else
		study_clamp_text(&study_clamps(&a->study)->clamp[row], buf, size);
}

static bool
clamps_feature(struct app *a, void *state, struct ct_clamp *out)
{
	struct clamps *v = state;
	const struct ct_effect *e;

	if (!clamps_list(a, v)->n)
		return false;
	e = effect_at(a, v->list.sel);
	if (e) {
		const struct ct_node *n = &study_first_graph(&a->study)->nodes[e->node];

		*out = (struct ct_clamp){ .layer = n->layer, .feature = n->index, .pos = n->pos };
		return ct_node_traits(n->kind)->can_clamp;
	}
	*out = study_clamps(&a->study)->clamp[v->list.sel];
	return true;
}

static int
clamps_enter(struct app *a, void *state)
{
	struct clamps *v = state;
	const struct ct_effect *e;
	int node;

	if (!clamps_list(a, v)->n)
		return app_fail(a, "there are no clamps");
	e = effect_at(a, v->list.sel);
	if (!e)
		return cmd_run(a, "clamp");
	if ((node = study_node_now(&a->study, e->node)) < 0)
		return app_fail(a, "this node is not in the graph of the clamped run; %s goes back to the "
		    "first one", key_for("trace"));
	view_select(a, node);
	a->view = a->focus = VIEW_TREE;
	tree_reveal(a, node);
	return DID_CHANGE;
}

const struct view_ops clamps_view = {
	.name = "clamps",
	.title = "clamps",
	.note = "the clamps in force, and for each node what the graph predicted and what the model did",
	.keep = true,
	.open = clamps_open,
	.close = clamps_close,
	.changed = clamps_changed,
	.draw = clamps_draw,
	.list = clamps_list,
	.text = clamps_text,
	.enter = clamps_enter,
	.feature = clamps_feature,
};
