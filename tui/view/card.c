/*
 * card: everything known about the selected node, line by line.
 *
 * The lines are made again for each frame. While the tree has the keys, they are chosen to fit the pane;
 * while the card has the keys, there are more of them and they scroll. Enter on a line that names a node goes
 * to that node. card_lines.c draws the lines.
 */
#include "tui/view/card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "tui/app.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

enum { EDGES = 64 };

static void *
card_open(void)
{
	return calloc(1, sizeof(struct card));
}

static void
card_close(void *state)
{
	free(state);
}

static void
add(struct card *c, struct card_line line)
{
	if (c->list.n < CARD_LINES)
		c->line[c->list.n++] = line;
}

/* The parts of an error node that was opened, in at most `room` lines. */
static void
add_opened(const struct ct_opened *o, struct card *c, int room)
{
	int others = 5 + (o->skip != 0), n = room - others < 3 ? 3 : room - others;

	add(c, (struct card_line){ .kind = BLANK });
	add(c, (struct card_line){ .kind = OPENED_HEAD });
	add(c, (struct card_line){ .kind = OPENED_PART, .text = "neurons", .edge.weight =
	    (float)o->neurons_sum });
	for (int i = 0; i < n && i < o->n; i++)
		add(c, (struct card_line){ .kind = OPENED_NEURON, .i = i });
	add(c, (struct card_line){ .kind = OPENED_PART, .text = "less features", .edge.weight =
	    (float)o->features });
	if (o->skip != 0)
		add(c, (struct card_line){ .kind = OPENED_PART, .text = "less skip path", .edge.weight =
		    (float)o->skip });
	add(c, (struct card_line){ .kind = OPENED_PART, .text = "biases", .edge.weight =
	    (float)o->bias });
	add(c, (struct card_line){ .kind = OPENED_CHECK });
}

static void
add_edges(struct app *a, struct card *c, enum card_kind kind, int max)
{
	struct ct_edge edge[EDGES];
	const struct ct_graph *g = a->study.graph;
	int n = kind == FROM ? ct_graph_inputs(g, c->node, true, edge, EDGES)
			     : ct_graph_outputs(g, c->node, true, edge, EDGES);

	if (n == 0)	/* not in the pruned graph */
		n = kind == FROM ? ct_graph_inputs(g, c->node, false, edge, EDGES)
				 : ct_graph_outputs(g, c->node, false, edge, EDGES);
	for (int i = 0; i < n && i < max && i < EDGES; i++)
		add(c, (struct card_line){ .kind = kind, .first = i == 0, .edge = edge[i] });
	if (kind == FROM && g->partial && !g->nodes[c->node].attributed)
		add(c, (struct card_line){ .kind = NOTE, .text = "what feeds it: Enter computes it now" });
}

/* Whether two examples would look the same in a pane that shows only the words before the peak. */
static bool
same_words(const struct ct_card_example *x, const struct ct_card_example *y)
{
	for (int back = 0; back < 4; back++) {
		int i = x->peak - back, k = y->peak - back;

		if (i < 0 || k < 0)
			return i < 0 && k < 0;
		if (strcmp(x->tokens[i], y->tokens[k]) != 0)
			return false;
	}
	return true;
}

static bool
is_shown(const struct card *c, const struct ct_card_example *e)
{
	for (int i = 0; i < c->list.n; i++)
		if (c->line[i].kind == EXAMPLE && same_words(c->line[i].example, e))
			return true;
	return false;
}

static void
add_examples(struct card *c, int max)
{
	int added = 0;

	if (!c->card)
		return;
	for (int q = 0; q < c->card->n_quantiles; q++) {
		const struct ct_card_quantile *quantile = &c->card->quantiles[q];

		for (int i = 0; i < quantile->n && added < max; i++) {
			if (is_shown(c, &quantile->examples[i]))
				continue;
			if (added == 0)
				add(c, (struct card_line){ .kind = TITLE, .text = "fires on" });
			add(c, (struct card_line){ .kind = EXAMPLE, .example = &quantile->examples[i] });
			added++;
		}
	}
}

static void
add_logits(struct card *c, bool all)
{
	if (!c->card || !c->card->n_top)
		return;
	if (!all) {
		add(c, (struct card_line){ .kind = SAYS, .first = true, .i = -1 });
		return;
	}
	add(c, (struct card_line){ .kind = TITLE, .text = "says more / less" });
	for (int i = 0; i < c->card->n_top || i < c->card->n_bottom; i++)
		add(c, (struct card_line){ .kind = SAYS, .i = i });
}

