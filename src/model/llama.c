/*
 * llama: RMSNorm, rotary positions, gated MLP, grouped-query attention.
 */
#include <string.h>

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
	{ CT_KEY_INTO(D, CT_KEY_SIZE, "hidden_size"), .max = CT_MAX_WIDTH, .need = true },
	{ CT_KEY_INTO(mlp, CT_KEY_SIZE, "intermediate_size"), .max = CT_MAX_WIDTH, .need = true },
	{ CT_KEY_INTO(L, CT_KEY_SIZE, "num_hidden_layers"), .max = CT_MAX_LAYERS, .need = true },
	{ CT_KEY_INTO(H, CT_KEY_SIZE, "num_attention_heads"), .max = CT_MAX_WIDTH, .need = true },
	{ CT_KEY_INTO(H_kv, CT_KEY_SIZE, "num_key_value_heads"), .max = CT_MAX_WIDTH },
	{ CT_KEY_INTO(head, CT_KEY_SIZE, "head_dim"), .max = CT_MAX_WIDTH },
	{ CT_KEY_INTO(V, CT_KEY_SIZE, "vocab_size"), .max = CT_MAX_VOCAB, .need = true },
	{ CT_KEY_INTO(context, CT_KEY_SIZE, "max_position_embeddings"), .max = CT_MAX_VOCAB },
	{ CT_KEY_INTO(eps, CT_KEY_NUMBER, "rms_norm_eps") },
	{ CT_KEY_INTO(act, CT_KEY_ACT, "hidden_act") },
	{ CT_KEY_INTO(tied, CT_KEY_FLAG, "tie_word_embeddings") },
	{ CT_KEY_INTO(attn_bias, CT_KEY_FLAG, "attention_bias") },
	{ CT_KEY_INTO(mlp_bias, CT_KEY_FLAG, "mlp_bias") },
	{ CT_KEY(CT_KEY_FAMILY, "rope_theta") },
	{ CT_KEY(CT_KEY_FAMILY, "rope_scaling") },
	{ CT_KEY(CT_KEY_FAMILY, "rope_parameters") },
	{ CT_KEY(CT_KEY_FAMILY, "bos_token_id") },
	{ CT_KEY(CT_KEY_ONLY, "partial_rotary_factor"), .only = "1" },
	{ CT_KEY(CT_KEY_IDLE, "attention_dropout") },
	{ CT_KEY(CT_KEY_IDLE, "pretraining_tp") },		/* slices of the same products */
	{ CT_KEY(CT_KEY_IDLE, "is_llama_config") },
	{ .name = NULL },
};

static int
llama_config(struct ct_config *c, const void *json, const char *path, struct ct_notes *notes,
    struct ct_error *err)
{
	int code;

	if (!c->H_kv)
		c->H_kv = c->H;
	if (!c->head && c->D % c->H != 0)
		return ct_fail(err, CT_EFORMAT, "%s: hidden_size %d is not a multiple of num_attention_heads "
		    "%d", path, c->D, c->H);
	if (!c->head)
		c->head = c->D / c->H;
	if ((long long)c->H * c->head > CT_MAX_WIDTH)
		return ct_fail(err, CT_EFORMAT, "%s: %d heads of width %d are too wide; expected at most %d "
		    "together", path, c->H, c->head, CT_MAX_WIDTH);
	code = ct_keys_rope(c, json, path, notes, err);
	return code == CT_OK ? ct_keys_bos(c, json, path, err) : code;
}

static void
bind_linear(struct ct_binder *b, struct ct_linear *l, int out, int in, bool bias, int layer, const char *name)
{
	ct_bind_matrix(b, &l->w, out, in, false, "layers.%d.%s.weight", layer, name);
	if (bias)
		ct_bind(b, &l->b, out, "layers.%d.%s.bias", layer, name);
}

static int
llama_bind(struct ct_model *m, struct ct_binder *b, struct ct_error *err)
{
	const struct ct_config *c = &m->cfg;
	int q = c->H * c->head, kv = c->H_kv * c->head;

	(void)err;
	ct_bind_prefix(b, "model.", "embed_tokens.weight");
	ct_bind_embedding(b, "embed_tokens.weight");
	ct_bind(b, &m->norm_f.w, c->D, "norm.weight");
	for (int l = 0; l < c->L; l++) {
		struct ct_layer *at = &m->layers[l];

		ct_bind(b, &at->norm1.w, c->D, "layers.%d.input_layernorm.weight", l);
		ct_bind(b, &at->norm2.w, c->D, "layers.%d.post_attention_layernorm.weight", l);
		bind_linear(b, &at->q, q, c->D, c->attn_bias, l, "self_attn.q_proj");
		bind_linear(b, &at->k, kv, c->D, c->attn_bias, l, "self_attn.k_proj");
		bind_linear(b, &at->v, kv, c->D, c->attn_bias, l, "self_attn.v_proj");
		bind_linear(b, &at->o, c->D, q, c->attn_bias, l, "self_attn.o_proj");
		bind_linear(b, &at->gate, c->mlp, c->D, c->mlp_bias, l, "mlp.gate_proj");
		bind_linear(b, &at->up, c->mlp, c->D, c->mlp_bias, l, "mlp.up_proj");
		bind_linear(b, &at->down, c->D, c->mlp, c->mlp_bias, l, "mlp.down_proj");
	}
	return CT_OK;
}

const struct ct_family ct_family_llama = {
	.model_type = "llama",
	.defaults = &defaults,
	.keys = keys,
	.idle = (const char *const[]){ "*rotary_emb.inv_freq", NULL },	/* computed from the config */
	.config = llama_config,
	.bind = llama_bind,
};
