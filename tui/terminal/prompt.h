/*
 * prompt: one line being edited, with the keys of readline, and the history of such lines.
 *
 * Owns text and cursor. What the line is for, what completes it and what happens when it is done belongs
 * to `input`.
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
	int n, fresh;		/* the last `fresh` are not in the file */
};

struct prompt {
	char text[PROMPT_MAX];
	size_t len, cur;	/* bytes; cur is at the start of a character */
	char cut[PROMPT_MAX];	/* what Ctrl-y brings back */
	char draft[PROMPT_MAX];	/* the line as it was before the history was entered */
	struct history *history;
	int at;			/* in the history; n: the draft */
};

enum prompt_result { PROMPT_IGNORED, PROMPT_MOVED, PROMPT_CHANGED, PROMPT_DONE, PROMPT_CANCEL,
    PROMPT_COMPLETE };

void prompt_start(struct prompt *p, const char *text, struct history *history);
enum prompt_result prompt_key(struct prompt *p, int key);
/* Inserts at the cursor; what does not fit, and control characters, are left out. */
void prompt_insert(struct prompt *p, const char *s, size_t n);
/* Replaces the bytes from start up to the cursor. */
void prompt_replace(struct prompt *p, size_t start, const char *s);

/* The keys above as help: NULL after the last. */
const char *prompt_help(int i, const char **note);

bool history_add(struct history *h, const char *line);	/* a repeated last line is not added */
int history_load(struct history *h, const char *path, struct ct_error *err);	/* no file: empty */
/* Adds what is fresh to the file; what other programs have added to it stays. */
int history_keep(struct history *h, const char *path, struct ct_error *err);
void history_free(struct history *h);

#endif
