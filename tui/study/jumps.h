/*
 * jumps: the nodes that jumplist keeps.
 */
#ifndef TUI_JUMPS_H
#define TUI_JUMPS_H

#include <stdbool.h>

enum { JUMPLIST_MAX = 64 };

struct jumplist {
	/* By what it is: indices change with every graph. */
	struct {
		int kind, layer, pos, index;
	} mark[JUMPLIST_MAX];
	int n, here;
	bool keep;	/* the mark at `here` stays when the next step leads away */
};

#endif
