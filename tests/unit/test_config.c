/*
 * config: what each family makes of config.json, defaults included.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/config.h"
#include "scratch.h"

static struct ct_config
load(const char *json)
{
	struct ct_error err = { 0 };
	struct ct_config c;

	scratch_text("config.json", json);
	if (ct_config_load(&c, ".", &err) != CT_OK)
		fail_msg("%s", err.msg);
	return c;
}

#define LLAMA "\"model_type\": \"llama\", \"hidden_size\": 32, \"intermediate_size\": 64, " \
	"\"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"vocab_size\": 100"
#define GPT2 "\"model_type\": \"gpt2\", \"n_embd\": 32, \"n_layer\": 2, \"n_head\": 4, \"vocab_size\": 100"

static void
llama_defaults(void **state)
{
	struct ct_config c = load("{" LLAMA "}");

	(void)state;
	assert_int_equal(c.H_kv, 4);
	assert_int_equal(c.head, 8);
	assert_int_equal(c.act, CT_SILU);
	assert_int_equal(c.context, 2048);
	assert_true(c.rope_theta == 10000);
	assert_true(c.eps == 1e-6);
	assert_true(c.rope_scaling.factor == 0);
	assert_false(c.tied || c.attn_bias || c.mlp_bias);
	assert_int_equal(c.bos, -1);
}

static void
llama_says_otherwise(void **state)
{
	struct ct_config c = load("{" LLAMA ", \"num_key_value_heads\": 2, \"head_dim\": 16, "
	    "\"hidden_act\": \"gelu_pytorch_tanh\", \"attention_bias\": true, \"mlp_bias\": true, "
	    "\"tie_word_embeddings\": true, \"bos_token_id\": 3, \"rope_theta\": 500000.0, "
	    "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0, "
	    "\"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 8192}}");

	(void)state;
	assert_int_equal(c.H_kv, 2);
	assert_int_equal(c.head, 16);
	assert_int_equal(c.act, CT_GELU_TANH);
	assert_true(c.tied && c.attn_bias && c.mlp_bias);
	assert_int_equal(c.bos, 3);
	assert_true(c.rope_theta == 500000);
	assert_true(c.rope_scaling.factor == 8);
	assert_true(c.rope_scaling.high_freq_factor == 4);
	assert_int_equal(c.rope_scaling.original_context, 8192);
}

static void
rope_parameters_are_the_newer_spelling(void **state)
{
	struct ct_config c = load("{" LLAMA ", \"rope_parameters\": {\"rope_type\": \"default\", "
	    "\"rope_theta\": 1000}}");

	(void)state;
	assert_true(c.rope_theta == 1000);
	assert_true(c.rope_scaling.factor == 0);
}

static void
gpt2_defaults(void **state)
{
	struct ct_config c = load("{" GPT2 ", \"n_inner\": null, \"bos_token_id\": 50256}");

	(void)state;
	assert_int_equal(c.norm, CT_LAYERNORM);
	assert_int_equal(c.position, CT_LEARNED);
	assert_int_equal(c.act, CT_GELU_TANH);
	assert_int_equal(c.mlp, 128);
	assert_int_equal(c.context, 1024);
	assert_true(c.eps == 1e-5);
	assert_true(c.tied && c.attn_bias && c.mlp_bias);
	assert_false(c.gated);
	assert_int_equal(c.bos, -1);		/* outside this vocabulary */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(llama_defaults),
		cmocka_unit_test(llama_says_otherwise),
		cmocka_unit_test(rope_parameters_are_the_newer_spelling),
		cmocka_unit_test(gpt2_defaults),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
