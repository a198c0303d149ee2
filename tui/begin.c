/* begin: see begin.h. */
#include "tui/begin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "tui/event.h"
#include "tui/language/input.h"
#include "tui/language/settings.h"
#include "tui/lesson/player.h"
#include "tui/session/session.h"
#include "tui/session/session_list.h"
#include "tui/study/dirs.h"
#include "tui/terminal/term.h"
#include "tui/view/view.h"

static void
load_history(struct app *a)
{
	struct ct_error err;
	char *dir = dirs_state("", !a->readonly, &err);
	int code;

	if (dir && !a->readonly && access(dir, W_OK) != 0)
		ct_fail(&err, CT_EIO, "cannot write to %s: %s", dir, strerror(errno));
	else if (dir)
		err.code = CT_OK;
	a->history_path = dir ? ct_path_join(dir, "history") : NULL;
	a->commands_path = dir ? ct_path_join(dir, "commands") : NULL;
	code = a->history_path && a->commands_path ? history_load(&a->prompts, a->history_path, &err)
						 : CT_EIO;
	if (code == CT_OK)
		code = history_load(&a->commands, a->commands_path, &err);
	free(dir);
	if (a->readonly || code || err.code)
		app_forget_history(a);
	if (!a->readonly && (code || err.code))
		app_unkept(a, err.msg);
}

/* On a terminal, the reason why a lesson cannot begin is a message, not an error. */
static int
first_step(struct app *a, struct lesson *l, bool check)
{
	if (!(player_start(a, l) & DID_FAIL) || a->live || check)
		return CT_OK;
	app_complain("%s:%d: %s", l->path, l->step[0].line, a->message);
	return CT_EINVAL;
}

/* Reports pins of a graph's file that could not be taken over. */
static void
say_trouble(struct app *a, const struct ct_engine_info *info)
{
	if (info->left_out)
		app_say(a, "%d left out: %s", info->left_out, info->trouble);
	else if (info->lost_pins)
		app_say(a, "%d of the file's pins are left out: there are too many", info->lost_pins);
	else if (info->absent_pins)
		app_say(a, "%d of the file's pins name%s no node of it", info->absent_pins,
		    info->absent_pins == 1 ? "s" : "");
}

