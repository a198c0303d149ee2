/* session_list: see session_list.h. */
#include "tui/session/session_list.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "tui/session/lock.h"
#include "tui/study/dirs.h"

static const char folder[] = "sessions", ending[] = ".session";

enum { STAMP = sizeof "-20261122-140512" - 1, UNNAMED_MAX = 50 };

bool
session_name_ok(const char *name)
{
	size_t n = strlen(name);

	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '/')
			return false;
	return n > 0 && n < SESSION_NAME && name[0] != '.' && name[n - 1] != ' ';
}

void
session_name_clock(const char *model, time_t t, char buf[SESSION_NAME])
{
	char stamp[STAMP + 1] = "-00000000-000000";
	struct tm tm;

	if (localtime_r(&t, &tm))
		strftime(stamp, sizeof stamp, "-%Y%m%d-%H%M%S", &tm);
	snprintf(buf, SESSION_NAME, "%s%.100s%s", *model == '.' ? "model" : "", model, stamp);
}

bool
session_name_is_clock(const char *name)
{
	size_t n = strlen(name);
	const char *s = name + n - STAMP;

	if (n <= STAMP)
		return false;
	for (int i = 0; i < STAMP; i++)
		if (i == 0 || i == 9 ? s[i] != '-' : !isdigit((unsigned char)s[i]))
			return false;
	return true;
}

static char *
path_of(const char *before, const char *name, const char *after, struct ct_error *err)
{
	char *dir = dirs_state(folder, false, err), *path = NULL, file[SESSION_NAME + 32];

	snprintf(file, sizeof file, "%s%s%s", before, name, after);
	if (dir && !(path = ct_path_join(dir, file)))
		ct_fail_memory(err, sizeof file, "a path");
	free(dir);
	return path;
}

int
session_make_folder(struct ct_error *err)
{
	char *dir = dirs_state(folder, true, err);

	free(dir);
	return dir ? CT_OK : err->code;
}

char *
session_path(const char *name, struct ct_error *err)
{
	return path_of("", name, ending, err);
}

char *
session_lock_path(const char *name, struct ct_error *err)
{
	return path_of(".", name, ".lock", err);
}

static bool
is_open(const char *name)
{
	struct ct_error err;
	char *path = session_lock_path(name, &err);
	bool held = path && lock_held(path);

	free(path);
	return held;
}

static int
is_session_file(const struct dirent *e)
{
	size_t n = strlen(e->d_name), k = strlen(ending);

	return e->d_name[0] != '.' && n > k && n - k < SESSION_NAME && strcmp(e->d_name + n - k, ending) == 0;
}

bool
session_line_is(const char *line, const char *command)
{
	size_t n = strlen(command);

	return strncmp(line, command, n) == 0 && strchr(" \t\r", line[n]);
}

static void
about_line(const char *line, const char *name, char *out, size_t size)
{
	const char *rest = line + strlen(name);

	if (*out || !session_line_is(line, name))
		return;
	rest += strspn(rest, " \t");
	ct_text_clean(out, size, rest, strcspn(rest, "\r\n"));
}

void
session_about(const char *text, struct session_about *out)
{
	static const char own[] = "session: ";	/* a note that is on no node may begin so */

	*out = (struct session_about){ .model = "" };
	for (const char *next = text; next && *next;) {
		text = next + strspn(next, " \t");
		about_line(text, "model", out->model, sizeof out->model);
		if (!*out->model) {
			about_line(text, "graph", out->model, sizeof out->model);
			out->graph = *out->model;
		}
		about_line(text, "prompt", out->prompt, sizeof out->prompt);
		about_line(text, "prompt-text", out->prompt, sizeof out->prompt);
		about_line(text, "note", out->note, sizeof out->note);
		if (strncmp(out->note, "on ", 3) == 0)	/* a note on a node */
			out->note[0] = '\0';
		if (strncmp(out->note, own, sizeof own - 1) == 0)
			memmove(out->note, out->note + sizeof own - 1, strlen(out->note) - sizeof own + 2);
		next = strchr(text, '\n');
		if (next)
			next++;
	}
}

