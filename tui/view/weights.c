/*
 * weights: what a feature does in every prompt, by its weights from and to other features, and next to each
 * weight what happens in this prompt; which words it reads and which tokens it writes.
 *
 * It shows the feature that a command named, or the one that was selected.
 */
#include "tui/view/weights.h"

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
#include "tui/view/view.h"
#include "tui/view/weights_rows.h"

enum { WEIGHT = 37, TOGETHER = 27, ADDS = 18, HERE = 10, PLACE = 9 };	/* columns from the right edge */
enum { NAMES = 7, TOKENS = 8, TOP = 4, NOTES = 2, SPOKEN = 40 };
/* The words or tokens that stand out. */
struct outstanding {
	int n;
	struct ct_outstanding token[TOKENS];
};

struct weights {
	struct list list;
	struct ct_arena arena;
	struct ct_weights_here found;
	struct ct_error why;		/* why there are none */
	struct weights_side side[2];		/* what feeds it, what it feeds */
	struct outstanding reads, writes;
	const struct ct_engine *engine;	/* that the feature is of; NULL: none was asked for */
	int layer, feature, pos;
	enum weights_rows rows;
	int lines;			/* that there are for rows, when last drawn */
	int room;			/* the lines that `shown` was chosen for; 0: it was not */
	bool ready;
	bool fresh;			/* a command has just asked for it */
	bool stopped;			/* the corpus was not run to its end */
};

static void *
weights_open(void)
{
	return calloc(1, sizeof(struct weights));
}

static void
forget(struct weights *v)
{
	ct_arena_free(&v->arena);
	v->found = (struct ct_weights_here){ .node = -1 };
	v->side[0] = v->side[1] = (struct weights_side){ .n = 0 };
	v->list = (struct list){ .h = v->list.h };
	v->why.msg[0] = '\0';
	v->room = 0;
	v->ready = false;
}

static void
weights_close(void *state)
{
	forget(state);
	free(state);
}

/* The weights, and how often both are active, unless that was stopped: then the weights alone. */
static int
find(struct app *a, struct weights *v)
{
	struct ct_error err;
	int code = ct_session_weights(a->study.session, v->layer, v->feature, v->pos, &v->found, &v->arena,
	    &a->study.job, &v->why);

	if (code < 0 || v->found.all.counted || v->stopped)
		return code;
	code = ct_engine_count(a->study.engine, &a->study.job, &err);
	v->stopped = code < 0;
	if (code < 0) {
		app_say(a, "without the corpus: %s", err.msg);
		return CT_OK;
	}
	ct_arena_free(&v->arena);
	return ct_session_weights(a->study.session, v->layer, v->feature, v->pos, &v->found, &v->arena,
	    &a->study.job, &v->why);
}

static void
run(struct app *a, struct weights *v)
{
	const struct ct_weights_here *w = &v->found;

	forget(v);
	if (!view_traced(a, &v->why))
		return;
	if (!v->engine) {
		ct_fail(&v->why, CT_EINVAL, "no feature is selected: select one in the tree, or name one as "
		    "in weights L1#249");
		return;
	}
	if (find(a, v) < 0)
		return;
	v->reads.n = ct_weights_outstanding(a->study.info->V, w->all.all.read, v->reads.token, TOKENS);
	v->writes.n = ct_weights_outstanding(a->study.info->V, w->all.all.written, v->writes.token, TOKENS);
	v->ready = weights_side_init(&v->side[0], w->in, w->n_in, &v->arena, &v->why) == CT_OK &&
	    weights_side_init(&v->side[1], w->out, w->n_out, &v->arena, &v->why) == CT_OK;
}

static void
ask(struct app *a, struct weights *v, const struct ct_clamp *feature)
{
	v->engine = a->study.engine;
	v->layer = feature->layer;
	v->feature = feature->feature;
	v->pos = feature->pos;
}

/* Its words, and its number, which is all that it has without a label. */
static void
name_feature(struct app *a, int layer, int feature, int pos, char label[STUDY_NAME], char name[STUDY_NAME])
{
	int at = pos < ct_session_start(a->study.session) || pos >= a->study.T ? a->study.T - 1 : pos;

	ct_session_words(a->study.session, layer, feature, at, label, STUDY_NAME);
	ct_engine_feature_name(a->study.engine, layer, feature, name, STUDY_NAME);
}

