/*
 * Clamps: where they hold, what each mode freezes, several at once, strengths beyond reason. On random
 * models.
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

#include "fixture.h"

/* The largest difference of two final streams, relative to how far either is from the original. */
static double
apart(const struct fixture *f, const float *a, const float *b)
{
	double worst = 0, largest = 1e-30;

	for (int i = 0; i < f->T * f->m->cfg.D; i++) {
		worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
		largest = fmax(largest, fabs((double)a[i] - (double)f->prompt->pass.final[i]));
		largest = fmax(largest, fabs((double)b[i] - (double)f->prompt->pass.final[i]));
	}
	return worst / largest;
}

/* Many features everywhere: each once at each position but BOS, and no clamp takes another's place. */
static void
check_everywhere(struct fixture *f)
{
	enum { N = 6 };
	struct ct_clamp all[N];
	struct ct_clamp_sites s;

	for (int i = 0; i < N; i++)
		all[i] = (struct ct_clamp){ .layer = i % 2, .feature = i, .pos = CT_ALL_POSITIONS,
			.amount = 1 };
	s = fixture_sites(f, all, N);
	assert_int_equal(s.n, N * (f->T - 1));
	assert_int_equal(s.overridden, 0);
	for (int i = 0; i < N; i++)
		assert_int_equal(s.lost[i], 0);
	for (int i = 0; i < s.n; i++) {
		const struct ct_clamp_site *x = &s.site[i], *y = x - (i > 0);

		assert_true(x->feature == all[x->clamp].feature && x->value == 1);
		/* In order: the one before is of a lower layer, position or feature. */
		assert_true(i == 0 || (y->layer * f->T + y->pos) * N + y->feature <
		    (x->layer * f->T + x->pos) * N + x->feature);
	}
}

