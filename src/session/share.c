/* share: the facade's part that hands graphs to other programs; the formats are in share/. */
#include <stdint.h>

#include "session/engine.h"
#include "io/json_out.h"
#include "share/formats.h"
#include "share/graph_line.h"

static const char *
token(const void *ctx, int id)
{
	return ct_engine_token(ctx, id);
}

static const char *
label(const void *ctx, int layer, int feature)
{
	return ct_engine_label(ctx, layer, feature);
}

static int
no_graph(struct ct_error *err)
{
	return ct_fail(err, CT_EINVAL, "no graph yet: trace the prompt first");
}

static struct ct_graph_names
names_of(const struct ct_session *s)
{
	const struct ct_engine_info *info = &s->e->info;

	if (s->e->file)
		return ct_graph_file_names(s->e->file);
	return (struct ct_graph_names){
		.model = info->name, .scan = info->scan, .transcoder = info->transcoder, .features = info->F,
		.prompt = ct_session_text(s), .tokens = s->ids, .token = token, .label = label, .ctx = s->e
	};
}

static int
graph_json(json_t **root, const struct ct_session *s, struct ct_error *err)
{
	struct ct_graph_names names = names_of(s);

	return s->graph ? ct_graph_to_json(root, s->graph, &s->subgraph, &names, err) : no_graph(err);
}

int
ct_session_graph_json(const struct ct_session *s, char **text, size_t *n, struct ct_error *err)
{
	json_t *root = NULL;
	int rc = graph_json(&root, s, err);

	if (rc == CT_OK)
		rc = ct_json_out_text(text, n, root, false, err);
	json_decref(root);
	return rc;
}

int
ct_session_export(const struct ct_session *s, const char *form, bool pinned, char **text, size_t *n,
    struct ct_error *err)
{
	json_t *root = NULL;
	int rc = graph_json(&root, s, err);

	if (rc == CT_OK)
		rc = ct_format_write(text, n, form, pinned, root, err);
	json_decref(root);
	return rc;
}

int
ct_session_line(const struct ct_session *s, const struct json_t *head, char **text, size_t *n, struct ct_error *err)
{
	struct ct_graph_names names = names_of(s);
	json_t *line;
	int rc;

	if (!s->graph)
		return no_graph(err);
	line = json_copy((json_t *)(uintptr_t)head);
	rc = ct_graph_line(line, s->graph, &names, err);
	if (rc == CT_OK)
		rc = ct_json_out_text(text, n, line, false, err);
	json_decref(line);
	return rc;
}
