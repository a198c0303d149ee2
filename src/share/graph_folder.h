/*
 * graph_folder: graph-metadata.json, the list by which viewers find the graphs in a folder.
 *
 * A graph is in the folder as SLUG.json. The list has the metadata of each, once; graph_json.h writes the
 * graphs. Entries that others wrote into the list are kept.
 */
#ifndef CT_SHARE_GRAPH_FOLDER_H
#define CT_SHARE_GRAPH_FOLDER_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "share/export.h"

/* Name of the list in its folder. */
extern const char ct_graph_folder_list[];

struct ct_graph_folder {
	const char *where;
	char *text;			/* of the file; NULL: there is none yet */
	size_t n_text;
	struct ct_graph_listed {
		const char *slug;	/* "": it has none */
		const char *text;	/* the metadata, n bytes of JSON */
		size_t n;
	} *graph;
	int n, room;
	struct ct_arena arena;
};

/* What is in the file, or an empty list where there is none. Free it in any case. */
int ct_graph_folder_read(struct ct_graph_folder *f, const char *path, struct ct_error *err);
void ct_graph_folder_free(struct ct_graph_folder *f);

/* Lists a graph under names->slug, in place of another of its name. */
int ct_graph_folder_add(struct ct_graph_folder *f, const struct ct_export *x, struct ct_error *err);
/* The list as it is to be in the file. */
void ct_graph_folder_write(struct ct_buffer *to, const struct ct_graph_folder *f);

#endif
