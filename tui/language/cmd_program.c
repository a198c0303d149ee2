/* cmd_program: commands about the program itself, and commands for scripts; see cmd_exec.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "tui/app.h"
#include "tui/event.h"
#include "tui/language/cmd_exec.h"
#include "tui/language/input.h"
#include "tui/language/keys.h"
#include "tui/language/options.h"
#include "tui/lesson/player.h"
#include "tui/session/session.h"
#include "tui/terminal/screen_svg.h"
#include "tui/terminal/term.h"
#include "tui/view/view.h"

int
do_command(struct app *a, const char *arg)
{
	(void)arg;
	input_open(a, INPUT_COMMAND, "");
	return DID_CHANGE;
}

int
do_theme(struct app *a, const char *arg)
{
	const struct theme *t = theme_find(arg), *other;

	if (!t) {
		char names[200] = "";
		size_t n = 0;

		for (int i = 0; (other = theme_at(i)) && n < sizeof names; i++)
			n += (size_t)snprintf(
			    names + n, sizeof names - n, "%s%s", i ? ", " : "", theme_name(other));
		return app_fail(a, "theme: expected one of %s; found \"%.60s\"", names, arg);
	}
	a->theme = t;
	if (a->live)
		term_theme(t);
	return DID_CHANGE | DID_REDRAW;
}

int
do_set(struct app *a, const char *arg)
{
	size_t n = strcspn(arg, " =");
	const char *value = arg + n + strspn(arg + n, " =");
	char name[64], list[200], now[200];
	const struct option_entry *o;
	int i;

	if (!*arg) {
		view_show(a, VIEW_SETTINGS);
		return DID_CHANGE;
	}
	snprintf(name, sizeof name, "%.*s", (int)n, arg);
	i = option_find(name);
	if (i < 0)
		return app_fail(a, "set: there is no option \"%s\"; set alone shows them", name);
	if (*value)
		return option_set(a, i, value);
	o = option_at(i);
	o->get(a, now, sizeof now);
	if (*o->values == '<')
		app_say(a, "%s: %s", o->name, now);
	else
		app_say(a, "%s: %s (%s)", o->name, now, option_values(o, list, sizeof list));
	return DID_CHANGE;
}

/* After something else was opened: begins another session. */
static int
opened(struct app *a)
{
	player_close(a);	/* its steps are about another model */
	a->view = a->focus = VIEW_TREE;
	view_ops(VIEW_FEATURES)->filter(a, a->state[VIEW_FEATURES], "");
	view_changed(a, CHANGED_GRAPH);
	session_begin(a);
	if (!a->study.T)
		input_open(a, INPUT_PROMPT, "");
	return DID_CHANGE;
}

int
do_model(struct app *a, const char *arg)
{
	struct ct_error err;

	if (!*arg)
		return app_fail(a, "model: expected a name or directory; view start lists the models");
	session_flush(a);
	return study_model(&a->study, arg, &err) ? app_error(a, &err) : opened(a);
}

int
do_graph(struct app *a, const char *arg)
{
	struct ct_error err;

	if (!*arg)
		return app_fail(a, "graph: expected the file of a graph");
	session_flush(a);
	return study_graph(&a->study, arg, &err) ? app_error(a, &err) : opened(a);
}

int
do_lesson(struct app *a, const char *arg)
{
	int n, did, step = a->player.step;

	if (!*arg || strcmp(arg, "again") == 0)
		return player_go(a, step);
	if (strcmp(arg, "next") == 0)
		return player_next(a);
	if (strcmp(arg, "hint") == 0)
		return player_hint(a);
	if (strncmp(arg, "choose ", 7) == 0 && cmd_parse_int(arg + 7, &n))
		return player_choose(a, n);
	if (strncmp(arg, "result ", 7) == 0)
		return player_result(a, arg + 7 + strspn(arg + 7, " "));
	if (strcmp(arg, "back") == 0)
		return player_go(a, step - 1);
	if (strcmp(arg, "answer") == 0)
		return player_answer(a);
	if (cmd_parse_int(arg, &n))
		return player_go(a, n - 1);
	if (strcmp(arg, "off") == 0) {
		player_close(a);
		return DID_CHANGE;
	}
	session_flush(a);
	did = player_open(a, arg);
	if (!(did & DID_FAIL))
		session_begin(a);
	return did;
}

