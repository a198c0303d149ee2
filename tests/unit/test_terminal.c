/*
 * The interactive program on a pseudo-terminal: it says why it cannot start, answers a resize, and keeps its
 * history.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "pty.h"

static void
test_resize(void **state)
{
	static struct run r;
	size_t mark;

	(void)state;
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, READY));
	mark = r.n;
	resize(&r, 60, 20);
	assert_true(read_until(&r, mark, "need 80x24, have 60x20"));
	mark = r.n;
	resize(&r, 120, 40);
	assert_true(read_until(&r, mark, READY));
	type(&r, "q");
	finish(&r);
	assert_restored(&r);
}

static void
assert_last_line(const char *name, const char *want)
{
	char path[64], line[64] = "";
	FILE *f;

	snprintf(path, sizeof path, "%s/ctrace/%s", pty_home(), name);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		;
	fclose(f);
	assert_string_equal(line, want);
}

/* What the model's files hold that is ignored is said at the start, and can be read again in full. */
static void
test_notes(void **state)
{
	static struct run r;
	char path[4200];
	size_t mark;
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/adapter_config.json", pty_model());
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("{}", f);
	fclose(f);
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, "1 note under ?: "));
	type(&r, "jj");
	read_until(&r, 0, NULL);
	mark = r.n;
	type(&r, "?\014");	/* the whole screen anew */
	assert_true(read_until(&r, mark, "note 1"));
	assert_true(read_until(&r, mark, "ignored"));
	type(&r, "qq");	/* out of the help, and of the program */
	finish(&r);
	assert_restored(&r);
	remove(path);
}

static void
test_history_is_kept(void **state)
{
	static struct run r;
	size_t mark;

	(void)state;
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, READY));
	type(&r, "i\025w5 w6\r");
	read_until(&r, 0, NULL);
	type(&r, ":view logits\r");
	read_until(&r, 0, NULL);
	type(&r, "q");
	finish(&r);
	assert_restored(&r);
	assert_last_line("history", "w5 w6\n");
	assert_last_line("commands", "view logits\n");
	/* The next run goes back to both. */
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, READY));
	mark = r.n;
	type(&r, ":\020");	/* Ctrl-p */
	assert_true(read_until(&r, mark, "view logits"));
	type(&r, "\003");
	read_until(&r, 0, NULL);
	type(&r, "q");
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

/* A terminal whose own entry is not installed here, but which does what xterm's does. */
static void
test_stand_in(void **state)
{
	static const struct {
		const char *term, *says;
	} like[] = {
		{ "xterm-kitty-not-here", "TERM=xterm-kitty-not-here is unknown here: treated as xterm" },
		{ "alacritty-not-here", "treated as xterm-256color" },
		{ "tmux-not-here", "treated as screen-256color" },
	};
	static struct run r;
	size_t mark;

	(void)state;
	for (size_t i = 0; i < sizeof like / sizeof *like; i++) {
		start(&r, like[i].term, 80, 24);
		assert_true(read_until(&r, 0, like[i].says));
		mark = r.n;
		type(&r, "j");
		assert_true(read_until(&r, mark, READY));
		type(&r, "q");
		finish(&r);
		assert_restored(&r);
		close(r.master);
		close(r.slave);
	}
}

/* What a shell exported once is not what the terminal is now; and the cursor is there to be followed. */
static void
test_size_is_the_terminals(void **state)
{
	static struct run r;
	size_t mark;

	(void)state;
	setenv("COLUMNS", "70", 1);
	setenv("LINES", "20", 1);
	start(&r, "xterm-256color", 120, 40);
	assert_true(read_until(&r, 0, READY));
	assert_null(strstr(r.out, "need 80x24"));
	mark = r.n;
	resize(&r, 60, 20);
	assert_true(read_until(&r, mark, "need 80x24, have 60x20"));
	mark = r.n;
	resize(&r, 100, 30);
	assert_true(read_until(&r, mark, READY));
	assert_non_null(strstr(r.out + mark, "\033[?25h"));
	type(&r, "q");
	finish(&r);
	assert_restored(&r);
	unsetenv("COLUMNS");
	unsetenv("LINES");
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
		execl(pty_program(), pty_program(), "-m", pty_model(), (char *)NULL);
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
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_history_is_kept),
		cmocka_unit_test(test_lines_instead),
		cmocka_unit_test(test_stand_in),
		cmocka_unit_test(test_size_is_the_terminals),
		cmocka_unit_test(test_no_terminal),
	};

	return cmocka_run_group_tests(tests, pty_enter, pty_leave);
}
