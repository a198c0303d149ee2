/* jumps: the list of nodes that jumplist.h keeps. */
#ifndef TUI_JUMPS_H
#define TUI_JUMPS_H

#include <stdbool.h>

enum { JUMPLIST_MAX = 64 };

struct jumplist {
	/* What identifies a node: its index differs between graphs. */
	struct {
		int kind, layer, pos, index;
	} mark[JUMPLIST_MAX];
	int n, here;
	bool keep;	/* keep the mark at `here` when the selection moves on */
};

#endif
