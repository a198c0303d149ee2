/*
 * Graph JSON read into a graph: what each program writes, what a round keeps, pruning by the file's shares; and files
 * that do not hold together, each with its one exact line.
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
#include "io/json_out.h"
#include "share/graph_file.h"
#include "trace/influence.h"

#define META "\"metadata\":{\"slug\":\"s\",\"scan\":\"m\",\"prompt\":\"a b\",\"prompt_tokens\":[\"a\",\"b\"]}"
#define NODE(id, type, layer, pos, rest) \
	"{\"node_id\":\"" id "\",\"feature_type\":\"" type "\",\"layer\":" layer ",\"ctx_idx\":" pos rest "}"
#define FEATURE(id, layer, pos) NODE(id, "cross layer transcoder", layer, pos, "")
#define LOGIT NODE("3_4_1", "logit", "\"3\"", "1", ",\"token_prob\":0.5,\"clerp\":\"Output \\\"X\\\" (p=0.500)\"")
#define EMB NODE("E_7_0", "embedding", "\"E\"", "0", "")
#define ERR NODE("0_-1_1", "mlp reconstruction error", "\"0\"", "1", "")
#define LINK(s, t, w) "{\"source\":\"" s "\",\"target\":\"" t "\",\"weight\":" w "}"
#define GRAPH(nodes, links) "{" META ",\"nodes\":[" nodes "],\"links\":[" links "]}"

static struct ct_graph_file *
parse(const char *json, struct ct_error *err)
{
	struct ct_graph_file *f;
	char *text = strdup(json);

	assert_non_null(text);
	if (ct_graph_file_parse(&f, "g", text, strlen(text), NULL, NULL, err) < 0)
		assert_null(f);
	free(text);
	return f;
}

static struct ct_graph_file *
good(const char *json)
{
	struct ct_error err = { 0 };
	struct ct_graph_file *f = parse(json, &err);

	if (!f)
		fail_msg("%s", err.msg);
	return f;
}

static const struct {
	const char *json, *message;
} bad[] = {
	{ "", "g: byte 0: expected an object, found the end of the file" },
	{ "[]", "g: byte 0: expected an object, found a list" },
	{ "GIF89a", "g: byte 0: expected an object, found what is no JSON" },
	{ "{}", "g: \"metadata\" is missing: expected graph JSON with metadata, nodes and links" },
	{ "{" META "}", "g: \"nodes\" is missing: expected graph JSON with metadata, nodes and links" },
	{ "{" META ",\"nodes\":[]}", "g: \"links\" is missing: expected graph JSON with metadata, nodes and links" },
	{ "{\"graphs\":[{\"slug\":\"s\"}]}",
	  "g: \"metadata\" is missing: expected graph JSON with metadata, nodes and links" },
	{ "{" META ",\"nodes\":[],\"nodes\":[]", "g: byte 96: a second \"nodes\"" },
	{ GRAPH(LOGIT, "") " x", "g: byte 216: something follows the end of the graph" },
	{ "{" META ",\"nodes\":[" LOGIT, "g: byte 202: the file ends inside a list: it was cut off" },
	{ "{" META ",\"nodes\":[{\"node_id\":\"0_1", "g: byte 97: a string without an end: the file was cut off" },
	{ "{\"metadata\":[],\"nodes\":[],\"links\":[]}", "g: \"metadata\": expected an object" },
	{ "{\"metadata\":{\"slug\":\"s\",\"scan\":1},\"nodes\":[],\"links\":[]}",
	  "g: metadata: \"scan\" is missing or no string" },
	{ "{\"metadata\":{\"slug\":\"s\",\"scan\":\"\",\"prompt\":\"\",\"prompt_tokens\":[]},\"nodes\":[],\"links\":[]}",
	  "g: metadata: \"prompt_tokens\": expected a list of tokens" },
	{ "{\"metadata\":{\"slug\":\"s\",\"scan\":\"\",\"prompt\":\"\",\"prompt_tokens\":[\"a\",3]},\"nodes\":[],\"links\":[]}",
	  "g: metadata: prompt_tokens[1]: expected a string" },
	{ "{" META ",\"nodes\":{},\"links\":[]}", "g: byte 85: \"nodes\": expected a list, found an object" },
	{ "{" META ",\"nodes\":[" LOGIT "],\"links\":1}", "g: byte 212: \"links\": expected a list, found a number" },
	{ GRAPH("", ""), "g: no node of type \"logit\": an attribution graph explains an output" },
	{ GRAPH("7", ""), "g: byte 86: expected an object, found a number (in nodes[0])" },
	{ GRAPH(LOGIT ",{\"node_id\":\"1_2_1\"}", ""), "g: byte 203: \"feature_type\" is missing (in nodes[1] '1_2_1')" },
	{ GRAPH("{\"node_id\":5}", ""), "g: byte 97: \"node_id\": expected a string, found a number (in nodes[0])" },
	{ GRAPH(NODE("2_error_1", "lorsa error", "2", "1", ""), ""),
	  "g: byte 124: \"feature_type\": expected cross layer transcoder, mlp reconstruction error, embedding or logit, "
	  "found \"lorsa error\" (in nodes[0] '2_error_1')" },
	{ GRAPH(FEATURE("1_2_1", "\"one\"", "1"), ""),
	  "g: byte 153: \"layer\": expected \"E\" or a number from 0 to 9999 (in nodes[0] '1_2_1')" },
	{ GRAPH(FEATURE("1_2_1", "-1", "1"), ""),
	  "g: byte 153: \"layer\": expected an integer from 0 to 9999, found -1 (in nodes[0] '1_2_1')" },
	{ GRAPH(FEATURE("E_2_1", "\"E\"", "1"), ""),
	  "g: byte 86: \"layer\": expected a number, found \"E\" (in nodes[0] 'E_2_1')" },
	{ GRAPH(FEATURE("1_2_2", "1", "2"), ""),
	  "g: byte 165: \"ctx_idx\": expected an integer from 0 to 1, found 2 (in nodes[0] '1_2_2')" },
	{ GRAPH(NODE("1_2_1", "cross layer transcoder", "1", "1", ",\"activation\":NaN"), ""),
	  "g: byte 180: \"activation\": expected a number, found a number that is not finite (in nodes[0] '1_2_1')" },
	{ GRAPH(NODE("1_2_1", "cross layer transcoder", "1", "1", ",\"clerp\":[]"), ""),
	  "g: byte 175: \"clerp\": expected a string, found a list (in nodes[0] '1_2_1')" },
	{ GRAPH(NODE("1_2_1", "cross layer transcoder", "1", "1", ",\"layer\":1"), ""),
	  "g: byte 176: a second \"layer\" (in nodes[0] '1_2_1')" },
	{ GRAPH(NODE("1_\\ud800_1", "cross layer transcoder", "1", "1", ""), ""),
	  "g: byte 100: \"node_id\": a bad escape in a string (in nodes[0])" },
	{ GRAPH(LOGIT "," LOGIT, ""), "g: nodes[0] and nodes[1] have the same id '3_4_1'" },
	{ GRAPH(LOGIT "," EMB "," NODE("e", "embedding", "\"E\"", "0", ""), ""),
	  "g: nodes[1] and nodes[2] stand for the same thing" },
	{ GRAPH(FEATURE("1_2_1", "1", "1") "," NODE("f", "cross layer transcoder", "1", "1", ",\"feature\":8") "," LOGIT, ""),
	  "g: nodes[0] and nodes[1] stand for the same thing" },
	{ GRAPH(LOGIT "," NODE("9_4_1", "logit", "9", "1", ""), ""),
	  "g: nodes[1] stands for the same thing as another node" },
	{ GRAPH(FEATURE("1_2_1", "1", "1") "," NODE("t", "cross layer transcoder", "1", "1",
	    ",\"feature\":8,\"is_target_logit\":true"), ""), "g: nodes[1] stands for the same thing as another node" },
	{ GRAPH(LOGIT, LINK("9_9_9", "3_4_1", "1")),
	  "g: byte 223: \"source\": there is no node '9_9_9' (in links[0])" },
	{ GRAPH(LOGIT "," EMB, LINK("E_7_0", "3_4_1", "1") "," LINK("E_7_0", "3\\u001b_1", "1")),
	  "g: byte 358: \"target\": there is no node '3\\x1b_1' (in links[1])" },
	{ GRAPH(LOGIT "," EMB, LINK("E_7_0", "3_4_1", "NaN")),
	  "g: byte 328: \"weight\": expected a number, found a number that is not finite (in links[0])" },
	{ GRAPH(LOGIT "," EMB, LINK("E_7_0", "3_4_1", "-Infinity")),
	  "g: byte 328: \"weight\": expected a number, found a number that is not finite (in links[0])" },
	{ GRAPH(LOGIT "," EMB, LINK("E_7_0", "3_4_1", "1e999")), "g: byte 328: \"weight\": 1e999 is too large (in links[0])" },
	{ GRAPH(LOGIT "," EMB, LINK("E_7_0", "3_4_1", "1e300")),
	  "g: byte 284: \"weight\": 1e+300 is too large (in links[0])" },
	{ GRAPH(LOGIT "," EMB, LINK("E_7_0", "3_4_1", "\"1\"")),
	  "g: byte 328: \"weight\": expected a number, found a string (in links[0])" },
	{ GRAPH(LOGIT "," EMB, "{\"source\":\"E_7_0\",\"target\":\"3_4_1\"}"), "g: byte 284: \"weight\" is missing (in links[0])" },
	{ GRAPH(LOGIT "," EMB, LINK("E_7_0", "3_4_1", "1") "," LINK("E_7_0", "3_4_1", "2")),
	  "g: links[0] and links[1] lead from the same node to the same" },
	{ GRAPH(LOGIT "," EMB, LINK("3_4_1", "E_7_0", "1")), "g: links[0]: its source is an output, from which nothing follows" },
	{ GRAPH(LOGIT "," EMB "," ERR, LINK("E_7_0", "0_-1_1", "1")),
	  "g: links[0]: its target is an embedding or error, which nothing leads to" },
	{ GRAPH(LOGIT "," FEATURE("1_2_1", "1", "1") "," FEATURE("1_3_1", "1", "1"), LINK("1_2_1", "1_3_1", "1")),
	  "g: links[0]: it leads from a layer to itself or to an earlier one" },
	{ GRAPH(LOGIT "," FEATURE("0_2_1", "0", "1") "," FEATURE("1_3_0", "1", "0"), LINK("0_2_1", "1_3_0", "1")),
	  "g: links[0]: it leads from a position to an earlier one" },
	{ "{" META ",\"qParams\":[],\"nodes\":[" LOGIT "],\"links\":[]}", "g: \"qParams\": expected an object" },
	{ "{" META ",\"qParams\":{\"pinnedIds\":\"1_2_3\"},\"nodes\":[" LOGIT "],\"links\":[]}",
	  "g: qParams: \"pinnedIds\": expected a list" },
	{ "{" META ",\"qParams\":{\"supernodes\":[[\"Texas\",4]]},\"nodes\":[" LOGIT "],\"links\":[]}",
	  "g: qParams: supernodes[0][1]: expected a node's id" },
	{ "{" META ",\"qParams\":{\"supernodes\":[\"Texas\"]},\"nodes\":[" LOGIT "],\"links\":[]}",
	  "g: qParams: supernodes[0]: expected a list of a label and ids" },
	{ "{" META ",\"ctrace\":3,\"nodes\":[" LOGIT "],\"links\":[]}", "g: \"ctrace\": expected an object" },
	{ GRAPH(LOGIT "," FEATURE("9999_2_1", "9999", "1"), ""), NULL },
	{ GRAPH(LOGIT "," FEATURE("supernode-0", "1", "1") "," FEATURE("supernode-1", "1", "1"), ""), NULL },
};

static void
test_bad(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct ct_error err = { 0 };
		struct ct_graph_file *f = parse(bad[i].json, &err);

		if ((f != NULL) != (bad[i].message == NULL) || (!f && strcmp(err.msg, bad[i].message) != 0)) {
			print_message("%s\n  expected %s\n  found    %s\n", bad[i].json, bad[i].message, f ? "a graph" : err.msg);
			wrong++;
		}
		ct_graph_file_close(f);
	}
	assert_int_equal(wrong, 0);
}

/* Cut off anywhere a file gives one line, and whatever was read is gone (a leak would show under ASan). */
static void
test_cut(void **state)
{
	static const char whole[] = GRAPH(LOGIT "," EMB "," ERR "," FEATURE("1_2_1", "1", "1"),
	    LINK("E_7_0", "1_2_1", "1") "," LINK("1_2_1", "3_4_1", "-2.5"));

	(void)state;
	ct_graph_file_close(good(whole));
	for (size_t n = 0; n + 1 < sizeof whole; n++) {
		struct ct_error err = { 0 };
		struct ct_graph_file *f;
		char *text = strndup(whole, n);

		assert_int_equal(ct_graph_file_parse(&f, "g", text, n, NULL, NULL, &err), CT_EFORMAT);
		assert_null(f);
		assert_null(strchr(err.msg, '\n'));
		assert_memory_equal(err.msg, "g: ", 3);
		free(text);
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

/*
 * As the reference writes it: ids of errors that are those of features of layer 0, ids for the frontend that are not
 * unique, shares of the whole graph, links by target.
 */
static const char reference[] = "{\n  \"metadata\": {\"slug\": \"dallas\", \"scan\": \"gemma-2-2b\", \"transcoder_list\": [], "
    "\"prompt_tokens\": [\"<bos>\", \"Dal\", \" las\\n\"], \"prompt\": \"Dallas\\n\", \"node_threshold\": 0.8, "
    "\"schema_version\": 1, \"info\": {\"creator_name\": \"someone\"}},\n"
    "\"qParams\": {\"pinnedIds\": [\"0_1_2\", \"gone\", \"4_77_2\"], \"supernodes\": [[\"Texas\", \"0_1_2\", \"2_9_2\"], "
    "[\"Texas\", \"E_5_1\"]], \"linkType\": \"both\", \"clickedId\": \"2_9_2\", \"sg_pos\": \"\"},\n"
    "\"nodes\": ["
    "{\"node_id\": \"0_1_2\", \"feature\": 2, \"layer\": \"0\", \"ctx_idx\": 2, \"feature_type\": "
    "\"cross layer transcoder\", \"token_prob\": 0.0, \"is_target_logit\": false, \"run_idx\": 0, \"reverse_ctx_idx\": 0, "
    "\"jsNodeId\": \"0_1-0\", \"clerp\": \"in \\u201cDallas\\u201d\", \"influence\": 0.5, \"activation\": 2.5},"
    "{\"node_id\": \"2_9_2\", \"feature\": 75, \"layer\": \"2\", \"ctx_idx\": 2, \"feature_type\": "
    "\"cross layer transcoder\", \"jsNodeId\": \"2_9-0\", \"clerp\": \"\", \"influence\": 0.7, \"activation\": 1.5},"
    "{\"node_id\": \"0_1_2\", \"feature\": -1, \"layer\": \"1\", \"ctx_idx\": 2, \"feature_type\": "
    "\"mlp reconstruction error\", \"jsNodeId\": \"1_2-0\", \"clerp\": \"\", \"influence\": 0.82, \"activation\": null},"
    "{\"node_id\": \"E_5_1\", \"feature\": 1, \"layer\": \"E\", \"ctx_idx\": 1, \"feature_type\": \"embedding\", "
    "\"jsNodeId\": \"E_5-1\", \"clerp\": \"\", \"influence\": 0.3, \"activation\": null},"
    "{\"node_id\": \"4_77_2\", \"feature\": 77, \"layer\": \"4\", \"ctx_idx\": 2, \"feature_type\": \"logit\", "
    "\"token_prob\": 0.9, \"is_target_logit\": true, \"jsNodeId\": \"L_77-2\", \"clerp\": \"Output \\\" Austin\\\" "
    "(p=0.900)\", \"influence\": null, \"activation\": null}],\n"
    "\"links\": [{\"source\": \"E_5_1\", \"target\": \"0_1_2\", \"weight\": 3.0},"
    "{\"source\": \"0_1_2\", \"target\": \"2_9_2\", \"weight\": 1.25},"
    "{\"source\": \"0_1_2\", \"target\": \"2_9_2\", \"weight\": -0.5},"
    "{\"source\": \"2_9_2\", \"target\": \"4_77_2\", \"weight\": 2.0}]}";

static void
test_reference(void **state)
{
	struct ct_graph_file *f = good(reference);
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
	assert_string_equal(f->labels[ct_graph_file_label(f, 0, 1)].text, "in \xe2\x80\x9c" "Dallas\xe2\x80\x9d");
	/* An id that stands for two nodes is the feature's; one that names no node is counted. */
	assert_int_equal(f->subgraph.n_pins, 4);
	assert_int_equal(f->lost_pins, 1);
	assert_int_equal(f->subgraph.n_supernodes, 2);
	assert_string_equal(f->subgraph.name[0], "Texas");
	assert_string_equal(f->subgraph.name[1], "Texas 2");
	assert_int_equal(ct_pin_node(g, &f->subgraph.pin[0]), dallas);
	assert_int_equal(f->subgraph.pin[0].supernode, 0);
	assert_int_equal(f->subgraph.pin[1].supernode, -1);
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
	struct ct_graph_file *f = good(reference);
	struct ct_arena a = { 0 }, scratch = { 0 };
	struct ct_error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		/* The file's error, the last of all, has a share above its threshold: it was the one that reached it. */
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

static char *
text_of(const struct ct_graph_file *f)
{
	struct ct_graph_names names = ct_graph_file_names(f);
	struct ct_error err = { 0 };
	json_t *root;
	char *text;
	size_t n;

	assert_int_equal(ct_graph_to_json(&root, &f->graph, &f->subgraph, &names, &err), 0);
	assert_int_equal(ct_json_out_text(&text, &n, root, false, &err), 0);
	json_decref(root);
	return text;
}

/* Written and read again it is the same graph; what only the other program knows of it stays. */
static void
test_round(void **state)
{
	struct ct_graph_file *f = good(reference), *again;
	char *first = text_of(f), *second;

	(void)state;
	assert_non_null(strstr(first, "\"creator_name\":\"someone\""));
	assert_non_null(strstr(first, "\"node_id\":\"1_-1_2\""));
	assert_null(strstr(first, "\"bias\""));
	again = good(first);
	second = text_of(again);
	assert_string_equal(first, second);
	assert_int_equal(again->graph.n_kept, f->graph.n_kept);
	free(first);
	free(second);
	ct_graph_file_close(again);
	ct_graph_file_close(f);
}

/* Sections may come in any order, numbers as text, fields that nobody knows anywhere. */
static void
test_lenient(void **state)
{
	struct ct_graph_file *f = good("{\"links\":[" LINK("E_7_0", "3_4_1", "1e-3") "],\"more\":{\"a\":[1,{\"b\":[]}]},\"nodes\":["
	    NODE("E_7_0", "embedding", "\"E\"", "0", ",\"clerp\":null,\"x\":[[]]") "," LOGIT "]," META "}");

	(void)state;
	assert_int_equal(f->graph.n_pruned, 1);
	assert_true(f->graph.pruned[0].weight == 1e-3f);
	assert_int_equal(f->subgraph.n_pins, 0);
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
		fprintf(out, ",{\"node_id\":\"1_%d_1\",\"feature_type\":\"cross layer transcoder\",\"layer\":1,\"ctx_idx\":1}", i);
	fputs("]}", out);
	fclose(out);
	assert_int_equal(ct_graph_file_parse(&f, "g", text, n, stop, NULL, &err), CT_ECANCELLED);
	assert_null(f);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad), cmocka_unit_test(test_cut), cmocka_unit_test(test_reference),
		cmocka_unit_test(test_prune), cmocka_unit_test(test_round), cmocka_unit_test(test_lenient),
		cmocka_unit_test(test_cancel)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
