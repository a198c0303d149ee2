/*
 * gpt2: LayerNorm with bias, learned positions, one fused [in,out] matrix for query, key and value.
 */
#include "model/family.h"

/* Switches that change the arithmetic; only the usual setting is supported. */
static int
refuse_switches(const json_t *json, const char *path, struct ct_error *err)
{
	static const struct {
		const char *key;
		bool usual;
	} switches[] = {
		{ "scale_attn_weights", true },
		{ "scale_attn_by_inverse_layer_idx", false },
		{ "add_cross_attention", false },
	};

	for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
		bool on = switches[i].usual;
		int code = ct_json_bool(json, path, switches[i].key, false, &on, err);

		if (code != CT_OK)
			return code;
		if (on != switches[i].usual)
			return ct_fail(err, CT_EUNSUPPORTED, "%s: \"%s\": %s is not supported", path,
			    switches[i].key, on ? "true" : "false");
	}
	return CT_OK;
}

static int
read_sizes(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err)
{
	struct {
		const char *key;
		bool need;
		int max, *out;
	} sizes[] = {
		{ "n_embd", true, CT_MAX_WIDTH, &c->D },
		{ "n_layer", true, CT_MAX_LAYERS, &c->L },
		{ "n_head", true, CT_MAX_WIDTH, &c->H },
		{ "n_inner", false, CT_MAX_WIDTH, &c->mlp },
		{ "n_positions", false, CT_MAX_VOCAB, &c->context },
		{ "vocab_size", true, CT_MAX_VOCAB, &c->V },
	};

	c->context = 1024;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int code = ct_json_int(json, path, sizes[i].key, sizes[i].need, 1, sizes[i].max, sizes[i].out,
		    err);

		if (code != CT_OK)
			return code;
	}
	if (!c->mlp)
		c->mlp = 4 * c->D;
	if (c->D % c->H != 0)
		return ct_fail(err, CT_EFORMAT, "%s: n_embd %d is not a multiple of n_head %d", path, c->D,
		    c->H);
	c->H_kv = c->H;
	c->head = c->D / c->H;
	return CT_OK;
}

static int
gpt2_config(struct ct_config *c, const void *json, const char *path, struct ct_error *err)
{
	int code = read_sizes(c, json, path, err);

	c->norm = CT_LAYERNORM;
	c->position = CT_LEARNED;
	c->eps = 1e-5;
	c->tied = true;
	c->attn_bias = c->mlp_bias = true;
	if (code == CT_OK)
		code = ct_json_double(json, path, "layer_norm_epsilon", false, &c->eps, err);
	if (code == CT_OK)
		code = ct_family_act(json, path, "activation_function", "gelu_new", &c->act, err);
	if (code == CT_OK)
		code = ct_json_bool(json, path, "tie_word_embeddings", false, &c->tied, err);
	if (code == CT_OK)
		code = refuse_switches(json, path, err);
	if (code == CT_OK)
		code = ct_family_bos(c, json, path, err);
	return code;
}

static void
bind_norm(struct ct_binder *b, struct ct_norm *n, int width, int layer, const char *name)
{
	ct_bind(b, &n->w, width, 0, "h.%d.%s.weight", layer, name);
	ct_bind(b, &n->b, width, 0, "h.%d.%s.bias", layer, name);
}

static void
bind_conv(struct ct_binder *b, struct ct_linear *l, int in, int out, int layer, const char *name)
{
	*l = (struct ct_linear){ .in = in, .out = out, .ld = out, .transposed = true };
	ct_bind(b, &l->w, in, out, "h.%d.%s.weight", layer, name);
	ct_bind(b, &l->b, out, 0, "h.%d.%s.bias", layer, name);
}

/* Columns [first, first+out) of a transposed matrix. */
static struct ct_linear
slice(const struct ct_linear *l, int first, int out)
{
	struct ct_linear s = *l;

	s.out = out;
	if (l->w)
		s.w = l->w + first;
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
	ct_bind(b, &m->embed, c->V, D, "wte.weight");
	ct_bind(b, &m->pos_embed, c->context, D, "wpe.weight");
	ct_bind(b, &m->norm_f.w, D, 0, "ln_f.weight");
	ct_bind(b, &m->norm_f.b, D, 0, "ln_f.bias");
	if (!c->tied)
		ct_bind_plain(b, &m->unembed, c->V, D, "lm_head.weight");
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
	.config = gpt2_config,
	.bind = gpt2_bind,
};
