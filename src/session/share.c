/* share: the facade's functions that write graphs for other programs; share/ has the formats. */
#include <stdint.h>

#include "io/json_out.h"
#include "session/engine.h"
#include "session/page.h"
#include "share/formats.h"
#include "share/graph_json.h"
#include "share/graph_line.h"

/* For the graph of a clamped run: the clamps, and the graph without them. false: it is none. */
static bool
clamps_of(const struct ct_session *s, struct ct_then *out)
{
	const struct ct_session *first = s->of_clamps;

	if (!first || !first->graph)
		return false;
	*out = (struct ct_then){ first->graph, first->clamps, first->n_clamps, &first->clamp_options };
	return true;
}

int
ct_session_graph_json(const struct ct_session *s, ct_drain_fn write, void *ctx, struct ct_error *err)
{
	struct ct_graph_names names = s->e->source->names(s);
	struct ct_export x = { .graph = s->graph, .subgraph = &s->subgraph, .names = &names,
	    .qk = s->qk };
	struct ct_buffer to = { .drain = write, .ctx = ctx, .err = err };
	struct ct_then then;
	int code;

	if (!s->graph)
		return ct_session_no_graph(err);
	if ((code = ct_session_need_whole(s, err)) < 0)
		return code;
	x.then = clamps_of(s, &then) ? &then : NULL;
	if ((code = ct_graph_json_write(&to, false, &x, err)) < 0) {
		ct_buffer_free(&to);
		return code;
	}
	return ct_buffer_finish(&to);
}

int
ct_session_export(struct ct_session *s, const struct ct_export_options *opt, ct_drain_fn write, void *ctx,
    struct ct_error *err)
{
	struct ct_graph_names names = s->e->source->names(s);
	struct ct_export x = { .graph = s->graph, .subgraph = &s->subgraph, .names = &names,
		.pinned = opt->pinned, .all = opt->all };
	struct ct_arena a = { 0 };
	struct ct_page page;
	struct ct_then then;
	int code = s->graph ? ct_session_need_whole(s, err) : ct_session_no_graph(err);

	if (code == CT_OK)
		code = ct_session_page(&page, s, opt, &a, err);

	x.page = &page;
	x.then = clamps_of(s, &then) ? &then : NULL;
	if (code == CT_OK)
		code = ct_format_write(opt->form, &x, write, ctx, err);
	ct_arena_free(&a);
	return code;
}

int
ct_session_line(struct ct_session *s, const struct json_t *head, const struct ct_auto_groups *said,
    char **text, size_t *n, struct ct_error *err)
{
	struct ct_graph_names names = s->e->source->names(s);
	struct ct_arena a = { 0 };
	struct ct_line_groups groups;
	struct ct_buffer b = { 0 };
	struct ct_writer w;
	const char *key;
	json_t *value;
	int code;

	*text = NULL;
	if (!s->graph)
		return ct_session_no_graph(err);
	code = ct_session_need_whole(s, err);
	if (code == CT_OK && said)
		code = ct_session_line_groups(s, said, &groups, &a, err);
	if (code < 0) {
		ct_arena_free(&a);
		return code;
	}
	ct_writer_document(&w, &b, false, CT_GRAPH_LINE_FORMAT);
	json_object_foreach((json_t *)(uintptr_t)head, key, value)
		ct_writer_tree(&w, key, value);
	code = ct_graph_line(&w, s->graph, &names, said ? &groups : NULL, err);
	ct_writer_end(&w);
	ct_arena_free(&a);
	if (code < 0) {
		ct_buffer_free(&b);
		return code;
	}
	*text = ct_buffer_take(&b, n);
	return *text ? CT_OK : ct_fail(err, CT_ENOMEM, "out of memory for a line of JSON");
}

/* The line of a prompt that could not be traced: only the head. */
int
ct_session_no_line(const struct json_t *head, char **text, size_t *n, struct ct_error *err)
{
	json_t *all = ct_json_out_document(CT_GRAPH_LINE_FORMAT, json_copy((json_t *)(uintptr_t)head));
	int code = ct_json_out_text(text, n, all, false, err);

	json_decref(all);
	return code;
}
