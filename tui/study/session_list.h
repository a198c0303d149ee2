/*
 * session_list: the sessions there are, and what they are called.
 */
#ifndef TUI_SESSION_LIST_H
#define TUI_SESSION_LIST_H

#include <stdbool.h>
#include <time.h>

#include "base/error.h"
#include "tui/study/keeping.h"

struct session_entry {
	char name[SESSION_NAME], model[1024], prompt[256], note[256];
	bool graph;			/* model is the file of a graph */
	time_t when;
	long nanoseconds;		/* of that second */
	bool open;			/* in some program */
};

/* All sessions, the latest first, to be freed. Returns how many. */
int session_list(struct session_entry **out);
/* The latest one; model not NULL: of this model, or graph's file. */
int session_latest(const char *model, struct session_entry *out, struct ct_error *err);
/* "today 14:05", "2026-11-22". Returns buf. */
const char *session_when(time_t when, char *buf, size_t size);

/* Can a person call a session so? */
bool session_name_ok(const char *name);
/* A name from the model's and the clock. */
void session_name_clock(const char *model, time_t t, char buf[SESSION_NAME]);
bool session_name_is_clock(const char *name);
/* Sessions that nobody named do not pile up: the oldest go. */
void session_list_trim(void);

/* Before the first session is written. */
int session_make_folder(struct ct_error *err);
/* The path of its file, or of the file that is locked. To be freed; NULL: err says why. */
char *session_path(const char *name, struct ct_error *err);
char *session_lock_path(const char *name, struct ct_error *err);

/* Is a line of a session this command? */
bool session_line_is(const char *line, const char *command);
/* What a session says it is about, "" where it does not: looked up, not run. */
struct session_about {
	char model[1024], prompt[256], note[256];
	bool graph;			/* model is the file of a graph */
};
void session_about(const char *text, struct session_about *out);

#endif
