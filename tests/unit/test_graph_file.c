/*
 * Graph JSON read into a graph: what each program writes, what a round keeps, pruning by the file's shares;
 * nodes and links that make no sense, each with its one exact line; and files that are refused as a whole.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "graphs.h"
#include "trace/influence.h"

static const struct {
	const char *json, *message;
} bad[] = {
	{ "", "g: byte 0: expected an object, found the end of the file" },
	{ "[]", "g: byte 0: expected an object, found a list" },
	{ "GIF89a", "g: byte 0: expected an object, found what is no JSON" },
	{ "{}", "g: \"metadata\" is missing: expected graph JSON with metadata, nodes and links" },
	{ "{" META "}", "g: \"nodes\" is missing: expected graph JSON with metadata, nodes and links" },
	{ "{" META ",\"nodes\":[]}", "g: \"links\" is missing: expected graph JSON with metadata, nodes and "
	    "links" },
	{ "{\"graphs\":[{\"slug\":\"s\"}]}",
	  "g: \"metadata\" is missing: expected graph JSON with metadata, nodes and links" },
	{ GRAPH(LOGIT, "") " x", "g: byte 216: something follows the end of the graph" },
	{ "{" META ",\"nodes\":[" LOGIT, "g: byte 202: the file ends inside a list: it was cut off" },
	{ "{" META ",\"nodes\":[{\"node_id\":\"0_1", "g: byte 97: a value: a string without an end: the file "
	    "was cut off" },
	{ "{" META ",\"nodes\":[{\"node_id\":\"0\\x1\"}],\"links\":[]}", "g: byte 99: a value: a bad escape "
	    "in a string" },
	{ "{" META ",\"nodes\":[{\"node_id\":\"0\n1\"}],\"links\":[]}",
	  "g: byte 99: a value: a control character in a string" },
	{ "{\"metadata\":[],\"nodes\":[],\"links\":[]}", "g: \"metadata\": expected an object" },
	{ "{\"metadata\":{\"slug\":\"s\",\"scan\":\"\",\"prompt\":\"\",\"prompt_tokens\":[]},"
	  "\"nodes\":[],\"links\":[]}",
	  "g: no node of type \"logit\": an attribution graph explains an output" },
	{ "{\"metadata\":{},\"nodes\":[" NODE("3_4_1", "logit", "3", "1073741822", "") "],\"links\":[]}",
	  "g: 1 layers and 1073741823 tokens are more than a file of 110 bytes may have" },
	{ "{" META ",\"nodes\":{},\"links\":[]}", "g: byte 85: \"nodes\": expected a list, found an object" },
	{ "{" META ",\"nodes\":[" LOGIT "],\"links\":1}", "g: byte 212: \"links\": expected a list, found a "
	    "number" },
	{ GRAPH("", ""), "g: no node of type \"logit\": an attribution graph explains an output" },
	{ GRAPH("{\"node_id\":5}", ""), "g: no node of type \"logit\": an attribution graph explains an "
	    "output" },
	{ GRAPH(LOGIT "," FEATURE("9999_2_1", "9999", "1"), ""), NULL },
	{ GRAPH(LOGIT "," FEATURE("supernode-0", "1", "1") "," FEATURE("supernode-1", "1", "1"), ""), NULL },
};

/* One bad entry costs that entry: what is said of it, and how many nodes and edges are left. */
static const struct {
	const char *json, *trouble;
	int left_out, kept, edges;
} odd[] = {
	{ GRAPH(LOGIT ",7", ""), "g: byte 203: expected an object, found a number (in nodes[1])", 1, 1, 0 },
	{ GRAPH(LOGIT ",{\"node_id\":\"1_2_1\"}", ""), "g: byte 203: \"layer\" is missing (in nodes[1])", 1,
	    1, 0 },
	{ GRAPH(LOGIT ",{\"node_id\":5}", ""),
	  "g: byte 214: \"node_id\": expected a string, found a number (in nodes[1])", 1, 1, 0 },
	{ GRAPH(LOGIT "," FEATURE("1_2_1", "\"one\"", "1"), ""),
	  "g: byte 270: \"layer\": expected \"E\" or a number from -1 to 9999 (in nodes[1])", 1, 1, 0 },
	{ GRAPH(LOGIT "," FEATURE("1_2_1", "-2", "1"), ""),
	  "g: byte 270: \"layer\": expected an integer from -1 to 9999, found -2 (in nodes[1])", 1, 1, 0 },
	{ GRAPH(LOGIT "," FEATURE("E_2_1", "\"E\"", "1"), ""),
	  "g: byte 203: \"layer\": expected a number from 0 on, found the layer of embeddings (in "
	  "nodes[1])", 1, 1, 0 },
	{ GRAPH(LOGIT "," FEATURE("1_2_2", "1", "2"), ""),
	  "g: byte 282: \"ctx_idx\": expected an integer from 0 to 1, found 2 (in nodes[1])", 1, 1, 0 },
	{ GRAPH(LOGIT "," NODE("2_4_1", "logit", "\"3\"", "1", "") "," LOGIT, ""),
	  "g: a second node has the id '3_4_1'", 2, 1, 0 },
	{ GRAPH(LOGIT "," EMB "," NODE("e", "embedding", "\"E\"", "0", ""), ""),
	  "g: nodes[2] stands for the same thing as nodes[1]", 1, 2, 0 },
	{ GRAPH(FEATURE("1_2_1", "1", "1") "," NODE("f", "cross layer transcoder", "1", "1",
	    ",\"feature\":8") "," LOGIT, ""),
	  "g: nodes[1] stands for the same thing as nodes[0]", 1, 2, 0 },
	{ GRAPH(LOGIT, LINK("9_9_9", "3_4_1", "1")),
	  "g: byte 223: \"source\": there is no node '9_9_9' (in links[0])", 1, 1, 0 },
	{ GRAPH(LOGIT "," EMB, LINK("E_7_0", "3_4_1", "1") "," LINK("E_7_0", "3\\u001b_1", "1")),
	  "g: byte 358: \"target\": there is no node '3\\x1b_1' (in links[1])", 1, 2, 1 },
	{ GRAPH(LOGIT "," EMB, LINK("E_7_0", "3_4_1", "NaN")),
	  "g: byte 328: \"weight\": expected a number, found a number that is not finite (in links[0])", 1, 2,
	    0 },
	{ GRAPH(LOGIT "," EMB, LINK("E_7_0", "3_4_1", "1e999")),
	  "g: byte 328: \"weight\": 1e999 is too large (in links[0])", 1, 2, 0 },
	{ GRAPH(LOGIT "," EMB, LINK("E_7_0", "3_4_1", "1e300")),
	  "g: byte 284: \"weight\": 1e+300 is too large (in links[0])", 1, 2, 0 },
	{ GRAPH(LOGIT "," EMB, LINK("E_7_0", "3_4_1", "\"1\"")),
	  "g: byte 328: \"weight\": expected a number, found a string (in links[0])", 1, 2, 0 },
	{ GRAPH(LOGIT "," EMB, "{\"source\":\"E_7_0\",\"target\":\"3_4_1\"}"),
	  "g: byte 284: \"weight\" is missing (in links[0])", 1, 2, 0 },
	{ GRAPH(LOGIT "," EMB, LINK("E_7_0", "3_4_1", "1") "," LINK("E_7_0", "3_4_1", "2") "," LINK("E_7_0",
	    "3_4_1", "3")),
	  "g: links[1] leads from the same node to the same as links[0]", 2, 2, 1 },
	{ GRAPH(LOGIT "," EMB, LINK("3_4_1", "E_7_0", "1")),
	  "g: links[0]: its source is an output, from which nothing follows", 1, 2, 0 },
	{ GRAPH(LOGIT "," EMB "," ERR, LINK("E_7_0", "0_-1_1", "1")),
	  "g: links[0]: its target is an embedding or error, which nothing leads to", 1, 3, 0 },
	{ GRAPH(LOGIT "," FEATURE("1_2_1", "1", "1") "," FEATURE("1_2_1", "1", "1"), ""),
	  "g: a second node has the id '1_2_1'", 1, 2, 0 },
	{ GRAPH(LOGIT "," ERR "," ERR, ""), "g: a second node has the id '0_-1_1'", 1, 2, 0 },
	{ GRAPH(LOGIT "," FEATURE("1_2_1", "1", "1") "," FEATURE("1_3_1", "1", "1"),
	    LINK("1_2_1", "1_3_1", "1")),
	  "g: links[0]: it leads from a layer to itself or to an earlier one", 1, 3, 0 },
	{ "{" META ",\"qParams\":{\"pinnedIds\":\"1_2_3\"},\"nodes\":[" LOGIT "],\"links\":[]}",
	  "g: qParams: pinnedIds and supernodes must be lists", 1, 1, 0 },
	{ "{" META ",\"qParams\":{\"supernodes\":[\"Texas\",[\"Austin\",\"3_4_1\"]]},"
	  "\"nodes\":[" LOGIT "],\"links\":[]}",
	  "g: qParams: a supernode must be a list of a label and ids", 1, 1, 0 },
	{ "{\"metadata\":{\"prompt_tokens\":\"a b\"},"
	  "\"nodes\":[" LOGIT "," ERR "," FEATURE("1_2_0", "1", "0") "],"
	  "\"links\":[" LINK("1_2_0", "3_4_1", "1") "]}",
	  "g: metadata: \"prompt_tokens\": expected a list of tokens", 1, 3, 1 },
};

