/* card_lines: see card.h. */
#include "tui/view/card.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/terminal/fmt.h"
#include "tui/view/node_name.h"
#include "tui/view/operands.h"
#include "tui/view/tree.h"

const struct ct_effect *
card_effect(struct app *a, int node)
{
	const struct ct_effects *o = study_clamps(&a->study)->n ? ct_session_effects(a->study.first) : NULL;

	node = study_node_then(&a->study, node);
	for (int i = 0; o && i < o->n_effects; i++)
		if (o->effects[i].node == node)
			return &o->effects[i];
	return NULL;
}

bool
card_knows_terms(const struct ct_graph *g)
{
	return !ct_graph_is_listed(g) || g->known.terms;
}

/* The same node in the graph without clamps. NULL: it is not in it, or that graph is the one shown. */
static const struct ct_node *
then(struct app *a, int node)
{
	int same = study_shows_now(&a->study) ? study_node_then(&a->study, node) : -1;

	return same < 0 ? NULL : &study_first_graph(&a->study)->nodes[same];
}

static void
draw_head(struct app *a, const struct area *area, int y, const struct card *c)
{
	const struct ct_node *n = study_node(&a->study, c->node);
	char name[STUDY_NAME], value[FMT_SIZE], was[FMT_SIZE], text[2 * FMT_SIZE + 16] = "";
	char place[STUDY_NAME];

	study_name(&a->study, c->node, name, sizeof name);
	/* neurons are better known by layer and number; L3#417 is only for typing */
	if (study_is_feature(n) && a->study.info->neurons)
		snprintf(name, sizeof name, "L%d neuron %d %.200s", n->layer, n->index,
		    study_place(&a->study, n->pos, place, sizeof place));
	if (n->kind == CT_NODE_FEATURE && study_shows_now(&a->study))
		snprintf(text, sizeof text, "active %s → %s", fmt_plain(was, sizeof was, then(a, c->node) ?
		    then(a, c->node)->activation : 0), fmt_plain(value, sizeof value, n->activation));
	else if (ct_node_traits(n->kind)->has_activation)
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
	const struct ct_node *n = card_node(a, c);
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
	    *label && guess && c->card && c->card->n_candidates ? "mixed; it may be" : label);
	if (!*label && c->card && c->card->n_top && a->study.info->from_file)
		snprintf(text, sizeof text, "says %s", c->card->top[0].token);
	if (*ct_engine_label_typed(a->study.engine, n->layer, n->index))
		snprintf(right, sizeof right, "typed");
	else if (c->card && *label && isfinite(c->card->f1))
		snprintf(right, sizeof right, "F1 %s", fmt_share(f1, sizeof f1, c->card->f1));
	room = area->w - 3 - ct_text_width(right);
	if (!*text && !a->study.has_absent)	/* in place of a label, the tokens that it writes */
		study_note(&a->study, c->node, text, sizeof text);
	else if (!*text)
		ct_session_words(a->study.session, n->layer, n->index, n->pos, text, sizeof text);
	draw_cut(area, 1, y, room, *label && !guess ? ST_STRONG : ST_DIM, *text ? text : "no label");
	draw_right(area, area->w - 1, y, ST_DIM, right);
}

static void
draw_figures(struct app *a, const struct area *area, int y, const struct card *c)
{
	const struct ct_graph *g = a->study.graph;
	const struct ct_node *n = study_node(&a->study, c->node);
	char p[FMT_SIZE], text[64];
	int x = 1;

	if (n->kind == CT_NODE_TARGET && n->target == CT_TARGET_LOGIT) {
		if (!card_knows_terms(g))
			return;
		x += draw_text(area, x, y, ST_DIM, "logit ");
		x += draw_text(area, x, y, ST_TEXT, fmt_plain(p, sizeof p, n->value));
		draw_text(area, x, y, ST_DIM, " above the mean");
	} else if (n->kind == CT_NODE_TARGET) {	/* its value is in the line above */
		draw_text(area, x, y, ST_DIM, n->target == CT_TARGET_FEATURE ? "target: before the activation"
									       : "target: difference of "
									    "logits");
	} else if (ct_graph_is_listed(g)) {	/* a file has only cumulative influence */
		x += draw_text(area, x, y, ST_DIM, "influence within first ");
		draw_text(area, x, y, ST_TEXT, fmt_percent(p, sizeof p, n->cumulative));
	} else {
		x += draw_text(area, x, y, ST_DIM, "influence ");
		if (study_shows_now(&a->study))
			x += draw_fmt(area, x, y, ST_TEXT, "%s → ", fmt_percent(p, sizeof p,
			    ct_graph_influence_share(study_first_graph(&a->study),
			    study_node_then(&a->study, c->node))));
		x += draw_text(area, x, y, n->kept ? ST_TEXT : ST_DIM,
		    fmt_percent(p, sizeof p, ct_graph_influence_share(g, c->node)));
		if (n->set)
			draw_text(area, x + 1, y, ST_CLAMP, "set by hand");
		else if (!n->kept)
			draw_text(area, x + 1, y, ST_DIM, "pruned");
	}
	if (c->card && n->kind == CT_NODE_FEATURE && !ct_card_dense(c->card)) {
		snprintf(text, sizeof text, "fires %s", fmt_percent(p, sizeof p, c->card->frequency));
		draw_right(area, area->w - 1, y, ST_DIM, text);
	}
}

