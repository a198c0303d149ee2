/* lesson: see lesson.h. */
#include "tui/lesson/lesson.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "ctrace.h"
#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/lesson/flow.h"
#include "tui/study/paths.h"

static const char file_name[] = "lesson.yaml", ending[] = ".yaml";

char **
lesson_list(void)
{
	struct paths p = { 0 };
	char **models = ct_model_list();

	for (int i = 0; models && models[i]; i++)
		paths_add_beside(&p, models[i], "lessons", ending);
	for (int i = 0; models && models[i]; i++) {
		char *path = ct_path_join(models[i], file_name);

		if (path && ct_file_exists(path))
			paths_add(&p, path);
		else
			free(path);
	}
	ct_model_list_free(models);
	return p.list;
}

void
lesson_list_free(char **list)
{
	ct_model_list_free(list);
}

const char *
lesson_name(const char *path, char *buf, size_t size)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *start;

	if (strcmp(base, file_name) != 0 || !slash) {
		size_t cut = paths_end_in(base, ending) ? strlen(ending) : 0;

		snprintf(buf, size, "%.*s", (int)(strlen(base) - cut), base);
		return buf;
	}
	for (start = slash; start > path && start[-1] != '/'; start--)
		;
	snprintf(buf, size, "%.*s", (int)(slash - start), start);
	return buf;
}

static int
find(char **out, const char *which, struct ct_error *err)
{
	char **list, name[256], names[300] = "";
	size_t n = 0;

	*out = NULL;
	if (strchr(which, '/') || paths_end_in(which, ending)) {
		*out = strdup(which);
		return *out ? CT_OK : ct_fail_memory(err, strlen(which), "a path");
	}
	list = lesson_list();
	for (int i = 0; list && list[i] && !*out; i++) {
		lesson_name(list[i], name, sizeof name);
		if (strcmp(name, which) == 0)
			*out = strdup(list[i]);
		if (n < sizeof names)
			n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", name);
	}
	lesson_list_free(list);
	if (*out)
		return CT_OK;
	return ct_fail(err, CT_ENOTFOUND, "no lesson named \"%.80s\"; expected a file, or one of: %s", which,
	    n ? names : "none is installed");
}

static int
check_command(const struct ct_yaml_doc *d, const struct ct_yaml *v, const char *key, struct ct_error *err)
{
	const struct cmd_entry *c;

	if (v->kind != CT_YAML_SCALAR)
		return ct_yaml_fail(d, v, CT_EFORMAT, err, "%s: expected a command", key);
	c = cmd_find(v->text, strcspn(v->text, " "));
	if (!c)
		return ct_yaml_fail(d, v, CT_EFORMAT, err, "%s: there is no command \"%.60s\"", key, v->text);
	if (c->flags & (CMD_SCRIPT | CMD_PERSON))
		return ct_yaml_fail(d, v, CT_EFORMAT, err, "%s: \"%s\" is not for lessons", key, c->name);
	return CT_OK;
}

static int
read_commands(const struct ct_yaml_doc *d, const struct ct_yaml *step, const char *key, const char **out,
    struct ct_error *err)
{
	const struct ct_yaml *v = ct_yaml_get(step, key);

	if (!v)
		return CT_OK;
	if (v->kind == CT_YAML_SCALAR) {
		out[0] = v->text;
		return check_command(d, v, key, err);
	}
	if (v->kind != CT_YAML_LIST || v->n >= LESSON_COMMANDS)
		return ct_yaml_fail(
		    d, v, CT_EFORMAT, err, "%s: expected at most %d commands", key, LESSON_COMMANDS - 1);
	for (int i = 0; i < v->n; i++) {
		int code = check_command(d, &v->items[i], key, err);

		if (code != CT_OK)
			return code;
		out[i] = v->items[i].text;
	}
	return CT_OK;
}

/* Reads texts of at most max lines of the pane into out. Returns how many, or a code. */
static int
read_texts(const struct ct_yaml_doc *d, const struct ct_yaml *map, const char *key, const char **out, int max,
    struct ct_error *err)
{
	const struct ct_yaml *v = ct_yaml_get(map, key);

	if (!v)
		return 0;
	if (v->kind != CT_YAML_LIST || v->n < 1 || v->n > max)
		return ct_yaml_fail(d, v, CT_EFORMAT, err, "%s: expected a list of 1 to %d texts", key, max);
	for (int i = 0; i < v->n; i++) {
		const struct ct_yaml *item = &v->items[i];

		if (item->kind != CT_YAML_SCALAR || !*item->text)
			return ct_yaml_fail(d, item, CT_EFORMAT, err, "%s: expected a text", key);
		if (flow_lines(item->text, LESSON_COLS) > 3)
			return ct_yaml_fail(d, item, CT_EFORMAT, err, "%s: expected at most 3 lines of %d "
			    "columns", key, LESSON_COLS);
		out[i] = item->text;
	}
	return v->n;
}

