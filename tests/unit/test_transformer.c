/*
 * The forward pass, the replacement model and what is derived from weights, against the naive program in
 * double.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "naive.h"

static void
close_to(const char *what, const float *got, const double *want, size_t n, double tolerance)
{
	double worst = 0, largest = 0;

	for (size_t i = 0; i < n; i++) {
		largest = fmax(largest, fabs(want[i]));
		worst = fmax(worst, fabs((double)got[i] - want[i]));
	}
	if (!(worst <= tolerance * largest))
		fail_msg("%s: differs by %g of %g", what, worst, largest);
}

static void
check_forward(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_config *c = &s->cfg;
	size_t TD = (size_t)f->T * c->D, L = (size_t)c->L;
	struct naive_run r;

	naive_run(&r, f->m, f->ids, f->T, NULL, NULL, NULL);
	close_to("residual stream", f->prompt->pass.x, r.x, (L + 1) * TD, 1e-5);
	close_to("after attention", f->prompt->pass.mid, r.mid, L * TD, 1e-5);
	close_to("norm2", f->prompt->pass.mlp_in, r.mlp_in, L * TD, 1e-5);
	close_to("MLP", f->prompt->pass.mlp_out, r.mlp_out, L * TD, 1e-5);
	close_to("patterns", f->prompt->pass.pattern, r.pattern, L * c->H * f->T * f->T, 1e-5);
	close_to("final", f->prompt->pass.final, r.final, TD, 1e-5);
	/* Nothing looks ahead. */
	for (size_t h = 0; h < L * c->H; h++)
		for (int q = 0; q < f->T; q++)
			for (int k = q + 1; k < f->T; k++)
				assert_true(f->prompt->pass.pattern[(h * f->T + q) * f->T + k] == 0);
	naive_run_free(&r);
}

static void
test_forward(void **state)
{
	(void)state;
	fixture_each(7, check_forward);
	fixture_each(1, check_forward);
}

/* All activations, gated or not, on both norms. */
static void
test_mlps(void **state)
{
	static const enum ct_act acts[] = { CT_SILU, CT_GELU, CT_GELU_TANH, CT_RELU };

	(void)state;
	for (int i = 0; i < 16; i++) {
		struct ct_shape s;
		struct fixture f;

		fixture_shape(&s, i & 1 ? &fixture_llama : &fixture_gpt2, i);
		s.cfg.act = acts[i / 4];
		s.cfg.gated = i & 2;
		fixture_random(&f, &s, 4);
		check_forward(&f, &s);
		fixture_close(&f);
	}
}

static void
check_replacement(struct fixture *f, const struct ct_shape *s)
{
	size_t D = (size_t)s->cfg.D, TD = f->T * D;
	double *kept = calloc((size_t)s->cfg.L * D, sizeof *kept);
	float *final = ct_arena_alloc(&f->arena, TD, sizeof *final);
	struct ct_error err = { 0 };
	struct naive_run r, replaced;

	naive_run(&r, f->m, f->ids, f->T, NULL, NULL, NULL);
	for (int l = 0; l < s->cfg.L; l++)
		memcpy(kept + l * D, r.mlp_out + l * TD, D * sizeof *kept);
	naive_run(&replaced, f->m, f->ids, f->T, f->tc, f->bare ? NULL : kept, NULL);
	assert_int_equal(ct_replacement_run(f->tc, &f->prompt->pass, final, &f->scratch, &err), CT_OK);
	close_to("replacement", final, replaced.final, TD, 2e-5);
	/* BOS is the original's, the others are not. */
	if (!f->bare)
		assert_memory_equal(final, f->prompt->pass.final, D * sizeof *final);
	else
		assert_memory_not_equal(final, f->prompt->pass.final, D * sizeof *final);
	if (f->T > 1)
		assert_memory_not_equal(final + D, f->prompt->pass.final + D, D * sizeof *final);
	naive_run_free(&r);
	naive_run_free(&replaced);
	free(kept);
}

