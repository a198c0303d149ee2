/* event: see event.h. */
#include "tui/event.h"

#include "base/clock.h"
#include "tui/app.h"
#include "tui/language/binding.h"
#include "tui/language/cmd.h"
#include "tui/language/input.h"
#include "tui/language/keys.h"
#include "tui/terminal/key.h"
#include "tui/view/layout.h"
#include "tui/view/view.h"
#include "tui/work.h"

int
event_key(struct app *a, int key)
{
	const struct key_entry *k;
	char name[32];

	a->busy_since = (long)(1e3 * ct_seconds());
	a->busy_shown = false;
	if (a->input.kind != INPUT_NONE)
		return input_key(a, key);
	a->message[0] = '\0';
	if (key == K_ESC && work_stop(a))
		return DID_CHANGE;
	a->work.stopped = false;
	if (key == (K_CTRL | 'c')) {
		app_say(a, "%s quits", key_for("quit"));
		return DID_CHANGE;
	}
	k = binding_of(a, key);
	if (!k || !view_acts(a, k))
		return app_fail(
		    a, "%s does nothing here; %s lists the keys", key_text(name, sizeof name, key),
		    key_for("help"));
	return cmd_run(a, k->command) | DID_CHANGE;
}

int
event_paste(struct app *a, int cp)
{
	if (a->input.kind == INPUT_NONE)
		input_open(a, INPUT_PROMPT, "");
	return input_paste(a, cp);
}

bool
event_resize(struct app *a, int cols, int rows)
{
	if (!grid_resize(&a->grid, cols, rows))
		return false;
	/* On a larger screen this view may have a pane, and need not fill the body. */
	if (layout_has(a, a->focus))
		a->view = VIEW_TREE;
	else if (a->view == VIEW_TREE)
		a->view = a->focus;
	return true;
}
