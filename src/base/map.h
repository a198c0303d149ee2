/*
 * map: files mapped into memory, which others may cut off or overwrite at any time.
 *
 * Owns the mappings. Touching a page that its file no longer has raises SIGBUS in whatever thread does it,
 * deep in arithmetic that cannot fail. So such a page is replaced by zeros, the work runs to its end, and
 * ct_map_check then reports that the file has changed: whoever reads a mapping must call it before using the
 * results.
 */
#ifndef CT_BASE_MAP_H
#define CT_BASE_MAP_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/error.h"

struct ct_guard;

struct ct_map {
	const unsigned char *data;	/* read-only mapping; NULL when size is 0 */
	size_t size;
	char *path;
	int fd;				/* kept open to watch the file */
	struct timespec written;	/* its time of last change when it was opened */
	struct ct_guard *guard;
};

/* The struct must not move in memory while it is open. */
int ct_map_open(struct ct_map *m, const char *path, struct ct_error *err);
void ct_map_close(struct ct_map *m);

/* Fails when the file has been cut off, overwritten or become unreadable since it was opened. */
int ct_map_check(const struct ct_map *m, struct ct_error *err);

/*
 * For handlers of SIGBUS: true when the fault lay in a mapping, and can be returned to. Async-signal-safe.
 * ct_map_guard installs a handler that does only this, for programs that have none of their own.
 */
bool ct_map_repair(const siginfo_t *info);
void ct_map_guard(void);

#endif
