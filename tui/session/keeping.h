/* keeping: the state of the session that keeps the present work. session.h decides when it is written. */
#ifndef TUI_KEEPING_H
#define TUI_KEEPING_H

#include <stdbool.h>

#include "tui/session/lock.h"

enum { SESSION_NAME = 128 };
enum { SESSION_MAX = 1 << 20 };		/* the largest session that is read, in bytes */

struct saver;

struct session {
	char name[SESSION_NAME];	/* "": it has no file yet */
	char *path;			/* the file; NULL: none */
	struct lock lock;
	bool automatic;			/* changes are kept as they are made ... */
	bool autosave;			/* ... unless this is false, for which a message gave the reason */
	bool reading;			/* commands come from a file, not from a person */
	/*
	 * the file has lines that this program would not write, so it is kept as FILE~ before it is replaced
	 */
	bool backup;
	char *saved;			/* the file's contents */
	/* the part that took work (see session_write_work), as it was at the start */
	char *work;
	struct saver *saver;
	long first, last;		/* ms: the first and the last change that are not saved; 0: none */
};

#endif
