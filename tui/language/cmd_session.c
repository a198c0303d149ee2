/* cmd_session: commands that keep what was done: notes and sessions; see cmd_exec.h. */
#include "tui/language/cmd_exec.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/input.h"
#include "tui/session/session.h"
#include "tui/view/view.h"

/* What a note about the selection is kept under; "": nothing is selected. */
static const char *
selected(struct app *a, char *buf, size_t size)
{
	struct ct_clamp f;

	if (!view_ops(a->focus)->feature || !cmd_feature(a, &f))
		return notes_about(&a->study, a->study.node, buf, size);
	snprintf(buf, size, "L%d#%d", f.layer, f.feature);
	return buf;
}

int
do_note(struct app *a, const char *arg)
{
	char about[STUDY_NAME], clean[PROMPT_MAX];
	const char *text = arg, *was;
	bool here;

	if (!notes_parse(&text, about, sizeof about, &here))
		return app_fail(a,
		    "note: expected on L1#249:, error L1@8:, input \"Dallas\"@6:, output \"Austin\":, here: "
		    "or session:; found \"%.60s\"", about);
	if ((here || !*arg) && !*selected(a, about, sizeof about))
		return app_fail(a, "note: nothing is selected; on NODE: names what the note is about");
	if (!*arg) {
		was = notes_find(&a->notes, about);
		input_open(a, INPUT_NOTE, was ? was : "");
		return DID_CHANGE;
	}
	ct_text_clean(clean, sizeof clean, text, strlen(text));
	if (!notes_set(&a->notes, about, clean))
		return app_fail(a, "out of memory");
	app_say(a, *text ? "noted on %s" : "the note on %s is removed", *about ? about : "the session");
	return DID_CHANGE;
}

int
do_fingerprint(struct app *a, const char *arg)
{
	struct ct_error err;

	if (*arg)
		return ct_engine_made_for(a->study.engine, arg, &err) < 0 ? app_error(a, &err) : DID_NOTHING;
	app_say(a, "fingerprint %s", ct_engine_fingerprint(a->study.engine));
	return DID_CHANGE;
}

int
do_save(struct app *a, const char *arg)
{
	int did = app_refuse(a, "save");

	if (did)
		return did;
	if (*arg || a->session.path)
		return session_save(a, arg);
	input_open(a, INPUT_SAVE, "");
	return DID_CHANGE;
}

int
do_load(struct app *a, const char *arg)
{
	if (!*arg)
		return app_fail(a, "load: expected the name of a session; sessions lists them");
	return session_load(a, arg);
}

int
do_sessions(struct app *a, const char *arg)
{
	(void)arg;
	view_show(a, VIEW_SESSIONS);
	return DID_CHANGE;
}
