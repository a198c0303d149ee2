/*
 * lock: a file that one program holds at a time. The hold ends with the program, however it ends; a file that
 * is left behind does no harm.
 */
#ifndef TUI_LOCK_H
#define TUI_LOCK_H

#include <stdbool.h>

#include "base/error.h"

struct lock {
	char *path;	/* NULL: not held */
	int fd;
};

/* Takes over path. *busy: another program has it; err says which. */
int lock_take(struct lock *l, char *path, bool *busy, struct ct_error *err);
void lock_drop(struct lock *l);
/* Does anybody hold it? */
bool lock_held(const char *path);

#endif
