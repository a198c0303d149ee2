/* fixture: see fixture.h. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct ct_config fixture_llama = { .D = 24,
	.L = 3,
	.H = 6,
	.H_kv = 2,
	.head = 4,
	.mlp = 40,
	.V = 29,
	.context = 64,
	.norm = CT_RMSNORM,
	.act = CT_SILU,
	.gated = true,
	.position = CT_ROPE,
	.eps = 1e-5,
	.rope_theta = 10000 };
const struct ct_config fixture_gpt2 = { .D = 20,
	.L = 4,
	.H = 4,
	.H_kv = 4,
	.head = 5,
	.mlp = 33,
	.V = 31,
	.context = 64,
	.norm = CT_LAYERNORM,
	.act = CT_GELU_TANH,
	.position = CT_LEARNED,
	.eps = 1e-5,
	.tied = true,
	.attn_bias = true,
	.out_bias = true,
	.mlp_bias = true };
const struct ct_config fixture_qwen3 = { .D = 22,
	.L = 3,
	.H = 4,
	.H_kv = 2,
	.head = 6,
	.mlp = 30,
	.V = 29,
	.context = 64,
	.norm = CT_RMSNORM,
	.act = CT_SILU,
	.gated = true,
	.position = CT_ROPE,
	.eps = 1e-6,
	.rope_theta = 10000,
	.qk_norms = true };
const struct ct_config fixture_gemma2 = { .D = 20,
	.L = 4,
	.H = 4,
	.H_kv = 2,
	.head = 6,
	.mlp = 33,
	.V = 31,
	.context = 64,
	.norm = CT_RMSNORM,
	.act = CT_GELU_TANH,
	.gated = true,
	.position = CT_ROPE,
	.eps = 1e-6,
	.rope_theta = 10000,
	.post_norms = true,
	.embed_scale = 2.5,
	.query_scale = 0.3,
	.attn_softcap = 2,
	.final_softcap = 3,
	.window = 3,
	.local = { true, false, true, false } };
const struct ct_config fixture_gemma3 = { .D = 24,
	.L = 4,
	.H = 3,
	.H_kv = 1,
	.head = 8,
	.mlp = 36,
	.V = 29,
	.context = 64,
	.norm = CT_RMSNORM,
	.act = CT_GELU_TANH,
	.gated = true,
	.position = CT_ROPE,
	.eps = 1e-6,
	.rope_theta = 50000,
	.rope_scaling = { .factor = 8 },
	.local_theta = 100,
	.post_norms = true,
	.qk_norms = true,
	.embed_scale = 4.9,
	.query_scale = 0.25,
	.window = 2,
	.local = { true, true, false, true } };

static const struct ct_config *const families[] = { &fixture_llama, &fixture_gpt2, &fixture_qwen3,
	&fixture_gemma2, &fixture_gemma3 };

static void
ok(int r, const struct ct_error *err)
{
	if (r < 0)
		fail_msg("%s", err->msg);
}

const char *
test_path(const char *name)
{
	static char path[4096];
	const char *dir = getenv("srcdir");

	snprintf(path, sizeof path, "%s/tests/%s", dir ? dir : ".", name);
	return path;
}

void
fixture_open(struct fixture *f, const char *name)
{
	struct ct_model_options opt = { 0 };
	struct ct_error err = { 0 };
	char dir[8192], transcoder[8300];

	memset(f, 0, sizeof *f);
	snprintf(dir, sizeof dir, "%s/%s", test_path("golden"), name);
	snprintf(transcoder, sizeof transcoder, "%s/transcoder", dir);
	ok(ct_model_open(&f->m, dir, &opt, &err), &err);
	ok(ct_transcoder_open(&f->tc, transcoder, f->m, NULL, &err), &err);
}

void
fixture_run(struct fixture *f, const int *ids, int T)
{
	struct ct_error err = { 0 };

	ok(ct_prompt_run(&f->prompt, f->m, f->tc, ids, T, &f->arena, NULL, &err), &err);
	f->T = T;
	f->ids = f->prompt->ids;
}

void
fixture_trace(struct fixture *f, struct ct_pool *pool)
{
	const struct ct_trace_plan plan = { .pos = f->T - 1 };
	const struct ct_job job = { .pool = pool };
	struct ct_error err = { 0 };

	ok(ct_prompt_trace(&f->graph, f->prompt, &plan, &f->arena, &f->arena, &job, &err), &err);
}

bool
fixture_shape(struct ct_shape *s, const struct ct_config *cfg, int i)
{
	static const enum ct_tc_act acts[] = {
		CT_TC_RELU, CT_TC_JUMPRELU, CT_TC_TOPK, CT_TC_RELU, CT_TC_JUMPRELU, CT_TC_TOPK,
		CT_TC_TOPK_RELU, CT_TC_JUMPRELU, CT_TC_GROUPMAX,
	};
	static const enum ct_read_point reads[] = { CT_READ_MID, CT_READ_NORM2, CT_READ_NORM2_BARE };

	*s = (struct ct_shape){ .cfg = *cfg,
		.act = acts[i % 9],
		.read = reads[i / 3 % 3],
		.F = 19,
		.k = 5,
		.seed = (uint64_t)i + 1 };
	s->F += s->act == CT_TC_GROUPMAX;	/* groups of one size */
	s->kind = i / 9 % 2 ? CT_PLT : CT_CLT;
	s->skip = i / 18 % 2;
	/* How the matrices lie in their files. */
	s->flipped = i / 2 % 2;
	s->square = i / 4 % 2;
	s->centred = i % 7 == 3;
	s->write = cfg->post_norms && i % 2 ? CT_WRITE_MLP : CT_WRITE_STREAM;
	s->cfg.attn_bias = s->cfg.out_bias = s->cfg.mlp_bias = i % 2 || cfg->norm == CT_LAYERNORM;
	s->cfg.tied = i % 4 == 0;
	/* Wide heads, wider than the model: products of attention go by tiles of 16 and a rest. */
	if (i % 5 == 1)
		s->cfg.head = 18;
	return i < 36;
}

