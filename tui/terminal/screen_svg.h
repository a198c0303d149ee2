/*
 * screen_svg: writes a finished grid as SVG: monospaced, in the colours of a theme, with text that can be
 * selected. It reads nothing but the grid, which contains only clean text.
 */
#ifndef TUI_SCREEN_SVG_H
#define TUI_SCREEN_SVG_H

#include "base/buffer.h"
#include "tui/terminal/draw.h"

void screen_svg(struct ct_buffer *out, const struct grid *g, const struct theme *t);

#endif
