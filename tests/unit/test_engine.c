/*
 * The engine behind the facade: opening, the search path, tokens, and what it says when something is
 * missing.
 */
#include <limits.h>
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
#include "scratch.h"
#include "session/engine.h"
#include "world.h"

static void
test_info(void **state)
{
	struct world *w = *state;
	const struct ct_engine_info *i = ct_engine_info(w->e);
	int ids[50];
	char *text;

	assert_string_equal(i->family, "llama");
	assert_string_equal(i->transcoder, "CLT");
	assert_string_equal(i->activation, "JumpReLU");
	assert_string_equal(i->scan, "golden/llama-clt");
	assert_string_equal(i->dir, w->dir);
	assert_string_equal(i->name, strrchr(w->dir, '/') + 1);
	assert_string_equal(i->demo, "");
	assert_true(i->L == L && i->D == 16 && i->H == 4 && i->V == V && i->context == CONTEXT && i->F == F);
	assert_false(i->has_cards);
	assert_false(i->has_other_transcoder);
	assert_string_equal(ct_engine_token(w->e, 7), "w7");
	assert_string_equal(ct_engine_token(w->e, -1), "?");
	assert_string_equal(ct_engine_token(w->e, V), "?");
	text = ct_engine_text(w->e, ids, 0);
	assert_string_equal(text, "");	/* nothing was generated */
	free(text);
	assert_int_equal(ct_engine_complete(w->e, "w3", ids, 50), 11);
	assert_true(ids[0] == 3 && ids[10] == 39);
	assert_int_equal(ct_engine_complete(w->e, "w3", ids, 2), 11);
	assert_int_equal(ct_engine_complete(w->e, "x", ids, 50), 0);
	assert_ptr_equal(ct_session_engine(w->s), w->e);
}

