/*
 * layouts_bad: each way to be no transcoder gives its one exact line, and each odd one its note. They are
 * those of tests/layouts with something changed.
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
#include "ctrace.h"
#include "fixture.h"
#include "scratch.h"

/* What the layouts say that files hold, for the rows of the table below. */
#define PLT "W_enc, W_dec, b_enc, b_dec, and perhaps activation_function.threshold and W_skip"
#define CLT "W_enc_{l}, b_enc_{l}, b_dec_{l}, perhaps threshold_{l}, and in another file W_dec_{l}"
#define SCOPE2_CONFIG "transcoder_all/layer_1_width_16k_l0_small_affine/config.json"
#define SCOPE2 "w_enc, w_dec, b_enc, b_dec, threshold, and perhaps affine_skip_connection"
#define SPARSIFY "encoder.weight, encoder.bias, W_dec, b_dec, and W_skip if cfg.json says skip_connection"

static char layouts[PATH_MAX];		/* the folder of them, from wherever a test runs */

/*
 * A layout of tests/layouts with one of its files changed: `from` becomes `to` at its first place, both of
 * one length where the file is not a text. No file: nothing is changed; no `from`: the file is removed, or
 * filled with `to`.
 */
static const struct bad {
	const char *layout, *file, *from, *to;
	const char *message;		/* @ stands for the directory */
	int k;				/* --k */
	const char *model;		/* the model's name, if it is known */
} bad[] = {
	/* Keys of config.yaml. */
	{ "plt-relu", "config.yaml", "activation: relu", "activaton: topk",
	    "@/config.yaml:2: the key \"activaton\" is unknown, and might change the numbers; did you mean "
	    "\"activation\"?", 0, NULL },
	{ "plt-relu", "config.yaml", "activation: relu", "normalize_activations: true",
	    "@/config.yaml:2: the key \"normalize_activations\" is unknown, and might change the numbers", 0,
	    NULL },
	{ "plt-relu", "config.yaml", "activation: relu", "activation: gelu",
	    "@/config.yaml:2: activation is \"gelu\", expected relu, jump_relu or topk", 0, NULL },
	{ "plt-relu", "config.yaml", "activation: relu", "activation: [relu]",
	    "@/config.yaml:2: \"activation\": expected text, found a list", 0, NULL },
	{ "plt-relu", "config.yaml", "activation: relu", "activation: jump_relu",
	    "@/config.yaml: activation is jump_relu, but the files have no thresholds", 0, NULL },
	{ "plt-relu", "config.yaml", "activation: relu", "activation: topk",
	    "@/config.yaml:2: activation is topk, but k, the number of features that stay active, is "
	    "missing; give it as --k N", 0, NULL },
	{ "plt-relu", "config.yaml", "activation: relu", "k: 4", "@/config.yaml:2: k is 4, but activation is "
	    "missing; k belongs to \"activation: topk\"", 0, NULL },
	{ "plt-relu", "config.yaml", "activation: relu", "activation: relu\nk: 4",
	    "@/config.yaml:3: k is 4, but activation is relu; k belongs to \"activation: topk\"", 0, NULL },
	{ "plt-relu", "config.yaml", "activation: relu", "activation: topk\nk: 0",
	    "@/config.yaml:3: \"k\": expected 1 to 16777216, found 0", 0, NULL },
	{ "plt-relu", NULL, NULL, NULL, "@/config.yaml:2: --k 3 belongs to \"activation: topk\", but "
	    "activation is relu", 3, NULL },
	{ "plt-bare", NULL, NULL, NULL, "@/config.yaml:1: --k 3 belongs to \"activation: topk\", but "
	    "activation is missing", 3, NULL },
	{ "plt-topk", NULL, NULL, NULL, "@/config.yaml:3: k is 5, but --k 4 is given", 4, NULL },
	{ "plt-jumprelu", "config.yaml", "jump_relu", "relu", "@/config.yaml: activation is relu, but the "
	    "files have thresholds", 0, NULL },
	{ "plt-jumprelu", "config.yaml", "jump_relu", "topk\nk: 2", "@/config.yaml: activation is topk, but "
	    "the files have thresholds", 0, NULL },
	{ "plt-relu", "config.yaml", "feature_input_hook: hook_resid_mid\n", "",
	    "@/config.yaml:1: \"feature_input_hook\" is missing: what the features read, hook_resid_mid, "
	    "mlp.hook_in or ln2.hook_normalized, as its maker says", 0, NULL },
	{ "plt-relu", "config.yaml", "feature_output_hook: hook_mlp_out\n", "",
	    "@/config.yaml:1: \"feature_output_hook\" is missing: what the features replace, hook_mlp_out or "
	    "mlp.hook_out, as its maker says", 0, NULL },
	{ "plt-relu", "config.yaml", "hook_resid_mid", "hook_resid_pre",
	    "@/config.yaml:4: feature_input_hook is \"hook_resid_pre\", expected hook_resid_mid, mlp.hook_in "
	    "or ln2.hook_normalized", 0, NULL },
	{ "plt-relu", "config.yaml", "hook_mlp_out", "hook_attn_out", "@/config.yaml:5: feature_output_hook "
	    "is \"hook_attn_out\", expected hook_mlp_out or mlp.hook_out", 0, NULL },
	{ "plt-relu", "config.yaml", "hook_mlp_out", "blocks.0.hook_mlp_out",
	    "@/config.yaml:5: feature_output_hook is \"blocks.0.hook_mlp_out\", expected hook_mlp_out or "
	    "mlp.hook_out", 0, NULL },
	{ "plt-relu", "config.yaml", "model_kind: transcoder_set\n", "", "@/config.yaml:1: \"model_kind\" is "
	    "missing", 0, NULL },
	{ "plt-relu", "config.yaml", "transcoder_set", "sae", "@/config.yaml:1: model_kind is \"sae\", "
	    "expected cross_layer_transcoder or transcoder_set", 0, NULL },
	{ "plt-relu", "config.yaml", "model_kind: transcoder_set", "- a", "@/config.yaml:2: not valid YAML: "
	    "did not find expected '-' indicator", 0, NULL },
	{ "plt-relu", "config.yaml", "transcoder_set", "cross_layer_transcoder",
	    "@: there is neither W_enc_0.safetensors nor params_layer_0.safetensors; layer_0.safetensors is "
	    "of a transcoder_set", 0, NULL },
	{ "clt-relu", "config.yaml", "cross_layer_transcoder", "transcoder_set",
	    "@: there is no layer_0.safetensors, and config.yaml lists no files under \"transcoders\"; "
	    "W_enc_0.safetensors is of a cross_layer_transcoder", 0, NULL },
	{ "plt-relu", "config.yaml", "model_name: llama-clt", "model_name: google/gemma-2-2b",
	    "@/config.yaml:3: a transcoder of the model \"google/gemma-2-2b\", whose model_type is gemma2; "
	    "this model's is llama", 0, NULL },
	{ "plt-relu", "config.yaml", "model_name: llama-clt", "model_name: gpt2",
	    "@/config.yaml:3: a transcoder of the model \"gpt2\", whose model_type is gpt2; this model's is "
	    "llama", 0, NULL },
	{ "plt-relu", NULL, NULL, NULL, "@/config.yaml:3: a transcoder of the model \"llama-clt\", but this "
	    "model is \"capitals\"", 0, "capitals" },
	{ "plt-relu", "config.yaml", "model_name: llama-clt", "d_model: 32",
	    "@/config.yaml:3: a transcoder of 3 layers and width 32; the model has 3 layers and width 16", 0,
	    NULL },
	{ "plt-relu", "config.yaml", "model_name: llama-clt", "n_layers: 2",
	    "@/config.yaml:3: a transcoder of 2 layers and width 16; the model has 3 layers and width 16", 0,
	    NULL },
	{ "plt-relu", "config.yaml", "model_name: llama-clt", "d_transcoder: 16",
	    "@/layer_0.safetensors: tensor W_enc has 12 features, but the transcoder is said to have 16", 0,
	    NULL },
	{ "plt-relu", "config.yaml", "model_name: llama-clt", "transcoders: layer_0.safetensors",
	    "@/config.yaml:3: transcoders: expected a list of 3 paths, one per layer of the model, found 0",
	    0, NULL },
	{ "plt-relu", "config.yaml", "model_name: llama-clt", "transcoders: [a, b]",
	    "@/config.yaml:3: transcoders: expected a list of 3 paths, one per layer of the model, found 2",
	    0, NULL },
	{ "plt-relu", "config.yaml", "model_name: llama-clt", "transcoders: [a, b, [c]]",
	    "@/config.yaml:3: transcoders: expected a path", 0, NULL },
	{ "plt-relu", "config.yaml", "model_name: llama-clt", "transcoders: [a, b, c]",
	    "cannot open @/a: No such file or directory", 0, NULL },
	{ "plt-relu", "config.yaml", "model_name: llama-clt", "transcoders: [hf://a/b, b, c]",
	    "@: transcoders: \"hf://a/b\": expected hf://owner/repository/file", 0, NULL },
	{ "scope1", "config.yaml", "layer_0/width_16k", "layer_0/width_65k",
	    "@: there is no layer_0/width_65k/average_l0_60/params.npz, which config.yaml lists; download "
	    "it: hf download google/gemma-scope-2b-pt-transcoders layer_0/width_65k/average_l0_60/params.npz "
	    "--local-dir @", 0, NULL },
	/* Files and tensors. */
	{ "plt-relu", "config.yaml", NULL, NULL, "@: no config.yaml; layer_0.safetensors is a layer of a "
	    "transcoder per layer: download its config.yaml too, or write one; ctrace-models(5) has the keys",
	    0, NULL },
	{ "plt-relu", "layer_0.safetensors", NULL, NULL, "@: there is no layer_0.safetensors, and "
	    "config.yaml lists no files under \"transcoders\"", 0, NULL },
	{ "plt-relu", "layer_1.safetensors", NULL, NULL, "cannot open @/layer_1.safetensors: No such file or "
	    "directory", 0, NULL },
	{ "plt-relu", "layer_3.safetensors", NULL, "more", "@/layer_3.safetensors: a layer that the model, "
	    "which has 3, lacks: was this transcoder made for another model?", 0, NULL },
	{ "plt-relu", "layer_1.safetensors", "b_dec", "b_end", "@/layer_1.safetensors: no tensor b_dec; a "
	    "transcoder per layer has " PLT ", the file has W_dec, W_enc, b_enc, b_end", 0, NULL },
	{ "plt-relu", "layer_1.safetensors", "[12,16]", "[16,12]", "@/layer_1.safetensors: tensor W_dec has "
	    "shape [16,12], expected [12,16]: was this transcoder made for another model?", 0, NULL },
	{ "plt-relu", "layer_1.safetensors", "F32", "U32", "@/layer_1.safetensors: tensor W_dec is of type "
	    "U32; expected F32, F16, BF16 or F64", 0, NULL },
	{ "plt-jumprelu", "layer_1.safetensors", "activation_function.threshold",
	    "activation_function.log_thres", "@/layer_1.safetensors: tensor activation_function.log_thres is "
	    "unknown in a transcoder per layer, which has " PLT, 0, NULL },
	{ "plt-jumprelu", "layer_2.safetensors", "activation_function.threshold",
	    "log_thresholds               ", "@/layer_2.safetensors: tensor log_thresholds                is "
	    "unknown in a transcoder per layer, which has " PLT "; store exp(log_thresholds) as this "
	    "layout's thresholds", 0, NULL },
	{ "plt-topk", "layer_0.safetensors", "W_skip", "scale_", "@/layer_0.safetensors: tensor scale_ is "
	    "unknown in a transcoder per layer, which has " PLT "; fold scaling factors into the weights", 0,
	    NULL },
	{ "plt-topk", "layer_0.safetensors", "W_skip", "W_norm", "@/layer_0.safetensors: tensor W_norm is "
	    "unknown in a transcoder per layer, which has " PLT "; fold scaling factors into the weights", 0,
	    NULL },
	{ "clt-jumprelu", "W_enc_0.safetensors", "threshold_0", "threshold\\n",
	    "@/W_enc_0.safetensors: tensor threshold⏎ is unknown in a cross-layer transcoder, which has "
	    "" CLT "; it may be a threshold under a name of another layout", 0, NULL },
	{ "clt-jumprelu", "W_enc_1.safetensors", "threshold_1", "threshold_0",
	    "@/W_enc_1.safetensors: tensor threshold_0 is unknown in a cross-layer transcoder, which has "
	    "" CLT "; it may be a threshold under a name of another layout", 0, NULL },
	{ "clt-jumprelu", "W_enc_1.safetensors", "threshold_1", "W_skip_1   ",
	    "@/W_enc_1.safetensors: tensor W_skip_1    is unknown in a cross-layer transcoder, which has "
	    "" CLT "; it may be a skip path, which this layout does not define", 0, NULL },
	{ "clt-jumprelu", "W_enc_1.safetensors", "b_enc_1", "b_enc_0", "@/W_enc_1.safetensors: no tensor "
	    "b_enc_1; a cross-layer transcoder has " CLT ", the file has W_enc_1, b_dec_1, b_enc_0, "
	    "threshold_1", 0, NULL },
	{ "clt-jumprelu", "W_dec_1.safetensors", "W_dec_1", "W_dec_2", "@/W_dec_1.safetensors: no tensor "
	    "W_dec_1; a cross-layer transcoder has " CLT ", the file has W_dec_2", 0, NULL },
	{ "clt-jumprelu", "W_dec_1.safetensors", "[12,2,16]", "[12,1,32]",
	    "@/W_dec_1.safetensors: tensor W_dec_1 has shape [12,1,32], expected [12,2,16]: was this "
	    "transcoder made for another model?", 0, NULL },
	{ "clt-jumprelu", "W_dec_2.safetensors", NULL, NULL, "cannot open @/W_dec_2.safetensors: No such "
	    "file or directory", 0, NULL },
	{ "clt-relu", "W_enc_0.safetensors", NULL, NULL, "@: there is neither W_enc_0.safetensors nor "
	    "params_layer_0.safetensors", 0, NULL },
	{ "clt-relu", "W_enc_3.safetensors", NULL, "more", "@/W_enc_3.safetensors: a layer that the model, "
	    "which has 3, lacks: was this transcoder made for another model?", 0, NULL },
	{ "scope2-plt", "transcoder_all/layer_1_width_16k_l0_small_affine/params.safetensors", "threshold",
	    "thresholt", "@/transcoder_all/layer_1_width_16k_l0_small_affine/params.safetensors: no tensor "
	    "threshold; Gemma Scope 2 has " SCOPE2 ", the file has affine_skip_connection, b_dec, b_enc, "
	    "thresholt, w_dec, w_enc", 0, NULL },
	{ "scope2-plt", "transcoder_all/layer_1_width_16k_l0_small_affine/params.safetensors",
	    "affine_skip_connection", "affine_skip_connectiom",
	    "@/transcoder_all/layer_1_width_16k_l0_small_affine/params.safetensors: tensor "
	    "affine_skip_connectiom is unknown in Gemma Scope 2, which has " SCOPE2 "; it may be a skip "
	    "path, which this layout does not define", 0, NULL },
	{ "scope2-plt", SCOPE2_CONFIG, "layers.1.pre", "layers.2.pre", "@/" SCOPE2_CONFIG ": "
	    "hf_hook_point_in is \"model.layers.2.pre_feedforward_layernorm.output\", expected "
	    "\"model.layers.1.pre_feedforward_layernorm.output\" of a transcoder of layer 1", 0, NULL },
	{ "scope2-plt", SCOPE2_CONFIG, NULL, "{\"hf_hook_point_out\": \"model.layers.1.output\"}",
	    "@/" SCOPE2_CONFIG ": hf_hook_point_out is \"model.layers.1.output\", expected "
	    "\"model.layers.1.post_feedforward_layernorm.output\" of a transcoder of layer 1", 0, NULL },
	{ "scope2-plt", SCOPE2_CONFIG, NULL, "{\"width\": 16384}",
	    "@/" SCOPE2_CONFIG ": \"width\" is 16384, but the file has 12 features", 0, NULL },
	{ "scope2-plt", SCOPE2_CONFIG, NULL, "{\"affine_connection\": false}",
	    "@/" SCOPE2_CONFIG ": \"affine_connection\" is false, but the file "
	    "has an affine_skip_connection", 0, NULL },
	{ "scope2-plt", SCOPE2_CONFIG, NULL, "{\"architecture\": \"relu\"}",
	    "@/" SCOPE2_CONFIG ": \"architecture\" is \"relu\", expected jump_relu", 0, NULL },
	{ "scope2-clt", "params_layer_2.safetensors", "[12,3,16]", "[12,1,48]",
	    "@/params_layer_2.safetensors: tensor w_dec has shape [12,1,48], expected [12,3,16]: was this "
	    "transcoder made for another model?", 0, NULL },
	{ "scope2-clt", "params_layer_3.safetensors", NULL, "more", "@/params_layer_3.safetensors: a layer "
	    "that the model, which has 3, lacks: was this transcoder made for another model?", 0, NULL },
	/* sparsify's cfg.json. */
	{ "sparsify-topk", "layers.0.mlp/cfg.json", NULL, NULL, "@: no transcoder: there is neither a "
	    "config.yaml, as circuit-tracer has it, nor layers.0.mlp/cfg.json, as sparsify has it", 0,
	    NULL },
	{ "sparsify-topk", "layers.1.mlp/cfg.json", NULL, NULL, "cannot open @/layers.1.mlp/cfg.json: No "
	    "such file or directory", 0, NULL },
	{ "sparsify-topk", "layers.1.mlp/sae.safetensors", NULL, NULL,
	    "cannot open @/layers.1.mlp/sae.safetensors: No such file or directory", 0, NULL },
	{ "sparsify-topk", "layers.1.mlp/cfg.json", NULL, "[]", "@/layers.1.mlp/cfg.json: expected an object "
	    "{...}", 0, NULL },
	{ "sparsify-topk", "layers.1.mlp/cfg.json", "\"d_in\": 16", "\"d_in\": 32",
	    "@/layers.1.mlp/cfg.json: \"d_in\" is 32, but the model has a width of 16: was this transcoder "
	    "made for another model?", 0, NULL },
	{ "sparsify-topk", "layers.1.mlp/cfg.json", "\"d_in\": 16, ", "", "@/layers.1.mlp/cfg.json: \"d_in\" "
	    "is missing", 0, NULL },
	{ "sparsify-topk", "layers.1.mlp/cfg.json", "\"k\": 7", "\"k\": 8",
	    "@/layers.1.mlp/cfg.json: activation, k, transcode and skip_connection must be those of layer 0",
	    0, NULL },
	{ "sparsify-topk", "layers.0.mlp/cfg.json", ", \"k\": 7", "", "@/layers.0.mlp/cfg.json: \"k\", the "
	    "number of features that stay active, is missing; give it as --k N", 0, NULL },
	{ "sparsify-topk", NULL, NULL, NULL, "@/layers.0.mlp/cfg.json: \"k\" is 7, but --k 4 is given", 4,
	    NULL },
	{ "sparsify-topk", "layers.0.mlp/cfg.json", "\"topk\"", "\"signum\"",
	    "@/layers.0.mlp/cfg.json: \"activation\" is \"signum\", expected topk, groupmax or batchtopk", 0,
	    NULL },
	{ "sparsify-topk", "layers.0.mlp/cfg.json", "\"num_latents\": 12", "\"num_latents\": 0",
	    "@/layers.0.mlp/sae.safetensors: tensor encoder.weight has 12 features, but the transcoder is "
	    "said to have 512", 0, NULL },
	{ "sparsify-topk", "layers.0.mlp/cfg.json", "\"skip_connection\": true",
	    "\"skip_connection\": false", "@/layers.0.mlp/sae.safetensors: tensor W_skip is unknown in "
	    "sparsify, which has " SPARSIFY "; it may be a skip path, which this layout does not define", 0,
	    NULL },
	{ "sparsify-topk", "layers.0.mlp/cfg.json", "\"multi_topk\"",
	    "\"gram_lookup\": true, \"multi_topk\"", "@/layers.0.mlp/cfg.json: the key \"gram_lookup\" is "
	    "unknown, and might change the numbers", 0, NULL },
	{ "sparsify-topk", "layers.1.mlp/cfg.json", "\"transcode\": true", "\"transcode\": false",
	    "@/layers.1.mlp/cfg.json: activation, k, transcode and skip_connection must be those of layer 0",
	    0, NULL },
	{ "sparsify-topk", "layers.0.mlp/sae.safetensors", "W_skip", "W_skap",
	    "@/layers.0.mlp/sae.safetensors: no tensor W_skip; sparsify has " SPARSIFY ", the file has "
	    "W_dec, W_skap, b_dec, encoder.bias, encoder.weight", 0, NULL },
	{ "sparsify-groupmax", "h.0.mlp/cfg.json", "\"k\": 4", "\"k\": 5",
	    "@/h.0.mlp/sae.safetensors: 12 features do not make 5 groups of one size", 0, NULL },
	{ "sparsify-groupmax", "h.1.mlp/sae.safetensors", "W_dec", "W_end",
	    "@/h.1.mlp/sae.safetensors: no tensor W_dec; sparsify has " SPARSIFY ", the file has W_end, "
	    "b_dec, encoder.bias, encoder.weight", 0, NULL },
};

