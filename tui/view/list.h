/*
 * list: a selection among n rows, of which h are in sight. Every view that scrolls uses this one.
 */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include <stdbool.h>

struct list {
	int n;		/* rows */
	int sel;	/* 0..n-1; 0 when empty */
	int top;	/* first row in sight */
	int h;		/* rows in sight, as last drawn */
	int y;		/* line of the pane where the first one is */
};

/* Both keep the selection inside and in sight. */
void list_resize(struct list *l, int n, int h);
void list_select(struct list *l, int row);

/* Is there more above or below? For the marks at a pane's edge. */
bool list_more_above(const struct list *l);
bool list_more_below(const struct list *l);

#endif