/* The head of a feature that is not active in this prompt. */
static void
draw_absent(struct app *a, const struct area *area, int y)
{
	const struct ct_node *n = &a->study.absent;
	char name[STUDY_NAME], place[STUDY_NAME], text[STUDY_NAME];

	ct_engine_feature_name(a->study.engine, n->layer, n->index, name, sizeof name);
	snprintf(text, sizeof text, "%.120s %.120s", name, study_place(&a->study, n->pos, place,
	    sizeof place));
	draw_cut(area, 1, y, area->w - 13, ST_TITLE, text);
	draw_right(area, area->w - 1, y, ST_DIM, "not active");
}

static void
draw_absent_figures(struct app *a, const struct area *area, int y, const struct card *c)
{
	const struct ct_node *n = &a->study.absent;
	char b[FMT_SIZE], p[FMT_SIZE], text[64];

	draw_fmt(area, 1, y, ST_DIM, "h %s", fmt_signed(b, sizeof b,
	    (double)ct_session_preactivation(a->study.session, n->layer, n->index, n->pos)));
	if (!c->card || ct_card_dense(c->card))
		return;
	snprintf(text, sizeof text, "fires %s", fmt_percent(p, sizeof p, c->card->frequency));
	draw_right(area, area->w - 1, y, ST_DIM, text);
}

/* What a clamp changes about the activation of its feature. */
static void
draw_clamped(struct app *a, const struct area *area, int y, const struct ct_node *n)
{
	float value = ct_session_clamped_activation(a->study.first, n->layer, n->index, n->pos);
	char was[FMT_SIZE], now[FMT_SIZE];

	if (n->set) {	/* in the graph of a clamped run: what it would be without its clamp */
		draw_fmt(area, 1, y, ST_CLAMP, "clamped; its inputs alone give %s",
		    fmt_plain(was, sizeof was, n->value));
		return;
	}
	draw_fmt(area, 1, y, ST_CLAMP, "clamped %s → %s", fmt_plain(was, sizeof was, n->activation),
	    fmt_plain(now, sizeof now, value));
}

static void
draw_effect(struct app *a, const struct area *area, int y, const struct card *c)
{
	const struct ct_effect *e = card_effect(a, c->node);
	char b[2][FMT_SIZE];
	float predicted;
	int x = 1;

	if (!e)
		return;
	if (e->clamped) {
		draw_clamped(a, area, y, study_node(&a->study, c->node));
		return;
	}
	predicted = ct_predicted(ct_session_effects(a->study.first), e);
	if (fabsf(e->observed) < .005f && fabsf(predicted) < .005f) {
		draw_text(area, x, y, ST_DIM, "not moved by the clamps");
		return;
	}
	x += draw_text(area, x, y, ST_CLAMP, "moved ");
	x += draw_text(area, x, y, ST_CLAMP, fmt_signed(b[0], sizeof b[0], e->observed));
	draw_fmt(area, x, y, ST_DIM, "  predicted %s", fmt_signed(b[1], sizeof b[1], predicted));
}

static void
draw_edge(struct app *a, const struct area *area, int y, const struct card_line *l)
{
	int other = l->kind == FROM ? l->edge.source : l->edge.target, end = area->w - 8, x = 7;
	char w[FMT_SIZE];

	if (l->first)
		draw_text(area, 1, y, ST_DIM, l->kind == FROM ? "from" : "to");
	node_name_draw(a, area, x, y, end - x, other);
	draw_right(area, area->w - 1, y, l->edge.weight < 0 ? ST_MINUS : ST_PLUS,
	    app_edge(a, &l->edge, w, sizeof w));
}

