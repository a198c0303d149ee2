/*
 * Fuzzes the small formats. The first byte says what the others are: 'a' lines of a batch to aggregate, 'b'
 * the same by their groups, 'g' the list of a folder of graphs, 't' the state of an interrupted training, 'h'
 * a history, 'c' a corpus of
 * plain text.
 */
#include <stdlib.h>
#include <string.h>

#include "corpus/text.h"
#include "fuzz.h"
#include "io/json.h"
#include "model/tokenizer.h"
#include "share/aggregate.h"
#include "share/graph_folder.h"
#include "train/checkpoint.h"
#include "tui/terminal/prompt.h"

static void
need(bool ok)
{
	if (!ok)
		abort();
}

/* No feature recurs in more prompts than there are. */
static void
aggregate(enum ct_aggregate_by by, char *text, size_t n)
{
	struct ct_aggregate a;
	struct ct_error err;
	json_t *line;
	long number = 0;

	need(ct_aggregate_init(&a, &err) == CT_OK);
	a.by = by;
	for (char *at = text, *end; at < text + n; at = end + 1) {
		end = memchr(at, '\n', n - (size_t)(at - text));
		end = end ? end : text + n;
		if (ct_json_parse(&line, "line", at, (size_t)(end - at), &err) == CT_OK)
			ct_aggregate_add(&a, line, "line", ++number, &err);
		json_decref(line);
	}
	need(a.prompts + a.failed <= number);
	for (int i = 0; i < a.n_nodes; i++)
		need(a.nodes[i].influence.n <= a.prompts && a.nodes[i].activation.n <= a.prompts);
	for (size_t i = 0; i < a.n_edges; i++)
		need(a.edges[i].source < a.n_nodes && a.edges[i].target < a.n_nodes &&
		    a.edges[i].weight.n <= a.prompts);
	ct_aggregate_free(&a);
}

static const char *
no_word(const void *ctx, int id)
{
	(void)ctx;
	(void)id;
	return "";
}

/* A graph is listed once, however often it is added. */
static void
folder(const char *path)
{
	struct ct_graph_names names = { .model = "", .scan = "x", .prompt = "", .slug = "mine",
	    .token = no_word };
	struct ct_graph graph = { 0 };
	struct ct_export x = { .graph = &graph, .names = &names };
	struct ct_graph_folder list;
	struct ct_buffer b = { 0 };
	struct ct_error err;
	int n;

	if (ct_graph_folder_read(&list, path, &err) == CT_OK) {
		need(ct_graph_folder_add(&list, &x, &err) == CT_OK);
		n = list.n;
		need(ct_graph_folder_add(&list, &x, &err) == CT_OK && list.n == n);
		ct_graph_folder_write(&b, &list);
		need(!b.lost);
	}
	ct_buffer_free(&b);
	ct_graph_folder_free(&list);
}

/*
 * The bytes are what follows the sum in the file's header, which is put right, so that more than the sum is
 * looked at.
 */
static void
training(const uint8_t *data, size_t n)
{
	static const char magic[16] = "ctrace training";
	const uint64_t key = 7;
	struct { char magic[16]; uint64_t key, check; } head = { .key = key };
	size_t count = sizeof(uint64_t), size = sizeof head + n;
	struct ct_checkpoint c;
	struct ct_error err;
	float weights[8] = { 0 };
	uint8_t *file;
	const char *path;
	bool foreign;

	if (n < count || !(file = malloc(size)))
		return;
	memcpy(head.magic, magic, sizeof magic);
	head.check = ct_checkpoint_hash(0, data + count, n - count);
	memcpy(file, &head, sizeof head);
	memcpy(file + sizeof head, data, n);
	path = fuzz_file("training.work", file, size);
	need(ct_checkpoint_open(&c, path, key, 1, &foreign, &err) == CT_OK);
	ct_checkpoint_part(&c, "a");
	ct_checkpoint_block(&c, "weights", true, weights, sizeof weights);
	need(!(ct_checkpoint_restore(&c) && foreign));
	need(ct_checkpoint_finish(&c, &err) == CT_OK);
	ct_checkpoint_close(&c);
	need(ct_checkpoint_open(&c, path, key, 1, &foreign, &err) == CT_OK && !foreign);
	ct_checkpoint_close(&c);
	free(file);
}

/* What was read is kept as it was, with what came to it. */
static void
history(const char *path)
{
	struct history one = { .lines = NULL }, two = { .lines = NULL };
	struct ct_error err;

	need(history_load(&one, path, &err) == CT_OK);
	history_add(&one, "one more");
	need(history_keep(&one, path, &err) == CT_OK);
	need(history_load(&two, path, &err) == CT_OK && one.n == two.n);
	for (int i = 0; i < one.n; i++)
		need(strcmp(one.lines[i], two.lines[i]) == 0);
	history_free(&one);
	history_free(&two);
}

static void
corpus(const char *path)
{
	static struct ct_tokenizer *t;
	struct ct_corpus *c;
	struct ct_error err;
	int size;

	if (!t) {
		fuzz_link("tokenizer.json", "golden/llama-clt/tokenizer.json");
		need(ct_tokenizer_open(&t, fuzz_dir(), &err) == CT_OK);
	}
	size = ct_tokenizer_size(t);
	if (ct_corpus_text(&c, path, t, size, 16, &err) != CT_OK)
		return;
	for (int i = 0; i < c->n_tokens; i++) {
		need(c->tokens[i] >= 0 && c->tokens[i] < size);
		for (int k = c->label_start[i]; k < c->label_start[i + 1]; k++)
			need(c->label_of[k] >= 0 && c->label_of[k] < c->n_labels);
	}
	ct_corpus_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text;

	if (n == 0)
		return 0;
	switch (data[0]) {
	case 'a':
	case 'b':
		need((text = malloc(n)) != NULL);
		memcpy(text, data + 1, n - 1);
		text[n - 1] = '\0';
		aggregate(data[0] == 'a' ? CT_BY_FEATURE : CT_BY_VALUE, text, n - 1);
		free(text);
		break;
	case 'g': folder(fuzz_file("list", data + 1, n - 1)); break;
	case 't': training(data + 1, n - 1); break;
	case 'h': history(fuzz_file("history", data + 1, n - 1)); break;
	case 'c': corpus(fuzz_file("corpus", data + 1, n - 1)); break;
	}
	return 0;
}
