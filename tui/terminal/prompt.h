/*
 * prompt: one line that is being edited, with the keys of readline, and the history of such lines.
 *
 * Owns text and cursor. language/input.h knows what the line is for, completes it, and acts on it.
 */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

enum { PROMPT_MAX = 4096 };

struct history {
	char **lines;		/* oldest first */
	int n, fresh;		/* the last `fresh` lines are not in the file yet */
};

struct prompt {
	char text[PROMPT_MAX];
	size_t len, cur;	/* bytes; cur is at the start of a character */
	char cut[PROMPT_MAX];	/* the text last cut, which Ctrl-y inserts */
	char draft[PROMPT_MAX];	/* the line as it was when the history was entered */
	struct history *history;
	int at;			/* index in the history; n: the draft */
};

enum prompt_result { PROMPT_IGNORED, PROMPT_MOVED, PROMPT_CHANGED, PROMPT_DONE, PROMPT_CANCEL,
    PROMPT_COMPLETE };

void prompt_start(struct prompt *p, const char *text, struct history *history);
enum prompt_result prompt_key(struct prompt *p, int key);
/* Inserts at the cursor. Control characters and text for which there is no room are left out. */
void prompt_insert(struct prompt *p, const char *s, size_t n);
/* Replaces the bytes from start to the cursor. */
void prompt_replace(struct prompt *p, size_t start, const char *s);

/* The keys of a prompt, for the help; NULL after the last. */
const char *prompt_help(int i, const char **note);

bool history_add(struct history *h, const char *line);	/* skips a line that repeats the last one */
int history_load(struct history *h, const char *path, struct ct_error *err);	/* an absent file is empty */
/* Appends the new lines to the file, and keeps what other programs appended to it. */
int history_keep(struct history *h, const char *path, struct ct_error *err);
void history_free(struct history *h);

#endif
