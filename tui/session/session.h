/*
 * session: where and when the present work is saved: its file, its lock, autosave.
 *
 * Sessions are kept in $XDG_STATE_HOME/ctrace/sessions as NAME.session (see session_list.h). Work without a
 * name is kept under the model's name and the time. A program locks the session that it changes; a second
 * program can only read it. session_file.h writes and reads the text; saver.h writes files without waiting.
 */
#ifndef TUI_SESSION_H
#define TUI_SESSION_H

#include <stdbool.h>

#include "tui/session/keeping.h"
#include "tui/session/session_list.h"

struct app;
/* Begins a session with what is open now, which is not yet a person's work. */
void session_begin(struct app *a);
/* Saves what is not saved yet; to be called before something else is opened. */
void session_flush(struct app *a);
/* The same at the end of the program, which may take part of a second. */
void session_end(struct app *a);

/* Says that something may have changed. */
void session_touch(struct app *a);
/* How many ms may pass until session_tick is called; -1: any time. */
int session_timeout(const struct app *a);
/* Saves if it is time. Returns true if there is a new message. */
bool session_tick(struct app *a);

/*
 * Keeps the session under a name from now on ("": its present one); for a path, writes a copy there. An
 * existing file is replaced only if the name ends with "!". Returns an enum did.
 */
int session_save(struct app *a, const char *name);
/* Opens a session by name or path. Returns an enum did. */
int session_load(struct app *a, const char *name);

#endif
