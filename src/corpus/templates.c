/*
 * templates: see templates.h. This file parses, and lists the instances.
 */
#include "corpus/templates.h"

#include <stdlib.h>
#include <string.h>

static int
read_over(struct ct_template *t, const struct ct_world *w, const struct ct_yaml *node, struct ct_error *err)
{
	const struct ct_yaml *over = ct_yaml_get(node, "over");
	bool one = over && over->kind == CT_YAML_SCALAR;

	if (!over || over->kind == CT_YAML_LIST || (!one && (over->n == 0 || over->n > CT_MAX_OVER)))
		return ct_yaml_fail(w->doc, over ? over : node, CT_EFORMAT, err,
		    "a sentence needs `over:`, a table or a map from at most %d names to tables",
		    CT_MAX_OVER);
	t->over.n = one ? 1 : over->n;
	for (int i = 0; i < t->over.n; i++) {
		const struct ct_yaml *e = one ? over : &over->items[i];

		if (e->kind != CT_YAML_SCALAR || (t->over.tables[i] = ct_world_table(w, e->text)) < 0)
			return ct_yaml_fail(w->doc, e, CT_EFORMAT, err, "no table is called \"%s\"",
			    e->kind == CT_YAML_SCALAR ? e->text : "{}");
		t->over.names[i] = ct_arena_strdup(w->arena, one ? e->text : e->key);
		if (!t->over.names[i])
			return ct_fail_memory(err, CT_MAX_CELL, "a template");
	}
	return CT_OK;
}

static int
read_relations(
    struct ct_template *t, const struct ct_world *w, const struct ct_yaml *node, struct ct_error *err)
{
	const struct ct_yaml *list = ct_yaml_get(node, "relations");

	if (!list)
		return CT_OK;
	if (list->kind != CT_YAML_LIST || list->n == 0 || list->n > CT_MAX_COLUMNS)
		return ct_yaml_fail(w->doc, list, CT_EFORMAT, err,
		    "`relations:` is a list of 1 to %d columns", CT_MAX_COLUMNS);
	for (int i = 0; i < list->n; i++) {
		if (list->items[i].kind != CT_YAML_SCALAR)
			return ct_yaml_fail(
			    w->doc, &list->items[i], CT_EFORMAT, err, "expected a column's name");
		t->relations[i] = ct_arena_strdup(w->arena, list->items[i].text);
		if (!t->relations[i])
			return ct_fail_memory(err, CT_MAX_CELL, "a template");
	}
	t->n_relations = list->n;
	return CT_OK;
}

static int
parse_slot(struct ct_slot *s, const struct ct_template *t, const struct ct_world *w, const char *path,
    size_t n, const struct ct_yaml *at, struct ct_error *err)
{
	return ct_slot_parse(s, w, &t->over, path, n, &(struct ct_relations){ t->relations, t->n_relations },
	    at, err);
}

static int
add_piece(struct ct_template *t, const struct ct_world *w, const char *word, size_t n,
    const struct ct_yaml *at, struct ct_error *err)
{
	struct ct_template_piece *p = &t->pieces[t->n_pieces];
	bool slot = n > 2 && word[0] == '{' && word[n - 1] == '}';
	char *copy;

	if (t->n_pieces == CT_MAX_PIECES)
		return ct_yaml_fail(
		    w->doc, at, CT_EFORMAT, err, "a template has at most %d words", CT_MAX_PIECES);
	if (!slot && (memchr(word, '{', n) || memchr(word, '}', n)))
		return ct_yaml_fail(w->doc, at, CT_EFORMAT, err,
		    "\"%.*s\": a slot stands alone between spaces, such as {city}", (int)n, word);
	if (slot) {
		word++;
		n -= 2;
	}
	copy = ct_arena_alloc(w->arena, n + 1, 1);
	if (!copy)
		return ct_fail_memory(err, n, "a template");
	memcpy(copy, word, n);
	*p = (struct ct_template_piece){.kind = CT_PIECE_WORD, .text = copy};
	t->n_pieces++;
	if (!slot)
		return CT_OK;
	if (strcmp(copy, "relation") != 0) {
		p->kind = CT_PIECE_SLOT;
		return parse_slot(&p->slot, t, w, copy, n, at, err);
	}
	p->kind = CT_PIECE_RELATION;
	if (t->n_relations == 0)
		return ct_yaml_fail(
		    w->doc, at, CT_EFORMAT, err, "{relation} needs `relations:`, a list of columns");
	return CT_OK;
}

/* Words between spaces; a slot's braces may contain spaces ("{state.largest city}"). */
static int
read_template(
    struct ct_template *t, const struct ct_world *w, const struct ct_yaml *node, struct ct_error *err)
{
	const struct ct_yaml *at = ct_yaml_get(node, "template");
	const char *s, *answer = NULL;
	int code;