static void
test_sites(void **state)
{
	struct ct_shape shape;
	struct ct_clamp_sites s;
	struct fixture f;
	const struct ct_active *a;
	struct ct_clamp c;

	(void)state;
	fixture_shape(&shape, &fixture_llama, 1);
	fixture_random(&f, &shape, 7);
	a = fixture_active(&f, 1, 0);
	assert_non_null(a);
	c = clamp_on(a, CT_ABSOLUTE, -2.5);
	s = fixture_sites(&f, &c, 1);
	assert_int_equal(s.n, 1);
	assert_true(s.site[0].layer == 1 && s.site[0].pos == a->pos && s.site[0].feature == a->feature);
	assert_true(s.site[0].original == a->act && s.site[0].value == -2.5f);
	c = clamp_on(a, CT_MULTIPLE, -1);
	s = fixture_sites(&f, &c, 1);
	assert_true(s.site[0].value == -a->act);
	c = clamp_on(a, CT_DELTA, 0.25);
	s = fixture_sites(&f, &c, 1);
	assert_true(fabs((double)s.site[0].value - (double)a->act - 0.25) < 1e-6);
	/* What is added to a feature that is not active is added to 0. */
	for (c.feature = 0; ct_local_model_active(&f.prompt->lrm, c.layer, c.pos, c.feature) >= 0;)
		c.feature++;
	s = fixture_sites(&f, &c, 1);
	assert_true(s.site[0].original == 0 && s.site[0].value == 0.25f);
	c.feature = a->feature;
	/* All positions but BOS; from a position on; from behind the prompt on; none when off. */
	c.pos = CT_ALL_POSITIONS;
	s = fixture_sites(&f, &c, 1);
	assert_int_equal(s.n, 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(s.site[i].pos, i + 1);
	c.pos = 4;
	c.onwards = true;
	assert_int_equal(fixture_sites(&f, &c, 1).n, 3);
	c.pos = 0;
	assert_int_equal(fixture_sites(&f, &c, 1).n, 6);
	c.pos = 7;
	assert_int_equal(fixture_sites(&f, &c, 1).n, 0);
	c.pos = 4;
	c.off = true;
	assert_int_equal(fixture_sites(&f, &c, 1).n, 0);
	assert_int_equal(fixture_sites(&f, NULL, 0).n, 0);
	check_everywhere(&f);
	fixture_close(&f);
}

/* Without BOS, all positions begin with the first. */
static void
test_sites_without_bos(void **state)
{
	struct ct_clamp_sites s;
	struct ct_shape shape;
	struct fixture f;
	struct ct_clamp c = { .layer = 1, .feature = 3, .pos = CT_ALL_POSITIONS, .amount = 2 };

	(void)state;
	fixture_shape(&shape, &fixture_llama, 1);
	fixture_random_bare(&f, &shape, 7);
	s = fixture_sites(&f, &c, 1);
	assert_int_equal(s.n, 7);
	assert_int_equal(s.site[0].pos, 0);
	c.pos = 0;
	assert_int_equal(fixture_sites(&f, &c, 1).n, 1);
	fixture_close(&f);
}

static void
test_bad_sites(void **state)
{
	static const struct {
		struct ct_clamp c;
		const char *message;
	} list[] = {
		{ { .layer = 3, .pos = 1 }, "no layer 3: this model has layers 0 to 2" },
		{ { .layer = -1, .pos = 1 }, "no layer -1: this model has layers 0 to 2" },
		{ { .feature = 19, .pos = 1 }, "no feature L0#19: layer 0 has features 0 to 18" },
		{ { .feature = -1, .pos = 1 }, "no feature L0#-1: layer 0 has features 0 to 18" },
		{ { .pos = 0 },
		    "L0#0@0: position 0 is BOS, which has no features; clamp from position 1 on" },
		{ { .pos = 5 }, "no position 5: the prompt has positions 0 to 4" },
		{ { .pos = -2 }, "no position -2: the prompt has positions 0 to 4" },
		{ { .pos = 1, .amount = -1e39 },
		    "L0#0@1=-1e+39 is more than a float holds: use a smaller strength" },
		{ { .pos = 1, .amount = NAN }, "L0#0: the strength must be a finite number" },
		{ { .pos = 1, .amount = INFINITY }, "L0#0: the strength must be a finite number" },
		{ { .pos = 1, .amount = -INFINITY, .off = true },
		    "L0#0: the strength must be a finite number" },
	};
	struct ct_shape shape;
	struct fixture f;

	(void)state;
	fixture_shape(&shape, &fixture_llama, 1);
	fixture_random(&f, &shape, 5);
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		struct ct_error err = { 0 };
		struct ct_clamp_sites s;

		assert_int_equal(ct_clamp_sites_init(&s, &f.prompt->lrm, &list[i].c, 1, &f.arena, &err),
		    CT_EINVAL);
		assert_string_equal(err.msg, list[i].message);
	}
	fixture_close(&f);
}

/* Of two clamps on one feature and position the last one counts, and the other is counted. */
static void
test_overridden(void **state)
{
	struct ct_shape shape;
	struct ct_clamp c[4];
	struct ct_clamp_sites s;
	struct fixture f;
	const struct ct_active *a;

	(void)state;
	fixture_shape(&shape, &fixture_gpt2, 0);
	fixture_random(&f, &shape, 6);
	a = fixture_active(&f, 2, 0);
	assert_non_null(a);
	c[0] = clamp_on(a, CT_ABSOLUTE, 9);
	c[1] = c[0];
	c[1].pos = CT_ALL_POSITIONS;
	c[1].amount = 4;
	c[2] = clamp_on(a, CT_MULTIPLE, 0);
	s = fixture_sites(&f, c, 3);
	assert_int_equal(s.n, 5);
	assert_int_equal(s.overridden, 2);
	for (int i = 0; i < s.n; i++)
		assert_true(s.site[i].value == (s.site[i].pos == a->pos ? 0.0f : 4.0f));
	/* One that is off overrides nothing. */
	c[3] = c[0];
	c[3].off = true;
	s = fixture_sites(&f, c, 4);
	assert_int_equal(s.overridden, 2);
	for (int mode = CT_FROZEN; mode <= CT_DIRECT; mode++) {
		struct ct_clamp contradiction[] = { clamp_on(a, CT_ABSOLUTE, 9),
			clamp_on(a, CT_ABSOLUTE, -3) };
		struct ct_clamp_options opt = { .mode = (enum ct_mode)mode };
		struct ct_changed both = fixture_clamp(&f, contradiction, 2, opt),
				  last = fixture_clamp(&f, contradiction + 1, 1, opt);

		assert_memory_equal(both.final, last.final, (size_t)f.T * f.m->cfg.D * sizeof(float));
	}
	fixture_close(&f);
}

