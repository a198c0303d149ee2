/*
 * model: the golden models open and their weights are where the families say, in other spellings and dtypes
 * too.
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

#include "base/file.h"
#include "model/model.h"
#include "model/transformer.h"
#include "scratch.h"

static struct ct_model *
must_open(const char *dir)
{
	struct ct_error err = { 0 };
	struct ct_model *m;

	if (ct_model_open(&m, dir, NULL, &err) != CT_OK)
		fail_msg("%s", err.msg);
	return m;
}

/* A copy of a golden model in the directory "g". */
static struct ct_model *
open_golden(const char *name)
{
	static const char *const files[] = { "config.json", "model.safetensors" };

	assert_int_equal(ct_dir_make("g", NULL), CT_OK);
	for (size_t i = 0; i < 2; i++) {
		char to[64], from[64];

		snprintf(to, sizeof to, "g/%s", files[i]);
		snprintf(from, sizeof from, "golden/%s/%s", name, files[i]);
		scratch_copy(to, from);
	}
	return must_open("g");
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
	assert_ptr_not_equal(m->embed.data, m->unembed.data);
	assert_int_equal(m->layers[1].k.w.rows, 8);
	assert_false(m->layers[1].k.w.flipped);
	assert_true(ct_matrix_at(&m->layers[1].k.w, 0, 5) == value(m,
	    "model.layers.1.self_attn.k_proj.weight", 5));
	assert_true(ct_matrix_at(&m->layers[2].down.w, 1, 33 - m->layers[2].down.w.cols) == value(m,
	    "model.layers.2.mlp.down_proj.weight", 33));
	assert_null(m->layers[0].q.b);
	ct_model_close(m);
}

/* Gemma's files keep the weights of its norms less 1. */
static void
gemma_norms_are_one_more(void **state)
{
	static const char config[] = "{\"model_type\": \"gemma\", \"hidden_size\": 16, "
	    "\"intermediate_size\": 32, \"num_hidden_layers\": 3, \"num_attention_heads\": 4, "
	    "\"num_key_value_heads\": 2, \"head_dim\": 4, \"tie_word_embeddings\": false, "
	    "\"vocab_size\": 40, \"max_position_embeddings\": 24}";
	struct ct_model *m;

	(void)state;
	ct_model_close(open_golden("llama-clt"));
	scratch_text("g/config.json", config);
	m = must_open("g");
	for (int d = 0; d < m->cfg.D; d++) {
		assert_true(m->norm_f.w[d] == 1 + value(m, "model.norm.weight", (size_t)d));
		assert_true(m->layers[2].norm1.w[d] == 1 + value(m, "model.layers.2.input_layernorm.weight",
		    (size_t)d));
	}
	ct_model_close(m);
}

static void
tied_llama_shares_its_embedding(void **state)
{
	struct ct_model *m = open_golden("llama-skip");

	(void)state;
	assert_true(m->cfg.tied);
	assert_ptr_equal(m->embed.data, m->unembed.data);
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
	assert_non_null(m->pos_embed.data);
	assert_true(l->k.w.flipped);
	assert_int_equal(l->k.w.ld, 3 * D);
	assert_true(ct_matrix_at(&l->q.w, o, i) == value(m, "transformer.h.1.attn.c_attn.weight", at));
	assert_true(ct_matrix_at(&l->k.w, o, i) == value(m, "transformer.h.1.attn.c_attn.weight", at +
	    (size_t)D));
	assert_true(ct_matrix_at(&l->v.w, o, i) == value(m, "transformer.h.1.attn.c_attn.weight", at + 2 *
	    (size_t)D));
	assert_true(l->v.b[o] == value(m, "transformer.h.1.attn.c_attn.bias", 2 * (size_t)D + (size_t)o));
	assert_null(l->gate.w.data);
	assert_int_equal(l->up.w.rows, 32);
	assert_int_equal(l->down.w.cols, 32);
	ct_model_close(m);
}

enum { MAX_TENSORS = 64 };

