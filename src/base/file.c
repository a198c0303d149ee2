/*
 * file: see file.h.
 */
#include "base/file.h"

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* "NAME.ctrace-0.tmp" */
static const char temporary[] = ".ctrace-";
enum { TEMPORARIES = 100, LOCK_TRIES = 400, LOCK_PAUSE_NS = 5000000 };

static const char *
kind_name(mode_t mode)
{
	return S_ISDIR(mode) ? "a directory"
	    : S_ISFIFO(mode) ? "a FIFO"
	    : S_ISSOCK(mode) ? "a socket"
			     : "a device";
}

int
ct_file_open(const char *path, struct stat *st, struct ct_error *err)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return ct_fail(err, CT_EIO, "cannot open %s: %s", path, strerror(errno));
	if (fstat(fd, st) != 0) {
		ct_fail(err, CT_EIO, "cannot examine %s: %s", path, strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st->st_mode)) {
		ct_fail(err, CT_EIO, "cannot read %s: it is %s, not a file", path, kind_name(st->st_mode));
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return CT_EIO;
}

/* Reads until n bytes or the end of the file; -1 on error. */
static ssize_t
read_all(int fd, char *buf, size_t n)
{
	size_t at = 0;

	while (at < n) {
		ssize_t got = read(fd, buf + at, n - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		at += (size_t)got;
	}
	return (ssize_t)at;
}

const char *
ct_path_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

struct timespec
ct_file_written(const struct stat *st)
{
#ifdef HAVE_STRUCT_STAT_ST_MTIMESPEC
	return st->st_mtimespec;
#else
	return st->st_mtim;
#endif
}

int
ct_file_read(char **out, size_t *n, const char *path, size_t max, struct ct_error *err)
{
	char *buf = NULL;
	struct stat st;
	size_t size;
	ssize_t got;
	int fd, code = CT_EIO;

	*out = NULL;
	*n = 0;
	fd = ct_file_open(path, &st, err);
	if (fd < 0)
		return fd;
	size = (size_t)st.st_size;
	if (size > max) {
		code = ct_fail(err, CT_EFORMAT, "%s has %zu bytes; expected at most %zu", path, size, max);
		goto fail;
	}
	buf = malloc(size + 1);
	if (!buf) {
		code = ct_fail_memory(err, size + 1, path);
		goto fail;
	}
	got = read_all(fd, buf, size);
	if (got < 0) {
		code = ct_fail(err, CT_EIO, "cannot read %s: %s", path, strerror(errno));
		goto fail;
	}
	close(fd);
	buf[got] = '\0';
	*out = buf;
	*n = (size_t)got;
	return CT_OK;
fail:
	close(fd);
	free(buf);
	return code;
}

/* Reads to the end of a file of any kind, at most max bytes. */
static int
read_stream(int fd, const char *name, size_t max, char **out, size_t *n, struct ct_error *err)
{
	char *text = NULL, *grown;
	size_t room = 0;
	ssize_t got;

	*n = 0;
	do {
		if (*n + 1 >= room) {
			room = room ? 2 * room : 1 << 16;
			grown = realloc(text, room);
			if (!grown) {
				free(text);
				return ct_fail_memory(err, room, name);
			}
			text = grown;
		}
		got = read_all(fd, text + *n, room - 1 - *n);
		*n += got > 0 ? (size_t)got : 0;
	} while (got > 0 && *n <= max);
	if (got < 0 || *n > max) {
		free(text);
		return got < 0 ? ct_fail(err, CT_EIO, "cannot read %s: %s", name, strerror(errno))
		    : ct_fail(err, CT_EFORMAT, "%s has more than %zu bytes; expected at most as many", name,
		    max);
	}
	text[*n] = '\0';
	*out = text;
	return CT_OK;
}

int
ct_file_read_text(char **out, size_t *n, const char *path, size_t max, struct ct_error *err)
{
	static const char mark[] = "\357\273\277";
	bool standard = strcmp(path, "-") == 0;
	int code, fd;

	*out = NULL;
	*n = 0;
	if (standard || ct_file_is_pipe(path)) {
		fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return ct_fail(err, CT_EIO, "cannot open %s: %s", path, strerror(errno));
		code = read_stream(fd, standard ? "standard input" : path, max, out, n, err);
		if (!standard)
			close(fd);
	} else {
		code = ct_file_read(out, n, path, max, err);
	}
	if (code == CT_OK && *n >= sizeof mark - 1 && memcmp(*out, mark, sizeof mark - 1) == 0) {
		*n -= sizeof mark - 1;
		memmove(*out, *out + sizeof mark - 1, *n + 1);
	}
	return code;
}

bool
ct_file_is_pipe(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

int
ct_file_read_at(void *dst, size_t n, const char *path, size_t offset, struct ct_error *err)
{
	struct stat st;
	size_t size, at = 0;
	int code = CT_OK, fd = ct_file_open(path, &st, err);

	if (fd < 0)
		return fd;
	size = (size_t)st.st_size;
	if (offset > size || n > size - offset)
		code = ct_fail(err, CT_EFORMAT, "%s has %zu bytes; expected %zu at byte %zu", path, size, n,
		    offset);
	while (code == CT_OK && at < n) {
		ssize_t got = pread(fd, (char *)dst + at, n - at, (off_t)(offset + at));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			code = ct_fail(err, CT_EIO, "cannot read %s: %s", path, strerror(errno));
		else if (got == 0)
			code = ct_fail(err, CT_EIO, "%s became shorter while it was read", path);
		else
			at += (size_t)got;
	}
	close(fd);
	return code;
}

static int
write_all(int fd, const char *data, size_t n)
{
	while (n) {
		ssize_t put = write(fd, data, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		data += put;
		n -= (size_t)put;
	}
	return 0;
}

bool
ct_file_has_name(int fd, const char *path)
{
	struct stat mine, there;

	return fstat(fd, &mine) == 0 && lstat(path, &there) == 0 && mine.st_ino == there.st_ino &&
	    mine.st_dev == there.st_dev;
}

/*
 * The writer of a temporary file holds a lock on it, so a file that is ours and not locked was left behind.
 */
static bool
remove_abandoned(const char *tmp)
{
	int fd = open(tmp, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	bool gone = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0 && ct_file_has_name(fd, tmp) && unlink(tmp) == 0;

	if (fd >= 0)
		close(fd);
	return gone;
}

/*
 * Creates and locks a temporary file next to the target, since a rename is atomic only within one directory.
 * Files that killed programs left behind are used again.
 */
static int
create_beside(char *tmp, size_t size, const char *target)
{
	for (int i = 0, tries = 0; i < TEMPORARIES && tries < 10 * TEMPORARIES; tries++) {
		int fd, n = snprintf(tmp, size, "%s%s%d.tmp", target, temporary, i);

		if (n < 0 || (size_t)n >= size) {
			errno = ENAMETOOLONG;
			return -1;
		}
		fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST)
			return -1;
		if (fd < 0) {
			i += !remove_abandoned(tmp);
			continue;
		}
		/* Another program may have found it before it was locked, and taken it for abandoned. */
		if ((flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) && ct_file_has_name(fd, tmp))
			return fd;
		close(fd);
		i++;
	}
	errno = EEXIST;
	return -1;
}

static void
directory_of(char dir[PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/');
	int n = slash ? (int)(slash - path) : 1;

	snprintf(dir, PATH_MAX, "%.*s", n ? n : 1, slash ? path : ".");
}

/* The rename itself must reach the disk. A file system that cannot sync a directory is no error. */
static void
sync_directory(const char *path)
{
	char dir[PATH_MAX];
	int fd;

	directory_of(dir, path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static int
cannot_write(const char *path, int why, struct ct_error *err)
{
	return ct_fail(err, CT_EIO, "cannot write %s: %s", path, strerror(why));
}

/* Opens a pipe or a device, in place. This must not wait for a reader; writing to it may. */
static int
open_in_place(struct ct_file_new *f, struct ct_error *err)
{
	int flags;

	f->fd = open(f->path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (f->fd < 0 && errno == ENXIO)
		return ct_fail(err, CT_EIO, "cannot write %s: nobody reads from this pipe", f->path);
	if (f->fd < 0)
		return cannot_write(f->path, errno, err);
	flags = fcntl(f->fd, F_GETFL);
	if (flags >= 0 && fcntl(f->fd, F_SETFL, flags & ~O_NONBLOCK) == 0)
		return CT_OK;
	cannot_write(f->path, errno, err);
	close(f->fd);
	return CT_EIO;
}

int
ct_file_new_open(struct ct_file_new *f, const char *path, struct ct_error *err)
{
	char target[PATH_MAX], tmp[PATH_MAX + 32];
	struct stat st;
	bool old = stat(path, &st) == 0;
	int why;

	*f = (struct ct_file_new){ .path = path, .fd = -1 };
	if (old && (S_ISDIR(st.st_mode) || S_ISSOCK(st.st_mode) || S_ISBLK(st.st_mode)))
		return ct_fail(err, CT_EIO, "cannot write %s: it is %s, not a file", path,
		    kind_name(st.st_mode));
	if (old && !S_ISREG(st.st_mode))
		return open_in_place(f, err);
	if (strlen(path) >= sizeof target)
		return cannot_write(path, ENAMETOOLONG, err);
	/* A symbolic link stays: the file it points to is replaced. */
	if (!old || !realpath(path, target))
		memcpy(target, path, strlen(path) + 1);
	f->fd = create_beside(tmp, sizeof tmp, target);
	if (f->fd < 0)
		return cannot_write(path, errno, err);
	f->target = strdup(target);
	f->tmp = strdup(tmp);
	if (f->target && f->tmp && (!old || fchmod(f->fd, st.st_mode & 07777) == 0))
		return CT_OK;
	why = f->target && f->tmp ? errno : ENOMEM;
	unlink(tmp);
	close(f->fd);
	free(f->target);
	free(f->tmp);
	return cannot_write(path, why, err);
}

int
ct_file_new_write(void *file, const char *text, size_t n, struct ct_error *err)
{
	const struct ct_file_new *f = file;

	return write_all(f->fd, text, n) == 0 ? CT_OK : cannot_write(f->path, errno, err);
}

int
ct_file_new_end(struct ct_file_new *f, int code, struct ct_error *err)
{
	/* The file stays locked until it is renamed. After fsync, an error of close loses nothing. */
	if (code == CT_OK && f->tmp && (fsync(f->fd) != 0 || rename(f->tmp, f->target) != 0))
		code = cannot_write(f->path, errno, err);
	if (code < 0 && f->tmp)
		unlink(f->tmp);
	close(f->fd);
	if (code == CT_OK && f->tmp)
		sync_directory(f->target);
	free(f->target);
	free(f->tmp);
	return code;
}

int
ct_file_replace_parts(const char *path, const struct ct_part *parts, int n, struct ct_error *err)
{
	struct ct_file_new f;
	int code = ct_file_new_open(&f, path, err);

	if (code < 0)
		return code;
	for (int i = 0; i < n && code == CT_OK; i++)
		code = ct_file_new_write(&f, parts[i].data, parts[i].size, err);
	return ct_file_new_end(&f, code, err);
}

int
ct_file_replace(const char *path, const void *data, size_t n, struct ct_error *err)
{
	return ct_file_replace_parts(path, &(struct ct_part){ .data = data, .size = n }, 1, err);
}

int
ct_file_lock(int *lock, const char *path, struct ct_error *err)
{
	char target[PATH_MAX], dir[PATH_MAX];

	*lock = -1;
	if (!realpath(path, target) && snprintf(target, sizeof target, "%s", path) >= (int)sizeof target)
		return ct_fail(err, CT_EIO, "cannot write %s: %s", path, strerror(ENAMETOOLONG));
	directory_of(dir, target);
	*lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; *lock >= 0 && i < LOCK_TRIES; i++) {
		/* A file system without locks, or a directory that cannot be opened, is no error. */
		if (flock(*lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
			return CT_OK;
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_PAUSE_NS }, NULL);
	}
	if (*lock < 0)
		return CT_OK;
	close(*lock);
	*lock = -1;
	return ct_fail(err, CT_EIO, "cannot write %s: another program is writing there", path);
}

void
ct_file_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}

int
ct_file_append_open(const char *path, size_t keep, struct ct_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666), code;
	struct stat st;

	if (fd < 0)
		return ct_fail(err, CT_EIO, "cannot open %s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0)
		code = ct_fail(err, CT_EIO, "%s: %s", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		code = ct_fail(err, CT_EIO, "%s is %s, not a file", path, kind_name(st.st_mode));
	else if (!S_ISREG(st.st_mode) && fcntl(fd, F_SETFL, 0) == 0)
		return fd;		/* of a pipe or device, written in place; writing waits for readers */
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		code = ct_fail(err, CT_EIO, "%s: another program writes to it now", path);
	else if (ftruncate(fd, (off_t)keep) < 0 || lseek(fd, 0, SEEK_END) < 0)
		code = ct_fail(err, CT_EIO, "%s: %s", path, strerror(errno));
	else
		return fd;
	close(fd);
	return code;
}

int
ct_file_append(int fd, const char *path, const void *data, size_t n, struct ct_error *err)
{
	if (write_all(fd, data, n) == 0)
		return CT_OK;
	return ct_fail(err, CT_EIO, "cannot write %s: %s", path, strerror(errno));
}

/* "NAME.ctrace-N.tmp" */
static bool
is_temporary(const char *name)
{
	const char *at = strstr(name, temporary);
	int n, end = 0;

	return at && at > name && sscanf(at + sizeof temporary - 1, "%2d.tmp%n", &n, &end) == 1 && end &&
	    !at[sizeof temporary - 1 + (size_t)end];
}

void
ct_dir_sweep(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		char *tmp = is_temporary(e->d_name) ? ct_path_join(path, e->d_name) : NULL;

		if (tmp)
			remove_abandoned(tmp);
		free(tmp);
	}
	if (d)
		closedir(d);
}

bool
ct_file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? S_ISREG(st.st_mode) : !ct_file_missing(path);
}

bool
ct_file_missing(const char *path)
{
	struct stat st;

	return stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

bool
ct_dir_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int
ct_dir_make(const char *path, struct ct_error *err)
{
	char *copy = strdup(path);
	int code = CT_OK;

	if (!copy)
		return ct_fail_memory(err, strlen(path) + 1, path);
	for (char *p = copy; *p && code == CT_OK; p++) {
		bool end = p[1] == '\0', cut = p[1] == '/' && p[0] != '/';

		if (!end && !cut)
			continue;
		if (cut)
			p[1] = '\0';
		if (mkdir(copy, 0777) != 0) {
			int why = errno;

			if (!ct_dir_exists(copy))
				code = ct_fail(err, CT_EIO, "cannot make directory %s: %s", copy,
				    strerror(why));
		}
		if (cut)
			p[1] = '/';
	}
	free(copy);
	return code;
}

char *
ct_path_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

char *
ct_path_join(const char *dir, const char *name)
{
	size_t n = strlen(dir), m = strlen(name);
	bool slash = n > 0 && dir[n - 1] != '/';
	char *p = malloc(n + m + 2);

	if (!p)
		return NULL;
	memcpy(p, dir, n);
	if (slash)
		p[n++] = '/';
	memcpy(p + n, name, m + 1);
	return p;
}
