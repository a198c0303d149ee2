/*
 * fuzz: see fuzz.h.
 */
#include "fuzz.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64];

static int
remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void
remove_dir(void)
{
	nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *
fuzz_dir(void)
{
	if (*dir)
		return dir;
	snprintf(dir, sizeof dir, "%s/ctrace-fuzz-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(dir))
		abort();
	atexit(remove_dir);
	return dir;
}

const char *
fuzz_file(const char *name, const uint8_t *data, size_t n)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", fuzz_dir(), name);
	f = fopen(path, "wb");
	if (!f || fwrite(data, 1, n, f) != n || fclose(f) != 0)
		abort();
	return path;
}

void
fuzz_link(const char *name, const char *from)
{
	const char *srcdir = getenv("srcdir");
	char path[128], source[PATH_MAX], target[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", fuzz_dir(), name);
	snprintf(source, sizeof source, "%s/tests/%s", srcdir ? srcdir : ".", from);
	if (!realpath(source, target) || symlink(target, path) != 0) {
		fprintf(stderr, "cannot link %s to %s: srcdir must name the source directory\n", path,
		    source);
		abort();
	}
}

const char *
fuzz_model(void)
{
	static const char labels[] = "L0#1: one\nL0#2: \"say a b\"\nL1#3: two\nL2#4: two\nL1#5: \"mixed: x / "
	    "y\"\n";
	static const char *const files[] = { "config.json", "model.safetensors", "tokenizer.json",
	    "transcoder" };
	char from[64];

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(from, sizeof from, "golden/llama-clt/%s", files[i]);
		fuzz_link(files[i], from);
	}
	fuzz_file("labels.yaml", (const uint8_t *)labels, sizeof labels - 1);
	return fuzz_dir();
}

char *
fuzz_text(const uint8_t *data, size_t n)
{
	char *text = strndup(n ? (const char *)data : "", n);

	if (!text)
		abort();
	return text;
}
