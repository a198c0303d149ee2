/* Graph JSON of a small graph made by hand: ids, required fields, links, extras. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "share/graph_json.h"
#include "trace/edges.h"

enum { T = 3, L = 2, V = 10 };

static const struct ct_subgraph nothing;

static const char *
token(const void *ctx, int id)
{
	static const char *const words[V] = { "<s>", "Dallas", "a\"b", "Austin", "\xff\x1b[31m" };

	(void)ctx;
	return words[id] ? words[id] : "?";
}

static const char *
label(const void *ctx, int layer, int feature)
{
	(void)ctx;
	return layer == 0 && feature == 7 ? "Texas" : "";
}

/* Nodes: features 0/7@1, 0/8@1 (not kept), 1/3@2; an error; an embedding; a logit and a difference. */
struct fixture {
	struct ct_node nodes[8];
	struct ct_edge edges[3];
	size_t first[9];
	struct ct_edges list;
	struct ct_graph graph;
	int tokens[T];
	struct ct_graph_names names;
};

static void
fill(struct fixture *f)
{
	*f = (struct fixture){
		.nodes = {
			{ .kind = CT_NODE_FEATURE, .layer = 0, .pos = 1, .index = 7, .activation = 1.5f,
			    .kept = true,
			  .cumulative = 0.25 },
			{ .kind = CT_NODE_FEATURE, .layer = 0, .pos = 1, .index = 8, .activation = 0.5f },
			{ .kind = CT_NODE_FEATURE, .layer = 1, .pos = 2, .index = 3, .activation = 2,
			    .kept = true,
			  .bias = -0.5f, .omitted = 0.125f },
			{ .kind = CT_NODE_ERROR, .layer = 0, .pos = 2, .index = -1, .kept = true },
			{ .kind = CT_NODE_EMBEDDING, .layer = -1, .pos = 1, .index = 1, .kept = true },
			{ .kind = CT_NODE_TARGET, .target = CT_TARGET_LOGIT, .layer = L, .pos = 2, .index = 3,
			  .other = -1, .prob = 0.75f, .value = 4.5f, .kept = true },
			{ .kind = CT_NODE_TARGET, .target = CT_TARGET_DIFFERENCE, .layer = L, .pos = 2,
			    .index = 3,
			  .other = 1, .kept = true },
			{ .kind = CT_NODE_TARGET, .target = CT_TARGET_FEATURE, .layer = 1, .pos = 2,
			    .index = 5,
			  .kept = true }
		},
		.edges = { { .source = 0, .target = 5, .weight = 0.1f },
		    { .source = 4, .target = 0, .weight = -2 },
			{ .source = 2, .target = 6, .weight = 1 } },
		.graph = { .T = T, .L = L, .V = V, .n_nodes = 8, .n_features = 3, .n_errors = 1,
		    .n_embeddings = 1,
			.n_targets = 3, .pos = 2, .node_threshold = 0.8, .edge_threshold = 0.98, .n_kept = 7,
			.n_pruned = 3, .scores = { 0.9, 0.95 }, .check = { 1e-7, 2e-7 } },
		.tokens = { 0, 1, 4 },
		.names = { .model = "tiny", .scan = "tiny-scan", .transcoder = "CLT",
		    .prompt = "Dallas \xff!",
			.token = token, .label = label }
	};
	f->list = (struct ct_edges){ .list = f->edges, .first = f->first };
	f->nodes[2].attributed = f->nodes[5].attributed = true;
	f->graph.nodes = f->nodes;
	f->graph.edges = &f->list;
	f->graph.pruned = f->edges;
	f->names.tokens = f->tokens;
}

static char *
text_of(const struct fixture *f, const struct ct_subgraph *sg, bool pinned)
{
	struct ct_export x = { .graph = &f->graph, .subgraph = sg, .names = &f->names, .pinned = pinned };
	struct ct_error err = { 0 };
	struct ct_buffer b = { 0 };
	char *text;

	assert_int_equal(ct_graph_json_write(&b, false, &x, &err), 0);
	text = ct_buffer_take(&b, NULL);
	assert_non_null(text);
	return text;
}

static json_t *
json_of(const struct fixture *f, const struct ct_subgraph *sg)
{
	char *text = text_of(f, sg, false);
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(root);
	free(text);
	return root;
}

static json_t *
build(struct fixture *f)
{
	fill(f);
	return json_of(f, &nothing);
}

static const json_t *
node(const json_t *root, const char *id)
{
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(root, "nodes"), i, v)
		if (strcmp(json_string_value(json_object_get(v, "node_id")), id) == 0)
			return v;
	fail_msg("no node %s", id);
	return NULL;
}

