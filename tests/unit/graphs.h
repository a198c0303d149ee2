/*
 * graphs: pieces of graph JSON, and reading them, for the tests of readers and writers.
 */
#ifndef GRAPHS_H
#define GRAPHS_H

#include "share/graph_file.h"

#define META "\"metadata\":{\"slug\":\"s\",\"scan\":\"m\",\"prompt\":\"a b\",\"prompt_tokens\":[\"a\",\"b\"]}"
#define NODE(id, type, layer, pos, rest) \
	"{\"node_id\":\"" id "\",\"feature_type\":\"" type "\",\"layer\":" layer ",\"ctx_idx\":" pos rest "}"
#define FEATURE(id, layer, pos) NODE(id, "cross layer transcoder", layer, pos, "")
#define LOGIT \
	NODE("3_4_1", "logit", "\"3\"", "1", ",\"token_prob\":0.5,\"clerp\":\"Output \\\"X\\\" (p=0.500)\"")
#define EMB NODE("E_7_0", "embedding", "\"E\"", "0", "")
#define ERR NODE("0_-1_1", "mlp reconstruction error", "\"0\"", "1", "")
#define LINK(s, t, w) "{\"source\":\"" s "\",\"target\":\"" t "\",\"weight\":" w "}"
#define GRAPH(nodes, links) "{" META ",\"nodes\":[" nodes "],\"links\":[" links "]}"

/* From text; NULL with the reason in err, or the failure of the test. */
struct ct_graph_file *graphs_parse(const char *json, struct ct_error *err);
struct ct_graph_file *graphs_good(const char *json);

/*
 * As the reference writes it: ids of errors that are those of features of layer 0, ids for the frontend that
 * are not unique, shares of the whole graph, links by target.
 */
extern const char graphs_reference[];

#endif
