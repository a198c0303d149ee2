/*
 * llama: RMSNorm, rotary positions, gated MLP, grouped-query attention.
 */
#include "model/family.h"

/* What LlamaConfig assumes for a key that is missing. */
static const struct ct_config defaults = {
	.context = 2048,
	.norm = CT_RMSNORM,
	.act = CT_SILU,
	.gated = true,
	.position = CT_ROPE,
	.eps = 1e-6,
	.rope_theta = 10000,
	.bos = -1,
};

static const struct ct_key keys[] = {
	CT_DECODER_KEYS,
	{ CT_KEY_INTO(act, CT_KEY_ACT, "hidden_act") },
	{ CT_KEY_INTO(H, CT_KEY_SIZE, "num_attention_heads"), .max = CT_MAX_WIDTH, .need = true },
	{ CT_KEY_INTO(V, CT_KEY_SIZE, "vocab_size"), .max = CT_MAX_VOCAB, .need = true },
	{ CT_KEY_INTO(attn_bias, CT_KEY_FLAG, "attention_bias") },
	{ CT_KEY_INTO(mlp_bias, CT_KEY_FLAG, "mlp_bias") },
	{ CT_KEY(CT_KEY_IDLE, "pretraining_tp") },		/* computes the same products in slices */
	{ CT_KEY(CT_KEY_IDLE, "is_llama_config") },
	{ .name = NULL },
};

static int
llama_config(struct ct_config *c, const void *json, const char *path, struct ct_notes *notes,
    struct ct_error *err)
{
	int code = ct_decoder_heads(c, path, err);

	c->out_bias = c->attn_bias;
	if (code == CT_OK)
		code = ct_keys_rope(c, json, path, notes, err);
	return code == CT_OK ? ct_keys_bos(c, json, path, err) : code;
}

const struct ct_family ct_family_llama = {
	.model_type = "llama",
	.tokenizer_class = "LlamaTokenizer",
	.defaults = &defaults,
	.keys = keys,
	.idle = (const char *const[]){ "*rotary_emb.inv_freq", NULL },	/* computed from the config */
	.config = llama_config,
	.bind = ct_decoder_bind,
};
