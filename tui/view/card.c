/*
 * card: all that is known about the selected node, line by line.
 *
 * The lines are made anew for each frame. While the tree has the keys they are chosen to fit the pane; with
 * the keys on the card there are more of them and they scroll. Lines that name a node lead there.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/fmt.h"
#include "tui/view/operands.h"

enum { CARD_LINES = 160, EDGES = 64 };

enum kind { HEAD, LABEL, WRITTEN, FIGURES, EFFECT, REWRITE, BLANK, TITLE, FROM, TO, EXAMPLE, SAYS, CANDIDATE, BIAS, PLOT_TITLE, PLOT,
	NOTE };

struct line {
	enum kind kind;
	bool first;			/* says what the following are */
	struct ct_edge edge;
	const struct ct_card_example *example;
	const char *text;
	int i;
};

struct card {
	struct list list;
	struct line line[CARD_LINES];
	int node;			/* that the lines are about */
	const struct ct_card *card;	/* of the frame, or NULL */
	struct ct_error why;		/* there is none */
	struct ct_operands operands;
	struct ct_plot plot;		/* of these; h 0: none */
	int w;				/* of the pane */
	bool ascii;
};

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
add(struct card *c, struct line line)
{
	if (c->list.n < CARD_LINES)
		c->line[c->list.n++] = line;
}

static void
add_edges(struct app *a, struct card *c, enum kind kind, int max)
{
	struct ct_edge edge[EDGES];
	const struct ct_graph *g = a->study.graph;
	int n = kind == FROM ? ct_graph_inputs(g, c->node, true, edge, EDGES)
			     : ct_graph_outputs(g, c->node, true, edge, EDGES);

	if (n == 0)	/* not in the pruned graph */
		n = kind == FROM ? ct_graph_inputs(g, c->node, false, edge, EDGES)
				 : ct_graph_outputs(g, c->node, false, edge, EDGES);
	for (int i = 0; i < n && i < max && i < EDGES; i++)
		add(c, (struct line){ .kind = kind, .first = i == 0, .edge = edge[i] });
}

static const struct ct_effect *
effect_of(struct app *a, int node)
{
	const struct ct_outcome *o = study_clamps(&a->study)->n ? ct_session_outcome(a->study.session) : NULL;

	for (int i = 0; o && i < o->n_effects; i++)
		if (o->effects[i].node == node)
			return &o->effects[i];
	return NULL;
}

/* Would they look the same in a pane that shows the words before the peak? */
static bool
same_words(const struct ct_card_example *x, const struct ct_card_example *y)
{
	for (int back = 0; back < 4; back++) {
		int i = x->peak - back, k = y->peak - back;

		if (i < 0 || k < 0)
			return i < 0 && k < 0;
		if (strcmp(x->tokens[i], y->tokens[k]))
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
				add(c, (struct line){ .kind = TITLE, .text = "fires on" });
			add(c, (struct line){ .kind = EXAMPLE, .example = &quantile->examples[i] });
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
		add(c, (struct line){ .kind = SAYS, .first = true, .i = -1 });
		return;
	}
	add(c, (struct line){ .kind = TITLE, .text = "says more / less" });
	for (int i = 0; i < c->card->n_top || i < c->card->n_bottom; i++)
		add(c, (struct line){ .kind = SAYS, .i = i });
}

/* Does the graph know what has no source node? That of another program's file does not. */
static bool
knows_terms(const struct ct_graph *g)
{
	return !g->links || g->known.terms;
}

/*
 * Chooses the feature's picture over pairs of numbers, in at most h lines: fine if it leaves so much that the rest of
 * the card is not cut short, else folded.
 */
static void
fit_plot(struct app *a, struct card *c, const struct ct_node *n, int h, bool all)
{
	enum { LEAST = 4, ENOUGH = 9 };	/* lines of other things */

	c->plot.h = 0;
	if (!c->card || !ct_session_operands_known(a->study.session, n->layer, n->index, n->pos, &c->operands))
		return;
	if (ct_plot_fit(&c->plot, CT_PLOT_DOTS, &c->operands, c->w - 1, all ? h : h - ENOUGH, c->ascii) &&
	    c->plot.by < CT_PLOT_COARSEST)
		return;
	if (!ct_plot_fit(&c->plot, CT_PLOT_FOLDED, &c->operands, c->w - 1, all ? h : h - LEAST, c->ascii))
		c->plot.h = 0;
}

