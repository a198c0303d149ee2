/*
 * keys: see keys.h.
 */
#include "model/keys.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Hugging Face's PretrainedConfig, for every model_type, and what common tools write into config.json. */
static const struct ct_key shared[] = {
	{ CT_KEY(CT_KEY_FAMILY, "model_type") },
	{ CT_KEY(CT_KEY_ONLY, "is_encoder_decoder"), .only = "false" },
	{ CT_KEY(CT_KEY_ONLY, "add_cross_attention"), .only = "false" },
	{ CT_KEY(CT_KEY_ONLY, "pruned_heads"), .only = "{}" },
#define IDLE(key) { CT_KEY(CT_KEY_IDLE, key) }
	IDLE("_attn_implementation"), IDLE("_attn_implementation_autoset"), IDLE("_commit_hash"),
	IDLE("_model_name_or_path"), IDLE("_name_or_path"), IDLE("architectures"),
	    IDLE("attn_implementation"), IDLE("bad_words_ids"),
	IDLE("begin_suppress_tokens"), IDLE("chunk_size_feed_forward"), IDLE("cls_token_id"),
	    IDLE("cross_attention_hidden_size"),
	IDLE("decoder_start_token_id"), IDLE("diversity_penalty"), IDLE("do_sample"), IDLE("dtype"),
	IDLE("early_stopping"), IDLE("encoder_no_repeat_ngram_size"), IDLE("eos_token_id"),
	IDLE("exponential_decay_length_penalty"), IDLE("finetuning_task"), IDLE("forced_bos_token_id"),
	IDLE("forced_eos_token_id"), IDLE("gradient_checkpointing"), IDLE("id2label"),
	    IDLE("initializer_range"),
	IDLE("is_decoder"), IDLE("label2id"), IDLE("length_penalty"), IDLE("max_length"), IDLE("min_length"),
	IDLE("mask_token_id"), IDLE("name_or_path"), IDLE("no_repeat_ngram_size"), IDLE("num_beam_groups"),
	    IDLE("num_beams"),
	IDLE("num_labels"), IDLE("num_return_sequences"), IDLE("output_attentions"),
	    IDLE("output_hidden_states"),
	IDLE("output_scores"), IDLE("pad_token_id"), IDLE("prefix"), IDLE("problem_type"),
	IDLE("remove_invalid_values"), IDLE("repetition_penalty"), IDLE("return_dict"),
	IDLE("return_dict_in_generate"), IDLE("sep_token_id"), IDLE("suppress_tokens"),
	IDLE("task_specific_params"), IDLE("temperature"), IDLE("tf_legacy_loss"),
	    IDLE("tie_encoder_decoder"),
	IDLE("tokenizer_class"), IDLE("top_k"), IDLE("top_p"), IDLE("torch_dtype"), IDLE("torchscript"),
	IDLE("transformers.js_config"), IDLE("transformers_version"), IDLE("typical_p"),
	    IDLE("unk_token_id"), IDLE("unsloth_fixed"),
	IDLE("unsloth_version"), IDLE("use_bfloat16"), IDLE("use_cache"), IDLE("use_return_dict"),
#undef IDLE
	{ .name = NULL },
};

static const struct {
	const char *name;
	enum ct_act act;
} acts[] = {
	{ "silu", CT_SILU },
	{ "swish", CT_SILU },
	{ "gelu", CT_GELU },
	{ "gelu_python", CT_GELU },
	{ "gelu_new", CT_GELU_TANH },
	{ "gelu_pytorch_tanh", CT_GELU_TANH },
	{ "gelu_python_tanh", CT_GELU_TANH },
	{ "gelu_accurate", CT_GELU_TANH },
	{ "gelu_fast", CT_GELU_TANH },
	{ "relu", CT_RELU },
};

static int
read_act(enum ct_act *out, const json_t *json, const char *path, const char *key, struct ct_error *err)
{
	const char *name = NULL;
	char shown[80];
	int code = ct_json_string(json, path, key, false, &name, err);

	if (code != CT_OK || !name)
		return code;
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (strcmp(acts[i].name, name) == 0) {
			*out = acts[i].act;
			return CT_OK;
		}
	ct_text_clean(shown, sizeof shown, name, strlen(name));
	return ct_fail(err, CT_EUNSUPPORTED, "%s: \"%s\": the activation \"%s\" is not supported "
	    "(supported: silu, gelu, gelu_new, gelu_pytorch_tanh, relu)", path, key, shown);
}

/* Numbers are equal by value: 1 and 1.0. */
static bool
same(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b) == 1;
}

/* A value as in the file, for messages. */
static void
value_text(char *out, size_t size, const json_t *v)
{
	char text[256];
	size_t n = json_dumpb(v, text, sizeof text, JSON_ENCODE_ANY | JSON_COMPACT);

	if (n <= 60)
		ct_text_clean(out, size, text, n);
	else
		snprintf(out, size, "%s", json_is_object(v) ? "{...}" : json_is_array(v) ? "[...]" :
		    "a long text");
}