/* Clamps at one position take room for one, whatever the prompt's length: of neurons there are very many. */
static void
test_sites_memory(void **state)
{
	enum { N = 500 };
	struct ct_clamp c[N];
	struct ct_shape shape;
	struct ct_clamp_sites s;
	struct ct_error err = { 0 };
	struct ct_arena a = { 0 };
	struct fixture f;

	(void)state;
	fixture_shape(&shape, &fixture_llama, 1);
	fixture_random(&f, &shape, 9);
	for (int i = 0; i < N; i++)
		c[i] = (struct ct_clamp){ .layer = 0, .feature = i % 8, .pos = 1 + i % 8, .amount = 1 };
	assert_int_equal(ct_clamp_sites_init(&s, &f.prompt->lrm, c, N, &a, &err), CT_OK);
	assert_true(a.used < 2 * N * sizeof *s.site);
	ct_arena_free(&a);
	fixture_close(&f);
}

/* Without an attention output its patterns cannot matter: frozen and free are the same run. */
static void
check_no_attention(struct fixture *f, const struct ct_shape *s)
{
	struct ct_clamp_options frozen = { .mode = CT_FROZEN }, free_mode = { .mode = CT_FREE };
	struct ct_clamp c = { .layer = 0, .feature = 3, .pos = 1, .unit = CT_ABSOLUTE, .amount = 6 };
	struct ct_changed a, b;
	int ids[2];

	memcpy(ids, f->ids, sizeof ids);
	for (int l = 0; l < s->cfg.L; l++) {
		struct ct_linear *o = &f->m->layers[l].o;

		/* The model was made in memory, in an arena of its own. */
		memset((float *)(uintptr_t)o->w.data, 0, (size_t)o->w.rows * o->w.cols * sizeof(float));
	}
	fixture_run(f, ids, 2);
	for (int through = 0; through < 2; through++) {
		frozen.through = free_mode.through = through ? CT_REPLACEMENT : CT_MODEL;
		a = fixture_clamp(f, &c, 1, frozen);
		b = fixture_clamp(f, &c, 1, free_mode);
		assert_memory_equal(a.final, b.final, 2 * (size_t)s->cfg.D * sizeof(float));
		assert_true(memcmp(a.final, f->prompt->pass.final, 2 * (size_t)s->cfg.D * sizeof(float)) !=
		    0);
	}
}

/* ... and with attention they are not: the test above compares something. */
static void
check_attention(struct fixture *f, const struct ct_shape *s)
{
	struct ct_clamp_options frozen = { .mode = CT_FROZEN }, free_mode = { .mode = CT_FREE };
	struct ct_clamp c = { .layer = 0, .feature = 3, .pos = 1, .unit = CT_ABSOLUTE, .amount = 6 };

	(void)s;
	assert_true(
	    apart(f, fixture_clamp(f, &c, 1, frozen).final, fixture_clamp(f, &c, 1, free_mode).final) > 1e-4);
}

static void
test_no_attention(void **state)
{
	(void)state;
	fixture_each(2, check_no_attention);
	fixture_each(4, check_attention);
}

/*
 * A per-layer feature writes to its own layer alone, and nothing below it moves: a range of just that layer
 * is the frozen mode, through the model and through the replacement (but for norm scales, frozen in neither).
 */