/* What is unusual, and means what it says. */
static const char *const usual[] = {
	"\xef\xbb\xbf" GRAPH(LOGIT, ""),
	"{" META ",\"nodes\":[],\"nodes\":[" LOGIT "],\"links\":[]}",
	"{" META ",\"qParams\":[],\"nodes\":[" LOGIT "],\"links\":[]}",
	"{" META ",\"qParams\":null,\"nodes\":[" LOGIT "],\"links\":[]}",
	"{" META ",\"qParams\":{\"pinnedIds\":null,\"supernodes\":null},\"nodes\":[" LOGIT "],\"links\":[]}",
	"{" META ",\"ctrace\":3,\"nodes\":[" LOGIT "],\"links\":[]}",
	"{\"metadata\":{\"slug\":null,\"scan\":1,\"prompt_tokens\":[\"a\",3]},"
	"\"nodes\":[" LOGIT "],\"links\":[]}",
	"{" META ",\"a\":NaN,\"b\":\"\\u0000 \\ud800\",\"c\":1,\"c\":2,\"nodes\":[" LOGIT "],\"links\":[]}",
	GRAPH(LOGIT "," NODE("1_2_1", "cross layer transcoder", "1", "1", ",\"activation\":NaN"), ""),
	GRAPH(LOGIT "," NODE("1_2_1", "cross layer transcoder", "1", "1", ",\"clerp\":[]"), ""),
	GRAPH(LOGIT "," NODE("1_2_1", "cross layer transcoder", "1", "1", ",\"layer\":1"), ""),
	GRAPH(LOGIT "," NODE("1_\\ud800\\u0000\xff_1", "cross layer transcoder", "1", "1", ""), ""),
	GRAPH(LOGIT "," NODE("1_x_1", "lorsa", "1", "1", ""), ""),
	GRAPH(LOGIT ",{\"node_id\":\"1_2_1\",\"feature_type\":7,\"layer\":1,\"ctx_idx\":0}", ""),
	GRAPH(LOGIT ",{\"node_id\":\"1_2_1\",\"layer\":1,\"ctx_idx\":0}", ""),
	GRAPH(LOGIT "," FEATURE("0_2_1", "0", "1") "," FEATURE("1_3_0", "1", "0"),
	    LINK("0_2_1", "1_3_0", "1")),
};