/* Whether the text ends with this word, which is then cut off. */
static bool
last_word(char *text, const char *word)
{
	size_t n = strlen(text), len = strlen(word);

	if (n <= len || strcmp(text + n - len, word) != 0 || text[n - len - 1] != ' ')
		return false;
	for (n -= len; n > 0 && text[n - 1] == ' ';)
		text[--n] = '\0';
	return true;
}

/* Parses FILE, FILE!, FILE pinned or FILE all: the path, and the options that follow it. */
static void
read_export(const char *arg, char *path, size_t size, struct ct_export_options *opt, bool *over)
{
	size_t n;

	snprintf(path, size, "%s", arg);
	for (bool more = true; more;) {
		more = (!opt->pinned && (opt->pinned = last_word(path, "pinned"))) ||
		    (!opt->all && (opt->all = last_word(path, "all")));
	}
	n = strlen(path);
	*over = n > 0 && path[n - 1] == '!';
	path[n - *over] = '\0';
}

/* The notes as lines, "about: text", to be freed one by one and as a whole; NULL: no memory. */
static char **
list_notes(const struct notes *n)
{
	char **list = calloc((size_t)n->n + 1, sizeof *list);

	for (int i = 0; list && i < n->n; i++) {
		const struct note *note = &n->list[i];
		size_t size = strlen(note->about) + strlen(note->text) + 3;

		if ((list[i] = malloc(size)))
			snprintf(list[i], size, "%s%s%s", note->about, *note->about ? ": " : "", note->text);
	}
	return list;
}

static int
write_export(struct app *a, struct ct_export_options *opt, const char *path, struct ct_error *err)
{
	char **notes = list_notes(&a->notes);
	struct ct_file_new file;
	int code;

	if (!notes)
		return ct_fail(err, CT_ENOMEM, "out of memory for %d notes", a->notes.n);
	opt->notes = (const char *const *)notes;
	while (opt->n_notes < a->notes.n && notes[opt->n_notes])
		opt->n_notes++;
	code = opt->n_notes < a->notes.n ? ct_fail(err, CT_ENOMEM, "out of memory for %d notes", a->notes.n)
	    : ct_file_new_open(&file, path, err);
	if (code == CT_OK)
		code = ct_file_new_end(&file, ct_session_export(a->study.session, opt, ct_file_new_write,
		    &file, err), err);
	for (int i = 0; i < a->notes.n; i++)
		free(notes[i]);
	free(notes);
	return code;
}

/* The screen without the line in which this command was typed. */
static int
write_screen(struct app *a, const char *path, struct ct_error *err)
{
	struct ct_buffer b = { .drain = ct_file_new_write, .err = err };
	struct ct_file_new file;
	int code = ct_file_new_open(&file, path, err);

	if (code != CT_OK)
		return code;
	a->message[0] = '\0';
	input_close(a);
	a->draw(a);
	b.ctx = &file;
	screen_svg(&b, &a->grid, a->theme);
	return ct_file_new_end(&file, ct_buffer_finish(&b), err);
}

static bool
is_screen(const char *path)
{
	static const char end[] = "screen.svg";
	size_t n = strlen(path);

	return n >= sizeof end - 1 && strcmp(path + n - (sizeof end - 1), end) == 0;
}

int
do_export(struct app *a, const char *arg)
{
	struct ct_export_options opt = { 0 };
	char path[PROMPT_MAX + 64];
	const char *dot, *slash;
	struct ct_error err;
	bool over, screen;
	int code;

	if ((code = app_refuse(a, "export")))
		return code;
	if (!*arg) {
		input_open(a, INPUT_EXPORT, "");
		return DID_CHANGE;
	}
	read_export(arg, path, sizeof path, &opt, &over);
	dot = strrchr(path, '.');
	slash = strrchr(path, '/');
	if (!dot || (slash && dot < slash))
		return app_fail(a, "export: expected a file that ends in .json, .dot, .svg or .html");
	if (!over && ct_file_exists(path))
		return app_fail(a,
		    "export: this file exists; add ! to its name to replace it");
	opt.form = dot + 1;
	screen = !opt.pinned && is_screen(path);
	if (!screen && a->whole && !a->whole(a))
		return DID_FAIL | DID_CHANGE;
	code = screen ? write_screen(a, path, &err) : write_export(a, &opt, path, &err);
	if (code != CT_OK)
		return app_error(a, &err);
	app_say(a, "%s written to %s", screen ? "the screen is" : opt.pinned ? "what is pinned is" :
	    "the graph is", path);
	return DID_CHANGE;
}

