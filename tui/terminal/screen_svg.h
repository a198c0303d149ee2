/*
 * screen_svg: a finished grid as SVG: monospaced, in the colours of a theme, its text selectable.
 * Reads the grid alone; what is in it is clean already, so nothing else can get into the file.
 */
#ifndef TUI_SCREEN_SVG_H
#define TUI_SCREEN_SVG_H

#include "base/buffer.h"
#include "tui/terminal/draw.h"

void screen_svg(struct ct_buffer *out, const struct grid *g, const struct theme *t);

#endif
