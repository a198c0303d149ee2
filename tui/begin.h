/*
 * begin: what the program begins with: a model, a screen, and then a lesson, a session, or a prompt.
 *
 * Whatever fails before the screen is there is the caller's to say; what fails after it is a message.
 */
#ifndef TUI_BEGIN_H
#define TUI_BEGIN_H

#include "tui/app.h"
#include "tui/study/session_list.h"

/* How the program was called. */
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

struct beginning {
	struct lesson *lesson;		/* NULL: none */
	struct session_entry session;	/* name "": none */
	struct ct_error why;		/* there is none, though one was asked for */
};

/* Opens model and screen; *linear: there will be lines instead. */
int begin_open(struct app *a, const struct app_options *opt, struct beginning *b, bool *linear,
    struct ct_error *err);
/* The first frame's contents. Takes over the lesson. A code: it was said why nothing can begin. */
int begin(struct app *a, const struct app_options *opt, struct beginning *b);

#endif