/* A folded one stands at the same height on all cards, where little of it changes with the card. */
static void
add_plot(struct card *c, int room)
{
	if (!c->plot.h)
		return;
	while (c->plot.form == CT_PLOT_FOLDED && c->list.n < room - c->plot.h - 2)
		add(c, (struct line){ .kind = BLANK });
	add(c, (struct line){ .kind = PLOT_TITLE });
	for (int y = 0; y < c->plot.h; y++)
		add(c, (struct line){ .kind = PLOT, .i = y });
}

/* room: lines of the pane; all: as much as there is. */
static void
build(struct app *a, struct card *c, int room, bool all)
{
	const struct ct_node *n = study_node(&a->study, c->node);
	bool feature =
	    n->kind == CT_NODE_FEATURE || (n->kind == CT_NODE_TARGET && n->target == CT_TARGET_FEATURE);
	bool effect = effect_of(a, c->node) != NULL;
	int mixed, left, edges, examples, before;
	char about[STUDY_NAME];
	const char *written;

	c->list.n = 0;
	c->card = NULL;
	c->plot.h = 0;
	c->why.msg[0] = '\0';
	if (feature) {
		if (a->study.info->has_cards)
			c->card = ct_engine_card(a->study.engine, n->layer, n->index, &c->why);
		else
			ct_fail(&c->why, CT_ENOTFOUND, a->study.info->from_file ? "no card without a model"
									 : "no cards yet (ctrace features)");
	}
	mixed = c->card && !c->card->edited && c->card->f1 < .5 ? c->card->n_candidates : 0;
	add(c, (struct line){ .kind = HEAD });
	if (feature || n->kind == CT_NODE_ERROR || n->kind == CT_NODE_EMBEDDING)
		add(c, (struct line){ .kind = LABEL });
	written = notes_find(&a->notes, notes_about(&a->study, c->node, about, sizeof about));
	if (written)
		add(c, (struct line){ .kind = WRITTEN, .text = written });
	add(c, (struct line){ .kind = FIGURES });
	if (effect)
		add(c, (struct line){ .kind = EFFECT });
	if (c->card && c->card->rewrite.layer > 0)
		add(c, (struct line){ .kind = REWRITE });
	for (int i = 0; i < mixed && i < (all || room > 24 ? 3 : 1); i++)
		add(c, (struct line){ .kind = CANDIDATE, .i = i });
	left = room - c->list.n - 1;
	if (feature && c->card)
		fit_plot(a, c, n, all ? room : left - 1, all);
	if (c->plot.h)
		left -= c->plot.h + 1;
	/* What is left: a line of logits, a third each for inputs, outputs and examples; beside a picture these may go. */
	edges = all ? EDGES : c->plot.h && left < 9 ? left / 2 : (left - 3) / (feature && c->card ? 3 : 2);
	if (!all && edges > 10)
		edges = 10;
	if (n->kind == CT_NODE_EMBEDDING || n->kind == CT_NODE_ERROR)
		edges = all ? EDGES : left;
	else if (n->kind == CT_NODE_TARGET && !c->card)
		edges = all ? EDGES : left - 1;
	add(c, (struct line){ .kind = BLANK });
	before = c->list.n;
	if (n->kind == CT_NODE_FEATURE || n->kind == CT_NODE_TARGET) {
		add_edges(a, c, FROM, edges < 2 ? 2 : edges);
		if ((n->kind == CT_NODE_TARGET || all) && knows_terms(a->study.graph))
			add(c, (struct line){ .kind = BIAS, .first = c->list.n == before });
	}
	if (!all && c->plot.h && edges > left - 1 - (c->list.n - before))
		edges = left - 1 - (c->list.n - before);
	else if (edges < 2)
		edges = 2;
	if (n->kind != CT_NODE_TARGET)
		add_edges(a, c, TO, edges);
	add_plot(c, all ? 0 : room);
	if (c->card) {
		if (all || !c->plot.h || room - c->list.n > 3)
			add(c, (struct line){ .kind = BLANK });
		examples = all ? CARD_LINES : room - c->list.n - 2;
		if (examples > 0)
			add_examples(c, examples);
		add_logits(c, all);
	} else if (c->why.msg[0]) {
		add(c, (struct line){ .kind = BLANK });
		add(c, (struct line){ .kind = NOTE, .text = c->why.msg });
	}
}

