/*
 * compare: compares the prompt's graph with that of another prompt or of the clamped run: what both keep,
 * what only one keeps, and for each difference a test: what the model says if the feature here is set to its
 * activation there.
 */
#include "tui/view/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "tui/app.h"
#include "tui/language/keys.h"
#include "tui/study/lines.h"
#include "tui/terminal/fmt.h"
#include "tui/view/list.h"
#include "tui/view/view.h"

enum { TESTED = 200 };	/* how many differences are tested, those with the most influence first */
/* Right edges of columns, counted from the right. */
enum { MOVED = 1, IS_THERE = 11, IS_HERE = 18, WAS_THERE = 27, WAS_HERE = 35, NAMES = 43 };

/* A row is a title, a node, or a place: all differences at a token, or at all tokens together. */
enum row_kind { ROW_PLACE, ROW_TITLE, ROW_NODE };
struct row {
	enum row_kind kind;
	int at;				/* by kind: index of the node, the side, or the position (T: all) */
	bool tested;
	struct ct_patch patch;
};

struct compare {
	struct list list;
	struct ct_arena arena;
	int clampings;			/* a->study.clampings when it was computed */
	/* the other prompt; "clamped": the clamped run; NULL: none was named */
	char *prompt;
	struct ct_session *there;
	struct ct_comparison c;
	struct ct_top answer[2];	/* the likeliest tokens, here and there */
	struct row *row;
	int n, tested, left_out;	/* rows; differences that were tested; differences that were not */
	struct ct_error why;		/* why there are no rows */
};

static void *
compare_open(void)
{
	return calloc(1, sizeof(struct compare));
}

static void
forget(struct compare *v)
{
	ct_session_close(v->there);
	v->there = NULL;
	ct_arena_free(&v->arena);
	v->row = NULL;
	v->n = v->tested = v->left_out = 0;
	v->list = (struct list){ .h = v->list.h };
	v->why.msg[0] = '\0';
}

static void
drop(struct compare *v)
{
	forget(v);
	free(v->prompt);
	v->prompt = NULL;
}

static void
compare_close(void *state)
{
	drop(state);
	free(state);
}

/* Opens the other graph: of another prompt, with the same thresholds, or of the clamped run. */
static int
open_there(struct app *a, struct compare *v)
{
	struct ct_trace_options opt = a->study.trace;
	int code;

	opt.pace = CT_AT_ONCE;
	if (strcmp(v->prompt, "clamped") == 0)
		return ct_session_now(&v->there, a->study.first, &opt, opt.targets.n == 0, &a->study.job,
		    &v->why);
	opt.targets = (struct ct_targets){ .pos = -1 };
	if ((code = ct_session_open(&v->there, a->study.engine, &v->why)) < 0)
		return code;
	return ct_session_begin(v->there, v->prompt, &opt, &a->study.job, &v->why);
}

static const struct ct_node *
node_of(const struct compare *v, const struct ct_compared_node *n)
{
	return n->here >= 0 ? &v->c.graph[0]->nodes[n->here] : &v->c.graph[1]->nodes[n->there];
}

static double
activation(const struct app *a, const struct compare *v, int side, const struct ct_compared_node *n)
{
	return ct_session_compared_activation(side ? v->there : a->study.first, &v->c, n, side);
}

/* Tests a row, if there is something to test. */
static int
test_row(struct app *a, struct compare *v, struct row *r)
{
	struct ct_patch_what what = { .layer = -1, .feature = -1, .pos = r->at < v->c.align.T ? r->at : -1 };

	if (r->kind == ROW_NODE) {
		const struct ct_compared_node *n = &v->c.node[r->at];
		const struct ct_node *x = node_of(v, n);
		int pos = n->here >= 0 ? x->pos : v->c.align.here[x->pos];

		if (x->kind != CT_NODE_FEATURE || pos < 0 || v->c.align.there[pos] < 0 ||
		    !(fabs(activation(a, v, 0, n) - activation(a, v, 1, n)) > 0))
			return CT_OK;
		what = (struct ct_patch_what){ x->layer, x->index, pos };
	}
	r->tested = true;
	return ct_session_patch(a->study.first, v->there, &v->c, &what, &r->patch, &v->why);
}

