/*
 * app: the program's state, and what all of the program does with it: say something, remember a line.
 *
 * The headers in it are data: whatever acts on a part of the state includes this file, and none of them is
 * included here. Nobody draws on their own: commands and views change state and return what they did (enum
 * did).
 */
#ifndef TUI_APP_H
#define TUI_APP_H

#include <stdbool.h>

#include "tui/language/typed.h"
#include "tui/lesson/progress.h"
#include "tui/study/jumps.h"
#include "tui/study/keeping.h"
#include "tui/study/notes.h"
#include "tui/study/study.h"
#include "tui/terminal/draw.h"
#include "tui/terminal/theme.h"
#include "tui/view/views.h"

struct settings;

enum did {
	DID_NOTHING = 0,
	DID_CHANGE = 1 << 0,	/* the frame looks different */
	DID_FAIL = 1 << 1,	/* the message says why */
	DID_QUIT = 1 << 2,
	DID_REDRAW = 1 << 3,	/* send every cell */
	DID_SUSPEND = 1 << 4
};

enum { APP_COLS = 80, APP_ROWS = 24, APP_WIDE = 120 };

enum { LAYOUT_COLUMNS = 3 };

/* What a person did to the layout; all 0: the sizes that the program chooses. */
struct layout_wish {
	int column[LAYOUT_COLUMNS - 1];	/* each rule moved to the right by so many columns */
	int row;			/* the rule in the last column moved down */
	bool zoom;			/* the pane with the keys alone */
};

/* The state of the rows of the graph that are computed between keys (work.h). */
struct work {
	bool stopped;		/* by Esc, until the next key */
	bool failed;		/* it was said why; there is no more of it for this graph */
	bool behind;		/* the tree does not show yet what was found */
};

struct app {
	struct study study;
	struct grid grid;
	const struct theme *theme;
	bool live;			/* a terminal; else headless */
	bool readonly;			/* nothing is written anywhere */
	bool mouse;
	int dragged;			/* the rule that the mouse holds, from 1; 0: none */
	const struct settings *settings;	/* that it began with; NULL: none were read */
	bool shares;			/* edges as shares, not weights */
	enum view_id view;		/* what fills the body; VIEW_TREE: the main screen */
	enum view_id focus;		/* the pane that has the keys */
	enum view_id before;		/* the pane that had them before */
	struct layout_wish wish;
	struct jumplist jumplist;
	void *state[VIEW_COUNT];
	struct input input;
	struct player player;
	struct session session;
	struct notes notes;
	struct history prompts, commands;
	char *history_path, *commands_path;	/* NULL: not kept */
	/* Follows each command, which changed something or only looked; NULL: nothing does. */
	void (*after)(struct app *a, bool changed);
	/* Computes what is missing of the graph; false: it was stopped or failed, as the message says. */
	bool (*whole)(struct app *a);
	char message[600];
	bool alert;			/* the message is an error */
	char search[256];
	char supernode[CT_SUPERNODE_NAME];	/* that a node was put into last */
	struct work work;		/* on the graph, between keys */
	long busy_since;		/* ms; of the work that reports progress */
	long busy_drawn;
	bool busy_shown;
};

/* Set the message line. app_fail returns DID_FAIL | DID_CHANGE. */
void app_say(struct app *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int app_fail(struct app *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int app_error(struct app *a, const struct ct_error *err);
/* Says that nothing is written, with --readonly, and what it would have been; else returns 0. */
int app_refuse(struct app *a, const char *what);
/* A line on stderr, harmless to terminals whatever is in it. Not while the screen is in use. */
void app_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same on standard output: all that is put out in lines, instead of a screen, goes through it. */
void app_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What a person does is kept no longer, and why; the program goes on. */
void app_unkept(struct app *a, const char *why);
/* Prompts and commands are not written to a file any more. */
void app_forget_history(struct app *a);
/* Adds to a->prompts or a->commands, and to its file. */
void app_remember(struct app *a, struct history *h, const char *line);

/* Opens a model, or with `graph` a graph's file, before there is a screen: its progress is said on stderr. */
int app_open_study(struct app *a, const struct ct_engine_options *opt, const char *name, bool graph,
    struct ct_error *err);

/* An edge as the person wants to see it: a weight, or a share. */
const char *app_edge(const struct app *a, const struct ct_edge *e, char *buf, size_t size);

#endif