/*
 * Chooses the feature's picture over pairs of numbers, at most h lines high: in full detail if the rest of
 * the card is not cut short by it, else folded.
 */
static void
fit_plot(struct app *a, struct card *c, const struct ct_node *n, int h, bool all)
{
	enum { LEAST = 4, ENOUGH = 9 };	/* lines for the rest of the card */

	c->plot.h = 0;
	if (!c->card || !ct_session_operands_known(a->study.session, n->layer, n->index, n->pos,
	    &c->operands))
		return;
	if (!c->words && ct_plot_fit(&c->plot, CT_PLOT_DOTS, &c->operands, c->w - 1, all ? h : h - ENOUGH,
	    c->ascii) &&
	    c->plot.by < CT_PLOT_COARSEST)
		return;
	if (!ct_plot_fit(&c->plot, CT_PLOT_FOLDED, &c->operands, c->w - 1, all ? h : h - LEAST, c->ascii))
		c->plot.h = 0;
}

/*
 * A folded picture is at the same height on all cards, so that the eye finds it when it moves to another one.
 */
static void
add_plot(struct card *c, int room)
{
	if (!c->plot.h)
		return;
	while (c->plot.form == CT_PLOT_FOLDED && c->list.n < room - c->plot.h - 2)
		add(c, (struct card_line){ .kind = BLANK });
	add(c, (struct card_line){ .kind = PLOT_TITLE });
	if (c->words)
		add(c, (struct card_line){ .kind = PLOT_WORDS });
	for (int y = 0; y < c->plot.h && !c->words; y++)
		add(c, (struct card_line){ .kind = PLOT, .i = y });
}

/* Finds the feature's card, or the reason why there is none in c->why. Both are empty for other nodes. */
static void
find_card(struct app *a, struct card *c, const struct ct_node *n)
{
	c->card = NULL;
	c->why.msg[0] = '\0';
	if (!study_is_feature(n))
		return;
	if (a->study.info->has_cards)
		c->card = ct_engine_card(a->study.engine, n->layer, n->index, &c->why);
	else if (!a->study.info->neurons)
		ct_fail(&c->why, CT_ENOTFOUND, a->study.info->from_file ? "no card without a model"
								 : "no cards yet (ctrace features)");
}

/*
 * How many of the `left` lines are for inputs, and as many for outputs. Usually one line is for logits, and
 * inputs, outputs and examples get a third each; with a picture in a small pane there are only inputs and
 * outputs.
 */
static int
edge_lines(const struct card *c, const struct ct_node *n, int left, bool all)
{
	enum { MOST = 10 };
	int lines = c->plot.h && left < 9 ? left / 2 : (left - 3) / (c->card ? 3 : 2);

	if (all)
		return EDGES;
	if (!ct_node_traits(n->kind)->has_inputs)
		return left;
	if (n->kind == CT_NODE_TARGET && !c->card)
		return left - 1;
	return lines < MOST ? lines : MOST;
}

/* The shares that come directly from words, features and errors. Neurons leave no errors. */
static void
add_split(struct app *a, struct card *c, const struct ct_node *n)
{
	struct ct_arena scratch = { .blocks = NULL };
	struct ct_error err;

	if (ct_node_traits(n->kind)->has_inputs) {
		bool known = ct_direct_split(&c->split, a->study.graph, c->node, &scratch, &err) == CT_OK;

		add(c, (struct card_line){ .kind = SPLIT_TITLE, .i = known });
		for (int i = 0; i < CT_DIRECT_SOURCES && known; i++)
			if (i != CT_DIRECT_ERRORS || !a->study.info->neurons)
				add(c, (struct card_line){ .kind = SPLIT, .i = i });
	}
	ct_arena_free(&scratch);
}

/* The reason why a card cannot be read comes before the lines that may be scrolled away. */
static void
add_figures(struct app *a, struct card *c)
{
	add(c, (struct card_line){ .kind = FIGURES });
	if (c->card && ct_card_dense(c->card))
		add(c, (struct card_line){ .kind = DENSE });
	if (a->study.info->has_cards && c->why.msg[0])
		add(c, (struct card_line){ .kind = NOTE, .text = c->why.msg });
}

/* The parts of a node's value that are not edges. */
static void
add_terms(struct card *c, const struct ct_node *n, bool first)
{
	add(c, (struct card_line){ .kind = BIAS, .first = first });
	if (n->omitted != 0)
		add(c, (struct card_line){ .kind = LEFT_OUT });
}

