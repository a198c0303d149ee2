/*
 * app: the program's state and its loop: wait for an event, run a command, draw a frame.
 *
 * Nobody draws on their own: commands and views change state and return what they did (enum did).
 */
#ifndef TUI_APP_H
#define TUI_APP_H

#include <stdbool.h>

#include "tui/terminal/draw.h"
#include "tui/language/input.h"
#include "tui/layout.h"
#include "tui/study/notes.h"
#include "tui/lesson/player.h"
#include "tui/study/session.h"
#include "tui/language/settings.h"
#include "tui/study/study.h"
#include "tui/terminal/term.h"
#include "tui/terminal/theme.h"
#include "tui/study/jumplist.h"
#include "tui/view/view.h"

struct key_entry;

enum did {
	DID_NOTHING = 0,
	DID_CHANGE = 1 << 0,	/* the frame looks different */
	DID_FAIL = 1 << 1,	/* the message says why */
	DID_QUIT = 1 << 2,
	DID_REDRAW = 1 << 3,	/* send every cell */
	DID_SUSPEND = 1 << 4
};

enum { APP_COLS = 80, APP_ROWS = 24, APP_WIDE = 120 };

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
	char message[600];
	bool alert;			/* the message is an error */
	char search[256];
	char supernode[CT_SUPERNODE_NAME];	/* that a node was put into last */
	long busy_since;		/* ms; of the work that reports progress */
	long busy_drawn;
	bool busy_shown;
};

struct app_options {
	const char *model;		/* NULL: the lesson's, or the preferred one */
	const char *preferred;		/* "": capitals */
	struct ct_engine_options engine;
	const char *graph;		/* a file in place of a model; NULL: none */
	const char *prompt;		/* NULL: the model's demo */
	const char *script;
	const char *lesson;		/* file or name; NULL: none */
	bool resume;			/* go on with the latest session */
	bool check;			/* play the lesson without a terminal, say what holds */
	const struct theme *theme;
	int cols, rows;			/* headless size; 0: a terminal */
	bool ascii, mouse, readonly;
	bool linear;			/* lines instead of screens */
	bool shares;
	struct study_defaults study;
	const struct settings *settings;
};

/* Runs the program; returns its exit status. Errors are one line on stderr. */
int app_main(const struct app_options *opt);

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
int app_open_study(struct app *a, const struct app_options *opt, const char *name, bool graph,
    struct ct_error *err);

/* An edge as the person wants to see it: a weight, or a share. */
const char *app_edge(const struct app *a, const struct ct_edge *e, char *buf, size_t size);

/* What a key does where the person is now; NULL: nothing. */
const struct key_entry *app_binding(const struct app *a, int key);

/* Handles one key or pasted character; what a person at the keyboard would cause. */
int app_key(struct app *a, int key);
int app_paste(struct app *a, int cp);
bool app_resize(struct app *a, int cols, int rows);

#endif