	if (!at || at->kind != CT_YAML_SCALAR || !at->text[strspn(at->text, " ")])
		return ct_yaml_fail(w->doc, at ? at : node, CT_EFORMAT, err,
		    "a sentence needs `template:`, words and {slots}");
	for (s = at->text + strspn(at->text, " "); *s; s += strspn(s, " ")) {
		size_t n = 0;
		bool inside = false;

		for (; s[n] && (inside || s[n] != ' '); n++)
			inside = s[n] == '{' || (inside && s[n] != '}');
		if ((code = add_piece(t, w, s, n, at, err)) < 0)
			return code;
		s += n;
	}
	t->answer = -1;
	if ((code = ct_yaml_string(w->doc, node, "answer", false, &answer, err)) < 0 || !answer)
		return code;
	for (int i = 0; i < t->n_pieces; i++)
		if (t->pieces[i].kind == CT_PIECE_SLOT && strcmp(t->pieces[i].text, answer) == 0)
			t->answer = i;
	if (t->answer < 0)
		return ct_yaml_fail(w->doc, ct_yaml_get(node, "answer"), CT_EFORMAT, err,
		    "the answer \"%s\" is not a slot of the template", answer);
	return CT_OK;
}

/* "first.sound = last.sound" or "first != last" */
static int
read_condition(struct ct_template *t, const struct ct_world *w, const struct ct_yaml *e, struct ct_error *err)
{
	struct ct_condition *c = &t->where[t->n_where++];
	const char *op = e->kind == CT_YAML_SCALAR ? strchr(e->text, '=') : NULL;
	const char *a, *b;
	size_t n;
	int code;

	if (!op || op == e->text)
		return ct_yaml_fail(
		    w->doc, e, CT_EFORMAT, err, "a condition is \"SLOT = SLOT\" or \"SLOT != SLOT\"");
	c->equal = op[-1] != '!';
	a = e->text + strspn(e->text, " ");
	b = op + 1 + strspn(op + 1, " ");
	for (n = (size_t)(op - a) - !c->equal; n > 0 && a[n - 1] == ' '; n--)
		;
	if ((code = parse_slot(&c->a, t, w, a, n, e, err)) < 0)
		return code;
	return parse_slot(&c->b, t, w, b, strlen(b), e, err);
}

/* The slot that is planned, and the word of the template at which it is. */
static int
read_plan(struct ct_template *t, const struct ct_world *w, const struct ct_yaml *node, struct ct_error *err)
{
	const struct ct_yaml *plan = ct_yaml_get(node, "plan"), *at = ct_yaml_get(node, "plan at");
	const char *text = NULL, *word = NULL;
	int code;

	t->plan_at = -1;
	if ((code = ct_yaml_string(w->doc, node, "plan", at, &text, err)) < 0 || !text ||
	    (code = parse_slot(&t->plan, t, w, text, strlen(text), plan, err)) < 0 ||
	    (code = ct_yaml_string(w->doc, node, "plan at", false, &word, err)) < 0)
		return code;
	t->has_plan = true;
	for (int i = 0; i < t->n_pieces && word && t->plan_at < 0; i++)
		if (t->pieces[i].kind == CT_PIECE_WORD && strcmp(t->pieces[i].text, word) == 0)
			t->plan_at = i;
	return !word || t->plan_at >= 0 ? CT_OK : ct_yaml_fail(w->doc, at, CT_EFORMAT, err,
	    "the template has no word \"%s\"", word);
}

static int
read_sentence(
    struct ct_template *t, const struct ct_world *w, const struct ct_yaml *node, struct ct_error *err)
{
	static const char *const keys[] = {
		"name", "over", "where", "relations", "template", "answer", "about", "plan", "plan at",
		    "repeat",
		NULL
	};
	const struct ct_yaml *list;
	const char *text = NULL;
	int code;

	t->at = node;
	t->repeat = 1;
	if (node->kind != CT_YAML_MAP)
		return ct_yaml_fail(w->doc, node, CT_EFORMAT, err,
		    "a sentence is a map with `name:`, `over:`, `template:` ...");
	if ((code = ct_yaml_only(w->doc, node, keys, err)) < 0 ||
	    (code = ct_yaml_string(w->doc, node, "name", true, &text, err)) < 0 ||
	    (code = ct_yaml_int(w->doc, node, "repeat", false, 1, 1000, &t->repeat, err)) < 0)
		return code;
	t->name = ct_arena_strdup(w->arena, text);
	if (!t->name)
		return ct_fail_memory(err, CT_MAX_CELL, "a template");
	if ((code = read_over(t, w, node, err)) < 0 || (code = read_relations(t, w, node, err)) < 0 ||
	    (code = read_template(t, w, node, err)) < 0)
		return code;
	list = ct_yaml_get(node, "where");
	if (list && (list->kind != CT_YAML_LIST || list->n > CT_MAX_WHERE))
		return ct_yaml_fail(w->doc, list, CT_EFORMAT, err,
		    "`where:` is a list of at most %d conditions", CT_MAX_WHERE);
	for (int i = 0; list && i < list->n; i++)
		if ((code = read_condition(t, w, &list->items[i], err)) < 0)
			return code;
	list = ct_yaml_get(node, "about");
	if (list && (list->kind != CT_YAML_LIST || list->n > CT_MAX_ABOUT))
		return ct_yaml_fail(w->doc, list, CT_EFORMAT, err, "`about:` is a list of at most %d slots",
		    CT_MAX_ABOUT);
	for (int i = 0; list && i < list->n; i++) {
		const struct ct_yaml *e = &list->items[i];

		if (e->kind != CT_YAML_SCALAR)
			return ct_yaml_fail(
			    w->doc, e, CT_EFORMAT, err, "expected a slot such as state.capital");
		if ((code = parse_slot(&t->about[t->n_about++], t, w, e->text, strlen(e->text), e, err)) < 0)
			return code;
	}
	return read_plan(t, w, node, err);
}