/* Traces the first prompt. On a terminal, one that fails is put into the editor to be corrected. */
static int
first_prompt(struct app *a, const char *text)
{
	struct ct_error err;

	if (a->study.graph) {	/* a file's graph is there already */
		view_changed(a, CHANGED_GRAPH);
		say_trouble(a, a->study.info);
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
	if (*ct_session_note(a->study.session))
		app_say(a, "%s", ct_session_note(a->study.session));
	return CT_OK;
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

/* Opens the model or graph that a session's file is about. */
static int
open_model_of(struct app *a, const struct app_options *opt, struct ct_error *err)
{
	struct session_about about;
	char *text = NULL;
	size_t n;
	int code = ct_file_read(&text, &n, opt->session, SESSION_MAX, err);

	if (code == CT_OK) {
		session_about(text, &about);
		code = app_open_study(a, &opt->engine, *about.model ? about.model : opt->preferred,
		    about.graph, err);
	}
	free(text);
	return code;
}

/* Opens the model before the screen, so that its errors appear on a terminal in its usual state. */
static int
open_model(struct app *a, const struct app_options *opt, struct beginning *b, struct ct_error *err)
{
	const char *model = opt->graph ? opt->graph : opt->model;
	int code;

	if (opt->session)
		return open_model_of(a, opt, err);
	if (opt->lesson) {
		if ((code = lesson_open(&b->lesson, opt->lesson, err)))
			return code;
		model = model ? model : b->lesson->model;
	}
	if (opt->resume && !session_latest(model, &b->session, &b->why) && !model) {
		if (!app_open_study(a, &opt->engine, b->session.model, b->session.graph, &b->why))
			return CT_OK;
		b->session.name[0] = '\0';
	}
	return app_open_study(a, &opt->engine, model ? model : opt->preferred, opt->graph, err);
}

static int
open_screen(struct app *a, const struct app_options *opt, bool *linear, struct ct_error *err)
{
	int cols = opt->cols ? opt->cols : APP_COLS, rows = opt->cols ? opt->rows : APP_ROWS, code;

	if (view_open_all(a))
		return ct_fail(err, CT_ENOMEM, "out of memory");
	if (a->live && (code = open_terminal(opt, err))) {
		if (code != CT_EUNSUPPORTED)
			return code;
		app_complain("%s; going on in lines (--linear)", err->msg);
		a->live = false;
		*linear = true;
	}
	a->grid.ascii = opt->ascii || (a->live && !term_utf8());
	if (a->live)
		term_size(&cols, &rows);
	if (!event_resize(a, cols, rows))
		return ct_fail(err, CT_ENOMEM, "out of memory for a screen of %dx%d", cols, rows);
	return CT_OK;
}

/* Loads a session. Off a terminal, a line of a named file that fails is an error. */
static int
first_session(struct app *a, const struct app_options *opt, const char *name)
{
	if (!(session_load(a, name) & DID_FAIL) || a->live || !opt->session)
		return CT_OK;
	app_complain("%s", a->message);
	return CT_EINVAL;
}

/* Begins with a session, lesson or prompt; takes over the lesson. A code: a message says why it cannot. */
static int
begin_with(struct app *a, const struct app_options *opt, struct beginning *b)
{
	const char *session = opt->session ? opt->session : b->session.name;
	struct lesson *l = b->lesson;
	int code = CT_OK;

	b->lesson = NULL;
	if (*session)
		code = first_session(a, opt, session);
	if (code == CT_OK && l)
		code = first_step(a, l, opt->check);
	else if (code == CT_OK && (!*session || !a->study.T))
		code = first_prompt(a, opt->prompt ? opt->prompt : a->study.info->demo);
	if (code == CT_OK && !*session)
		session_begin(a);
	if (code == CT_OK && opt->resume && !*session)
		app_fail(a, "%s", b->why.msg);
	return code;
}

/* Shows once what was ignored in the model's files, before anything is computed from them. */
static void
say_notes(struct app *a, const struct ct_notes *notes)
{
	int n = notes->n + notes->more;

	for (int i = 0; i < notes->n && !a->live; i++)
		app_complain("note: %s", notes->text[i]);
	if (notes->n && a->live && !*a->message)
		app_say(a, "%d note%s under ?: %s", n, n > 1 ? "s" : "", notes->text[0]);
}

/* Reports problems in spite of which the program goes on. */
static void
say_troubles(struct app *a, const struct app_options *opt)
{
	if (*a->study.info->cards_trouble && !a->live)
		app_complain("%s; going on without feature cards", a->study.info->cards_trouble);
	else if (*a->study.info->cards_trouble && !*a->message)
		app_say(a, "%s", a->study.info->cards_trouble);
	if (a->live && term_stands_for() && !*a->message)
		app_say(a, "TERM=%.24s is unknown here: treated as %s", getenv("TERM"), term_stands_for());
	if (*opt->settings->trouble && a->live)
		app_fail(a, "%s", opt->settings->trouble);
	else if (*opt->settings->trouble)
		app_complain("%s", opt->settings->trouble);
}

int
begin_open(struct app *a, const struct app_options *opt, struct beginning *b, bool *linear,
    struct ct_error *err)
{
	int code = open_model(a, opt, b, err);

	return code != CT_OK ? code : open_screen(a, opt, linear, err);
}

int
begin(struct app *a, const struct app_options *opt, struct beginning *b)
{
	bool asked = opt->model || opt->prompt || opt->script || b->lesson || opt->resume || opt->graph ||
	    opt->session;
	int code;

	if (a->live)
		load_history(a);
	code = begin_with(a, opt, b);
	if (code != CT_OK)
		return code;
	say_notes(a, ct_engine_notes(a->study.engine));
	say_troubles(a, opt);
	if ((a->live || opt->linear) && !asked)
		view_show(a, VIEW_START);
	return CT_OK;
}
