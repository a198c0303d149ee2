/*
 * notes: what a person wrote about the session and about nodes; kept with the session.
 *
 * A note about a feature belongs to it at every position; one about another node, to nodes of this name in
 * every prompt.
 */
#ifndef TUI_NOTES_H
#define TUI_NOTES_H

#include <stdbool.h>
#include <stddef.h>

struct study;
struct lines;

struct note {
	/* "L1#249", "error L1@8", "input \"Dallas\"@6", "output \"Austin\""; "": the session */
	char *about;
	char *text;
};

struct notes {
	struct note *list;
	int n;
};

/* NULL: there is no note. */
const char *notes_find(const struct notes *n, const char *about);
/* "" removes a note. Returns false if memory ran out. */
bool notes_set(struct notes *n, const char *about, const char *text);
void notes_free(struct notes *n);
/* Writes the notes as commands. */
void notes_save(const struct notes *n, struct lines *out);

/* The name under which a note on a node of the graph is kept. Returns buf. */
const char *notes_about(const struct study *s, int node, char *buf, size_t size);
/*
 * Parses "on NODE: TEXT" or TEXT; *text moves to the note itself. "here" stands for the selected node, and
 * sets *here. Returns false if there can be no note on the thing; `about` then has its name.
 */
bool notes_parse(const char **text, char *about, size_t size, bool *here);

#endif
