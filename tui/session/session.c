/* session: see session.h. */
#include "tui/session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "tui/app.h"
#include "tui/session/saver.h"
#include "tui/session/session_file.h"
#include "tui/session/session_list.h"
#include "tui/study/lines.h"

/*
 * Changes are saved after a pause of PAUSE_MS, but at most LATEST_MS late. A person waits PATIENCE_MS for a
 * slow disk, and the end of the program END_MS.
 */
enum { PAUSE_MS = 400, LATEST_MS = 4000, PATIENCE_MS = 3000, END_MS = 700, POLL_MS = 50 };

static long
now_ms(void)
{
	return (long)(1e3 * ct_seconds());
}

/* Gives the session a name: its file and the lock on it. On failure nothing changes. */
static int
take_name(struct session *s, const char *name, bool *busy, struct ct_error *err)
{
	char *path = session_make_folder(err) ? NULL : session_path(name, err);
	char *lock_path = path ? session_lock_path(name, err) : NULL;
	struct lock lock;

	*busy = false;
	if (!lock_path || lock_take(&lock, lock_path, busy, err)) {
		free(path);
		return err->code;
	}
	lock_drop(&s->lock);
	free(s->path);
	s->lock = lock;
	s->path = path;
	s->backup = false;
	snprintf(s->name, sizeof s->name, "%s", name);
	return CT_OK;
}

static void
drop_name(struct session *s)
{
	lock_drop(&s->lock);
	free(s->path);
	free(s->saved);
	s->path = s->saved = NULL;
	s->name[0] = '\0';
	s->backup = false;
}

/* Finds an unused name: one with the time, or the next second that is free. */
static int
take_clock_name(struct app *a, struct ct_error *err)
{
	char name[SESSION_NAME], *path;
	time_t t = time(NULL);
	int code = CT_OK;

	for (int tries = 0; tries < 100; tries++, t++) {
		bool free_one, busy = false;

		session_name_clock(a->study.info->name, t, name);
		path = session_path(name, err);
		if (!path)
			return err->code;
		free_one = !ct_file_exists(path);
		free(path);
		code = free_one ? take_name(&a->session, name, &busy, err) : CT_OK;
		if (free_one && code == CT_OK) {
			session_list_trim();
			return CT_OK;
		}
		if (code != CT_OK && !busy)
			return code;
	}
	return code != CT_OK ? code : ct_fail(err, CT_EIO, "no unused name was found for the session");
}

/* Keeps the old file if it has comments or lines that failed, which would be lost: see `backup`. */
static int
keep_backup(struct session *s, struct ct_error *err)
{
	char *other, *text = NULL;
	size_t n;
	int code;

	if (!s->backup)
		return CT_OK;
	n = strlen(s->path);
	other = malloc(n + 2);
	if (!other)
		return ct_fail_memory(err, n + 2, "a path");
	snprintf(other, n + 2, "%s~", s->path);
	unlink(other);
	/* The same file gets the other name too, or where links are impossible, a copy. */
	code = link(s->path, other) == 0 ? CT_OK : ct_file_read(&text, &n, s->path, SESSION_MAX, err);
	if (code == CT_OK && text) {
		code = ct_file_replace(other, text, n, err);
		free(text);
	}
	free(other);
	s->backup = code != CT_OK;
	return code;
}

/* Gives the text to the saver, which takes it over. */
static int
put(struct session *s, struct lines *text, struct ct_error *err)
{
	char *path, *copy;
	int code;

	if (!s->saver && (code = saver_open(&s->saver, err)))
		return code;
	if ((code = keep_backup(s, err)))
		return code;
	path = strdup(s->path);
	copy = strdup(text->text);
	if (!path || !copy) {
		free(path);
		free(copy);
		return ct_fail_memory(err, text->n, "a session");
	}
	saver_put(s->saver, path, copy, text->n);
	free(s->saved);
	s->saved = text->text;
	text->text = NULL;
	return CT_OK;
}

/* Whether there is work that deserves a file. */
static bool
is_work(struct app *a)
{
	struct lines now = { .text = NULL };
	bool differs = a->session.work && session_write_work(a, &now) &&
	    strcmp(now.text, a->session.work) != 0;

	lines_free(&now);
	return differs;
}

