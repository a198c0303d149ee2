/* lesson: the pane below the main screen that shows the text of a lesson's step. */
#ifndef TUI_VIEW_LESSON_H
#define TUI_VIEW_LESSON_H

struct app;
struct area;

/* The rule above the pane, with the title and the number of the step. */
void lesson_rule(const struct app *a, const struct area *area, int y);

#endif