int
weights_show(struct app *a, const struct ct_clamp *feature)
{
	struct weights *v = a->state[VIEW_WEIGHTS];
	char label[STUDY_NAME], name[STUDY_NAME];
	bool follow = a->view == VIEW_WEIGHTS;

	ask(a, v, feature);
	v->stopped = v->stopped && follow;
	v->rows = ROWS_BOTH;
	v->fresh = true;
	view_show(a, VIEW_WEIGHTS);
	if (follow) {
		name_feature(a, v->layer, v->feature, v->pos, label, name);
		app_say(a, "the weights of %s%s%s", label, *label ? ", " : "", name);
	}
	return DID_CHANGE;
}

/* Unless a command asked for a feature, it is the selected one; from the help, the same as before. */
static void
weights_focused(struct app *a, void *state)
{
	struct weights *v = state;
	const struct ct_node *n = study_node(&a->study, a->study.node);

	if (!v->fresh && a->before != VIEW_HELP && n && study_is_feature(n))
		ask(a, v, &(struct ct_clamp){ .layer = n->layer, .feature = n->index, .pos = n->pos });
	v->fresh = false;
	run(a, v);
}

static void
weights_changed(struct app *a, void *state, enum change what)
{
	struct weights *v = state;

	if (what != CHANGED_GRAPH)
		return;
	if (v->engine != a->study.engine)
		v->engine = NULL;
	forget(v);
	if (a->view == VIEW_WEIGHTS)
		run(a, v);
}

int
weights_turn(struct app *a, int step)
{
	struct weights *v = a->state[VIEW_WEIGHTS];

	if (!v->ready || a->view != VIEW_WEIGHTS)
		return DID_NOTHING;
	v->rows = (enum weights_rows)((v->rows + N_ROWS + (step < 0 ? -1 : 1)) % N_ROWS);
	v->list = (struct list){ .h = v->list.h };
	v->room = 0;
	return DID_CHANGE;
}

static void
choose_rows(struct weights *v)
{
	enum { FIRST = 16 };		/* before anything was drawn */
	int room = v->lines > 1 ? v->lines : FIRST;

	if (!v->ready || v->room == room)
		return;
	v->room = room;
	v->list.n = weights_rows_choose(v->side, v->rows, room);
	list_select(&v->list, v->list.sel);
}

static struct list *
weights_list(struct app *a, void *state)
{
	struct weights *v = state;

	(void)a;
	choose_rows(v);
	return &v->list;
}

static void
draw_title(struct app *a, const struct weights *v, const struct area *area)
{
	char label[STUDY_NAME], name[STUDY_NAME], place[STUDY_NAME] = "", right[80];
	int x = 1, room;

	name_feature(a, v->layer, v->feature, v->pos, label, name);
	if (v->found.all.counted)
		snprintf(right, sizeof right, "active on %ld tokens of the corpus", v->found.all.n_active);
	else
		snprintf(right, sizeof right, "%s", v->stopped ? "corpus not counted" : "no corpus");
	room = area->w - 3 - ct_text_width(right);
	if (v->found.node >= 0)
		study_place(&a->study, v->pos, place, sizeof place);
	if (*label)
		x += draw_cut(area, x, 0, room - ct_text_width(name) - ct_text_width(place) - 3, ST_TITLE,
		    label) + 2;
	x += draw_cut(area, x, 0, room - x, *label ? ST_DIM : ST_TITLE, name);
	draw_fmt(area, x, 0, ST_DIM, " %s", *place ? place : "not active here");
	draw_right(area, area->w - 1, 0, ST_DIM, right);
}

static void
draw_tokens(struct app *a, const struct area *area, int y, const char *what, const struct outstanding *list)
{
	int x = NAMES + 2;
	char word[STUDY_NAME], token[STUDY_NAME], z[FMT_SIZE];

	draw_text(area, 1, y, ST_DIM, what);
	for (int i = 0; i < list->n; i++) {
		study_word(&a->study, list->token[i].token, word, sizeof word);
		fmt_token(token, sizeof token, word);
		fmt_signed(z, sizeof z, (double)list->token[i].deviations);
		if (x + ct_text_width(token) + 1 + ct_text_width(z) >= area->w)
			break;
		x += draw_text(area, x, y, ST_TEXT, token) + 1;
		x += draw_text(area, x, y, ST_DIM, z) + 2;
	}
}

/* What the mean is made of, where no norm lies in between. */
static void
draw_split(const struct weights *v, const struct area *area, int y)
{
	const struct ct_feature_weights *w = &v->found.all;
	char b[5][FMT_SIZE];

	if (isnan(w->mean)) {
		draw_text(area, 1, y, ST_DIM, "weight: what an activation of 1 adds at the same token");
		return;
	}
	draw_fmt(area, 1, y, ST_DIM, "where active %s = features %s, its word %s, bias %s, the rest %s",
	    fmt_summand(b[0], sizeof b[0], w->mean), fmt_summand(b[1], sizeof b[1], w->from_features),
	    fmt_summand(b[2], sizeof b[2], w->from_word), fmt_summand(b[3], sizeof b[3],
	    (double)w->all.bias), fmt_summand(b[4], sizeof b[4], w->rest));
}

