/*
 * term: the terminal. Turns keys, mouse and signals into events, sends grids, and gives the terminal back as
 * it was on every way out.
 */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>

#include "base/error.h"
#include "tui/terminal/draw.h"
#include "tui/terminal/theme.h"

enum event_kind {
	EV_NONE,	/* the time given is over */
	EV_KEY,
	EV_PASTE,	/* a character that was pasted, not typed */
	EV_CLICK,
	EV_DOUBLE,
	EV_WHEEL_UP,
	EV_WHEEL_DOWN,
	EV_DRAG,	/* moved with the button down */
	EV_RELEASE,
	EV_RESIZE,
	EV_SUSPEND,
	EV_END		/* a signal or a closed terminal: leave */
};

struct event {
	enum event_kind kind;
	int key;	/* keys.h; EV_PASTE: a code point; EV_END: the signal, 0 for a closed terminal */
	int x, y;	/* mouse: cell; EV_RESIZE: columns and rows */
};

struct term_options {
	const struct theme *theme;
	bool mouse;
	bool colours;
};

int term_open(const struct term_options *opt, struct ct_error *err);
void term_close(void);		/* may be called at any time, any number of times */

/*
 * Does the mouse cost no key? GNU screen holds back a lone Esc, until another key comes, while it is asked
 * for.
 */
bool term_mouse_free(void);

/* The terminal type that is used in place of TERM's, which is not known here; NULL: TERM's own. */
const char *term_stands_for(void);
const char *term_version(void);	/* of curses: "ncurses 6.4.20221231" */

void term_size(int *cols, int *rows);
bool term_utf8(void);		/* can it show more than ASCII? */
void term_theme(const struct theme *t);
void term_mouse(bool on);	/* is it ours, or the terminal's? */

void term_send(struct grid *g);	/* may change the style of blanks */
void term_forget(void);		/* what the terminal shows */
void term_redraw(void);		/* the next term_send sends every cell */

/* Waits up to timeout_ms (-1: for ever). */
struct event term_wait(int timeout_ms);
/* Has more been typed or pasted already? */
bool term_pending(void);
/* Was Esc or Ctrl-c pressed, or a signal caught? Keys typed meanwhile are kept. */
bool term_interrupted(void);

/* Leaves the terminal to the shell until the program is continued. */
void term_suspend(void);

#endif
