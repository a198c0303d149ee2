/* clamp: the words for what a clamp does, which options, commands and files share. See clamp.h. */
#include "trace/clamp.h"

#include <string.h>

static const char *const throughs[] = { [CT_MODEL] = "model", [CT_REPLACEMENT] = "replacement" };

const char *
ct_unit_name(enum ct_unit unit)
{
	static const char *const names[] = {
		[CT_ABSOLUTE] = "absolute", [CT_MULTIPLE] = "multiple", [CT_DELTA] = "delta"
	};

	return names[unit];
}

const char *
ct_mode_name(enum ct_mode mode)
{
	static const char *const names[] = {
		[CT_FROZEN] = "frozen", [CT_FREE] = "free", [CT_DIRECT] = "direct", [CT_RANGE] = "range"
	};

	return names[mode];
}

const char *
ct_through_name(enum ct_through through)
{
	return throughs[through];
}

bool
ct_through_find(const char *name, enum ct_through *out)
{
	for (size_t i = 0; i < sizeof throughs / sizeof *throughs; i++)
		if (strcmp(name, throughs[i]) == 0) {
			*out = (enum ct_through)i;
			return true;
		}
	return false;
}
