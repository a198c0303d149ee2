/*
 * begin: what the program begins with: a model, a screen, and then a lesson, a session, or a prompt.
 *
 * Whatever fails before the screen is there is the caller's to say; what fails after it is a message.
 */
#ifndef TUI_BEGIN_H
#define TUI_BEGIN_H

#include "tui/app.h"

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