static void
write_file(const char *dir, const char *name, const void *data, size_t n)
{
	char path[3 * PATH_MAX];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* A transcoder of a model that is half as wide. */
static void
make_foreign(const char *dir)
{
	static const char config[] = "model_kind: transcoder_set\nfeature_input_hook: hook_resid_mid\n"
				     "feature_output_hook: hook_mlp_out\n";
	static const char header[] =
	    "{\"W_enc\":{\"dtype\":\"F32\",\"shape\":[2,8],\"data_offsets\":[0,64]}}";
	unsigned char file[8 + sizeof header - 1 + 64] = { sizeof header - 1 };

	memcpy(file + 8, header, sizeof header - 1);
	assert_int_equal(mkdir(dir, 0700), 0);
	write_file(dir, "config.yaml", config, sizeof config - 1);
	write_file(dir, "layer_0.safetensors", file, sizeof file);
}

static void
remove_foreign(const char *dir)
{
	char path[3 * PATH_MAX];

	snprintf(path, sizeof path, "%s/config.yaml", dir);
	unlink(path);
	snprintf(path, sizeof path, "%s/layer_0.safetensors", dir);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

/* A model alone runs, traces its words through unexplained MLPs, exactly, and writes on. */
static void
test_no_transcoder(void **state)
{
	struct ct_generate_options gen = { 0 };
	const struct ct_engine_info *i;
	const struct ct_graph *g;
	struct ct_error err = { 0 };
	struct ct_engine *e;
	struct ct_session *s;
	struct ct_clamp c = { .layer = 0, .feature = 0, .pos = 1 };
	struct ct_clamp_options how = { .mode = CT_DIRECT };
	char dir[PATH_MAX], want[2 * PATH_MAX];
	int ids[3];

	(void)state;
	world_make_dir(dir);
	assert_int_equal(ct_engine_open(&e, dir, NULL, &err), CT_OK);
	i = ct_engine_info(e);
	assert_string_equal(i->transcoder, "neurons");
	assert_string_equal(i->activation, "SiLU");
	assert_true(i->neurons && i->F > 0 && !*i->transcoder_dir);
	snprintf(want, sizeof want, "%s has no transcoder, so its features are the model's own neurons; "
	    "--transcoder DIR names one", dir);
	assert_string_equal(ct_engine_notes(e)->text[0], want);
	world_ok(ct_session_open(&s, e, &err), &err);
	world_ok(ct_session_prompt(s, PROMPT, NULL, &err), &err);
	g = world_trace(s, NULL);
	assert_true(g->n_features > 0 && g->n_errors == 0);
	assert_true(g->check.max_edge_residual < 1e-5 && g->check.max_logit_error < 1e-5);
	assert_true(g->scores.replacement == 1);
	assert_int_equal(ct_session_generate(s, &gen, ids, 3, NULL, &err), 3);
	world_ok(ct_session_clamp(s, &c, 1, &how, NULL, &err), &err);
	assert_true(ct_session_effects(s)->max_direct_error < 1e-4);
	ct_session_close(s);
	ct_engine_close(e);
	world_remove_dir(dir);
}

/* The neurons that become features are those that matter to what is explained, wherever that is. */
static void
test_neurons_of_targets(void **state)
{
	struct ct_engine_options few = { .neurons = true, .k = 20 };
	struct ct_trace_options at = { .targets = { .pos = 2 } }, last = { .targets = { .pos = -1 } };
	const struct ct_graph *g;
	struct ct_error err = { 0 };
	struct ct_engine *e;
	struct ct_session *s;
	struct ct_clamp c = { .layer = 0, .feature = 3, .pos = 1, .amount = 3 };
	struct ct_clamp_options how = { .mode = CT_DIRECT };
	char dir[PATH_MAX];
	int first[20];

	(void)state;
	world_make_dir(dir);
	assert_int_equal(ct_engine_open(&e, dir, &few, &err), CT_OK);
	world_ok(ct_session_open(&s, e, &err), &err);
	world_ok(ct_session_prompt(s, PROMPT, NULL, &err), &err);
	g = world_trace(s, NULL);
	assert_int_equal(g->n_features, 20);
	for (int i = 0; i < 20; i++)
		first[i] = g->nodes[i].index + 1000 * g->nodes[i].pos;
	world_ok(ct_session_clamp(s, &c, 1, &how, NULL, &err), &err);
	for (int round = 0; round < 2; round++) {
		world_ok(ct_session_trace(s, &at, NULL, &err), &err);
		g = ct_session_graph(s);
		assert_int_equal(g->n_features, 20);
		for (int i = 0; i < 20; i++)
			assert_true(g->nodes[i].pos <= 2);
		assert_true(g->check.max_edge_residual < 1e-5 && g->check.max_logit_error < 1e-5);
		assert_true(ct_session_effects(s)->max_direct_error < 1e-4);
		/* After a trace that fails, too, the neurons are those of the graph. */
		at.node_threshold = round ? 0 : 2;
		assert_int_equal(ct_session_trace(s, &at, NULL, &err) == CT_OK, round);
		at.node_threshold = 0;
		world_ok(ct_session_trace(s, &last, NULL, &err), &err);
		g = ct_session_graph(s);
		for (int i = 0; i < 20; i++)
			assert_int_equal(first[i], g->nodes[i].index + 1000 * g->nodes[i].pos);
	}
	ct_session_close(s);
	ct_engine_close(e);
	world_remove_dir(dir);
}

static void
test_not_found(void **state)
{
	struct ct_error err = { 0 };
	struct ct_engine *e = (void *)1;
	char dir[PATH_MAX], other[PATH_MAX], want[4 * PATH_MAX], path[2 * PATH_MAX];
	struct ct_engine_options opt = { 0 };

	(void)state;
	assert_int_equal(ct_engine_open(&e, "no/such/model", NULL, &err), CT_ENOTFOUND);
	assert_null(e);
	assert_string_equal(
	    err.msg, "no/such/model: no such model directory; 'ctrace models' lists what is installed");
	setenv("CTRACE_MODEL_PATH", "/nowhere:/neither", 1);
	setenv("XDG_DATA_HOME", "/nor/here", 1);
	assert_int_equal(ct_engine_open(&e, "no-such-model", NULL, &err), CT_ENOTFOUND);
	snprintf(want, sizeof want,
	    "no model named \"no-such-model\" in /nowhere, /neither, /nor/here/ctrace/models, ");
	assert_memory_equal(err.msg, want, strlen(want));
	assert_non_null(
	    strstr(err.msg, "models, models; name a directory with -m, or set CTRACE_MODEL_PATH"));
	unsetenv("CTRACE_MODEL_PATH");
	unsetenv("XDG_DATA_HOME");
	assert_int_equal(ct_engine_open(&e, "/", NULL, &err), CT_ENOTFOUND);
	assert_string_equal(err.msg, "/: no config.json in this directory, so it is not a model directory");
	/* A transcoder that is not there, then another model's. */
	world_make_dir(dir);
	snprintf(path, sizeof path, "%s/elsewhere", dir);
	opt.transcoder_dir = path;
	assert_int_equal(ct_engine_open(&e, dir, &opt, &err), CT_ENOTFOUND);
	snprintf(want, sizeof want, "%s: no such transcoder directory", path);
	assert_string_equal(err.msg, want);
	assert_null(e);
	make_foreign(path);
	assert_int_equal(ct_engine_open(&e, dir, &opt, &err), CT_EFORMAT);
	snprintf(want, sizeof want, "%s/layer_0.safetensors: tensor W_enc has shape [2,8], expected [F,16]: "
	    "was this transcoder made for another model?", path);
	assert_string_equal(err.msg, want);
	remove_foreign(path);
	assert_null(e);
	/* Its own, named from elsewhere, is fine. */
	assert_non_null(realpath(test_path("golden/llama-clt/transcoder"), other));
	opt.transcoder_dir = other;
	world_ok(ct_engine_open(&e, dir, &opt, &err), &err);
	ct_engine_close(e);
	ct_engine_close(NULL);
	world_remove_dir(dir);
}

/* A per-layer transcoder of a deeper model fits layer by layer, and is refused for the layer too many. */
static void
test_too_deep(void **state)
{
	static const char *const files[][2] = { { "config.yaml", "config.yaml" },
		{ "layer_0.safetensors", "layer_0.safetensors" },
		{ "layer_1.safetensors", "layer_1.safetensors" },
		{ "layer_2.safetensors", "layer_2.safetensors" },
		{ "layer_3.safetensors", "layer_0.safetensors" } };
	char dir[] = "transcoder.XXXXXX", target[PATH_MAX], from[100], path[100], want[300];
	struct ct_engine_options opt = { .transcoder_dir = dir };
	struct ct_engine *e;
	struct ct_error err = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < 5; i++) {
		snprintf(from, sizeof from, "golden/llama-skip/transcoder/%s", files[i][1]);
		assert_non_null(realpath(test_path(from), target));
		snprintf(path, sizeof path, "%s/%s", dir, files[i][0]);
		if (i == 4) {
			world_ok(ct_engine_open(&e, test_path("golden/llama-skip"), &opt, &err), &err);
			ct_engine_close(e);
		}
		assert_int_equal(symlink(target, path), 0);
	}
	assert_int_equal(ct_engine_open(&e, test_path("golden/llama-skip"), &opt, &err), CT_EFORMAT);
	snprintf(want, sizeof want,
	    "%s/layer_3.safetensors: a layer that the model, which has 3, lacks: was this transcoder made "
	    "for another model?",
	    dir);
	assert_string_equal(err.msg, want);
	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, files[i][0]);
		unlink(path);
	}
	assert_int_equal(rmdir(dir), 0);
}

