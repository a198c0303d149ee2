/*
 * app: the program's state, and what everything does with it: show a message, remember a line.
 *
 * The headers that this one includes define only data. Files that act on the state include this header and
 * are not included by it. Commands and views do not draw: they change the state and return what they did
 * (enum did).
 */
#ifndef TUI_APP_H
#define TUI_APP_H

#include <stdbool.h>

#include "tui/language/typed.h"
#include "tui/lesson/progress.h"
#include "tui/session/keeping.h"
#include "tui/study/notes.h"
#include "tui/study/study.h"
#include "tui/terminal/draw.h"
#include "tui/terminal/theme.h"
#include "tui/view/jumps.h"
#include "tui/view/views.h"

struct event;
struct settings;

enum did {
	DID_NOTHING = 0,
	DID_CHANGE = 1 << 0,	/* the frame must be drawn again */
	DID_FAIL = 1 << 1,	/* the command failed, and the message says why */
	DID_QUIT = 1 << 2,
	DID_REDRAW = 1 << 3,	/* every cell must be sent again */
	DID_SUSPEND = 1 << 4
};

enum { APP_COLS = 80, APP_ROWS = 24, APP_WIDE = 120 };

enum { LAYOUT_COLUMNS = 3 };

/* How a person changed the layout; all 0: the program's own sizes. */
struct layout_wish {
	int column[LAYOUT_COLUMNS - 1];	/* columns by which each rule was moved to the right */
	int row;			/* rows by which the rule in the last column was moved down */
	bool zoom;			/* only the pane that has the keys is shown */
};

/* The state of the work on missing rows of the graph between keys (work.h). */
struct work {
	bool stopped;		/* by Esc, until the next key */
	bool failed;		/* it failed, which was said; not tried again for this graph */
	bool behind;		/* the tree does not show the latest results yet */
};

struct app {
	struct study study;
	struct grid grid;
	const struct theme *theme;
	bool live;			/* there is a terminal; else the run is headless */
	bool readonly;			/* no file is written */
	bool mouse;
	int dragged;			/* the rule that the mouse drags, from 1; 0: none */
	const struct settings *settings;	/* from the start; NULL: none were read */
	bool shares;			/* show edges as shares, not weights */
	enum view_id view;		/* the view that fills the body; VIEW_TREE: the main screen */
	enum view_id focus;		/* the pane that has the keys */
	enum view_id before;		/* the pane that had the keys before */
	struct layout_wish wish;
	struct jumplist jumplist;
	void *state[VIEW_COUNT];
	struct input input;
	struct player player;
	struct session session;
	struct notes notes;
	struct history prompts, commands;
	char *history_path, *commands_path;	/* NULL: lines are not kept */
	/* Called after each command (changed: if it changed something); NULL: nothing is. */
	void (*after)(struct app *a, bool changed);
	/* What tui/screen does: draws the whole screen in the grid; acts on the mouse, an enum did. */
	void (*draw)(struct app *a);
	int (*point)(struct app *a, const struct event *ev);
	/* Computes all missing rows of the graph; false: stopped or failed, as the message says. */
	bool (*whole)(struct app *a);
	char message[600];
	bool alert;			/* the message is an error */
	char search[256];
	char supernode[CT_SUPERNODE_NAME];	/* the supernode that a node was last put into */
	struct work work;		/* on the graph's missing rows */
	long busy_since;		/* ms: when the work that reports progress began */
	long busy_drawn;
	bool busy_shown;
};

/* Set the message line. app_fail returns DID_FAIL | DID_CHANGE. */
void app_say(struct app *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int app_fail(struct app *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int app_error(struct app *a, const struct ct_error *err);
/* With --readonly says that `what` is not written, and returns the value of app_fail; else returns 0. */
int app_refuse(struct app *a, const char *what);
/* Writes a sanitised line to stderr. Not to be used while the screen is. */
void app_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same to standard output, for everything that is printed in lines and not on a screen. */
void app_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Says that sessions and prompts are not kept from now on, and why. The program goes on. */
void app_unkept(struct app *a, const char *why);
/* Stops writing prompts and commands to files. */
void app_forget_history(struct app *a);
/* Adds a line to a->prompts or a->commands, and to its file. */
void app_remember(struct app *a, struct history *h, const char *line);

/* Opens a model, or with `graph` a graph's file, before there is a screen; shows progress on stderr. */
int app_open_study(struct app *a, const struct ct_engine_options *opt, const char *name, bool graph,
    struct ct_error *err);

/* An edge as the person wants to see it: as a weight, or as a share. */
const char *app_edge(const struct app *a, const struct ct_edge *e, char *buf, size_t size);

#endif