static void
make_random(struct fixture *f, const struct ct_shape *s, int T, bool bare)
{
	struct ct_error err = { 0 };
	int ids[64];

	memset(f, 0, sizeof *f);
	f->bare = bare;
	ok(ct_model_random(&f->m, s, &err), &err);
	if (bare)
		f->m->special = ct_arena_alloc(&f->m->arena, (size_t)s->cfg.V, sizeof *f->m->special);
	if (s->act == CT_TC_NEURONS)
		ok(ct_transcoder_neurons(&f->tc, f->m, &err), &err);
	else
		ok(ct_transcoder_random(&f->tc, s, &err), &err);
	for (int i = 0; i < T; i++)
		ids[i] = (i * 7 + 1 + (int)s->seed) % s->cfg.V;
	fixture_run(f, ids, T);
	fixture_trace(f, NULL);
}

double
fixture_rounding(const struct ct_shape *s)
{
	return s->skip && s->read == CT_READ_MID && s->write == CT_WRITE_MLP ? 20 : 1;
}

void
fixture_random(struct fixture *f, const struct ct_shape *s, int T)
{
	make_random(f, s, T, false);
}

void
fixture_neurons(struct fixture *f, const struct ct_shape *s, int T)
{
	struct ct_shape own = *s;

	own.act = CT_TC_NEURONS;
	make_random(f, &own, T, false);
}

void
fixture_random_bare(struct fixture *f, const struct ct_shape *s, int T)
{
	make_random(f, s, T, true);
}

void
fixture_each(int T, void (*check)(struct fixture *, const struct ct_shape *))
{
	/* All take valgrind too long; every fifth, of each family others, has all that they differ in. */
	int step = getenv("CTRACE_VALGRIND") ? 5 : 1;
	struct ct_shape s;

	for (size_t family = 0; family < sizeof families / sizeof *families; family++)
		for (int i = (int)family % step; fixture_shape(&s, families[family], i); i += step) {
			struct fixture f;

			fixture_random(&f, &s, T);
			check(&f, &s);
			fixture_close(&f);
		}
}

const struct ct_active *
fixture_active(const struct fixture *f, int layer, int nth)
{
	int end = f->prompt->lrm.first[(layer + 1) * f->T] - 1 - nth;

	return end >= f->prompt->lrm.first[layer * f->T] ? &f->prompt->lrm.active[end] : NULL;
}

struct ct_clamp
clamp_on(const struct ct_active *a, enum ct_unit unit, double amount)
{
	return (struct ct_clamp){
		.layer = a->layer, .feature = a->feature, .pos = a->pos, .unit = unit, .amount = amount
	};
}

struct ct_clamp_sites
fixture_sites(struct fixture *f, const struct ct_clamp *clamps, int n)
{
	struct ct_error err = { 0 };
	struct ct_clamp_sites s;

	if (ct_clamp_sites_init(&s, &f->prompt->lrm, clamps, n, &f->arena, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

struct ct_changed
fixture_clamp(struct fixture *f, const struct ct_clamp *clamps, int n, struct ct_clamp_options opt)
{
	struct ct_clamp_sites s = fixture_sites(f, clamps, n);
	struct ct_error err = { 0 };
	struct ct_changed out;

	if (ct_intervene(&out, &f->prompt->lrm, &s, &opt, &f->arena, &err) < 0)
		fail_msg("%s", err.msg);
	return out;
}

void
fixture_close(struct fixture *f)
{
	ct_transcoder_close(f->tc);
	ct_model_close(f->m);
	ct_arena_free(&f->arena);
	ct_arena_free(&f->scratch);
}
