/*
 * Fuzzes sessions: whatever a file has in it is run or refused with its line, and what is open then is kept
 * and comes back to the byte.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "fuzz_app.h"
#include "tui/screen/frame.h"
#include "tui/session/session_file.h"
#include "tui/study/lines.h"

enum { LINES = 16 };	/* of one input; more would only be slow */

static void
cut(char *text)
{
	for (int i = 0; i < LINES; i++) {
		text = strchr(text, '\n');
		if (!text)
			return;
		text++;
	}
	*text = '\0';
}

/* Other models and lessons are for other fuzzers. */
static void
keep_model(char *text)
{
	for (char *line = text; line && *line; line += line && *line == '\n') {
		line += strspn(line, " \t");
		if (strncmp(line, "model", 5) == 0 || strncmp(line, "lesson", 6) == 0 ||
		    strncmp(line, "transcoder", 10) == 0)
			*line = '#';
		line += strcspn(line, "\n");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct app *a = fuzz_app_open();
	struct lines one = { .text = NULL }, two = { .text = NULL };
	char *text = fuzz_text(data, n), *again;
	struct ct_error err;
	int failed;

	cut(text);
	keep_model(text);
	a->session.reading = true;
	fuzz_need(session_read(a, "f", text, &failed, &err) == CT_OK);
	fuzz_need(!failed || strncmp(err.msg, "f:", 2) == 0);
	frame_draw(a);
	if (session_write(a, &one)) {
		fuzz_need((again = strdup(one.text)) != NULL);
		notes_free(&a->notes);
		fuzz_need(session_read(a, "f", again, &failed, &err) == CT_OK);
		fuzz_need(!failed);
		fuzz_need(session_write(a, &two));
		fuzz_need(strcmp(one.text, two.text) == 0);
		free(again);
	}
	lines_free(&one);
	lines_free(&two);
	fuzz_app_close(a);
	free(text);
	return 0;
}