/* Copies a folder with all that is in it but expected.json. */
static void
copy_folder(const char *to, const char *from)
{
	DIR *d = opendir(from);

	assert_non_null(d);
	assert_int_equal(mkdir(to, 0700), 0);
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		char in[8192], out[1024], *data;
		struct stat st;
		size_t n;

		snprintf(in, sizeof in, "%s/%s", from, e->d_name);
		snprintf(out, sizeof out, "%s/%s", to, e->d_name);
		if (e->d_name[0] == '.' || strcmp(e->d_name, "expected.json") == 0 || stat(in, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			copy_folder(out, in);
			continue;
		}
		assert_int_equal(ct_file_read(&data, &n, in, 1 << 20, NULL), CT_OK);
		scratch_write(out, data, n);
		free(data);
	}
	closedir(d);
}

/* Where a text of m bytes is in n bytes. */
static char *
find(char *data, size_t n, const char *text, size_t m)
{
	for (size_t i = 0; i + m <= n; i++)
		if (memcmp(data + i, text, m) == 0)
			return data + i;
	return NULL;
}

static void
change_file(const struct bad *b, const char *dir)
{
	char path[256], *data, *at;
	size_t n, from, to;

	if (!b->file)
		return;
	snprintf(path, sizeof path, "%s/%s", dir, b->file);
	if (!b->from && !b->to) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	if (!b->from) {
		scratch_text(path, b->to);
		return;
	}
	assert_int_equal(ct_file_read(&data, &n, path, 1 << 20, NULL), CT_OK);
	from = strlen(b->from);
	to = strlen(b->to);
	data = realloc(data, n + to + 1);
	assert_non_null(data);
	at = find(data, n, b->from, from);
	assert_non_null(at);
	memmove(at + to, at + from, (size_t)(data + n - at) - from);
	memcpy(at, b->to, to);
	scratch_write(path, data, n - from + to);
	free(data);
}

