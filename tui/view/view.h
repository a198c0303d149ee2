/*
 * view: what a view is. Each view is one file and one row of views.h; the rest of the program knows only this
 * interface.
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
struct ct_error;
struct key_entry;

enum change {
	CHANGED_GRAPH,		/* another graph, or none */
	CHANGED_PRUNING,	/* the same nodes, of which others are kept */
	CHANGED_NODE		/* another node is selected */
};

/* Only name, title, note, open, close and draw are required. `state` is what open returned. */
struct view_ops {
	const char *name;	/* for `view NAME`, and for binding its keys */
	const char *title;
	const char *note;	/* for help and the manual */
	/* TEXT: something to read, where keys only move. */
	enum { ABOUT_GRAPH, ABOUT_PROGRAM, ABOUT_TEXT } about;
	bool node;		/* the selected node is visible even if this view fills the body */
	void *(*open)(void);	/* NULL if memory runs out */
	void (*close)(void *state);
	void (*changed)(struct app *a, void *state, enum change what);
	void (*draw)(struct app *a, void *state, const struct area *area);
	/* Its rows, brought up to date; keys such as Up and Down move in them. */
	struct list *(*list)(struct app *a, void *state);
	void (*moved)(struct app *a, void *state);	/* another row was selected */
	void (*focused)(struct app *a, void *state);	/* the view now has the keys */
	/* The text of a row, for searching. */
	void (*text)(struct app *a, void *state, int row, char *buf, size_t size);
	/* Keeps only rows with this text; "": all rows. */
	void (*filter)(struct app *a, void *state, const char *text);
	/* Called when no row matched: goes to a match elsewhere, if there is one. */
	bool (*find)(struct app *a, void *state, const char *what);
	/* Left and Right; NULL: they step through tokens */
	int (*side)(struct app *a, void *state, int step);
	int (*enter)(struct app *a, void *state);
	/* NULL: a click selects the row of its list */
	int (*click)(struct app *a, void *state, int x, int y);
	/* its list if it has levels, brought up to date */
	struct fold *(*fold)(struct app *a, void *state);
	/* Whether a click in this column opens or folds the row. */
	bool (*marker)(struct app *a, void *state, int row, int x);
	/*
	 * Writes the commands that restore what the view shows, for a session; and whether it shows that now.
	 */
	void (*save)(struct app *a, void *state, struct lines *out);
	bool keep;
	/* The feature that clamp and label apply to: fills in layer, feature and pos. */
	bool (*feature)(struct app *a, void *state, struct ct_clamp *out);
};

const struct view_ops *view_ops(enum view_id id);
int view_find(const char *name);	/* an id, or -1 */
/* The name of a view in its permanent form, or KEYS_READING; NULL: it is neither. */
const char *view_place(const char *name);
void view_mdoc(FILE *out);

int view_open_all(struct app *a);
void view_close_all(struct app *a);
void view_changed(struct app *a, enum change what);
/* Gives the keys to a view: to its pane if it has one on the main screen, else it fills the body. */
void view_show(struct app *a, enum view_id id);
/* What a key does in the view that has the keys; NULL: nothing. */
const struct key_entry *view_key(const struct app *a, int key);
/* Whether a key may act in the view that has the keys. Typed commands always may. */
bool view_acts(const struct app *a, const struct key_entry *k);
/* Selects a node of the graph in all panes. */
void view_select(struct app *a, int node);

/* For views: whether there is a graph; if not, *why says so. */
bool view_traced(const struct app *a, struct ct_error *why);
/* A view_ops.list for a state that begins with its list, which is always up to date. */
struct list *view_list(struct app *a, void *state);

#endif
