/*
 * What is saved is there, whole: after kill -9 at any moment, a lost connection, a closed terminal, and when
 * several programs change one file. As often as $SAVING_KILLS says (`make saving`: 1000).
 */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "cards/labels.h"
#include "pty.h"
#include "scratch.h"
#include "tui/session/session_file.h"
#include "tui/session/session_list.h"
#include "tui/terminal/prompt.h"

enum { LONG = 300000, SHORT = 70000 };

static int
kills(void)
{
	const char *n = getenv("SAVING_KILLS");

	return n ? (int)strtol(n, NULL, 10) : 30;
}

/* Different moments in every run, the same in every program. */
static void
nap(int i, long most_us)
{
	long us = (long)((unsigned)i * 2654435761u % (unsigned)most_us);
	struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	nanosleep(&t, NULL);
}

static void
test_kill_while_replacing(void **state)
{
	static char text[2][LONG];
	static const size_t size[2] = { LONG, SHORT };
	char path[4096];
	int seen[2] = { 0, 0 };

	(void)state;
	memset(text[0], 'a', LONG);
	memset(text[1], 'b', LONG);
	snprintf(path, sizeof path, "%s/replaced", pty_home());
	assert_int_equal(ct_file_replace(path, text[0], size[0], NULL), CT_OK);
	for (int i = 0; i < kills(); i++) {
		pid_t pid = fork();
		char *now;
		size_t n;
		int which;

		assert_true(pid >= 0);
		if (pid == 0) {
			for (int k = 1; !ct_file_replace(path, text[k], size[k], NULL); k ^= 1)
				;
			_exit(1);
		}
		nap(i, 20000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_int_equal(ct_file_read(&now, &n, path, LONG, NULL), CT_OK);
		which = n == size[1];
		assert_int_equal(n, size[which]);
		assert_memory_equal(now, text[which], n);
		seen[which]++;
		free(now);
	}
	print_message("%d of one, %d of the other, nothing else\n", seen[0], seen[1]);
	assert_int_equal(ct_file_replace(path, text[0], size[0], NULL), CT_OK);
	assert_int_equal(scratch_leftovers(pty_home()), 0);
}

/* Several programs change a file at the same time: each has a number. */
enum { PROGRAMS = 4, CHANGES = 25 };

static void
at_the_same_time(bool (*change)(int program, int i))
{
	pid_t pid[PROGRAMS];
	int status;

	for (int k = 0; k < PROGRAMS; k++) {
		pid[k] = fork();
		assert_true(pid[k] >= 0);
		if (pid[k] == 0) {
			bool ok = true;

			for (int i = 0; i < CHANGES && ok; i++)
				ok = change(k, i);
			_exit(!ok);
		}
	}
	for (int k = 0; k < PROGRAMS; k++) {
		assert_int_equal(waitpid(pid[k], &status, 0), pid[k]);
		assert_int_equal(status, 0);
	}
}

static const char *
file_of(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof path, "%s/%s", pty_home(), name);
	return path;
}

/* Every program has read the file before the others changed it. */
static struct ct_labels *labels;

/* Where the others leave a program no time, it is told so, and tries again. */
static bool
told_to_wait(int code, const struct ct_error *err, int *tries)
{
	return code != CT_OK && strstr(err->msg, "another program is writing there") && ++*tries < 20;
}

static bool
set_label(int program, int i)
{
	struct ct_error err;
	char text[64];
	int code, tries = 0;

	snprintf(text, sizeof text, "%d of program %d", i, program);
	do
		code = ct_labels_set(labels, program, i, text, &err);
	while (told_to_wait(code, &err, &tries));
	return code == CT_OK;
}

static void
test_labels_of_several_programs(void **state)
{
	char wanted[64];

	(void)state;
	assert_int_equal(ct_labels_open(&labels, file_of("labels.yaml"), NULL, NULL, NULL), CT_OK);
	at_the_same_time(set_label);
	ct_labels_close(labels);
	assert_int_equal(ct_labels_open(&labels, file_of("labels.yaml"), NULL, NULL, NULL), CT_OK);
	assert_int_equal(ct_labels_count(labels), PROGRAMS * CHANGES);
	for (int k = 0; k < PROGRAMS; k++)
		for (int i = 0; i < CHANGES; i++) {
			snprintf(wanted, sizeof wanted, "%d of program %d", i, k);
			assert_string_equal(ct_labels_find(labels, k, i), wanted);
		}
	ct_labels_close(labels);
}

