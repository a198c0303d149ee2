/* The random control: the solver against substitution, and its decoders against the normal equations. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"
#include "eval/control.h"
#include "eval_world.h"
#include "math/solve.h"

static void
solver_solves(void **state)
{
	enum { N = 7, M = 3 };
	double A[N * N], full[N * N], b[N * M], x[N * M], root[N][N];
	struct ct_rng rng;

	(void)state;
	ct_rng_seed(&rng, 1, 0);
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			root[i][j] = (double)ct_rng_normal(&rng);
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			A[i * N + j] = 0;
			for (int k = 0; k < N; k++)
				A[i * N + j] += root[i][k] * root[j][k];
		}
	for (int i = 0; i < N * M; i++)
		b[i] = x[i] = (double)ct_rng_normal(&rng);
	memcpy(full, A, sizeof full);
	assert_true(ct_solve_ridge(N, M, .5, A, x));
	for (int i = 0; i < N; i++)
		for (int c = 0; c < M; c++) {
			double sum = .5 * x[i * M + c];

			for (int k = 0; k < N; k++)
				sum += full[i * N + k] * x[k * M + c];
			assert_true(fabs(sum - b[i * M + c]) < 1e-9);
		}
	full[0] = -9;
	assert_false(ct_solve_ridge(N, M, .5, full, x));
}

/* As many active features, and residuals that no active feature could still explain. */
static void
check_control(const char *name)
{
	static struct world w;
	struct ct_transcoder *tc;
	struct fixture f;
	struct ct_error err;
	double along[3][64] = { { 0 } }, sizes[3][64] = { { 0 } }, sum[3] = { 0 };
	int D, active[3] = { 0 }, like[3] = { 0 }, rows = 0;

	make_world(&w);
	fixture_open(&f, name);
	D = f.m->cfg.D;
	assert_int_equal(ct_control_build(&tc, f.tc, f.m, &w.c, NULL, &err), CT_OK);
	assert_int_equal(tc->L, 3);
	for (int pass = 0; pass < 2; pass++) {
		const struct ct_transcoder *keep = f.tc;

		if (pass)
			f.tc = tc;
		for (int s = 0; s < SENTENCES; s++) {
			if (w.sentences[s].held_out)
				continue;
			fixture_run(&f, w.tokens + s * LENGTH, LENGTH);
			rows += pass * (LENGTH - 1);
			for (int i = 0; i < f.prompt->lrm.n; i++) {
				const struct ct_active *a = &f.prompt->lrm.active[i];
				const float *e = f.prompt->lrm.error + (a->layer * LENGTH + a->pos) * D;

				(pass ? active : like)[a->layer]++;
				for (int d = 0; pass && d < D; d++)
					along[a->layer][d] += (double)(a->act * e[d]);
				for (int d = 0; pass && d < D; d++)
					sizes[a->layer][d] += fabs((double)(a->act * e[d]));
			}
			for (int l = 0; pass && l < 3; l++)
				for (int t = 1; t < LENGTH; t++)
					sum[l] += (double)f.prompt->lrm.error[(l * LENGTH + t) * D];
		}
		f.tc = (struct ct_transcoder *)keep;
	}
	for (int l = 0; l < 3; l++) {
		if (!(active[l] > 0 && active[l] < 2 * like[l] + 40))
			fail_msg("layer %d: %d active, %d in the other", l, active[l], like[l]);
		assert_true(fabs(sum[l]) / rows < .05);
		for (int d = 0; d < D; d++)
			assert_true(fabs(along[l][d]) < .2 * sizes[l][d] + 1e-3);
	}
	ct_transcoder_close(tc);
	fixture_close(&f);
}

static void
decoders_are_fitted(void **state)
{
	(void)state;
	check_control("llama-clt");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(solver_solves),
		cmocka_unit_test(decoders_are_fitted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