/* The message with the directory in place of each @. */
static void
with_dir(char *dst, size_t size, const char *message, const char *dir)
{
	size_t n = 0;

	*dst = '\0';
	for (const char *p = message; *p && n + strlen(dir) + 1 < size; p++)
		n += (size_t)snprintf(dst + n, size - n, "%.*s", *p == '@' ? (int)strlen(dir) : 1,
		    *p == '@' ? dir : p);
}

static void
bad_ones_are_named(void **state)
{
	struct ct_error err = { 0 };
	struct ct_model *m;
	bool failed = false;

	(void)state;
	scratch_golden("llama-clt");
	assert_int_equal(ct_model_open(&m, "g", NULL, &err), CT_OK);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ct_transcoder_options opt = { .k = bad[i].k, .model_name = bad[i].model };
		struct ct_transcoder *tc;
		char dir[16], from[PATH_MAX + 64], wanted[sizeof err.msg];

		snprintf(dir, sizeof dir, "t%zu", i);
		snprintf(from, sizeof from, "%s/%s", layouts, bad[i].layout);
		copy_folder(dir, from);
		change_file(&bad[i], dir);
		err.msg[0] = '\0';
		if (ct_transcoder_open(&tc, dir, m, &opt, &err) == CT_OK) {
			print_error("%zu: %s opens\n", i, bad[i].layout);
			ct_transcoder_close(tc);
			failed = true;
			continue;
		}
		assert_null(tc);
		with_dir(wanted, sizeof wanted, bad[i].message, dir);
		if (strcmp(err.msg, wanted) != 0) {
			print_error("%zu: %s: found\n%s\nexpected\n%s\n", i, bad[i].layout, err.msg, wanted);
			failed = true;
		}
	}
	ct_model_close(m);
	assert_false(failed);
}