/* A name is looked for along the search path, the first that has it wins; a list names each model once. */
static void
test_search_path(void **state)
{
	struct world *w = *state;
	char root[PATH_MAX], *dir, **list;
	struct ct_error err = { 0 };
	const char *name = strrchr(w->dir, '/') + 1;
	int found = 0;

	snprintf(root, sizeof root, "%.*s", (int)(name - w->dir - 1), w->dir);
	setenv("CTRACE_MODEL_PATH", "/nowhere", 1);
	setenv("XDG_DATA_HOME", "/nowhere", 1);
	assert_int_equal(ct_model_find(&dir, name, &err), CT_ENOTFOUND);
	assert_null(dir);
	snprintf(root + strlen(root), sizeof root - strlen(root), ":/nowhere");
	setenv("CTRACE_MODEL_PATH", root, 1);
	world_ok(ct_model_find(&dir, name, &err), &err);
	assert_string_equal(dir, w->dir);
	free(dir);
	list = ct_model_list();
	for (int i = 0; list[i]; i++)
		found += strcmp(list[i], w->dir) == 0;
	assert_int_equal(found, 1);
	ct_model_list_free(list);
	ct_model_list_free(NULL);
	unsetenv("CTRACE_MODEL_PATH");
	unsetenv("XDG_DATA_HOME");
}

/* The models of each part of the search path are listed by name, those of its first part first. */
static void
test_model_list(void **state)
{
	static const char *const names[] = { "a/m", "a/p", "b/c", "b/k", "b/o", "b/z" };
	struct world *w = *state;
	char dir[PATH_MAX], path[3 * PATH_MAX], **list;
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof dir, "%s/ctrace-models-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%c", dir, "ab"[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	for (int i = 0; i < 6; i++) {		/* in no order */
		snprintf(path, sizeof path, "%s/%s", dir, names[i * 5 % 6]);
		assert_int_equal(symlink(w->dir, path), 0);
	}
	snprintf(path, sizeof path, "%s/a:%s/b", dir, dir);
	setenv("CTRACE_MODEL_PATH", path, 1);
	list = ct_model_list();
	unsetenv("CTRACE_MODEL_PATH");
	for (int i = 0; i < 6; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		assert_non_null(list[i]);
		assert_string_equal(list[i], path);
		unlink(path);
	}
	ct_model_list_free(list);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%c", dir, "ab"[i]);
		assert_int_equal(rmdir(path), 0);
	}
	assert_int_equal(rmdir(dir), 0);
}

