/*
 * file: only regular files are read, and replacing one is all or nothing.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/map.h"
#include "scratch.h"

static void
expect_content(const char *path, const char *wanted)
{
	char *data;
	size_t n;

	assert_int_equal(ct_file_read(&data, &n, path, 1000, NULL), CT_OK);
	assert_int_equal(n, strlen(wanted));
	assert_string_equal(data, wanted);
	free(data);
}

static void
reading_has_a_limit(void **state)
{
	struct ct_error err;
	char *data;
	size_t n;

	(void)state;
	scratch_text("ten", "0123456789");
	expect_content("ten", "0123456789");
	assert_int_equal(ct_file_read(&data, &n, "ten", 9, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "ten has 10 bytes; expected at most 9");
	assert_null(data);
}

static void
only_regular_files_open(void **state)
{
	struct ct_error err;
	struct ct_map m;

	(void)state;
	assert_int_equal(ct_map_open(&m, "nowhere", &err), CT_EIO);
	assert_string_equal(err.msg, "cannot open nowhere: No such file or directory");
	assert_int_equal(mkdir("dir", 0777), 0);
	assert_int_equal(ct_map_open(&m, "dir", &err), CT_EIO);
	assert_string_equal(err.msg, "cannot read dir: it is a directory, not a file");
	assert_int_equal(mkfifo("fifo", 0666), 0);
	assert_int_equal(ct_map_open(&m, "fifo", &err), CT_EIO);
	assert_string_equal(err.msg, "cannot read fifo: it is a FIFO, not a file");
	assert_int_equal(ct_map_open(&m, "/dev/null", &err), CT_EIO);
	assert_string_equal(err.msg, "cannot read /dev/null: it is a device, not a file");
}

static void
mapping_shows_the_file(void **state)
{
	struct ct_error err;
	struct ct_map m;

	(void)state;
	scratch_text("map", "content");
	assert_int_equal(ct_map_open(&m, "map", NULL), CT_OK);
	assert_int_equal(m.size, 7);
	assert_memory_equal(m.data, "content", 7);
	assert_int_equal(ct_map_check(&m, NULL), CT_OK);
	assert_int_equal(truncate("map", 3), 0);
	assert_int_equal(ct_map_check(&m, &err), CT_EIO);
	assert_string_equal(err.msg, "map shrank from 7 to 3 bytes while it was open; open it again");
	ct_map_close(&m);
	scratch_text("empty", "");
	assert_int_equal(ct_map_open(&m, "empty", NULL), CT_OK);
	assert_null(m.data);
	ct_map_close(&m);
}

static void
replacing_keeps_mode_and_links(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(ct_file_replace("new", "one", 3, NULL), CT_OK);
	expect_content("new", "one");
	assert_int_equal(chmod("new", 0640), 0);
	assert_int_equal(symlink("new", "link"), 0);
	assert_int_equal(ct_file_replace("link", "two", 3, NULL), CT_OK);
	expect_content("new", "two");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat("new", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(scratch_leftovers("."), 0);
}

static void
a_failed_replacement_changes_nothing(void **state)
{
	struct rlimit old, small = { .rlim_cur = 4, .rlim_max = RLIM_INFINITY };
	struct ct_error err;
	int code;

	(void)state;
	scratch_text("kept", "old");
	/* A full disk, as far as write() is concerned. */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	code = ct_file_replace("kept", "much too long", 13, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(code, CT_EIO);
	assert_string_equal(err.msg, "cannot write kept: File too large");
	expect_content("kept", "old");
	assert_int_equal(scratch_leftovers("."), 0);
	assert_int_equal(ct_file_replace("no/such/dir", "x", 1, &err), CT_EIO);
	assert_string_equal(err.msg, "cannot write no/such/dir: No such file or directory");
	assert_int_equal(ct_file_replace("dir", "x", 1, &err), CT_EIO);
	assert_string_equal(err.msg, "cannot write dir: it is a directory, not a file");
}

/* What is no file is written to as it stands: a shell's >(command) is a pipe. */
static void
pipes_and_devices_are_written_in_place(void **state)
{
	struct ct_error err;
	char text[8];
	int fd;

	(void)state;
	assert_int_equal(ct_file_replace("/dev/null", "x", 1, &err), CT_OK);
	assert_int_equal(mkfifo("pipe", 0666), 0);
	assert_int_equal(ct_file_replace("pipe", "x", 1, &err), CT_EIO);
	assert_string_equal(err.msg, "cannot write pipe: nobody reads from this pipe");
	fd = open("pipe", O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(ct_file_replace("pipe", "three", 5, &err), CT_OK);
	assert_int_equal(read(fd, text, sizeof text), 5);
	assert_memory_equal(text, "three", 5);
	close(fd);
	assert_int_equal(scratch_leftovers("."), 0);
}

/* A text that turns out to be wrong, or is not finished, leaves the old file alone. */
static void
a_new_file_that_is_given_up_is_gone(void **state)
{
	struct ct_file_new f;
	struct ct_error err;

	(void)state;
	scratch_text("kept", "old");
	assert_int_equal(ct_file_new_open(&f, "kept", &err), CT_OK);
	assert_int_equal(ct_file_new_write(&f, "ne", 2, &err), CT_OK);
	assert_int_equal(ct_file_new_end(&f, CT_ENOMEM, &err), CT_ENOMEM);
	expect_content("kept", "old");
	assert_int_equal(scratch_leftovers("."), 0);
	assert_int_equal(ct_file_new_open(&f, "kept", &err), CT_OK);
	assert_int_equal(ct_file_new_write(&f, "n", 1, &err), CT_OK);
	assert_int_equal(ct_file_new_write(&f, "ew", 2, &err), CT_OK);
	assert_int_equal(ct_file_new_end(&f, CT_OK, &err), CT_OK);
	expect_content("kept", "new");
	assert_int_equal(scratch_leftovers("."), 0);
}

static int
make_locked(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0666);

	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	return fd;
}

