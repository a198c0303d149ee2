/* loop: see loop.h. */
#include "tui/loop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tui/begin.h"
#include "tui/event.h"
#include "tui/language/input.h"
#include "tui/language/keys.h"
#include "tui/language/script.h"
#include "tui/lesson/player.h"
#include "tui/screen/frame.h"
#include "tui/screen/linear.h"
#include "tui/screen/mouse.h"
#include "tui/session/session.h"
#include "tui/terminal/term.h"
#include "tui/view/view.h"
#include "tui/work.h"

enum { BURST = 256 };		/* at most so many events between two frames */

static int
on_event(struct app *a, const struct event *ev)
{
	switch (ev->kind) {
	case EV_NONE:
		return DID_NOTHING;
	case EV_KEY:
		return event_key(a, ev->key);
	case EV_PASTE:
		return event_paste(a, ev->key);
	case EV_CLICK:
	case EV_DOUBLE:
	case EV_WHEEL_UP:
	case EV_WHEEL_DOWN:
	case EV_DRAG:
	case EV_RELEASE:
		a->busy_since = (long)(1e3 * ct_seconds());
		return mouse_event(a, ev);
	case EV_RESIZE:
		event_resize(a, ev->x, ev->y);
		return DID_CHANGE | DID_REDRAW;
	case EV_SUSPEND:
		return DID_SUSPEND;
	case EV_END:
		return DID_QUIT;
	}
	return DID_NOTHING;
}

/* Runs until the end; returns the signal that ended the program, 0 for q, -1 for a closed terminal. */
static int
loop(struct app *a)
{
	int did = DID_CHANGE, due = DID_NOTHING, held = 0;

	for (;;) {
		struct event ev;

		due |= did;
		/* While more keys are waiting, a frame would be outdated before it is seen. */
		if (due && (!term_pending() || ++held == BURST)) {
			if (due & DID_REDRAW)
				term_redraw();
			frame_draw(a);
			term_send(&a->grid);
			due = DID_NOTHING;
			held = 0;
		}
		ev = term_wait(study_words_missing(&a->study) || work_waits(a) ? 0 : session_timeout(a));
		if (ev.kind == EV_END)
			return ev.key ? ev.key : -1;
		did = on_event(a, &ev);
		player_update(a);
		if (did)
			session_touch(a);
		if (session_tick(a))
			did |= DID_CHANGE;
		if (ev.kind == EV_NONE && study_words_missing(&a->study))
			did |= DID_CHANGE;	/* draw again with more of the words */
		else if (ev.kind == EV_NONE && work_waits(a))
			did |= work_step(a);
		if (did & DID_QUIT)
			return 0;
		if (did & DID_SUSPEND) {
			term_suspend();
			did |= DID_REDRAW;
		}
	}
}

static int
run_script(struct app *a, const char *path, int *did)
{
	struct ct_error err;

	if (script_run(a, path, did, &err) == CT_OK)
		return CT_OK;
	if (a->live) {
		app_error(a, &err);
		return CT_OK;
	}
	app_complain("%s", err.msg);
	return err.code;
}

static int
run_headless(struct app *a, const struct app_options *opt)
{
	int did = DID_NOTHING;

	if (opt->script)
		return run_script(a, opt->script, &did) ? 2 : 0;
	frame_draw(a);
	grid_print(&a->grid, stdout);
	return 0;
}

static int
run_linear(struct app *a, const struct app_options *opt)
{
	int did = DID_NOTHING;

	if (opt->script && run_script(a, opt->script, &did))
		return 2;
	return did & DID_QUIT ? 0 : linear_run(a);
}

static int
run_terminal(struct app *a, const struct app_options *opt)
{
	int did = DID_NOTHING, ended = 0;

	if (opt->script)
		run_script(a, opt->script, &did);
	if (!(did & DID_QUIT))
		ended = loop(a);
	session_end(a);
	term_close();
	if (ended > 0 && ended != SIGHUP)
		app_complain("ended by signal %d (%s)", ended, strsignal(ended));
	return ended == 0 ? 0 : ended > 0 ? 128 + ended : 2;
}

int
loop_run(const struct app_options *opt)
{
	struct app *a = calloc(1, sizeof *a);
	struct beginning b = { .lesson = NULL };
	struct ct_error err;
	bool linear = opt->linear;
	int status = 2;

	if (!a) {
		app_complain("out of memory");
		return 2;
	}
	a->live = opt->cols == 0 && !linear && !opt->check;
	a->theme = opt->theme;
	a->after = player_after;
	a->whole = work_finish;
	a->draw = frame_draw;
	a->point = mouse_event;
	a->readonly = opt->readonly;
	a->mouse = opt->mouse;
	a->settings = opt->settings;
	a->shares = opt->shares;
	a->study.defaults = opt->study;
	a->study.defaults.pace = a->live ? CT_BY_AND_BY : CT_AT_ONCE;
	a->busy_since = (long)(1e3 * ct_seconds());
	if (begin_open(a, opt, &b, &linear, &err)) {
		term_close();
		app_complain("%s", err.msg);
		goto out;
	}
	a->session.automatic = a->session.autosave = (a->live || linear) && !a->readonly;
	if (begin(a, opt, &b))
		goto out;
	status = opt->check ? player_check(a)
	    : linear	    ? run_linear(a, opt)
	    : a->live	    ? run_terminal(a, opt)
			    : run_headless(a, opt);
out:
	session_end(a);
	term_close();
	input_close(a);
	lesson_close(b.lesson);
	player_close(a);
	view_close_all(a);
	study_close(&a->study);
	history_free(&a->prompts);
	history_free(&a->commands);
	notes_free(&a->notes);
	app_forget_history(a);
	key_reset();
	grid_free(&a->grid);
	free(a);
	return status;
}
