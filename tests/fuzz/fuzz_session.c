/*
 * Fuzzes sessions: whatever a file has in it is run or refused with its line, and what is open then is kept and comes
 * back to the byte.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tui/app.h"
#include "tui/frame.h"
#include "tui/lines.h"
#include "tui/session_file.h"

enum { LINES = 16 };	/* of one input; more would only be slow */

static const struct ct_engine_options one_thread = { .threads = 1 };

static void
need(bool ok)
{
	if (!ok)
		abort();
}

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
		if (!strncmp(line, "model", 5) || !strncmp(line, "lesson", 6) || !strncmp(line, "transcoder", 10))
			*line = '#';
		line += strcspn(line, "\n");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *model;
	struct app *a = calloc(1, sizeof *a);
	struct lines one = { .text = NULL }, two = { .text = NULL };
	char *text = fuzz_text(data, n), *again;
	struct ct_error err;
	int failed;

	if (!model)
		model = fuzz_model();
	need(a != NULL);
	cut(text);
	keep_model(text);
	a->theme = theme_find("default");
	a->readonly = true;
	need(study_open(&a->study, model, &one_thread, &err) == CT_OK);
	need(view_open_all(a) == 0);
	need(app_resize(a, APP_COLS, APP_ROWS));
	need(study_prompt(&a->study, "w19 w10 w9 w7", &err) == CT_OK);
	view_changed(a, CHANGED_GRAPH);
	a->session.reading = true;
	need(session_read(a, "f", text, &failed, &err) == CT_OK);
	need(!failed || !strncmp(err.msg, "f:", 2));
	frame_draw(a);
	if (session_write(a, &one)) {
		need((again = strdup(one.text)) != NULL);
		notes_free(&a->notes);
		need(session_read(a, "f", again, &failed, &err) == CT_OK);
		need(!failed);
		need(session_write(a, &two));
		need(!strcmp(one.text, two.text));
		free(again);
	}
	lines_free(&one);
	lines_free(&two);
	notes_free(&a->notes);
	input_close(a);
	player_close(a);
	view_close_all(a);
	study_close(&a->study);
	history_free(&a->prompts);
	history_free(&a->commands);
	grid_free(&a->grid);
	free(a);
	free(text);
	return 0;
}
