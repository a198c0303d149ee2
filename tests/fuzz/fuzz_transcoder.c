/*
 * Fuzzes what says how a transcoder's files are to be read, beside files that are as they should be: a
 * config.yaml, with those of each layout that has one, and sparsify's cfg.json. What opens must encode,
 * activate and have all rows.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "fuzz.h"
#include "model/model.h"
#include "model/transcoder.h"

enum { LAYERS = 3, MAX_FILES = 6, MAX_FEATURES = 1 << 10 };

static const struct {
	const char *name, *from, *model;	/* from: below tests/ */
	const char *files[MAX_FILES];
} kinds[] = {
	{ "clt", "golden/llama-clt/transcoder", "golden/llama-clt", { "W_enc_0.safetensors",
	    "W_enc_1.safetensors", "W_enc_2.safetensors", "W_dec_0.safetensors", "W_dec_1.safetensors",
	    "W_dec_2.safetensors" } },
	{ "plt", "golden/gpt2-plt/transcoder", "golden/gpt2-plt", { "layer_0.safetensors",
	    "layer_1.safetensors", "layer_2.safetensors" } },
	{ "skip", "golden/llama-skip/transcoder", "golden/llama-skip", { "layer_0.safetensors",
	    "layer_1.safetensors", "layer_2.safetensors" } },
	{ "scope1", "layouts/scope1", "golden/llama-clt", { "layer_0", "layer_1", "layer_2" } },
	{ "scope2", "layouts/scope2-plt", "golden/llama-clt", { "transcoder_all" } },
	{ "scope2-clt", "layouts/scope2-clt", "golden/llama-clt", { "params_layer_0.safetensors",
	    "params_layer_1.safetensors", "params_layer_2.safetensors" } },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static struct ct_model *models[KINDS];

static void
make_dir(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", fuzz_dir(), name);
	if (ct_dir_make(path, NULL) != CT_OK)
		abort();
}

static void
open_model(int k)
{
	char name[64], from[128], path[256];
	struct ct_error err;

	make_dir(kinds[k].name);
	for (int i = 0; i < MAX_FILES && kinds[k].files[i]; i++) {
		snprintf(name, sizeof name, "%s/%s", kinds[k].name, kinds[k].files[i]);
		snprintf(from, sizeof from, "%s/%s", kinds[k].from, kinds[k].files[i]);
		fuzz_link(name, from);
	}
	snprintf(name, sizeof name, "model-%d", k);
	fuzz_link(name, kinds[k].model);
	snprintf(path, sizeof path, "%s/%s", fuzz_dir(), name);
	if (ct_model_open(&models[k], path, NULL, &err) != CT_OK)
		abort();
}

static void
open_all(void)
{
	for (int k = 0; k < KINDS; k++)
		open_model(k);
	make_dir("sparsify");
	for (int l = 0; l < LAYERS; l++) {
		char name[64], from[128];

		snprintf(name, sizeof name, "sparsify/layers.%d.mlp", l);
		make_dir(name);
		snprintf(name, sizeof name, "sparsify/layers.%d.mlp/sae.safetensors", l);
		snprintf(from, sizeof from, "layouts/sparsify-topk/layers.%d.mlp/sae.safetensors", l);
		fuzz_link(name, from);
	}
}

static void
close_all(void)
{
	for (int k = 0; k < KINDS; k++)
		ct_model_close(models[k]);
}

/* Opens a directory, and reads all that can be read of it. */
static void
use(const char *name, const struct ct_model *m)
{
	static float x[64], pre[MAX_FEATURES], act[MAX_FEATURES], scratch[MAX_FEATURES];
	struct ct_transcoder *tc;
	struct ct_error err;
	char path[256];

	snprintf(path, sizeof path, "%s/%s", fuzz_dir(), name);
	if (ct_transcoder_open(&tc, path, m, NULL, &err) != CT_OK)
		return;
	if (tc->L != m->cfg.L || tc->D != m->cfg.D || tc->F <= 0 || tc->F > MAX_FEATURES || !tc->scan)
		abort();
	for (int l = 0; l < tc->L; l++) {
		ct_transcoder_encode(tc, l, 1, x, pre);
		ct_transcoder_activate(tc, l, pre, act, scratch);
		if (ct_transcoder_has_skip(tc, l))
			ct_transcoder_skip_back(tc, l, 1, x, act);
		for (int f = 0; f < tc->layers[l].F; f++) {
			ct_transcoder_encoder_row(tc, l, f, act);
			for (int to = l; to < l + ct_transcoder_reach(tc, l); to++)
				ct_transcoder_decoder_row(tc, l, f, to, act);
		}
	}
	ct_transcoder_close(tc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!models[0]) {
		open_all();
		atexit(close_all);
	}
	if (n && data[0] == '{') {
		for (int l = 0; l < LAYERS; l++) {
			char name[64];

			snprintf(name, sizeof name, "sparsify/layers.%d.mlp/cfg.json", l);
			fuzz_file(name, data, n);
		}
		use("sparsify", models[0]);
		return 0;
	}
	for (int k = 0; k < KINDS; k++) {
		char name[64];

		snprintf(name, sizeof name, "%s/config.yaml", kinds[k].name);
		fuzz_file(name, data, n);
		use(kinds[k].name, models[k]);
	}
	return 0;
}
