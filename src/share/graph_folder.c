/* graph_folder: see graph_folder.h. */
#include "share/graph_folder.h"

#include <string.h>

#include "base/file.h"
#include "io/json.h"
#include "io/json_out.h"

static const size_t max_bytes = (size_t)256 << 20;

const char ct_graph_folder_list[] = "graph-metadata.json";

int
ct_graph_folder_read(json_t **list, const char *path, struct ct_error *err)
{
	int rc;

	*list = NULL;
	if (ct_file_missing(path)) {
		*list = json_pack("{s:[]}", "graphs");
		return *list ? CT_OK : ct_fail(err, CT_ENOMEM, "out of memory for a list of graphs");
	}
	if ((rc = ct_json_load(list, path, max_bytes, err)) < 0)
		return rc;
	if (json_is_array(json_object_get(*list, "graphs")))
		return CT_OK;
	json_decref(*list);
	*list = NULL;
	return ct_fail(err, CT_EFORMAT, "%s: expected {\"graphs\": [...]}, a list of graphs", path);
}

int
ct_graph_folder_name(json_t *graph, const char *slug, struct ct_error *err)
{
	if (json_object_set_new(json_object_get(graph, "metadata"), "slug", ct_json_out_string(slug)) < 0)
		return ct_fail(err, CT_ENOMEM, "out of memory for the name of a graph");
	return CT_OK;
}

int
ct_graph_folder_add(json_t *list, const json_t *graph, struct ct_error *err)
{
	json_t *graphs = json_object_get(list, "graphs"), *metadata = json_object_get(graph, "metadata");
	const json_t *slug = json_object_get(metadata, "slug"), *other;
	size_t i;

	json_array_foreach(graphs, i, other)
		if (json_equal(json_object_get(other, "slug"), slug))
			break;
	if ((i < json_array_size(graphs) ? json_array_set(graphs, i, metadata) : json_array_append(graphs, metadata)) < 0)
		return ct_fail(err, CT_ENOMEM, "out of memory for a list of graphs");
	return CT_OK;
}
