/* decoder: what families have in common whose tensors are named like llama's; see family.h. */
#include <math.h>
#include <string.h>

#include "model/family.h"

int
ct_decoder_heads(struct ct_config *c, const char *path, struct ct_error *err)
{
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

int
ct_decoder_window(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err)
{
	if (json_is_null(json_object_get(json, "sliding_window"))) {
		c->window = 0;
		return CT_OK;
	}
	return ct_json_int(json, path, "sliding_window", false, 1, CT_MAX_VOCAB, &c->window, err);
}

int
ct_decoder_layer_types(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err)
{
	const json_t *list = json_object_get(json, "layer_types");

	if (!list || json_is_null(list))
		return CT_OK;
	if (!json_is_array(list) || json_array_size(list) != (size_t)c->L)
		return ct_fail(err, CT_EFORMAT,
		    "%s: \"layer_types\": expected a list of %d, one for each layer", path, c->L);
	for (int l = 0; l < c->L; l++) {
		const char *type = json_string_value(json_array_get(list, (size_t)l));

		c->local[l] = type && strcmp(type, "sliding_attention") == 0;
		if (!c->local[l] && (!type || strcmp(type, "full_attention") != 0))
			return ct_fail(err, CT_EUNSUPPORTED,
			    "%s: \"layer_types\": the type of layer %d is not "
			    "supported (supported: full_attention, sliding_attention)", path, l);
		if (c->local[l] && c->window == 0)
			return ct_fail(err, CT_EFORMAT,
			    "%s: \"layer_types\": layer %d is sliding_attention, but "
			    "there is no \"sliding_window\"", path, l);
	}
	return CT_OK;
}

/* Windows in the upper layers, if use_sliding_window is true. */
static int
upper_windows(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err)
{
	bool use = false;
	int from = 28, code = ct_json_bool(json, path, "use_sliding_window", false, &use, err);

	if (code == CT_OK)
		code = ct_decoder_window(c, json, path, err);
	if (code == CT_OK)
		code = ct_json_int(json, path, "max_window_layers", false, 0, CT_MAX_LAYERS, &from, err);
	if (!use)
		c->window = 0;
	for (int l = from; l < c->L && c->window > 0; l++)
		c->local[l] = true;
	return code == CT_OK ? ct_decoder_layer_types(c, json, path, err) : code;
}

int
ct_qwen_config(struct ct_config *c, const void *json, const char *path, struct ct_notes *notes,
    struct ct_error *err)
{
	int code = ct_decoder_heads(c, path, err);

	if (code == CT_OK)
		code = upper_windows(c, json, path, err);
	if (code == CT_OK)
		code = ct_keys_rope(c, json, path, notes, err);
	return code == CT_OK ? ct_keys_bos(c, json, path, err) : code;
}

/* A softcap: null turns it off. */
static int
read_softcap(double *out, const json_t *json, const char *path, const char *key, struct ct_error *err)
{
	int code;

	if (json_is_null(json_object_get(json, key))) {
		*out = 0;
		return CT_OK;
	}
	if (!json_object_get(json, key))
		return CT_OK;		/* the family's default, which may be none */
	code = ct_json_double(json, path, key, false, out, err);
	if (code == CT_OK && !(*out > 0))
		code = ct_fail(err, CT_EFORMAT, "%s: \"%s\": expected a positive number or null, found %g",
		    path, key, *out);
	return code;
}

int
ct_gemma_config(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err)
{
	int code = CT_OK;

	if (!(c->query_scale > 0))
		return ct_fail(err, CT_EFORMAT,
		    "%s: \"query_pre_attn_scalar\": expected a positive number, found " "%g", path,
		    c->query_scale);
	c->query_scale = 1 / sqrt(c->query_scale);
	c->embed_scale = sqrt(c->D);
	c->out_bias = c->attn_bias;
	if (code == CT_OK)
		code = read_softcap(&c->attn_softcap, json, path, "attn_logit_softcapping", err);
	if (code == CT_OK)
		code = read_softcap(&c->final_softcap, json, path, "final_logit_softcapping", err);
	if (code == CT_OK)
		code = ct_decoder_window(c, json, path, err);
	return code == CT_OK ? ct_decoder_layer_types(c, json, path, err) : code;
}

static void
bind_linear(struct ct_binder *b, struct ct_linear *l, int out, int in, bool bias, int layer, const char *name)
{
	ct_bind_matrix(b, &l->w, out, in, false, "layers.%d.%s.weight", layer, name);
	if (bias)
		ct_bind(b, &l->b, out, "layers.%d.%s.bias", layer, name);
}

static void
bind_norms(struct ct_binder *b, const struct ct_config *c, int l, struct ct_layer *at)
{
	const char *before_mlp = c->post_norms ? "pre_feedforward_layernorm" : "post_attention_layernorm";

	ct_bind_norm(b, &at->norm1, c->D, "layers.%d.input_layernorm.weight", l);
	ct_bind_norm(b, &at->norm2, c->D, "layers.%d.%s.weight", l, before_mlp);
	if (c->post_norms) {
		ct_bind_norm(b, &at->post1, c->D, "layers.%d.post_attention_layernorm.weight", l);
		ct_bind_norm(b, &at->post2, c->D, "layers.%d.post_feedforward_layernorm.weight", l);
	}
	if (c->qk_norms) {
		ct_bind_norm(b, &at->q_norm, c->head, "layers.%d.self_attn.q_norm.weight", l);
		ct_bind_norm(b, &at->k_norm, c->head, "layers.%d.self_attn.k_norm.weight", l);
	}
}

void
ct_bind_decoder(struct ct_model *m, struct ct_binder *b, const char *prefix)
{
	const struct ct_config *c = &m->cfg;
	int q = c->H * c->head, kv = c->H_kv * c->head;

	ct_bind_prefix(b, prefix, "embed_tokens.weight");
	ct_bind_embedding(b, "embed_tokens.weight");
	ct_bind_norm(b, &m->norm_f, c->D, "norm.weight");
	for (int l = 0; l < c->L; l++) {
		struct ct_layer *at = &m->layers[l];

		bind_norms(b, c, l, at);
		bind_linear(b, &at->q, q, c->D, c->attn_bias, l, "self_attn.q_proj");
		bind_linear(b, &at->k, kv, c->D, c->attn_bias, l, "self_attn.k_proj");
		bind_linear(b, &at->v, kv, c->D, c->attn_bias, l, "self_attn.v_proj");
		bind_linear(b, &at->o, c->D, q, c->out_bias, l, "self_attn.o_proj");
		bind_linear(b, &at->gate, c->mlp, c->D, c->mlp_bias, l, "mlp.gate_proj");
		bind_linear(b, &at->up, c->mlp, c->D, c->mlp_bias, l, "mlp.up_proj");
		bind_linear(b, &at->down, c->D, c->mlp, c->mlp_bias, l, "mlp.down_proj");
	}
}

int
ct_decoder_bind(struct ct_model *m, struct ct_binder *b, struct ct_error *err)
{
	(void)err;
	ct_bind_decoder(m, b, "model.");
	return CT_OK;
}
