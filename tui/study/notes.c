/* notes: see notes.h. */
#include "tui/study/notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/study/lines.h"
#include "tui/study/study.h"

static const char on[] = "on ";

static int
find(const struct notes *n, const char *about)
{
	int i = 0;

	while (i < n->n && strcmp(n->list[i].about, about) != 0)
		i++;
	return i;
}

const char *
notes_find(const struct notes *n, const char *about)
{
	int i = find(n, about);

	return i < n->n ? n->list[i].text : NULL;
}

static void
drop(struct notes *n, int i)
{
	free(n->list[i].about);
	free(n->list[i].text);
	memmove(n->list + i, n->list + i + 1, (size_t)(--n->n - i) * sizeof *n->list);
}

bool
notes_set(struct notes *n, const char *about, const char *text)
{
	struct note *list, fresh = { .about = NULL };
	int i = find(n, about);

	if (*text) {
		fresh = (struct note){ .about = strdup(about), .text = strdup(text) };
		list = i < n->n ? n->list : realloc(n->list, (size_t)(n->n + 1) * sizeof *list);
		if (list)
			n->list = list;
		if (!list || !fresh.about || !fresh.text) {
			free(fresh.about);
			free(fresh.text);
			return false;
		}
	}
	if (i < n->n)
		drop(n, i);
	if (!*text)
		return true;
	/* in its old place, so that a session keeps its order */
	memmove(n->list + i + 1, n->list + i, (size_t)(n->n - i) * sizeof *n->list);
	n->list[i] = fresh;
	n->n++;
	return true;
}

void
notes_free(struct notes *n)
{
	while (n->n)
		drop(n, n->n - 1);
	free(n->list);
	*n = (struct notes){ .list = NULL };
}

void
notes_save(const struct notes *n, struct lines *out)
{
	for (int i = 0; i < n->n; i++) {
		const char *about = n->list[i].about, *text = n->list[i].text;

		if (*about || strncmp(text, on, sizeof on - 1) == 0)
			lines_add(out, "note on %s: %s", *about ? about : "session", text);
		else
			lines_add(out, "note %s", text);
	}
}

const char *
notes_about(const struct study *s, int node, char *buf, size_t size)
{
	const struct ct_node *n = study_node(s, node);

	buf[0] = '\0';
	if (n && study_is_feature(n))
		ct_engine_feature_name(s->engine, n->layer, n->index, buf, size);
	else if (n)
		ct_session_node_name(s->session, node, buf, size);
	return buf;
}

/* Whether this is the name of something, as notes_about writes it. The position of a feature is cut off. */
static bool
is_name(char *name)
{
	int layer, feature, end = 0;
	size_t n = strlen(name);

	if (sscanf(name, "L%9d#%9d%n", &layer, &feature, &end) == 2 && (!name[end] || name[end] == '@')) {
		name[end] = '\0';
		return layer >= 0 && feature >= 0;
	}
	if (sscanf(name, "error L%9d@%9d%n", &layer, &feature, &end) == 2)
		return !name[end];
	if (strncmp(name, "output \"", 8) == 0)
		return n > 9 && name[n - 1] == '"';
	if (strncmp(name, "input \"", 7) != 0)
		return false;
	while (n > 0 && name[n - 1] >= '0' && name[n - 1] <= '9')
		n--;
	return name[n] && n > 9 && name[n - 1] == '@' && name[n - 2] == '"';
}

bool
notes_parse(const char **text, char *about, size_t size, bool *here)
{
	const char *name = *text + sizeof on - 1, *colon;

	*here = false;
	about[0] = '\0';
	if (strncmp(*text, on, sizeof on - 1) != 0 || !strchr(name, ':'))
		return true;
	/* The first colon that follows a name, since words of a prompt may contain colons. */
	for (colon = strchr(name, ':'); colon; colon = strchr(colon + 1, ':')) {
		snprintf(about, size, "%.*s", (int)(colon - name), name);
		*here = strcmp(about, "here") == 0;
		if (strcmp(about, "session") == 0)
			about[0] = '\0';
		if (*here || !*about || is_name(about)) {
			*text = colon + 1 + strspn(colon + 1, " ");
			return true;
		}
	}
	snprintf(about, size, "%.*s", (int)strcspn(name, ":"), name);
	return false;
}
