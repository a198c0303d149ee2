/*
 * Graph JSON of every program, read and written again: what nobody here knows stays, what a session changes
 * is written anew, and what a file does not say stays unknown.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "graphs.h"
#include "share/graph_json.h"
#include "trace/influence.h"

static const char *
word(const struct ct_graph_file *f, int token)
{
	struct ct_graph_names names = ct_graph_file_names(f);

	return names.token(names.ctx, token);
}

static char *
text_of(const struct ct_graph_file *f, const struct ct_subgraph *sg)
{
	struct ct_graph_names names = ct_graph_file_names(f);
	struct ct_export x = { .graph = &f->graph, .subgraph = sg, .names = &names };
	struct ct_buffer b = { 0 };
	struct ct_error err = { 0 };
	char *text;

	assert_int_equal(ct_graph_json_write(&b, false, &x, &err), 0);
	text = ct_buffer_take(&b, NULL);
	assert_non_null(text);
	return text;
}

/* Fields of the object, without what every document of ours begins with. */
static json_t *
content(const char *text)
{
	json_t *root = json_loads(text, 0, NULL);

	assert_non_null(root);
	json_object_del(root, "ctrace_version");
	json_object_del(root, "format");
	return root;
}

/* Written again everything is there, as it was; and once more, not a byte differs. */
static void
expect_round(const char *json)
{
	struct ct_graph_file *f = graphs_good(json), *again;
	char *first = text_of(f, &f->subgraph), *second;
	json_t *before = content(json), *after = content(first);

	if (!json_equal(before, after))
		fail_msg("%s\n became\n%s", json, first);
	again = graphs_good(first);
	second = text_of(again, &again->subgraph);
	assert_string_equal(first, second);
	assert_int_equal(again->graph.n_kept, f->graph.n_kept);
	json_decref(before);
	json_decref(after);
	free(first);
	free(second);
	ct_graph_file_close(again);
	ct_graph_file_close(f);
}

/* Nodes as each program writes them: ids, layers, kinds, numbers, fields of their own. */
#define REST ",\"clerp\":\"\",\"jsNodeId\":\"x\",\"feature\":null"
#define PINS(pins, supernodes) \
	"\"qParams\":{\"pinnedIds\":" pins ",\"supernodes\":" supernodes ",\"linkType\":\"both\"}"
#define QK \
	"\"qk_only_nodes\":{\"0_bias_tc_bQ_1\":{\"node_id\":\"0_bias_tc_bQ_1\",\"layer\":0,\"x\":[1.250,{}]}}"
#define DIALECT(params, nodes, links) \
	"{" META "," params ",\"nodes\":[" nodes "],\"links\":[" links "]," QK "}"
#define FULL_LOGIT \
	NODE("3_4_1", "logit", "3", "1", ",\"token_prob\":0.500000001234,\"token\":\"X\",\"feature\":4" \
	    ",\"jsNodeId\":\"3_4_1\",\"clerp\":\"Logit \\\"X\\\" (p=0.500)\"")
static const char *const dialects[] = {
	graphs_reference,
	/* Llamascopium's, as Neuronpedia hosts it */
	DIALECT(PINS("[]", "[]"), FULL_LOGIT "," NODE("1_cro_51_1", "cross layer transcoder", "1", "1",
	    ",\"feature\":1429,"
	    "\"clerp\":\"F1429\",\"jsNodeId\":\"1_cro_51_1\",\"activation\":1.2345678901234567,"
	    "\"influence\":0.3") ","
	    NODE("1_lor_9_1", "lorsa", "1", "1",
	    ",\"feature\":64,\"clerp\":\"F64\",\"jsNodeId\":\"1_lor_9_1\","
	    "\"qk_tracing_results\":{\"pair_wise_contributors\":[[\"E_7_0\",\"0_bias_tc_bQ_1\",0.10]],"
	    "\"top_q_marginal_contributors\":[],\"top_k_marginal_contributors\":[]}") ","
	    NODE("1_error_attn_1", "lorsa error", "1", "1", REST) "," NODE("1_error_mlp_1", "mlp "
	    "reconstruction error", "1",
	    "1", REST) "," NODE("0_bias_attn_bO_1", "bias", "0", "1", REST) ","
	    NODE("0_unknown_blocks_0_1", "unknown", "0", "1", REST) "," NODE("E_7_0", "embedding", "-1", "0",
	    REST),
	    LINK("1_lor_9_1", "1_cro_51_1", "0.25") "," LINK("1_cro_51_1", "3_4_1",
	    "1") "," LINK("1_error_attn_1",
	    "1_cro_51_1", "-0.125") "," LINK("0_bias_attn_bO_1", "1_lor_9_1", "3") "," LINK("E_7_0", "3_4_1",
	    "1e-3")),
	/* fields and numbers that nobody knows, and pins of what is not there, twice in supernodes */
	DIALECT(PINS("[\"gone\",\"1_2_1\"]",
	    "[[\"a\",\"1_2_1\",\"gone\"],[\"b\",\"1_2_1\"],[\"a\"]]") ",\"format\":\"theirs\"",
	    FULL_LOGIT "," NODE("1_2_1", "cross layer transcoder", "\"1\"", "1",
	    REST ",\"token_prob\":-0.3,\"big\":12345678901234567,\"e\":1e-300,\"n\":null"),
	    "{\"source\":\"1_2_1\",\"target\":\"3_4_1\",\"weight\":2,\"w2\":[]}"),
	/* a probability that is none, and no pruning that is known */
	DIALECT(PINS("[]", "[]"), NODE("9_4_1", "logit", "9", "1",
	    ",\"feature\":4,\"token_prob\":1.7,\"jsNodeId\":\"x\","
	    "\"clerp\":\"[Output \\\"big\\\" or \\\"large\\\"] Output \\\"large\\\" (p=0.420)\""), ""),
};