/* Adds the title and the nodes of one side. */
static int
make_side(struct app *a, struct compare *v, enum ct_side side)
{
	int code = CT_OK;

	v->row[v->n++] = (struct row){ ROW_TITLE, (int)side, false, { 0 } };
	for (int i = 0; code == CT_OK && i < v->c.n; i++) {
		struct row *r = &v->row[v->n];

		if (v->c.node[i].side != side)
			continue;
		*r = (struct row){ ROW_NODE, i, false, { 0 } };
		v->n++;
		if (!ct_job_go_on(&a->study.job, "patches", v->n, v->c.n))
			return ct_fail(&v->why, CT_ECANCELLED, "comparison cancelled");
		if (v->tested < TESTED)
			code = test_row(a, v, r);
		else
			v->left_out++;
		v->tested += r->tested;
	}
	return code;
}

/* Places come first, since they show what all differences at a token do together. */
static int
make_rows(struct app *a, struct compare *v)
{
	static const enum ct_side order[CT_SIDES] = { CT_ONLY_HERE, CT_ONLY_THERE, CT_SHARED };
	int T = v->c.align.T, code = CT_OK;

	v->row = ct_arena_need(&v->arena, (size_t)v->c.n + T + 1 + CT_SIDES, sizeof *v->row, "a comparison",
	    &v->why);
	if (!v->row)
		return CT_ENOMEM;
	for (int t = T; code == CT_OK && t >= 0; t--) {
		struct row *r = &v->row[v->n];

		*r = (struct row){ ROW_PLACE, t == T ? T : T - 1 - t, false, { 0 } };
		if (r->at < T && v->c.align.there[r->at] < 0)
			continue;
		code = test_row(a, v, r);
		v->n += r->patch.features > 0;
	}
	for (int i = 0; code == CT_OK && i < CT_SIDES; i++)
		code = make_side(a, v, order[i]);
	return code;
}

static void
run(struct app *a, struct compare *v)
{
	int code;

	forget(v);
	if (a->study.graph && v->prompt && a->whole && !a->whole(a)) {
		ct_fail(&v->why, CT_ECANCELLED, "this needs the whole graph, which is not finished");
		return;
	}
	/* Finishing the graph told all views, and this one has already compared by now. */
	if (v->there || *v->why.msg)
		return;
	v->clampings = a->study.clampings;
	if (!view_traced(a, &v->why))
		code = v->why.code;
	else if (!v->prompt)
		code = ct_fail(&v->why, CT_EINVAL, "no other prompt yet: type :compare and a prompt, such as "
		    "this one with another word; or :compare clamped, with clamps in force");
	else if ((code = open_there(a, v)) == CT_OK &&
	    (code = ct_session_compare(a->study.first, v->there, &v->c, &v->arena, &v->why)) == CT_OK)
		code = make_rows(a, v);
	for (int i = 0; code == CT_OK && i < 2; i++)
		if (ct_session_top(i ? v->there : a->study.first, CT_RUN_ORIGINAL, v->c.graph[i]->pos,
		    &v->answer[i], 1) != 1)
			code = ct_fail(&v->why, CT_EINVAL, "the next tokens are unknown");
	if (code < 0) {
		struct ct_error why = v->why;

		forget(v);
		v->why = why;
	}
	v->list.n = v->n;
	list_select(&v->list, 0);
}

static void
compare_focused(struct app *a, void *state)
{
	struct compare *v = state;

	if (!v->there)
		run(a, v);
}

static void
compare_changed(struct app *a, void *state, enum change what)
{
	struct compare *v = state;

	if (what == CHANGED_NODE)
		return;
	forget(v);
	if (a->view == VIEW_COMPARE)
		run(a, v);
}

/* If the comparison fails, the present one stays. */
int
compare_show(struct app *a, const char *prompt)
{
	struct compare *v = a->state[VIEW_COMPARE], old = *v;
	char *copy = *prompt ? strdup(prompt) : NULL;

	if (*prompt && !copy)
		return app_fail(a, "out of memory");
	if (copy) {
		*v = (struct compare){ .list = { .h = old.list.h }, .prompt = copy };
		run(a, v);
		if (!v->there) {
			app_error(a, &v->why);
			drop(v);
			*v = old;
			return DID_FAIL | DID_CHANGE;
		}
		drop(&old);
	}
	view_show(a, VIEW_COMPARE);
	return DID_CHANGE;
}

static struct list *
compare_list(struct app *a, void *state)
{
	struct compare *v = state;

	/* A comparison with the clamped run is made again once the clamps have changed. */
	if (v->there && ct_session_is_clamped(v->there) && v->clampings != a->study.clampings)
		run(a, v);
	return &v->list;
}

