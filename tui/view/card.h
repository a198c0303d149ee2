/* card: the lines of the card view. card.c chooses them, card_lines.c draws them. */
#ifndef TUI_VIEW_CARD_H
#define TUI_VIEW_CARD_H

#include "ctrace.h"
#include "tui/view/list.h"

struct app;
struct area;
struct tree_item;

enum { CARD_LINES = 160 };

enum card_kind { HEAD, LABEL, WRITTEN, FIGURES, EFFECT, DENSE, REWRITE, BLANK, TITLE, FROM, TO, EXAMPLE, SAYS,
	CANDIDATE, BIAS, LEFT_OUT, SPLIT_TITLE, SPLIT, SUM_HEAD, SUM_FIGURES, PLOT_TITLE, PLOT, PLOT_WORDS,
	NOTE, ABSENT_HEAD, ABSENT_FIGURES, OPENED_HEAD, OPENED_PART, OPENED_NEURON, OPENED_CHECK };

struct card_line {
	enum card_kind kind;
	bool first;			/* the first of its kind, which says what these are */
	struct ct_edge edge;
	const struct ct_card_example *example;
	const char *text;
	int i;
};

struct card {
	struct list list;
	struct card_line line[CARD_LINES];
	int node;			/* the node that the lines describe */
	const struct tree_item *sum;	/* if the selected row is no node, what it sums up; else NULL */
	bool rest;			/* describe only the nodes of `sum` without a row of their own */
	struct ct_direct split;		/* of the node's inputs; set if it has any */
	const struct ct_card *card;	/* of this frame, or NULL */
	struct ct_error why;		/* why there is no card */
	struct ct_operands operands;
	struct ct_plot plot;		/* of the operands; h 0: none */
	int w;				/* the pane's width */
	bool ascii, words;		/* whether the grid is ASCII, and is read aloud */
};

/* The effect of the clamps in force on a node, or NULL. */
const struct ct_effect *card_effect(struct app *a, int node);
/* The node that a card describes, whether or not it is in the graph; NULL: the card sums up several. */
const struct ct_node *card_node(const struct app *a, const struct card *c);
/* Whether the graph has biases and other terms without a source node. A file of another program has none. */
bool card_knows_terms(const struct ct_graph *g);

void card_draw_line(struct app *a, const struct area *area, int y, const struct card *c,
    const struct card_line *l);

#endif
