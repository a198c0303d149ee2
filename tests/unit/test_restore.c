/*
 * However the interactive program ends, or is suspended, the terminal is as it was before: on each way out as
 * often as $RESTORE_RUNS says (`make restore`: 100). Left alone by its terminal it ends, and does not spin
 * meanwhile.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "pty.h"

static struct run r;

static int
runs(void)
{
	const char *n = getenv("RESTORE_RUNS");

	return n ? (int)strtol(n, NULL, 10) : 2;
}

/* Starts it; every second run has little time to get anywhere. */
static void
begin(int run)
{
	struct timespec nap = { .tv_nsec = run * 7919 % 50 * 1000000 };

	start(&r, "xterm-256color", 80, 24);
	if (run % 2 == 0) {
		assert_true(read_until(&r, 0, READY));
	} else {
		/* The screen is in use as soon as something was sent. */
		assert_true(read_until(&r, 0, "\033"));
		nanosleep(&nap, NULL);
	}
}

static void
test_quit(void **state)
{
	(void)state;
	for (int i = 0; i < runs(); i++) {
		int status;

		begin(i);
		type(&r, "q");
		status = finish(&r);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		assert_restored(&r);
	}
}

static void
test_polite_signals(void **state)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT };

	(void)state;
	for (size_t k = 0; k < sizeof signals / sizeof *signals; k++)
		for (int i = 0; i < runs(); i++) {
			int status;

			begin(i);
			kill(r.pid, signals[k]);
			status = finish(&r);
			assert_true(WIFEXITED(status));
			assert_int_equal(WEXITSTATUS(status), 128 + signals[k]);
			assert_restored(&r);
		}
}

static void
test_faults(void **state)
{
	static const int signals[] = { SIGSEGV, SIGABRT, SIGBUS };

	(void)state;
	for (size_t k = 0; k < sizeof signals / sizeof *signals; k++)
		for (int i = 0; i < runs(); i++) {
			int status;

			begin(i);
			kill(r.pid, signals[k]);
			status = finish(&r);
			assert_true(WIFSIGNALED(status));
			assert_int_equal(WTERMSIG(status), signals[k]);
			assert_restored(&r);
		}
}

/* A fault as soon as anything was sent, while the screen is still being taken. */
static void
test_fault_while_opening(void **state)
{
	(void)state;
	for (int i = 0; i < 10 + runs(); i++) {
		int status;

		start(&r, "xterm-256color", 80, 24);
		assert_true(read_until(&r, 0, "\033"));
		kill(r.pid, SIGSEGV);
		status = finish(&r);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSEGV);
		assert_restored(&r);
	}
}

/*
 * A shell with job control says what the terminal's settings are before, while it is suspended, and
 * afterwards.
 */
static void
test_suspend(void **state)
{
	static const char script[] = "stty -g; \"$0\" \"$@\"; echo suspended $?; stty -g; fg >/dev/null; "
	    "echo ended $?; stty -g";
	char before[256], meanwhile[256], after[256];

	(void)state;
	for (int i = 0; i < runs(); i++) {
		size_t mark;
		int status;

		start_under(&r, script);
		assert_true(read_until(&r, 0, READY));
		assert_int_equal(sscanf(r.out, "%255s", before), 1);
		mark = r.n;
		type(&r, "\032");
		assert_true(read_until(&r, mark, "suspended "));
		assert_true(read_until(&r, mark, READY));
		assert_int_equal(sscanf(strstr(r.out + mark, "suspended "), "suspended %*d %255s", meanwhile),
		    1);
		mark = r.n;
		type(&r, "q");
		status = finish(&r);
		assert_true(WIFEXITED(status));
		assert_non_null(strstr(r.out + mark, "ended 0"));
		assert_int_equal(sscanf(strstr(r.out + mark, "ended 0"), "ended 0 %255s", after), 1);
		assert_string_equal(meanwhile, before);
		assert_string_equal(after, before);
		assert_restored(&r);
	}
}

static double
seconds(struct timespec t)
{
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void
test_closed_terminal(void **state)
{
	struct timespec nap = { .tv_nsec = 10000000 }, from, to;
	double longest = 0;

	(void)state;
	for (int i = 0; i < runs(); i++) {
		struct rusage usage;
		bool gone = false;
		int status;

		begin(i);
		clock_gettime(CLOCK_MONOTONIC, &from);
		close(r.slave);
		close(r.master);
		for (int k = 0; k < 2000 && !gone; k++) {
			gone = wait4(r.pid, &status, WNOHANG, &usage) == r.pid;
			nanosleep(&nap, NULL);
		}
		clock_gettime(CLOCK_MONOTONIC, &to);
		if (!gone)
			kill(r.pid, SIGKILL);
		assert_true(gone);
		/* Opening a small model takes hundredths of a second; spinning would take all there is. */
		assert_true(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec < 5);
		if (seconds(to) - seconds(from) > longest)
			longest = seconds(to) - seconds(from);
	}
	print_message("the longest it stayed without a terminal: %.2f s\n", longest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quit),
		cmocka_unit_test(test_polite_signals),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_fault_while_opening),
		cmocka_unit_test(test_suspend),
		cmocka_unit_test(test_closed_terminal),
	};

	return cmocka_run_group_tests(tests, pty_enter, pty_leave);
}
