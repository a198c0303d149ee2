/*
 * plot: draws a feature over all values of two numbers with characters: the first number downwards, the
 * second to the right.
 *
 * A stripe is a feature of one number, a diagonal a feature of the sum, a grid one of digits. Owns the
 * meaning of the characters; the caller chooses colours.
 */
#ifndef CT_CARDS_PLOT_H
#define CT_CARDS_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cards/card.h"

enum ct_plot_form {
	/* a dot for each pair, or each square of 2 x 2 or 4 x 4 pairs, where digits cannot be told apart */
	CT_PLOT_DOTS,
	/*
	 * the mean over all pairs with the same tens, and the mean over all with the same ones; or a note
	 * that all are equal
	 */
	CT_PLOT_FOLDED
};

enum ct_plot_ink { CT_INK_WEAK, CT_INK_MIDDLE, CT_INK_STRONG, CT_INK_SCALE, CT_INK_HERE };

struct ct_plot_cell {
	uint32_t cp;
	enum ct_plot_ink ink;
};

enum { CT_PLOT_COLS = 128, CT_PLOT_COARSEST = 4 };

struct ct_plot {
	const struct ct_operands *o;
	enum ct_plot_form form;
	bool ascii;
	int by;			/* DOTS: numbers in a dot */
	bool tall;		/* FOLDED: two cells for each mean, not half a one */
	float least[2], most[2];	/* FOLDED: the means of tens, of ones */
	int w, h;		/* cells, scales included */
};

/*
 * Finds the finest picture of this form with at most w columns and h rows; false: there is none. Uses o,
 * which must stay.
 */
bool ct_plot_fit(struct ct_plot *p, enum ct_plot_form form, const struct ct_operands *o, int w, int h,
    bool ascii);
/* Row y of the plot: p->w cells, CT_PLOT_COLS at most. */
void ct_plot_row(const struct ct_plot *p, int y, struct ct_plot_cell *cells);

/* The strongest means of a folded picture: "tens 2+5 3+4 5+2, ones all alike". Returns dst. */
const char *ct_plot_words(const struct ct_plot *p, char *dst, size_t size);

#endif
