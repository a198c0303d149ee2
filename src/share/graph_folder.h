/*
 * graph_folder: graph-metadata.json, the list by which viewers find the graphs in a folder.
 *
 * A graph is in the folder as SLUG.json, which graph_json.h writes. The list has the metadata of each graph
 * once. Entries that other programs wrote into it are kept.
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
	char *text;			/* the file's text; NULL: it does not exist yet */
	size_t n_text;
	struct ct_graph_listed {
		const char *slug;	/* "": it has none */
		const char *text;	/* the metadata, n bytes of JSON */
		size_t n;
	} *graph;
	int n, room;
	struct ct_arena arena;
};

/* Reads the file's list, or makes an empty one if there is none. To be freed in any case. */
int ct_graph_folder_read(struct ct_graph_folder *f, const char *path, struct ct_error *err);
void ct_graph_folder_free(struct ct_graph_folder *f);

/* Adds a graph under names->slug, replacing another of that name. */
int ct_graph_folder_add(struct ct_graph_folder *f, const struct ct_export *x, struct ct_error *err);
/* The list as the file is to contain it. */
void ct_graph_folder_write(struct ct_buffer *to, const struct ct_graph_folder *f);

#endif