/* A part of an opened error node. */
static void
draw_part(struct app *a, const struct area *area, int y, const struct card_line *l)
{
	char b[FMT_SIZE], name[STUDY_NAME];
	const struct ct_opened *o = &a->study.opened.parts;
	double w = l->kind == OPENED_HEAD ? o->edge : (double)l->edge.weight;
	const struct ct_opened_neuron *n = &o->neurons[l->i];

	switch (l->kind) {
	case OPENED_HEAD:
		draw_text(area, 1, y, ST_DIM, "into");
		draw_cut(area, 7, y, area->w - 15, ST_TEXT, study_name(&a->study, a->study.opened.into, name,
		    sizeof name));
		break;
	case OPENED_NEURON:
		w = (double)n->weight;
		draw_fmt(area, 9, y, ST_TEXT, "L%d neuron %d", o->layer, n->neuron);
		break;
	case OPENED_CHECK:
		draw_fmt(area, 7, y, ST_DIM, "add up within %s", fmt_tiny(b, sizeof b, o->residual));
		return;
	default:
		draw_text(area, 7, y, ST_DIM, l->text);
		break;
	}
	draw_right(area, area->w - 1, y, w < 0 ? ST_MINUS : ST_PLUS, fmt_signed(b, sizeof b, w));
}

static void
draw_bias(struct app *a, const struct area *area, int y, const struct card *c, const struct card_line *l)
{
	const struct ct_node *n = study_node(&a->study, c->node);
	float term = l->kind == BIAS ? n->bias : n->omitted;
	char w[FMT_SIZE];

	if (l->first)
		draw_text(area, 1, y, ST_DIM, "from");
	draw_text(area, 7, y, ST_DIM, l->kind == BIAS ? "bias" : "left out");
	draw_right(area, area->w - 1, y, ST_DIM, fmt_signed(w, sizeof w, term));
}

/*
 * Shows the share of the net sum, since shares of absolute values would hide that positive and negative edges
 * cancel.
 */
static void
draw_split(struct app *a, const struct area *area, int y, const struct card *c, int i)
{
	bool neurons = i == CT_DIRECT_FEATURES && a->study.info->neurons;
	char b[FMT_SIZE];

	draw_text(area, 7, y, i == CT_DIRECT_ERRORS ? ST_REST : ST_TEXT, neurons ? "neurons" :
	    ct_direct_name((enum ct_direct_source)i));
	draw_right(area, area->w - 8, y, ST_TEXT, fmt_part(b, sizeof b, c->split.net[i]));
	draw_right(area, area->w - 1, y, c->split.sum[i] < 0 ? ST_MINUS : ST_PLUS,
	    fmt_signed(b, sizeof b, c->split.sum[i]));
}

static void
draw_sum_head(struct app *a, const struct area *area, int y, const struct card *c)
{
	const struct tree_item *t = c->sum;
	int to = t->node >= 0 ? t->node : tree_item_target(t), n = c->rest ? t->n - t->shown : t->size;
	char title[STUDY_NAME], name[STUDY_NAME], text[3 * STUDY_NAME];

	snprintf(text, sizeof text, "%d %s → %s", n,
	    c->rest ? "others" : t->kind == CT_INPUT_WORDS || t->kind == CT_INPUT_ERRORS
		    ? tree_item_title(&a->study, t, title, sizeof title) : "nodes",
	    study_name(&a->study, to, name, sizeof name));
	draw_cut(area, 1, y, area->w - 2, ST_TITLE, text);
}

static void
draw_sum_figures(struct app *a, const struct area *area, int y, const struct card *c)
{
	const struct tree_item *t = c->sum;
	struct ct_edge up = { .target = t->node >= 0 ? t->node : tree_item_target(t) }, down = up;
	char b[FMT_SIZE];
	int x = 1;

	for (int i = c->rest ? t->shown : 0; i < t->n; i++) {
		up.weight += (float)t->child[i].plus;
		down.weight += (float)t->child[i].minus;
	}
	x += draw_text(area, x, y, ST_DIM, "for ");
	x += draw_text(area, x, y, ST_PLUS, app_edge(a, &up, b, sizeof b));
	x += draw_text(area, x, y, ST_DIM, "  against ");
	draw_text(area, x, y, ST_MINUS, app_edge(a, &down, b, sizeof b));
}

