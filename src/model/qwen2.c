/*
 * qwen2: llama with biases of queries, keys and values, and, if the config says so, windows in the upper
 * layers.
 */
#include "model/family.h"

/* What Qwen2Config assumes for a key that is missing. */
static const struct ct_config defaults = {
	CT_QWEN_DEFAULTS,
	.attn_bias = true,
};

static const struct ct_key keys[] = {
	CT_DECODER_KEYS,
	CT_QWEN_KEYS,
	{ .name = NULL },
};

const struct ct_family ct_family_qwen2 = {
	.model_type = "qwen2",
	.tokenizer_class = "Qwen2Tokenizer",
	.defaults = &defaults,
	.keys = keys,
	.idle = (const char *const[]){ "*rotary_emb.inv_freq", NULL },
	.config = ct_qwen_config,
	.bind = ct_decoder_bind,
};
