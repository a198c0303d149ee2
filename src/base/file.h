/*
 * file: reading and replacing files.
 *
 * Owns file descriptors. Only regular files are opened: for a FIFO or a directory the error says so, and
 * nothing blocks. Texts that a person names may also be pipes. A replacement is atomic: temporary file in the
 * same directory, fsync, rename, fsync of the directory. A program that is killed meanwhile leaves
 * NAME.ctrace-N.tmp behind; the next replacement of NAME removes it.
 */
#ifndef CT_BASE_FILE_H
#define CT_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

#include "base/error.h"

/* Returns a descriptor of a regular file and its fstat, or a code. */
int ct_file_open(const char *path, struct stat *st, struct ct_error *err);

/* The last part of a path: what follows the last slash, if anything does. Lent. */
const char *ct_path_last(const char *path);

/* When a file's contents changed last, as precisely as the system tells. */
struct timespec ct_file_written(const struct stat *st);

/* Whole file, NUL-terminated, to be freed by the caller. More than max bytes is an error. */
int ct_file_read(char **out, size_t *n, const char *path, size_t max, struct ct_error *err);

/*
 * The same for a text that a person names: a file, a pipe such as a shell's <(...), or "-" for standard
 * input. Waits for the writers of a pipe. A byte order mark at the beginning is left out.
 */
int ct_file_read_text(char **out, size_t *n, const char *path, size_t max, struct ct_error *err);

/* True if path is neither a file nor a directory, but for example a pipe or a device: it is not replaced. */
bool ct_file_is_pipe(const char *path);

/* Exactly n bytes from offset on; a shorter file is an error. */
int ct_file_read_at(void *dst, size_t n, const char *path, size_t offset, struct ct_error *err);

/* At any moment the file is the old one or the new one; if this fails, the old one stays. */
int ct_file_replace(const char *path, const void *data, size_t n, struct ct_error *err);

/*
 * The same for contents that are written piece by piece, of any length. A path that is not a file (a pipe, a
 * terminal, /dev/null) is not replaced, but written to. If ct_file_new_open succeeds, ct_file_new_end must be
 * called: with CT_OK the new file takes the place of the old one; with any other code, such as that of the
 * failed writer, the new file is removed. Returns that code, or the code of its own failure.
 * ct_file_new_write is a ct_drain_fn (base/buffer.h) for a struct ct_file_new.
 */
struct ct_file_new {
	const char *path;		/* lent by the caller until the end */
	char *target, *tmp;		/* NULL: written in place */
	int fd;
};
int ct_file_new_open(struct ct_file_new *f, const char *path, struct ct_error *err);
int ct_file_new_write(void *f, const char *text, size_t n, struct ct_error *err);
int ct_file_new_end(struct ct_file_new *f, int code, struct ct_error *err);

/* The same, with contents in several pieces. */
struct ct_part {
	const void *data;
	size_t size;
};
int ct_file_replace_parts(const char *path, const struct ct_part *parts, int n, struct ct_error *err);

/*
 * Locks the directory of a file, so that no other program that does so changes the file between reading and
 * replacing it. Waits for other programs, but not for ever. *lock must be passed to ct_file_unlock; it is -1
 * if the file system has no locks.
 */
int ct_file_lock(int *lock, const char *path, struct ct_error *err);
void ct_file_unlock(int lock);

/*
 * Opens a file to which whole pieces are appended, for one writer at a time; it is created if it does not
 * exist, and truncated to its first `keep` bytes. Returns a descriptor to close, or a code. If writing a
 * piece fails, the file may end with a part of it.
 */
int ct_file_append_open(const char *path, size_t keep, struct ct_error *err);
int ct_file_append(int fd, const char *path, const void *data, size_t n, struct ct_error *err);

/*
 * A path that cannot be examined (permission, a failing disk) counts as existing. Opening it then reports the
 * reason, and nothing is silently taken for absent.
 */
bool ct_file_exists(const char *path);			/* a regular file */
/* the open file is the one that has this name now; links are not followed */
bool ct_file_has_name(int fd, const char *path);
bool ct_file_missing(const char *path);			/* there is certainly nothing of that name */
bool ct_dir_exists(const char *path);			/* there certainly is a directory */
int ct_dir_make(const char *path, struct ct_error *err);	/* with parents; an existing one is fine */

/* removes what killed programs left behind */
void ct_dir_sweep(const char *path);

/* The folder of a path, "." when it names none, to be freed by the caller; NULL when out of memory. */
char *ct_path_folder(const char *path);

/* "a/b", to be freed by the caller; NULL when out of memory. */
char *ct_path_join(const char *dir, const char *name);

#endif