/* Saves if something is not saved. Returns a code, and does not wait. */
static int
save_now(struct app *a, struct ct_error *err)
{
	struct session *s = &a->session;
	struct lines text = { .text = NULL };
	int code = CT_OK;

	s->first = 0;
	if (!s->path && !is_work(a))
		return CT_OK;
	if (!session_write(a, &text))
		code = ct_fail(err, CT_EINVAL, "a name in it has a line break, or memory ran out");
	else if (!s->path)
		code = take_clock_name(a, err);
	if (code == CT_OK && (!s->saved || strcmp(s->saved, text.text) != 0))
		code = put(s, &text, err);
	lines_free(&text);
	return code;
}

/* Reports what the saver could not write, once. */
static bool
look_for_failure(struct app *a)
{
	struct ct_error err;
	bool busy;

	if (!a->session.saver || !saver_failed(a->session.saver, &busy, &err))
		return false;
	free(a->session.saved);
	a->session.saved = NULL;
	app_unkept(a, err.msg);
	return true;
}

void
session_touch(struct app *a)
{
	struct session *s = &a->session;

	if (!s->autosave || s->reading)
		return;
	s->last = now_ms();
	if (!s->first)
		s->first = s->last;
}

int
session_timeout(const struct app *a)
{
	const struct session *s = &a->session;
	struct ct_error err;
	long due = s->last + PAUSE_MS, now = now_ms();
	bool busy = false;

	if (s->first) {
		if (due > s->first + LATEST_MS)
			due = s->first + LATEST_MS;
		return due > now ? (int)(due - now) : 0;
	}
	if (s->saver)
		saver_failed(s->saver, &busy, &err);
	return busy ? POLL_MS : -1;
}

bool
session_tick(struct app *a)
{
	struct ct_error err;

	if (a->session.first && session_timeout(a) == 0 && save_now(a, &err)) {
		app_unkept(a, err.msg);
		return true;
	}
	return look_for_failure(a);
}

void
session_flush(struct app *a)
{
	struct session *s = &a->session;
	struct ct_error err;

	if (s->reading)
		return;
	if (s->autosave && save_now(a, &err))
		app_unkept(a, err.msg);
	if (s->saver && saver_wait(s->saver, PATIENCE_MS))
		look_for_failure(a);
}

void
session_begin(struct app *a)
{
	struct session *s = &a->session;
	struct lines work = { .text = NULL };

	if (s->reading)
		return;
	drop_name(s);
	notes_free(&a->notes);
	s->autosave = s->automatic;
	s->first = 0;
	free(s->work);
	s->work = session_write_work(a, &work) ? work.text : NULL;
	if (!s->work)
		lines_free(&work);
}

void
session_end(struct app *a)
{
	struct session *s = &a->session;
	struct ct_error err;

	if (s->autosave && a->study.session)
		save_now(a, &err);
	s->automatic = s->autosave = false;
	/* A disk that does not answer must not keep the program from ending; the thread ends with it. */
	if (!s->saver || saver_wait(s->saver, END_MS)) {
		saver_close(s->saver);
		s->saver = NULL;
	}
	drop_name(s);
	free(s->work);
	s->work = NULL;
}

/* Writes a copy elsewhere; the session keeps its own file. */
static int
save_copy(struct app *a, const char *path, bool replace)
{
	struct lines text = { .text = NULL };
	struct ct_error err;
	int did;

	if (!replace && access(path, F_OK) == 0)
		return app_fail(a, "%s exists; add ! to the name to replace it", path);
	if (!session_write(a, &text))
		did = app_fail(a, "not written: a name in it has a line break, or memory ran out");
	else if (ct_file_replace(path, text.text, text.n, &err))
		did = app_error(a, &err);
	else
		did = DID_CHANGE;
	lines_free(&text);
	if (!(did & DID_FAIL))
		app_say(a, "a copy is in %s", path);
	return did;
}

/* Gives the session another name. The old file is removed if only the clock had given it a name. */
static int
rename_session(struct app *a, const char *name, bool replace, struct ct_error *err)
{
	struct session *s = &a->session;
	char *path = session_path(name, err), *old = NULL;
	bool taken, busy;
	int code;

	if (!path)
		return err->code;
	taken = ct_file_exists(path);
	free(path);
	if (taken && !replace)
		return ct_fail(
		    err, CT_EINVAL, "a session \"%s\" exists; add ! to the name to replace it",
		    name);
	if (s->path && session_name_is_clock(s->name))
		old = strdup(s->path);
	code = take_name(s, name, &busy, err);
	if (code == CT_OK) {
		free(s->saved);
		s->saved = NULL;
		code = save_now(a, err);
	}
	if (code == CT_OK && saver_wait(s->saver, PATIENCE_MS) && old)
		unlink(old);
	free(old);
	return code;
}