static void
each_bare(int T, void (*check)(struct fixture *, const struct ct_shape *))
{
	struct ct_shape s;

	for (int family = 0; family < 2; family++)
		for (int i = 0; fixture_shape(&s, family ? &fixture_gpt2 : &fixture_llama, i); i++) {
			struct fixture f;

			fixture_random_bare(&f, &s, T);
			check(&f, &s);
			fixture_close(&f);
		}
}

static void
test_replacement(void **state)
{
	(void)state;
	fixture_each(6, check_replacement);
	fixture_each(1, check_replacement);
	each_bare(6, check_replacement);
}

/*
 * What the local replacement model is made of: read points, transcoder output, errors, position 0's
 * constants.
 */
static void
check_local(struct fixture *f, const struct ct_shape *s)
{
	const struct ct_local_model *lrm = &f->prompt->lrm;
	int T = f->T, D = s->cfg.D, n = 0, start = f->bare ? 0 : 1;
	double *want = calloc((size_t)D, sizeof *want), *size = calloc((size_t)D, sizeof *size);

	for (int l = 0; l < s->cfg.L; l++)
		for (int t = 0; t < T; t++) {
			const float *out = f->prompt->pass.mlp_out + (l * T + t) * D,
				    *recon = lrm->recon + (l * T + t) * D;
			const float *error = lrm->error + (l * T + t) * D,
			    *read = lrm->read + (l * T + t) * D;

			for (int d = 0; d < D; d++) {
				want[d] = t >= start ? (double)f->tc->layers[l].b_dec[d] : 0;
				size[d] = 0;
				for (int i = 0; i < D; i++)
					want[d] += naive_skip(f->tc, l, d, i) * (double)read[i];
				for (int from = s->kind == CT_CLT ? 0 : l; from <= l && t >= start; from++)
					for (int i = lrm->first[from * T + t];
					    i < lrm->first[from * T + t + 1];
					     i++) {
						const struct ct_active *a = &lrm->active[i];
						double w = naive_dec(f->tc, from, a->feature, l, d);

						want[d] += (double)a->act * w;
						size[d] += fabs((double)a->act * w);
					}
			}
			naive_write(lrm, l, t, want);
			naive_write(lrm, l, t, size);
			for (int d = 0; d < D; d++) {
				double near = 1e-5 * (1 + fabs(size[d]));

				assert_true(fabs((double)recon[d] - want[d]) < near || t < start);
				if (t >= start)
					assert_true(fabs((double)error[d] + want[d] - (double)out[d]) < near);
				else
					assert_true(error[d] == 0 && fabs((double)lrm->constant[l * D + d] +
									  want[d] - (double)out[d]) < 1e-5);
			}
		}
	for (int i = 0; i < lrm->n; i++) {
		const struct ct_active *a = &lrm->active[i];

		assert_true(a->pos >= start && a->act != 0);
		assert_true(a->pre == a->act);
		n += i == 0 || a->layer > a[-1].layer ||
		     (a->layer == a[-1].layer &&
			 (a->pos > a[-1].pos || (a->pos == a[-1].pos && a->feature > a[-1].feature)));
	}
	assert_int_equal(n, lrm->n);
	assert_int_equal(lrm->first[s->cfg.L * T], lrm->n);
	free(want);
	free(size);
}

static void
test_local(void **state)
{
	(void)state;
	fixture_each(5, check_local);
	each_bare(5, check_local);
}