static void
test_bad(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ct_error err = { 0 };
		struct ct_graph_file *f = graphs_parse(bad[i].json, &err);

		if ((f != NULL) != (bad[i].message == NULL) || (!f && strcmp(err.msg, bad[i].message) != 0)) {
			print_message("%s\n  expected %s\n  found    %s\n", bad[i].json, bad[i].message,
			    f ? "a graph" : err.msg);
			wrong++;
		}
		ct_graph_file_close(f);
	}
	assert_int_equal(wrong, 0);
}

static void
test_odd(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		struct ct_graph_file *f = graphs_good(odd[i].json);

		if (strcmp(f->trouble, odd[i].trouble) != 0 || f->left_out != odd[i].left_out ||
		    f->graph.n_kept != odd[i].kept || f->graph.n_pruned != odd[i].edges) {
			print_message("%s\n  expected %s\n  found    %s, %d left out, %d nodes, %d edges\n",
			    odd[i].json,
			    odd[i].trouble, f->trouble, f->left_out, f->graph.n_kept, f->graph.n_pruned);
			wrong++;
		}
		ct_graph_file_close(f);
	}
	assert_int_equal(wrong, 0);
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
		struct ct_graph_file *f = graphs_good(usual[i]);

		if (f->left_out)
			fail_msg("%s: %s", usual[i], f->trouble);
		ct_graph_file_close(f);
	}
}

