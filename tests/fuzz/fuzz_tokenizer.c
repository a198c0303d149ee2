/*
 * Fuzzes tokenizer.json, and with what opens, encoding and decoding: spans must lie in the text, in order.
 * What follows a form feed is the tokenizer_config.json beside it, and so on with the other files beside it.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "model/tokenizer.h"

/* A file for which there is no data is an empty object. */
static void
write_files(const uint8_t *data, size_t n)
{
	static const char *const names[] = { "tokenizer.json", "tokenizer_config.json", "config.json",
		"special_tokens_map.json", "added_tokens.json" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const uint8_t *cut = n ? memchr(data, '\f', n) : NULL;
		size_t own = cut ? (size_t)(cut - data) : n;

		if (data)
			fuzz_file(names[i], data, own);
		else
			fuzz_file(names[i], (const uint8_t *)"{}", 2);
		n -= cut ? own + 1 : own;
		data = cut ? cut + 1 : NULL;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char text[] = "the New York\xc3\xa9 12 don't  \n\xf0\x9f\x98\x80 <bos> w1 a ab";
	struct ct_token_span out[128];
	struct ct_tokenizer *t;
	struct ct_error err;
	char buf[64];
	size_t at = 0;
	int ids[128], count;

	write_files(data, n);
	if (ct_tokenizer_open(&t, fuzz_dir(), &err) != CT_OK)
		return 0;
	count = ct_tokenizer_encode(t, text, sizeof text - 1, out, 128, NULL, &err);
	for (int i = 0; i < count; i++) {
		if (out[i].start < at || out[i].end < out[i].start || out[i].end > sizeof text - 1)
			abort();
		at = out[i].start;
		ids[i] = out[i].id;
	}
	if (count > 0)
		ct_tokenizer_decode(t, ids, count, buf, sizeof buf);
	ct_tokenizer_complete(t, "a", ids, 128);
	ct_tokenizer_close(t);
	return 0;
}
