/*
 * world: what the facade's tests share: an engine on a copy of a small model, and a session.
 */
#ifndef WORLD_H
#define WORLD_H

#include <limits.h>

#include "ctrace.h"

#define PROMPT "w19 w10 w9 w7 w39 w16 w31 w17"

/* Of the model tests/golden/llama-clt and the prompt. */
enum { T = 9, L = 3, V = 40, F = 48, CONTEXT = 24 };

struct world {
	struct ct_engine *e;
	struct ct_session *s;
	char dir[PATH_MAX]; /* a copy of the model, by links, that labels may be written to */
};

/* Set-up and teardown of a test: *state is a struct world. */
int world_open(void **state);
int world_close(void **state);
#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

/* Fails the test with the message. */
void world_ok(int r, const struct ct_error *err);

/* A new directory with links to the model's files, but for its transcoder; and its removal. dir: PATH_MAX. */
void world_make_dir(char *dir);
void world_remove_dir(const char *dir);

/* A ct_drain_fn that adds to a struct ct_buffer. */
int world_gather(void *buffer, const char *text, size_t n, struct ct_error *err);

void world_prompt(struct ct_session *s, const char *text);
/* opt NULL: the default target at the last position. */
const struct ct_graph *world_trace(struct ct_session *s, const struct ct_trace_options *opt);
void world_logits(struct ct_session *s, enum ct_run which, float out[T * V]);

#endif
