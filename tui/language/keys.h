/*
 * keys: the table of what each key does. What a key is called is terminal/key's affair.
 *
 * A key is bound to a command string, the same language as `:` and scripts. The note of a binding is its
 * help: the help view, the hint line and the manual are made from this table.
 */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stdio.h>

#include "base/error.h"
#include "tui/terminal/key.h"

/* The place of all views with something to read or to choose from, that are not about the graph. */
#define KEYS_READING "reading"

struct key_entry {
	const char *place;	/* name of a view, KEYS_READING, or NULL: everywhere */
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
 * Binds a key of a place (NULL: everywhere) to another command; "": to none. place must stay; there is such a
 * key. Its help is that of the command. A code: too many of them, or out of memory.
 */
int key_bind(const char *place, const char *key, const char *command);
void key_reset(void);	/* all as it was */

/* The first key that runs a command everywhere, as the screen shows it; ":" when none does. */
const char *key_for(const char *command);

/* The keys of one binding as text: all keys of the same place and command, "↑ k". First entry only. */
const char *key_group(char *buf, size_t size, int i);
/* Is entry i the first with its place and command? */
int key_is_first(int i);

void key_mdoc(FILE *out);

#endif