/* The tokenizer of the small model, three of whose words are the tokens that begin a turn. */
static void
write_turns(const char *path)
{
	char json[2000];
	size_t n;

	n = (size_t)snprintf(json, sizeof json, "{\"added_tokens\": [{\"id\": 0, \"content\": \"<bos>\", "
	    "\"special\": true}, {\"id\": 1, \"content\": \"<start_of_turn>\", \"special\": true}, "
	    "{\"id\": 3, \"content\": \"\\n\"}], \"pre_tokenizer\": {\"type\": \"WhitespaceSplit\"}, "
	    "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": "
	    "{\"id\": \"<bos>\", \"type_id\": 0}}, {\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}], "
	    "\"special_tokens\": {\"<bos>\": {\"id\": \"<bos>\", \"ids\": [0], \"tokens\": [\"<bos>\"]}}}, "
	    "\"model\": {\"type\": \"WordLevel\", \"unk_token\": \"<bos>\", \"vocab\": {\"<bos>\": 0, "
	    "\"<start_of_turn>\": 1, \"user\": 2, \"\\n\": 3");
	for (int i = 4; i < V; i++)
		n += (size_t)snprintf(json + n, sizeof json - n, ", \"w%d\": %d", i, i);
	snprintf(json + n, sizeof json - n, "}}}");
	scratch_text(path, json);
}

/* Prompts of a transcoder of an instruction model begin with a turn, and features come after it. */
static void
test_turn(void **state)
{
	static const char *const bad[] = { "w4 w5 w6 w4 w5", "<start_of_turn> w4\nw5",
		"<start_of_turn> user w4", "<start_of_turn> user", "user\nw4 w5" };
	struct ct_engine_options opt = { .threads = 1 };
	struct world *w = *state;
	struct ct_error err = { 0 };
	char path[2 * PATH_MAX];
	int active = 0;

	ct_session_close(w->s);
	ct_engine_close(w->e);
	w->s = NULL;
	snprintf(path, sizeof path, "%s/tokenizer.json", w->dir);
	assert_int_equal(unlink(path), 0);
	write_turns(path);
	world_ok(ct_engine_open(&w->e, w->dir, &opt, &err), &err);
	w->e->transcoder->turn = 4;
	world_ok(ct_session_open(&w->s, w->e, &err), &err);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(ct_session_prompt(w->s, bad[i], NULL, &err), CT_EINVAL);
		assert_string_equal(err.msg, "this transcoder is of an instruction model: its prompts begin "
		    "with a turn, <start_of_turn>user and a line break; these have no features");
	}
	world_prompt(w->s, "<start_of_turn> user\nw4 w5 w6");
	for (int l = 0; l < L; l++)
		for (int f = 0; f < F; f++) {
			for (int t = 0; t < 4; t++)
				assert_false(ct_session_activation(w->s, l, f, t) > 0);
			active += ct_session_activation(w->s, l, f, 4) > 0;
		}
	assert_true(active > 0);
}

static void
test_tokenize(void **state)
{
	struct world *w = *state;
	struct ct_span span[CONTEXT + 1], bad = { 0 };
	struct ct_error err = { 0 };

	assert_int_equal(ct_engine_tokenize(w->e, "w1  w22", span, CONTEXT, &bad, &err), 3);
	assert_true(span[0].id == 0 && span[0].start == span[0].end);
	assert_true(span[1].id == 1 && span[1].start == 0 && span[1].end == 2);
	assert_true(span[2].id == 22 && span[2].start == 4 && span[2].end == 7);
	assert_int_equal(ct_engine_tokenize(w->e, "w1 Dallas w2", span, CONTEXT, &bad, &err), CT_ENOTFOUND);
	assert_true(bad.id == -1 && bad.start == 3 && bad.end == 9);
	assert_int_equal(ct_engine_tokenize(w->e, "w1 w2 w3", span, 3, NULL, &err), CT_EINVAL);
	assert_int_equal(ct_engine_tokenize(w->e, "w1 w2", span, 3, NULL, &err), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_info),
		cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_no_transcoder),
		cmocka_unit_test(test_neurons_of_targets),
		cmocka_unit_test(test_too_deep),
		WORLD_TEST(test_search_path), WORLD_TEST(test_model_list), WORLD_TEST(test_turn),
		WORLD_TEST(test_tokenize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