/* Writes the model's tensors to "v", names without the prefix, and n more; and a config. */
static void
write_variant(const struct ct_model *m, const char *prefix, const struct ct_tensor *more, int n,
    const char *config)
{
	struct ct_tensor list[MAX_TENSORS];
	int count = ct_tensors_count(m->tensors);

	assert_true(count + n <= MAX_TENSORS);
	for (int i = 0; i < count; i++) {
		list[i] = *ct_tensors_at(m->tensors, i);
		if (strncmp(list[i].name, prefix, strlen(prefix)) == 0)
			list[i].name += strlen(prefix);
	}
	for (int i = 0; i < n; i++)
		list[count + i] = more[i];
	assert_int_equal(ct_dir_make("v", NULL), CT_OK);
	assert_int_equal(ct_tensors_write("v/model.safetensors", list, count + n, NULL), CT_OK);
	scratch_copy("v/config.json", config);
}

static void
prefixes_may_be_left_out(void **state)
{
	/* Causal masks, which old checkpoints carry along, are ignored. */
	const float mask[4] = { 1, 0, 1, 1 };
	const struct ct_tensor buffer = { .name = "h.0.attn.bias", .rank = 4, .dim = { 1, 1, 2, 2 },
		.data = mask };
	struct ct_model *m = open_golden("gpt2-plt"), *v;

	(void)state;
	write_variant(m, "transformer.", &buffer, 1, "golden/gpt2-plt/config.json");
	v = must_open("v");
	assert_memory_equal(v->embed.data, m->embed.data, 40 * 16 * sizeof(float));
	assert_true(ct_matrix_at(&v->layers[2].down.w, 9, 2) == ct_matrix_at(&m->layers[2].down.w, 9, 2));
	ct_model_close(v);
	ct_model_close(m);
	m = open_golden("llama-clt");
	write_variant(m, "model.", NULL, 0, "golden/llama-clt/config.json");
	v = must_open("v");
	assert_memory_equal(v->embed.data, m->embed.data, 40 * 16 * sizeof(float));
	assert_memory_equal(v->unembed.data, m->unembed.data, 40 * 16 * sizeof(float));
	ct_model_close(v);
	ct_model_close(m);
}

/*
 * What no config calls for: weights of the blocks are refused, heads for other tasks noted, masks passed
 * over.
 */
static void
leftover_tensors_are_said(void **state)
{
	static const struct {
		const char *name, *note, *refused;
	} cases[] = {
		{ "model.layers.0.self_attn.rotary_emb.inv_freq", NULL, NULL },
		{ "model.rotary_emb.inv_freq", NULL, NULL },
		{ "score.weight", "v: ignored, as Hugging Face does with a warning: score.weight", NULL },
		{ "v_head.summary.bias", "v: ignored, as Hugging Face does with a warning: "
		    "v_head.summary.bias", NULL },
		{ "model.layers.3.mlp.up_proj.weight", NULL, "model.layers.3.mlp.up_proj.weight" },
		{ "model.layers.1.self_attn.q_norm.weight", NULL, "model.layers.1.self_attn.q_norm.weight" },
		{ "layers.0.self_attn.q_proj.weight", NULL, "layers.0.self_attn.q_proj.weight" },
		{ "model.layers.1.post_feedforward_layernorm.weight", NULL,
		  "model.layers.1.post_feedforward_layernorm.weight" },
		{ "model.layers.2.self_attn.q_proj.lora_A.weight", NULL,
		    "model.layers.2.self_attn.q_proj.lora_A.weight" },
	};
	const float values[4] = { 1, 2, 3, 4 };
	struct ct_model *m = open_golden("llama-clt"), *v;
	struct ct_error err;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct ct_tensor more = { .name = cases[i].name, .rank = 1, .dim = { 4 },
		    .data = values };
		char wanted[400];

		write_variant(m, "", &more, 1, "golden/llama-clt/config.json");
		if (cases[i].refused) {
			assert_int_equal(ct_model_open(&v, "v", NULL, &err), CT_EFORMAT);
			snprintf(wanted, sizeof wanted, "v: config.json calls for no such tensor: %s; "
			    "without it this would "
			    "be another model. Look whether config.json belongs to these files",
			    cases[i].refused);
			assert_string_equal(err.msg, wanted);
			continue;
		}
		v = must_open("v");
		assert_int_equal(v->notes.n, cases[i].note ? 1 : 0);
		if (cases[i].note)
			assert_string_equal(v->notes.text[0], cases[i].note);
		ct_model_close(v);
	}
	ct_model_close(m);
}

