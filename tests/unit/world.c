/* world: see world.h. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"

void
world_ok(int r, const struct ct_error *err)
{
	if (r < 0)
		fail_msg("%s", err->msg);
}

/* dir/name -> tests/golden/FROM */
static void
link_in(const char *dir, const char *name, const char *from)
{
	char path[2 * PATH_MAX], part[256], target[PATH_MAX];

	snprintf(part, sizeof part, "golden/%s", from);
	assert_non_null(realpath(test_path(part), target));
	snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(symlink(target, path), 0);
}

void
world_make_dir(char *dir)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, PATH_MAX, "%s/ctrace-session-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
	link_in(dir, "config.json", "llama-clt/config.json");
	link_in(dir, "model.safetensors", "llama-clt/model.safetensors");
	link_in(dir, "tokenizer.json", "llama-clt/tokenizer.json");
}

void
world_remove_dir(const char *dir)
{
	static const char *const names[] = { "config.json", "model.safetensors", "tokenizer.json",
		"transcoder", "labels.yaml", "recipe.yaml" };
	char path[2 * PATH_MAX];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(dir), 0);
}

int
world_open(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct ct_engine_options opt = { .threads = 2 };
	struct ct_error err = { 0 };

	world_make_dir(w->dir);
	link_in(w->dir, "transcoder", "llama-clt/transcoder");
	world_ok(ct_engine_open(&w->e, w->dir, &opt, &err), &err);
	world_ok(ct_session_open(&w->s, w->e, &err), &err);
	*state = w;
	return 0;
}

int
world_close(void **state)
{
	struct world *w = *state;

	ct_session_close(w->s);
	ct_engine_close(w->e);
	world_remove_dir(w->dir);
	free(w);
	return 0;
}

int
world_gather(void *buffer, const char *text, size_t n, struct ct_error *err)
{
	struct ct_buffer *b = buffer;

	ct_buffer_add(b, text, n);
	return b->lost ? ct_fail_memory(err, b->n + n, "a text") : CT_OK;
}

void
world_prompt(struct ct_session *s, const char *text)
{
	struct ct_error err = { 0 };

	world_ok(ct_session_prompt(s, text, NULL, &err), &err);
}

const struct ct_graph *
world_trace(struct ct_session *s, const struct ct_trace_options *opt)
{
	struct ct_trace_options usual = { .targets = { .pos = -1 } };
	struct ct_error err = { 0 };

	world_ok(ct_session_trace(s, opt ? opt : &usual, NULL, &err), &err);
	return ct_session_graph(s);
}

void
world_logits(struct ct_session *s, enum ct_run which, float out[T * V])
{
	for (int i = 0; i < T * V; i++)
		out[i] = ct_session_logit(s, which, i / V, i % V);
}