/* A token of one of the prompts, without leading blanks. */
static const char *
token_at(const struct ct_session *s, int pos)
{
	const char *text = ct_session_token_text(s, pos);

	return text + strspn(text, " ");
}

/* A node of one of the graphs: "in Texas  L0#340 @Dallas", "Dallas  word". */
static const char *
node_text(struct app *a, const struct compare *v, const struct ct_compared_node *n, char *buf, size_t size)
{
	struct ct_session *s = n->here >= 0 ? a->study.first : v->there;
	const struct ct_node *x = node_of(v, n);
	char words[STUDY_NAME];

	switch (x->kind) {
	case CT_NODE_EMBEDDING:
		snprintf(buf, size, "%s  word", token_at(s, x->pos));
		break;
	case CT_NODE_ERROR:
		snprintf(buf, size, "error L%d @%s", x->layer, token_at(s, x->pos));
		break;
	case CT_NODE_TARGET:
		ct_session_node_name(s, n->here >= 0 ? n->here : n->there, buf, size);
		break;
	case CT_NODE_FEATURE:
	case CT_NODE_OTHER:
		ct_session_words(s, x->layer, x->index, x->pos, words, sizeof words);
		snprintf(buf, size, "%s%sL%d#%d @%s", words, *words ? "  " : "", x->layer, x->index,
		    token_at(s, x->pos));
		break;
	}
	return buf;
}

static void
draw_title(const struct compare *v, const struct area *area, int y, int side)
{
	static const char *const names[CT_SIDES] = { "shared", "only here", "only there" };
	int x = 1;

	x += draw_text(area, x, y, ST_TITLE, names[side]);
	draw_fmt(area, x, y, ST_DIM, "  %d", v->c.count[side]);
	draw_right(area, area->w - WAS_HERE, y, ST_DIM, "here");
	draw_right(area, area->w - WAS_THERE, y, ST_DIM, "there");
	draw_right(area, area->w - IS_HERE, y, ST_DIM, "here");
	draw_right(area, area->w - IS_THERE, y, ST_DIM, "there");
	draw_right(area, area->w - MOVED, y, ST_DIM, "patched");
}

static void
draw_moved(const struct area *area, int y, const struct row *r)
{
	char b[FMT_SIZE];

	if (r->tested)
		draw_right(area, area->w - MOVED, y, r->patch.moved < 0 ? ST_MINUS : ST_PLUS,
		    fmt_signed(b, sizeof b, (double)r->patch.moved));
}

/* A node's share of the influence, or an output's probability; "-" if a graph does not have the node. */
static const char *
share_text(struct app *a, const struct compare *v, const struct ct_compared_node *n, int side, char *buf,
    size_t size)
{
	const struct ct_node *x = node_of(v, n);
	int node = side ? n->there : n->here;

	if (x->kind == CT_NODE_TARGET && x->target == CT_TARGET_LOGIT)
		return fmt_percent(buf, size, (double)ct_session_prob(side ? v->there : a->study.first,
		    CT_RUN_ORIGINAL, v->c.graph[side]->pos, x->index));
	if (node < 0)
		return "-";
	return fmt_percent(buf, size, ct_compared_share(&v->c, side, node));
}

static void
draw_node(struct app *a, const struct compare *v, const struct area *area, int y, const struct row *r)
{
	const struct ct_compared_node *n = &v->c.node[r->at];
	const struct ct_node *x = node_of(v, n);
	char name[2 * STUDY_NAME], b[FMT_SIZE];

	draw_cut(area, 3, y, area->w - NAMES - 4, x->kind == CT_NODE_EMBEDDING ? ST_INPUT :
	    x->kind == CT_NODE_ERROR ? ST_REST : ST_TEXT, node_text(a, v, n, name, sizeof name));
	for (int i = 0; i < 2; i++) {
		int node = i ? n->there : n->here;

		if (isfinite(activation(a, v, i, n)))
			draw_right(area, area->w - (i ? WAS_THERE : WAS_HERE), y, ST_TEXT,
			    fmt_plain(b, sizeof b, activation(a, v, i, n)));
		draw_right(area, area->w - (i ? IS_THERE : IS_HERE), y,
		    node >= 0 && v->c.graph[i]->nodes[node].kept ? ST_TEXT : ST_DIM,
		    share_text(a, v, n, i, b, sizeof b));
	}
	draw_moved(area, y, r);
}

