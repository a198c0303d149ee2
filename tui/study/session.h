/*
 * session: where the present work is saved, and when: its file, its lock, autosave.
 *
 * Sessions lie in $XDG_STATE_HOME/ctrace/sessions as NAME.session (see session_list). Work that nobody has
 * named is kept under the model's name and the time. A program holds a lock on the session it changes; a
 * second one can only read it. What a session says belongs to `session_file`, writing without waiting to
 * `saver`.
 */
#ifndef TUI_SESSION_H
#define TUI_SESSION_H

#include <stdbool.h>

#include "tui/study/keeping.h"
#include "tui/study/session_list.h"

struct app;
/* What is open now begins a session: so far nothing in it is anybody's work. */
void session_begin(struct app *a);
/* Saves what is not saved yet; before something else is opened. */
void session_flush(struct app *a);
/* The same at the end of the program, where it may take part of a second. */
void session_end(struct app *a);

/* Something may have changed. */
void session_touch(struct app *a);
/* How long to wait for events before session_tick, in ms; -1: for ever. */
int session_timeout(const struct app *a);
/* Saves when it is time. True: there is a message. */
bool session_tick(struct app *a);

/*
 * Keeps the session under a name from now on ("": the one it has); a path gets a copy. What is there already
 * is replaced only if the name ends with "!". Returns enum did.
 */
int session_save(struct app *a, const char *name);
/* Brings back a session by name or path. Returns enum did. */
int session_load(struct app *a, const char *name);

#endif
