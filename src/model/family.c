/*
 * family: the table of model families.
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
