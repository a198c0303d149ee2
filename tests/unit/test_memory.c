/*
 * Memory that runs out, at each place that asks for it: the step fails with CT_ENOMEM or its result is
 * whole, nothing crashes, and the same step gives the same result afterwards.
 *
 * The linker puts the functions below in the place of those that give memory (--wrap, see files.mk).
 * tests/torture lets whole programs run out of it, system calls included; here each request is known by the
 * place that makes it, pieces of an arena too, of which most are cut from memory that is there already.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "cards/build.h"
#include "cards/cards.h"
#include "fixture.h"
#include "graphs.h"
#include "scratch.h"
#include "world.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void *__real_ct_arena_alloc(struct ct_arena *a, size_t n, size_t size);
void *__real_ct_arena_need(struct ct_arena *a, size_t n, size_t size, const char *what, struct ct_error *err);
char *__real_ct_arena_strdup(struct ct_arena *a, const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
void *__wrap_ct_arena_alloc(struct ct_arena *a, size_t n, size_t size);
void *__wrap_ct_arena_need(struct ct_arena *a, size_t n, size_t size, const char *what, struct ct_error *err);
char *__wrap_ct_arena_strdup(struct ct_arena *a, const char *s);

enum { MAX_SITES = 4096, FEW = 10, SENTENCES = 12, LENGTH = 5 };

/* The places that asked, in the order in which they first did; what is to fail: a request of one of them. */
static struct {
	bool counts;
	int n;
	struct site {
		const void *at;
		int asked;
	} site[MAX_SITES];
	const void *fails;
	int turn;			/* of its requests, from 1 on; 0: none fails */
	bool failed;
	int complaints;
} memory;

static bool
granted(const void *at)
{
	int i = 0;

	if (memory.turn > 0 && at == memory.fails && --memory.turn == 0) {
		memory.failed = true;
		return false;
	}
	if (!memory.counts)
		return true;
	while (i < memory.n && memory.site[i].at != at)
		i++;
	if (i == memory.n && memory.n < MAX_SITES)
		memory.site[memory.n++] = (struct site){ .at = at };
	if (i < MAX_SITES)
		memory.site[i].asked++;
	return true;
}

void *
__wrap_malloc(size_t n)
{
	return granted(__builtin_return_address(0)) ? __real_malloc(n) : NULL;
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return granted(__builtin_return_address(0)) ? __real_calloc(n, size) : NULL;
}

void *
__wrap_realloc(void *p, size_t n)
{
	return granted(__builtin_return_address(0)) ? __real_realloc(p, n) : NULL;
}

char *
__wrap_strdup(const char *s)
{
	return granted(__builtin_return_address(0)) ? __real_strdup(s) : NULL;
}

void *
__wrap_ct_arena_alloc(struct ct_arena *a, size_t n, size_t size)
{
	return granted(__builtin_return_address(0)) ? __real_ct_arena_alloc(a, n, size) : NULL;
}

void *
__wrap_ct_arena_need(struct ct_arena *a, size_t n, size_t size, const char *what, struct ct_error *err)
{
	if (granted(__builtin_return_address(0)))
		return __real_ct_arena_need(a, n, size, what, err);
	ct_fail_memory(err, n * size, what);
	return NULL;
}

char *
__wrap_ct_arena_strdup(struct ct_arena *a, const char *s)
{
	return granted(__builtin_return_address(0)) ? __real_ct_arena_strdup(a, s) : NULL;
}

/* One step of a study; what it found is added to out. */
typedef int step_fn(struct world *w, struct ct_buffer *out, struct ct_error *err);

/* Where the place is: of the address in `nm test_memory`, that far on. */
static void
complain(const struct site *site, int turn, const char *what)
{
	fprintf(stderr, "request %d of %d at granted%+td: %s\n", turn, site->asked,
	    (const char *)site->at - (const char *)(uintptr_t)granted, what);
	memory.complaints++;
}