static struct list *
card_list(struct app *a, void *state)
{
	struct card *c = state;

	c->node = a->study.node;
	c->list.n = 0;
	if (study_node(&a->study, c->node))
		build(a, c, c->list.h ? c->list.h : 16, a->focus == VIEW_CARD);
	if (c->list.sel >= c->list.n)
		c->list.sel = c->list.n ? c->list.n - 1 : 0;
	return &c->list;
}

static void
card_changed(struct app *a, void *state, enum change what)
{
	struct card *c = state;

	(void)a;
	(void)what;
	c->list.sel = c->list.top = 0;
}

/* The keys begin on the first line that leads somewhere. */
static void
card_focused(struct app *a, void *state)
{
	struct card *c = state;

	card_list(a, c);
	for (int i = 0; c->list.sel == 0 && i < c->list.n; i++)
		if (c->line[i].kind == FROM || c->line[i].kind == TO)
			list_select(&c->list, i);
}

static double
total_influence(const struct ct_graph *g)
{
	double sum = 0;

	for (int i = 0; i < g->n_nodes - g->n_targets; i++)
		sum += g->nodes[i].influence;
	return sum;
}

static void
draw_head(struct app *a, const struct area *area, int y, const struct card *c)
{
	const struct ct_node *n = study_node(&a->study, c->node);
	char name[STUDY_NAME], value[FMT_SIZE], text[FMT_SIZE + 16] = "";

	study_name(&a->study, c->node, name, sizeof name);
	if (n->kind == CT_NODE_FEATURE)
		snprintf(text, sizeof text, "active %s", fmt_plain(value, sizeof value, n->activation));
	else if (n->kind == CT_NODE_TARGET && n->target == CT_TARGET_LOGIT)
		snprintf(text, sizeof text, "%s", fmt_percent(value, sizeof value, n->prob));
	else if (n->kind == CT_NODE_TARGET)
		snprintf(text, sizeof text, "value %s", fmt_plain(value, sizeof value, n->value));
	draw_cut(area, 1, y, area->w - 3 - ct_text_width(text), ST_TITLE, name);
	draw_right(area, area->w - 1, y, ST_STRONG, text);
}

static void
draw_label(struct app *a, const struct area *area, int y, const struct card *c)
{
	const struct ct_node *n = study_node(&a->study, c->node);
	const char *label;
	char f1[FMT_SIZE], right[FMT_SIZE + 16] = "", text[300], shown[STUDY_NAME];
	bool guess;
	int room;

	if (n->kind == CT_NODE_ERROR) {
		draw_cut(area, 1, y, -1, ST_REST, "not explained by the transcoder");
		return;
	}
	if (n->kind == CT_NODE_EMBEDDING) {
		draw_cut(area, 1, y, -1, ST_DIM, "the word as the model reads it");
		return;
	}
	label = study_label(&a->study, n->layer, n->index, shown, sizeof shown, &guess);
	snprintf(text, sizeof text, "%s",
	    guess && c->card && c->card->n_candidates ? "mixed; it may be" : label);
	if (!*label && c->card && c->card->n_top)
		snprintf(text, sizeof text, "says %s", c->card->top[0].token);
	if (*ct_engine_label_typed(a->study.engine, n->layer, n->index))
		snprintf(right, sizeof right, "typed");
	else if (c->card && *label && isfinite(c->card->f1))
		snprintf(right, sizeof right, "F1 %s", fmt_share(f1, sizeof f1, c->card->f1));
	room = area->w - 3 - ct_text_width(right);
	draw_cut(area, 1, y, room, *label && !guess ? ST_STRONG : ST_DIM, *text ? text : "no label");
	draw_right(area, area->w - 1, y, ST_DIM, right);
}

