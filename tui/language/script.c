/* script: see script.h. */
#include "tui/language/script.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tui/app.h"
#include "tui/language/cmd.h"

enum { SCRIPT_MAX = 1 << 20 };

int
script_run(struct app *a, const char *path, int *did, struct ct_error *err)
{
	bool standard = strcmp(path, "-") == 0;
	char *data = NULL, *line, *next;
	int code, number = 0;
	size_t n;

	*did = DID_NOTHING;
	code = ct_file_read_text(&data, &n, path, SCRIPT_MAX, err);
	if (code != CT_OK)
		return code;
	for (line = data; line && *line && !(*did & DID_QUIT); line = next) {
		int now;

		number++;
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		now = cmd_run(a, line);
		*did |= now;
		if (now & DID_FAIL) {
			code = ct_fail(err, CT_EINVAL, "%s:%d: %s", standard ? "standard input" : path,
			    number, a->message);
			break;
		}
	}
	free(data);
	return code;
}