static const char *
string(const json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

static void
test_nodes(void **state)
{
	struct fixture f;
	json_t *root = build(&f);
	const json_t *n;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(root, "nodes")), 7);
	n = node(root, "0_7_1");
	assert_int_equal(json_integer_value(json_object_get(n, "feature")), 7 * 8 / 2 + 7);
	assert_string_equal(string(n, "layer"), "0");
	assert_string_equal(string(n, "clerp"), "Texas");
	assert_string_equal(string(n, "jsNodeId"), "0_7_1");
	assert_string_equal(string(n, "feature_type"), "cross layer transcoder");
	assert_true(json_real_value(json_object_get(n, "activation")) == 1.5);
	assert_true(json_real_value(json_object_get(n, "influence")) == 0.25);
	n = node(root, "0_-1_2");
	assert_string_equal(string(n, "feature_type"), "mlp reconstruction error");
	n = node(root, "E_1_1");
	assert_string_equal(string(n, "layer"), "E");
	assert_string_equal(string(n, "feature_type"), "embedding");
	n = node(root, "3_3_2");
	assert_string_equal(string(n, "layer"), "3");
	assert_string_equal(string(n, "clerp"), "Output \"Austin\" (p=0.750)");
	assert_true(json_is_true(json_object_get(n, "is_target_logit")));
	n = node(root, "3_10_2");
	assert_true(json_is_false(json_object_get(n, "is_target_logit")));
	n = node(root, "1_5_2");
	assert_string_equal(string(n, "feature_type"), "cross layer transcoder");
	json_decref(root);
}

static void
test_links(void **state)
{
	struct fixture f;
	json_t *root = build(&f), *links = json_object_get(root, "links");

	(void)state;
	assert_int_equal(json_array_size(links), 3);
	assert_string_equal(string(json_array_get(links, 1), "source"), "E_1_1");
	assert_string_equal(string(json_array_get(links, 1), "target"), "0_7_1");
	assert_true(json_real_value(json_object_get(json_array_get(links, 1), "weight")) == -2);
	assert_string_equal(string(json_array_get(links, 2), "target"), "3_10_2");
	json_decref(root);
}

/* Pins and supernodes go where frontends look for them, and so does what is not in the graph. */
static void
test_pins(void **state)
{
	static struct ct_subgraph sg;
	struct fixture f;
	struct ct_error err = { 0 };
	struct ct_pin nowhere = { CT_NODE_FEATURE, 1, 1, 9, -1, -1 };
	const json_t *params, *supernodes;
	json_t *root;

	(void)state;
	fill(&f);
	sg = (struct ct_subgraph){ 0 };
	for (int i = 0; i < 8; i++) {
		struct ct_pin p = ct_pin_of(&f.nodes[i]);

		if (i % 2 == 0)
			assert_true(ct_subgraph_pin(&sg, &p, &err) >= 0);
	}
	assert_int_equal(ct_subgraph_pin(&sg, &nowhere, &err), 4);
	assert_int_equal(ct_subgraph_group(&sg, 4, "gone", &err), 0);
	assert_int_equal(ct_subgraph_group(&sg, 0, "a \"b\"", &err), 0);
	assert_int_equal(ct_subgraph_group(&sg, 2, "a 'b'", &err), 0);
	root = json_of(&f, &sg);
	params = json_object_get(root, "qParams");
	supernodes = json_object_get(params, "supernodes");
	assert_int_equal(json_array_size(json_object_get(params, "pinnedIds")), 5);
	assert_string_equal(json_string_value(json_array_get(json_object_get(params, "pinnedIds"), 3)),
	    "3_10_2");
	assert_string_equal(json_string_value(json_array_get(json_object_get(params, "pinnedIds"), 4)),
	    "1_9_1");
	assert_int_equal(json_array_size(supernodes), 2);
	assert_string_equal(json_string_value(json_array_get(json_array_get(supernodes, 0), 1)), "1_9_1");
	assert_int_equal(json_array_size(json_array_get(supernodes, 1)), 3);
	assert_string_equal(json_string_value(json_array_get(json_array_get(supernodes, 1), 0)), "a 'b'");
	assert_string_equal(json_string_value(json_array_get(json_array_get(supernodes, 1), 2)), "E_1_1");
	json_decref(root);
}

