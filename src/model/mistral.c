/*
 * mistral: llama with a window, if the config has one, in all layers or in those that layer_types names. (If
 * there is a layer_types, Hugging Face uses the class of Ministral.)
 */
#include "model/family.h"

/* What MistralConfig assumes for a key that is missing. */
static const struct ct_config defaults = {
	.H = 32,
	.H_kv = 8,
	.V = 32000,
	.context = 4096 * 32,
	.norm = CT_RMSNORM,
	.act = CT_SILU,
	.gated = true,
	.position = CT_ROPE,
	.eps = 1e-6,
	.rope_theta = 10000,
	.window = 4096,
	.bos = 1,
};

static const struct ct_key keys[] = {
	CT_DECODER_KEYS,
	{ CT_KEY_INTO(act, CT_KEY_ACT, "hidden_act") },
	{ CT_KEY(CT_KEY_FAMILY, "sliding_window") },
	{ CT_KEY(CT_KEY_FAMILY, "layer_types") },
	{ .name = NULL },
};

static int
mistral_config(struct ct_config *c, const void *json, const char *path, struct ct_notes *notes,
    struct ct_error *err)
{
	int code = ct_decoder_heads(c, path, err);

	if (code == CT_OK)
		code = ct_decoder_window(c, json, path, err);
	for (int l = 0; l < c->L && c->window > 0; l++)
		c->local[l] = true;
	if (code == CT_OK)
		code = ct_decoder_layer_types(c, json, path, err);
	if (code == CT_OK)
		code = ct_keys_rope(c, json, path, notes, err);
	return code == CT_OK ? ct_keys_bos(c, json, path, err) : code;
}

const struct ct_family ct_family_mistral = {
	.model_type = "mistral",
	.tokenizer_class = "LlamaTokenizer",
	.defaults = &defaults,
	.keys = keys,
	.idle = (const char *const[]){ "*rotary_emb.inv_freq", NULL },
	.config = mistral_config,
	.bind = ct_decoder_bind,
};