/* The blanks before a token: those it begins with, which *t then skips, or the one that separates tokens. */
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

/*
 * Draws the peak token at the same column in all examples, as much before it as there is room for, and what
 * follows.
 */
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
				return;	/* a part of a word would be taken for a word */
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
	used = draw_cut(area, x, y, max - 1 - ct_text_width(w), ST_TEXT,
	    fmt_token(token, sizeof token, t->token)) + 1;
	return used + draw_text(area, x + used, y, t->weight < 0 ? ST_MINUS : ST_PLUS, w);
}

static void
draw_says(const struct area *area, int y, const struct ct_card *card, const struct card_line *l)
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
	if (card->n_bottom)	/* leave room for the strongest of the tokens made less likely */
		last = ct_text_width(card->bottom[0].token) + 7;
	if (last > room / 2)
		last = room / 2;
	for (int i = 0; i < card->n_top && x + 8 < area->w - last; i++)
		x += draw_token_weight(area, x, y, area->w - 1 - last - x, &card->top[i]) + 2;
	if (card->n_bottom)
		draw_token_weight(area, x, y, area->w - 1 - x, &card->bottom[0]);
}

static void
draw_plot_title(const struct area *area, int y, const struct card *c)
{
	const struct ct_operands *o = &c->operands;
	char share[FMT_SIZE], text[64];

	if (c->words)
		draw_text(area, 1, y, ST_DIM, "over all pairs");
	else if (o->value[0] >= 0 && o->value[1] >= 0)
		draw_fmt(area, 1, y, ST_DIM, "all pairs: %d ↓ %d →", o->value[0], o->value[1]);
	else
		draw_text(area, 1, y, ST_DIM, "all pairs: first ↓");
	snprintf(text, sizeof text, "on %s", fmt_percent(share, sizeof share,
	    (double)o->n_active / o->n / o->n));
	draw_right(area, area->w - 1, y, ST_DIM, text);
}

/* The lines of sums over several nodes, and pictures. */
static void
draw_more(struct app *a, const struct area *area, int y, const struct card *c, const struct card_line *l)
{
	char text[STUDY_NAME], share[FMT_SIZE];

	switch (l->kind) {
	case PLOT_TITLE:
		draw_plot_title(area, y, c);
		break;
	case PLOT_WORDS:
		draw_cut(area, 1, y, -1, ST_TEXT, ct_plot_words(&c->plot, text, sizeof text));
		break;
	case PLOT:
		operands_row(area, 0, y, &c->plot, l->i);
		break;
	case SPLIT_TITLE:
		draw_text(area, 1, y, ST_DIM, "comes from");
		draw_right(area, area->w - 1, y, ST_DIM, l->i ? "share    sum" : "no memory");
		break;
	case SPLIT:
		draw_split(a, area, y, c, l->i);
		break;
	case DENSE:
		draw_fmt(area, 1, y, ST_REST, "active on %s of tokens: dense",
		    fmt_percent(share, sizeof share, c->card->frequency));
		break;
	case ABSENT_HEAD:
		draw_absent(a, area, y);
		break;
	case ABSENT_FIGURES:
		draw_absent_figures(a, area, y, c);
		break;
	case SUM_HEAD:
		draw_sum_head(a, area, y, c);
		break;
	case SUM_FIGURES:
		draw_sum_figures(a, area, y, c);
		break;
	case OPENED_HEAD:
	case OPENED_PART:
	case OPENED_NEURON:
	case OPENED_CHECK:
		draw_part(a, area, y, l);
		break;
	default:
		break;
	}
}

void
card_draw_line(struct app *a, const struct area *area, int y, const struct card *c, const struct card_line *l)
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
		draw_cut(area, 1 + draw_text(area, 1, y, ST_KEY, "note "), y, area->w - 7, ST_STRONG,
		    l->text);
		break;
	case FIGURES:
		draw_figures(a, area, y, c);
		break;
	case EFFECT:
		draw_effect(a, area, y, c);
		break;
	case REWRITE:
		draw_fmt(area, 1, y, ST_REST, "shallow rewrite? L%d#%d → L%d#%d", c->card->layer,
		    c->card->rewrite.first, c->card->rewrite.layer, c->card->rewrite.second);
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
	case LEFT_OUT:
		draw_bias(a, area, y, c, l);
		break;
	case NOTE:
		draw_cut(area, 1, y, -1, ST_DIM, l->text);
		break;
	default:
		draw_more(a, area, y, c, l);
		break;
	}
}
