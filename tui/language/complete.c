/* complete: see complete.h. */
#include "tui/language/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/language/options.h"
#include "tui/lesson/lesson.h"
#include "tui/session/session_list.h"
#include "tui/view/view.h"

static void
add(struct input *in, const char *text, size_t len)
{
	char *copy = in->n_candidates < INPUT_CANDIDATES ? strndup(text, len) : NULL;

	if (copy)
		in->candidate[in->n_candidates++] = copy;
}

/* Offers a text if it begins like the word before the cursor. */
static void
offer(struct input *in, const char *text, size_t len)
{
	size_t typed = in->line.cur - in->start;

	if (typed <= len && memcmp(text, in->line.text + in->start, typed) == 0)
		add(in, text, len);
}

static void
offer_vocabulary(struct app *a, size_t start)
{
	struct input *in = &a->input;
	char prefix[256];
	int ids[INPUT_CANDIDATES], n;

	if (in->line.cur - start >= sizeof prefix || in->line.cur == start)
		return;
	memcpy(prefix, in->line.text + start, in->line.cur - start);
	prefix[in->line.cur - start] = '\0';
	n = ct_engine_complete(a->study.engine, prefix, ids, INPUT_CANDIDATES);
	if (n > INPUT_CANDIDATES)
		n = INPUT_CANDIDATES;
	in->start = start;
	for (int i = 0; i < n; i++) {
		const char *token = ct_engine_token(a->study.engine, ids[i]);

		add(in, token, strlen(token));
	}
}

/* Tokens may contain blanks ("New York"), so the longest beginning that some token has is completed. */
static void
offer_words(struct app *a, const char *breaks)
{
	struct input *in = &a->input;
	const char *text = in->line.text;
	size_t starts[3], at = in->line.cur;
	int n = 0;

	while (n < 3) {
		while (at > 0 && !strchr(breaks, text[at - 1]))
			at--;
		starts[n++] = at;
		if (at == 0 || text[at - 1] != ' ')
			break;
		at--;
	}
	while (n-- > 0 && !in->n_candidates) {
		/* A token that carries its blank begins with it. */
		if (a->study.info->spaced && starts[n] > 0 && text[starts[n] - 1] == ' ')
			offer_vocabulary(a, starts[n] - 1);
		if (!in->n_candidates)
			offer_vocabulary(a, starts[n]);
	}
}

static void
offer_models(struct app *a)
{
	char **models = ct_model_list();

	for (int i = 0; models && models[i]; i++) {
		const char *slash = strrchr(models[i], '/');

		offer(&a->input, slash ? slash + 1 : models[i], strlen(slash ? slash + 1 : models[i]));
	}
	ct_model_list_free(models);
}

static void
offer_sessions(struct app *a)
{
	struct session_entry *list;
	struct ct_error err;
	int n = session_list(&list, &err);

	for (int i = 0; i < n; i++)
		offer(&a->input, list[i].name, strlen(list[i].name));
	free(list);
}

static void
offer_lessons(struct app *a)
{
	char **lessons = lesson_list(), name[256];

	for (int i = 0; lessons && lessons[i]; i++) {
		lesson_name(lessons[i], name, sizeof name);
		offer(&a->input, name, strlen(name));
	}
	lesson_list_free(lessons);
}

/* Offers nodes of the pruned graph, features only or all. */
static void
offer_nodes(struct app *a, bool features)
{
	const struct ct_graph *g = a->study.graph;
	char name[STUDY_NAME];

	for (int i = 0; g && i < g->n_nodes; i++) {
		if (!g->nodes[i].kept || (features && !ct_node_traits(g->nodes[i].kind)->can_clamp))
			continue;
		if (ct_session_node_name(a->study.session, i, name, sizeof name) > 0)
			offer(&a->input, name, strlen(name));
	}
}

