/* fingerprint: see fingerprint.h. */
#include "model/fingerprint.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { DIGITS = 8, PARTS = 3 };

void
ct_fingerprint_text(char dst[CT_FINGERPRINT], const struct ct_model *m, const struct ct_transcoder *tc,
    const struct ct_tokenizer *t)
{
	const int how[] = { tc->kind, tc->act, tc->k, tc->read, tc->write };
	uLong weights = ct_tensors_digest(m->tensors, m->cfg.digest);
	uLong transcoder = crc32(ct_transcoder_digest(tc, 0), (const Bytef *)how, sizeof how);

	snprintf(dst, CT_FINGERPRINT, "%08x-%08x-%08x", (unsigned)weights, (unsigned)transcoder,
	    (unsigned)ct_tokenizer_digest(t));
}

bool
ct_fingerprint_valid(const char *text)
{
	for (int i = 0; i < PARTS; i++, text += DIGITS + 1) {
		if (strspn(text, "0123456789abcdef") != DIGITS ||
		    text[DIGITS] != (i + 1 < PARTS ? '-' : '\0'))
			return false;
	}
	return true;
}

const char *
ct_fingerprint_differs(const char *a, const char *b, char *buf, size_t size)
{
	static const char *const parts[PARTS] = { "the model's weights", "the transcoder", "the tokenizer" };
	size_t at = 0;

	buf[0] = '\0';
	for (int i = 0; i < PARTS; i++)
		if (strncmp(a + i * (DIGITS + 1), b + i * (DIGITS + 1), DIGITS) != 0 && at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? ", " : "", parts[i]);
	return buf;
}
