/*
 * swap: the view of what happens when the features of a hidden value are set to those of every other value.
 */
#ifndef TUI_VIEW_SWAP_H
#define TUI_VIEW_SWAP_H

struct app;
struct ct_swap_options;

enum { SWAP_WORD = 120 };	/* bytes of a place or value, with the NUL */

/* Runs and shows every swap; returns what was done. */
int swap_show(struct app *a, const struct ct_swap_options *opt);

#endif