static void
draw_note(const struct weights *v, const struct area *area, int y)
{
	draw_fmt(area, 1, y, ST_DIM, "weights: at one token, without attention%s; here: in this graph, with "
	    "it", v->found.all.all.exact ? "" : " and norms' scales");
}

static void
draw_heads(const struct weights *v, const struct area *area, int y)
{
	static const char *const names[N_ROWS] = { "from and to", "from", "to" };
	int x = 1;

	for (int i = 0; i < N_ROWS; i++)
		x += 1 + (i == (int)v->rows ? draw_fmt(area, x, y, ST_STRONG, "[%s]", names[i]) :
					      draw_fmt(area, x, y, ST_DIM, " %s ", names[i]));
	if (area->grid->words)	/* rows name their figures */
		return;
	draw_right(area, area->w - WEIGHT, y, ST_DIM, "weight");
	if (v->found.all.counted) {
		draw_right(area, area->w - TOGETHER, y, ST_DIM, "together");
		draw_right(area, area->w - ADDS, y, ST_DIM, "adds");
	}
	draw_right(area, area->w - HERE, y, ST_DIM, "here");
}

/* Returns the columns used. */
static int
draw_name(struct app *a, const struct weights *v, const struct area *area, int y, int max,
    const struct ct_weight_here *r)
{
	char label[STUDY_NAME], name[STUDY_NAME];
	int w, x = NAMES;

	if (r->kind != CT_NODE_FEATURE) {
		x += draw_cut(area, x, y, max, r->kind == CT_NODE_TARGET ? ST_STRONG : ST_INPUT,
		    study_word(&a->study, r->index, name, sizeof name)) + 2;
		return x - NAMES + draw_cut(area, x, y, NAMES + max - x, ST_DIM,
		    r->kind == CT_NODE_TARGET ? "answer" : "word");
	}
	name_feature(a, r->layer, r->index, v->pos, label, name);
	w = max - ct_text_width(name) - 2;
	if (*label && w >= 8)
		x += draw_cut(area, x, y, w, ST_TEXT, label) + 2;
	return x - NAMES + draw_cut(area, x, y, NAMES + max - x, *label && w >= 8 ? ST_DIM : ST_TEXT, name);
}

static void
draw_number(const struct area *area, int right, int y, double v)
{
	char b[FMT_SIZE];

	if (isnan(v))
		draw_right(area, area->w - right, y, ST_DIM, "–");
	else
		draw_right(area, area->w - right, y, v < 0 ? ST_MINUS : ST_PLUS, fmt_signed(b, sizeof b, v));
}

/* Does it feed the feature in this graph, or is it fed by it? */
static bool
is_here(const struct ct_weight_here *r)
{
	return r->node >= 0 && !isnan(r->here) && r->here != 0;
}

/* The figures with their names, for those who hear them one after the other. */
static void
draw_spoken(struct app *a, const struct weights *v, const struct area *area, int y,
    const struct ct_weight_here *r)
{
	int x = NAMES + draw_name(a, v, area, y, area->w / 3, r) + 2;
	char b[FMT_SIZE], place[STUDY_NAME];

	x += draw_fmt(area, x, y, ST_TEXT, "weight %s", fmt_signed(b, sizeof b, r->weight)) + 2;
	if (!isnan(r->together))
		x += draw_fmt(area, x, y, ST_TEXT, "together %s", fmt_percent(b, sizeof b, r->together)) + 2;
	if (!isnan(r->adds))
		x += draw_fmt(area, x, y, ST_TEXT, "adds %s", fmt_signed(b, sizeof b, r->adds)) + 2;
	if (!is_here(r))
		draw_text(area, x, y, ST_TEXT, isnan(r->here) ? "not here" : "here 0");
	else
		draw_fmt(area, x, y, ST_TEXT, "here %s %s", fmt_signed(b, sizeof b, r->here),
		    study_place(&a->study, a->study.graph->nodes[r->node].pos, place, sizeof place));
}

