/*
 * gemma: llama with norms that multiply by 1 + w, and embeddings multiplied by the square root of their
 * width.
 */
#include <math.h>

#include "model/family.h"

/* What GemmaConfig assumes for a key that is missing. */
static const struct ct_config defaults = {
	.H = 16,
	.H_kv = 16,
	.head = 256,
	.V = 256000,
	.context = 8192,
	.norm = CT_RMSNORM,
	.unit_norm = true,
	.act = CT_GELU_TANH,
	.gated = true,
	.position = CT_ROPE,
	.eps = 1e-6,
	.rope_theta = 10000,
	.tied = true,
	.bos = 2,
};

static const struct ct_key keys[] = {
	CT_DECODER_KEYS,
	{ CT_KEY_INTO(act, CT_KEY_ACT, "hidden_act") },
	{ CT_KEY_INTO(attn_bias, CT_KEY_FLAG, "attention_bias") },
	{ CT_KEY(CT_KEY_IDLE, "hidden_activation") },	/* nothing reads it: hidden_act counts */
	{ .name = NULL },
};

static int
gemma_config(struct ct_config *c, const void *json, const char *path, struct ct_notes *notes,
    struct ct_error *err)
{
	int code = ct_decoder_heads(c, path, err);

	c->out_bias = c->attn_bias;
	c->embed_scale = sqrt(c->D);
	if (code == CT_OK)
		code = ct_keys_rope(c, json, path, notes, err);
	return code == CT_OK ? ct_keys_bos(c, json, path, err) : code;
}

const struct ct_family ct_family_gemma = {
	.model_type = "gemma",
	.tokenizer_class = "GemmaTokenizer",
	.defaults = &defaults,
	.keys = keys,
	.idle = (const char *const[]){ "*rotary_emb.inv_freq", NULL },
	.config = gemma_config,
	.bind = ct_decoder_bind,
};
