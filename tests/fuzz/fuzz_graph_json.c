/*
 * Fuzzes the reader of graph JSON: what it accepts is pruned and drawn, and written and read again it is the same.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "io/json_out.h"
#include "share/graph_file.h"
#include "share/picture.h"
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
	ct_graph_file_parse(&f, "graph", text, n, NULL, NULL, NULL);
	free(text);
	return f;
}

static char *
write_graph(const struct ct_graph_file *f, size_t *n)
{
	struct ct_graph_names names = ct_graph_file_names(f);
	char *text = NULL, *picture;
	size_t size;
	json_t *root;

	if (ct_graph_to_json(&root, &f->graph, &f->subgraph, &names, NULL) < 0)
		abort();
	if (ct_json_out_text(&text, n, root, false, NULL) < 0)
		abort();
	if (ct_picture_html(&picture, &size, root, NULL) == 0)
		free(picture);
	json_decref(root);
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