/*
 * What opens and says something. Changes are as above; no `to` and no `from`: all numbers of W_dec are
 * made 0.
 */
static const struct bad odd[] = {
	{ "plt-topk", NULL, NULL, NULL, "@: the number k in the files is ignored; config.yaml says which "
	    "activation counts", 5, NULL },
	{ "plt-relu", "config.yaml", "model_name: llama-clt", "transcoders: [layer_0.safetensors, "
	    "layer_1.safetensors, layer_0.safetensors]", "@/config.yaml:3: 1 of 3 layers have the file of an "
	    "earlier one; layers 0 and 2 have layer_0.safetensors", 0, NULL },
	{ "plt-relu", "config.yaml", "model_name: llama-clt", "license: mit\nscan: [a, b]", "", 0,
	    "capitals" },
	{ "plt-relu", "layer_1.safetensors", "W_dec", NULL, "@/layer_1.safetensors: all 192 numbers of W_dec "
	    "are 0: the 12 features of layer 1 write nothing", 0, NULL },
	{ "plt-relu", "layer_2.safetensors", "W_enc", NULL, "@/layer_2.safetensors: all 192 numbers of W_enc "
	    "are 0: the 12 features of layer 2 read nothing", 0, NULL },
	{ "plt-jumprelu", "layer_0.safetensors", "activation_function.threshold", NULL,
	    "@/layer_0.safetensors: 12 of 12 thresholds of layer 0 are below 0: those features are active at "
	    "most tokens", 0, NULL },
	{ "scope1-compressed", NULL, NULL, NULL, "@: its archives are compressed, so 0.0 MB of them are held "
	    "in memory; saved by numpy.savez they would stay in the files", 0, NULL },
	{ "sparsify-centred", NULL, NULL, NULL, "@/layers.0.mlp/cfg.json: \"transcode\" is false: an "
	    "autoencoder of the MLP's output, which here reads the MLP's input, less b_dec; its replacement "
	    "score tells what that is worth", 0, NULL },
	{ "sparsify-topk", "layers.0.mlp/cfg.json", "\"transcode\"", "\"tp_output\": false, \"transcode\"",
	    "", 0, NULL },
};

