/*
 * flow: a text of a lesson in lines of some width. `x` in it is a key; the quotes take no room.
 */
#ifndef TUI_FLOW_H
#define TUI_FLOW_H

#include "tui/terminal/theme.h"

struct area;

/* Draws the text from (x,y) of the area on, unless that is NULL. Returns its lines. */
int flow_draw(const struct area *area, int x, int y, int width, enum style style, const char *text);
int flow_lines(const char *text, int width);

#endif
