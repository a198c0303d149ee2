/* pty: see pty.h. */
#include "pty.h"

#include "config.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef HAVE_PTY_H
#include <pty.h>
#endif
#ifdef HAVE_UTMP_H
#include <utmp.h>
#endif
#ifdef HAVE_UTIL_H
#include <util.h>
#endif
#ifdef HAVE_LIBUTIL_H
#include <libutil.h>
#endif

#include <cmocka.h>

#include "scratch.h"

static char model[4096];
static char home[] = "state.XXXXXX";

const char *
pty_program(void)
{
	const char *p = getenv("CTRACE_TUI");

	return p ? p : "./ctrace-tui";
}

const char *
pty_home(void)
{
	return home;
}

const char *
pty_model(void)
{
	return model;
}

int
pty_enter(void **state)
{
	const char *srcdir = getenv("srcdir");
	char from[4096];
	int status = 0;
	pid_t pid;

	(void)state;
	if (!mkdtemp(home))
		return -1;
	/* A copy: what is typed may give labels to its features. */
	snprintf(from, sizeof from, "%s/tests/golden/llama-clt", srcdir ? srcdir : ".");
	snprintf(model, sizeof model, "%s/llama-clt", home);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "cp -R \"$1\" \"$2\" && chmod -R u+w \"$2\"", "sh", from, model,
		    (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

int
pty_leave(void **state)
{
	(void)state;
	return scratch_remove(home);
}

static void
start_program(struct run *r, const char *term, int cols, int rows, const char *with,
    const char *shell_command)
{
	char state_home[4096], cwd[2048];
	struct winsize ws = { .ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows };

	assert_non_null(getcwd(cwd, sizeof cwd));
	snprintf(state_home, sizeof state_home, "%s/%s", cwd, home);
	r->n = 0;
	r->quiet = false;
	if (openpty(&r->master, &r->slave, NULL, NULL, &ws) != 0) {
		print_message("this machine gives no pseudo-terminal\n");
		skip();
	}
	assert_int_equal(tcgetattr(r->slave, &r->before), 0);
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0) {
		close(r->master);
		login_tty(r->slave);
		setenv("TERM", term, 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		setenv("XDG_STATE_HOME", state_home, 1);
		setenv("XDG_CONFIG_HOME", state_home, 1);
		if (shell_command)
			execl("/bin/sh", "sh", "-mc", shell_command, pty_program(), "--readonly", "-m", model,
			    "w1 w2 w3 w4", (char *)NULL);
		else
			execl(pty_program(), pty_program(), "-m", with, "w1 w2 w3 w4", (char *)NULL);
		_exit(127);
	}
}

void
start(struct run *r, const char *term, int cols, int rows)
{
	start_program(r, term, cols, rows, model, NULL);
}

void
start_with(struct run *r, const char *with)
{
	start_program(r, "xterm-256color", 80, 24, with, NULL);
}

void
start_under(struct run *r, const char *shell_command)
{
	start_program(r, "xterm-256color", 80, 24, model, shell_command);
}

bool
read_until(struct run *r, size_t from, const char *text)
{
	for (;;) {
		struct pollfd p = { .fd = r->master, .events = POLLIN };
		ssize_t got;

		r->out[r->n] = '\0';
		if (text && strstr(r->out + from, text))
			return true;
		if (poll(&p, 1, text ? PATIENCE_MS : 300) <= 0)
			return !text;
		got = read(r->master, r->out + r->n, OUT_MAX - 1 - r->n);
		if (got <= 0)
			return false;
		r->n += (size_t)got;
	}
}

void
type(struct run *r, const char *keys)
{
	r->quiet = false;
	assert_int_equal(write(r->master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

void
resize(struct run *r, int cols, int rows)
{
	struct winsize ws = { .ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows };

	r->quiet = false;
	assert_int_equal(ioctl(r->master, TIOCSWINSZ, &ws), 0);
}

int
finish(struct run *r)
{
	int status = 0;
	bool gone = false;

	for (int waited = 0; waited < PATIENCE_MS && !gone; waited += 10) {
		struct pollfd p = { .fd = r->master, .events = POLLIN };

		if (poll(&p, 1, 10) > 0 && r->n < OUT_MAX - 1) {
			ssize_t got = read(r->master, r->out + r->n, OUT_MAX - 1 - r->n);

			r->n += got > 0 ? (size_t)got : 0;
		}
		gone = waitpid(r->pid, &status, WNOHANG) == r->pid;
	}
	if (!gone) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, &status, 0);
		fail_msg("the program did not end");
	}
	read_until(r, 0, NULL);
	r->out[r->n] = '\0';
	return status;
}

void
assert_restored(struct run *r)
{
	struct termios after;

	assert_int_equal(tcgetattr(r->slave, &after), 0);
	assert_int_equal(after.c_lflag, r->before.c_lflag);
	assert_int_equal(after.c_iflag, r->before.c_iflag);
	assert_int_equal(after.c_oflag, r->before.c_oflag);
	assert_int_equal(after.c_cflag, r->before.c_cflag);
	assert_memory_equal(after.c_cc, r->before.c_cc, sizeof after.c_cc);
	assert_non_null(strstr(r->out, LEAVE));
	close(r->master);
	close(r->slave);
}

/* Waits until the program has read all that was typed. */
static void
wait_for_reading(struct run *r)
{
	int waiting = 0;

	for (int waited = 0; waited < PATIENCE_MS; waited++) {
		assert_int_equal(ioctl(r->slave, FIONREAD, &waiting), 0);
		if (waiting == 0)
			return;
		poll(NULL, 0, 1);
	}
	fail_msg("the program leaves %d bytes of what was typed unread", waiting);
}

size_t
bytes_for(struct run *r, const char *keys)
{
	size_t mark;

	wait_for_reading(r);
	if (!r->quiet)
		read_until(r, 0, NULL);
	mark = r->n;
	type(r, keys);
	wait_for_reading(r);
	read_until(r, 0, NULL);
	r->quiet = true;
	return r->n - mark;
}
