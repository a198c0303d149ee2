/* graph_folder: see graph_folder.h. */
#include "share/graph_folder.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "io/json_stream.h"
#include "io/json_writer.h"
#include "share/graph_json.h"

static const size_t max_bytes = (size_t)256 << 20;

const char ct_graph_folder_list[] = "graph-metadata.json";

static struct ct_graph_listed *
one_more(struct ct_graph_folder *f, struct ct_error *err)
{
	int room = f->room ? 2 * f->room : 64;
	struct ct_graph_listed *grown;

	if (f->n < f->room)
		return &f->graph[f->n++];
	grown = realloc(f->graph, (size_t)room * sizeof *grown);
	if (!grown) {
		ct_fail_memory(err, (size_t)room * sizeof *grown, "a list of graphs");
		return NULL;
	}
	f->graph = grown;
	f->room = room;
	return &f->graph[f->n++];
}

/* One metadata object, whose slug is its name. */
static int
read_graph(struct ct_graph_folder *f, struct ct_stream *s, struct ct_error *err)
{
	struct ct_graph_listed *g = one_more(f, err);
	size_t start, end;
	const char *key;
	char *slug = NULL;
	int code;

	if (!g)
		return CT_ENOMEM;
	ct_stream_peek(s);
	start = s->at;
	if ((code = ct_stream_skip(s, err)) < 0)
		return code;
	end = s->at;
	*g = (struct ct_graph_listed){ "", f->text + start, end - start };
	s->at = start;
	if (ct_stream_peek(s) == '{') {
		ct_stream_object(s, NULL);
		while ((code = ct_stream_key(s, &key, err)) > 0) {
			bool named = strcmp(key, "slug") == 0 && ct_stream_peek(s) == '"';

			code = named ? ct_stream_string(s, "\"slug\"", &slug, err) : ct_stream_skip(s, err);
			if (code < 0)
				return code;
		}
		g->slug = slug ? slug : "";
	}
	s->at = end;
	s->first = 0;
	return code < 0 ? code : CT_OK;
}

static int
read_list(struct ct_graph_folder *f, struct ct_error *err)
{
	struct ct_stream s = { .where = f->where, .text = f->text, .n = f->n_text, .strings = &f->arena };
	bool found = false;
	const char *key;
	int code;

	if (ct_stream_peek(&s) != '{')
		goto none;
	ct_stream_object(&s, NULL);
	while ((code = ct_stream_key(&s, &key, err)) > 0) {
		if (strcmp(key, "graphs") != 0 || ct_stream_peek(&s) != '[') {
			if ((code = ct_stream_skip(&s, err)) < 0)
				return code;
			continue;
		}
		found = true;
		ct_stream_list(&s, NULL);
		while ((code = ct_stream_item(&s, err)) > 0)
			if ((code = read_graph(f, &s, err)) < 0)
				return code;
		if (code < 0)
			return code;
	}
	if (code < 0 || found)
		return code;
none:
	return ct_fail(err, CT_EFORMAT, "%s: expected {\"graphs\": [...]}, a list of graphs", f->where);
}

int
ct_graph_folder_read(struct ct_graph_folder *f, const char *path, struct ct_error *err)
{
	int code;

	*f = (struct ct_graph_folder){ .where = path };
	if (ct_file_missing(path))
		return CT_OK;
	code = ct_file_read(&f->text, &f->n_text, path, max_bytes, err);
	return code < 0 ? code : read_list(f, err);
}

void
ct_graph_folder_free(struct ct_graph_folder *f)
{
	free(f->text);
	free(f->graph);
	ct_arena_free(&f->arena);
}

int
ct_graph_folder_add(struct ct_graph_folder *f, const struct ct_export *x, struct ct_error *err)
{
	const char *slug = ct_arena_strdup(&f->arena, x->names->slug);
	struct ct_graph_listed *g = NULL;
	struct ct_buffer b = { 0 };
	const char *kept = NULL;
	char *text;

	ct_graph_json_metadata(&b, x);
	text = ct_buffer_take(&b, NULL);
	if (text)
		kept = ct_arena_strdup(&f->arena, text);
	free(text);
	if (!slug || !kept)
		return ct_fail_memory(err, 1024, "a list of graphs");
	for (int i = 0; i < f->n && !g; i++)
		if (strcmp(f->graph[i].slug, slug) == 0)
			g = &f->graph[i];
	if (!g && !(g = one_more(f, err)))
		return CT_ENOMEM;
	*g = (struct ct_graph_listed){ slug, kept, strlen(kept) };
	return CT_OK;
}

void
ct_graph_folder_write(struct ct_buffer *to, const struct ct_graph_folder *f)
{
	struct ct_writer w;

	ct_writer_init(&w, to, true);
	ct_writer_object(&w, NULL);
	ct_writer_list(&w, "graphs");
	for (int i = 0; i < f->n; i++)
		ct_writer_raw(&w, NULL, f->graph[i].text, f->graph[i].n);
	ct_writer_end(&w);
	ct_writer_end(&w);
}