static void
test_round(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
		expect_round(dialects[i]);
}

/* Numbers stay as they are written, digit by digit; white space becomes ours. */
static void
test_faithful(void **state)
{
	struct ct_graph_file *f = graphs_good(dialects[1]);
	char *text = text_of(f, &f->subgraph);

	(void)state;
	assert_non_null(strstr(text, "1.2345678901234567"));
	assert_non_null(strstr(text, "0.500000001234"));
	assert_non_null(strstr(text, "\"x\":[1.250,{}]"));
	assert_non_null(strstr(text, ",0.10]]"));
	free(text);
	ct_graph_file_close(f);
}

/* What a session changes is written anew, and everything else stays. */
static void
test_changed(void **state)
{
	struct ct_graph_file *f = graphs_good(dialects[2]), *again;
	static struct ct_subgraph sg;
	struct ct_arena a = { 0 }, scratch = { 0 };
	const json_t *params, *settings;
	json_t *root;
	char *text;

	(void)state;
	sg = f->subgraph;
	sg.pin[sg.n_pins++] = ct_pin_of(&f->graph.nodes[f->graph.n_nodes - 1]);
	text = text_of(f, &sg);
	root = json_loads(text, 0, NULL);
	params = json_object_get(root, "qParams");
	assert_int_equal(json_array_size(json_object_get(params, "pinnedIds")), 3);
	assert_string_equal(json_string_value(json_array_get(json_object_get(params, "pinnedIds"), 0)),
	    "gone");
	assert_int_equal(json_array_size(json_array_get(json_object_get(params, "supernodes"), 0)), 3);
	assert_string_equal(json_string_value(json_object_get(params, "linkType")), "both");
	assert_string_equal(json_string_value(json_object_get(root, "format")), "theirs");
	json_decref(root);
	free(text);
	ct_graph_file_close(f);

	f = graphs_good(graphs_reference);
	assert_int_equal(ct_graph_prune(&f->graph, 0.4, 0.9, &a, &scratch, NULL, NULL), 0);
	text = text_of(f, &f->subgraph);
	root = json_loads(text, 0, NULL);
	settings = json_object_get(json_object_get(root, "metadata"), "pruning_settings");
	assert_true(json_real_value(json_object_get(settings, "edge_threshold")) == 0.9);
	assert_true(json_real_value(json_object_get(json_object_get(root, "metadata"),
	    "node_threshold")) == 0.4);
	/* Of those that the pruning has dropped the pinned ones stay. */
	assert_int_equal(json_array_size(json_object_get(root, "nodes")), 4);
	json_decref(root);
	again = graphs_good(text);
	assert_true(again->graph.known.nodes == 0.4);
	ct_graph_file_close(again);
	free(text);
	ct_graph_file_close(f);
	ct_arena_free(&a);
	ct_arena_free(&scratch);
}

/* A graph that says how it was pruned, pruned further: it then says that, and keeps what else stood there. */
static void
test_pruned_again(void **state)
{
	struct ct_graph_file *f = graphs_good(graphs_reference);
	struct ct_arena a = { 0 }, scratch = { 0 };
	json_t *root, *settings;
	char *text;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ct_graph_prune(&f->graph, i ? 0.3 : 0.4, i ? 0.8 : 0.9, &a, &scratch, NULL,
		    NULL), 0);
		text = text_of(f, &f->subgraph);
		root = json_loads(text, 0, NULL);
		settings = json_object_get(json_object_get(root, "metadata"), "pruning_settings");
		assert_true(json_real_value(json_object_get(settings, "node_threshold")) == (i ? 0.3 : 0.4));
		assert_true(json_real_value(json_object_get(settings, "edge_threshold")) == (i ? 0.8 : 0.9));
		assert_int_equal(json_is_true(json_object_get(settings, "theirs")), i);
		json_object_set_new(settings, "theirs", json_true());
		free(text);
		ct_graph_file_close(f);
		text = json_dumps(root, 0);
		f = graphs_good(text);
		free(text);
		json_decref(root);
	}
	ct_graph_file_close(f);
	ct_arena_free(&a);
	ct_arena_free(&scratch);
}