/* Strictly above the threshold; the k largest of any sign, of equals the lowest index; in place too. */
static void
test_activate(void **state)
{
	static const float pre[] = { -3, 2, 0.5f, 2, -1, 0, 2, 0.25f };
	float threshold[] = { -5, 2, 0.25f, 1, 0, 0, 3, 0.25f }, out[8], scratch[8];
	struct ct_tc_layer layer = { .F = 8, .threshold = threshold };
	struct ct_transcoder tc = { .layers = &layer, .L = 1, .F = 8 };

	(void)state;
	for (int act = CT_TC_RELU; act <= CT_TC_GROUPMAX; act++)
		for (tc.k = 1; tc.k <= 10; tc.k++) {
			double h[8], want[8];

			tc.act = (enum ct_tc_act)act;
			if (tc.act == CT_TC_GROUPMAX && 8 % tc.k)
				continue;
			for (int f = 0; f < 8; f++)
				h[f] = pre[f];
			naive_activate(&tc, 0, h, want);
			ct_transcoder_activate(&tc, 0, pre, out, scratch);
			for (int f = 0; f < 8; f++)
				assert_true((double)out[f] == want[f]);
			memcpy(out, pre, sizeof pre);
			ct_transcoder_activate(&tc, 0, out, out, scratch);
			for (int f = 0; f < 8; f++)
				assert_true((double)out[f] == want[f]);
		}
}

static void
test_topk_random(void **state)
{
	enum { MOST = 200 };
	static float pre[MOST], out[MOST], scratch[MOST];
	static double h[MOST], want[MOST];
	struct ct_tc_layer layer = { 0 };
	struct ct_transcoder tc = { .layers = &layer, .L = 1, .act = CT_TC_TOPK };
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 5, 1);
	for (int round = 0; round < 200; round++) {
		tc.F = layer.F = 1 + (int)ct_rng_below(&r, MOST);
		tc.k = 1 + (int)ct_rng_below(&r, MOST);
		for (int f = 0; f < layer.F; f++)
			h[f] = pre[f] = round % 2 ? ct_rng_normal(&r) : (float)ct_rng_below(&r, 5) - 2;
		naive_activate(&tc, 0, h, want);
		ct_transcoder_activate(&tc, 0, pre, out, scratch);
		for (int f = 0; f < layer.F; f++)
			assert_true((double)out[f] == want[f]);
	}
}

static void
check_rows(struct fixture *f, const struct ct_shape *s)
{
	float row[64];

	for (int l = 0; l < s->cfg.L; l++) {
		int reach = ct_transcoder_reach(f->tc, l);

		assert_int_equal(reach, s->kind == CT_CLT ? s->cfg.L - l : 1);
		for (int i = 0; i < s->F; i++) {
			ct_transcoder_encoder_row(f->tc, l, i, row);
			for (int d = 0; d < s->cfg.D; d++)
				assert_true((double)row[d] == naive_enc(f->tc, l, i, d));
			for (int k = 0; k < reach; k++) {
				ct_transcoder_decoder_row(f->tc, l, i, l + k, row);
				for (int d = 0; d < s->cfg.D; d++)
					assert_true((double)row[d] == naive_dec(f->tc, l, i, l + k, d));
			}
		}
	}
}

static void
test_rows(void **state)
{
	(void)state;
	fixture_each(2, check_rows);
}

/* Hugging Face's _compute_llama3_parameters, wavelength by wavelength. */
static double
llama3_frequency(const struct ct_config *c, int i)
{
	const struct ct_rope_scaling *s = &c->rope_scaling;
	double f = 1 / pow(c->rope_theta, 2.0 * i / c->head), wavelength = 2 * M_PI / f, smooth;

	if (wavelength > s->original_context / s->low_freq_factor)
		return f / s->factor;
	if (wavelength < s->original_context / s->high_freq_factor)
		return f;
	smooth = (s->original_context / wavelength - s->low_freq_factor) /
		 (s->high_freq_factor - s->low_freq_factor);
	return (1 - smooth) * f / s->factor + smooth * f;
}

