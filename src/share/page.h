/*
 * page: writes a graph as one page of HTML that loads no other file: the picture, the pinned nodes, the tree,
 * feature cards, clamps with their effects, and notes.
 *
 * All text in it is sanitised and escaped.
 */
#ifndef CT_SHARE_PAGE_H
#define CT_SHARE_PAGE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "share/export.h"

enum { CT_PAGE_EXAMPLES = 5, CT_PAGE_CHANGES = 8 };

/* A card for a page; tokens and activations are lent until the next card is asked for. */
struct ct_page_card {
	const char *label;		/* "" when there is none */
	double f1, frequency;		/* NAN: not known */
	bool dense;			/* active on many tokens, and no label says when */
	int n_examples;
	struct ct_page_example {
		const char *const *tokens;	/* (n) */
		const float *acts;		/* (n) */
		int n, peak;
	} example[CT_PAGE_EXAMPLES];
	char short_label[200];		/* room for the label */
	char says[200], says_less[200];	/* tokens with their weights; "" */
};

struct ct_page {
	const char *model;		/* the model and transcoder, as one line */
	bool apart;			/* examples have blanks between tokens */
	const char *const *clamps;	/* (n_clamps) as text */
	int n_clamps;
	const char *mode;		/* the mode in which they run */
	struct ct_page_change {
		const char *token;
		double before, after;	/* probabilities */
	} change[CT_PAGE_CHANGES];
	int n_changes;
	/* (n_boxes) what is pinned, without the clamps and with them */
	const struct ct_page_box {
		const char *name;
		bool output;		/* it has probabilities; else shares of its activation */
		double before, after;	/* NAN: nothing in it has an activation */
	} *box;
	int n_boxes;
	const char *const *notes;	/* (n_notes) */
	int n_notes;
	/* Gets a feature's card; CT_ENOTFOUND: it has none. NULL: no feature has one. */
	int (*card)(void *ctx, int layer, int feature, struct ct_page_card *out, struct ct_error *err);
	void *ctx;
};

int ct_page_html(struct ct_buffer *to, const struct ct_export *x, struct ct_error *err);

#endif