static int
check_only(const json_t *json, const char *path, const struct ct_key *k, struct ct_error *err)
{
	const json_t *v = json_object_get(json, k->name);
	json_t *only;
	char found[80];
	bool ok;

	if (!v)
		return CT_OK;
	only = json_loads(k->only, JSON_DECODE_ANY, NULL);
	if (!only)
		return ct_fail_memory(err, strlen(k->only), path);
	/* To Hugging Face null is not a missing key, but as good as false. */
	ok = same(v, only) || (json_is_null(v) && (json_is_false(only) || json_is_object(only)));
	json_decref(only);
	if (ok)
		return CT_OK;
	value_text(found, sizeof found, v);
	return ct_fail(err, CT_EUNSUPPORTED, "%s: \"%s\": %s is not supported (supported: %s)", path, k->name,
	    found, k->only);
}

/* The name under which the key stands: its own or Hugging Face's other one. Both must agree. */
static int
choose_name(const char **name, const json_t *json, const char *path, const struct ct_key *k,
    struct ct_error *err)
{
	const json_t *own = json_object_get(json, k->name),
	    *other = k->alias ? json_object_get(json, k->alias) : NULL;

	*name = other && !own ? k->alias : k->name;
	if (own && other && !same(own, other)) {
		char a[80], b[80];

		value_text(a, sizeof a, own);
		value_text(b, sizeof b, other);
		return ct_fail(err, CT_EFORMAT, "%s: \"%s\" is %s and \"%s\", another name for it, is %s; "
		    "remove the wrong one", path, k->name, a, k->alias, b);
	}
	return CT_OK;
}

/* Hugging Face fails when it computes with null. */
static int
refuse_null(const json_t *json, const char *path, const char *name, const char *expected,
    struct ct_error *err)
{
	if (!json_is_null(json_object_get(json, name)))
		return CT_OK;
	return ct_fail(err, CT_EFORMAT, "%s: \"%s\": expected %s, found null; without the key the default "
	    "counts", path, name, expected);
}

static int
read_key(struct ct_config *c, const json_t *json, const char *path, const struct ct_key *k,
    struct ct_error *err)
{
	void *at = (char *)c + k->at;
	const char *name;
	int code = choose_name(&name, json, path, k, err);

	if (code != CT_OK)
		return code;
	switch (k->rule) {
	case CT_KEY_SIZE:
		return ct_json_int(json, path, name, k->need, 1, k->max, at, err);
	case CT_KEY_NUMBER:
		code = refuse_null(json, path, name, "a number", err);
		return code != CT_OK ? code : ct_json_double(json, path, name, k->need, at, err);
	case CT_KEY_FLAG:
		if (json_is_null(json_object_get(json, name)))
			*(bool *)at = false;
		return ct_json_bool(json, path, name, k->need, at, err);
	case CT_KEY_ACT:
		code = refuse_null(json, path, name, "a name", err);
		return code != CT_OK ? code : read_act(at, json, path, name, err);
	case CT_KEY_ONLY:
		return check_only(json, path, k, err);
	case CT_KEY_FAMILY:
	case CT_KEY_IDLE:
		break;
	}
	return CT_OK;
}

static bool
knows(const struct ct_key *table, const char *name)
{
	for (const struct ct_key *k = table; k->name; k++)
		if (strcmp(k->name, name) == 0 || (k->alias && strcmp(k->alias, name) == 0))
			return true;
	return false;
}

/* An unknown key that is null or false asks for nothing, so it needs no note. */
static void
note_unknown(const json_t *json, const struct ct_key *table, const char *model_type, const char *path,
    struct ct_notes *notes)
{
	char list[300] = "";
	const char *key;
	json_t *v;
	size_t used = 0;
	int n = 0;

	json_object_foreach((json_t *)(uintptr_t)json, key, v) {
		char shown[80];

		if (knows(table, key) || knows(shared, key) || json_is_null(v) || json_is_false(v))
			continue;
		n++;
		ct_text_clean(shown, sizeof shown, key, strlen(key));
		if (used + strlen(shown) + 6 < sizeof list)
			used += (size_t)snprintf(list + used, sizeof list - used, "%s\"%s\"",
			    used ? ", " : "", shown);
	}
	if (n)
		ct_note(notes, "%s: %s %s ignored, as Hugging Face's class for %s does", path, list,
		    n > 1 ? "are" : "is", model_type);
}

int
ct_keys_read(struct ct_config *c, const json_t *json, const struct ct_key *table, const char *model_type,
    const char *path, struct ct_notes *notes, struct ct_error *err)
{
	const struct ct_key *const tables[] = { shared, table };

	for (size_t i = 0; i < 2; i++)
		for (const struct ct_key *k = tables[i]; k->name; k++) {
			int code = read_key(c, json, path, k, err);

			if (code != CT_OK)
				return code;
		}
	note_unknown(json, table, model_type, path, notes);
	return CT_OK;
}

int
ct_keys_bos(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err)
{
	int code;

	if (json_is_null(json_object_get(json, "bos_token_id")))
		c->bos = -1;
	code = ct_json_int(json, path, "bos_token_id", false, -1, CT_MAX_VOCAB, &c->bos, err);
	if (c->bos >= c->V)
		c->bos = -1;
	return code;
}