/* The step with one request refused. */
static void
refuse(struct world *w, step_fn *step, const struct site *site, int turn, const char *want)
{
	struct ct_error err = { 0 };
	struct ct_buffer out = { 0 };
	char *text;
	int code;

	memory.fails = site->at;
	memory.turn = turn;
	memory.failed = false;
	code = step(w, &out, &err);
	memory.turn = 0;
	text = ct_buffer_take(&out, NULL);
	if (code < 0 && !memory.failed)
		fail_msg("%s", err.msg);
	if (code < 0 && code != CT_ENOMEM && !strstr(err.msg, "memory"))
		complain(site, turn, err.msg);
	if (code == CT_OK && text && strcmp(text, want) != 0)
		complain(site, turn, "the result is another, without a word");
	free(text);
}

/* Each place is refused one request after another: of many the first, the last, and one between. */
static void
run_out(struct world *w, step_fn *step)
{
	struct ct_error err = { 0 };
	struct ct_buffer out = { 0 };
	char *want, *again;
	int n;

	world_ok(step(w, &out, &err), &err);	/* what is read once and kept is there from now on */
	ct_buffer_free(&out);
	memory.n = memory.complaints = 0;
	memory.counts = true;
	world_ok(step(w, &out, &err), &err);
	memory.counts = false;
	assert_non_null(want = ct_buffer_take(&out, NULL));
	n = memory.n;
	assert_in_range(n, 1, MAX_SITES - 1);
	for (int i = 0; i < n; i++) {
		int asked = memory.site[i].asked;

		for (int turn = 1; turn <= asked; turn++)
			if (asked <= FEW || turn == 1 || turn == asked / 2 + 1 || turn == asked)
				refuse(w, step, &memory.site[i], turn, want);
	}
	world_ok(step(w, &out, &err), &err);
	assert_non_null(again = ct_buffer_take(&out, NULL));
	assert_string_equal(again, want);
	assert_int_equal(memory.complaints, 0);
	free(want);
	free(again);
}

static int
open_all(struct world *w, struct ct_buffer *out, struct ct_error *err)
{
	struct ct_engine_options opt = { .threads = 1 };
	struct ct_engine *e = NULL;
	struct ct_session *s = NULL;
	int code = ct_engine_open(&e, w->dir, &opt, err);

	if (code == CT_OK)
		code = ct_session_open(&s, e, err);
	if (code == CT_OK)
		ct_buffer_printf(out, "%d\n", ct_engine_info(e)->V);
	ct_session_close(s);
	ct_engine_close(e);
	return code;
}

static int
prompt(struct world *w, struct ct_buffer *out, struct ct_error *err)
{
	int code = ct_session_prompt(w->s, PROMPT, NULL, err), unknown = 0;

	for (int v = 0; code == CT_OK && v < V; v++) {
		double logit = (double)ct_session_logit(w->s, CT_RUN_REPLACEMENT, T - 1, v);

		unknown += isnan(logit);
		ct_buffer_printf(out, "%a\n", logit);
	}
	/* NAN: it cannot be computed now. */
	return code == CT_OK && unknown > 0 ? ct_fail_memory(err, 0, "the replacement model") : code;
}

static int
trace(struct world *w, struct ct_buffer *out, struct ct_error *err)
{
	struct ct_trace_options opt = { .targets = { .pos = -1 } };
	const struct ct_graph *g;
	int code = ct_session_trace(w->s, &opt, NULL, err);

	if (code < 0)
		return code;
	g = ct_session_graph(w->s);
	for (int i = 0; i < g->n_nodes; i++)
		ct_buffer_printf(out, "%a %d\n", g->nodes[i].influence, g->nodes[i].kept);
	return CT_OK;
}

static int
steer(struct world *w, struct ct_buffer *out, struct ct_error *err)
{
	static const struct ct_clamp clamps[] = {
		{ .layer = 1, .feature = 43, .pos = 8, .amount = 2 },
		{ .layer = 0, .feature = 3, .pos = -1, .amount = 1 },
	};
	const struct ct_effects *e;
	int code = ct_session_clamp(w->s, clamps, 2, NULL, NULL, err);

	if (code < 0)
		return code;
	e = ct_session_effects(w->s);
	for (int i = 0; i < e->n_effects; i++)
		ct_buffer_printf(out, "%a %a\n", (double)e->effects[i].after,
		    (double)e->effects[i].predicted_total);
	return CT_OK;
}

