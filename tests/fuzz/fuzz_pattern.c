/*
 * Fuzzes the translator of Oniguruma's patterns: the first line is a pattern, the rest a text that it cuts.
 * What is not refused compiles or says why; its matches and gaps are the text, in order.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "model/regex.h"

struct seen {
	size_t end;
};

static int
next(void *ctx, size_t from, size_t to, bool matched, struct ct_error *err)
{
	struct seen *s = ctx;

	(void)matched;
	(void)err;
	if (from != s->end || to < from)
		abort();
	s->end = to;
	return CT_OK;
}

static bool
is_utf8(const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		int len = ct_utf8_decode(s + i, n - i, &cp);

		if (cp == 0xFFFD && len == 1)
			return false;
		i += (size_t)len;
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *copy = malloc(n + 1), *text;
	struct ct_error err;
	struct ct_regex *r;
	struct seen s = { 0 };
	size_t len;

	if (!copy)
		return 0;
	memcpy(copy, data, n);
	copy[n] = '\0';
	text = strchr(copy, '\n');
	if (text)
		*text++ = '\0';
	else
		text = copy + strlen(copy);
	len = strlen(text);
	if (is_utf8(copy, strlen(copy)) && is_utf8(text, len) &&
	    ct_regex_compile(&r, copy, CT_REGEX_ONIGURUMA, "p", &err) == CT_OK) {
		if (ct_regex_each(r, text, len, 0, next, &s, &err) == CT_OK && s.end != len)
			abort();
		ct_regex_free(r);
	}
	free(copy);
	return 0;
}
