/* app: see app.h. */
#include "tui/app.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "tui/language/cmd.h"
#include "tui/study/dirs.h"
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

static void
forget_paths(struct app *a)
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
	forget_paths(a);
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

	if (!isatty(STDERR_FILENO) || now - a->busy_since < QUIET_MS || (a->busy_shown && now - a->busy_drawn < POLL_MS))
		return true;
	fprintf(stderr, "\r%s %ld%%", phase, total > 0 ? 100 * done / total : 0);
	a->busy_shown = true;
	a->busy_drawn = now;
	return true;
}

/* graph: what is named is the file of a graph. */
static int
open_study(struct app *a, const struct app_options *opt, const char *name, bool graph, struct ct_error *err)
{
	int rc;

	a->study.progress = on_opening;
	a->study.ctx = a;
	a->study.options = opt->engine;
	rc = graph ? study_open_graph(&a->study, name, err) : study_open(&a->study, name, &opt->engine, err);
	a->study.progress = on_progress;
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
	if (!own || !player_keys(a))
		here = key_bound(view_ops(a->focus)->name, key);
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
	if (!k)
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
		ev = term_wait(session_timeout(a));
		if (ev.kind == EV_END)
			return ev.key ? ev.key : -1;
		did = on_event(a, &ev);
		player_update(a);
		if (did)
			session_touch(a);
		if (session_tick(a))
			did |= DID_CHANGE;
		if (did & DID_QUIT)
			return 0;
		if (did & DID_SUSPEND) {
			term_suspend();
			did |= DID_REDRAW;
		}
	}
}

static void
load_history(struct app *a)
{
	struct ct_error err;
	char *dir = dirs_state("", !a->readonly, &err);
	int rc;

	if (dir && !a->readonly && access(dir, W_OK) != 0)
		ct_fail(&err, CT_EIO, "cannot write to %s: %s", dir, strerror(errno));
	else if (dir)
		err.code = CT_OK;
	a->history_path = dir ? ct_path_join(dir, "history") : NULL;
	a->commands_path = dir ? ct_path_join(dir, "commands") : NULL;
	rc = a->history_path && a->commands_path ? history_load(&a->prompts, a->history_path, &err) : CT_EIO;
	if (rc == CT_OK)
		rc = history_load(&a->commands, a->commands_path, &err);
	free(dir);
	if (a->readonly || rc || err.code)
		forget_paths(a);
	if (!a->readonly && (rc || err.code))
		app_unkept(a, err.msg);
}

/* On a terminal a lesson that cannot begin is a message. */
static int
first_step(struct app *a, struct lesson *l, bool check)
{
	if (!(player_start(a, l) & DID_FAIL) || a->live || check)
		return CT_OK;
	app_complain("%s:%d: %s", l->path, l->step[0].line, a->message);
	return CT_EINVAL;
}