static int
sweep(struct world *w, struct ct_buffer *out, struct ct_error *err)
{
	const struct ct_sweep *v;
	int code = ct_session_sweep(w->s, 0, 2, 3, &v, NULL, err);

	for (int i = 0; code == CT_OK && i < v->n_rows * v->n_steps * v->n_tokens; i++)
		ct_buffer_printf(out, "%a %a\n", (double)v->prob[i], (double)v->logit[i]);
	return code;
}

static int
survey(struct world *w, struct ct_buffer *out, struct ct_error *err)
{
	const struct ct_survey *v;
	int code = ct_session_survey(w->s, &v, NULL, err);

	for (int i = 0; code == CT_OK && i < v->n; i++)
		ct_buffer_printf(out, "%d %a\n", v->items[i].node, v->items[i].kl);
	return code;
}

static int
generate(struct world *w, struct ct_buffer *out, struct ct_error *err)
{
	struct ct_generate_options opt = { 0 };
	int ids[4], n = ct_session_generate(w->s, &opt, ids, 4, NULL, err);

	for (int i = 0; i < n; i++)
		ct_buffer_printf(out, "%d\n", ids[i]);
	return n < 0 ? n : CT_OK;
}

/* The graph written and read again. */
static int
graph_file(struct world *w, struct ct_buffer *out, struct ct_error *err)
{
	struct ct_buffer b = { 0 };
	struct ct_graph_file *f = NULL;
	size_t n;
	char *text;
	int code = ct_session_graph_json(w->s, world_gather, &b, err);

	text = ct_buffer_take(&b, &n);
	if (code == CT_OK && !text)
		return ct_fail_memory(err, 0, "a graph");
	if (code < 0) {
		free(text);
		return code;
	}
	if ((code = ct_graph_file_parse(&f, "graph.json", text, n, NULL, err)) == CT_OK)
		ct_buffer_puts(out, f->text);
	ct_graph_file_close(f);
	return code;
}

/* A graph opened without its model. */
static int
graph_alone(struct world *w, struct ct_buffer *out, struct ct_error *err)
{
	struct ct_engine *e;
	const struct ct_engine_info *info;
	int code;

	(void)w;
	scratch_text("alone.json", GRAPH(FEATURE("0_1_1", "\"0\"", "1") "," LOGIT,
	    LINK("0_1_1", "3_4_1", "1")));
	code = ct_engine_open_graph(&e, "alone.json", NULL, err);
	if (code < 0)
		return code;
	info = ct_engine_info(e);
	ct_buffer_printf(out, "%s %s %s %s %s\n", info->name, info->scan, info->transcoder, info->trouble,
	    info->dir);
	ct_engine_close(e);
	return CT_OK;
}

static int
pictures(struct world *w, struct ct_buffer *out, struct ct_error *err)
{
	static const char *const forms[] = { "dot", "svg", "html" };
	int code = CT_OK;

	for (int i = 0; code == CT_OK && i < 3; i++)
		code = ct_session_export(w->s, &(struct ct_export_options){ .form = forms[i] },
		    world_gather, out, err);
	return code;
}

static int
groups(struct world *w, struct ct_buffer *out, struct ct_error *err)
{
	struct ct_subgraph *sg = calloc(1, sizeof *sg);
	struct ct_auto_groups said;
	int code = sg ? ct_session_auto_groups(w->s, sg, &said, NULL, err) : ct_fail_memory(err, 0, "pins");

	if (code == CT_OK)
		ct_buffer_printf(out, "%d %d %d %a\n", said.groups, said.members, said.singles,
		    said.influence);
	free(sg);
	return code;
}

