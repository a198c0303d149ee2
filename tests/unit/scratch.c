/* scratch: see scratch.h. */
#include "scratch.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"

static char sources[PATH_MAX], home[PATH_MAX], dir[32];

int
scratch_enter(void **state)
{
	const char *srcdir = getenv("srcdir");

	(void)state;
	snprintf(dir, sizeof dir, "/tmp/ctrace-test-XXXXXX");
	if (!realpath(srcdir ? srcdir : ".", sources) || !getcwd(home, sizeof home) || !mkdtemp(dir))
		return -1;
	return chdir(dir);
}

static int
remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

int
scratch_remove(const char *path)
{
	return nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int
scratch_leave(void **state)
{
	(void)state;
	return chdir(home) == 0 ? scratch_remove(dir) : -1;
}

int
scratch_leftovers(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += strstr(e->d_name, ".tmp") != NULL;
	closedir(d);
	return n;
}

void
scratch_write(const char *name, const void *data, size_t n)
{
	FILE *f = fopen(name, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

void
scratch_text(const char *name, const char *text)
{
	scratch_write(name, text, strlen(text));
}

void
scratch_copy(const char *name, const char *from)
{
	char path[PATH_MAX + 256];
	char *data;
	size_t n;

	snprintf(path, sizeof path, "%s/tests/%s", sources, from);
	assert_int_equal(ct_file_read(&data, &n, path, 64 << 20, NULL), CT_OK);
	scratch_write(name, data, n);
	free(data);
}

void
scratch_tensors(const char *name, const char *header, const void *data, size_t n)
{
	uint64_t len = strlen(header);
	FILE *f = fopen(name, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(&len, 8, 1, f), 1);
	assert_int_equal(fwrite(header, 1, len, f), len);
	for (size_t i = 0; i < n; i++)
		fputc(data ? ((const unsigned char *)data)[i] : 0, f);
	assert_int_equal(fclose(f), 0);
}

void
scratch_golden(const char *name)
{
	static const char *const files[] = { "config.json", "model.safetensors", "tokenizer.json" };

	assert_int_equal(ct_dir_make("g", NULL), CT_OK);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char to[64], from[64];

		snprintf(to, sizeof to, "g/%s", files[i]);
		snprintf(from, sizeof from, "golden/%s/%s", name, files[i]);
		scratch_copy(to, from);
	}
}
