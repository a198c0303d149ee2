/*
 * graph_folder: the list of a folder of graphs, graph-metadata.json, by which viewers find what is in it.
 *
 * A graph stands in the folder as SLUG.json. The list has the metadata of each, once; graph_json.h writes the graphs.
 */
#ifndef CT_SHARE_GRAPH_FOLDER_H
#define CT_SHARE_GRAPH_FOLDER_H

#include <jansson.h>

#include "base/error.h"

/* Name of the list in its folder. */
extern const char ct_graph_folder_list[];

/* *list is a new reference: what is in the file, or an empty list where there is none. */
int ct_graph_folder_read(json_t **list, const char *path, struct ct_error *err);

/* Gives the graph the name under which it will stand in the folder. */
int ct_graph_folder_name(json_t *graph, const char *slug, struct ct_error *err);
/* Lists the graph, in place of another of its name. */
int ct_graph_folder_add(json_t *list, const json_t *graph, struct ct_error *err);

#endif