/* Of a tied model the file may have the matrix under either name, or twice the same. */
static void
tied_models_keep_either_name(void **state)
{
	struct ct_model *m = open_golden("llama-skip"), *v;
	struct ct_tensor list[MAX_TENSORS];
	int count = ct_tensors_count(m->tensors), embed = -1;
	float *other;
	struct ct_error err;

	(void)state;
	for (int i = 0; i < count; i++) {
		list[i] = *ct_tensors_at(m->tensors, i);
		if (strcmp(list[i].name, "model.embed_tokens.weight") == 0)
			embed = i;
	}
	assert_true(embed >= 0);
	assert_int_equal(ct_dir_make("v", NULL), CT_OK);
	scratch_copy("v/config.json", "golden/llama-skip/config.json");
	list[count] = list[embed];
	list[count].name = "lm_head.weight";
	assert_int_equal(ct_tensors_write("v/model.safetensors", list, count + 1, NULL), CT_OK);
	v = must_open("v");
	assert_int_equal(v->notes.n, 0);
	ct_model_close(v);

	other = malloc(list[embed].count * sizeof *other);
	assert_non_null(other);
	memcpy(other, list[embed].data, list[embed].count * sizeof *other);
	other[list[embed].count - 1] += 1;
	list[count].data = other;
	assert_int_equal(ct_tensors_write("v/model.safetensors", list, count + 1, NULL), CT_OK);
	assert_int_equal(ct_model_open(&v, "v", NULL, &err), CT_EFORMAT);
	assert_non_null(strstr(err.msg, "tie_word_embeddings is true, but lm_head.weight differs from "
	    "model.embed_tokens.weight at element "));
	free(other);

	list[embed].name = "lm_head.weight";
	assert_int_equal(ct_tensors_write("v/model.safetensors", list, count, NULL), CT_OK);
	v = must_open("v");
	assert_ptr_equal(v->embed.data, v->unembed.data);
	assert_memory_equal(v->embed.data, m->embed.data, list[embed].count * sizeof(float));
	ct_model_close(v);
	ct_model_close(m);
}