static void
offer_supernodes(struct app *a)
{
	const struct ct_subgraph *sg = ct_session_subgraph(a->study.session);

	for (int i = 0; i < sg->n_supernodes; i++)
		offer(&a->input, sg->name[i], strlen(sg->name[i]));
}

static void offer_values(struct app *a, const char *words);

/* Offers the names of options; after a name, its values. */
static void
offer_options(struct app *a)
{
	struct input *in = &a->input;
	const char *text = in->line.text + in->start, *end = memchr(text, ' ', in->line.cur - in->start);
	const struct option_entry *o;
	char name[64];

	for (int i = 0; !end && (o = option_at(i)); i++)
		offer(in, o->name, strlen(o->name));
	if (!end)
		return;
	snprintf(name, sizeof name, "%.*s", (int)(end - text), text);
	o = option_at(option_find(name));
	in->start += (size_t)(end + 1 - text);
	if (o)
		offer_values(a, o->values);
}

/* Offers what a word of the command table stands for, such as <models>. */
static void
offer_kind(struct app *a, const char *kind, size_t len)
{
	const struct study *s = &a->study;

	if (strncmp(kind, "<words>", len) == 0)
		offer_words(a, " ");
	else if (strncmp(kind, "<views>", len) == 0)
		for (int i = 0; i < VIEW_COUNT; i++)
			offer(&a->input, view_ops((enum view_id)i)->name,
			    strlen(view_ops((enum view_id)i)->name));
	else if (strncmp(kind, "<options>", len) == 0)
		offer_options(a);
	else if (strncmp(kind, "<models>", len) == 0)
		offer_models(a);
	else if (strncmp(kind, "<sessions>", len) == 0)
		offer_sessions(a);
	else if (strncmp(kind, "<lessons>", len) == 0)
		offer_lessons(a);
	else if (strncmp(kind, "<nodes>", len) == 0)
		offer_nodes(a, false);
	else if (strncmp(kind, "<features>", len) == 0)
		offer_nodes(a, true);
	else if (strncmp(kind, "<kept>", len) == 0)
		for (int i = 0; i < s->n_kept; i++)
			offer(&a->input, s->kept[i].name, strlen(s->kept[i].name));
	else if (strncmp(kind, "<supernodes>", len) == 0)
		offer_supernodes(a);
	else if (strncmp(kind, "<tokens>", len) == 0)
		for (int i = 1; i < s->T; i++)
			offer(&a->input, study_token(s, i), strlen(study_token(s, i)));
}

static void
offer_values(struct app *a, const char *words)
{
	for (; *words; words += strspn(words, " ")) {
		size_t len = strcspn(words, " ");

		if (*words == '<')
			offer_kind(a, words, len);
		else
			offer(&a->input, words, len);
		words += len;
	}
}

static void
find_commands(struct app *a)
{
	struct input *in = &a->input;
	const char *text = in->line.text, *space = memchr(text, ' ', in->line.cur);
	const struct cmd_entry *c;

	in->start = 0;
	if (!space) {
		for (int i = 0; (c = cmd_at(i)); i++)
			if (!(c->flags & CMD_SCRIPT))
				offer(in, c->name, strlen(c->name));
		return;
	}
	c = cmd_find(text, (size_t)(space - text));
	in->start = (size_t)(space + 1 - text);
	if (c && c->words)
		offer_values(a, c->words);
}

void
complete_find(struct app *a)
{
	struct input *in = &a->input;

	in->start = 0;
	if (in->kind == INPUT_COMMAND)
		find_commands(a);
	else if (in->kind == INPUT_PROMPT)
		offer_words(a, " ");
	else if (in->kind == INPUT_TARGET)
		offer_words(a, " ,-");
	else if (in->kind == INPUT_GROUP)
		offer_supernodes(a);
	if (!in->n_candidates && in->line.cur && (in->kind == INPUT_TARGET || in->kind == INPUT_CLAMP)) {
		in->start = 0;
		offer_nodes(a, true);
	}
}
