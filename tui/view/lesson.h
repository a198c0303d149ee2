/*
 * lesson view: the pane under the main screen with the text of the step.
 */
#ifndef TUI_VIEW_LESSON_H
#define TUI_VIEW_LESSON_H

struct app;
struct area;

/* The rule above the pane: which lesson, which step. */
void lesson_rule(const struct app *a, const struct area *area, int y);

#endif