/* "at Dallas | Orlando   6 features  Tallahassee 98.3%, 83% of gap  +13" */
static void
draw_place(struct app *a, const struct compare *v, const struct area *area, int y, const struct row *r)
{
	char text[2 * STUDY_NAME], got[STUDY_NAME], p[FMT_SIZE], gap[FMT_SIZE + 16] = "";
	int end = area->w - NAMES + 1;

	if (r->at == v->c.align.T)
		snprintf(text, sizeof text, "all aligned tokens");
	else
		snprintf(text, sizeof text, "at %s | %s", token_at(a->study.first, r->at),
		    token_at(v->there, v->c.align.there[r->at]));
	draw_cut(area, 3, y, end - 17, ST_STRONG, text);
	draw_fmt(area, end - 12, y, ST_DIM, "%d feature%s", r->patch.features,
	    r->patch.features == 1 ? "" : "s");
	if (isfinite(r->patch.share))
		snprintf(gap, sizeof gap, ", %s of gap", fmt_percent(p, sizeof p, (double)r->patch.share));
	snprintf(text, sizeof text, "%s %s%s", study_word(&a->study, r->patch.top, got, sizeof got),
	    fmt_percent(p, sizeof p, (double)r->patch.prob), gap);
	draw_cut(area, end + 2, y, area->w - 9 - end - 2, ST_TEXT, text);
	draw_moved(area, y, r);
}

static void
draw_row(struct app *a, const struct compare *v, const struct area *area, int y, const struct row *r)
{
	if (r->kind == ROW_TITLE)
		draw_title(v, area, y, r->at);
	else if (r->kind == ROW_NODE)
		draw_node(a, v, area, y, r);
	else
		draw_place(a, v, area, y, r);
}

/* The answers of both, and the other prompt. */
static void
draw_head(struct app *a, const struct compare *v, const struct area *area)
{
	char word[STUDY_NAME], p[FMT_SIZE];
	int x = 1;

	for (int i = 0; i < 2; i++) {
		x += draw_text(area, x, 0, ST_DIM, i ? "   there " : "here ");
		x += draw_text(area, x, 0, ST_STRONG, study_word(&a->study, v->answer[i].token, word,
		    sizeof word));
		x += draw_fmt(area, x, 0, ST_STRONG, " %s", fmt_percent(p, sizeof p,
		    (double)v->answer[i].prob));
	}
	draw_fmt(area, x, 0, ST_DIM, "   %d of %d tokens are equal", v->c.align.equal, v->c.align.T);
	draw_text(area, 1, 1, ST_DIM, "there");
	if (ct_session_is_clamped(v->there))
		draw_cut(area, 7, 1, area->w - NAMES - 1, ST_CLAMP, "the clamped run");
	else
		draw_cut(area, 7, 1, area->w - NAMES + 2, ST_INPUT, ct_session_text(v->there));
}

/* What `adds` counts, and how many edges each side has; long answers are cut, the counts are not. */
static void
draw_foot(const struct compare *v, const struct area *area, const char *here, const char *there)
{
	char edges[120];
	bool one = strcmp(here, there) == 0;
	int x = 1, y = area->h - 1, room, other = one ? 0 : ct_text_width(here);

	snprintf(edges, sizeof edges, "; edges%s: %d shared, %d here, %d there",
	    v->left_out ? " of the strongest" : "", v->c.edge_count[CT_SHARED],
	    v->c.edge_count[CT_ONLY_HERE], v->c.edge_count[CT_ONLY_THERE]);
	room = area->w - ct_text_width(edges) - (int)sizeof "adds: to the lead of  over ";
	if (other > room / 2 && ct_text_width(there) > room - other)
		other = room / 2;
	x += draw_text(area, x, y, ST_DIM, one ? "adds: to the logit of " : "adds: to the lead of ");
	x += draw_cut(area, x, y, room - other, ST_DIM, there);
	if (!one) {
		x += draw_text(area, x, y, ST_DIM, " over ");
		x += draw_cut(area, x, y, other, ST_DIM, here);
	}
	draw_text(area, x, y, ST_DIM, edges);
}

