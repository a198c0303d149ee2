/*
 * What the interactive program sends: at 80x24 little for every move and every change of view, and nothing
 * when nothing changes; on every kind of terminal only what that understands, and no question.
 */
#include <setjmp.h>
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

enum { MOVE = 200, MOVE_CARD = 1200, VIEW = 4000 };	/* bytes */

/* The views that a key leads to, and whether a move in them is to another node, whose card changes. */
static const struct {
	const char *key, *name;
	bool card;
} views[] = {
	{ "m", "map", true }, { "3", "logits", false }, { "4", "clamps", false }, { "7", "sweep", false },
	{ "6", "survey", false }, { "5", "features", false }, { "0", "start", false },
	    { "8", "lesson", false },
	{ "?", "help", false },
};

/* The most bytes that one of the keys brings. */
static size_t
worst(struct run *r, const char *keys)
{
	size_t most = 0;

	for (; *keys; keys++) {
		char key[2] = { *keys, '\0' };
		size_t n = bytes_for(r, key);

		most = n > most ? n : most;
	}
	return most;
}

static void
check(const char *place, const char *what, size_t n, size_t limit)
{
	print_message("%-8s %-32s %5zu bytes, at most %zu\n", place, what, n, limit);
	assert_true(n <= limit);
}

static void
test_moves(void **state)
{
	static struct run r;

	(void)state;
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, READY));
	type(&r, ":prompt w19 w10 w9 w7 w39 w16 w31 w17\r");
	assert_int_equal((bytes_for(&r, ""), bytes_for(&r, "")), 0);
	check("tree", "a move, another card", worst(&r, "jjjjjjj"), MOVE_CARD);
	bytes_for(&r, "k");
	check("tree", "a move to what is summed up", bytes_for(&r, "j"), MOVE_CARD);
	check("tree", "another token", bytes_for(&r, "\033OD"), MOVE_CARD);
	check("tree", "and back", bytes_for(&r, "\033OC"), MOVE_CARD);
	check("tree", "a row folded", bytes_for(&r, "h"), VIEW);
	check("card", "to it", bytes_for(&r, "\t"), VIEW);
	check("card", "a move", worst(&r, "jjjjkk"), MOVE);
	type(&r, "q");
	finish(&r);
	assert_restored(&r);
}

static void
test_views(void **state)
{
	static struct run r;

	(void)state;
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, READY));
	type(&r,
	    ":prompt w19 w10 w9 w7 w39 w16 w31 w17\r:clamp L1#43@8x0\r:clamp L0#17@4x2\r:sweep -1:3:9\r1");
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		check(views[i].name, "to it", bytes_for(&r, views[i].key), VIEW);
		check(views[i].name, "nothing", bytes_for(&r, ""), 0);
		check(views[i].name, "a move", worst(&r, "jjjkj"), views[i].card ? MOVE_CARD : MOVE);
		check(views[i].name, "back", bytes_for(&r, "1"), VIEW);
	}
	type(&r, "q");
	finish(&r);
	assert_restored(&r);
}

/* What asks a terminal something: its answer would be taken for keys over a slow line. */
static void
assert_no_question(const struct run *r)
{
	static const char *const questions[] = { "\033[c", "\033[0c", "\033[>c", "\033[5n", "\033[6n",
	    "\033[?6n", "\033[?u",
		"$p", "\033]10;?", "\033]11;?", "\033P+q", "\005" };

	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
		assert_null(strstr(r->out, questions[i]));
}

static void
assert_no_colour(const struct run *r)
{
	for (char c = '0'; c <= '9'; c++) {
		const char sgr[] = { 033, '[', '3', c, 'm', '\0' };

		assert_null(strstr(r->out, sgr));
	}
	assert_null(strstr(r->out, "38;5"));
	assert_null(strstr(r->out, "48;5"));
}

static void
test_terminals(void **state)
{
	static const struct {
		const char *term;
		bool mono;
	} terms[] = {
		{ "xterm-256color", false }, { "xterm", false }, { "screen-256color", false },
		    { "tmux-256color", false },
		{ "linux", false }, { "vt100", true }, { "vt220", true },
	};
	static struct run r;

	(void)state;
	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
		start(&r, terms[i].term, 80, 24);
		if (!read_until(&r, 0, READY)) {
			print_message("%s is not known here\n", terms[i].term);
			type(&r, "q\n");
			finish(&r);
			continue;
		}
		type(&r, "jjm13:theme projector\r1");
		read_until(&r, 0, NULL);
		if (terms[i].mono) {
			assert_no_colour(&r);
		}
		assert_no_question(&r);
		type(&r, "q");
		finish(&r);
		close(r.master);
		close(r.slave);
	}
}

static void
test_no_color(void **state)
{
	static struct run r;

	(void)state;
	setenv("NO_COLOR", "1", 1);
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, READY));
	type(&r, "jjm1:theme dark\r");
	read_until(&r, 0, NULL);
	assert_no_colour(&r);
	type(&r, "q");
	finish(&r);
	assert_restored(&r);
	unsetenv("NO_COLOR");
}

/* A model for which a long prompt is long work. */
static void
make_model(const char *dir)
{
	const char *maker = getenv("RANDOM_MODEL"), *srcdir = getenv("srcdir");
	char tokenizer[4096];
	int status = -1;
	pid_t pid;

	snprintf(tokenizer, sizeof tokenizer, "%s/tests/tokenizers/gpt2/tokenizer.json",
	    srcdir ? srcdir : ".");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execl(maker ? maker : "./random_model", "random_model", dir, tokenizer, "380", "128", "6",
		    "1024", "256",
		    (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Esc stops it, and what was there before is there still. */
static void
test_long_work(void **state)
{
	static struct run r;
	struct timespec t[2];
	char dir[4096];
	size_t mark;

	(void)state;
	snprintf(dir, sizeof dir, "%s/large", pty_home());
	make_model(dir);
	start_with(&r, dir);
	assert_true(read_until(&r, 0, READY));
	type(&r, ":prompt The capital of Texas\r");
	assert_true(read_until(&r, r.n, READY));
	mark = r.n;
	type(&r, ":prompt ");
	for (int i = 0; i < 22; i++)
		type(&r, "the state containing Dallas is ");
	type(&r, "\r");
	assert_true(read_until(&r, mark, "attribution"));
	read_until(&r, mark, "Esc stops");
	clock_gettime(CLOCK_MONOTONIC, &t[0]);
	mark = r.n;
	type(&r, "\033");
	assert_true(read_until(&r, mark, "nothing has changed"));
	clock_gettime(CLOCK_MONOTONIC, &t[1]);
	print_message("stopped %.0f ms after Esc\n",
	    1e3 * (double)(t[1].tv_sec - t[0].tv_sec) + 1e-6 * (double)(t[1].tv_nsec - t[0].tv_nsec));
	read_until(&r, mark, NULL);
	mark = r.n;
	bytes_for(&r, "\033");	/* out of the command line */
	type(&r, "\014");	/* the whole screen anew */
	assert_true(read_until(&r, mark, "The capital of Tex"));
	assert_true(read_until(&r, mark, READY));
	type(&r, "jjq");
	assert_int_equal(finish(&r), 0);
	assert_restored(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_terminals),
		cmocka_unit_test(test_no_color),
		cmocka_unit_test(test_long_work),
	};

	return cmocka_run_group_tests(tests, pty_enter, pty_leave);
}
