/*
 * llama: RMSNorm, rotary positions, gated MLP, grouped-query attention.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "model/family.h"

static int
read_llama3(struct ct_rope_scaling *s, const json_t *rope, const char *path, struct ct_error *err)
{
	int code = ct_json_double(rope, path, "factor", true, &s->factor, err);

	if (code == CT_OK)
		code = ct_json_double(rope, path, "low_freq_factor", true, &s->low_freq_factor, err);
	if (code == CT_OK)
		code = ct_json_double(rope, path, "high_freq_factor", true, &s->high_freq_factor, err);
	if (code == CT_OK)
		code = ct_json_int(rope, path, "original_max_position_embeddings", true, 1, CT_MAX_VOCAB,
		    &s->original_context, err);
	if (code == CT_OK &&
	    !(s->factor > 0 && s->low_freq_factor > 0 && s->high_freq_factor > s->low_freq_factor))
		code = ct_fail(err, CT_EFORMAT, "%s: expected factor > 0 and 0 < low_freq_factor < "
		    "high_freq_factor, found %g, %g, %g", path, s->factor, s->low_freq_factor,
		    s->high_freq_factor);
	return code;
}

/* transformers 5 keeps rope_theta and the scaling together in rope_parameters; before, they are separate. */
static int
read_rope(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err)
{
	char where[PATH_MAX + 32];
	const json_t *rope = json_object_get(json, "rope_parameters");
	const char *type = "default";
	int code;

	c->rope_theta = 10000;
	code = ct_json_double(json, path, "rope_theta", false, &c->rope_theta, err);
	if (!json_is_object(rope))
		rope = json_object_get(json, "rope_scaling");
	if (code == CT_OK && json_is_object(rope))
		code = ct_json_double(rope, path, "rope_theta", false, &c->rope_theta, err);
	if (code == CT_OK && !(c->rope_theta > 0))
		code = ct_fail(err, CT_EFORMAT, "%s: \"rope_theta\": expected a positive number, found %g",
		    path, c->rope_theta);
	if (code != CT_OK || json_is_null(rope) || !rope)
		return code;
	if (!json_is_object(rope))
		return ct_fail(err, CT_EFORMAT, "%s: \"rope_scaling\": expected an object or null", path);
	code = ct_json_string(rope, path, "type", false, &type, err);
	if (code == CT_OK)
		code = ct_json_string(rope, path, "rope_type", false, &type, err);
	if (code != CT_OK || strcmp(type, "default") == 0)
		return code;
	if (strcmp(type, "llama3") != 0)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: rope_scaling of type \"%.60s\" is not supported "
		    "(supported: llama3, default)", path, type);
	snprintf(where, sizeof where, "%s: rope_scaling", path);
	return read_llama3(&c->rope_scaling, rope, where, err);
}

static int
read_sizes(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err)
{
	struct {
		const char *key;
		bool need;
		int max, *out;
	} sizes[] = {
		{ "hidden_size", true, CT_MAX_WIDTH, &c->D },
		{ "intermediate_size", true, CT_MAX_WIDTH, &c->mlp },
		{ "num_hidden_layers", true, CT_MAX_LAYERS, &c->L },
		{ "num_attention_heads", true, CT_MAX_WIDTH, &c->H },
		{ "num_key_value_heads", false, CT_MAX_WIDTH, &c->H_kv },
		{ "head_dim", false, CT_MAX_WIDTH, &c->head },
		{ "vocab_size", true, CT_MAX_VOCAB, &c->V },
		{ "max_position_embeddings", false, CT_MAX_VOCAB, &c->context },
	};

	c->context = 2048;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int code = ct_json_int(json, path, sizes[i].key, sizes[i].need, 1, sizes[i].max, sizes[i].out,
		    err);

		if (code != CT_OK)
			return code;
	}
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
	return CT_OK;
}

static int
llama_config(struct ct_config *c, const void *json, const char *path, struct ct_error *err)
{
	int code = read_sizes(c, json, path, err);

	c->norm = CT_RMSNORM;
	c->gated = true;
	c->position = CT_ROPE;
	c->eps = 1e-6;
	if (code == CT_OK)
		code = ct_json_double(json, path, "rms_norm_eps", false, &c->eps, err);
	if (code == CT_OK)
		code = ct_family_act(json, path, "hidden_act", "silu", &c->act, err);
	if (code == CT_OK)
		code = read_rope(c, json, path, err);
	if (code == CT_OK)
		code = ct_json_bool(json, path, "tie_word_embeddings", false, &c->tied, err);
	if (code == CT_OK)
		code = ct_json_bool(json, path, "attention_bias", false, &c->attn_bias, err);
	if (code == CT_OK)
		code = ct_json_bool(json, path, "mlp_bias", false, &c->mlp_bias, err);
	if (code == CT_OK)
		code = ct_family_bos(c, json, path, err);
	return code;
}

static void
bind_linear(struct ct_binder *b, struct ct_linear *l, int out, int in, bool bias, int layer, const char *name)
{
	*l = (struct ct_linear){ .in = in, .out = out, .ld = in };
	ct_bind(b, &l->w, out, in, "layers.%d.%s.weight", layer, name);
	if (bias)
		ct_bind(b, &l->b, out, 0, "layers.%d.%s.bias", layer, name);
}

static int
llama_bind(struct ct_model *m, struct ct_binder *b, struct ct_error *err)
{
	const struct ct_config *c = &m->cfg;
	int q = c->H * c->head, kv = c->H_kv * c->head;

	(void)err;
	ct_bind_prefix(b, "model.", "embed_tokens.weight");
	ct_bind(b, &m->embed, c->V, c->D, "embed_tokens.weight");
	ct_bind(b, &m->norm_f.w, c->D, 0, "norm.weight");
	if (!c->tied)
		ct_bind_plain(b, &m->unembed, c->V, c->D, "lm_head.weight");
	for (int l = 0; l < c->L; l++) {
		struct ct_layer *at = &m->layers[l];

		ct_bind(b, &at->norm1.w, c->D, 0, "layers.%d.input_layernorm.weight", l);
		ct_bind(b, &at->norm2.w, c->D, 0, "layers.%d.post_attention_layernorm.weight", l);
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
	.config = llama_config,
	.bind = llama_bind,
};
