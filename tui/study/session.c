/* session: see session.h. */
#include "tui/study/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "tui/app.h"
#include "tui/study/lines.h"
#include "tui/study/saver.h"
#include "tui/study/session_file.h"
#include "tui/study/session_list.h"

/*
 * Saved after a pause, but never later than LATEST_MS; how long a person waits for a slow disk, and the end
 * does.
 */
enum { PAUSE_MS = 400, LATEST_MS = 4000, PATIENCE_MS = 3000, END_MS = 700, POLL_MS = 50 };

static long
now_ms(void)
{
	return (long)(1e3 * ct_seconds());
}

/* Makes the name the session's own: its file and the lock on it. On failure all is as it was. */
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

/* A name that nobody has: that of the next second which is free. */
static int
take_clock_name(struct app *a, struct ct_error *err)
{
	char name[SESSION_NAME], *path;
	time_t t = time(NULL);
	int rc = CT_OK;

	for (int tries = 0; tries < 100; tries++, t++) {
		bool free_one, busy = false;

		session_name_clock(a->study.info->name, t, name);
		path = session_path(name, err);
		if (!path)
			return err->code;
		free_one = !ct_file_exists(path);
		free(path);
		rc = free_one ? take_name(&a->session, name, &busy, err) : CT_OK;
		if (free_one && !rc) {
			session_list_trim();
			return CT_OK;
		}
		if (rc && !busy)
			return rc;
	}
	return rc ? rc : ct_fail(err, CT_EIO, "no name is free for it");
}

/* Comments and lines that failed are not lost when the file is written anew: see backup. */
static int
keep_backup(struct session *s, struct ct_error *err)
{
	char *other, *text = NULL;
	size_t n;
	int rc;

	if (!s->backup)
		return CT_OK;
	n = strlen(s->path);
	other = malloc(n + 2);
	if (!other)
		return ct_fail_memory(err, n + 2, "a path");
	snprintf(other, n + 2, "%s~", s->path);
	unlink(other);
	/* The file itself stays there under the other name; where there are no links, a copy. */
	rc = link(s->path, other) == 0 ? CT_OK : ct_file_read(&text, &n, s->path, SESSION_MAX, err);
	if (!rc && text) {
		rc = ct_file_replace(other, text, n, err);
		free(text);
	}
	free(other);
	s->backup = rc != CT_OK;
	return rc;
}

/* Hands the text to the saver, which takes it over. */
static int
put(struct session *s, struct lines *text, struct ct_error *err)
{
	char *path, *copy;
	int rc;

	if (!s->saver && (rc = saver_open(&s->saver, err)))
		return rc;
	if ((rc = keep_backup(s, err)))
		return rc;
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

/* Is there any work yet that deserves a file? */
static bool
is_work(struct app *a)
{
	struct lines now = { .text = NULL };
	bool differs = a->session.work && session_write_work(a, &now) &&
	    strcmp(now.text, a->session.work) != 0;

	lines_free(&now);
	return differs;
}

/* Saves what is open, if it is not saved. Returns a code, and does not wait. */
static int
save_now(struct app *a, struct ct_error *err)
{
	struct session *s = &a->session;
	struct lines text = { .text = NULL };
	int rc = CT_OK;

	s->first = 0;
	if (!s->path && !is_work(a))
		return CT_OK;
	if (!session_write(a, &text))
		rc = ct_fail(err, CT_EINVAL, "a name in it has a line break, or memory is short");
	else if (!s->path)
		rc = take_clock_name(a, err);
	if (!rc && (!s->saved || strcmp(s->saved, text.text) != 0))
		rc = put(s, &text, err);
	lines_free(&text);
	return rc;
}

/* What the saver could not write: said once. */
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
	/* A disk that does not answer must not keep the program: its thread ends with the process. */
	if (!s->saver || saver_wait(s->saver, END_MS)) {
		saver_close(s->saver);
		s->saver = NULL;
	}
	drop_name(s);
	free(s->work);
	s->work = NULL;
}

