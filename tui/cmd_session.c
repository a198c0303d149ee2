/* cmd_session: commands that keep what was done; see cmd_exec.h. */
#include "tui/cmd_exec.h"

#include <stdio.h>
#include <string.h>

#include "tui/app.h"

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
		return app_fail(a, "load: which session? sessions lists them");
	return session_load(a, arg);
}

int
do_sessions(struct app *a, const char *arg)
{
	(void)arg;
	view_show(a, VIEW_SESSIONS);
	return DID_CHANGE;
}
