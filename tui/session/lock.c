/* lock: see lock.h. */
#include "tui/session/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"

enum { TRIES = 100 };

/* Writes the owner into the file so that other programs can name it; the lock works without it. */
static void
write_owner(int fd)
{
	char who[32];
	int n = snprintf(who, sizeof who, "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) != 0 || pwrite(fd, who, (size_t)n, 0) != n)
		errno = 0;
}

int
lock_take(struct lock *l, char *path, bool *busy, struct ct_error *err)
{
	char who[32];
	ssize_t n;
	int fd;

	*busy = false;
	for (int tries = 1;; tries++) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
		if (fd < 0) {
			ct_fail(err, CT_EIO, "cannot write %s: %s", path, strerror(errno));
			break;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			*busy = errno == EWOULDBLOCK;
			n = read(fd, who, sizeof who - 1);
			who[n > 0 ? n : 0] = '\0';
			who[strspn(who, "0123456789")] = '\0';
			ct_fail(err, CT_EIO, "open in another program%s%s", *who ? ", process " : "", who);
			close(fd);
			break;
		}
		/* Another program may have removed the file meanwhile; then this lock counts for nothing. */
		if (ct_file_has_name(fd, path)) {
			write_owner(fd);
			l->path = path;
			l->fd = fd;
			return CT_OK;
		}
		close(fd);
		if (tries == TRIES) {
			ct_fail(err, CT_EIO, "cannot lock %s: other programs keep removing it", path);
			break;
		}
	}
	free(path);
	return CT_EIO;
}

void
lock_drop(struct lock *l)
{
	if (!l->path)
		return;
	unlink(l->path);
	close(l->fd);
	free(l->path);
	*l = (struct lock){ .path = NULL };
}

bool
lock_held(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;

	if (fd >= 0)
		close(fd);
	return held;
}
