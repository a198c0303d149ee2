/*
 * gpt2: LayerNorm with bias, learned positions, one fused [in,out] matrix for query, key and value.
 */
#include "model/family.h"

/* What GPT2Config assumes for a key that is missing. */
static const struct ct_config defaults = {
	.context = 1024,
	.norm = CT_LAYERNORM,
	.act = CT_GELU_TANH,
	.position = CT_LEARNED,
	.eps = 1e-5,
	.tied = true,
	.attn_bias = true,
	.out_bias = true,
	.mlp_bias = true,
	.bos = -1,
};

static const struct ct_key keys[] = {
	{ CT_KEY_INTO(D, CT_KEY_SIZE, "n_embd"), .max = CT_MAX_WIDTH, .need = true, .alias = "hidden_size" },
	{ CT_KEY_INTO(L, CT_KEY_SIZE, "n_layer"), .max = CT_MAX_LAYERS, .need = true,
	    .alias = "num_hidden_layers" },
	{ CT_KEY_INTO(H, CT_KEY_SIZE, "n_head"), .max = CT_MAX_WIDTH, .need = true,
	    .alias = "num_attention_heads" },
	{ CT_KEY_INTO(mlp, CT_KEY_SIZE, "n_inner"), .max = CT_MAX_WIDTH },
	{ CT_KEY_INTO(context, CT_KEY_SIZE, "n_positions"), .max = CT_MAX_VOCAB,
	    .alias = "max_position_embeddings" },
	{ CT_KEY_INTO(V, CT_KEY_SIZE, "vocab_size"), .max = CT_MAX_VOCAB, .need = true },
	{ CT_KEY_INTO(eps, CT_KEY_NUMBER, "layer_norm_epsilon") },
	{ CT_KEY_INTO(act, CT_KEY_ACT, "activation_function") },
	{ CT_KEY_INTO(tied, CT_KEY_FLAG, "tie_word_embeddings") },
	{ CT_KEY(CT_KEY_FAMILY, "bos_token_id") },
	{ CT_KEY(CT_KEY_ONLY, "scale_attn_weights"), .only = "true" },
	{ CT_KEY(CT_KEY_ONLY, "scale_attn_by_inverse_layer_idx"), .only = "false" },
	/* changes only the precision, and all sums here are in F32 */
	{ CT_KEY(CT_KEY_IDLE, "reorder_and_upcast_attn") },
	/* an old name of n_positions, which nothing reads */
	{ CT_KEY(CT_KEY_IDLE, "n_ctx") },
	{ CT_KEY(CT_KEY_IDLE, "attn_pdrop") },
	{ CT_KEY(CT_KEY_IDLE, "embd_pdrop") },
	{ CT_KEY(CT_KEY_IDLE, "resid_pdrop") },
	{ CT_KEY(CT_KEY_IDLE, "classifier_dropout") },
	{ CT_KEY(CT_KEY_IDLE, "hidden_dropout") },
	{ CT_KEY(CT_KEY_IDLE, "summary_activation") },		/* of heads for other tasks */
	{ CT_KEY(CT_KEY_IDLE, "summary_first_dropout") },
	{ CT_KEY(CT_KEY_IDLE, "summary_last_dropout") },
	{ CT_KEY(CT_KEY_IDLE, "summary_proj_to_labels") },
	{ CT_KEY(CT_KEY_IDLE, "summary_type") },
	{ CT_KEY(CT_KEY_IDLE, "summary_use_proj") },
	{ .name = NULL },
};

static int
gpt2_config(struct ct_config *c, const void *json, const char *path, struct ct_notes *notes,
    struct ct_error *err)
{
	(void)notes;
	if (!c->mlp)
		c->mlp = 4 * c->D;
	if (c->D % c->H != 0)
		return ct_fail(err, CT_EFORMAT, "%s: n_embd %d is not a multiple of n_head %d", path, c->D,
		    c->H);
	c->H_kv = c->H;
	c->head = c->D / c->H;
	return ct_keys_bos(c, json, path, err);
}

static void
bind_norm(struct ct_binder *b, struct ct_norm *n, int width, int layer, const char *name)
{
	ct_bind(b, &n->w, width, "h.%d.%s.weight", layer, name);
	ct_bind(b, &n->b, width, "h.%d.%s.bias", layer, name);
}

static void
bind_conv(struct ct_binder *b, struct ct_linear *l, int in, int out, int layer, const char *name)
{
	ct_bind_matrix(b, &l->w, out, in, true, "h.%d.%s.weight", layer, name);
	ct_bind(b, &l->b, out, "h.%d.%s.bias", layer, name);
}

/* Outputs [first, first+out). */
static struct ct_linear
slice(const struct ct_linear *l, int first, int out)
{
	struct ct_linear s = { 0 };

	if (l->w.data)
		s.w = ct_matrix_part(&l->w, first, out);
	if (l->b)
		s.b = l->b + first;
	return s;
}

static int
gpt2_bind(struct ct_model *m, struct ct_binder *b, struct ct_error *err)
{
	const struct ct_config *c = &m->cfg;
	int D = c->D;

	(void)err;
	ct_bind_prefix(b, "transformer.", "wte.weight");
	ct_bind_embedding(b, "wte.weight");
	ct_bind_matrix(b, &m->pos_embed, c->context, D, false, "wpe.weight");
	ct_bind(b, &m->norm_f.w, D, "ln_f.weight");
	ct_bind(b, &m->norm_f.b, D, "ln_f.bias");
	for (int l = 0; l < c->L; l++) {
		struct ct_layer *at = &m->layers[l];
		struct ct_linear qkv;

		bind_norm(b, &at->norm1, D, l, "ln_1");
		bind_norm(b, &at->norm2, D, l, "ln_2");
		bind_conv(b, &qkv, D, 3 * D, l, "attn.c_attn");
		at->q = slice(&qkv, 0, D);
		at->k = slice(&qkv, D, D);
		at->v = slice(&qkv, 2 * D, D);
		bind_conv(b, &at->o, D, D, l, "attn.c_proj");
		bind_conv(b, &at->up, D, c->mlp, l, "mlp.c_fc");
		bind_conv(b, &at->down, c->mlp, D, l, "mlp.c_proj");
	}
	return CT_OK;
}

const struct ct_family ct_family_gpt2 = {
	.model_type = "gpt2",
	.tokenizer_class = "GPT2Tokenizer",
	.defaults = &defaults,
	.keys = keys,
	.idle = (const char *const[]){ "h.*.attn.bias", "h.*.attn.masked_bias", NULL },	/* the causal mask */
	.config = gpt2_config,
	.bind = gpt2_bind,
};
