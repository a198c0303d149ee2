/*
 * model: the golden models open and their weights are where the families say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/model.h"

static struct ct_model *
open_golden(const char *name)
{
	const char *srcdir = getenv("srcdir");
	struct ct_error err = { 0 };
	struct ct_model *m;
	char dir[512];

	snprintf(dir, sizeof dir, "%s/tests/golden/%s", srcdir ? srcdir : ".", name);
	if (ct_model_open(&m, dir, NULL, &err) != CT_OK)
		fail_msg("%s", err.msg);
	return m;
}

static float
value(const struct ct_model *m, const char *name, size_t i)
{
	const struct ct_tensor *t = ct_tensors_find(m->tensors, name);
	float x;

	assert_non_null(t);
	ct_tensor_read(&x, t, i, 1);
	return x;
}

static void
llama_opens(void **state)
{
	struct ct_model *m = open_golden("llama-clt");

	(void)state;
	assert_int_equal(m->cfg.D, 16);
	assert_int_equal(m->cfg.L, 3);
	assert_int_equal(m->cfg.H, 4);
	assert_int_equal(m->cfg.H_kv, 2);
	assert_int_equal(m->cfg.head, 4);
	assert_int_equal(m->cfg.V, 40);
	assert_int_equal(m->cfg.context, 24);
	assert_int_equal(m->cfg.bos, 0);
	assert_int_equal(m->cfg.norm, CT_RMSNORM);
	assert_int_equal(m->cfg.act, CT_SILU);
	assert_true(m->cfg.gated);
	assert_false(m->cfg.tied);
	assert_ptr_not_equal(m->embed, m->unembed);
	assert_int_equal(m->layers[1].k.out, 8);
	assert_false(m->layers[1].k.transposed);
	assert_true(m->layers[1].k.w[5] == value(m, "model.layers.1.self_attn.k_proj.weight", 5));
	assert_true(m->layers[2].down.w[33] == value(m, "model.layers.2.mlp.down_proj.weight", 33));
	assert_null(m->layers[0].q.b);
	ct_model_close(m);
}

static void
tied_llama_shares_its_embedding(void **state)
{
	struct ct_model *m = open_golden("llama-skip");

	(void)state;
	assert_true(m->cfg.tied);
	assert_ptr_equal(m->embed, m->unembed);
	ct_model_close(m);
}

static void
gpt2_slices_its_fused_matrix(void **state)
{
	struct ct_model *m = open_golden("gpt2-plt");
	const struct ct_layer *l = &m->layers[1];
	int D = m->cfg.D, o = 3, i = 7;
	size_t at = (size_t)i * 3 * (size_t)D + (size_t)o;

	(void)state;
	assert_int_equal(m->cfg.norm, CT_LAYERNORM);
	assert_int_equal(m->cfg.act, CT_GELU_TANH);
	assert_int_equal(m->cfg.mlp, 32);
	assert_non_null(m->pos_embed);
	assert_true(l->k.transposed);
	assert_int_equal(l->k.ld, 3 * D);
	assert_true(l->q.w[i * l->q.ld + o] == value(m, "transformer.h.1.attn.c_attn.weight", at));
	assert_true(l->k.w[i * l->k.ld + o] == value(m, "transformer.h.1.attn.c_attn.weight", at +
	    (size_t)D));
	assert_true(l->v.w[i * l->v.ld + o] == value(m, "transformer.h.1.attn.c_attn.weight", at + 2 *
	    (size_t)D));
	assert_true(l->v.b[o] == value(m, "transformer.h.1.attn.c_attn.bias", 2 * (size_t)D + (size_t)o));
	assert_null(l->gate.w);
	assert_int_equal(l->up.out, 32);
	assert_int_equal(l->down.in, 32);
	ct_model_close(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(llama_opens),
		cmocka_unit_test(tied_llama_shares_its_embedding),
		cmocka_unit_test(gpt2_slices_its_fused_matrix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
