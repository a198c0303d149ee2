/*
 * fuzz_app: see fuzz_app.h.
 */
#include "fuzz_app.h"

#include <stdlib.h>

#include "fuzz.h"
#include "tui/event.h"
#include "tui/language/input.h"
#include "tui/lesson/player.h"
#include "tui/screen/frame.h"
#include "tui/screen/mouse.h"
#include "tui/view/view.h"

enum { FEATURES = 24 };	/* of the graph: every input traces anew, and larger graphs are only slower */

static const struct ct_engine_options one_thread = { .threads = 1 };

/* as it was just opened, without what each run has anew; engine NULL: not yet */
static struct study opened;

void
fuzz_need(bool ok)
{
	if (!ok)
		abort();
}

static void
open_study(struct study *s)
{
	static const char *model;
	struct ct_error err;

	if (!model)
		model = fuzz_model();
	if (!opened.engine) {
		fuzz_need(study_open(&opened, model, &one_thread, &err) == CT_OK);
		ct_session_close(opened.session);
		free(opened.undo);
		free(opened.words);
		opened.session = opened.first = NULL;
		opened.undo = NULL;
		opened.words = NULL;
	}
	*s = opened;
	fuzz_need(ct_session_open(&s->session, s->engine, &err) == CT_OK);
	s->first = s->session;
	fuzz_need((s->undo = calloc(1, sizeof *s->undo)) != NULL);
	fuzz_need((s->words = calloc(1, sizeof *s->words)) != NULL);
	study_forget(s);
}

struct app *
fuzz_app_open(void)
{
	struct app *a = calloc(1, sizeof *a);
	struct ct_error err;

	fuzz_need(a != NULL);
	a->theme = theme_find("default");
	a->after = player_after;
	a->draw = frame_draw;
	a->point = mouse_event;
	a->readonly = true;
	open_study(&a->study);
	fuzz_need(view_open_all(a) == 0);
	fuzz_need(event_resize(a, APP_COLS, APP_ROWS));
	a->study.trace.max_feature_nodes = FEATURES;
	fuzz_need(study_prompt(&a->study, "w19 w10 w9", &err) == CT_OK);
	view_changed(a, CHANGED_GRAPH);
	return a;
}

void
fuzz_app_close(struct app *a)
{
	notes_free(&a->notes);
	input_close(a);
	player_close(a);
	view_close_all(a);
	/* Another model takes the place of the first, which is closed then. */
	if (a->study.engine != opened.engine)
		opened.engine = NULL;
	else
		a->study.engine = NULL;
	study_close(&a->study);
	history_free(&a->prompts);
	history_free(&a->commands);
	grid_free(&a->grid);
	free(a);
}
