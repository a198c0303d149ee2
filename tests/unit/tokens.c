/* tokens: see tokens.h. */
#include "tokens.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static void
put(const char *path, const char *text)
{
	assert_int_equal(ct_file_replace(path, text, strlen(text), NULL), CT_OK);
}

int
tokens_open_files(struct ct_tokenizer **t, const struct tokens_file *files, int n, struct ct_error *err)
{
	char dir[] = "/tmp/ctrace-test-XXXXXX";
	int code;

	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < n; i++) {
		char *path = ct_path_join(dir, files[i].name);

		put(path, files[i].text);
		free(path);
	}
	code = ct_tokenizer_open(t, dir, err);
	for (int i = 0; i < n; i++) {
		char *path = ct_path_join(dir, files[i].name);

		unlink(path);
		free(path);
	}
	rmdir(dir);
	return code;
}

int
tokens_open_with(struct ct_tokenizer **t, const char *json, const char *config, struct ct_error *err)
{
	const struct tokens_file files[] = { { "tokenizer.json", json },
		{ "tokenizer_config.json", config } };

	return tokens_open_files(t, files, config ? 2 : 1, err);
}

int
tokens_open(struct ct_tokenizer **t, const char *json, struct ct_error *err)
{
	return tokens_open_with(t, json, NULL, err);
}

struct ct_tokenizer *
tokens_must_open(const char *json)
{
	struct ct_error err = { 0 };
	struct ct_tokenizer *t;

	if (tokens_open(&t, json, &err) != CT_OK)
		fail_msg("%s", err.msg);
	return t;
}

void
tokens_expect(const struct ct_tokenizer *t, const char *text, const int *ids, int n)
{
	struct ct_token_span out[256];
	struct ct_error err = { 0 };
	int got = ct_tokenizer_encode(t, text, strlen(text), out, 256, NULL, &err);

	if (got < 0)
		fail_msg("%s: %s", text, err.msg);
	assert_int_equal(got, n);
	for (int i = 0; i < n; i++)
		assert_int_equal(out[i].id, ids[i]);
}