static void
check_range_of_one(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_active *a = fixture_active(f, 1, 0);
	struct ct_clamp c;

	if (s->kind != CT_PLT || !a)
		return;
	c = clamp_on(a, CT_DELTA, 2);
	for (int through = 0; through < 2; through++) {
		struct ct_clamp_options frozen = { .mode = CT_FROZEN,
			.through = through ? CT_REPLACEMENT : CT_MODEL };
		struct ct_clamp_options range = frozen;

		/* A skip path is open in a frozen output, but what it reads has not changed here. */
		range.mode = CT_RANGE;
		range.first = range.last = 1;
		assert_true(apart(f, fixture_clamp(f, &c, 1, frozen).final,
				fixture_clamp(f, &c, 1, range).final) < 1e-5);
	}
}

static void
test_range_of_one(void **state)
{
	(void)state;
	fixture_each(6, check_range_of_one);
}

static void
test_bad_range(void **state)
{
	static const int list[][2] = { { -1, 1 }, { 0, 3 }, { 2, 1 } };
	struct ct_clamp c = { .pos = 1, .amount = 1 };
	struct ct_shape shape;
	struct ct_clamp_sites s;
	struct fixture f;

	(void)state;
	fixture_shape(&shape, &fixture_llama, 0);
	fixture_random(&f, &shape, 4);
	s = fixture_sites(&f, &c, 1);
	for (int i = 0; i < 3; i++) {
		struct ct_clamp_options opt = { .mode = CT_RANGE, .first = list[i][0], .last = list[i][1] };
		struct ct_error err = { 0 };
		struct ct_changed out;
		char want[80];

		snprintf(want, sizeof want, "no layer range %d-%d: this model has layers 0 to 2", opt.first,
		    opt.last);
		assert_int_equal(ct_intervene(&out, &f.prompt->lrm, &s, &opt, &f.arena, &err), CT_EINVAL);
		assert_string_equal(err.msg, want);
	}
	fixture_close(&f);
}

/*
 * A feature clamped to the value that an earlier clamp gives it anyway changes nothing more. If clamps
 * counted from the original value, or twice, the second one would write the first one's effect again.
 */
static void
check_once(struct fixture *f, const struct ct_shape *s)
{
	static const struct ct_clamp_options modes[] = { { .mode = CT_FROZEN }, { .mode = CT_FREE },
		{ .mode = CT_FROZEN, .through = CT_REPLACEMENT },
		{ .mode = CT_FREE, .through = CT_REPLACEMENT } };
	const struct ct_active *first = NULL;

	/* TopK, GroupMax: whether a feature is among the largest its own pre-activation does not tell. */
	for (int i = 0; i < f->prompt->lrm.first[f->T] && !first && s->act <= CT_TC_JUMPRELU; i++)
		if (f->prompt->lrm.active[i].pos == f->T - 2)
			first = &f->prompt->lrm.active[i];
	for (size_t k = 0; first && k < sizeof modes / sizeof *modes; k++) {
		struct ct_clamp c[40];
		struct ct_changed alone;
		double moved = 0;
		int n = 1;

		c[0] = clamp_on(first, CT_DELTA, 3);
		alone = fixture_clamp(f, c, 1, modes[k]);
		for (int i = f->prompt->lrm.first[f->T]; i < f->prompt->lrm.n && n < 40; i++) {
			const struct ct_active *u = &f->prompt->lrm.active[i];
			float threshold = s->act == CT_TC_JUMPRELU
					      ? f->tc->layers[u->layer].threshold[u->feature]
					      : 0;

			if (u->pos < first->pos)
				continue;
			c[n++] = clamp_on(
			    u, CT_ABSOLUTE, alone.pre[i] > threshold ? (double)alone.pre[i] : 0);
			moved = fmax(moved, fabs((double)alone.pre[i] - (double)u->pre));
		}
		assert_true(n > 1 && moved > 1e-3);
		assert_true(apart(f, fixture_clamp(f, c, n, modes[k]).final, alone.final) < 1e-4);
	}
}

static void
test_once(void **state)
{
	(void)state;
	fixture_each(5, check_once);
}