static void
draw_figures(struct app *a, const struct area *area, int y, const struct card *c)
{
	const struct ct_graph *g = a->study.graph;
	const struct ct_node *n = study_node(&a->study, c->node);
	double sum = total_influence(g);
	char p[FMT_SIZE], text[64];
	int x = 1;

	if (n->kind == CT_NODE_TARGET && n->target == CT_TARGET_LOGIT) {
		if (!knows_terms(g))
			return;
		x += draw_text(area, x, y, ST_DIM, "logit ");
		x += draw_text(area, x, y, ST_TEXT, fmt_plain(p, sizeof p, n->value));
		draw_text(area, x, y, ST_DIM, " above the mean");
	} else if (n->kind == CT_NODE_TARGET) {	/* its value stands above */
		draw_text(area, x, y, ST_DIM, n->target == CT_TARGET_FEATURE ? "target: before the activation"
									       : "target: difference of logits");
	} else if (g->links) {	/* a file gives the running sum alone */
		x += draw_text(area, x, y, ST_DIM, "influence within first ");
		draw_text(area, x, y, ST_TEXT, fmt_percent(p, sizeof p, n->share));
	} else {
		x += draw_text(area, x, y, ST_DIM, "influence ");
		x += draw_text(area, x, y, n->kept ? ST_TEXT : ST_DIM,
		    fmt_percent(p, sizeof p, sum > 0 ? n->influence / sum : 0));
		if (!n->kept)
			draw_text(area, x + 1, y, ST_DIM, "pruned");
	}
	if (c->card && n->kind == CT_NODE_FEATURE) {
		snprintf(text, sizeof text, "fires %s", fmt_percent(p, sizeof p, c->card->frequency));
		draw_right(area, area->w - 1, y, ST_DIM, text);
	}
}

/* What the clamp makes of the activation. */
static void
draw_clamped(struct app *a, const struct area *area, int y, const struct ct_node *n)
{
	float value = ct_session_clamped_activation(a->study.session, n->layer, n->index, n->pos);
	char was[FMT_SIZE], now[FMT_SIZE];

	draw_fmt(area, 1, y, ST_CLAMP, "clamped %s → %s", fmt_plain(was, sizeof was, n->activation),
	    fmt_plain(now, sizeof now, value));
}

static void
draw_effect(struct app *a, const struct area *area, int y, const struct card *c)
{
	const struct ct_effect *e = effect_of(a, c->node);
	char b[2][FMT_SIZE];
	float predicted;
	int x = 1;

	if (!e)
		return;
	if (e->clamped) {
		draw_clamped(a, area, y, study_node(&a->study, c->node));
		return;
	}
	predicted = ct_predicted(ct_session_outcome(a->study.session), e);
	if (fabsf(e->observed) < .005f && fabsf(predicted) < .005f) {
		draw_text(area, x, y, ST_DIM, "not moved by the clamps");
		return;
	}
	x += draw_text(area, x, y, ST_CLAMP, "moved ");
	x += draw_text(area, x, y, ST_CLAMP, fmt_signed(b[0], sizeof b[0], e->observed));
	draw_fmt(area, x, y, ST_DIM, "  predicted %s", fmt_signed(b[1], sizeof b[1], predicted));
}

