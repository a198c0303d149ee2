/*
 * replay: what stands in for libFuzzer in an ordinary build. A fuzzer then runs on each file that
 * tests/fuzz/corpus names for it, and on small changes of them, always the same ones. Arguments are files to
 * run on instead.
 */
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/random.h"
#include "fuzz.h"

enum { ROUNDS = 100, SIZE_MAX_KB = 64 };	/* of each file; longer files are run as they are only */

/* Memory of exactly this size, so that a sanitizer sees a byte too far. */
static void
run(const char *data, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);

	if (!exact)
		abort();
	memcpy(exact, data, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

/* A few edits of a copy: what is found most often is near what is valid. Returns the new size. */
static size_t
change(char *to, const char *from, size_t n, struct ct_rng *rng)
{
	static const char *const odd[] = { "0", "-1", "9999999999999999999", "1e999", "{", "[", "\"",
	    "\\u0000", "\xff",
		"\x1b[2J", "null", ":", "\n", " " };
	size_t at;

	memcpy(to, from, n);
	for (uint32_t edits = 1 + ct_rng_below(rng, 4); edits; edits--) {
		const char *word = odd[ct_rng_below(rng, sizeof odd / sizeof *odd)];
		size_t len = strlen(word);

		at = ct_rng_below(rng, (uint32_t)n + 1);
		switch (ct_rng_below(rng, 5)) {
		case 0:		/* a bit */
			if (at < n)
				to[at] = (char)(to[at] ^ 1 << ct_rng_below(rng, 8));
			break;
		case 1:		/* cut off */
			n = at;
			break;
		case 2:		/* a piece is left out */
			len = ct_rng_below(rng, (uint32_t)(n - at) + 1);
			memmove(to + at, to + at + len, n - at - len);
			n -= len;
			break;
		case 3:		/* a word instead */
			if (len <= n - at)
				memcpy(to + at, word, len);
			break;
		case 4:		/* a word between */
			memmove(to + at + len, to + at, n - at);
			memcpy(to + at, word, len);
			n += len;
			break;
		}
	}
	return n;
}

static int
replay(const char *path, int rounds)
{
	struct ct_error err;
	struct ct_rng rng;
	char *data, *changed;
	size_t n;

	if (ct_file_read(&data, &n, path, 64 << 20, &err) != CT_OK) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	run(data, n);
	changed = malloc(n + 128);
	if (!changed)
		abort();
	ct_rng_seed(&rng, n, 1);
	for (int i = 0; i < rounds && n <= SIZE_MAX_KB << 10; i++)
		run(changed, change(changed, data, n, &rng));
	free(changed);
	free(data);
	return 0;
}

static int
replay_all(const char *name, const char *tests)
{
	char path[PATH_MAX + 256], line[256], fuzzer[64], pattern[128];
	int failed = 0, files = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/fuzz/corpus", tests);
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		return 1;
	}
	while (fgets(line, sizeof line, f)) {
		glob_t found;

		if (sscanf(line, "%63s %127s", fuzzer, pattern) != 2 || strcmp(fuzzer, name) != 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", tests, pattern);
		if (glob(path, 0, NULL, &found) != 0)
			continue;
		for (size_t i = 0; i < found.gl_pathc; i++, files++)
			failed |= replay(found.gl_pathv[i], ROUNDS);
		globfree(&found);
	}
	fclose(f);
	fprintf(stderr, "%s: %d files, each with up to %d changes\n", name, files, ROUNDS);
	return failed || files == 0;
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	char tests[PATH_MAX];
	int failed = 0, null = open("/dev/null", O_WRONLY);

	/* What a fuzzed program prints is of no interest. */
	dup2(null, STDOUT_FILENO);
	close(null);
	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i], 0);
	if (argc > 1)
		return failed;
	snprintf(tests, sizeof tests, "%s/tests", srcdir ? srcdir : ".");
	return replay_all(basename(argv[0]), tests);
}