/* Fills one tensor of a file with a number. */
static void
fill(const struct bad *b, const char *dir, float value)
{
	char path[256];
	struct ct_tensors *file;
	struct ct_tensor list[8];
	static float data[8][1024];
	int n;

	snprintf(path, sizeof path, "%s/%s", dir, b->file);
	assert_int_equal(ct_tensors_open(&file, path, NULL), CT_OK);
	n = ct_tensors_count(file);
	assert_true(n <= 8);
	for (int i = 0; i < n; i++) {
		list[i] = *ct_tensors_at(file, i);
		ct_tensor_read(data[i], &list[i], 0, list[i].count);
		for (size_t k = 0; k < list[i].count && strcmp(list[i].name, b->from) == 0; k++)
			data[i][k] = value;
		list[i].data = data[i];
		list[i].dtype = CT_F32;
	}
	assert_int_equal(ct_tensors_write("filled", list, n, NULL), CT_OK);
	ct_tensors_close(file);
	assert_int_equal(rename("filled", path), 0);
}

static void
odd_ones_are_noted(void **state)
{
	struct ct_error err = { 0 };
	struct ct_model *m;

	(void)state;
	scratch_golden("llama-clt");
	assert_int_equal(ct_model_open(&m, "g", NULL, &err), CT_OK);
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		struct ct_transcoder_options opt = { .k = odd[i].k, .model_name = odd[i].model };
		char dir[16], from[PATH_MAX + 64], wanted[CT_NOTE_SIZE];
		struct ct_transcoder *tc;

		snprintf(dir, sizeof dir, "o%zu", i);
		snprintf(from, sizeof from, "%s/%s", layouts, odd[i].layout);
		copy_folder(dir, from);
		if (odd[i].from && !odd[i].to)
			fill(&odd[i], dir, strstr(odd[i].from, "threshold") ? -2 : 0);
		else
			change_file(&odd[i], dir);
		if (ct_transcoder_open(&tc, dir, m, &opt, &err) != CT_OK)
			fail_msg("%zu: %s", i, err.msg);
		with_dir(wanted, sizeof wanted, odd[i].message, dir);
		assert_int_equal(tc->notes.n > 0, *wanted != '\0');
		if (*wanted)
			assert_string_equal(tc->notes.text[tc->notes.n - 1], wanted);
		ct_transcoder_close(tc);
	}
	ct_model_close(m);
}

