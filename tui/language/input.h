/*
 * input: the line that is being typed, if any: what it is for, its completion, and its errors.
 *
 * A finished line becomes a command. If the command fails the line stays open, so that nothing typed is lost.
 */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include "tui/language/typed.h"
#include "tui/terminal/draw.h"

struct app;

/* Opens a line; text NULL: with what it contained last. */
void input_open(struct app *a, enum input_kind kind, const char *text);
/* Opens an empty line for something that has a value, which is shown as a hint and not inserted. */
void input_open_about(struct app *a, enum input_kind kind, const char *about, const char *now);
void input_close(struct app *a);
int input_key(struct app *a, int key);
int input_paste(struct app *a, int cp);

/* Draws the line in at most area->w columns, with the cursor. */
void input_draw(struct app *a, const struct area *area, int x, int y);
/* The label before a line at the bottom, such as "clamp L1#249@8 ", and the hint after it. Returns buf. */
const char *input_label(const struct app *a, char *buf, size_t size);
void input_hint(struct app *a, const struct area *area, int y);
/* Draws the tokens into which the prompt being typed would be split, and how many the model can read. */
void input_tokens(struct app *a, const struct area *area, int y);

#endif
