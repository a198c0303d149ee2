/*
 * swap_table: what a swap of values did, as plain data: see swap.h.
 */
#ifndef CT_EVAL_SWAP_TABLE_H
#define CT_EVAL_SWAP_TABLE_H

#include <stdbool.h>

struct ct_swap_row {
	const char *value;		/* "California" */
	int moved;			/* features */
	int answers;			/* how many tokens answer for this value: all words of a rhyme */
	int expected;			/* the token, if it is one; else negative */
	int got;			/* the likeliest token */
	float prob_expected, prob_got;	/* of the answers together; of the likeliest token */
	int random_got;			/* with random features moved instead */
	bool counts;			/* some of its answers are not the prompt's own value's */
	bool given, random_given;	/* the token got is one of these */
	bool random_changed;		/* the random features changed the answer */
};

struct ct_swap {
	const char *own;		/* the prompt's value, "Texas" */
	/*
	 * own_answer: in the corpus, negative if there are several; said: the model's likeliest token without
	 * a swap
	 */
	int own_answer, own_answers, said;
	float prob_said;
	int pos, n_pos;			/* the last position that is changed; how many are, up to it */
	double strength;
	int n;
	struct ct_swap_row *row;	/* in the order of the corpus */
	int tried, given;		/* rows that count, and how many of them gave the answer */
	/* how many random controls of these gave the answer, or changed it */
	int random_given, random_changed;
	/* Another sentence with the same value. -1, NULL: the corpus has none. */
	int same;			/* sentence */
	int same_got;
	bool same_changed;		/* the answer is none of the own value's any more */
	float same_prob;		/* of the answer that the model gave untouched */
	/*
	 * Whether the controls left the answer unchanged: the same value, and random features in all but 2 %
	 * of the swaps. If they did not, something other than the value may have moved the answer.
	 */
	bool controls_hold;
};

#endif