/* Thresholds that nothing is below: each prompt says so, and of which layer: the first of the worst. */
static void
dense_layers_are_noted(void **state)
{
	static const char *const files[] = { "layer_1.safetensors", "layer_2.safetensors" };
	const struct ct_engine_options opt = { .transcoder_dir = "d" };
	char from[PATH_MAX + 64];
	struct ct_error err = { 0 };
	struct ct_engine *e;
	struct ct_session *s;

	(void)state;
	scratch_golden("llama-clt");
	snprintf(from, sizeof from, "%s/plt-jumprelu", layouts);
	copy_folder("d", from);
	for (int i = 0; i < 2; i++)
		fill(&(struct bad){ .file = files[i], .from = "activation_function.threshold" }, "d", -9);
	assert_int_equal(ct_engine_open(&e, "g", &opt, &err), CT_OK);
	assert_int_equal(ct_session_open(&s, e, &err), CT_OK);
	assert_string_equal(ct_session_note(s), "");
	assert_int_equal(ct_session_prompt(s, "w1 w2 w3", NULL, &err), CT_OK);
	assert_string_equal(ct_session_note(s), "2 of 3 layers have nearly all features active; of layer 1 "
	    "12 of 12 at the mean token: do its thresholds and its hook fit this model?");
	ct_session_close(s);
	ct_engine_close(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_ones_are_named),
		cmocka_unit_test(odd_ones_are_noted),
		cmocka_unit_test(dense_layers_are_noted),
	};

	if (!realpath(test_path("layouts"), layouts))
		return 1;
	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