int
do_redraw(struct app *a, const char *arg)
{
	(void)a;
	(void)arg;
	return DID_CHANGE | DID_REDRAW;
}

int
do_suspend(struct app *a, const char *arg)
{
	(void)a;
	(void)arg;
	return DID_SUSPEND;
}

int
do_quit(struct app *a, const char *arg)
{
	(void)a;
	(void)arg;
	return DID_QUIT;
}

int
do_screen(struct app *a, const char *arg)
{
	bool styles = strcmp(arg, "styles") == 0, mono = strcmp(arg, "mono") == 0,
	    cursor = strcmp(arg, "cursor") == 0;

	if (*arg && !styles && !mono && !cursor)
		return app_fail(a, "screen: expected styles, mono, cursor or nothing, found \"%.60s\"", arg);
	if (a->live)
		return app_fail(a, "screen: works only in a --headless run, where it goes to standard "
		    "output");
	a->draw(a);
	if (cursor) {
		grid_print_cursor(&a->grid, stdout);
		return DID_NOTHING;
	}
	if (!mono)
		grid_print(&a->grid, stdout);
	if (*arg)
		grid_print_styles(&a->grid, stdout, mono);
	return DID_NOTHING;
}

int
do_key(struct app *a, const char *arg)
{
	int did = DID_NOTHING;

	while (*arg) {
		size_t n = strcspn(arg, " ");
		char name[32];
		int key;

		snprintf(name, sizeof name, "%.*s", (int)n, arg);
		key = key_parse(name);
		if (key < 0)
			return app_fail(a, "key: there is no key \"%s\"", name);
		did = event_key(a, key);
		if (did & DID_QUIT)
			break;
		arg += n;
		arg += strspn(arg, " ");
	}
	/* In a script, a key that fails shows a message, and does not end the script. */
	return did & ~DID_FAIL;
}

int
do_type(struct app *a, const char *arg)
{
	size_t n = strlen(arg);
	int did = DID_NOTHING;

	while (n > 0) {
		uint32_t cp;
		size_t k = (size_t)ct_utf8_decode(arg, n, &cp);

		did = event_key(a, (int)cp);
		arg += k;
		n -= k;
	}
	return did & ~DID_FAIL;
}

int
do_mouse(struct app *a, const char *arg)
{
	static const struct {
		const char *word;
		enum event_kind kind;
	} kinds[] = { { "click", EV_CLICK }, { "double", EV_DOUBLE }, { "up", EV_WHEEL_UP },
	    { "down", EV_WHEEL_DOWN },
		{ "drag", EV_CLICK } };
	struct event ev = { .kind = EV_NONE };
	char word[16];
	int x, y, to_x, to_y, n = sscanf(arg, "%15s %5d %5d %5d %5d", word, &x, &y, &to_x, &to_y), did;

	for (size_t i = 0; n > 0 && i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(word, kinds[i].word) == 0)
			ev.kind = kinds[i].kind;
	if (ev.kind == EV_NONE || n != (strcmp(word, "drag") != 0 ? 3 : 5))
		return app_fail(a, "mouse: expected click, double, up or down with a column and a row, or "
		    "drag with two of them; found \"%.60s\"", arg);
	ev.x = x - 1;
	ev.y = y - 1;
	did = a->point(a, &ev);
	if (n == 5) {
		ev = (struct event){ EV_DRAG, 0, to_x - 1, to_y - 1 };
		did |= a->point(a, &ev);
	}
	if (ev.kind == EV_CLICK || ev.kind == EV_DRAG) {
		ev.kind = EV_RELEASE;
		did |= a->point(a, &ev);
	}
	return did & ~DID_FAIL;
}

int
do_resize(struct app *a, const char *arg)
{
	int cols, rows, n = 0;

	if (a->live)
		return app_fail(a, "resize: works only in a --headless run");
	if (sscanf(arg, "%9dx%9d%n", &cols, &rows, &n) != 2 || arg[n] || cols < 1 || rows < 1 ||
	    cols > 1000 || rows > 1000)
		return app_fail(a, "resize: expected COLSxROWS such as 120x40, found \"%.60s\"", arg);
	return event_resize(a, cols, rows) ? DID_CHANGE : app_fail(a, "resize: out of memory");
}

int
do_echo(struct app *a, const char *arg)
{
	if (a->live)
		app_say(a, "%s", arg);
	else
		app_line("%s", arg);
	return DID_CHANGE;
}
