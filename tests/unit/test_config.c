/*
 * config: what each family makes of config.json, defaults included.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "io/json.h"
#include "model/config.h"
#include "model/synthetic.h"
#include "scratch.h"

static struct ct_config
load(const char *json)
{
	struct ct_error err = { 0 };
	struct ct_config c;

	scratch_text("config.json", json);
	if (ct_config_load(&c, ".", NULL, &err) != CT_OK)
		fail_msg("%s", err.msg);
	return c;
}

#define SIZES "\"hidden_size\": 36, \"intermediate_size\": 64, \"num_hidden_layers\": 7"
#define LLAMA "\"model_type\": \"llama\", \"hidden_size\": 32, \"intermediate_size\": 64, " \
	"\"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"vocab_size\": 100"
#define QWEN3 "\"model_type\": \"qwen3\", \"hidden_size\": 32, \"intermediate_size\": 64, " \
	"\"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"num_key_value_heads\": 2"
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
rope_kinds(void **state)
{
	struct ct_config c = load("{" LLAMA ", \"rope_scaling\": {\"type\": \"linear\", \"factor\": 4}}");

	(void)state;
	assert_true(c.rope_scaling.factor == 4);
	assert_int_equal(c.rope_scaling.original_context, 0);
	/* What dynamic scaling changes begins beyond the context. */
	c = load("{" LLAMA ", \"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 4.0, \"rope_type\": "
	    "\"dynamic\"}}");
	assert_true(c.rope_scaling.factor == 0);
	c = load("{" LLAMA ", \"rope_scaling\": {\"type\": \"default\"}, \"rope_parameters\": null}");
	assert_true(c.rope_scaling.factor == 0);
}

/* The frequencies that transformers computes (tests/rope, written by tests/peer/rope.py). */
static void
rope_frequencies(void **state)
{
	json_t *all, *one;
	size_t i;

	(void)state;
	scratch_copy("expected.json", "rope/expected.json");
	assert_int_equal(ct_json_load(&all, "expected.json", 1 << 20, NULL), CT_OK);
	json_array_foreach(all, i, one) {
		const json_t *wanted = json_object_get(one, "inv_freq");
		char *text = json_dumps(json_object_get(one, "config"), 0);
		struct ct_shape shape = { .cfg = load(text), .F = 1 };
		struct ct_error err = { 0 };
		struct ct_model *m;

		assert_int_equal(ct_model_random(&m, &shape, &err), CT_OK);
		assert_int_equal(json_array_size(wanted), shape.cfg.head / 2);
		for (int k = 0; k < shape.cfg.head / 2; k++) {
			double f = json_number_value(json_array_get(wanted, (size_t)k));

			assert_true(fabs(m->layers[0].rope[k] - f) <= 2e-6 * f);
		}
		ct_model_close(m);
		free(text);
	}
	assert_true(i >= 9);
	json_decref(all);
}