/* Reads a prediction: a question, its choices, each short enough for one line, and which is right. */
static int
read_predict(const struct ct_yaml_doc *d, const struct ct_yaml *step, struct predict *p, struct ct_error *err)
{
	static const char *const keys[] = { "ask", "choose", "right", NULL };
	const struct ct_yaml *map = ct_yaml_get(step, "predict");
	const char *right;
	size_t width = 0;
	int code;

	if (!map)
		return CT_OK;
	if (map->kind != CT_YAML_MAP)
		return ct_yaml_fail(d, map, CT_EFORMAT, err,
		    "predict: expected a map with ask, choose and right");
	if ((code = ct_yaml_only(d, map, keys, err)) ||
	    (code = ct_yaml_string(d, map, "ask", true, &p->ask, err)) ||
	    (code = ct_yaml_string(d, map, "right", true, &right, err)) ||
	    (code = read_texts(d, map, "choose", p->choice, LESSON_CHOICES, err)) < 0)
		return code;
	p->n = code;
	for (int i = p->right = 0; i < p->n; i++) {
		width += strlen(p->choice[i]) + 4;
		p->right += p->right == i && strcmp(p->choice[i], right) != 0;
	}
	if (p->n < 2 || p->right == p->n)
		return ct_yaml_fail(d, map, CT_EFORMAT, err,
		    "predict: expected 2 to %d choices, of which `right:` names one", LESSON_CHOICES);
	if (flow_lines(p->ask, LESSON_COLS) > 1 || width > LESSON_COLS)
		return ct_yaml_fail(d, map, CT_EFORMAT, err,
		    "predict: the question and its choices have a line of %d columns each", LESSON_COLS);
	return CT_OK;
}

/* Checks that the parts of a step fit together. */
static int
check_parts(const struct ct_yaml_doc *d, const struct ct_yaml *map, const struct step *s,
    struct ct_error *err)
{
	if (s->ask && (!s->n_checks || !s->answer[0]))
		return ct_yaml_fail(d, map, CT_EFORMAT, err,
		    "a step that asks for something needs `answer:` and `expect:`");
	if (s->answer[0] && !s->ask)
		return ct_yaml_fail(d, map, CT_EFORMAT, err, "`answer:` needs `ask:`");
	if (s->hint[0] && !s->ask)
		return ct_yaml_fail(d, map, CT_EFORMAT, err, "`hints:` needs `ask:`");
	if (s->ask && s->predict.ask)
		return ct_yaml_fail(d, map, CT_EFORMAT, err, "`ask:` and `predict:` exclude each other");
	if (s->predict.ask && (!s->n_checks || !s->see[0]))
		return ct_yaml_fail(d, map, CT_EFORMAT, err,
		    "`predict:` needs `see:`, which shows the right choice, and `expect:`");
	if (s->see[0] && !s->predict.ask)
		return ct_yaml_fail(d, map, CT_EFORMAT, err, "`see:` needs `predict:`");
	if (s->predict.ask && flow_lines(s->text, LESSON_COLS) > LESSON_LINES - 1)
		return ct_yaml_fail(d, map, CT_EFORMAT, err, "text: expected at most %d lines in a step with "
		    "a prediction", LESSON_LINES - 1);
	return CT_OK;
}

static int
read_step(struct lesson *l, const struct ct_yaml *map, struct step *s, struct ct_error *err)
{
	static const char *const keys[] = {
		"title", "text", "prompt", "do", "ask", "answer", "hints", "predict", "see", "expect", NULL
	};
	const struct ct_yaml_doc *d = l->doc;
	const struct ct_yaml *expect;
	int code, lines;

	s->line = map->line;
	if (map->kind != CT_YAML_MAP)
		return ct_yaml_fail(d, map, CT_EFORMAT, err, "a step: expected a map with title and text");
	if ((code = ct_yaml_only(d, map, keys, err)) ||
	    (code = ct_yaml_string(d, map, "title", true, &s->title, err)) ||
	    (code = ct_yaml_string(d, map, "text", true, &s->text, err)) ||
	    (code = ct_yaml_string(d, map, "prompt", false, &s->prompt, err)) ||
	    (code = ct_yaml_string(d, map, "ask", false, &s->ask, err)) ||
	    (code = read_commands(d, map, "do", s->command, err)) ||
	    (code = read_commands(d, map, "answer", s->answer, err)) ||
	    (code = read_commands(d, map, "see", s->see, err)) ||
	    (code = read_texts(d, map, "hints", s->hint, LESSON_HINTS, err)) < 0 ||
	    (code = read_predict(d, map, &s->predict, err)))
		return code;
	lines = flow_lines(s->text, LESSON_COLS);
	if (lines > LESSON_LINES)
		return ct_yaml_fail(d, ct_yaml_get(map, "text"), CT_EFORMAT, err,
		    "text: %d lines of %d columns, but at most %d fit on the screen", lines, LESSON_COLS,
		    LESSON_LINES);
	if (s->ask && flow_lines(s->ask, LESSON_COLS - 2) > 1)
		return ct_yaml_fail(d, ct_yaml_get(map, "ask"), CT_EFORMAT, err,
		    "ask: expected one line of at most %d columns", LESSON_COLS - 2);
	expect = ct_yaml_get(map, "expect");
	if (expect) {
		code = lesson_check_read(d, expect, s->checks, LESSON_CHECKS, err);
		if (code < 0)
			return code;
		s->n_checks = code;
	}
	return check_parts(d, map, s, err);
}