static void
llama_biases_come_with_the_config(void **state)
{
	static const struct {
		const char *name;
		size_t n;
	} biases[] = {
		{ "self_attn.q_proj", 16 }, { "self_attn.k_proj", 8 }, { "self_attn.v_proj", 8 },
		{ "self_attn.o_proj", 16 }, { "mlp.gate_proj", 32 }, { "mlp.up_proj", 32 },
		    { "mlp.down_proj", 16 },
	};
	struct ct_model *m = open_golden("llama-clt"), *v;
	struct ct_tensor more[21];
	char names[21][64];
	float values[32];
	struct ct_error err;

	(void)state;
	for (int i = 0; i < 32; i++)
		values[i] = (float)i;
	for (int i = 0; i < 21; i++) {
		snprintf(names[i], sizeof names[i], "model.layers.%d.%s.bias", i / 7, biases[i % 7].name);
		more[i] = (struct ct_tensor){ .name = names[i], .rank = 1, .dim = { biases[i % 7].n },
			.data = values };
	}
	write_variant(m, "", more, 21, "golden/llama-clt/config.json");
	/* The config says there are none. */
	assert_int_equal(ct_model_open(&v, "v", NULL, &err), CT_EFORMAT);
	assert_string_equal(err.msg, "v: config.json calls for no such tensors: "
	    "model.layers.0.mlp.down_proj.bias, "
	    "model.layers.0.mlp.gate_proj.bias, model.layers.0.mlp.up_proj.bias, "
	    "model.layers.0.self_attn.k_proj.bias, "
	    "model.layers.0.self_attn.o_proj.bias, model.layers.0.self_attn.q_proj.bias and 15 more; without "
	    "them this would be another model. Look whether config.json belongs to these files");
	scratch_text("v/config.json", "{\"model_type\":\"llama\",\"hidden_size\":16,\"intermediate_size\":32,"
	    "\"num_hidden_layers\":3,\"num_attention_heads\":4,\"num_key_value_heads\":2,\"vocab_size\":40,"
	    "\"attention_bias\":true,\"mlp_bias\":true}");
	v = must_open("v");
	assert_true(v->layers[2].k.b[7] == 7);
	assert_true(v->layers[0].down.b[15] == 15);
	ct_model_close(v);
	write_variant(m, "", more, 20, "golden/llama-clt/config.json");
	scratch_text("v/config.json", "{\"model_type\":\"llama\",\"hidden_size\":16,\"intermediate_size\":32,"
	    "\"num_hidden_layers\":3,\"num_attention_heads\":4,\"num_key_value_heads\":2,\"vocab_size\":40,"
	    "\"attention_bias\":true,\"mlp_bias\":true}");
	assert_int_equal(ct_model_open(&v, "v", NULL, &err), CT_EFORMAT);
	assert_string_equal(err.msg,
	    "v: 1 tensor that config.json calls for is missing: model.layers.2.mlp.down_proj.bias");
	ct_model_close(m);
}

static void
half_precision_is_converted(void **state)
{
	struct ct_model *m = open_golden("llama-skip"), *v;
	int count = ct_tensors_count(m->tensors);
	size_t at = 0, used = 1, total = 0;
	unsigned char *data;
	char *header;

	(void)state;
	for (int i = 0; i < count; i++)
		total += 2 * ct_tensors_at(m->tensors, i)->count;
	data = malloc(total);
	header = malloc(200 * (size_t)count);
	assert_true(data && header);
	header[0] = '{';
	for (int i = 0; i < count; i++) {
		const struct ct_tensor *t = ct_tensors_at(m->tensors, i);
		size_t end = at + 2 * t->count;
		char second[32] = "";

		if (t->rank == 2)
			snprintf(second, sizeof second, ",%zu", t->dim[1]);
		used += (size_t)snprintf(header + used, 200,
		    "%s\"%s\":{\"dtype\":\"BF16\",\"shape\":[%zu%s],\"data_offsets\":[%zu,%zu]}",
		    i ? "," : "",
		    t->name, t->dim[0], second, at, end);
		/* BF16 is the upper half of a float. */
		for (size_t k = 0; k < t->count; k++)
			memcpy(data + at + 2 * k, (const unsigned char *)t->data + 4 * k + 2, 2);
		at = end;
	}
	memcpy(header + used, "}", 2);
	assert_int_equal(ct_dir_make("v", NULL), CT_OK);
	scratch_tensors("v/model.safetensors", header, data, total);
	scratch_copy("v/config.json", "golden/llama-skip/config.json");
	v = must_open("v");
	assert_ptr_equal(v->embed.data, v->unembed.data);
	for (int i = 0; i < 16 * 32; i++) {
		const struct ct_matrix *up = &v->layers[1].up.w;
		float exact = ct_matrix_at(&m->layers[1].up.w, i / up->cols, i % up->cols);
		float half = ct_matrix_at(up, i / up->cols, i % up->cols);

		assert_true(half == value(v, "model.layers.1.mlp.up_proj.weight", (size_t)i));
		assert_true(fabsf(half - exact) <= fabsf(exact) / 128);
	}
	free(header);
	free(data);
	ct_model_close(v);
	ct_model_close(m);
}