static void
draw_edge(struct app *a, const struct area *area, int y, const struct line *l)
{
	int other = l->kind == FROM ? l->edge.source : l->edge.target, end = area->w - 8, x = 7;
	const struct ct_node *n = study_node(&a->study, other);
	char name[STUDY_NAME], note[STUDY_NAME], w[FMT_SIZE];

	if (l->first)
		draw_text(area, 1, y, ST_DIM, l->kind == FROM ? "from" : "to");
	study_name(&a->study, other, name, sizeof name);
	study_note(&a->study, other, note, sizeof note);
	x += draw_cut(area, x, y, end - x,
	    n->kind == CT_NODE_ERROR	    ? ST_REST
		: n->kind == CT_NODE_TARGET ? ST_STRONG
					    : ST_TEXT,
	    name);
	if (*note && end - x > 4)
		draw_cut(area, x + 2, y, end - x - 2,
		    n->kind == CT_NODE_FEATURE && !study_guess(&a->study, other) ? ST_TEXT : ST_DIM, note);
	draw_right(area, area->w - 1, y, l->edge.weight < 0 ? ST_MINUS : ST_PLUS,
	    app_edge(a, &l->edge, w, sizeof w));
}

static void
draw_bias(struct app *a, const struct area *area, int y, const struct card *c, const struct line *l)
{
	const struct ct_node *n = study_node(&a->study, c->node);
	char w[FMT_SIZE];

	if (l->first)
		draw_text(area, 1, y, ST_DIM, "from");
	draw_text(area, 7, y, ST_DIM, "bias");
	draw_right(area, area->w - 1, y, ST_DIM, fmt_signed(w, sizeof w, n->bias + n->omitted));
}

/* Blanks before a token: those it begins with, which *t then leaves out, or the one that texts have between them. */
static int
gap(const struct app *a, const char **t)
{
	int blanks = (int)strspn(*t, " ");

	*t += blanks;
	return a->study.info->spaced ? blanks : 1;
}

static int
token_width(const struct app *a, const struct ct_card_example *e, int i)
{
	const char *t = e->tokens[i];
	int blanks = gap(a, &t);

	return blanks + ct_text_width(t);
}

/* The peak token where the eye finds it; as much before it as fits, then what follows. */
static void
draw_example(const struct app *a, const struct area *area, int y, const struct ct_card_example *e)
{
	int room = area->w - 3, x = 2, first = e->peak, used = token_width(a, e, e->peak) + 2, after = 0;

	if (e->peak + 1 < e->n)
		after = token_width(a, e, e->peak + 1);
	while (first > 0 && used + token_width(a, e, first - 1) + 3 + (used < room / 2 ? after : 0) <= room)
		used += token_width(a, e, --first);
	if (first > 0)
		x += draw_text(area, x, y, ST_DIM, "…");
	for (int i = first; i < e->n && x < area->w - 1; i++) {
		const char *t = e->tokens[i];
		int blanks = gap(a, &t);

		if (i > first || first > 0)
			x += blanks;
		if (i == e->peak) {
			x += draw_text(area, x, y, ST_PEAK, "[");
			x += draw_cut(area, x, y, area->w - 2 - x, ST_PEAK, t);
			x += draw_text(area, x, y, ST_PEAK, "]");
		} else {
			enum style style = e->acts[i] > 0 ? ST_TEXT : ST_DIM;

			if (i > e->peak && ct_text_width(t) > area->w - 1 - x)
				return;	/* half a word would be read as a word */
			x += draw_cut(area, x, y, area->w - 1 - x, style, t);
		}
	}
}

static int
draw_token_weight(const struct area *area, int x, int y, int max, const struct ct_card_logit *t)
{
	char w[FMT_SIZE] = "", token[STUDY_NAME];
	int used;

	if (isfinite(t->weight))
		fmt_signed(w, sizeof w, t->weight);
	if (max < 4 + 1 + ct_text_width(w))
		return 0;
	used = draw_cut(area, x, y, max - 1 - ct_text_width(w), ST_TEXT, fmt_token(token, sizeof token, t->token)) + 1;
	return used + draw_text(area, x + used, y, t->weight < 0 ? ST_MINUS : ST_PLUS, w);
}

