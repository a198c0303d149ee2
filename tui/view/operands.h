/* operands: draws pictures of a feature over pairs of numbers, for the view operands and for the card. */
#ifndef TUI_VIEW_OPERANDS_H
#define TUI_VIEW_OPERANDS_H

#include "ctrace.h"
#include "tui/terminal/draw.h"

/* Draws row `row` of a picture at (x,y). */
void operands_row(const struct area *area, int x, int y, const struct ct_plot *plot, int row);

#endif
