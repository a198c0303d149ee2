/*
 * Fuzzes the reader of graph JSON: what it accepts is pruned and drawn, and written and read again it is the
 * same.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "share/graph_file.h"
#include "share/graph_json.h"
#include "share/page.h"
#include "trace/influence.h"

static struct ct_graph_file *
parse(const void *data, size_t n)
{
	struct ct_graph_file *f;
	char *text = malloc(n + 1);

	if (!text)
		abort();
	memcpy(text, data, n);
	text[n] = '\0';
	ct_graph_file_parse(&f, "graph", text, n, NULL, NULL);
	return f;
}

static char *
write_graph(const struct ct_graph_file *f, size_t *n)
{
	struct ct_graph_names names = ct_graph_file_names(f);
	struct ct_export x = { .graph = &f->graph, .subgraph = &f->subgraph, .names = &names };
	struct ct_buffer b = { 0 }, picture = { 0 };
	char *text;

	if (ct_graph_json_write(&b, false, &x, NULL) < 0 || !(text = ct_buffer_take(&b, n)))
		abort();
	for (int pinned = 0; pinned < 2; pinned++) {
		x.pinned = pinned;
		ct_page_html(&picture, &x, NULL);
		ct_graph_json_write(&picture, true, &x, NULL);
	}
	ct_buffer_free(&picture);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ct_graph_file *f = parse(data, n), *again;
	struct ct_arena a = { 0 }, scratch = { 0 };
	char *text, *second;
	size_t size;

	if (!f)
		return 0;
	text = write_graph(f, &size);
	again = parse(text, size);
	if (!again)
		abort();
	second = write_graph(again, &size);
	if (strcmp(text, second) != 0)
		abort();
	ct_graph_prune(&f->graph, 0.5, 0.5, &a, &scratch, NULL, NULL);
	free(text);
	free(second);
	ct_arena_free(&a);
	ct_arena_free(&scratch);
	ct_graph_file_close(again);
	ct_graph_file_close(f);
	return 0;
}