static void
draw_row(struct app *a, const struct weights *v, const struct area *area, int y, int i)
{
	bool input, before = false;
	const struct ct_weight_here *r = weights_row(v->side, i, &input);
	char b[FMT_SIZE], place[STUDY_NAME];

	if (i > 0)
		weights_row(v->side, i - 1, &before);
	if (i == 0 || i == v->list.top || before != input)
		draw_text(area, 1, y, ST_DIM, input ? "from" : "to");
	if (area->grid->words) {
		draw_spoken(a, v, area, y, r);
		return;
	}
	draw_name(a, v, area, y, area->w - WEIGHT - 8 - NAMES, r);
	draw_number(area, WEIGHT, y, r->weight);
	if (v->found.all.counted && r->kind == CT_NODE_FEATURE) {
		draw_right(area, area->w - TOGETHER, y, ST_TEXT, fmt_percent(b, sizeof b, r->together));
		draw_number(area, ADDS, y, r->adds);
	}
	draw_number(area, HERE, y, r->here);
	if (is_here(r))
		draw_cut(area, area->w - PLACE, y, PLACE - 1, ST_DIM, study_place(&a->study,
		    a->study.graph->nodes[r->node].pos, place, sizeof place));
}

static void
draw_rows(struct app *a, struct weights *v, const struct area *area, int y, int h)
{
	v->lines = area->grid->words && h > SPOKEN ? SPOKEN : h;
	choose_rows(v);
	v->list.y = y;
	list_resize(&v->list, v->list.n, h);
	for (int i = 0; i < v->list.h && v->list.top + i < v->list.n; i++) {
		draw_row(a, v, area, y + i, v->list.top + i);
		if (v->list.top + i == v->list.sel)
			draw_select(area, 0, y + i, area->w - WEIGHT - 7);
	}
}

static void
weights_draw(struct app *a, void *state, const struct area *area)
{
	struct weights *v = state;
	bool words = area->grid->words;
	int notes = words ? TOP - 1 : area->h - NOTES, top = words ? TOP + NOTES : TOP;

	if (!v->ready) {
		draw_wrapped(area, 1, 1, area->w - 2, ST_DIM, v->why.msg);
		return;
	}
	draw_title(a, v, area);
	draw_tokens(a, area, 1, "reads", &v->reads);
	draw_tokens(a, area, 2, "writes", &v->writes);
	draw_split(v, area, notes);
	draw_note(v, area, notes + 1);
	draw_heads(v, area, top - 1);
	draw_rows(a, v, area, top, area->h - top - (words ? 0 : NOTES));
}

static void
weights_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	const struct weights *v = state;
	char label[STUDY_NAME], name[STUDY_NAME];
	bool input;
	const struct ct_weight_here *r = weights_row(v->side, row, &input);

	if (r->kind != CT_NODE_FEATURE) {
		study_word(&a->study, r->index, buf, size);
		return;
	}
	name_feature(a, r->layer, r->index, v->pos, label, name);
	snprintf(buf, size, "%s %s", label, name);
}

/* The row's feature, where it is in this graph, or else at the position of the one that is shown. */
static bool
weights_feature(struct app *a, void *state, struct ct_clamp *out)
{
	const struct weights *v = state;
	const struct ct_weight_here *r;
	bool input;

	*out = (struct ct_clamp){ .layer = v->layer, .feature = v->feature, .pos = v->pos };
	if (!v->ready || !v->list.n)
		return v->engine != NULL;
	r = weights_row(v->side, v->list.sel, &input);
	if (r->kind != CT_NODE_FEATURE)
		return false;
	out->layer = r->layer;
	out->feature = r->index;
	if (r->node >= 0)
		out->pos = a->study.graph->nodes[r->node].pos;
	return true;
}

/* The weights of the row's feature; a word or an answer is selected in the tree. */
static int
weights_enter(struct app *a, void *state)
{
	struct weights *v = state;
	const struct ct_weight_here *r;
	struct ct_clamp f;
	bool input;

	if (!v->ready || !v->list.n)
		return DID_NOTHING;
	if (weights_feature(a, v, &f))
		return weights_show(a, &f);
	r = weights_row(v->side, v->list.sel, &input);
	a->view = a->focus = VIEW_TREE;
	view_select(a, r->node);
	return DID_CHANGE;
}

static void
weights_save(struct app *a, void *state, struct lines *out)
{
	const struct weights *v = state;

	if (a->view == VIEW_WEIGHTS && v->engine == a->study.engine)
		lines_add(out, "weights L%d#%d@%d", v->layer, v->feature, v->pos);
}

const struct view_ops weights_view = {
	.name = "weights",
	.title = "everywhere",
	.note = "what a feature does in every prompt: its weights from and to other features, the words that "
		"it reads and the tokens that it writes, next to what it does here",
	.keep = true,
	.save = weights_save,
	.open = weights_open,
	.close = weights_close,
	.changed = weights_changed,
	.draw = weights_draw,
	.list = weights_list,
	.focused = weights_focused,
	.text = weights_text,
	.enter = weights_enter,
	.feature = weights_feature,
};
