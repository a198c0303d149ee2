/*
 * keys: what a key is called, and the table of what each one does.
 *
 * A key is bound to a command string, the same language as `:` and scripts. The note of a binding is its
 * help: the help view, the hint line and the manual are made from this table.
 */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stdio.h>

#include "base/error.h"

enum {
	K_ALT = 1 << 24,
	K_CTRL = 1 << 25,
	K_SPECIAL = 0x200000,	/* above every code point */
	K_ENTER,
	K_TAB,
	K_BACKTAB,
	K_ESC,
	K_BACKSPACE,
	K_DELETE,
	K_UP,
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_HOME,
	K_END,
	K_PAGE_UP,
	K_PAGE_DOWN,
	K_F1,			/* up to F12 */
	K_LAST = K_F1 + 11
};

/* "Ctrl-r", "Alt-f", "PageDown", "F1", "x" -> code; -1 when there is no such key. */
int key_parse(const char *name);
/* The name that key_parse reads. */
const char *key_text(char *buf, size_t size, int key);

struct key_entry {
	const char *place;	/* name of a view, or NULL: everywhere */
	const char *key;
	const char *command;
	const char *hint;	/* word for the hint line, or NULL */
	const char *note;
};

/* NULL after the last. Keys of a place come before those of everywhere and win over them. */
const struct key_entry *key_at(int i);
/* The place's own binding of a key, or NULL. */
const struct key_entry *key_bound_in(const char *place, int key);
/* What a key does at a place, or NULL. */
const struct key_entry *key_bound(const char *place, int key);

/*
 * Binds a key of a place (NULL: everywhere) to another command; "": to none. place must stay; there is such a key. Its
 * help is that of the command. A code: too many of them, or out of memory.
 */
int key_bind(const char *place, const char *key, const char *command);
void key_reset(void);	/* all as it was */

/* The first key that runs a command everywhere, as the screen shows it; ":" when none does. */
const char *key_for(const char *command);

/* A key of the table as the screen shows it: "↑" for "Up". */
const char *key_label(char *buf, size_t size, const char *key);

/* The keys of one binding as text: all keys of the same place and command, "↑ k". First entry only. */
const char *key_group(char *buf, size_t size, int i);
/* Is entry i the first with its place and command? */
int key_is_first(int i);

void key_mdoc(FILE *out);

#endif
