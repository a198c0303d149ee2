/*
 * begin: how the program begins: it opens a model and a screen, then a lesson, a session, or a prompt.
 *
 * Errors before there is a screen are the caller's to report; later ones are messages on it.
 */
#ifndef TUI_BEGIN_H
#define TUI_BEGIN_H

#include "tui/app.h"
#include "tui/session/session_list.h"

/* The program's options and operands. */
struct app_options {
	const char *model;		/* NULL: the lesson's model, or the preferred one */
	const char *preferred;		/* from the settings; "": capitals */
	struct ct_engine_options engine;
	const char *graph;		/* a graph's file in place of a model; NULL: none */
	const char *session;		/* a session's file, with a slash in its path; NULL: none */
	const char *prompt;		/* NULL: the model's demo prompt */
	const char *script;
	const char *lesson;		/* a file or name; NULL: none */
	bool resume;			/* open the latest session */
	bool check;			/* play the lesson without a terminal and report its steps */
	const struct theme *theme;
	int cols, rows;			/* size of a headless run; 0: use a terminal */
	bool ascii, mouse, readonly;
	bool linear;			/* lines in place of screens */
	bool shares;
	struct study_defaults study;
	const struct settings *settings;
};

struct beginning {
	struct lesson *lesson;		/* NULL: none */
	struct session_entry session;	/* name "": none */
	struct ct_error why;		/* why there is none, if one was asked for */
};

/* Opens the model and the screen; *linear: lines will be used in place of a screen. */
int begin_open(struct app *a, const struct app_options *opt, struct beginning *b, bool *linear,
    struct ct_error *err);
/* Fills the first frame. Takes over the lesson. A code: a message says why nothing can begin. */
int begin(struct app *a, const struct app_options *opt, struct beginning *b);

#endif
