/*
 * qwen3: llama with norms of queries and keys, no biases, and windows in its upper layers where asked for.
 */
#include "model/family.h"

/* What Qwen3Config assumes for a key that is missing. */
static const struct ct_config defaults = {
	.H = 32,
	.H_kv = 32,
	.head = 128,
	.V = 151936,
	.context = 32768,
	.norm = CT_RMSNORM,
	.act = CT_SILU,
	.gated = true,
	.position = CT_ROPE,
	.eps = 1e-6,
	.rope_theta = 10000,
	.qk_norms = true,
	.window = 4096,
	.bos = -1,
};

static const struct ct_key keys[] = {
	CT_DECODER_KEYS,
	{ CT_KEY_INTO(act, CT_KEY_ACT, "hidden_act") },
	{ CT_KEY_INTO(attn_bias, CT_KEY_FLAG, "attention_bias") },
	{ CT_KEY(CT_KEY_FAMILY, "use_sliding_window") },
	{ CT_KEY(CT_KEY_FAMILY, "sliding_window") },
	{ CT_KEY(CT_KEY_FAMILY, "max_window_layers") },
	{ CT_KEY(CT_KEY_FAMILY, "layer_types") },
	{ .name = NULL },
};

static int
qwen3_config(struct ct_config *c, const void *json, const char *path, struct ct_notes *notes,
    struct ct_error *err)
{
	int code = ct_decoder_heads(c, path, err);

	c->out_bias = c->attn_bias;
	if (code == CT_OK)
		code = ct_decoder_upper_windows(c, json, path, 28, err);
	if (code == CT_OK)
		code = ct_keys_rope(c, json, path, notes, err);
	return code == CT_OK ? ct_keys_bos(c, json, path, err) : code;
}

const struct ct_family ct_family_qwen3 = {
	.model_type = "qwen3",
	.defaults = &defaults,
	.keys = keys,
	.idle = (const char *const[]){ "*rotary_emb.inv_freq", NULL },
	.config = qwen3_config,
	.bind = ct_decoder_bind,
};
