/*
 * session_file: a session as text: commands, one a line, that bring back what is being looked at.
 *
 * Each kind of state contributes its own lines (a row of the table in session_file.c; views through
 * view_ops.save). Where the text is kept, and when, belongs to `session`.
 */
#ifndef TUI_SESSION_FILE_H
#define TUI_SESSION_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "tui/study/keeping.h"

struct app;
struct lines;

/* All of it. False: out of memory, or something in it cannot be said in lines. */
bool session_write(struct app *a, struct lines *out);
/* The part that took work: prompt, target, clamps, notes; not where one looks. */
bool session_write_work(struct app *a, struct lines *out);

/*
 * Runs the lines of a session, which is changed by this. A line that fails is left out: *failed counts them,
 * and err says what is wrong with the first, with file and line. Only when its model cannot be opened is
 * nothing done, and a code returned.
 */
int session_read(struct app *a, const char *path, char *text, int *failed, struct ct_error *err);

#endif