/* Puts other numbers in the place of a tensor of floats. */
static void
overwrite(const char *path, const struct ct_tensor *t, const float *numbers)
{
	size_t size, n = t->count * sizeof *numbers;
	char *data, *at;

	assert_int_equal(ct_file_read(&data, &size, path, 1 << 20, NULL), CT_OK);
	for (at = data; at + n <= data + size && memcmp(at, t->data, n) != 0;)
		at++;
	assert_true(at + n <= data + size);
	memcpy(at, numbers, n);
	scratch_write(path, data, size);
	free(data);
}

/* Runs the model on two tokens. */
static int
run_two(const char *dir, bool anyway, struct ct_error *err)
{
	const struct ct_model_options opt = { .allow_nonfinite = anyway };
	const int ids[] = { 0, 5 };
	struct ct_arena a = { 0 };
	struct ct_model *m = NULL;
	struct ct_pass pass;
	int code = ct_model_open(&m, dir, &opt, err);

	if (code == CT_OK)
		code = ct_pass_init(&pass, m, 2, &a, err);
	if (code == CT_OK)
		code = ct_forward(&pass, ids, ct_arena_alloc(&a, ct_layer_scratch(m, 2), sizeof(float)), NULL,
		    err);
	ct_arena_free(&a);
	ct_model_close(m);
	return code;
}

/*
 * Weights are looked at when they are used: whichever it is, it is named; and one that is not used does no
 * harm.
 */
static void
weights_that_are_no_numbers(void **state)
{
	static const struct {
		const char *tensor;
		long element;
		bool unused;
	} list[] = {
		{ "lm_head.weight", 639, false },
		{ "model.embed_tokens.weight", 5 * 16 + 3, false },
		{ "model.embed_tokens.weight", 6 * 16, true },
		{ "model.norm.weight", 15, false },
		{ "model.layers.0.input_layernorm.weight", 0, false },
		{ "model.layers.1.self_attn.q_proj.weight", 17, false },
		{ "model.layers.1.self_attn.v_proj.weight", 100, false },
		{ "model.layers.2.self_attn.o_proj.weight", 255, false },
		{ "model.layers.2.mlp.gate_proj.weight", 40, false },
		{ "model.layers.2.mlp.down_proj.weight", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof list / sizeof *list; i++) {
		const float bad = i % 2 ? INFINITY : NAN;
		const struct ct_tensor *t;
		struct ct_tensors *all;
		struct ct_error err = { 0 };
		char message[300];
		float *weights;

		scratch_golden("llama-clt");
		assert_int_equal(ct_tensors_open(&all, "g/model.safetensors", &err), CT_OK);
		t = ct_tensors_find(all, list[i / 2].tensor);
		assert_non_null(t);
		weights = malloc(t->count * sizeof *weights);
		ct_tensor_read(weights, t, 0, t->count);
		weights[list[i / 2].element] = bad;
		overwrite("g/model.safetensors", t, weights);
		free(weights);
		ct_tensors_close(all);
		assert_int_equal(run_two("g", true, &err), CT_OK);
		assert_int_equal(run_two("g", false, &err), list[i / 2].unused ? CT_OK : CT_EFORMAT);
		snprintf(message, sizeof message,
		    "g/model.safetensors: tensor %s: element %ld is %g; expected "
		    "finite weights (--allow-nonfinite reads it anyway)", list[i / 2].tensor,
		    list[i / 2].element,
		    (double)bad);
		if (!list[i / 2].unused)
			assert_string_equal(err.msg, message);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(llama_opens),
		cmocka_unit_test(gemma_norms_are_one_more),
		cmocka_unit_test(tied_llama_shares_its_embedding),
		cmocka_unit_test(gpt2_slices_its_fused_matrix),
		cmocka_unit_test(prefixes_may_be_left_out),
		cmocka_unit_test(llama_biases_come_with_the_config),
		cmocka_unit_test(leftover_tensors_are_said),
		cmocka_unit_test(tied_models_keep_either_name),
		cmocka_unit_test(half_precision_is_converted),
		cmocka_unit_test(weights_that_are_no_numbers),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