/* The last code point there is, as two escapes. */
static void
test_pair(void **state)
{
	struct ct_graph_file *f = graphs_good(GRAPH(LOGIT "," FEATURE("1_\\uDBFF\\udfff_1", "1", "1"), ""));

	(void)state;
	assert_int_equal(f->n_there, 2);
	assert_string_equal(f->there[1].id, "1_\xf4\x8f\xbf\xbf_1");
	ct_graph_file_close(f);
}

/* Cut off anywhere a file gives one line, and whatever was read is gone (a leak would show under ASan). */
static void
test_cut(void **state)
{
	static const char whole[] = GRAPH(LOGIT "," EMB "," ERR "," FEATURE("1_2_1", "1", "1"),
	    LINK("E_7_0", "1_2_1", "1") "," LINK("1_2_1", "3_4_1", "-2.5"));

	(void)state;
	ct_graph_file_close(graphs_good(whole));
	for (size_t n = 0; n + 1 < sizeof whole; n++) {
		struct ct_error err = { 0 };
		struct ct_graph_file *f;
		char *text = strndup(whole, n);

		assert_int_equal(ct_graph_file_parse(&f, "g", text, n, NULL, &err), CT_EFORMAT);
		assert_null(f);
		assert_null(strchr(err.msg, '\n'));
		assert_memory_equal(err.msg, "g: ", 3);
	}
}

static int
node(const struct ct_graph_file *f, enum ct_node_kind kind, int layer, int pos, int index)
{
	int i = ct_graph_find(&f->graph, kind, layer, pos, index);

	assert_true(i >= 0);
	return i;
}

static const char *
word(const struct ct_graph_file *f, int token)
{
	struct ct_graph_names names = ct_graph_file_names(f);

	return names.token(names.ctx, token);
}

static void
test_reference(void **state)
{
	struct ct_graph_file *f = graphs_good(graphs_reference);
	const struct ct_graph *g = &f->graph;
	int dallas, bridge, error, input, austin;

	(void)state;
	assert_int_equal(g->T, 3);
	assert_int_equal(g->L, 3);
	assert_int_equal(g->pos, 2);
	assert_int_equal(g->n_features, 2);
	assert_int_equal(g->n_kept, 5);
	assert_int_equal(g->n_errors, 9);
	dallas = node(f, CT_NODE_FEATURE, 0, 2, 1);
	bridge = node(f, CT_NODE_FEATURE, 2, 2, 9);
	error = node(f, CT_NODE_ERROR, 1, 2, -1);
	input = node(f, CT_NODE_EMBEDDING, -1, 1, 5);
	austin = node(f, CT_NODE_TARGET, 3, 2, 77);
	/* Both sources of the bridge have the id 0_1_2: the second link is the error's. */
	assert_true(ct_graph_edge(g, bridge, dallas) == 1.25f);
	assert_true(ct_graph_edge(g, bridge, error) == -0.5f);
	assert_true(ct_graph_edge(g, dallas, input) == 3);
	assert_true(ct_graph_edge(g, austin, bridge) == 2);
	assert_true(ct_graph_edge(g, austin, dallas) == 0);
	assert_true(g->nodes[bridge].inputs == 1.75);
	assert_true(g->nodes[dallas].cumulative == 0.5 && g->nodes[dallas].activation == 2.5f);
	assert_true(g->nodes[austin].prob == 0.9f && g->nodes[austin].weight == 0.9f);
	assert_true(g->nodes[node(f, CT_NODE_ERROR, 0, 0, -1)].missing);
	assert_true(isnan(g->scores.replacement) && !g->known.terms);
	assert_string_equal(word(f, 77), " Austin");
	assert_string_equal(word(f, 5), "Dal");
	assert_string_equal(word(f, f->tokens[2]), " las\n");
	assert_string_equal(word(f, 4711), "?");
	assert_int_equal(ct_graph_file_label(f, 2, 9), -1);
	assert_string_equal(f->labels[ct_graph_file_label(f, 0, 1)].text,
	    "in \xe2\x80\x9c" "Dallas\xe2\x80\x9d");
	/* An id that stands for two nodes is the feature's; one that names no node is counted. */
	assert_int_equal(f->subgraph.n_pins, 5);
	assert_int_equal(f->n_absent, 1);
	assert_string_equal(f->absent[0], "gone");
	assert_int_equal(f->subgraph.n_supernodes, 2);
	assert_string_equal(f->subgraph.name[0], "Texas");
	assert_string_equal(f->subgraph.name[1], "Texas 2");
	assert_int_equal(ct_pin_node(g, &f->subgraph.pin[0]), dallas);
	assert_int_equal(f->subgraph.pin[0].supernode, 0);
	assert_int_equal(ct_pin_node(g, &f->subgraph.pin[1]), -1);
	assert_int_equal(f->subgraph.pin[2].supernode, -1);
	ct_graph_file_close(f);
}