/* As many examples as leave room for the logits. */
static void
add_meaning(struct card *c, int room, bool all)
{
	int examples = all ? CARD_LINES : room - c->list.n - 2;

	if (examples > 0)
		add_examples(c, examples);
	add_logits(c, all);
}

/* How many labels a mixed feature's card lists. */
static int
candidates(const struct card *c, bool all)
{
	const struct ct_card *x = c->card;

	return x && !x->edited && x->f1 < .5 && (all || x->f1 >= CT_GUESS_F1) ? x->n_candidates : 0;
}

/* room: lines of the pane; all: add every line, even if they do not fit. */
static void
build(struct app *a, struct card *c, int room, bool all)
{
	const struct ct_node *n = study_node(&a->study, c->node);
	bool effect = card_effect(a, c->node), tight;
	int mixed, left, edges, before;
	char about[STUDY_NAME];
	const char *written;

	c->list.n = 0;
	c->plot.h = 0;
	find_card(a, c, n);
	mixed = candidates(c, all);
	add(c, (struct card_line){ .kind = HEAD });
	if (ct_node_subject(n) != CT_NODE_TARGET)
		add(c, (struct card_line){ .kind = LABEL });
	written = notes_find(&a->notes, notes_about(&a->study, c->node, about, sizeof about));
	if (written)
		add(c, (struct card_line){ .kind = WRITTEN, .text = written });
	add_figures(a, c);
	if (n->kind == CT_NODE_TARGET || all)
		add_split(a, c, n);
	if (effect)
		add(c, (struct card_line){ .kind = EFFECT });
	if (c->card && c->card->rewrite.layer > 0)
		add(c, (struct card_line){ .kind = REWRITE });
	if (a->study.opened.is_open && a->study.opened.error == c->node)
		add_opened(&a->study.opened.parts, c, all ? EDGES : room - c->list.n - 4);
	for (int i = 0; i < mixed && i < (all || room > 24 ? 3 : 1); i++)
		add(c, (struct card_line){ .kind = CANDIDATE, .i = i });
	left = room - c->list.n - 1;
	if (c->card)
		fit_plot(a, c, n, all ? room : left - 1, all);
	left -= c->plot.h ? c->plot.h + 1 : 0;
	edges = edge_lines(c, n, left, all);
	/* In a small pane blank lines give way to an example: without one, a label is only a claim. */
	tight = !all && room < 12 && c->card && !c->plot.h;
	if (!tight)
		add(c, (struct card_line){ .kind = BLANK });
	before = c->list.n;
	if (ct_node_traits(n->kind)->has_inputs) {
		add_edges(a, c, FROM, edges < 2 ? 2 : edges);
		if ((n->kind == CT_NODE_TARGET || all) && card_knows_terms(a->study.graph))
			add_terms(c, n, c->list.n == before);
	}
	if (!all && c->plot.h && edges > left - 1 - (c->list.n - before))
		edges = left - 1 - (c->list.n - before);
	else if (edges < 2)
		edges = 2;
	if (n->kind != CT_NODE_TARGET)
		add_edges(a, c, TO, edges);
	add_plot(c, all ? 0 : room);
	if (c->card) {
		if (!tight && (all || !c->plot.h || room - c->list.n > 3))
			add(c, (struct card_line){ .kind = BLANK });
		add_meaning(c, room, all);
	} else if (c->why.msg[0] && !a->study.info->has_cards) {
		add(c, (struct card_line){ .kind = BLANK });
		add(c, (struct card_line){ .kind = NOTE, .text = c->why.msg });
	}
}

/* The card of a feature that is not active in this prompt: only what does not depend on it. */
static void
build_absent(struct app *a, struct card *c)
{
	find_card(a, c, &a->study.absent);
	c->plot.h = 0;
	add(c, (struct card_line){ .kind = ABSENT_HEAD });
	add(c, (struct card_line){ .kind = LABEL });
	add(c, (struct card_line){ .kind = ABSENT_FIGURES });
	if (c->card && ct_card_dense(c->card))
		add(c, (struct card_line){ .kind = DENSE });
	add(c, (struct card_line){ .kind = BLANK });
	if (!c->card) {
		add(c, (struct card_line){ .kind = NOTE, .text = c->why.msg });
		return;
	}
	add_examples(c, CARD_LINES);
	add_logits(c, true);
}

