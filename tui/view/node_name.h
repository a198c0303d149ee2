/*
 * node_name: how every view names a node: what it is about first, then, dim, where it is.
 */
#ifndef TUI_VIEW_NODE_NAME_H
#define TUI_VIEW_NODE_NAME_H

#include "tui/terminal/draw.h"

struct app;

/* "in Texas  L0#340 @Dallas" in at most max columns from (x,y); returns the columns used. */
int node_name_draw(struct app *a, const struct area *area, int x, int y, int max, int node);
/* The same in one line of text: "in Texas @Dallas", "Austin". Returns buf. */
const char *node_name_text(struct app *a, int node, char *buf, size_t size);
/* The style of its name: whether it is a word, an answer, an error, clamped, or pruned. */
enum style node_name_style(struct app *a, int node);

#endif
