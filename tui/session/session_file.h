/*
 * session_file: a session as text: commands, one on each line, that restore what is being looked at.
 *
 * Each kind of state writes its own lines (a row of the table in session_file.c; views do so in
 * view_ops.save). session.h decides where and when the text is kept.
 */
#ifndef TUI_SESSION_FILE_H
#define TUI_SESSION_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "tui/session/keeping.h"

struct app;
struct lines;

/* Writes everything. Returns false if memory ran out or something cannot be written as a line. */
bool session_write(struct app *a, struct lines *out);
/* Writes the part that took work: prompt, target, clamps, notes; not what is looked at. */
bool session_write_work(struct app *a, struct lines *out);

/*
 * Runs the lines of a session; changes text. A line that fails is skipped: *failed counts them, and err
 * describes the first with file and line. Only if the model cannot be opened does nothing change, and a code
 * is returned.
 */
int session_read(struct app *a, const char *path, char *text, int *failed, struct ct_error *err);

#endif