/* Pruning goes by the shares of the file: the last to stay is the first that reaches the threshold. */
static void
test_prune(void **state)
{
	static const struct {
		double nodes;
		int kept, edges;
	} cases[] = { { 0.8, 5, 4 }, { 0.75, 4, 3 }, { 0.7, 4, 3 }, { 0.4, 2, 0 }, { 1, 5, 4 } };
	struct ct_graph_file *f = graphs_good(graphs_reference);
	struct ct_arena a = { 0 }, scratch = { 0 };
	struct ct_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		/*
		 * The file's error, the last of all, has a share above its threshold: it was the one that
		 * reached it.
		 */
		double nodes = cases[i].nodes == 0.75 ? 0.7 : cases[i].nodes;

		assert_int_equal(ct_graph_prune(&f->graph, nodes, 1, &a, &scratch, NULL, &err), 0);
		assert_int_equal(f->graph.n_kept, cases[i].kept);
		assert_int_equal(f->graph.n_pruned, cases[i].edges);
		assert_true(f->graph.node_threshold <= 0.8);
	}
	ct_arena_free(&a);
	ct_arena_free(&scratch);
	ct_graph_file_close(f);
}

/* Do tokens carry their own blanks? What the prompt says decides. */
static void
test_blanks(void **state)
{
	static const struct {
		const char *prompt, *tokens;
		bool apart;
	} cases[] = {
		{ "a small amount", "\"<bos>\",\"a\",\"small\",\"amount\"", true },
		{ "a small amount", "\"a\",\" small\",\" amount\"", false },
		{ "smallest", "\"<s>\",\"sm\",\"all\",\"est\"", false },
		{ "<s>smallest", "\"<s>\",\"sm\",\"all\",\"est\"", false },
		{ "one", "\"one\"", false }, { "", "\"a\",\"b\"", false },
		{ "one two", "\"one\",\"two\"", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ct_graph_file *f;
		char json[1000];

		snprintf(json, sizeof json,
		    "{\"metadata\":{\"prompt\":\"%s\",\"prompt_tokens\":[%s]},\"nodes\":["
		    NODE("3_4_0", "logit", "3", "0", "") "],\"links\":[]}", cases[i].prompt, cases[i].tokens);
		f = graphs_good(json);
		assert_int_equal(f->apart, cases[i].apart);
		ct_graph_file_close(f);
	}
}

/*
 * A file that does not list its tokens has as many as its nodes name, and the words with which it labels its
 * inputs; what it does not say either is unknown.
 */
static void
test_no_tokens(void **state)
{
	static const char *const heads[] = { "", "\"prompt_tokens\":null", "\"prompt_tokens\":[]",
		"\"prompt_tokens\":[null,null,3,null]" };
	static const char *const words[] = { " Dallas", "?", "in", "?" };

	(void)state;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		struct ct_graph_file *f;
		char json[1000];

		snprintf(json, sizeof json, "{\"metadata\":{%s},\"nodes\":["
		    NODE("E_7_0", "embedding", "\"E\"", "0", ",\"clerp\":\"Emb: \\\" Dallas\\\"\"") ","
		    NODE("E_8_1", "embedding", "\"E\"", "1", ",\"clerp\":null") ","
		    NODE("E_9_2", "embedding", "\"E\"", "2", ",\"clerp\":\"in\"") ","
		    FEATURE("1_2_3", "1", "3") "," LOGIT "],\"links\":[]}", heads[i]);
		f = graphs_good(json);
		assert_int_equal(f->left_out, 0);
		assert_int_equal(f->graph.T, 4);
		assert_int_equal(f->graph.n_kept, 5);
		for (int t = 0; t < 4; t++)
			assert_string_equal(f->words[ct_graph_file_word(f, f->tokens[t])].text, words[t]);
		ct_graph_file_close(f);
	}
}

/*
 * What the extras do not say, or say is null, is unknown; of a node that they do not name nothing was
 * left out.
 */