static const struct ct_graph_there *
there(const struct ct_graph_file *f, const char *id, const struct ct_node **n)
{
	for (int i = 0; i < f->n_there; i++)
		if (strcmp(f->there[i].id, id) == 0) {
			*n = &f->graph.nodes[f->there[i].node];
			return &f->there[i];
		}
	fail_msg("no node %s", id);
	return NULL;
}

/* Kinds of other programs are nodes like any other; what a file does not say stays unknown. */
static void
test_kinds(void **state)
{
	struct ct_graph_file *f = graphs_good(dialects[1]);
	const struct ct_graph_there *t;
	const struct ct_node *n = NULL, *m = NULL;

	(void)state;
	assert_int_equal(f->left_out, 0);
	assert_int_equal(f->graph.n_pruned, 5);
	t = there(f, "1_lor_9_1", &n);
	assert_int_equal(n->kind, CT_NODE_OTHER);
	assert_int_equal(t->number, 9);
	assert_string_equal(t->type, "lorsa");
	assert_true(n->index >= f->F && ct_graph_file_there(f, n->index) == t);
	assert_string_equal(f->labels[ct_graph_file_label(f, 1, n->index)].text, "F64");
	t = there(f, "1_cro_51_1", &m);
	assert_int_equal(m->kind, CT_NODE_FEATURE);
	assert_int_equal(m->index, 51);
	assert_true(m > n);
	assert_null(ct_graph_file_there(f, m->index));
	t = there(f, "1_error_attn_1", &n);
	assert_int_equal(t->number, -1);
	there(f, "E_7_0", &n);
	assert_int_equal(n->kind, CT_NODE_EMBEDDING);
	assert_int_equal(n->layer, -1);
	assert_int_equal(n->index, 7);
	assert_string_equal(word(f, 4), "X");
	ct_graph_file_close(f);

	f = graphs_good(dialects[2]);
	t = there(f, "1_2_1", &n);
	assert_int_equal(n->index, 2);
	assert_int_equal(f->subgraph.n_pins, 3);	/* the one that is in two supernodes twice */
	assert_int_equal(f->subgraph.n_supernodes, 2);
	ct_graph_file_close(f);

	f = graphs_good(dialects[3]);
	assert_string_equal(word(f, 4), "large");
	assert_true(f->graph.nodes[f->graph.n_nodes - 1].prob == 1.7f);
	assert_true(f->graph.nodes[f->graph.n_nodes - 1].weight == 1);
	ct_graph_file_close(f);

	f = graphs_good(GRAPH(LOGIT "," NODE("f", "cross layer transcoder", "1", "1", REST) ","
	    NODE("g", "cross layer transcoder", "1", "1", REST), ""));
	t = there(f, "f", &n);
	assert_int_equal(t->number, -1);
	assert_true(n->index >= f->F);
	assert_int_equal(f->F, 0);
	ct_graph_file_close(f);
}

/* Sources 0..n-1; those of the set feed the one target, each with a weight and a field of its own. */
static char *
fan(int n, unsigned set)
{
	struct ct_buffer b = { 0 };

	ct_buffer_puts(&b, "{" META ",\"nodes\":[" LOGIT);
	for (int i = 0; i < n; i++)
		ct_buffer_printf(&b, "," NODE("0_%d_1", "cross layer transcoder", "\"0\"", "1", ""), i);
	ct_buffer_puts(&b, "],\"links\":[");
	for (int i = 0, k = 0; i < n; i++)
		if (set >> i & 1)
			ct_buffer_printf(&b, "%s{\"source\":\"0_%d_1\",\"target\":\"3_4_1\",\"weight\":%d,"
			    "\"own\":%d}", k++ ? "," : "", i, i + 1, i + 100);
	ct_buffer_puts(&b, "]}");
	return ct_buffer_take(&b, NULL);
}

/* Whichever inputs a node has, each is found and written again, and all others are 0. */
static void
test_links(void **state)
{
	enum { N = 7 };

	(void)state;
	for (unsigned set = 0; set < 1u << N; set++) {
		char *json = fan(N, set), *text;
		struct ct_graph_file *f = graphs_good(json);
		int target = f->graph.n_nodes - 1;
		json_t *root, *links, *link;
		size_t i, n = 0;

		for (int k = 0; k < N; k++) {
			int source = ct_graph_find(&f->graph, CT_NODE_FEATURE, 0, 1, k);

			assert_true(source >= 0);
			n += set >> k & 1;
			assert_true(ct_graph_edge(&f->graph, target, source) ==
			    (set >> k & 1 ? (float)k + 1 : 0));
		}
		text = text_of(f, &f->subgraph);
		root = json_loads(text, 0, NULL);
		links = json_object_get(root, "links");
		assert_int_equal(json_array_size(links), n);
		json_array_foreach(links, i, link)
			assert_int_equal(json_integer_value(json_object_get(link, "own")),
			    json_integer_value(json_object_get(link, "weight")) + 99);
		json_decref(root);
		free(text);
		free(json);
		ct_graph_file_close(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round), cmocka_unit_test(test_faithful), cmocka_unit_test(test_changed),
		cmocka_unit_test(test_pruned_again),
		cmocka_unit_test(test_kinds), cmocka_unit_test(test_links)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
