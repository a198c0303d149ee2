/*
 * Fuzzes the commands of ctrace-tui: lines, each as if it were typed after a colon, and the screen after it.
 * Commands that write files or leave are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "fuzz_app.h"
#include "tui/language/cmd.h"
#include "tui/screen/frame.h"

enum { LINES = 12 };	/* of one input; more would only be slow */

static bool
allowed(const char *line)
{
	const struct cmd_entry *c;

	line += strspn(line, " \t");
	c = cmd_find(line, strcspn(line, " \t"));
	return !c || !(c->flags & CMD_PERSON);
}

static void
run_lines(struct app *a, char *text)
{
	char *save = NULL;
	int n = 0;

	for (char *line = strtok_r(text, "\n", &save); line && n < LINES; line = strtok_r(NULL, "\n", &save),
	    n++) {
		int did = allowed(line) ? cmd_run(a, line) : DID_NOTHING;

		/* What fails says why. */
		fuzz_need(!(did & DID_FAIL) || *a->message);
		frame_draw(a);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct app *a = fuzz_app_open();
	char *text = fuzz_text(data, n);

	run_lines(a, text);
	fuzz_app_close(a);
	free(text);
	return 0;
}
