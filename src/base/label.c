/* label: see label.h. */
#include "base/label.h"

#include <stdio.h>
#include <string.h>

static const char mixed[] = CT_LABEL_MIXED, between[] = CT_LABEL_OR;

bool
ct_label_candidate(char *dst, size_t size, const char *label, int i)
{
	bool several = strncmp(label, mixed, sizeof mixed - 1) == 0;
	const char *p = several ? label + sizeof mixed - 1 : label, *end = NULL;

	for (; p && i >= 0; i--) {
		end = several ? strstr(p, between) : NULL;
		if (i)
			p = end ? end + sizeof between - 1 : NULL;
	}
	if (!p || !*p)
		return false;
	snprintf(dst, size, "%.*s", (int)(end ? (size_t)(end - p) : strlen(p)), p);
	return true;
}

bool
ct_label_words(char *dst, size_t size, const char *label)
{
	if (!ct_label_candidate(dst, size, label, 0) && size > 0)
		*dst = '\0';
	return strncmp(label, mixed, sizeof mixed - 1) == 0;
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
