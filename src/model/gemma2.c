/*
 * gemma2: gemma with norms also after attention and MLP, softcaps of scores and logits, and a window in every
 * other layer.
 */
#include "model/family.h"

/* What Gemma2Config assumes for a key that is missing. */
static const struct ct_config defaults = {
	.H = 8,
	.H_kv = 4,
	.head = 256,
	.V = 256000,
	.context = 8192,
	.norm = CT_RMSNORM,
	.unit_norm = true,
	.post_norms = true,
	.act = CT_GELU_TANH,
	.gated = true,
	.position = CT_ROPE,
	.eps = 1e-6,
	.rope_theta = 10000,
	.tied = true,
	.query_scale = 256,		/* query_pre_attn_scalar until gemma2_config */
	.attn_softcap = 50,
	.final_softcap = 30,
	.window = 4096,
	.bos = 2,
};

static const struct ct_key keys[] = {
	CT_DECODER_KEYS,
	CT_GEMMA_KEYS,
	{ CT_KEY(CT_KEY_IDLE, "hidden_act") },		/* hidden_activation counts */
	{ CT_KEY(CT_KEY_IDLE, "cache_implementation") },
	{ .name = NULL },
};

static int
gemma2_config(struct ct_config *c, const void *json, const char *path, struct ct_notes *notes,
    struct ct_error *err)
{
	int code = ct_decoder_heads(c, path, err);

	for (int l = 0; l < c->L; l += 2)
		c->local[l] = true;
	if (code == CT_OK)
		code = ct_gemma_config(c, json, path, err);
	if (code == CT_OK)
		code = ct_keys_rope(c, json, path, notes, err);
	return code == CT_OK ? ct_keys_bos(c, json, path, err) : code;
}

const struct ct_family ct_family_gemma2 = {
	.model_type = "gemma2",
	.tokenizer_class = "GemmaTokenizer",
	.defaults = &defaults,
	.keys = keys,
	.idle = (const char *const[]){ "*rotary_emb.inv_freq", NULL },
	.config = gemma2_config,
	.bind = ct_decoder_bind,
};
