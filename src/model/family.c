/*
 * family: the table of model families.
 */
#include "model/family.h"

#include <stdio.h>
#include <string.h>

static const struct ct_family *const families[] = {
	&ct_family_llama,
	&ct_family_gpt2,
	&ct_family_qwen2,
	&ct_family_qwen3,
	&ct_family_mistral,
	&ct_family_gemma,
	&ct_family_gemma2,
	&ct_family_gemma3,
	&ct_family_gemma3_text,
};

const struct ct_family *
ct_family_find(const char *model_type)
{
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		if (strcmp(families[i]->model_type, model_type) == 0)
			return families[i];
	return NULL;
}

void
ct_family_list(char *buf, size_t size)
{
	size_t used = 0;

	*buf = '\0';
	for (size_t i = 0; i < sizeof families / sizeof *families && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
		    families[i]->model_type);
}