static void
what_killed_programs_left_goes_with_the_next_replacement(void **state)
{
	int fd;

	(void)state;
	scratch_text("next.ctrace-0.tmp", "half");
	scratch_text("next.ctrace-1.tmp", "half");
	assert_int_equal(ct_file_replace("next", "new", 3, NULL), CT_OK);
	expect_content("next", "new");
	assert_true(ct_file_missing("next.ctrace-0.tmp"));
	ct_dir_sweep(".");
	assert_int_equal(scratch_leftovers("."), 0);

	/* What somebody writes now, or what is no file, stays. */
	fd = make_locked("next.ctrace-0.tmp");
	assert_int_equal(symlink("next", "next.ctrace-1.tmp"), 0);
	assert_int_equal(mkdir("next.ctrace-2.tmp", 0777), 0);
	scratch_text("next.ctrace-x.tmp", "");
	scratch_text("next.ctrace-12.tmp.c", "");
	scratch_text(".ctrace-0.tmp", "");
	assert_int_equal(ct_file_replace("next", "newer", 5, NULL), CT_OK);
	ct_dir_sweep(".");
	expect_content("next", "newer");
	assert_int_equal(scratch_leftovers("."), 6);
	close(fd);
	ct_dir_sweep(".");
	assert_int_equal(scratch_leftovers("."), 5);
	assert_int_equal(unlink("next.ctrace-1.tmp"), 0);
	assert_int_equal(rmdir("next.ctrace-2.tmp"), 0);
	assert_int_equal(unlink("next.ctrace-x.tmp"), 0);
	assert_int_equal(unlink("next.ctrace-12.tmp.c"), 0);
	assert_int_equal(unlink(".ctrace-0.tmp"), 0);
}

static void
one_program_at_a_time_has_the_lock(void **state)
{
	struct ct_error err;
	int one, two;

	(void)state;
	assert_int_equal(ct_file_lock(&one, "locked", &err), CT_OK);
	assert_int_equal(ct_file_lock(&two, "./locked", &err), CT_EIO);
	assert_string_equal(err.msg, "cannot write ./locked: another program is writing there");
	ct_file_unlock(two);
	ct_file_unlock(one);
	assert_int_equal(ct_file_lock(&two, "locked", &err), CT_OK);
	ct_file_unlock(two);
	/* Where nothing can be locked, saying so is left to the writing. */
	assert_int_equal(ct_file_lock(&one, "no/such/dir", &err), CT_OK);
	assert_int_equal(one, -1);
}

static void
directories_are_made_with_their_parents(void **state)
{
	struct ct_error err;

	(void)state;
	assert_int_equal(ct_dir_make("a/b//c/", NULL), CT_OK);
	assert_true(ct_dir_exists("a/b/c"));
	assert_int_equal(ct_dir_make("a/b/c", NULL), CT_OK);
	scratch_text("plain", "");
	assert_int_equal(ct_dir_make("plain/x", &err), CT_EIO);
	assert_string_equal(err.msg, "cannot make directory plain: File exists");
	/* The message has mkdir's reason, not that of looking what is there. */
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(ct_dir_make("dangling", &err), CT_EIO);
	assert_string_equal(err.msg, "cannot make directory dangling: File exists");
	assert_false(ct_dir_exists("plain"));
	assert_true(ct_file_exists("plain"));
	assert_false(ct_file_exists("a"));
	assert_false(ct_file_exists("absent"));
	assert_false(ct_dir_exists("plain/absent"));
	/* What cannot be looked at is not taken for absent. */
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_true(ct_file_exists("loop"));
	assert_false(ct_file_missing("loop"));
}

static void
paths_join(void **state)
{
	static const char *const cases[][3] = {
		{ "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "", "b", "b" }, { "/", "b", "/b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *p = ct_path_join(cases[i][0], cases[i][1]);

		assert_string_equal(p, cases[i][2]);
		free(p);
	}
	assert_string_equal(ct_path_last("a/bc/d"), "d");
	assert_string_equal(ct_path_last("ab"), "ab");
	assert_string_equal(ct_path_last("/"), "/");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_has_a_limit),
		cmocka_unit_test(only_regular_files_open),
		cmocka_unit_test(mapping_shows_the_file),
		cmocka_unit_test(replacing_keeps_mode_and_links),
		cmocka_unit_test(a_failed_replacement_changes_nothing),
		cmocka_unit_test(pipes_and_devices_are_written_in_place),
		cmocka_unit_test(a_new_file_that_is_given_up_is_gone),
		cmocka_unit_test(what_killed_programs_left_goes_with_the_next_replacement),
		cmocka_unit_test(one_program_at_a_time_has_the_lock),
		cmocka_unit_test(directories_are_made_with_their_parents),
		cmocka_unit_test(paths_join),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
