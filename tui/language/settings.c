/* settings: see settings.h. */
#include "tui/language/settings.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "io/yaml.h"
#include "tui/language/cmd.h"
#include "tui/language/keys.h"
#include "tui/language/options.h"
#include "tui/terminal/theme.h"
#include "tui/view/view.h"

struct reader {
	struct settings *s;
	const struct ct_yaml_doc *doc;
};

static void
complain(struct settings *s, const char *why)
{
	if (*s->trouble)
		s->more++;
	else
		ct_text_clean(s->trouble, sizeof s->trouble, why, strlen(why));
}

static int
mistakes(const struct settings *s)
{
	return s->more + (*s->trouble != '\0');
}

/* The value, if it is one of the option's; else NULL, after a message. */
static const char *
choose(struct reader *r, const struct ct_yaml *v)
{
	const struct option_entry *o = option_at(option_find(v->key));
	char list[200];
	struct ct_error err;

	if (v->kind == CT_YAML_SCALAR && option_has(o, v->text))
		return v->text;
	ct_yaml_fail(r->doc, v, CT_EFORMAT, &err, "%s: expected one of %s; found \"%.60s\"", v->key,
	    option_values(o, list, sizeof list), v->kind == CT_YAML_SCALAR ? v->text : "a list or map");
	complain(r->s, err.msg);
	return NULL;
}

static void
read_model(struct reader *r, const struct ct_yaml *v)
{
	struct ct_error err;

	if (v->kind == CT_YAML_SCALAR && *v->text && strlen(v->text) < sizeof r->s->model) {
		snprintf(r->s->model, sizeof r->s->model, "%s", v->text);
		return;
	}
	ct_yaml_fail(r->doc, v, CT_EFORMAT, &err, "model: expected the name or directory of a model");
	complain(r->s, err.msg);
}

static void
read_theme(struct reader *r, const struct ct_yaml *v)
{
	const char *name = choose(r, v);

	if (name)
		r->s->theme = theme_find(name);
}

static void
read_bool(struct reader *r, const struct ct_yaml *v, bool *out)
{
	const char *word = choose(r, v);

	if (word)
		*out = strcmp(word, "true") == 0;
}

static void
read_ascii(struct reader *r, const struct ct_yaml *v)
{
	read_bool(r, v, &r->s->ascii);
}

static void
read_mouse(struct reader *r, const struct ct_yaml *v)
{
	read_bool(r, v, &r->s->mouse);
}

static void
read_readonly(struct reader *r, const struct ct_yaml *v)
{
	read_bool(r, v, &r->s->readonly);
}

static void
read_edges(struct reader *r, const struct ct_yaml *v)
{
	const char *word = choose(r, v);

	if (word)
		r->s->shares = strcmp(word, "share") == 0;
}

static void
read_prune(struct reader *r, const struct ct_yaml *v)
{
	double node, edge = CT_DEFAULT_EDGES;
	struct ct_error why, err;

	if (ct_prune_parse(v->kind == CT_YAML_SCALAR ? v->text : "a list or map", &node, &edge, &why) < 0) {
		ct_yaml_fail(r->doc, v, CT_EFORMAT, &err, "prune: %s", why.msg);
		complain(r->s, err.msg);
		return;
	}
	r->s->study.node_threshold = node;
	r->s->study.edge_threshold = edge;
}

static void
read_mode(struct reader *r, const struct ct_yaml *v)
{
	const char *word = choose(r, v);

	if (word)
		ct_mode_parse(word, 0, &r->s->study.how, NULL);
}

static void
read_through(struct reader *r, const struct ct_yaml *v)
{
	const char *word = choose(r, v);

	if (word)
		ct_through_find(word, &r->s->study.how.through);
}