/* false: there is no such session. */
static bool
read_entry(const char *dir, const char *file, struct session_entry *out)
{
	char *path = ct_path_join(dir, file), *text = NULL;
	struct session_about about = { .graph = false };
	struct ct_error err;
	struct stat st;
	bool ok;
	size_t n;

	*out = (struct session_entry){ .when = 0 };
	snprintf(out->name, sizeof out->name, "%.*s", (int)(strlen(file) - strlen(ending)), file);
	ok = path && session_name_ok(out->name) && stat(path, &st) == 0;
	if (ok) {
		if (ct_file_read(&text, &n, path, SESSION_MAX, &err) == CT_OK)
			session_about(text, &about);
		else
			ct_text_clean(about.note, sizeof about.note, err.msg, strlen(err.msg));
		memcpy(out->model, about.model, sizeof out->model);
		memcpy(out->prompt, about.prompt, sizeof out->prompt);
		memcpy(out->note, about.note, sizeof out->note);
		out->graph = about.graph;
		out->when = ct_file_written(&st).tv_sec;
		out->nanoseconds = ct_file_written(&st).tv_nsec;
		out->open = is_open(out->name);
	}
	free(text);
	free(path);
	return ok;
}

static int
by_time(const void *left, const void *right)
{
	const struct session_entry *x = left, *y = right;

	if (x->when != y->when)
		return x->when > y->when ? -1 : 1;
	if (x->nanoseconds != y->nanoseconds)
		return x->nanoseconds > y->nanoseconds ? -1 : 1;
	return strcmp(y->name, x->name);
}

/* The files of the folder, none where it was never made. */
static int
list_files(const char *dir, struct dirent ***file, struct ct_error *err)
{
	int n = scandir(dir, file, is_session_file, alphasort);

	if (n >= 0 || errno == ENOENT)
		return n > 0 ? n : 0;
	*file = NULL;
	return ct_fail(err, CT_EIO, "%s: cannot list the sessions: %s", dir, strerror(errno));
}

int
session_list(struct session_entry **out, struct ct_error *err)
{
	char *dir = dirs_state(folder, false, err);
	struct dirent **file = NULL;
	int n = dir ? list_files(dir, &file, err) : err->code, found = 0;

	*out = n > 0 ? calloc((size_t)n, sizeof **out) : NULL;
	for (int i = 0; i < n; i++) {
		if (*out && read_entry(dir, file[i]->d_name, &(*out)[found]))
			found++;
		free(file[i]);
	}
	free(file);
	free(dir);
	if (n > 0 && !*out)
		return ct_fail_memory(err, (size_t)n * sizeof **out, "the list of sessions");
	if (found)
		qsort(*out, (size_t)found, sizeof **out, by_time);
	return n < 0 ? n : found;
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

int
session_latest(const char *model, struct session_entry *out, struct ct_error *err)
{
	struct session_entry *list;
	int n = session_list(&list, err), i = 0;

	if (n < 0)
		return n;
	while (i < n && model && strcmp(last_part(list[i].model), last_part(model)) != 0)
		i++;
	if (i < n)
		*out = list[i];
	free(list);
	if (i < n)
		return CT_OK;
	return model ? ct_fail(err, CT_ENOTFOUND, "there is no session of %.100s to resume", last_part(model))
		     : ct_fail(err, CT_ENOTFOUND, "there is no session to resume");
}

const char *
session_when(time_t when, char *buf, size_t size)
{
	time_t now = time(NULL);
	struct tm then, today;

	if (!localtime_r(&when, &then) || !localtime_r(&now, &today))
		snprintf(buf, size, "?");
	else if (then.tm_year == today.tm_year && then.tm_yday == today.tm_yday)
		strftime(buf, size, "today %H:%M", &then);
	else
		strftime(buf, size, "%Y-%m-%d", &then);
	return buf;
}

void
session_list_trim(void)
{
	struct ct_error err;
	char *dir = dirs_state(folder, false, &err);
	struct session_entry *list;
	int n = session_list(&list, &err), unnamed = 0;

	if (dir)
		ct_dir_sweep(dir);
	free(dir);
	for (int i = 0; i < n; i++) {
		char *path;

		if (!session_name_is_clock(list[i].name) || unnamed++ < UNNAMED_MAX || list[i].open)
			continue;
		path = session_path(list[i].name, &err);
		if (path)
			unlink(path);
		free(path);
	}
	free(list);
}