static void
test_derived(void **state)
{
	struct ct_shape s;
	struct ct_error err = { 0 };
	struct ct_model *m;
	int kept = 0, slowed = 0, blended = 0;

	(void)state;
	fixture_shape(&s, &fixture_llama, 0);
	s.cfg.head = 64;
	s.cfg.H = s.cfg.H_kv = 1;
	s.cfg.rope_theta = 500000;
	for (int scaled = 0; scaled < 2; scaled++) {
		if (scaled)
			s.cfg.rope_scaling = (struct ct_rope_scaling){ 8, 1, 4, 8192 };
		assert_int_equal(ct_model_random(&m, &s, &err), CT_OK);
		for (int i = 0; i < 32; i++) {
			double plain = pow(500000, -i / 32.0),
			       want = scaled ? llama3_frequency(&s.cfg, i) : plain;

			assert_true(fabs(m->layers[0].rope[i] - want) < 1e-12 * want);
			kept += scaled && want == plain;
			slowed += scaled && want == plain / 8;
			blended += scaled && want < plain * 0.99 && want > plain / 8 * 1.01;
		}
		for (int d = 0; d < s.cfg.D; d++) {
			double mean = 0;

			for (int v = 0; v < s.cfg.V; v++)
				mean += (double)ct_matrix_at(&m->unembed, v, d) / s.cfg.V;
			assert_true(fabs((double)ct_model_unembed_mean(m)[d] - mean) < 1e-7);
		}
		ct_model_close(m);
	}
	assert_true(kept > 0 && slowed > 0 && blended > 0);
}

/* The default targets: the fewest that reach 95 %, likeliest first, ties by id, at most as many as asked for.
 */
static void
test_default_roots(void **state)
{
	float logits[50];
	struct ct_target out[50];
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 2, 1);
	for (int round = 0; round < 200; round++) {
		int V = 1 + (int)ct_rng_below(&r, 50), max = 1 + (int)ct_rng_below(&r, 12), n;
		double sum = 0, covered = 0;

		for (int v = 0; v < V; v++) {
			logits[v] = round % 3 ? 3 * ct_rng_normal(&r) : (float)ct_rng_below(&r, 3);
			sum += exp((double)logits[v]);
		}
		n = ct_default_targets(logits, V, 7, 0.95, out, max);
		assert_in_range(n, 1, max < V ? max : V);
		for (int i = 0; i < n; i++) {
			int before = 0;

			assert_true(covered < 0.95);
			for (int v = 0; v < V; v++)
				before += logits[v] > logits[out[i].index] ||
					  (logits[v] == logits[out[i].index] && v < out[i].index);
			assert_int_equal(before, i);
			assert_true(
			    fabs((double)out[i].prob - exp((double)logits[out[i].index]) / sum) < 1e-6);
			assert_true(out[i].weight == out[i].prob && out[i].pos == 7 && out[i].other == -1);
			assert_int_equal(out[i].kind, CT_TARGET_LOGIT);
			covered += (double)out[i].prob;
		}
		assert_true(n == max || n == V || covered >= 0.95 - 1e-6);
	}
}

/* The beginning of a turn has no features, and what its MLPs write is constant. */
static void
test_turn(void **state)
{
	struct ct_error err;
	struct ct_shape s;

	(void)state;
	for (int i = 0; fixture_shape(&s, &fixture_gemma3, i); i++) {
		struct fixture f;

		fixture_random(&f, &s, 7);
		f.tc->turn = 4;
		assert_int_equal(ct_prompt_run(&f.prompt, f.m, f.tc, f.ids, 7, &f.arena, NULL, &err), CT_OK);
		fixture_trace(&f, NULL);
		assert_true(f.graph->check.max_edge_residual < 1e-5);
		assert_true(f.graph->check.max_logit_error < 2e-6 * fixture_rounding(&s));
		for (int n = 0; n < f.graph->n_features; n++)
			assert_true(f.graph->nodes[n].pos >= 4);
		for (int n = 0; n < f.graph->n_errors; n++)
			if (f.graph->nodes[f.graph->n_features + n].pos < 4)
				assert_true(ct_graph_edge(f.graph, f.graph->n_nodes - 1,
				    f.graph->n_features + n) == 0);
		fixture_close(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forward),
		cmocka_unit_test(test_mlps),
		cmocka_unit_test(test_replacement),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_activate),
		cmocka_unit_test(test_topk_random),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_derived),
		cmocka_unit_test(test_default_roots),
		cmocka_unit_test(test_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
