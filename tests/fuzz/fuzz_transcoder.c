/*
 * Fuzzes a transcoder's config.yaml, beside weights that are as they should be, of each kind.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "fuzz.h"
#include "model/model.h"
#include "model/transcoder.h"

static const struct {
	const char *golden;
	int n;
	const char *files[6];
} kinds[] = {
	{ "llama-clt", 6, { "W_enc_0", "W_enc_1", "W_enc_2", "W_dec_0", "W_dec_1", "W_dec_2" } },
	{ "gpt2-plt", 3, { "layer_0", "layer_1", "layer_2" } },
	{ "llama-skip", 3, { "layer_0", "layer_1", "layer_2" } },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static struct ct_model *models[KINDS];

static void
open_models(void)
{
	for (int k = 0; k < KINDS; k++) {
		char name[64], from[128], path[256];
		struct ct_error err;

		snprintf(path, sizeof path, "%s/%s", fuzz_dir(), kinds[k].golden);
		if (ct_dir_make(path, &err) != CT_OK)
			abort();
		for (int i = 0; i < kinds[k].n; i++) {
			snprintf(name, sizeof name, "%s/%s.safetensors", kinds[k].golden, kinds[k].files[i]);
			snprintf(from, sizeof from, "golden/%s/transcoder/%s.safetensors", kinds[k].golden,
			    kinds[k].files[i]);
			fuzz_link(name, from);
		}
		snprintf(name, sizeof name, "model-%d", k);
		snprintf(from, sizeof from, "golden/%s", kinds[k].golden);
		fuzz_link(name, from);
		snprintf(path, sizeof path, "%s/%s", fuzz_dir(), name);
		if (ct_model_open(&models[k], path, NULL, &err) != CT_OK)
			abort();
	}
}

static void
close_models(void)
{
	for (int k = 0; k < KINDS; k++)
		ct_model_close(models[k]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!models[0]) {
		open_models();
		atexit(close_models);
	}
	for (int k = 0; k < KINDS; k++) {
		struct ct_transcoder *tc;
		struct ct_error err;
		char name[64], path[256];

		snprintf(name, sizeof name, "%s/config.yaml", kinds[k].golden);
		fuzz_file(name, data, n);
		snprintf(path, sizeof path, "%s/%s", fuzz_dir(), kinds[k].golden);
		if (ct_transcoder_open(&tc, path, models[k], NULL, &err) != CT_OK)
			continue;
		if (tc->L != models[k]->cfg.L || tc->D != models[k]->cfg.D || tc->F <= 0 || !tc->scan)
			abort();
		ct_transcoder_close(tc);
	}
	return 0;
}
