/* fingerprint: see fingerprint.h. */
#include "model/fingerprint.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"

enum { FILE_MAX = 256 << 20, DIGITS = 8, PARTS = 3 };

static uint32_t
add_file(const char *dir, const char *name, uint32_t digest)
{
	char *path = ct_path_join(dir, name), *text = NULL;
	uLong crc = digest;
	size_t n = 0;

	if (path && ct_file_exists(path) && ct_file_read(&text, &n, path, FILE_MAX, NULL) == CT_OK)
		crc = crc32_z(crc, (const Bytef *)text, n);
	free(text);
	free(path);
	return (uint32_t)crc;
}

void
ct_fingerprint_text(char dst[CT_FINGERPRINT], const char *dir, const struct ct_model *m,
    const struct ct_transcoder *tc)
{
	const int how[] = { tc->kind, tc->act, tc->k, tc->read, tc->write };
	uint32_t weights = add_file(dir, "config.json", ct_tensors_digest(m->tensors, 0));
	uLong transcoder = crc32(ct_transcoder_digest(tc, 0), (const Bytef *)how, sizeof how);

	snprintf(dst, CT_FINGERPRINT, "%08x-%08x-%08x", (unsigned)weights, (unsigned)transcoder,
	    (unsigned)add_file(dir, "tokenizer.json", 0));
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
