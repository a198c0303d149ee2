/*
 * Fuzzes tokenizer.json, and with what opens, encoding and decoding: spans must lie in the text, in order.
 * What follows a form feed is the tokenizer_config.json beside it.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "model/tokenizer.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char text[] = "the New York\xc3\xa9 12 don't  \n\xf0\x9f\x98\x80 <bos> w1 a ab";
	struct ct_token_span out[128];
	struct ct_tokenizer *t;
	struct ct_error err;
	char buf[64];
	const uint8_t *cut = n ? memchr(data, '\f', n) : NULL;
	size_t at = 0, first = cut ? (size_t)(cut - data) : n;
	int ids[128], count;

	fuzz_file("tokenizer.json", data, first);
	fuzz_file("tokenizer_config.json", (const uint8_t *)(cut ? (const char *)cut + 1 : "{}"),
	    cut ? n - first - 1 : 2);
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
