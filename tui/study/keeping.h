/*
 * keeping: the state of the session in which the present work is saved. When it is written belongs to
 * `session`.
 */
#ifndef TUI_KEEPING_H
#define TUI_KEEPING_H

#include <stdbool.h>

#include "tui/study/lock.h"

enum { SESSION_NAME = 128 };
enum { SESSION_MAX = 1 << 20 };		/* bytes of a session that is read */

struct saver;

struct session {
	char name[SESSION_NAME];	/* "": no file yet */
	char *path;			/* of the file, NULL: none */
	struct lock lock;
	bool automatic;			/* this program keeps changes as they are made ... */
	bool autosave;			/* ... unless it said why it does not */
	bool reading;			/* commands come from a file: no change of a person's */
	/* the file says more than we would: it goes to FILE~ before it is replaced */
	bool backup;
	char *saved;			/* what the file says */
	char *work;			/* the part of what is open that took work, as it began */
	struct saver *saver;
	long first, last;		/* ms: of the first and last change that is not saved; 0: none */
};

#endif