int
session_save(struct app *a, const char *name)
{
	struct session *s = &a->session;
	size_t n = strlen(name);
	bool replace = n > 1 && name[n - 1] == '!';
	char plain[4096];
	struct ct_error err;
	bool busy;
	int code;

	snprintf(plain, sizeof plain, "%.*s", (int)(n - replace), name);
	if (strchr(plain, '/'))
		return save_copy(a, plain, replace);
	if (*plain && !session_name_ok(plain))
		return app_fail(a,
		    "save: expected a name of at most %d bytes, without / and without a dot at its start; "
		    "found \"%.60s\"", SESSION_NAME - 1, plain);
	if (!*plain && !s->path)
		return app_fail(a, "save: the session has no name yet; type save NAME");
	if (*plain && strcmp(plain, s->name) != 0) {
		code = rename_session(a, plain, replace, &err);
	} else {
		free(s->saved);
		s->saved = NULL;
		code = save_now(a, &err);
	}
	if (code != CT_OK)
		return app_error(a, &err);
	if (!saver_wait(s->saver, PATIENCE_MS))
		app_say(a, "%s is still being saved: the disk is slow", s->name);
	else if (saver_failed(s->saver, &busy, &err))
		return app_fail(a, "not saved: %s", err.msg);
	else
		app_say(a, "saved as %s", s->name);
	s->autosave = s->automatic;
	return DID_CHANGE;
}

/* After a session was read: sets what the file contains, and says how it went. */
static int
settle(struct app *a, const char *name, const char *said, int failed, const struct ct_error *wrong)
{
	struct session *s = &a->session;
	struct lines now = { .text = NULL };
	const char *file = strrchr(name, '/');
	struct session_about about;

	free(s->saved);
	free(s->work);
	s->saved = s->work = NULL;
	if (s->path && session_write(a, &now)) {
		s->backup = strcmp(now.text, said) != 0;
		s->saved = now.text;
	} else {
		lines_free(&now);
	}
	now = (struct lines){ .text = NULL };
	if (session_write_work(a, &now))
		s->work = now.text;
	else
		lines_free(&now);
	s->first = 0;
	if (failed > 1)
		return app_fail(a, "%s; %d more lines have errors", wrong->msg, failed - 1);
	if (failed)
		return app_fail(a, "%s", wrong->msg);
	session_about(said, &about);
	if (file && *about.note)	/* somebody else's, as in the gallery */
		app_say(a, "%s: %s", file + 1, about.note);
	else
		app_say(a, "%s: as you left it%s", name, s->path || file ? "" : "; changes are not kept");
	return DID_CHANGE;
}

int
session_load(struct app *a, const char *name)
{
	struct session *s = &a->session;
	bool own = !strchr(name, '/'), busy = false;
	struct notes notes;
	char *path = NULL, *text = NULL, *said = NULL;
	struct ct_error err, why = { .code = CT_OK };
	int failed = 0, did, code;
	size_t n;

	if (own && !session_name_ok(name))
		return app_fail(a, "load: there is no session \"%.60s\"; sessions lists them", name);
	path = own ? session_path(name, &err) : strdup(name);
	if (!path)
		return own ? app_error(a, &err) : app_fail(a, "out of memory");
	if (own && !ct_file_exists(path)) {
		did = app_fail(a, "load: there is no session \"%.60s\"; sessions lists them", name);
		goto out;
	}
	session_flush(a);
	if ((code = ct_file_read(&text, &n, path, SESSION_MAX, &err)) || !(said = strdup(text))) {
		did = code != CT_OK ? app_error(a, &err) : app_fail(a, "out of memory");
		goto out;
	}
	notes = a->notes;
	a->notes = (struct notes){ .list = NULL };
	s->reading = true;
	code = session_read(a, path, text, &failed, &err);
	s->reading = false;
	if (code != CT_OK) {	/* nothing has changed */
		notes_free(&a->notes);
		a->notes = notes;
		did = app_error(a, &err);
		goto out;
	}
	notes_free(&notes);
	if (own && strcmp(name, s->name) != 0) {
		if (a->readonly || take_name(s, name, &busy, &why))
			drop_name(s);
	} else if (!own) {
		drop_name(s);
	}
	s->autosave = s->automatic;
	did = settle(a, name, said, failed, &err);
	if (busy) {
		s->autosave = false;
		app_say(a, "%s is %s: changes here are not kept; save NAME keeps a copy", name, why.msg);
	} else if (why.code) {
		app_unkept(a, why.msg);
	}
out:
	free(said);
	free(text);
	free(path);
	return did;
}
