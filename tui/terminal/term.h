/*
 * term: the terminal. Turns keys, mouse and signals into events, sends grids, and restores the terminal
 * however the program ends.
 */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>

#include "base/error.h"
#include "tui/terminal/draw.h"
#include "tui/terminal/theme.h"

enum event_kind {
	EV_NONE,	/* the time is over */
	EV_KEY,
	EV_PASTE,	/* a character that was pasted */
	EV_CLICK,
	EV_DOUBLE,
	EV_WHEEL_UP,
	EV_WHEEL_DOWN,
	EV_DRAG,	/* the mouse moved with a button down */
	EV_RELEASE,
	EV_RESIZE,
	EV_SUSPEND,
	EV_END		/* a signal, or the terminal was closed: end the program */
};

struct event {
	enum event_kind kind;
	/* a code of key.h; EV_PASTE: a code point; EV_END: the signal, 0 if the terminal was closed */
	int key;
	int x, y;	/* mouse: the cell; EV_RESIZE: columns and rows */
};

struct term_options {
	const struct theme *theme;
	bool mouse;
	bool colours;
};

int term_open(const struct term_options *opt, struct ct_error *err);
void term_close(void);		/* may be called at any time, any number of times */

/*
 * Whether the mouse can be used without loss: GNU screen holds back a lone Esc until the next key while a
 * program asks for the mouse.
 */
bool term_mouse_free(void);

/* The terminal type that replaces TERM's if that is unknown here; NULL: TERM's is used. */
const char *term_stands_for(void);
const char *term_version(void);	/* curses' version: "ncurses 6.4.20221231" */

void term_size(int *cols, int *rows);
bool term_utf8(void);		/* whether it can show more than ASCII */
void term_theme(const struct theme *t);
void term_mouse(bool on);	/* true: the mouse sends events; false: it belongs to the terminal */

void term_send(struct grid *g);	/* may change the style of blanks in g */
void term_forget(void);		/* forget what the terminal shows */
void term_redraw(void);		/* the next term_send sends every cell */

/* Waits up to timeout_ms (-1: for ever). */
struct event term_wait(int timeout_ms);
/* Whether more input is waiting. */
bool term_pending(void);
/* Whether Esc or Ctrl-c was pressed or a signal was caught. Other keys stay in the queue. */
bool term_interrupted(void);

/* Gives the terminal to the shell until the program is continued. */
void term_suspend(void);

#endif
