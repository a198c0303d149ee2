/*
 * dtypes: whatever type a file stores its numbers in, they are what is computed with: models and transcoders
 * of every layout, in BF16, F16 and F64, against the same numbers in F32; other types are refused.
 */
#include <dirent.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "fixture.h"
#include "io/safetensors.h"
#include "scratch.h"

enum { TOKENS = 6, WEIGHTS = 1 << 16 };

static const char *const names[] = {
	[CT_F32] = "F32", [CT_F16] = "F16", [CT_BF16] = "BF16", [CT_F64] = "F64"
};
static char tests[PATH_MAX];		/* the folder tests/, from wherever a test runs */

/* The nearest to zero that the type has: what lies in a file of it, and the same as a float. */
static size_t
store(enum ct_dtype type, float *x, unsigned char *to)
{
	uint32_t bits;
	uint16_t half = 0;
	double wide;

	memcpy(&bits, x, sizeof bits);
	if (type == CT_BF16) {
		bits &= 0xFFFF0000;
		half = (uint16_t)(bits >> 16);
	} else if (type == CT_F16) {
		uint32_t exponent = bits >> 23 & 0xFF;

		/* From 2^-14 on, below 2^16: those that are halves of full precision. */
		bits = exponent < 113 || exponent > 142 ? 0 : bits & 0xFFFFE000;
		if (bits)
			half = (uint16_t)(bits >> 31 << 15 | (exponent - 112) << 10 | (bits >> 13 & 0x3FF));
	}
	memcpy(x, &bits, sizeof bits);
	wide = (double)*x;
	if (type == CT_F64)
		memcpy(to, &wide, sizeof wide);
	else
		memcpy(to, &half, sizeof half);
	return type == CT_F64 ? sizeof wide : sizeof half;
}

