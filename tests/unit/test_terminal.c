/*
 * The interactive program on a pseudo-terminal: it gives the terminal back on every way out, says why it
 * cannot start, answers a resize, and sends little.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000, OUT_MAX = 1 << 18 };

#define LEAVE "\033[?1049l"	/* xterm's end of the alternate screen */
#define READY "quit"		/* the last word of the hint line */

struct run {
	pid_t pid;
	int master, slave;	/* the slave stays open so that its settings can be looked at */
	struct termios before;
	char out[OUT_MAX];
	size_t n;
};

static char model[4096];
static char home[] = "state.XXXXXX";	/* where the program keeps its history */

static const char *
program(void)
{
	const char *p = getenv("CTRACE_TUI");

	return p ? p : "./ctrace-tui";
}

static void
start(struct run *r, const char *term, int cols, int rows)
{
	char state_home[4096], cwd[2048];
	struct winsize ws = { .ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows };

	assert_non_null(getcwd(cwd, sizeof cwd));
	snprintf(state_home, sizeof state_home, "%s/%s", cwd, home);
	r->n = 0;
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
		execl(program(), program(), "-m", model, "w1 w2 w3 w4", (char *)NULL);
		_exit(127);
	}
}

/* Reads until text has come (after byte `from`), or, with text NULL, until nothing came for a while. */
static bool
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

static void
type(struct run *r, const char *keys)
{
	assert_int_equal(write(r->master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static int
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

static void
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

static void
test_quit_restores(void **state)
{
	static struct run r;
	int status;

	(void)state;
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, READY));
	type(&r, "q");
	status = finish(&r);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_restored(&r);
}

static void
test_signals_restore(void **state)
{
	static const int polite[] = { SIGTERM, SIGHUP, SIGINT }, fatal[] = { SIGSEGV, SIGABRT, SIGBUS };
	static struct run r;
	int status;

	(void)state;
	for (size_t i = 0; i < sizeof polite / sizeof *polite; i++) {
		start(&r, "xterm-256color", 80, 24);
		assert_true(read_until(&r, 0, READY));
		kill(r.pid, polite[i]);
		status = finish(&r);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 128 + polite[i]);
		assert_restored(&r);
	}
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
		start(&r, "xterm-256color", 80, 24);
		assert_true(read_until(&r, 0, READY));
		kill(r.pid, fatal[i]);
		status = finish(&r);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), fatal[i]);
		assert_restored(&r);
	}
}

static void
test_closed_terminal_ends_it(void **state)
{
	static struct run r;
	struct timespec nap = { .tv_nsec = 10000000 };
	bool gone = false;
	int status;

	(void)state;
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, READY));
	close(r.slave);
	close(r.master);
	for (int i = 0; i < 500 && !gone; i++) {
		gone = waitpid(r.pid, &status, WNOHANG) == r.pid;
		nanosleep(&nap, NULL);
	}
	if (!gone)
		kill(r.pid, SIGKILL);
	assert_true(gone);
}

static void
test_resize(void **state)
{
	struct winsize small = { .ws_col = 60, .ws_row = 20 }, large = { .ws_col = 120, .ws_row = 40 };
	static struct run r;
	size_t mark;

	(void)state;
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, READY));
	mark = r.n;
	assert_int_equal(ioctl(r.master, TIOCSWINSZ, &small), 0);
	assert_true(read_until(&r, mark, "need 80x24, have 60x20"));
	mark = r.n;
	assert_int_equal(ioctl(r.master, TIOCSWINSZ, &large), 0);
	assert_true(read_until(&r, mark, READY));
	type(&r, "q");
	finish(&r);
	assert_restored(&r);
}

static void
test_history_is_kept(void **state)
{
	static struct run r;
	char path[64], line[64] = "";
	FILE *f;

	(void)state;
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, READY));
	type(&r, "i\025w5 w6\r");
	read_until(&r, 0, NULL);
	type(&r, "q");
	finish(&r);
	assert_restored(&r);
	snprintf(path, sizeof path, "%s/ctrace/history", home);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		;
	fclose(f);
	assert_string_equal(line, "w5 w6\n");
}

static size_t
bytes_for(struct run *r, const char *keys)
{
	size_t mark;

	read_until(r, 0, NULL);
	mark = r->n;
	type(r, keys);
	if (*keys) {	/* the first byte may take long on a busy machine; the others follow closely */
		struct pollfd p = { .fd = r->master, .events = POLLIN };

		poll(&p, 1, PATIENCE_MS);
	}
	read_until(r, 0, NULL);
	return r->n - mark;
}

static void
test_traffic(void **state)
{
	static struct run r;
	size_t move, view;

	(void)state;
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, READY));
	assert_int_equal(bytes_for(&r, ""), 0);
	for (int i = 0; i < 8; i++) {
		move = bytes_for(&r, "j");
		print_message("a cursor move with another card: %zu bytes\n", move);
		assert_true(move > 0 && move <= 1200);
	}
	bytes_for(&r, "?");
	move = bytes_for(&r, "j");
	print_message("a cursor move alone: %zu bytes\n", move);
	assert_true(move > 0 && move <= 200);
	for (const char *k = "1345m?"; *k; k++) {
		char key[2] = { *k, '\0' };

		view = bytes_for(&r, key);
		print_message("view %c: %zu bytes\n", *k, view);
		assert_true(view > 0 && view <= 4000);
	}
	type(&r, "qq");	/* out of the help, out of the program */
	finish(&r);
	assert_restored(&r);
}

/* A terminal that cannot show screens gets lines, and nothing that it would not understand. */
static void
test_lines_instead(void **state)
{
	static const struct {
		const char *term, *says;
	} bad[] = {
		{ "no-such-terminal", "unknown terminal type \"no-such-terminal\"" },
		{ "dumb", "cannot move the cursor" },
	};
	static struct run r;
	int status;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		start(&r, bad[i].term, 80, 24);
		assert_true(read_until(&r, 0, bad[i].says));
		assert_true(read_until(&r, 0, "A command, a key or the number of a row per line"));
		type(&r, "down\nq\n");
		status = finish(&r);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		assert_non_null(strstr(r.out, "level 1: "));
		assert_null(strchr(r.out, 033));
		close(r.master);
		close(r.slave);
	}
}

static void
test_no_terminal(void **state)
{
	char out[1024];
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, 0);
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		close(fds[1]);
		execl(program(), program(), "-m", model, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	n = read(fds[0], out, sizeof out - 1);
	out[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 2);
	assert_non_null(strstr(out, "standard input is not a terminal"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quit_restores),
		cmocka_unit_test(test_signals_restore),
		cmocka_unit_test(test_closed_terminal_ends_it),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_history_is_kept),
		cmocka_unit_test(test_traffic),
		cmocka_unit_test(test_lines_instead),
		cmocka_unit_test(test_no_terminal),
	};
	const char *srcdir = getenv("srcdir");
	char path[64];
	int failed;

	snprintf(model, sizeof model, "%s/tests/golden/llama-clt", srcdir ? srcdir : ".");
	if (!mkdtemp(home))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(path, sizeof path, "%s/ctrace/history", home);
	unlink(path);
	snprintf(path, sizeof path, "%s/ctrace", home);
	rmdir(path);
	rmdir(home);
	return failed;
}
