/*
 * swap_table: what a swap of values did, as plain data: see swap.h.
 */
#ifndef CT_EVAL_SWAP_TABLE_H
#define CT_EVAL_SWAP_TABLE_H

#include <stdbool.h>

struct ct_swap_row {
	const char *value;		/* "California" */
	int moved;			/* features */
	int expected;			/* its answer, a token; below 0: there is no one answer */
	int got;			/* the likeliest token */
	float prob_expected, prob_got;
	int random_got;			/* with random features moved instead */
	bool counts;			/* one answer, and another than the prompt's own */
};

struct ct_swap {
	const char *own;		/* the prompt's value, "Texas" */
	int own_answer, said;		/* of the corpus; what the model says, untouched */
	float prob_said;
	int pos, n_pos;			/* the last position that is touched, and how many before it are */
	double strength;
	int n;
	struct ct_swap_row *row;	/* in the order of the corpus */
	int tried, given;		/* rows that count, and those of them that gave the answer */
	int random_given, random_changed;	/* of these: what random features did */
	/* Another sentence with the same value: -1, NULL: the corpus has none. */
	int same;			/* sentence */
	int same_got;
	float same_prob;		/* of the answer that the model gave untouched */
	/*
	 * Whether the controls left the answer alone: the same value, and random features in all but 2 % of
	 * the swaps. If not, something else than the value may have moved the answer.
	 */
	bool controls_hold;
};

#endif