/* The tensors of a file in another type to `to`/NAME, and its numbers as floats to `twin`/NAME. */
static void
convert(const char *from, enum ct_dtype type, const char *to, const char *twin)
{
	struct ct_error err = { 0 };
	struct ct_tensors *all;
	struct ct_tensor list[64];
	size_t used = 1, at = 0;
	int n;
	char *header;
	unsigned char *data;

	if (ct_tensors_open(&all, from, &err) < 0)
		fail_msg("%s", err.msg);
	n = ct_tensors_count(all);
	header = malloc(300 * (size_t)n + 2);
	data = malloc((size_t)n * WEIGHTS);
	assert_true(n <= 64 && header && data);
	header[0] = '{';
	for (int i = 0; i < n; i++) {
		const struct ct_tensor *t = &list[i];
		size_t begin = at;
		float *x;

		list[i] = *ct_tensors_at(all, i);
		assert_true(8 * t->count <= WEIGHTS);
		x = malloc(t->count * sizeof *x);
		assert_non_null(x);
		ct_tensor_read(x, t, 0, t->count);
		for (size_t k = 0; k < t->count; k++)
			at += store(type, &x[k], data + at);
		list[i].dtype = CT_F32;
		list[i].data = x;
		used += (size_t)snprintf(header + used, 200, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[",
		    i ? "," : "", t->name, names[type]);
		for (int d = 0; d < t->rank; d++)
			used += (size_t)snprintf(header + used, 30, "%s%zu", d ? "," : "", t->dim[d]);
		used += (size_t)snprintf(header + used, 80, "],\"data_offsets\":[%zu,%zu]}", begin, at);
	}
	memcpy(header + used, "}", 2);
	scratch_tensors(to, header, data, at);
	assert_int_equal(ct_tensors_write(twin, list, n, &err), CT_OK);
	for (int i = 0; i < n; i++)
		free((void *)list[i].data);
	ct_tensors_close(all);
	free(header);
	free(data);
}

/* The folder twice, with all that is in it: its tensors of another type, and the same numbers as floats. */
static void
convert_folder(const char *from, enum ct_dtype type, const char *to, const char *twin)
{
	DIR *d = opendir(from);

	assert_non_null(d);
	assert_true(mkdir(to, 0700) == 0 && mkdir(twin, 0700) == 0);
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		char in[PATH_MAX], out[2][1024], *data;
		size_t n = strlen(e->d_name);
		struct stat st;

		snprintf(in, sizeof in, "%s/%s", from, e->d_name);
		snprintf(out[0], sizeof out[0], "%s/%s", to, e->d_name);
		snprintf(out[1], sizeof out[1], "%s/%s", twin, e->d_name);
		if (e->d_name[0] == '.' || strcmp(e->d_name, "expected.json") == 0 || stat(in, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			convert_folder(in, type, out[0], out[1]);
		} else if (n > 12 && strcmp(e->d_name + n - 12, ".safetensors") == 0) {
			convert(in, type, out[0], out[1]);
		} else {
			assert_int_equal(ct_file_read(&data, &n, in, 1 << 20, NULL), CT_OK);
			scratch_write(out[0], data, n);
			scratch_write(out[1], data, n);
			free(data);
		}
	}
	closedir(d);
}

static void
open_run(struct fixture *f, const char *model, const char *transcoder)
{
	static const int ids[TOKENS] = { 0, 7, 31, 4, 19, 11 };
	struct ct_error err = { 0 };

	memset(f, 0, sizeof *f);
	if (ct_model_open(&f->m, model, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	if (ct_transcoder_open(&f->tc, transcoder, f->m, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	fixture_run(f, ids, TOKENS);
	fixture_trace(f, NULL);
}

/* Logits, features, edges: both give the same. */
static void
compare(const char *what, const struct fixture *x, const struct fixture *y)
{
	const struct ct_local_model *a = &x->prompt->lrm, *b = &y->prompt->lrm;
	int D = x->m->cfg.D, n = x->graph->n_nodes, far = 0;

	for (int i = 0; i < TOKENS * D; i++)
		assert_float_equal(x->prompt->pass.final[i], y->prompt->pass.final[i], 1e-5);
	if (a->n != b->n)
		fail_msg("%s: %d active features, expected %d", what, a->n, b->n);
	for (int i = 0; i < a->n; i++) {
		const struct ct_active *p = &a->active[i], *q = &b->active[i];

		if (p->layer != q->layer || p->pos != q->pos || p->feature != q->feature)
			fail_msg("%s: active L%d#%d@%d, expected L%d#%d@%d", what, p->layer, p->feature,
			    p->pos, q->layer, q->feature, q->pos);
		assert_float_equal(p->act, q->act, 1e-5);
	}
	assert_int_equal(n, y->graph->n_nodes);
	for (int t = 0; t < n; t++) {
		assert_float_equal(x->graph->nodes[t].bias, y->graph->nodes[t].bias, 1e-4);
		for (int s = 0; s < n; s++) {
			float want = ct_graph_edge(y->graph, t, s);

			assert_float_equal(ct_graph_edge(x->graph, t, s), want, 1e-4);
			far += want != 0;
		}
	}
	assert_true(far > n);
}

/* In a folder of its own. */
static void
check(const char *model, const char *transcoder, enum ct_dtype type)
{
	static int count;
	char dir[16], what[64];
	struct fixture f, twin;

	snprintf(dir, sizeof dir, "%d", count++);
	assert_true(mkdir(dir, 0700) == 0 && chdir(dir) == 0);
	convert_folder(model, type, "m", "m-floats");
	convert_folder(transcoder, type, "t", "t-floats");
	open_run(&f, "m", "t");
	open_run(&twin, "m-floats", "t-floats");
	snprintf(what, sizeof what, "%.40s in %s", strstr(transcoder, "tests/") + 6, names[type]);
	compare(what, &f, &twin);
	fixture_close(&f);
	fixture_close(&twin);
	assert_int_equal(chdir(".."), 0);
}

static void
all_types_are_read(void **state)
{
	static const struct {
		const char *model, *transcoder;
	} list[] = {
		{ "llama-clt", "golden/llama-clt/transcoder" },
		{ "llama-skip", "golden/llama-skip/transcoder" },
		{ "gpt2-plt", "golden/gpt2-plt/transcoder" }, { "llama-clt", "layouts/clt-jumprelu" },
		{ "llama-clt", "layouts/plt-jumprelu" }, { "llama-clt", "layouts/scope2-clt" },
		{ "llama-clt", "layouts/scope2-plt" }, { "llama-clt", "layouts/sparsify-centred" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		for (int type = CT_F16; type <= CT_F64; type++) {
			char model[PATH_MAX + 64], transcoder[PATH_MAX + 64];

			snprintf(model, sizeof model, "%s/golden/%s", tests, list[i].model);
			snprintf(transcoder, sizeof transcoder, "%s/%s", tests, list[i].transcoder);
			check(model, transcoder, (enum ct_dtype)type);
		}
}

/* Replaces the first `old` in a file by `new` of the same length. */
static void
patch(const char *path, const char *old, const char *new)
{
	const char *at;
	char *data;
	size_t size;

	assert_int_equal(strlen(old), strlen(new));
	assert_int_equal(ct_file_read(&data, &size, path, 1 << 20, NULL), CT_OK);
	at = ct_text_within(data, size, old);
	assert_non_null(at);
	memcpy(data + (at - data), new, strlen(new));
	scratch_write(path, data, size);
	free(data);
}

static void
expect_refusal(int code, const char *message)
{
	struct ct_error err = { 0 };
	struct ct_model *m;

	assert_int_equal(ct_model_open(&m, "g", NULL, &err), code);
	assert_string_equal(err.msg, message);
}

/* The first fault in the order of the model's parts is the one that is said. */
static void
other_types_are_refused(void **state)
{
	(void)state;
	scratch_golden("llama-clt");
	patch("g/model.safetensors", "\"model.norm.weight\":{\"dtype\":\"F32\"",
	    "\"model.norm.weight\":{\"dtype\":\"I32\"");
	expect_refusal(CT_EUNSUPPORTED, "g: tensor model.norm.weight: dtype I32 is not supported for weights "
	    "(supported: F32, F16, BF16, F64)");
	patch("g/model.safetensors", "\"lm_head.weight\":{\"dtype\":\"F32\"",
	    "\"lm_head.weight\":{\"dtype\":\"U32\"");
	expect_refusal(CT_EUNSUPPORTED, "g: tensor lm_head.weight: dtype U32 is not supported for weights "
	    "(supported: F32, F16, BF16, F64)");
	patch("g/config.json", "\"vocab_size\": 40", "\"vocab_size\": 41");
	expect_refusal(CT_EFORMAT, "g/model.safetensors: tensor model.embed_tokens.weight: expected shape "
	    "[41,16] by config.json, found [40,16]");
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(all_types_are_read),
		cmocka_unit_test(other_types_are_refused),
	};

	if (!realpath(test_path(""), tests))
		return 1;
	return cmocka_run_group_tests(all, scratch_enter, scratch_leave);
}
