/* qwen3: llama with norms of queries and keys, and, if the config says so, windows in the upper layers. */
#include "model/family.h"

/* What Qwen3Config assumes for a key that is missing. */
static const struct ct_config defaults = {
	CT_QWEN_DEFAULTS,
	.head = 128,
	.qk_norms = true,
};

static const struct ct_key keys[] = {
	CT_DECODER_KEYS,
	CT_QWEN_KEYS,
	{ CT_KEY_INTO(attn_bias, CT_KEY_FLAG, "attention_bias") },
	{ .name = NULL },
};

static int
qwen3_config(struct ct_config *c, const void *json, const char *path, struct ct_notes *notes,
    struct ct_error *err)
{
	c->out_bias = c->attn_bias;
	return ct_qwen_config(c, json, path, notes, err);
}

const struct ct_family ct_family_qwen3 = {
	.model_type = "qwen3",
	.tokenizer_class = "Qwen2Tokenizer",
	.defaults = &defaults,
	.keys = keys,
	.idle = (const char *const[]){ "*rotary_emb.inv_freq", NULL },
	.config = qwen3_config,
	.bind = ct_decoder_bind,
};