/* Direct mode is linear in the clamps: together they do the sum of what each does. */
static void
check_sum(struct fixture *f, const struct ct_shape *s)
{
	struct ct_clamp_options opt = { .mode = CT_DIRECT };
	size_t TD = (size_t)f->T * s->cfg.D;
	struct ct_clamp c[3] = { { .layer = 0, .feature = 1, .pos = 2, .unit = CT_DELTA, .amount = 2 },
		{ .layer = 1, .feature = 5, .pos = CT_ALL_POSITIONS, .amount = 0.5 },
		{ .layer = 2, .feature = 7, .pos = 3, .unit = CT_DELTA, .amount = -4 } };
	struct ct_changed all = fixture_clamp(f, c, 3, opt), one[3];
	float *sum = ct_arena_alloc(&f->scratch, TD, sizeof *sum);

	for (int i = 0; i < 3; i++)
		one[i] = fixture_clamp(f, c + i, 1, opt);
	for (size_t i = 0; i < TD; i++)
		sum[i] = one[0].final[i] + one[1].final[i] + one[2].final[i] - 2 * f->prompt->pass.final[i];
	assert_true(apart(f, sum, all.final) < 1e-4);
}

static void
test_sum(void **state)
{
	(void)state;
	fixture_each(5, check_sum);
}

/* A strength either gives numbers everywhere or is refused: nothing infinite reaches the report. */
static void
check_huge(struct fixture *f, const struct ct_shape *s)
{
	static const double amounts[] = { 1e10, 1e20, -1e30, 1e37, 3e38 };
	static const enum ct_mode modes[] = { CT_FROZEN, CT_FREE, CT_DIRECT, CT_RANGE };

	for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
		for (int k = 0; k < 8; k++) {
			struct ct_clamp c = { .layer = 0, .feature = 2, .pos = 1, .amount = amounts[i] };
			struct ct_clamp_options opt = { .mode = modes[k / 2],
				.through = k % 2 ? CT_REPLACEMENT : CT_MODEL };
			struct ct_clamp_sites sites = fixture_sites(f, &c, 1);
			struct ct_error err = { 0 };
			struct ct_changed out;
			struct ct_effects o;
			int layer, pos;
			int r = ct_intervene(&out, &f->prompt->lrm, &sites, &opt, &f->arena, &err);

			if (r == CT_OK)
				r = ct_effects_init(
				    &o, &f->prompt->lrm, f->graph, &sites, &opt, &out, &f->arena, &err);
			if (fabs(amounts[i]) < 1e11)
				assert_int_equal(r, CT_OK);
			if (r < 0) {
				assert_int_equal(r, CT_EINVAL);
				/*
				 * The layer and position named are those of the model, the clamp is the one
				 * in force.
				 */
				assert_int_equal(
				    sscanf(err.msg, "layer %d's activations at position %d become infinite",
					&layer, &pos),
				    2);
				assert_in_range(layer, 0, s->cfg.L - 1);
				assert_in_range(pos, 1, f->T - 1);
				assert_non_null(strstr(err.msg, "under L0#2@1="));
				continue;
			}
			for (int d = 0; d < f->T * s->cfg.D; d++)
				assert_true(isfinite(out.final[d]));
			for (int e = 0; e < o.n_effects; e++)
				assert_true(isfinite(o.effects[e].after) && isfinite(o.effects[e].observed) &&
					    isfinite(o.effects[e].predicted_direct) &&
					    isfinite(o.effects[e].predicted_total));
		}
}

static void
test_huge(void **state)
{
	(void)state;
	fixture_each(4, check_huge);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sites),
		cmocka_unit_test(test_sites_without_bos),
		cmocka_unit_test(test_bad_sites),
		cmocka_unit_test(test_overridden),
		cmocka_unit_test(test_sites_memory),
		cmocka_unit_test(test_no_attention),
		cmocka_unit_test(test_range_of_one),
		cmocka_unit_test(test_bad_range),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_huge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