static void
draw_says(const struct area *area, int y, const struct ct_card *card, const struct line *l)
{
	int x = 7, half = area->w / 2, room = area->w - 1 - x, last = 0;

	if (l->i >= 0) {
		if (l->i < card->n_top)
			draw_token_weight(area, 2, y, half - 3, &card->top[l->i]);
		if (l->i < card->n_bottom)
			draw_token_weight(area, half + 1, y, area->w - half - 2, &card->bottom[l->i]);
		return;
	}
	draw_text(area, 1, y, ST_DIM, "says");
	if (card->n_bottom)	/* room for the strongest "no" as well */
		last = ct_text_width(card->bottom[0].token) + 7;
	if (last > room / 2)
		last = room / 2;
	for (int i = 0; i < card->n_top && x + 8 < area->w - last; i++)
		x += draw_token_weight(area, x, y, area->w - 1 - last - x, &card->top[i]) + 2;
	if (card->n_bottom)
		draw_token_weight(area, x, y, area->w - 1 - x, &card->bottom[0]);
}

static void
draw_plot_title(const struct area *area, int y, const struct ct_operands *o)
{
	char share[FMT_SIZE], text[64];

	if (o->value[0] >= 0 && o->value[1] >= 0)
		draw_fmt(area, 1, y, ST_DIM, "all pairs: %d ↓ %d →", o->value[0], o->value[1]);
	else
		draw_text(area, 1, y, ST_DIM, "all pairs: first ↓");
	snprintf(text, sizeof text, "on %s", fmt_percent(share, sizeof share, (double)o->n_active / o->n / o->n));
	draw_right(area, area->w - 1, y, ST_DIM, text);
}

static void
draw_line_of(struct app *a, const struct area *area, int y, const struct card *c, const struct line *l)
{
	char f1[FMT_SIZE];

	switch (l->kind) {
	case HEAD:
		draw_head(a, area, y, c);
		break;
	case LABEL:
		draw_label(a, area, y, c);
		break;
	case WRITTEN:
		draw_cut(area, 1 + draw_text(area, 1, y, ST_KEY, "note "), y, area->w - 7, ST_STRONG, l->text);
		break;
	case FIGURES:
		draw_figures(a, area, y, c);
		break;
	case EFFECT:
		draw_effect(a, area, y, c);
		break;
	case REWRITE:
		draw_fmt(area, 1, y, ST_REST, "shallow rewrite? L%d#%d → L%d#%d", c->card->layer, c->card->rewrite.first,
		    c->card->rewrite.layer, c->card->rewrite.second);
		break;
	case BLANK:
		break;
	case TITLE:
		draw_text(area, 1, y, ST_DIM, l->text);
		break;
	case FROM:
	case TO:
		draw_edge(a, area, y, l);
		break;
	case EXAMPLE:
		draw_example(a, area, y, l->example);
		break;
	case SAYS:
		draw_says(area, y, c->card, l);
		break;
	case CANDIDATE:
		draw_cut(area, 3, y, area->w - 12, ST_DIM, c->card->candidates[l->i]);
		fmt_share(f1, sizeof f1, c->card->candidate_f1[l->i]);
		draw_right(area, area->w - 1, y, ST_DIM, f1);
		break;
	case BIAS:
		draw_bias(a, area, y, c, l);
		break;
	case PLOT_TITLE:
		draw_plot_title(area, y, &c->operands);
		break;
	case PLOT:
		operands_row(area, 0, y, &c->plot, l->i);
		break;
	case NOTE:
		draw_cut(area, 1, y, -1, ST_DIM, l->text);
		break;
	}
}

static void
card_draw(struct app *a, void *state, const struct area *area)
{
	struct card *c = state;
	bool focus = a->focus == VIEW_CARD;

	c->list.h = area->h;
	c->w = area->w;
	c->ascii = area->grid->ascii;
	card_list(a, c);
	list_resize(&c->list, c->list.n, area->h);
	if (!focus)
		c->list.top = 0;
	for (int y = 0; y < area->h && c->list.top + y < c->list.n; y++) {
		draw_line_of(a, area, y, c, &c->line[c->list.top + y]);
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
	const struct line *l;
	int node;

	if (!card_list(a, c)->n)
		return DID_NOTHING;
	l = &c->line[c->list.sel];
	if (l->kind == WRITTEN) {	/* all of it */
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
	const struct line *l = &c->line[row];
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
