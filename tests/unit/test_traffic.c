/*
 * What the interactive program sends: at 80x24 little for every move and every change of view, and nothing when nothing
 * changes; on every kind of terminal only what that understands, and no question.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	{ "6", "survey", false }, { "5", "features", false }, { "0", "start", false }, { "8", "lesson", false },
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
	check("tree", "a move to \"more\", the same card", bytes_for(&r, "j"), MOVE);
	check("tree", "another token", worst(&r, "hhlh"), MOVE_CARD);
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
	type(&r, ":prompt w19 w10 w9 w7 w39 w16 w31 w17\r:clamp L1#43@8x0\r:clamp L0#17@4x2\r:sweep -1:3:9\r1");
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
	static const char *const questions[] = { "\033[c", "\033[0c", "\033[>c", "\033[5n", "\033[6n", "\033[?6n", "\033[?u",
		"$p", "\033]10;?", "\033]11;?", "\033P+q", "\005" };

	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
		assert_null(strstr(r->out, questions[i]));
}

static void
test_terminals(void **state)
{
	static const struct {
		const char *term;
		bool mono;
	} terms[] = {
		{ "xterm-256color", false }, { "xterm", false }, { "screen-256color", false }, { "tmux-256color", false },
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
			assert_null(strstr(r.out, "\033[3"));	/* 30 to 38: colours */
			assert_null(strstr(r.out, "38;5"));
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
	assert_null(strstr(r.out, "38;5"));
	assert_null(strstr(r.out, "48;5"));
	type(&r, "q");
	finish(&r);
	assert_restored(&r);
	unsetenv("NO_COLOR");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_terminals),
		cmocka_unit_test(test_no_color),
	};

	return cmocka_run_group_tests(tests, pty_enter, pty_leave);
}
