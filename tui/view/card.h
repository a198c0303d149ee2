/*
 * card view: what a line of a card is. card.c chooses the lines, card_lines.c draws them.
 */
#ifndef TUI_VIEW_CARD_H
#define TUI_VIEW_CARD_H

#include "ctrace.h"
#include "tui/view/list.h"

struct app;
struct area;
struct tree_item;

enum { CARD_LINES = 160 };

enum card_kind { HEAD, LABEL, WRITTEN, FIGURES, EFFECT, REWRITE, BLANK, TITLE, FROM, TO, EXAMPLE, SAYS,
	CANDIDATE, BIAS, LEFT_OUT, SPLIT_TITLE, SPLIT, SUM_HEAD, SUM_FIGURES, PLOT_TITLE, PLOT, PLOT_WORDS,
	NOTE, ABSENT_HEAD, ABSENT_FIGURES, OPENED_HEAD, OPENED_PART, OPENED_NEURON, OPENED_CHECK };

struct card_line {
	enum card_kind kind;
	bool first;			/* says what the following are */
	struct ct_edge edge;
	const struct ct_card_example *example;
	const char *text;
	int i;
};

struct card {
	struct list list;
	struct card_line line[CARD_LINES];
	int node;			/* that the lines are about */
	const struct tree_item *sum;	/* in place of a node: what the selected row sums up, or NULL; */
	bool rest;			/* only what that does not show */
	struct ct_direct split;		/* of the node's inputs; known if it has some */
	const struct ct_card *card;	/* of the frame, or NULL */
	struct ct_error why;		/* there is none */
	struct ct_operands operands;
	struct ct_plot plot;		/* of these; h 0: none */
	int w;				/* of the pane */
	bool ascii, words;		/* as the grid that it is drawn into */
};

/* What the clamps in force do to a node, or NULL. */
const struct ct_effect *card_effect(struct app *a, int node);
/* The node that a card is about, of the graph or not in it; NULL: it sums up several. */
const struct ct_node *card_node(const struct app *a, const struct card *c);
/* Does the graph know what has no source node? That of another program's file does not. */
bool card_knows_terms(const struct ct_graph *g);

void card_draw_line(struct app *a, const struct area *area, int y, const struct card *c,
    const struct card_line *l);

#endif
