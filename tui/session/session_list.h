/* session_list: which sessions exist, and their names. */
#ifndef TUI_SESSION_LIST_H
#define TUI_SESSION_LIST_H

#include <stdbool.h>
#include <time.h>

#include "base/error.h"
#include "tui/session/keeping.h"

struct session_entry {
	char name[SESSION_NAME], model[1024], prompt[256], note[256];
	bool graph;			/* `model` is the file of a graph */
	time_t when;
	long nanoseconds;		/* fraction of that second */
	bool open;			/* a program has it open */
};

/*
 * Lists all sessions, the latest first. To be freed. Returns how many, or a negative code, and *out is NULL.
 * The note of a session that cannot be read says why.
 */
int session_list(struct session_entry **out, struct ct_error *err);
/* The latest session; if model is not NULL, of this model or graph's file. */
int session_latest(const char *model, struct session_entry *out, struct ct_error *err);
/* "today 14:05", "2026-11-22". Returns buf. */
const char *session_when(time_t when, char *buf, size_t size);

/* Whether a person may give a session this name. */
bool session_name_ok(const char *name);
/* A name made from the model's name and the time. */
void session_name_clock(const char *model, time_t t, char buf[SESSION_NAME]);
bool session_name_is_clock(const char *name);
/* Removes the oldest of the sessions that have no name of a person's, so that they do not pile up. */
void session_list_trim(void);

/* To be called before the first session is written. */
int session_make_folder(struct ct_error *err);
/* The path of its file, or of its lock. To be freed; NULL: err says why. */
char *session_path(const char *name, struct ct_error *err);
char *session_lock_path(const char *name, struct ct_error *err);

/* Whether a line of a session is this command. */
bool session_line_is(const char *line, const char *command);
/* What a session's lines say it is about, without running them; "" if they do not say. */
struct session_about {
	char model[1024], prompt[256], note[256];
	bool graph;			/* `model` is the file of a graph */
};
void session_about(const char *text, struct session_about *out);

#endif