static struct history typed;

static bool
type_line(int program, int i)
{
	struct ct_error err;
	char text[64];
	int code, tries = 0;

	snprintf(text, sizeof text, "%d of program %d", i, program);
	if (!history_add(&typed, text))
		return false;
	do
		code = history_keep(&typed, file_of("history"), &err);
	while (told_to_wait(code, &err, &tries));
	return code == CT_OK;
}

static void
test_history_of_several_programs(void **state)
{
	struct history all = { .lines = NULL };
	int next[PROGRAMS] = { 0 }, i, program;

	(void)state;
	assert_true(history_add(&typed, "before all"));
	assert_int_equal(history_keep(&typed, file_of("history"), NULL), CT_OK);
	at_the_same_time(type_line);
	assert_int_equal(history_load(&all, file_of("history"), NULL), CT_OK);
	assert_int_equal(all.n, 1 + PROGRAMS * CHANGES);
	assert_string_equal(all.lines[0], "before all");
	/* Each program's lines are in its order. */
	for (int k = 1; k < all.n; k++) {
		assert_int_equal(sscanf(all.lines[k], "%d of program %d", &i, &program), 2);
		assert_int_equal(i, next[program]++);
	}
	history_free(&all);
	history_free(&typed);
}

/* A session that was cut off: its last line has no end. */
static void
test_what_a_session_is_about(void **state)
{
	struct session_about about;

	(void)state;
	session_about("", &about);
	assert_string_equal(about.prompt, "");
	session_about("\n\t", &about);
	assert_string_equal(about.prompt, "");
	session_about("model small\nprompt w1 w2\nnote on L1#2: a feature\nnote all of it", &about);
	assert_string_equal(about.model, "small");
	assert_string_equal(about.prompt, "w1 w2");
	assert_string_equal(about.note, "all of it");
}

/* Commands for a program without a terminal that shares the state; its standard output in out. */
static void
headless(const char *options, const char *commands, char *out, size_t size)
{
	char line[16384], cwd[4096];
	FILE *p;
	size_t n;

	assert_non_null(getcwd(cwd, sizeof cwd));
	snprintf(line, sizeof line,
	    "printf '%s' | XDG_STATE_HOME='%s/%s' '%s' %s -m '%s' --headless 80x24 --script - 2>&1", commands,
	    cwd,
	    pty_home(), pty_program(), options, pty_model());
	p = popen(line, "r");
	assert_non_null(p);
	n = fread(out, 1, size - 1, p);
	out[n] = '\0';
	pclose(p);
}

/* The sessions there are: the path of the last, and its name. Returns how many. */
static int
find_session(char *path, size_t size, char *name, size_t name_size)
{
	static const char ending[] = ".session";
	char dir[2048];
	struct dirent *e;
	DIR *d;
	int n = 0;

	snprintf(dir, sizeof dir, "%s/ctrace/sessions", pty_home());
	d = opendir(dir);
	while (d && (e = readdir(d))) {
		size_t len = strlen(e->d_name), k = sizeof ending - 1;

		if (e->d_name[0] == '.' || len <= k || strcmp(e->d_name + len - k, ending) != 0)
			continue;
		snprintf(path, size, "%s/%s", dir, e->d_name);
		snprintf(name, name_size, "%.*s", (int)(len - k), e->d_name);
		n++;
	}
	if (d)
		closedir(d);
	return n;
}

static void
forget_sessions(void)
{
	char path[4096], name[256];

	while (find_session(path, sizeof path, name, sizeof name))
		assert_int_equal(unlink(path), 0);
}

static struct run r;

static void
work(const char *command)
{
	size_t mark = r.n;

	assert_true(read_until(&r, 0, READY));
	type(&r, ":");
	type(&r, command);
	type(&r, "\r");
	assert_true(read_until(&r, mark, "after"));
}