/* What cards are made from: a small corpus, of which each token is annotated with its own word. */
static struct {
	struct fixture f;
	struct ct_corpus corpus;
	struct ct_sentence sentences[SENTENCES];
	int tokens[SENTENCES * LENGTH], start[SENTENCES * LENGTH + 1], of[SENTENCES * LENGTH];
	char text[V][8];
	const char *words[V];
} told;

static void
tell(void)
{
	told.corpus = (struct ct_corpus){ .n_words = V, .words = told.words, .n_sentences = SENTENCES,
		.sentences = told.sentences, .n_tokens = SENTENCES * LENGTH, .tokens = told.tokens,
		.n_labels = V,
		.labels = told.words, .label_start = told.start, .label_of = told.of };
	for (int v = 0; v < V; v++) {
		snprintf(told.text[v], sizeof told.text[v], "w%d", v);
		told.words[v] = told.text[v];
	}
	for (int i = 0; i < SENTENCES * LENGTH; i++) {
		told.tokens[i] = told.of[i] = i % LENGTH ? 1 + (7 * i + i / LENGTH) % (V - 1) : 0;
		told.start[i + 1] = i + 1;
	}
	for (int i = 0; i < SENTENCES; i++)
		told.sentences[i] = (struct ct_sentence){ .first = LENGTH * i, .n = LENGTH, .answer = -1 };
}

static int
cards(struct world *w, struct ct_buffer *out, struct ct_error *err)
{
	struct ct_cards_source source = { .m = told.f.m, .tc = told.f.tc, .corpus = &told.corpus };
	struct ct_activity *activity = NULL;
	struct ct_build_summary sum;
	struct ct_cards *made = NULL;
	struct ct_notes notes = { 0 };
	int code = ct_activity_collect(&activity, source.m, source.tc, source.corpus, NULL, err);

	(void)w;
	source.activity = activity;
	if (code == CT_OK)
		code = ct_cards_build("features", &source, &sum, NULL, err);
	if (code == CT_OK)
		ct_buffer_printf(out, "%ld %ld %ld %ld\n", sum.features, sum.dead, sum.named, sum.sure);
	ct_activity_free(activity);
	if (code == CT_OK)
		code = ct_cards_open(&made, "features", "labels.yaml", source.tc, NULL, &notes, err);
	for (int i = 0; code == CT_OK && i < source.tc->L * source.tc->F; i++)
		ct_buffer_printf(out, "%s\n", ct_cards_label(made, i / source.tc->F, i % source.tc->F));
	if (code == CT_OK && *ct_cards_trouble(made))
		code = ct_fail(err, CT_EFORMAT, "%s", ct_cards_trouble(made));
	ct_cards_close(made);
	return code;
}

/* The sources by their whole name, for tests in a directory of their own. */
static int
enter(void **state)
{
	char sources[PATH_MAX];

	assert_non_null(realpath(test_path(".."), sources));
	assert_int_equal(setenv("srcdir", sources, 1), 0);
	return scratch_enter(state);
}

/* One thread, so that the same requests come in the same order. */
static int
open_alone(void **state)
{
	struct ct_engine_options opt = { .threads = 1 };
	struct ct_error err = { 0 };
	struct world *w;

	world_open(state);
	w = *state;
	ct_session_close(w->s);
	ct_engine_close(w->e);
	world_ok(ct_engine_open(&w->e, w->dir, &opt, &err), &err);
	world_ok(ct_session_open(&w->s, w->e, &err), &err);
	return 0;
}

static void
test_session(void **state)
{
	static step_fn *const steps[] = { open_all, prompt, trace, steer, sweep, survey, generate, graph_file,
		graph_alone, pictures, groups };

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		run_out(*state, steps[i]);
}

static void
test_cards(void **state)
{
	(void)state;
	tell();
	fixture_open(&told.f, "llama-clt");
	run_out(NULL, cards);
	fixture_close(&told.f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_session, open_alone, world_close),
		cmocka_unit_test(test_cards),
	};

	return cmocka_run_group_tests(tests, enter, scratch_leave);
}
