/*
 * layouts: transcoders in every layout that people publish do what their publishers' formulas say,
 * computed in float64 by tests/peer/layouts.py (tests/layouts/NAME/expected.json). What is none has its
 * line in test_layouts_bad.
 */
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ctrace.h"
#include "fixture.h"
#include "scratch.h"

static const struct {
	const char *name, *layout, *activation;
	int notes;
} good[] = {
	{ "plt-relu", "a transcoder per layer", "ReLU", 0 },
	{ "plt-jumprelu", "a transcoder per layer", "JumpReLU", 0 },
	{ "plt-topk", "a transcoder per layer", "TopK", 1 },
	{ "plt-bare", "a transcoder per layer", "ReLU", 0 },
	{ "plt-bare-gpt2", "a transcoder per layer", "ReLU", 0 },
	{ "clt-jumprelu", "a cross-layer transcoder", "JumpReLU", 0 },
	{ "clt-relu", "a cross-layer transcoder", "ReLU", 0 },
	{ "scope1", "Gemma Scope 1", "JumpReLU", 0 },
	{ "scope1-compressed", "Gemma Scope 1", "JumpReLU", 4 },
	{ "scope2-plt", "Gemma Scope 2", "JumpReLU", 0 },
	{ "scope2-clt", "Gemma Scope 2 across layers", "JumpReLU", 0 },
	{ "sparsify-topk", "sparsify", "TopK", 0 },
	{ "sparsify-groupmax", "sparsify", "GroupMax", 0 },
	{ "sparsify-batchtopk", "sparsify", "BatchTopK", 0 },
	{ "sparsify-centred", "sparsify", "TopK", 1 },
};

static char layouts[PATH_MAX];		/* the folder of them, from wherever a test runs */

static double
number(const json_t *list, size_t i)
{
	return json_number_value(json_array_get(list, i));
}

/* The active features of a run are those expected, no more. */
static void
check_active(const struct ct_local_model *lrm, const json_t *want)
{
	assert_int_equal(lrm->n, json_array_size(want));
	for (int i = 0; i < lrm->n; i++) {
		const struct ct_active *a = &lrm->active[i];
		const json_t *w = json_array_get(want, (size_t)i);

		if (a->layer != (int)number(w, 0) || a->pos != (int)number(w, 1) ||
		    a->feature != (int)number(w, 2))
			fail_msg("active L%d#%d@%d, expected L%d#%d@%d", a->layer, a->feature, a->pos,
			    (int)number(w, 0), (int)number(w, 2), (int)number(w, 1));
		assert_float_equal(a->act, number(w, 3), 1e-5);
		assert_float_equal(a->pre, number(w, 3), 1e-5);
	}
}

/*
 * The threshold of a BatchTopK leaves room for rounding: the feature that sets it is kept, however its
 * product is computed.
 */
static void
check_threshold(const struct ct_local_model *lrm)
{
	for (int i = 0; i < lrm->n; i++) {
		const struct ct_active *a = &lrm->active[i];

		assert_true(lrm->tc->layers[a->layer].threshold[a->feature] < .9999F * a->act);
	}
}

static void
check_layout(const char *name, const char *layout, const char *activation, int notes)
{
	char path[4200];
	struct ct_error err = { 0 };
	struct fixture f;
	json_t *want;
	int ids[16], T = 0, D;
	const struct ct_local_model *lrm;

	snprintf(path, sizeof path, "%s/%s/expected.json", test_path("layouts"), name);
	want = json_load_file(path, 0, NULL);
	assert_non_null(want);
	fixture_open(&f, json_string_value(json_object_get(want, "model")));
	ct_transcoder_close(f.tc);
	path[strlen(path) - strlen("/expected.json")] = '\0';
	if (ct_transcoder_open(&f.tc, path, f.m, NULL, &err) != CT_OK)
		fail_msg("%s", err.msg);
	assert_string_equal(f.tc->layout, layout);
	assert_string_equal(ct_transcoder_activation(f.tc), activation);
	assert_int_equal(f.tc->notes.n, notes);
	for (; T < (int)json_array_size(json_object_get(want, "ids")); T++)
		ids[T] = (int)number(json_object_get(want, "ids"), (size_t)T);
	fixture_run(&f, ids, T);
	lrm = &f.prompt->lrm;
	check_active(lrm, json_object_get(want, "active"));
	if (strcmp(activation, "BatchTopK") == 0)
		check_threshold(lrm);
	D = f.m->cfg.D;
	for (int l = 0, i = 0; l < f.m->cfg.L; l++)
		for (int n = D; n < T * D; n++, i++)
			assert_float_equal(lrm->recon[l * T * D + n],
			    number(json_object_get(want, "recon"), (size_t)i), 1e-5);
	fixture_trace(&f, NULL);
	assert_true(f.graph->check.max_edge_residual < 1e-5 && f.graph->check.max_logit_error < 1e-5);
	fixture_close(&f);
	json_decref(want);
}

static void
layouts_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		check_layout(good[i].name, good[i].layout, good[i].activation, good[i].notes);
}

/* A feature whose activation depends on others has one on a changed run, too. */
static void
clamped_ones_are_encoded(void **state)
{
	static const char *const names[] = { "plt-topk", "sparsify-topk", "sparsify-groupmax",
	    "sparsify-batchtopk" };
	struct ct_clamp c = { .layer = 0, .feature = 1, .pos = 1, .unit = CT_ABSOLUTE, .amount = 2 };
	struct ct_error err = { 0 };

	(void)state;
	scratch_golden("llama-clt");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char from[PATH_MAX + 64];
		const struct ct_engine_options opt = { .transcoder_dir = from };
		struct ct_engine *e;
		struct ct_session *s;
		int active = 0;

		snprintf(from, sizeof from, "%s/%s", layouts, names[i]);
		assert_int_equal(ct_engine_open(&e, "g", &opt, &err), CT_OK);
		assert_int_equal(ct_session_open(&s, e, &err), CT_OK);
		assert_int_equal(ct_session_prompt(s, "w7 w31 w4", NULL, &err), CT_OK);
		assert_int_equal(ct_session_clamp(s, &c, 1, NULL, NULL, &err), CT_OK);
		for (int f = 0; f < 12; f++)
			active += ct_session_clamped_activation(s, 2, f, 3) != 0;
		assert_true(active > 0 && active < 12);
		ct_session_close(s);
		ct_engine_close(e);
	}
}

int
main(void)
{
	const struct CMUnitTest good_tests[] = { cmocka_unit_test(layouts_are_read) };
	const struct CMUnitTest more_tests[] = { cmocka_unit_test(clamped_ones_are_encoded) };

	if (!realpath(test_path("layouts"), layouts))
		return 1;
	return cmocka_run_group_tests(good_tests, NULL, NULL) +
	    cmocka_run_group_tests(more_tests, scratch_enter, scratch_leave);
}