/* A session is whole when it is what the program makes of it again, to the byte. */
static void
test_kill_while_saving(void **state)
{
	char path[4096], name[256], commands[6000], out[8192], copy[4096], *one, *two;
	int found = 0, n = kills() / 6;
	size_t n_one, n_two;

	(void)state;
	for (int i = 0; i < n; i++) {
		struct timespec pause = { .tv_nsec = 380000000 };

		start(&r, "xterm-256color", 80, 24);
		work("clamp L1#43@2x2");
		nanosleep(&pause, NULL);	/* until it is saved: about now */
		nap(i, 200000);
		kill(r.pid, SIGKILL);
		waitpid(r.pid, NULL, 0);
		close(r.master);
		close(r.slave);
		if (!find_session(path, sizeof path, name, sizeof name))
			continue;
		found++;
		snprintf(copy, sizeof copy, "%s/copy", pty_home());
		snprintf(commands, sizeof commands, "load %s\\nsave ./%s!\\n", name, copy);
		headless("", commands, out, sizeof out);
		assert_int_equal(ct_file_read(&one, &n_one, path, LONG, NULL), CT_OK);
		assert_int_equal(ct_file_read(&two, &n_two, copy, LONG, NULL), CT_OK);
		assert_string_equal(one, two);
		free(one);
		free(two);
		forget_sessions();
	}
	print_message("%d of %d had been saved, all of them whole\n", found, n);
}

static void
test_the_end_saves(void **state)
{
	static const int ends[] = { SIGHUP, SIGTERM, SIGINT, 0 };
	char path[4096], name[256], out[8192], *text;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		forget_sessions();
		start(&r, "xterm-256color", 80, 24);
		work("clamp L1#43@2x3");
		if (ends[i]) {
			kill(r.pid, ends[i]);
			finish(&r);
			assert_restored(&r);
		} else {	/* the terminal is closed */
			close(r.slave);
			close(r.master);
			assert_int_equal(waitpid(r.pid, NULL, 0), r.pid);
		}
		assert_int_equal(find_session(path, sizeof path, name, sizeof name), 1);
		assert_int_equal(ct_file_read(&text, &n, path, LONG, NULL), CT_OK);
		assert_non_null(strstr(text, "\nclamp L1#43@2x3\n"));
		free(text);
	}
	headless("--resume", "screen\\n", out, sizeof out);
	assert_non_null(strstr(out, "L1#43@2x3"));
}

/* The prompts that were typed, and everything else (tests/cli/full.sh has the other files). */
static void
test_full_disk_under_a_history(void **state)
{
	struct history old = { .lines = NULL }, now = { .lines = NULL };
	struct rlimit before, none;
	char path[4096], name[256];

	(void)state;
	forget_sessions();
	/* makes the folder; without a pseudo-terminal the test ends here */
	start(&r, "xterm-256color", 80, 24);
	assert_true(read_until(&r, 0, READY));
	type(&r, "q");
	assert_int_equal(finish(&r), 0);
	snprintf(path, sizeof path, "%s/ctrace/history", pty_home());
	assert_true(history_add(&old, "w9 w8"));
	assert_int_equal(history_keep(&old, path, NULL), CT_OK);
	history_free(&old);
	assert_int_equal(history_load(&old, path, NULL), CT_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	start(&r, "xterm-256color", 80, 24);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(read_until(&r, 0, READY));
	type(&r, ":prompt w3 w2 w1\r");
	assert_true(read_until(&r, 0, "are not kept from now on"));
	type(&r, ":prompt w2 w1\r");
	work("clamp L1#43@1x2");
	type(&r, "q");
	assert_int_equal(finish(&r), 0);
	assert_restored(&r);
	assert_int_equal(history_load(&now, path, NULL), CT_OK);
	assert_int_equal(now.n, old.n);
	assert_string_equal(now.lines[now.n - 1], "w9 w8");
	assert_int_equal(find_session(path, sizeof path, name, sizeof name), 0);
	history_free(&old);
	history_free(&now);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kill_while_replacing),
		cmocka_unit_test(test_labels_of_several_programs),
		cmocka_unit_test(test_history_of_several_programs),
		cmocka_unit_test(test_what_a_session_is_about),
		cmocka_unit_test(test_kill_while_saving),
		cmocka_unit_test(test_the_end_saves),
		cmocka_unit_test(test_full_disk_under_a_history),
	};

	return cmocka_run_group_tests(tests, pty_enter, pty_leave);
}
