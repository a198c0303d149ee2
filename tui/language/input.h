/*
 * input: the line that is being typed, if any: what it is for, what completes it, what is wrong with it.
 *
 * A finished line becomes a command; when the command fails the line stays open, so nothing typed is lost.
 */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include "tui/language/typed.h"
#include "tui/terminal/draw.h"

struct app;

/* text NULL: the field as it stands. */
void input_open(struct app *a, enum input_kind kind, const char *text);
/* An empty line for something that has a value: that is a hint, and not in the way of what is typed. */
void input_open_about(struct app *a, enum input_kind kind, const char *about, const char *now);
void input_close(struct app *a);
int input_key(struct app *a, int key);
int input_paste(struct app *a, int cp);

/* The line itself, at most area->w columns, with the cursor. */
void input_draw(struct app *a, const struct area *area, int x, int y);
/* The label before a line at the bottom ("clamp L1#249@8 "), and what to say beside it. Returns buf. */
const char *input_label(const struct app *a, char *buf, size_t size);
void input_hint(struct app *a, const struct area *area, int y);
/* The tokens that a prompt being typed would become, and how many of those that the model can read. */
void input_tokens(struct app *a, const struct area *area, int y);

#endif