/* The first prompt. On a terminal a bad one is put into the editor, to be corrected. */
static int
first_prompt(struct app *a, const char *text)
{
	struct ct_error err;

	if (a->study.graph) {	/* a file's */
		view_changed(a, CHANGED_GRAPH);
		if (a->study.info->lost_pins)
			app_say(a, "%d of the file's pins name no node in it, or are more than there can be",
			    a->study.info->lost_pins);
		return CT_OK;
	}
	if (!*text) {
		if (a->live)
			input_open(a, INPUT_PROMPT, "");
		return CT_OK;
	}
	if (study_prompt(&a->study, text, &err)) {
		if (!a->live) {
			app_complain("%s", err.msg);
			return err.code;
		}
		input_open(a, INPUT_PROMPT, text);
		app_error(a, &err);
		return CT_OK;
	}
	history_add(&a->prompts, text);
	view_changed(a, CHANGED_GRAPH);
	return CT_OK;
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

static int
open_terminal(const struct app_options *opt, struct ct_error *err)
{
	const char *no_color = getenv("NO_COLOR");
	struct term_options to = {
		.theme = opt->theme,
		.mouse = opt->mouse,
		.colours = !no_color || !*no_color,
	};

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return ct_fail(err, CT_EINVAL,
		    "%s is not a terminal; use --linear, --headless 80x24, or ctrace trace for text",
		    isatty(STDIN_FILENO) ? "standard output" : "standard input");
	return term_open(&to, err);
}

/* What the program begins with: a lesson, a session, or a prompt. */
struct beginning {
	struct lesson *lesson;		/* NULL: none */
	struct session_entry session;	/* name "": none */
	struct ct_error why;		/* there is none, though one was asked for */
};

/* The model first: its errors belong on a terminal that is still as it was. */
static int
open_model(struct app *a, const struct app_options *opt, struct beginning *b, struct ct_error *err)
{
	const char *model = opt->graph ? opt->graph : opt->model;
	int rc;

	if (opt->lesson) {
		if ((rc = lesson_open(&b->lesson, opt->lesson, err)))
			return rc;
		model = model ? model : b->lesson->model;
	}
	if (opt->resume && !session_latest(model, &b->session, &b->why) && !model) {
		if (!open_study(a, opt, b->session.model, b->session.graph, &b->why))
			return CT_OK;
		b->session.name[0] = '\0';
	}
	return open_study(a, opt, model ? model : opt->preferred, opt->graph, err);
}

static int
open_screen(struct app *a, const struct app_options *opt, bool *linear, struct ct_error *err)
{
	int cols = opt->cols ? opt->cols : APP_COLS, rows = opt->cols ? opt->rows : APP_ROWS, rc;

	if (view_open_all(a))
		return ct_fail(err, CT_ENOMEM, "out of memory");
	if (a->live && (rc = open_terminal(opt, err))) {
		if (rc != CT_EUNSUPPORTED)
			return rc;
		app_complain("%s; going on in lines (--linear)", err->msg);
		a->live = false;
		*linear = true;
	}
	a->grid.ascii = opt->ascii || (a->live && !term_utf8());
	if (a->live)
		term_size(&cols, &rows);
	if (!app_resize(a, cols, rows))
		return ct_fail(err, CT_ENOMEM, "out of memory for a screen of %dx%d", cols, rows);
	return CT_OK;
}

/* Takes over the lesson. A code: it was said why nothing can begin. */
static int
begin(struct app *a, const struct app_options *opt, struct beginning *b)
{
	struct lesson *l = b->lesson;
	int rc = CT_OK;

	b->lesson = NULL;
	if (b->session.name[0])
		session_load(a, b->session.name);
	if (l)
		rc = first_step(a, l, opt->check);
	else if (!b->session.name[0] || !a->study.T)
		rc = first_prompt(a, opt->prompt ? opt->prompt : a->study.info->demo);
	if (!rc && !b->session.name[0])
		session_begin(a);
	if (!rc && opt->resume && !b->session.name[0])
		app_fail(a, "%s", b->why.msg);
	return rc;
}

/* What the model's files hold and was left aside: once, before anything is computed from them. */
static void
say_notes(struct app *a, const struct ct_notes *notes)
{
	for (int i = 0; i < notes->n && !a->live; i++)
		app_complain("note: %s", notes->text[i]);
	if (notes->n && a->live && !*a->message)
		app_say(a, "%s%s", notes->text[0], notes->n + notes->more > 1 ? " (and more)" : "");
}

int
app_main(const struct app_options *opt)
{
	struct app *a = calloc(1, sizeof *a);
	struct beginning b = { .lesson = NULL };
	struct ct_error err;
	bool linear = opt->linear, first;
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
	if (open_model(a, opt, &b, &err) || open_screen(a, opt, &linear, &err)) {
		term_close();
		app_complain("%s", err.msg);
		goto out;
	}
	a->session.automatic = a->session.autosave = (a->live || linear) && !a->readonly;
	if (a->live)
		load_history(a);
	first = a->live && !a->prompts.n && !opt->model && !opt->prompt && !opt->script && !b.lesson && !opt->resume
	    && !opt->graph;
	if (begin(a, opt, &b))
		goto out;
	say_notes(a, ct_engine_notes(a->study.engine));
	if (*a->study.info->cards_trouble && !a->live)
		app_complain("%s; going on without feature cards", a->study.info->cards_trouble);
	else if (*a->study.info->cards_trouble && !*a->message)
		app_say(a, "%s", a->study.info->cards_trouble);
	if (*opt->settings->trouble && a->live)
		app_fail(a, "%s", opt->settings->trouble);
	else if (*opt->settings->trouble)
		app_complain("%s", opt->settings->trouble);
	if (first)
		view_show(a, VIEW_START);
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
	forget_paths(a);
	key_reset();
	grid_free(&a->grid);
	free(a);
	return status;
}