struct ct_fact
ct_instance_fact(const struct ct_plan *p, const struct ct_instance *in, const struct ct_slot *s)
{
	const struct ct_template *t = &p->templates[in->template];

	return ct_slot_fact(
	    s, p->world, &t->over, in->rows, in->relation < 0 ? NULL : t->relations[in->relation]);
}

static bool
holds(const struct ct_plan *p, const struct ct_instance *in)
{
	const struct ct_template *t = &p->templates[in->template];

	for (int i = 0; i < t->n_where; i++) {
		const struct ct_condition *c = &t->where[i];
		const char *a = ct_fact_text(p->world, ct_instance_fact(p, in, &c->a));
		const char *b = ct_fact_text(p->world, ct_instance_fact(p, in, &c->b));

		if ((strcmp(a, b) == 0) != c->equal)
			return false;
	}
	return true;
}

static int
add_instance(struct ct_plan *p, const struct ct_instance *in, struct ct_error *err)
{
	if (p->n == CT_CORPUS_MAX_SENTENCES)
		return ct_yaml_fail(p->world->doc, p->templates[in->template].at, CT_EINVAL, err,
		    "more than %d sentences: narrow `over:` with `where:`", CT_CORPUS_MAX_SENTENCES);
	if (p->n == p->cap) {
		int cap = p->cap ? 2 * p->cap : 1024;
		struct ct_instance *list = realloc(p->instances, (size_t)cap * sizeof *list);

		if (!list)
			return ct_fail_memory(err, (size_t)cap * sizeof *list, "the sentences");
		p->instances = list;
		p->cap = cap;
	}
	p->instances[p->n++] = *in;
	return CT_OK;
}

/* Every relation with every choice of rows that fulfils the conditions; the last row turns fastest. */
static int
list_instances(struct ct_plan *p, int template, struct ct_error *err)
{
	const struct ct_template *t = &p->templates[template];
	int before = p->n, code;

	for (int r = t->n_relations ? 0 : -1; r < t->n_relations; r++) {
		struct ct_instance in = { .template = template, .relation = r };
		int i;

		do {
			if (holds(p, &in) && (code = add_instance(p, &in, err)) < 0)
				return code;
			for (i = t->over.n - 1; i >= 0; i--) {
				if (++in.rows[i] < p->world->tables[t->over.tables[i]].n_rows)
					break;
				in.rows[i] = 0;
			}
		} while (i >= 0);
		if (t->n_relations == 0)
			break;
	}
	if (p->n == before)
		return ct_yaml_fail(p->world->doc, t->at, CT_EFORMAT, err,
		    "\"%s\" gives no sentence: no rows fulfil its conditions", t->name);
	return CT_OK;
}

int
ct_plan_read(
    struct ct_plan *p, const struct ct_world *w, const struct ct_yaml *sentences, struct ct_error *err)
{
	int code;

	p->world = w;
	if (!sentences || sentences->kind != CT_YAML_LIST || sentences->n == 0)
		return ct_yaml_fail(w->doc, sentences ? sentences : ct_yaml_root(w->doc), CT_EFORMAT, err,
		    "`corpus:` needs `sentences:`, a list of templates");
	p->templates = ct_arena_need(
	    w->arena, (size_t)sentences->n, sizeof *p->templates, "the templates", err);
	if (!p->templates)
		return CT_ENOMEM;
	for (int i = 0; i < sentences->n; i++, p->n_templates++) {
		struct ct_template *t = &p->templates[i];

		if ((code = read_sentence(t, w, &sentences->items[i], err)) < 0)
			return code;
		for (int j = 0; j < i; j++)
			if (strcmp(p->templates[j].name, t->name) == 0)
				return ct_yaml_fail(w->doc, t->at, CT_EFORMAT, err,
				    "two sentences are called \"%s\"", t->name);
		if ((code = list_instances(p, i, err)) < 0)
			return code;
	}
	return CT_OK;
}

void
ct_plan_free(struct ct_plan *p)
{
	free(p->instances);
	*p = (struct ct_plan){ 0 };
}
