/* label: see label.h. */
#include "base/label.h"

#include <stdio.h>
#include <string.h>

bool
ct_label_words(char *dst, size_t size, const char *label)
{
	static const char mixed[] = CT_LABEL_MIXED;
	const char *first = label + sizeof mixed - 1, *end;

	if (strncmp(label, mixed, sizeof mixed - 1) != 0) {
		snprintf(dst, size, "%s", label);
		return false;
	}
	end = strstr(first, CT_LABEL_OR);
	snprintf(dst, size, "%.*s", (int)(end ? (size_t)(end - first) : strlen(first)), first);
	return true;
}

bool
ct_label_short(char *dst, size_t size, const char *label)
{
	static const char about[] = CT_LABEL_GUESS;
	size_t mark = sizeof about - 1;

	if (size <= mark || !ct_label_words(dst + mark, size - mark, label)) {
		snprintf(dst, size, "%s", label);
		return false;
	}
	memcpy(dst, about, mark);
	return true;
}
