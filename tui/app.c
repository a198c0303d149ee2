/* app: see app.h. */
#include "tui/app.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "tui/begin.h"
#include "tui/language/cmd.h"
#include "tui/terminal/fmt.h"
#include "tui/frame.h"
#include "tui/language/keys.h"
#include "tui/linear.h"
#include "tui/mouse.h"
#include "tui/language/script.h"

enum { QUIET_MS = 100, POLL_MS = 20, BURST = 256 };	/* work shorter than QUIET_MS shows no progress */

static void __attribute__((format(printf, 3, 0)))
set_message(struct app *a, bool alert, const char *fmt, va_list ap)
{
	char raw[sizeof a->message];

	vsnprintf(raw, sizeof raw, fmt, ap);
	ct_text_clean(a->message, sizeof a->message, raw, strlen(raw));
	a->alert = alert;
}

void
app_say(struct app *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_message(a, false, fmt, ap);
	va_end(ap);
}

int
app_fail(struct app *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_message(a, true, fmt, ap);
	va_end(ap);
	return DID_FAIL | DID_CHANGE;
}

static void __attribute__((format(printf, 3, 0)))
put(FILE *out, const char *before, const char *fmt, va_list ap)
{
	char raw[4096], clean[2 * sizeof raw];

	vsnprintf(raw, sizeof raw, fmt, ap);
	ct_text_clean(clean, sizeof clean, raw, strlen(raw));
	fprintf(out, "%s%s\n", before, clean);
}

void
app_complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(stderr, "ctrace-tui: ", fmt, ap);
	va_end(ap);
}

void
app_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(stdout, "", fmt, ap);
	va_end(ap);
}

int
app_error(struct app *a, const struct ct_error *err)
{
	if (err->code == CT_ECANCELLED)
		return app_fail(a, "stopped; everything is as it was");
	return app_fail(a, "%s", err->msg);
}

int
app_refuse(struct app *a, const char *what)
{
	if (!a->readonly)
		return DID_NOTHING;
	return app_fail(a, "%s: nothing is written, the program was started with --readonly", what);
}

void
app_forget_history(struct app *a)
{
	free(a->history_path);
	free(a->commands_path);
	a->history_path = a->commands_path = NULL;
}

void
app_unkept(struct app *a, const char *why)
{
	app_fail(a, "prompts and sessions are not kept from here on: %s", why);
	a->session.autosave = false;
	a->session.first = 0;
	app_forget_history(a);
}

void
app_remember(struct app *a, struct history *h, const char *line)
{
	const char *path = h == &a->prompts ? a->history_path : a->commands_path;
	struct ct_error err;

	history_add(h, line);
	if (path && !a->session.reading && history_keep(h, path, &err))
		app_unkept(a, err.msg);
}

const char *
app_edge(const struct app *a, const struct ct_edge *e, char *buf, size_t size)
{
	if (!a->shares)
		return fmt_signed(buf, size, (double)e->weight);
	fmt_signed(buf, size, 100 * study_share(&a->study, e));
	snprintf(buf + strlen(buf), size - strlen(buf), "%%");
	return buf;
}

/* Long work: say how far it is on the last line, and stop on Esc. */
static bool
on_progress(void *ctx, const char *phase, long done, long total)
{
	struct app *a = ctx;
	struct area all = area_of(&a->grid);
	long now = (long)(1e3 * ct_seconds());
	int x;

	if (!a->live || now - a->busy_since < QUIET_MS)
		return true;
	if (a->busy_shown && now - a->busy_drawn < POLL_MS)
		return true;
	a->busy_shown = true;
	a->busy_drawn = now;
	draw_line(&all, 0, all.h - 1, all.w, ST_TEXT, ' ');
	x = 1 + draw_text(&all, 1, all.h - 1, ST_STRONG, phase) + 1;
	if (total > 0)
		x += draw_fmt(&all, x, all.h - 1, ST_TEXT, "%ld%%", 100 * done / total);
	draw_text(&all, x + 2, all.h - 1, ST_DIM, "Esc stops");
	term_send(&a->grid);
	return !term_interrupted();
}

/* The same while there is no screen yet. Ctrl-C still ends the program. */
static bool
on_opening(void *ctx, const char *phase, long done, long total)
{
	struct app *a = ctx;
	long now = (long)(1e3 * ct_seconds());

	if (!isatty(STDERR_FILENO) || now - a->busy_since < QUIET_MS
	    || (a->busy_shown && now - a->busy_drawn < POLL_MS))
		return true;
	fprintf(stderr, "\r%s %ld%%", phase, total > 0 ? 100 * done / total : 0);
	a->busy_shown = true;
	a->busy_drawn = now;
	return true;
}

