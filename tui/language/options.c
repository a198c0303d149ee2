/* options: see options.h. */
#include "tui/language/options.h"

#include <stdio.h>
#include <string.h>

#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/terminal/term.h"

static const char *
say(char *buf, size_t size, const char *text)
{
	snprintf(buf, size, "%s", text);
	return buf;
}

static const char *
say_bool(char *buf, size_t size, bool on)
{
	return say(buf, size, on ? "true" : "false");
}

static const char *
get_model(const struct app *a, char *buf, size_t size)
{
	return say(buf, size, a->study.info->name);
}

static const char *
get_theme(const struct app *a, char *buf, size_t size)
{
	return say(buf, size, theme_name(a->theme));
}

static const char *
get_ascii(const struct app *a, char *buf, size_t size)
{
	return say_bool(buf, size, a->grid.ascii);
}

static int
set_ascii(struct app *a, const char *value)
{
	bool ascii = strcmp(value, "true") == 0;

	if (!ascii && a->live && !term_utf8())
		return app_fail(a, "ascii: the character set of LC_ALL, LC_CTYPE or LANG is not UTF-8");
	a->grid.ascii = ascii;
	return DID_CHANGE | DID_REDRAW;
}

static const char *
get_mouse(const struct app *a, char *buf, size_t size)
{
	return say_bool(buf, size, a->mouse);
}

static int
set_mouse(struct app *a, const char *value)
{
	a->mouse = strcmp(value, "true") == 0;
	if (a->live)
		term_mouse(a->mouse);
	return DID_CHANGE;
}

static const char *
get_readonly(const struct app *a, char *buf, size_t size)
{
	return say_bool(buf, size, a->readonly);
}

static int
set_readonly(struct app *a, const char *value)
{
	(void)value;
	return app_fail(a, "readonly is chosen at the start: --readonly, or config.yaml");
}

static const char *
get_edges(const struct app *a, char *buf, size_t size)
{
	return say(buf, size, a->shares ? "share" : "weight");
}

static const char *
get_prune(const struct app *a, char *buf, size_t size)
{
	const struct ct_graph *g = a->study.graph;
	const struct ct_trace_options *next = &a->study.trace;

	if (g)
		snprintf(buf, size, "%.3g,%.3g", g->node_threshold, g->edge_threshold);
	else if (next->node_threshold > 0)
		snprintf(buf, size, "%.3g,%.3g", next->node_threshold, next->edge_threshold);
	else
		snprintf(buf, size, "%.3g,%.3g", CT_DEFAULT_NODES, CT_DEFAULT_EDGES);
	return buf;
}

static const char *
get_mode(const struct app *a, char *buf, size_t size)
{
	ct_mode_text(&a->study.how, buf, size);
	return buf;
}

static const char *
get_through(const struct app *a, char *buf, size_t size)
{
	return say(buf, size, ct_through_name(a->study.how.through));
}

static const struct option_entry options[] = {
	{ "model", "<models>", "the model to open", get_model, NULL },
	{ "theme", "default dark light projector cvd mono", "colours", get_theme, NULL },
	{ "ascii", "false true", "only ASCII on the screen", get_ascii, set_ascii },
	{ "mouse", "false true", "the program takes clicks and the wheel", get_mouse, set_mouse },
	{ "readonly", "false true", "write no files", get_readonly, set_readonly },
	{ "edges", "weight share", "how edges are shown", get_edges, NULL },
	{ "prune", "<thresholds>", "cumulative influence to keep, NODE,EDGE", get_prune, NULL },
	{ "mode", "frozen free direct", "what clamps leave frozen", get_mode, NULL },
	{ "through", "model replacement", "what carries a clamp's effect on", get_through, NULL },
};

enum { N_OPTIONS = sizeof options / sizeof *options };

const struct option_entry *
option_at(int i)
{
	return i >= 0 && i < N_OPTIONS ? &options[i] : NULL;
}

int
option_find(const char *name)
{
	for (int i = 0; i < N_OPTIONS; i++)
		if (strcmp(options[i].name, name) == 0)
			return i;
	return -1;
}

/* Copies the value at p, up to the next blank; returns the start of the next one, or NULL. */
static const char *
take_value(const char *p, char *value, size_t size)
{
	size_t n = strcspn(p, " ");

	snprintf(value, size, "%.*s", (int)n, p);
	p += n + strspn(p + n, " ");
	return *p ? p : NULL;
}

bool
option_has(const struct option_entry *o, const char *value)
{
	char one[64];

	for (const char *p = o->values; p;) {
		p = take_value(p, one, sizeof one);
		if (strcmp(one, value) == 0)
			return true;
	}
	return false;
}

const char *
option_values(const struct option_entry *o, char *buf, size_t size)
{
	size_t at = 0;
	char one[64];

	buf[0] = '\0';
	for (const char *p = o->values; p && at < size;) {
		p = take_value(p, one, sizeof one);
		at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? ", " : "", one);
	}
	return buf;
}

int
option_set(struct app *a, int option, const char *value)
{
	const struct option_entry *o = &options[option];
	char line[PROMPT_MAX + 64], list[200];
	int did;

	if (o->set) {
		if (!option_has(o, value))
			return app_fail(a, "%s: expected one of %s; found \"%.60s\"", o->name,
			    option_values(o, list, sizeof list), value);
		did = o->set(a, value);
	} else {
		snprintf(line, sizeof line, "%s %s", o->name, value);
		did = cmd_run(a, line);
	}
	if (!(did & DID_FAIL) && !a->message[0])
		app_say(a, "%s: %s", o->name, o->get(a, list, sizeof list));
	return did;
}

const char *
option_next(const struct app *a, int option, char *buf, size_t size)
{
	const struct option_entry *o = &options[option];
	char now[200], first[64];
	bool found = false;

	if (*o->values == '<')
		return NULL;
	o->get(a, now, sizeof now);
	take_value(o->values, first, sizeof first);
	for (const char *p = o->values; p;) {
		p = take_value(p, buf, size);
		if (found)
			return buf;
		found = strcmp(buf, now) == 0;
	}
	snprintf(buf, size, "%s", first);
	return buf;
}
