/*
 * gemma3: gemma2 with norms of queries and keys instead of softcaps, and with a window in five of six layers,
 * which have a rotary base of their own. Either alone (gemma3_text), or as the language model within one that
 * also reads pictures (gemma3), where its config and tensors are nested one level deeper; the part that reads
 * pictures is ignored.
 */
#include "model/family.h"

/* What Gemma3TextConfig assumes for a key that is missing. */
static const struct ct_config defaults = {
	.H = 8,
	.H_kv = 4,
	.head = 256,
	.V = 262208,
	.context = 131072,
	.norm = CT_RMSNORM,
	.unit_norm = true,
	.post_norms = true,
	.qk_norms = true,
	.act = CT_GELU_TANH,
	.gated = true,
	.position = CT_ROPE,
	.eps = 1e-6,
	.rope_theta = 1000000,
	.local_theta = 10000,
	.tied = true,
	.query_scale = 256,		/* query_pre_attn_scalar until text_config */
	.window = 4096,
	.bos = 2,
};

static const struct ct_key text_keys[] = {
	CT_DECODER_KEYS,
	CT_GEMMA_KEYS,
	{ CT_KEY_INTO(local_theta, CT_KEY_NUMBER, "rope_local_base_freq") },
	{ CT_KEY(CT_KEY_FAMILY, "sliding_window_pattern"), .alias = "_sliding_window_pattern" },
	{ CT_KEY(CT_KEY_ONLY, "use_bidirectional_attention"), .only = "false" },
	{ CT_KEY(CT_KEY_IDLE, "hidden_act") },		/* hidden_activation counts */
	{ CT_KEY(CT_KEY_IDLE, "cache_implementation") },
	{ .name = NULL },
};

static const struct ct_key keys[] = {
	{ CT_KEY(CT_KEY_FAMILY, "text_config") },
	{ CT_KEY(CT_KEY_FAMILY, "bos_token_id") },
	{ CT_KEY(CT_KEY_IDLE, "vision_config") },	/* pictures, which no prompt here has */
	{ CT_KEY(CT_KEY_IDLE, "mm_tokens_per_image") },
	{ CT_KEY(CT_KEY_IDLE, "boi_token_index") },
	{ CT_KEY(CT_KEY_IDLE, "eoi_token_index") },
	{ CT_KEY(CT_KEY_IDLE, "image_token_index") },
	{ .name = NULL },
};

/*
 * One map for each type of layer, as transformers 5 writes it. What holds for all layers is read from the
 * first map.
 */
static int
read_rope(struct ct_config *c, const json_t *json, const char *path, struct ct_notes *notes,
    struct ct_error *err)
{
	const json_t *maps = json_object_get(json, "rope_parameters"), *full, *local;
	json_t *whole;
	int code;

	full = json_object_get(maps, "full_attention");
	local = json_object_get(maps, "sliding_attention");
	if (!json_is_object(full) || !json_is_object(local))
		return ct_keys_rope(c, json, path, notes, err);
	whole = json_pack("{s:O}", "rope_parameters", (json_t *)(uintptr_t)full);
	if (!whole)
		return ct_fail_memory(err, sizeof *c, path);
	code = ct_keys_rope(c, whole, path, notes, err);
	json_decref(whole);
	if (code == CT_OK)
		code = ct_json_double(local, path, "rope_theta", false, &c->local_theta, err);
	return code;
}

/* A softcap that the config may have, but Hugging Face's class does not apply. */
static void
leave_out_cap(double *cap, const char *key, const char *model_type, const char *path, struct ct_notes *notes)
{
	if (*cap > 0)
		ct_note(notes, "%s: \"%s\" is ignored, as Hugging Face's class for %s does", path, key,
		    model_type);
	*cap = 0;
}

static int
text_config(struct ct_config *c, const void *json, const char *path, struct ct_notes *notes,
    struct ct_error *err)
{
	const char *key = json_object_get(json, "sliding_window_pattern") ? "sliding_window_pattern"
									: "_sliding_window_pattern";
	int pattern = 6, code = ct_decoder_heads(c, path, err);

	if (code == CT_OK)
		code = ct_json_int(json, path, key, false, 1, CT_MAX_LAYERS, &pattern, err);
	for (int l = 0; l < c->L; l++)
		c->local[l] = (l + 1) % pattern != 0;
	if (code == CT_OK)
		code = ct_gemma_config(c, json, path, err);
	if (code == CT_OK)
		leave_out_cap(&c->attn_softcap, "attn_logit_softcapping", "gemma3_text", path, notes);
	if (code == CT_OK)
		code = read_rope(c, json, path, notes, err);
	if (code == CT_OK && !(c->local_theta > 0))
		code = ct_fail(err, CT_EFORMAT, "%s: the rotary base of local layers: expected a positive "
		    "number, found %g", path, c->local_theta);
	return code == CT_OK ? ct_keys_bos(c, json, path, err) : code;
}

static int
gemma3_config(struct ct_config *c, const void *json, const char *path, struct ct_notes *notes,
    struct ct_error *err)
{
	const json_t *text = json_object_get(json, "text_config");
	int code;

	if (!json_is_object(text))
		return ct_fail(err, CT_EFORMAT, "%s: \"text_config\" is missing or not an object", path);
	code = ct_keys_read(c, text, text_keys, "gemma3_text", path, notes, err);
	if (code == CT_OK)
		code = text_config(c, text, path, notes, err);
	if (code == CT_OK)
		leave_out_cap(&c->final_softcap, "final_logit_softcapping", "gemma3", path, notes);
	return code;
}

static int
text_bind(struct ct_model *m, struct ct_binder *b, struct ct_error *err)
{
	(void)err;
	ct_bind_decoder(m, b, "model.");
	return CT_OK;
}

/* transformers 4.52 moved the language model inside. */
static int
gemma3_bind(struct ct_model *m, struct ct_binder *b, struct ct_error *err)
{
	(void)err;
	ct_bind_decoder(m, b, ct_bind_exists(b, "model.language_model.embed_tokens.weight") ?
	    "model.language_model." : "language_model.model.");
	return CT_OK;
}

const struct ct_family ct_family_gemma3_text = {
	.model_type = "gemma3_text",
	.tokenizer_class = "GemmaTokenizer",
	.defaults = &defaults,
	.keys = text_keys,
	.idle = (const char *const[]){ "*rotary_emb*.inv_freq", NULL },
	.config = text_config,
	.bind = text_bind,
};
const struct ct_family ct_family_gemma3 = {
	.model_type = "gemma3",
	.tokenizer_class = "GemmaTokenizer",
	.defaults = &defaults,
	.keys = keys,
	.idle = (const char *const[]){ "*rotary_emb*.inv_freq", NULL },
	.config = gemma3_config,
	.bind = gemma3_bind,
};