/*
 * Finds the model: the lesson's own folder, one next to it, or a name on the search path; with a slash, a
 * path relative to the lesson's folder.
 */
static int
find_model(struct lesson *l, const char *name, struct ct_error *err)
{
	char *dir = paths_folder(l->path);
	char *up = dir ? ct_path_join(dir, strchr(name, '/') ? "." : "..") : NULL;
	char *beside = up ? ct_path_join(up, name) : NULL;
	char *own = dir ? ct_path_join(dir, "config.json") : NULL;
	char *there = beside ? ct_path_join(beside, "config.json") : NULL;

	if (own && ct_file_exists(own))
		l->model = strdup(dir);
	else if (there && ct_file_exists(there))
		l->model = strdup(beside);
	else
		l->model = strdup(name);
	free(own);
	free(there);
	free(beside);
	free(up);
	free(dir);
	return l->model ? CT_OK : ct_fail_memory(err, strlen(name), "a path");
}

static int
read_lesson(struct lesson *l, struct ct_error *err)
{
	static const char *const keys[] = { "model", "title", "audience", "steps", NULL };
	const struct ct_yaml *root = ct_yaml_root(l->doc), *steps;
	const char *model = NULL;
	int code;

	if (root->kind != CT_YAML_MAP)
		return ct_yaml_fail(l->doc, root, CT_EFORMAT, err,
		    "expected a map with model, title and steps");
	if ((code = ct_yaml_only(l->doc, root, keys, err)) ||
	    (code = ct_yaml_string(l->doc, root, "model", true, &model, err)) ||
	    (code = ct_yaml_string(l->doc, root, "title", true, &l->title, err)) ||
	    (code = ct_yaml_string(l->doc, root, "audience", false, &l->audience, err)) ||
	    (code = find_model(l, model, err)))
		return code;
	steps = ct_yaml_get(root, "steps");
	if (!steps || steps->kind != CT_YAML_LIST || steps->n < 1 || steps->n > LESSON_STEPS)
		return ct_yaml_fail(l->doc, steps ? steps : root, CT_EFORMAT, err,
		    "steps: expected a list of 1 to %d steps", LESSON_STEPS);
	for (; l->n < steps->n; l->n++)
		if ((code = read_step(l, &steps->items[l->n], &l->step[l->n], err)))
			return code;
	if (!l->step[0].prompt)
		return ct_yaml_fail(l->doc, &steps->items[0], CT_EFORMAT, err,
		    "the first step needs a prompt");
	return CT_OK;
}

int
lesson_open(struct lesson **out, const char *which, struct ct_error *err)
{
	struct lesson *l = calloc(1, sizeof *l);
	int code;

	*out = NULL;
	if (!l)
		return ct_fail_memory(err, sizeof *l, "a lesson");
	if ((code = find(&l->path, which, err)) || (code = ct_yaml_open(&l->doc, l->path, NULL, 0, err)) ||
	    (code = read_lesson(l, err))) {
		lesson_close(l);
		return code;
	}
	*out = l;
	return CT_OK;
}

void
lesson_close(struct lesson *l)
{
	if (!l)
		return;
	ct_yaml_close(l->doc);
	free(l->path);
	free(l->model);
	free(l);
}

int
lesson_print(void)
{
	char **list = lesson_list(), name[256];
	bool any = list && list[0];

	for (int i = 0; any && list[i]; i++) {
		struct ct_error err;
		struct lesson *l;

		lesson_name(list[i], name, sizeof name);
		if (lesson_open(&l, list[i], &err) < 0) {
			app_line("%-12s %s", name, err.msg);
			continue;
		}
		app_line("%-12s %2d steps  %s", name, l->n, l->title);
		lesson_close(l);
	}
	lesson_list_free(list);
	if (!any)
		app_complain("no lesson is installed: name a file, or set CTRACE_MODEL_PATH to the folder of "
		    "models");
	return any ? 0 : 1;
}
