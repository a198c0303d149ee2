/*
 * notes: what a person wrote down, on the session and on nodes. Kept with the session.
 *
 * A note on a feature holds wherever the feature is; on another node, for a node of this name in any prompt.
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

/* NULL: there is none. */
const char *notes_find(const struct notes *n, const char *about);
/* "" removes it. False: out of memory. */
bool notes_set(struct notes *n, const char *about, const char *text);
void notes_free(struct notes *n);
/* As commands. */
void notes_save(const struct notes *n, struct lines *out);

/* What a note on a node of the graph is about. Returns buf. */
const char *notes_about(const struct study *s, int node, char *buf, size_t size);
/*
 * "on NODE: TEXT" or TEXT; *text moves to what is noted. "here": it is about what is selected, which *here
 * says. False: no such thing can be noted on, and what it was is in about.
 */
bool notes_parse(const char **text, char *about, size_t size, bool *here);

#endif
