/*
 * view: what a view is. A view is one file and one row of views.h; everything else reaches it through this.
 */
#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "tui/terminal/draw.h"
#include "tui/view/list.h"
#include "tui/view/views.h"

struct app;
struct fold;
struct lines;
struct ct_clamp;
struct key_entry;

enum change {
	CHANGED_GRAPH,		/* another graph, or none */
	CHANGED_PRUNING,	/* the same nodes, other ones kept */
	CHANGED_NODE		/* another node is selected */
};

/* Only name, title, note, open, close and draw must be there. `state` is what open returned. */
struct view_ops {
	const char *name;	/* for `view NAME`, and the place of keys */
	const char *title;
	const char *note;	/* for help */
	/* What it is about; text: something to read, in which keys only move. */
	enum { ABOUT_GRAPH, ABOUT_PROGRAM, ABOUT_TEXT } about;
	bool node;		/* about the graph: the selected node is in sight here, filling the body */
	void *(*open)(void);	/* NULL when out of memory */
	void (*close)(void *state);
	void (*changed)(struct app *a, void *state, enum change what);
	void (*draw)(struct app *a, void *state, const struct area *area);
	/* Its rows, up to date: up, down and the like move in them. */
	struct list *(*list)(struct app *a, void *state);
	void (*moved)(struct app *a, void *state);	/* another row was selected */
	void (*focused)(struct app *a, void *state);	/* it has the keys now */
	/* Rows as text, for searching. */
	void (*text)(struct app *a, void *state, int row, char *buf, size_t size);
	/* Leaves only rows with a text; "": all of them. */
	void (*filter)(struct app *a, void *state, const char *text);
	/* Nothing in the rows matched: is there something further away? Goes there. */
	bool (*find)(struct app *a, void *state, const char *what);
	/* left and right; NULL: step through tokens */
	int (*side)(struct app *a, void *state, int step);
	int (*enter)(struct app *a, void *state);
	int (*click)(struct app *a, void *state, int x, int y);	/* NULL: selects the row of its list */
	struct fold *(*fold)(struct app *a, void *state);	/* its list, if that has levels; up to date */
	/* Is the mark in this column, at which a click opens or folds the row? */
	bool (*marker)(struct app *a, void *state, int row, int x);
	/* Lines that bring back what it shows, for a session; and is it shown again? */
	void (*save)(struct app *a, void *state, struct lines *out);
	bool keep;
	/* The feature that clamp and label are about: layer, feature and pos are filled in. */
	bool (*feature)(struct app *a, void *state, struct ct_clamp *out);
};

const struct view_ops *view_ops(enum view_id id);
int view_find(const char *name);	/* id or -1 */
/* A view's own name, or KEYS_READING, which stays where it is; NULL: neither. */
const char *view_place(const char *name);
void view_mdoc(FILE *out);

int view_open_all(struct app *a);
void view_close_all(struct app *a);
void view_changed(struct app *a, enum change what);
/* Gives the keys to a view: to its pane where it stands on the main screen, else it fills the body. */
void view_show(struct app *a, enum view_id id);
/* What a key does in the view that has the keys; NULL: nothing. */
const struct key_entry *view_key(const struct app *a, int key);
/* Does a key act in the view that has the keys? Commands that are typed always do. */
bool view_acts(const struct app *a, const struct key_entry *k);
/* Selects a node of the graph for all panes. */
void view_select(struct app *a, int node);
#endif
