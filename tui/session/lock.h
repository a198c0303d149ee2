/*
 * lock: a file that only one program can hold. The lock ends with the program, however that ends, and a file
 * that is left does no harm.
 */
#ifndef TUI_LOCK_H
#define TUI_LOCK_H

#include <stdbool.h>

#include "base/error.h"

struct lock {
	char *path;	/* NULL: not held */
	int fd;
};

/* Takes the lock, and takes over path. *busy: another program holds it, which err names. */
int lock_take(struct lock *l, char *path, bool *busy, struct ct_error *err);
void lock_drop(struct lock *l);
/* Whether any program holds it. */
bool lock_held(const char *path);

#endif
