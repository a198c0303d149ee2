/* flow: breaks a lesson's text into lines of some width. `x` in it is a key, whose quotes take no room. */
#ifndef TUI_FLOW_H
#define TUI_FLOW_H

#include "tui/terminal/theme.h"

struct area;

/* Draws the text at (x,y) of the area, unless area is NULL. Returns the number of lines. */
int flow_draw(const struct area *area, int x, int y, int width, enum style style, const char *text);
int flow_lines(const char *text, int width);

#endif