/* graph: what is named is the file of a graph. */
int
app_open_study(struct app *a, const struct app_options *opt, const char *name, bool graph,
    struct ct_error *err)
{
	int rc;

	a->study.job = (struct ct_job){ .progress = on_opening, .ctx = a };
	a->study.options = opt->engine;
	rc = graph ? study_open_graph(&a->study, name, err) : study_open(&a->study, name, &opt->engine, err);
	a->study.job.progress = on_progress;
	if (a->busy_shown)
		fputs("\r\033[K", stderr);
	a->busy_shown = false;
	return rc;
}

bool
app_resize(struct app *a, int cols, int rows)
{
	if (!grid_resize(&a->grid, cols, rows))
		return false;
	/* Some views are panes on a large screen and fill the body of a small one. */
	if (layout_has(a, a->focus))
		a->view = VIEW_TREE;
	else if (a->view == VIEW_TREE)
		a->view = a->focus;
	return true;
}

/* The keys of a lesson come first while it has them, and last while another pane does. */
const struct key_entry *
app_binding(const struct app *a, int key)
{
	const struct key_entry *own = NULL, *here = NULL;

	if (a->player.lesson)
		own = key_bound_in(view_ops(VIEW_LESSON)->name, key);
	if (own && !strncmp(own->command, "lesson choose ", 14) && own->command[14] - '0' > player_asks(a))
		own = NULL;
	if (!own || !player_keys(a))
		here = view_key(a, key);
	return here ? here : own;
}

int
app_key(struct app *a, int key)
{
	const struct key_entry *k;
	char name[32];

	a->busy_since = (long)(1e3 * ct_seconds());
	a->busy_shown = false;
	if (a->input.kind != INPUT_NONE)
		return input_key(a, key);
	a->message[0] = '\0';
	if (key == (K_CTRL | 'c')) {
		app_say(a, "%s quits", key_for("quit"));
		return DID_CHANGE;
	}
	k = app_binding(a, key);
	if (!k || !view_acts(a, k))
		return app_fail(
		    a, "%s does nothing here; %s lists the keys", key_text(name, sizeof name, key),
		    key_for("help"));
	return cmd_run(a, k->command) | DID_CHANGE;
}

int
app_paste(struct app *a, int cp)
{
	if (a->input.kind == INPUT_NONE)
		input_open(a, INPUT_PROMPT, "");
	return input_paste(a, cp);
}

static int
on_event(struct app *a, const struct event *ev)
{
	switch (ev->kind) {
	case EV_NONE:
		return DID_NOTHING;
	case EV_KEY:
		return app_key(a, ev->key);
	case EV_PASTE:
		return app_paste(a, ev->key);
	case EV_CLICK:
	case EV_DOUBLE:
	case EV_WHEEL_UP:
	case EV_WHEEL_DOWN:
	case EV_DRAG:
	case EV_RELEASE:
		a->busy_since = (long)(1e3 * ct_seconds());
		return mouse_event(a, ev);
	case EV_RESIZE:
		app_resize(a, ev->x, ev->y);
		return DID_CHANGE | DID_REDRAW;
	case EV_SUSPEND:
		return DID_SUSPEND;
	case EV_END:
		return DID_QUIT;
	}
	return DID_NOTHING;
}

/* Returns the signal that ended it, 0 for q, -1 for a closed terminal. */
static int
loop(struct app *a)
{
	int did = DID_CHANGE, due = DID_NOTHING, held = 0;

	for (;;) {
		struct event ev;

		due |= did;
		/* While more has been typed already, a frame would be old before it is seen. */
		if (due && (!term_pending() || ++held == BURST)) {
			if (due & DID_REDRAW)
				term_redraw();
			frame_draw(a);
			term_send(&a->grid);
			due = DID_NOTHING;
			held = 0;
		}
		ev = term_wait(study_words_missing(&a->study) ? 0 : session_timeout(a));
		if (ev.kind == EV_END)
			return ev.key ? ev.key : -1;
		did = on_event(a, &ev);
		player_update(a);
		if (did)
			session_touch(a);
		if (session_tick(a))
			did |= DID_CHANGE;
		if (ev.kind == EV_NONE && study_words_missing(&a->study))
			did |= DID_CHANGE;	/* a frame with more of the names */
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
app_main(const struct app_options *opt)
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
	a->readonly = opt->readonly;
	a->mouse = opt->mouse;
	a->settings = opt->settings;
	a->shares = opt->shares;
	a->study.defaults = opt->study;
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