static void
test_extras(void **state)
{
	struct fixture f;
	json_t *root = build(&f), *extras = json_object_get(root, "ctrace");

	(void)state;
	assert_true(json_real_value(json_object_get(json_object_get(extras, "self_check"),
	    "max_edge_residual")) == 1e-7);
	assert_true(json_real_value(json_object_get(json_object_get(extras, "scores"),
	    "replacement")) == 0.9);
	assert_true(json_real_value(json_object_get(json_object_get(extras, "bias"), "1_3_2")) == -0.5);
	assert_true(json_real_value(json_object_get(json_object_get(extras, "omitted"), "1_3_2")) == 0.125);
	assert_null(json_object_get(json_object_get(extras, "omitted"), "3_3_2"));
	json_decref(root);
}

/* A feature that is active and the target too appears once, or its id would not be unique. */
static void
test_target_is_active(void **state)
{
	struct fixture f;
	json_t *root;

	(void)state;
	fill(&f);
	f.nodes[7].index = 3;
	root = json_of(&f, &nothing);
	assert_int_equal(json_array_size(json_object_get(root, "nodes")), 6);
	assert_int_equal(json_array_size(json_object_get(root, "links")), 2);
	json_decref(root);
}

/* Whatever tokens hold, the text is printable ASCII. */
static void
test_text(void **state)
{
	struct fixture f;
	char *text;
	size_t n;

	(void)state;
	fill(&f);
	text = text_of(&f, &nothing, false);
	n = strlen(text);
	for (size_t i = 0; i + 1 < n; i++)
		assert_in_range((unsigned char)text[i], ' ', '~');
	assert_int_equal(text[n - 1], '\n');
	free(text);
}

/* Tokens that carry no blanks get those of the prompt; their ids stand beside them. */
static void
test_tokens(void **state)
{
	struct fixture f;
	const json_t *tokens, *ids;
	json_t *root;

	(void)state;
	for (int apart = 0; apart < 2; apart++) {
		fill(&f);
		f.names.apart = apart;
		f.names.prompt = "Dallas \xff";
		root = json_of(&f, &nothing);
		/* In the name of the file: letters and digits, one - for whatever is between them. */
		assert_string_equal(string(json_object_get(root, "metadata"), "slug"), "tiny-dallas");
		tokens = json_object_get(json_object_get(root, "metadata"), "prompt_tokens");
		assert_string_equal(json_string_value(json_array_get(tokens, 0)), "<s>");
		assert_string_equal(json_string_value(json_array_get(tokens, 1)),
		    apart ? " Dallas" : "Dallas");
		assert_string_equal(json_string_value(json_array_get(tokens, 2)),
		    apart ? " \xef\xbf\xbd\x1b[31m" : "\xef\xbf\xbd\x1b[31m");
		ids = json_object_get(json_object_get(root, "ctrace"), "prompt_token_ids");
		assert_int_equal(json_array_size(ids), T);
		assert_int_equal(json_integer_value(json_array_get(ids, 2)), 4);
		assert_int_equal(json_integer_value(json_object_get(root, "format")), CT_GRAPH_JSON_FORMAT);
		assert_true(json_is_string(json_object_get(root, "ctrace_version")));
		json_decref(root);
	}
}

/* A node may be in two supernodes: it is written once among the pins, and counts in both. */
static void
test_two_supernodes(void **state)
{
	static struct ct_subgraph sg;
	struct fixture f;
	const json_t *supernodes, *links;
	json_t *root;
	char *text;

	(void)state;
	fill(&f);
	sg = (struct ct_subgraph){ .n_pins = 3, .n_supernodes = 2, .name = { "one", "two" } };
	sg.pin[0] = ct_pin_of(&f.nodes[0]);
	sg.pin[0].supernode = 0;
	sg.pin[1] = sg.pin[0];
	sg.pin[1].supernode = 1;
	sg.pin[2] = ct_pin_of(&f.nodes[4]);
	root = json_of(&f, &sg);
	assert_int_equal(json_array_size(json_object_get(json_object_get(root, "qParams"), "pinnedIds")), 2);
	supernodes = json_object_get(json_object_get(root, "qParams"), "supernodes");
	for (size_t i = 0; i < 2; i++)
		assert_string_equal(json_string_value(json_array_get(json_array_get(supernodes, i), 1)),
		    "0_7_1");
	json_decref(root);
	text = text_of(&f, &sg, true);
	root = json_loads(text, 0, NULL);
	links = json_object_get(root, "links");
	/* From the input into both, and from both to the output that comes along. */
	assert_int_equal(json_array_size(json_object_get(root, "nodes")), 4);
	assert_int_equal(json_array_size(links), 4);
	json_decref(root);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes), cmocka_unit_test(test_links), cmocka_unit_test(test_pins),
		cmocka_unit_test(test_extras),
		cmocka_unit_test(test_target_is_active), cmocka_unit_test(test_text),
		cmocka_unit_test(test_tokens), cmocka_unit_test(test_two_supernodes)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
