/*
 * Fuzzes the commands of ctrace-tui: lines, each as if it were typed after a colon, and the screen after it. Commands
 * that write files or leave are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tui/app.h"
#include "tui/cmd.h"
#include "tui/frame.h"

enum { LINES = 12 };	/* of one input; more would only be slow */

static const struct ct_engine_options one_thread = { .threads = 1 };

static void
need(bool ok)
{
	if (!ok)
		abort();
}

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

	for (char *line = strtok_r(text, "\n", &save); line && n < LINES; line = strtok_r(NULL, "\n", &save), n++) {
		int did = allowed(line) ? cmd_run(a, line) : DID_NOTHING;

		/* What fails says why. */
		need(!(did & DID_FAIL) || *a->message);
		frame_draw(a);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *model;
	struct app *a = calloc(1, sizeof *a);
	struct ct_error err;
	char *text = fuzz_text(data, n);

	if (!model)
		model = fuzz_model();
	need(a != NULL);
	a->theme = theme_find("default");
	a->readonly = true;
	need(study_open(&a->study, model, &one_thread, &err) == CT_OK);
	need(view_open_all(a) == 0);
	need(app_resize(a, APP_COLS, APP_ROWS));
	need(study_prompt(&a->study, "w19 w10 w9 w7", &err) == CT_OK);
	view_changed(a, CHANGED_GRAPH);
	run_lines(a, text);
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