static void
read_key(struct reader *r, const char *place, const struct ct_yaml *v)
{
	const struct cmd_entry *c;
	struct ct_error err;
	bool none = v->kind == CT_YAML_SCALAR && (!*v->text || (!v->quoted && (strcmp(v->text, "null") == 0 ||
	    strcmp(v->text, "~") == 0)));

	if (key_parse(v->key) < 0) {
		ct_yaml_fail(r->doc, v, CT_EFORMAT, &err,
		    "keys: there is no key \"%.40s\"; expected one such as x, F5, Ctrl-r, Alt-b or "
		    "PageDown%s", v->key, place ? "" : ", or a view");
	} else if (v->kind != CT_YAML_SCALAR) {
		ct_yaml_fail(r->doc, v, CT_EFORMAT, &err, "keys: %s: expected a command, or null", v->key);
	} else {
		c = none ? NULL : cmd_find(v->text, strcspn(v->text, " "));
		if (!none && !c)
			ct_yaml_fail(r->doc, v, CT_EFORMAT, &err,
			    "keys: %s: there is no command \"%.60s\"", v->key, v->text);
		else if (c && (c->flags & CMD_SCRIPT))
			ct_yaml_fail(r->doc, v, CT_EFORMAT, &err, "keys: %s: \"%s\" is for scripts only",
			    v->key, c->name);
		else if (key_bind(place, v->key, none ? "" : v->text))
			ct_yaml_fail(r->doc, v, CT_EFORMAT, &err, "keys: %s: too many keys", v->key);
		else {
			r->s->n_keys++;
			return;
		}
	}
	complain(r->s, err.msg);
}

static void
read_keys(struct reader *r, const struct ct_yaml *v)
{
	struct ct_error err;

	if (v->kind != CT_YAML_MAP) {
		ct_yaml_fail(r->doc, v, CT_EFORMAT, &err, "keys: expected a map of keys to commands");
		complain(r->s, err.msg);
		return;
	}
	for (int i = 0; i < v->n; i++) {
		const struct ct_yaml *k = &v->items[i];
		const char *place = view_place(k->key);

		if (!place || k->kind != CT_YAML_MAP)
			read_key(r, NULL, k);
		for (int n = 0; place && k->kind == CT_YAML_MAP && n < k->n; n++)
			read_key(r, place, &k->items[n]);
	}
}

static const struct {
	const char *name;
	void (*read)(struct reader *r, const struct ct_yaml *v);
} entries[] = {
	{ "model", read_model },
	{ "theme", read_theme },
	{ "ascii", read_ascii },
	{ "mouse", read_mouse },
	{ "readonly", read_readonly },
	{ "edges", read_edges },
	{ "prune", read_prune },
	{ "mode", read_mode },
	{ "through", read_through },
	{ "keys", read_keys },
};

enum { N_ENTRIES = sizeof entries / sizeof *entries };

static void
read_entry(struct reader *r, const struct ct_yaml *v)
{
	char names[200] = "";
	struct ct_error err;
	size_t n = 0;
	int before = mistakes(r->s);

	for (int i = 0; i < N_ENTRIES; i++) {
		if (strcmp(v->key, entries[i].name) == 0) {
			entries[i].read(r, v);
			if (mistakes(r->s) == before && option_find(v->key) >= 0)
				r->s->given |= 1U << option_find(v->key);
			return;
		}
		if (n < sizeof names)
			n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "",
			    entries[i].name);
	}
	ct_yaml_fail(r->doc, v, CT_EFORMAT, &err, "there is no setting \"%.40s\"; expected one of %s", v->key,
	    names);
	complain(r->s, err.msg);
}

void
settings_init(struct settings *s)
{
	*s = (struct settings){ .theme = theme_find("default"), .mouse = true };
}

void
settings_read(struct settings *s, const char *path, const char *text, size_t n)
{
	struct reader r = { .s = s };
	struct ct_yaml_doc *doc;
	const struct ct_yaml *root;
	struct ct_error err;

	if (ct_yaml_open(&doc, path, text, n, &err)) {
		complain(s, err.msg);
		return;
	}
	s->found = true;
	r.doc = doc;
	root = ct_yaml_root(doc);
	if (root->kind == CT_YAML_MAP) {
		for (int i = 0; i < root->n; i++)
			read_entry(&r, &root->items[i]);
	} else {
		ct_yaml_fail(doc, root, CT_EFORMAT, &err, "expected a map of settings, such as theme: dark");
		complain(s, err.msg);
	}
	ct_yaml_close(doc);
}
