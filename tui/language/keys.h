/*
 * keys: the table that says what each key does. terminal/key.h has the keys' names.
 *
 * A key is bound to a command, as typed after `:` or in scripts. The note of a binding is its help: the help
 * view, the hint line and the manual are made from this table.
 */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stdio.h>

#include "base/error.h"
#include "tui/terminal/key.h"

/* The place of all views that are read or chosen from and are not about the graph. */
#define KEYS_READING "reading"

struct key_entry {
	const char *place;	/* the name of a view, or KEYS_READING; NULL: everywhere */
	const char *key;
	const char *command;
	const char *hint;	/* a word for the hint line, or NULL */
	const char *note;
};

/* NULL after the last. Keys of a place come before those that are the same everywhere, and override them. */
const struct key_entry *key_at(int i);
/* The binding of a key in this place itself, or NULL. */
const struct key_entry *key_bound_in(const char *place, int key);
/* The binding of a key that counts in a place, or NULL. */
const struct key_entry *key_bound(const char *place, int key);

/*
 * Binds a key in a place (NULL: everywhere) to another command; "": to none. `place` is not copied, and the
 * key must exist. The help of the binding is that of the command. A code: too many bindings, or out of
 * memory.
 */
int key_bind(const char *place, const char *key, const char *command);
void key_reset(void);	/* restores the defaults */

/* The first key that runs a command everywhere, as the screen shows it; ":" if there is none. */
const char *key_for(const char *command);

/* All keys with the same place and command as entry i, as text: "↑ k". For the first such entry only. */
const char *key_group(char *buf, size_t size, int i);
/* Whether entry i is the first with its place and command. */
int key_is_first(int i);

void key_mdoc(FILE *out);

#endif