static const struct {
	const char *extras;
	float bias, value, omitted;
	int other;
} terms[] = {
	{ "{}", NAN, NAN, 0, -1 },
	{ "{\"bias\":{},\"target_values\":{},\"omitted\":{}}", NAN, NAN, 0, -1 },
	{ "{\"bias\":{\"3_4_1\":null},\"target_values\":{\"3_4_1\":\"3\"},\"omitted\":{\"3_4_1\":null}}",
	  NAN, NAN, NAN, -1 },
	{ "{\"bias\":null,\"target_values\":7,\"omitted\":[],\"differences\":{\"3_4_1\":[null,7]}}",
	  NAN, NAN, 0, -1 },
	{ "{\"bias\":{\"3_4_1\":-1},\"target_values\":{\"3_4_1\":3},\"omitted\":{\"3_4_1\":2},"
	  "\"differences\":{\"3_4_1\":[4,7]}}", -1, 3, 2, 7 },
};

static void
same(float x, float expected)
{
	assert_true(isnan(expected) ? isnan(x) : x == expected);
}

static void
test_unknown_terms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
		struct ct_graph_file *f;
		const struct ct_node *n;
		char json[600];

		snprintf(json, sizeof json, "{" META ",\"nodes\":[" LOGIT "],\"links\":[],\"ctrace\":%s}",
		    terms[i].extras);
		f = graphs_good(json);
		n = &f->graph.nodes[f->graph.n_nodes - 1];
		same(n->bias, terms[i].bias);
		same(n->value, terms[i].value);
		same(n->omitted, terms[i].omitted);
		assert_int_equal(n->index, 4);
		assert_int_equal(n->other, terms[i].other);
		ct_graph_file_close(f);
	}
}

/* Sections may come in any order, numbers as text, fields that nobody knows anywhere. */
static void
test_lenient(void **state)
{
	struct ct_graph_file *f = graphs_good("{\"links\":[" LINK("E_7_0", "3_4_1",
	    "1e-3") "],\"more\":{\"a\":[1,{\"b\":[]}]},\"nodes\":["
	    NODE("E_7_0", "embedding", "\"E\"", "0", ",\"clerp\":null,\"x\":[[]]") "," LOGIT "]," META "}");

	(void)state;
	assert_int_equal(f->graph.n_pruned, 1);
	assert_true(f->graph.pruned[0].weight == 1e-3f);
	assert_int_equal(f->subgraph.n_pins, 0);
	ct_graph_file_close(f);
}

/* An output without a label has the word that the prompt gives its token, or none. */
static void
test_no_label(void **state)
{
	struct ct_graph_file *f = graphs_good("{" META ",\"nodes\":["
	    NODE("E_4_1", "embedding", "\"E\"", "1", "") ","
	    NODE("3_4_1", "logit", "3", "1", ",\"clerp\":null") ","
	    NODE("3_9_1", "logit", "3", "1", ",\"clerp\":\"\"") "],\"links\":[]}");

	(void)state;
	assert_string_equal(f->words[ct_graph_file_word(f, 4)].text, "b");
	assert_int_equal(ct_graph_file_word(f, 9), -1);
	ct_graph_file_close(f);
}

static bool
stop(void *ctx, const char *phase, long done, long total)
{
	(void)ctx;
	(void)phase;
	assert_true(done <= total);
	return false;
}

/* Many nodes are read with progress, which can stop it. */
static void
test_cancel(void **state)
{
	struct ct_graph_file *f;
	struct ct_error err = { 0 };
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	fputs("{" META ",\"links\":[],\"nodes\":[" LOGIT, out);
	for (int i = 0; i < 5000; i++)
		fprintf(out, ",{\"node_id\":\"1_%d_1\",\"feature_type\":\"cross layer "
		    "transcoder\",\"layer\":1,\"ctx_idx\":1}", i);
	fputs("]}", out);
	fclose(out);
	assert_int_equal(ct_graph_file_parse(&f, "g", text, n, &(struct ct_job){ .progress = stop }, &err),
	    CT_ECANCELLED);
	assert_null(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad), cmocka_unit_test(test_odd), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_pair),
		    cmocka_unit_test(test_reference),
		cmocka_unit_test(test_prune), cmocka_unit_test(test_lenient),
		cmocka_unit_test(test_no_tokens),
		cmocka_unit_test(test_unknown_terms), cmocka_unit_test(test_no_label),
		
		cmocka_unit_test(test_blanks),
		cmocka_unit_test(test_cancel)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