/* Keys that no table has are those that Hugging Face does not read either: said, and passed over. */
static void
unknown_keys_are_noted(void **state)
{
	static const struct {
		const char *json, *note;
	} cases[] = {
		{ "{" LLAMA ", \"torch_dtype\": \"bfloat16\", \"use_cache\": true, \"pretraining_tp\": 1}",
		    NULL },
		{ "{" LLAMA ", \"rope_interleaved\": false, \"logit_scale\": null}", NULL },
		{ "{" LLAMA ", \"rope_tetha\": 500000}",
		  "./config.json: \"rope_tetha\" is ignored, as Hugging Face's class for llama does" },
		{ "{\"model_type\": \"gemma3_text\", " SIZES ", \"attn_logit_softcapping\": 2.0}",
		  "./config.json: \"attn_logit_softcapping\" is ignored, as Hugging Face's class for "
		  "gemma3_text does" },
		{ "{\"model_type\": \"gemma3\", \"text_config\": {" SIZES ", \"final_logit_softcapping\": "
		  "9}}", "./config.json: \"final_logit_softcapping\" is ignored, as Hugging Face's class for "
		  "gemma3 does" },
		{ "{\"model_type\": \"gemma3_text\", " SIZES ", \"final_logit_softcapping\": 9}", NULL },
		{ "{" LLAMA ", \"sliding_window\": 4096, \"attn_logit_softcapping\": 50.0}", "./config.json: "
		  "\"sliding_window\", \"attn_logit_softcapping\" are ignored, as Hugging Face's class "
		    "for llama does" },
		{ "{" LLAMA ", \"n_embd\": 7}",
		  "./config.json: \"n_embd\" is ignored, as Hugging Face's class for llama does" },
		{ "{" GPT2 ", \"n_ctx\": 1024, \"summary_type\": \"cls_index\", \"reorder_and_upcast_attn\": "
		    "true}", NULL },
		{ "{" LLAMA ", \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2, \"beta_fast\": "
		    "32}}",
		  "./config.json: \"rope_scaling\": \"beta_fast\" is ignored: the type \"linear\" has no "
		    "such key" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ct_notes notes = { 0 };
		struct ct_error err = { 0 };
		struct ct_config c;

		scratch_text("config.json", cases[i].json);
		assert_int_equal(ct_config_load(&c, ".", &notes, &err), CT_OK);
		assert_int_equal(notes.n, cases[i].note ? 1 : 0);
		if (cases[i].note)
			assert_string_equal(notes.text[0], cases[i].note);
	}
}

/* Hugging Face's other names for the keys of GPT-2. */
static void
gpt2_aliases(void **state)
{
	struct ct_config c = load("{\"model_type\": \"gpt2\", \"hidden_size\": 32, \"num_hidden_layers\": 2, "
	    "\"num_attention_heads\": 4, \"vocab_size\": 100, \"max_position_embeddings\": 77, "
	    "\"n_positions\": 77}");

	(void)state;
	assert_int_equal(c.D, 32);
	assert_int_equal(c.L, 2);
	assert_int_equal(c.H, 4);
	assert_int_equal(c.context, 77);
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

/* Queries and keys have norms, and windows begin where the config says, if they are used. */
static void
qwen3_windows(void **state)
{
	struct ct_config c = load("{" QWEN3 ", \"sliding_window\": 7, \"max_window_layers\": 1}");

	(void)state;
	assert_true(c.qk_norms && !c.tied && !c.attn_bias && !c.out_bias);
	assert_true(c.head == 128 && c.window == 0 && !c.local[1]);
	c = load("{" QWEN3 ", \"use_sliding_window\": true, \"sliding_window\": 7, \"max_window_layers\": 1, "
	    "\"attention_bias\": true}");
	assert_true(c.window == 7 && !c.local[0] && c.local[1] && c.attn_bias && c.out_bias);
	c = load("{" QWEN3 ", \"use_sliding_window\": true, \"layer_types\": [\"sliding_attention\", "
	    "\"full_attention\"]}");
	assert_true(c.window == 4096 && c.local[0] && !c.local[1]);
}

/* Gemma's classes assume a good deal, and a null turns a part off. */
static void
gemma_defaults(void **state)
{
	struct ct_config c = load("{\"model_type\": \"gemma2\", " SIZES "}");

	(void)state;
	assert_true(c.tied && c.unit_norm && c.post_norms && !c.qk_norms && c.bos == 2);
	assert_true(c.embed_scale == 6 && c.query_scale == 1.0 / 16 && c.attn_softcap == 50 &&
	    c.final_softcap == 30);
	assert_true(c.window == 4096 && c.local[0] && !c.local[1] && c.local[6]);
	c = load("{\"model_type\": \"gemma2\", " SIZES ", \"attn_logit_softcapping\": null, "
	    "\"sliding_window\": 9, \"query_pre_attn_scalar\": 4, \"tie_word_embeddings\": false}");
	assert_true(!c.tied && c.attn_softcap == 0 && c.query_scale == 0.5 && c.window == 9);
	c = load("{\"model_type\": \"gemma\", " SIZES "}");
	assert_true(c.tied && c.unit_norm && !c.post_norms && c.embed_scale == 6 && c.query_scale == 0);
	c = load("{\"model_type\": \"mistral\", " SIZES ", \"num_attention_heads\": 2, "
	    "\"num_key_value_heads\": 1}");
	assert_true(c.window == 4096 && c.local[0] && c.local[6] && c.head == 18);
	c = load("{\"model_type\": \"mistral\", \"hidden_size\": 36, \"intermediate_size\": 64, "
	    "\"num_hidden_layers\": 2, \"num_attention_heads\": 2, \"num_key_value_heads\": 1, "
	    "\"sliding_window\": 9, \"layer_types\": [\"full_attention\", \"sliding_attention\"]}");
	assert_true(c.window == 9 && !c.local[0] && c.local[1]);
}

/*
 * To Hugging Face null is no missing key: it is false, it turns a part off, or what computes with it fails.
 * And 0 turns off neither a softcap nor the base of local layers.
 */
static void
null_is_not_missing(void **state)
{
	static const struct {
		const char *json, *message;
	} cases[] = {
		{ "{" LLAMA ", \"rms_norm_eps\": null}",
		  "\"rms_norm_eps\": expected a number, found null; without the key the default counts" },
		{ "{" LLAMA ", \"hidden_act\": null}",
		  "\"hidden_act\": expected a name, found null; without the key the default counts" },
		{ "{" LLAMA ", \"rope_theta\": null}",
		  "\"rope_theta\": expected a number, found null; without the key the default counts" },
		{ "{" LLAMA ", \"partial_rotary_factor\": null}",
		  "\"partial_rotary_factor\": null is not supported (supported: 1)" },
		{ "{" GPT2 ", \"scale_attn_weights\": null}",
		  "\"scale_attn_weights\": null is not supported (supported: true)" },
		{ "{\"model_type\": \"gemma2\", " SIZES ", \"query_pre_attn_scalar\": null}",
		  "\"query_pre_attn_scalar\": expected a number, found null; without the key the default "
		  "counts" },
		{ "{\"model_type\": \"gemma2\", " SIZES ", \"attn_logit_softcapping\": 0}",
		  "\"attn_logit_softcapping\": expected a positive number or null, found 0" },
		{ "{\"model_type\": \"gemma3_text\", " SIZES ", \"rope_local_base_freq\": 0}",
		  "the rotary base of local layers: expected a positive number, found 0" },
	};
	struct ct_config c = load("{" GPT2 ", \"tie_word_embeddings\": null, "
	    "\"scale_attn_by_inverse_layer_idx\": null, \"pruned_heads\": null}");

	(void)state;
	assert_false(c.tied);
	c = load("{" LLAMA ", \"rope_theta\": null, \"rope_parameters\": {\"rope_theta\": 50}, "
	    "\"head_dim\": null}");
	assert_true(c.rope_theta == 50 && c.head == 8);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ct_error err = { 0 };

		scratch_text("config.json", cases[i].json);
		assert_int_not_equal(ct_config_load(&c, ".", NULL, &err), CT_OK);
		assert_string_equal(err.msg + strlen("./config.json: "), cases[i].message);
	}
}

/* The text model of Gemma 3, alone or inside, in the older and the newer spelling. */
static void
gemma3_inside_and_alone(void **state)
{
	static const char *const spellings[] = {
		"{\"model_type\": \"gemma3_text\", " SIZES ", \"rope_scaling\": {\"rope_type\": \"linear\", "
		"\"factor\": 8.0}, \"sliding_window\": 512, \"sliding_window_pattern\": 3}",
		"{\"model_type\": \"gemma3\", \"vision_config\": {\"a\": 1}, \"text_config\": {" SIZES
		", \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 8.0}, \"sliding_window\": 512, "
		"\"_sliding_window_pattern\": 3}}",
		"{\"model_type\": \"gemma3_text\", " SIZES ", \"sliding_window\": 512, \"layer_types\": "
		"[\"sliding_attention\", \"sliding_attention\", \"full_attention\", \"sliding_attention\", "
		"\"sliding_attention\", \"full_attention\", \"sliding_attention\"], \"rope_parameters\": "
		"{\"full_attention\": {\"rope_type\": \"linear\", \"factor\": 8.0, \"rope_theta\": 1000000}, "
		"\"sliding_attention\": {\"rope_type\": \"default\", \"rope_theta\": 10000}}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
		struct ct_config c = load(spellings[i]);

		assert_true(c.tied && c.unit_norm && c.post_norms && c.qk_norms && c.V == 262208 &&
		    c.head == 256);
		assert_true(c.rope_theta == 1e6 && c.local_theta == 1e4 && c.rope_scaling.factor == 8);
		assert_true(c.attn_softcap == 0 && c.final_softcap == 0 && c.window == 512 && c.bos == 2);
		assert_true(c.local[0] && c.local[1] && !c.local[2] && !c.local[5] && c.local[6]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(llama_defaults),
		cmocka_unit_test(llama_says_otherwise),
		cmocka_unit_test(rope_parameters_are_the_newer_spelling),
		cmocka_unit_test(rope_kinds),
		cmocka_unit_test(rope_frequencies),
		cmocka_unit_test(unknown_keys_are_noted),
		cmocka_unit_test(gpt2_aliases),
		cmocka_unit_test(gpt2_defaults),
		cmocka_unit_test(qwen3_windows),
		cmocka_unit_test(gemma_defaults),
		cmocka_unit_test(null_is_not_missing),
		cmocka_unit_test(gemma3_inside_and_alone),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
