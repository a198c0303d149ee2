/*
 * Fuzzes the sanitiser: whatever goes in, only visible UTF-8 comes out, that neither turns around nor hides.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"

/* Marks, embeddings and isolates of direction; what has no width; line and paragraph separators. */
static bool
misleads(uint32_t cp)
{
	return cp == 0x061C || (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x2028 && cp <= 0x202E) ||
	    (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF || (cp >= 0xE0000 && cp <= 0xE007F);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char buf[256];
	size_t size = n ? data[0] : 0, len = ct_text_clean(buf, size, (const char *)data, n);

	if (size && (len >= size || strlen(buf) != len))
		abort();
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		int used = ct_utf8_decode(buf + i, len - i, &cp);

		if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || (cp == 0xFFFD && used == 1) || misleads(cp))
			abort();
		i += (size_t)used;
	}
	return 0;
}