/* A copy somewhere else; the session stays where it is. */
static int
save_copy(struct app *a, const char *path, bool replace)
{
	struct lines text = { .text = NULL };
	struct ct_error err;
	int did;

	if (!replace && access(path, F_OK) == 0)
		return app_fail(a, "%s is there already; a ! behind the name replaces it", path);
	if (!session_write(a, &text))
		did = app_fail(a, "not written: a name in it has a line break, or memory is short");
	else if (ct_file_replace(path, text.text, text.n, &err))
		did = app_error(a, &err);
	else
		did = DID_CHANGE;
	lines_free(&text);
	if (!(did & DID_FAIL))
		app_say(a, "a copy is in %s", path);
	return did;
}

/* Takes another name; the file of a name that only the clock gave goes. */
static int
rename_session(struct app *a, const char *name, bool replace, struct ct_error *err)
{
	struct session *s = &a->session;
	char *path = session_path(name, err), *old = NULL;
	bool taken, busy;
	int rc;

	if (!path)
		return err->code;
	taken = ct_file_exists(path);
	free(path);
	if (taken && !replace)
		return ct_fail(
		    err, CT_EINVAL, "a session \"%s\" is there already; a ! behind the name replaces it",
		    name);
	if (s->path && session_name_is_clock(s->name))
		old = strdup(s->path);
	rc = take_name(s, name, &busy, err);
	if (!rc) {
		free(s->saved);
		s->saved = NULL;
		rc = save_now(a, err);
	}
	if (!rc && saver_wait(s->saver, PATIENCE_MS) && old)
		unlink(old);
	free(old);
	return rc;
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
	int rc;

	snprintf(plain, sizeof plain, "%.*s", (int)(n - replace), name);
	if (strchr(plain, '/'))
		return save_copy(a, plain, replace);
	if (*plain && !session_name_ok(plain))
		return app_fail(a,
		    "save: a name has up to %d bytes, without / and without a dot at its start; found "
		    "\"%.60s\"",
		    SESSION_NAME - 1, plain);
	if (!*plain && !s->path)
		return app_fail(a, "save: under which name?");
	if (*plain && strcmp(plain, s->name) != 0) {
		rc = rename_session(a, plain, replace, &err);
	} else {
		free(s->saved);
		s->saved = NULL;
		rc = save_now(a, &err);
	}
	if (rc)
		return app_error(a, &err);
	if (!saver_wait(s->saver, PATIENCE_MS))
		app_say(a, "%s is being saved; the disk is slow", s->name);
	else if (saver_failed(s->saver, &busy, &err))
		return app_fail(a, "not saved: %s", err.msg);
	else
		app_say(a, "saved as %s", s->name);
	s->autosave = s->automatic;
	return DID_CHANGE;
}

/* After a session was read: what of it the file has, and what to say. */
static int
settle(struct app *a, const char *name, const char *said, int failed, const struct ct_error *wrong)
{
	struct session *s = &a->session;
	struct lines now = { .text = NULL };

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
		return app_fail(a, "%s; %d more lines are not as they should be", wrong->msg, failed - 1);
	if (failed)
		return app_fail(a, "%s", wrong->msg);
	app_say(a, "%s: as you left it%s", name,
	    s->path || strchr(name, '/') ? "" : "; changes are not kept");
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
	int failed = 0, did, rc;
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
	if ((rc = ct_file_read(&text, &n, path, SESSION_MAX, &err)) || !(said = strdup(text))) {
		did = rc ? app_error(a, &err) : app_fail(a, "out of memory");
		goto out;
	}
	notes = a->notes;
	a->notes = (struct notes){ .list = NULL };
	s->reading = true;
	rc = session_read(a, path, text, &failed, &err);
	s->reading = false;
	if (rc) {	/* all is as it was */
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
