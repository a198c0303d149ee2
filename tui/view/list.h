/* list: n rows, of which h are visible and one is selected. Every view that scrolls uses it. */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include <stdbool.h>

struct list {
	int n;		/* rows */
	int sel;	/* 0..n-1; 0 when empty */
	int top;	/* first visible row */
	int h;		/* visible rows, when last drawn */
	int y;		/* line of the pane at which the first visible row is */
};

/* Both keep the selected row valid and visible. */
void list_resize(struct list *l, int n, int h);
void list_select(struct list *l, int row);

/* Whether there are rows above or below the visible ones, for the marks at a pane's edge. */
bool list_more_above(const struct list *l);
bool list_more_below(const struct list *l);

#endif