/* The card of a row that sums up several nodes lists them. */
static void
build_sum(struct card *c)
{
	const struct tree_item *t = c->sum;
	int to = t->node >= 0 ? t->node : tree_item_target(t);

	c->plot.h = 0;
	c->card = NULL;
	add(c, (struct card_line){ .kind = SUM_HEAD });
	add(c, (struct card_line){ .kind = SUM_FIGURES });
	add(c, (struct card_line){ .kind = BLANK });
	for (int i = c->rest ? t->shown : 0, first = i; i < t->n; i++)
		if (t->child[i].node >= 0)
			add(c, (struct card_line){ .kind = FROM, .first = i == first, .edge = {
				.source = t->child[i].node, .target = to,
				.weight = (float)tree_item_weight(&t->child[i]) } });
}

const struct ct_node *
card_node(const struct app *a, const struct card *c)
{
	return a->study.has_absent ? &a->study.absent : study_node(&a->study, c->node);
}

static struct list *
card_list(struct app *a, void *state)
{
	struct card *c = state;

	c->node = a->study.node;
	c->list.n = 0;
	c->sum = c->node < 0 && a->study.graph && !a->study.has_absent ? tree_summed(a, &c->rest) : NULL;
	if (a->study.has_absent)
		build_absent(a, c);
	else if (c->sum)
		build_sum(c);
	else if (study_node(&a->study, c->node))
		build(a, c, c->list.h ? c->list.h : 16, a->focus == VIEW_CARD);
	if (c->list.sel >= c->list.n)
		c->list.sel = c->list.n ? c->list.n - 1 : 0;
	return &c->list;
}

static void
card_changed(struct app *a, void *state, enum change what)
{
	struct card *c = state;

	if (what == CHANGED_GRAPH)
		study_fold_error(&a->study);
	c->list.sel = c->list.top = 0;
}

/* The selection begins at the first line that Enter can follow. */
static void
card_focused(struct app *a, void *state)
{
	struct card *c = state;

	card_list(a, c);
	for (int i = 0; c->list.sel == 0 && i < c->list.n; i++)
		if (c->line[i].kind == FROM || c->line[i].kind == TO)
			list_select(&c->list, i);
}

static void
card_draw(struct app *a, void *state, const struct area *area)
{
	struct card *c = state;
	bool focus = a->focus == VIEW_CARD;

	c->list.h = area->h;
	c->w = area->w;
	c->ascii = area->grid->ascii;
	c->words = area->grid->words;
	card_list(a, c);
	list_resize(&c->list, c->list.n, area->h);
	if (!focus)
		c->list.top = 0;
	for (int y = 0; y < area->h && c->list.top + y < c->list.n; y++) {
		card_draw_line(a, area, y, c, &c->line[c->list.top + y]);
		if (focus && c->list.top + y == c->list.sel)
			draw_select(area, 0, y, area->w);
	}
	if (focus && list_more_above(&c->list))
		draw_cell(area, area->w - 1, 0, ST_DIM, 0x2191);
	if (focus && list_more_below(&c->list))
		draw_cell(area, area->w - 1, area->h - 1, ST_DIM, 0x2193);
}

static int
card_enter(struct app *a, void *state)
{
	struct card *c = state;
	const struct card_line *l;
	int node;

	if (!card_list(a, c)->n)
		return DID_NOTHING;
	l = &c->line[c->list.sel];
	if (l->kind == WRITTEN) {	/* shows the whole note */
		app_say(a, "%s", l->text);
		return DID_CHANGE;
	}
	if (l->kind != FROM && l->kind != TO)
		return app_fail(a, "nothing to go to on this line: choose one under from or to");
	node = l->kind == FROM ? l->edge.source : l->edge.target;
	view_select(a, node);
	tree_reveal(a, node);
	return DID_CHANGE;
}

static void
card_text(struct app *a, void *state, int row, char *buf, size_t size)
{
	struct card *c = state;
	const struct card_line *l = &c->line[row];
	char name[STUDY_NAME], note[STUDY_NAME];
	int other = l->kind == FROM ? l->edge.source : l->edge.target;

	buf[0] = '\0';
	if (l->kind == FROM || l->kind == TO)
		snprintf(buf, size, "%s %s", study_name(&a->study, other, name, sizeof name),
		    study_note(&a->study, other, note, sizeof note));
	else if (l->text)
		snprintf(buf, size, "%s", l->text);
}

const struct view_ops card_view = {
	.node = true,
	.name = "card",
	.title = "card",
	.note = "the selected node: label, figures, what feeds it and what it feeds, examples, the tokens "
		"it favours",
	.keep = true,
	.open = card_open,
	.close = card_close,
	.changed = card_changed,
	.draw = card_draw,
	.list = card_list,
	.focused = card_focused,
	.text = card_text,
	.enter = card_enter,
};