static void
compare_draw(struct app *a, void *state, const struct area *area)
{
	struct compare *v = state;
	char here[STUDY_NAME], there[STUDY_NAME];

	compare_list(a, v);
	if (!v->n) {
		draw_wrapped(area, 1, 1, area->w - 2, ST_DIM, v->why.msg);
		return;
	}
	draw_head(a, v, area);
	draw_right(area, area->w - WAS_THERE, 1, ST_DIM, "active");
	draw_right(area, area->w - IS_THERE, 1, ST_DIM, "influence");
	draw_right(area, area->w - MOVED, 1, ST_DIM, "adds");
	v->list.y = 2;
	list_resize(&v->list, v->n, area->h - 3);
	for (int i = 0; i < v->list.h && v->list.top + i < v->n; i++) {
		draw_row(a, v, area, 2 + i, &v->row[v->list.top + i]);
		if (v->list.top + i == v->list.sel)
			draw_select(area, 0, 2 + i, area->w - NAMES);
	}
	study_word(&a->study, v->answer[0].token, here, sizeof here);
	study_word(&a->study, v->answer[1].token, there, sizeof there);
	draw_foot(v, area, here, there);
}

static void
compare_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	struct compare *v = state;
	const struct row *r = &v->row[row];

	if (r->kind == ROW_NODE)
		node_text(a, v, &v->c.node[r->at], buf, size);
	else if (r->kind == ROW_PLACE && r->at < v->c.align.T)
		snprintf(buf, size, "%s", token_at(a->study.first, r->at));
	else
		buf[0] = '\0';
}

static bool
compare_feature(struct app *a, void *state, struct ct_clamp *out)
{
	struct compare *v = state;
	const struct row *r;
	const struct ct_compared_node *n;
	const struct ct_node *x;

	(void)a;
	if (!v->n || (r = &v->row[v->list.sel])->kind != ROW_NODE)
		return false;
	n = &v->c.node[r->at];
	x = node_of(v, n);
	*out = (struct ct_clamp){ .layer = x->layer, .feature = x->index,
		.pos = n->here >= 0 ? x->pos : v->c.align.here[x->pos] };
	return x->kind == CT_NODE_FEATURE && out->pos >= 0;
}

/* Clamps what the row's patch sets; these clamps replace others of the same features. */
static int
compare_enter(struct app *a, void *state)
{
	struct compare *v = state;
	struct ct_patch_what what = { .layer = -1, .feature = -1, .pos = -1 };
	struct ct_clamp clamps[STUDY_CLAMPS], one;
	const struct row *r;
	struct ct_error err;
	int n;

	if (!v->n || (r = &v->row[v->list.sel])->kind == ROW_TITLE)
		return DID_NOTHING;
	if (!r->tested)
		return app_fail(a, "there is nothing to patch: this is the same here and there, or has no "
		    "counterpart here");
	if (r->kind == ROW_PLACE && r->at < v->c.align.T)
		what.pos = r->at;
	else if (r->kind == ROW_NODE && compare_feature(a, v, &one))
		what = (struct ct_patch_what){ one.layer, one.feature, one.pos };
	n = ct_session_patch_clamps(a->study.first, v->there, &v->c, &what, clamps, STUDY_CLAMPS);
	if (n > STUDY_CLAMPS)
		return app_fail(a, "%d features differ, at most %d can be clamped: choose a token or a "
		    "feature", n, STUDY_CLAMPS);
	if (study_clamp(&a->study, clamps, n, &err))
		return app_error(a, &err);
	app_say(a, "%d feature%s set to what %s there; %s undoes it", n, n == 1 ? "" : "s", n == 1 ? "it is" :
	    "they are", key_for("undo"));
	view_show(a, VIEW_CLAMPS);
	return DID_CHANGE;
}

/*
 * Saves the other prompt, unless a line of a session cannot hold it unchanged; or that it is the clamped run.
 */
static void
compare_save(struct app *a, void *state, struct lines *out)
{
	struct compare *v = state;
	char clean[512];

	if (a->view != VIEW_COMPARE || !v->there)
		return;
	ct_text_clean(clean, sizeof clean, v->prompt, strlen(v->prompt));
	if (strcmp(clean, v->prompt) == 0)
		lines_add(out, "compare %s", v->prompt);
}

const struct view_ops compare_view = {
	.name = "compare",
	.title = "compare",
	.note = "what this graph shares with that of another prompt, what only one has, and what patches do",
	.keep = true,
	.save = compare_save,
	.open = compare_open,
	.close = compare_close,
	.changed = compare_changed,
	.draw = compare_draw,
	.list = compare_list,
	.focused = compare_focused,
	.text = compare_text,
	.enter = compare_enter,
	.feature = compare_feature,
};
