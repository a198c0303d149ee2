/* node_name: how every view shows the name of a node: its label first; then, dim, its number and place. */
#ifndef TUI_VIEW_NODE_NAME_H
#define TUI_VIEW_NODE_NAME_H

#include "tui/terminal/draw.h"

struct app;

/* Draws "in Texas  L0#340 @Dallas" in at most max columns at (x,y); returns the columns used. */
int node_name_draw(struct app *a, const struct area *area, int x, int y, int max, int node);
/* The name as plain text: "in Texas @Dallas", "Austin". Returns buf. */
const char *node_name_text(struct app *a, int node, char *buf, size_t size);
/* The style of a name: it shows words, answers, errors, clamped and pruned nodes. */
enum style node_name_style(struct app *a, int node);

#endif
