/*
 * family: the table of model families, and the readers they share.
 */
#include "model/family.h"

#include <stdio.h>
#include <string.h>

static const struct ct_family *const families[] = {
	&ct_family_llama,
	&ct_family_gpt2,
};

const struct ct_family *
ct_family_find(const char *model_type)
{
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		if (strcmp(families[i]->model_type, model_type) == 0)
			return families[i];
	return NULL;
}

const char *
ct_family_list(void)
{
	return "llama, gpt2";
}

static const struct {
	const char *name;
	enum ct_act act;
} acts[] = {
	{ "silu", CT_SILU },
	{ "swish", CT_SILU },
	{ "gelu", CT_GELU },
	{ "gelu_new", CT_GELU_TANH },
	{ "gelu_pytorch_tanh", CT_GELU_TANH },
	{ "relu", CT_RELU },
};

int
ct_family_act(const json_t *json, const char *path, const char *key, const char *fallback, enum ct_act *out,
    struct ct_error *err)
{
	const char *name = fallback;
	int code = ct_json_string(json, path, key, false, &name, err);

	if (code != CT_OK)
		return code;
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (strcmp(acts[i].name, name) == 0) {
			*out = acts[i].act;
			return CT_OK;
		}
	return ct_fail(err, CT_EUNSUPPORTED, "%s: \"%s\": the activation \"%.60s\" is not supported "
	    "(supported: silu, gelu, gelu_new, gelu_pytorch_tanh, relu)", path, key, name);
}

int
ct_family_bos(struct ct_config *c, const json_t *json, const char *path, struct ct_error *err)
{
	int code;

	c->bos = -1;
	code = ct_json_int(json, path, "bos_token_id", false, -1, CT_MAX_VOCAB, &c->bos, err);
	if (c->bos >= c->V)
		c->bos = -1;
	return code;
}
