/*
 * lesson view: the pane under the main screen with the text of the step.
 */
#ifndef TUI_VIEW_LESSON_H
#define TUI_VIEW_LESSON_H

struct app;
struct area;

enum { LESSON_ROWS = 6 };	/* of the pane: the text and what is to be done */

/* How many lines a text takes. `x` in it is a key, its quotes take no room. */
int lesson_lines(const char *text, int width);

/* The rule above the pane: which lesson, which step. */
void lesson_rule(const struct app *a, const struct area *area, int y);

#endif
