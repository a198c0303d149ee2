/*
 * blanks: viewers join the tokens of a card, so tokens that do not include their blanks get them in a card's
 * JSON.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cards/record.h"

static json_t *
with_blank(const char *token, size_t n)
{
	char *text = malloc(n + 2);
	json_t *out = NULL;

	if (text) {
		text[0] = ' ';
		memcpy(text + 1, token, n + 1);
		out = json_stringn(text, n + 1);
	}
	free(text);
	return out;
}

static int
change(json_t *tokens, bool give)
{
	for (size_t i = 1; i < json_array_size(tokens); i++) {
		const json_t *old = json_array_get(tokens, i);
		const char *token = json_string_value(old);
		json_t *now;

		if (!token || (!give && *token != ' '))
			continue;
		now = give ? with_blank(token, json_string_length(old))
		    : json_stringn(token + 1, json_string_length(old) - 1);
		if (json_array_set_new(tokens, i, now) != 0)
			return CT_ENOMEM;
	}
	return CT_OK;
}

int
ct_record_blanks(struct json_t *card, bool give)
{
	const json_t *quantile, *example;
	size_t i, k;
	int code = CT_OK;

	json_array_foreach(json_object_get(card, "examples_quantiles"), i, quantile)
		json_array_foreach(json_object_get(quantile, "examples"), k, example)
			if (code == CT_OK)
				code = change(json_object_get(example, "tokens"), give);
	return code;
}
