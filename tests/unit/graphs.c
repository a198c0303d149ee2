/* graphs: see graphs.h. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "graphs.h"

struct ct_graph_file *
graphs_parse(const char *json, struct ct_error *err)
{
	struct ct_graph_file *f;
	char *text = strdup(json);

	assert_non_null(text);
	if (ct_graph_file_parse(&f, "g", text, strlen(text), NULL, err) < 0)
		assert_null(f);
	return f;
}

struct ct_graph_file *
graphs_good(const char *json)
{
	struct ct_error err = { 0 };
	struct ct_graph_file *f = graphs_parse(json, &err);

	if (!f)
		fail_msg("%s", err.msg);
	return f;
}

const char graphs_reference[] = "{\n  \"metadata\": {\"slug\": \"dallas\", \"scan\": \"gemma-2-2b\", "
    "\"transcoder_list\": [], "
    "\"prompt_tokens\": [\"<bos>\", \"Dal\", \" las\\n\"], \"prompt\": \"Dallas\\n\", \"node_threshold\": "
    "0.8, \"schema_version\": 1, \"info\": {\"creator_name\": \"someone\"}},\n"
    "\"qParams\": {\"pinnedIds\": [\"0_1_2\", \"gone\", \"4_77_2\"], \"supernodes\": [[\"Texas\", \"0_1_2\", "
    "\"2_9_2\"], "
    "[\"Texas\", \"E_5_1\"]], \"linkType\": \"both\", \"clickedId\": \"2_9_2\", \"sg_pos\": \"\"},\n"
    "\"nodes\": ["
    "{\"node_id\": \"0_1_2\", \"feature\": 2, \"layer\": \"0\", \"ctx_idx\": 2, \"feature_type\": "
    "\"cross layer transcoder\", \"token_prob\": 0.0, \"is_target_logit\": false, \"run_idx\": 0, "
    "\"reverse_ctx_idx\": 0, "
    "\"jsNodeId\": \"0_1-0\", \"clerp\": \"in \\u201cDallas\\u201d\", \"influence\": 0.5, \"activation\": "
    "2.5},{\"node_id\": \"2_9_2\", \"feature\": 75, \"layer\": \"2\", \"ctx_idx\": 2, \"feature_type\": "
    "\"cross layer transcoder\", \"jsNodeId\": \"2_9-0\", \"clerp\": \"\", \"influence\": 0.7, "
    "\"activation\": 1.5},"
    "{\"node_id\": \"0_1_2\", \"feature\": -1, \"layer\": \"1\", \"ctx_idx\": 2, \"feature_type\": "
    "\"mlp reconstruction error\", \"jsNodeId\": \"1_2-0\", \"clerp\": \"\", \"influence\": 0.82, "
    "\"activation\": null},"
    "{\"node_id\": \"E_5_1\", \"feature\": 1, \"layer\": \"E\", \"ctx_idx\": 1, \"feature_type\": "
    "\"embedding\", \"jsNodeId\": \"E_5-1\", \"clerp\": \"\", \"influence\": 0.3, \"activation\": null},"
    "{\"node_id\": \"4_77_2\", \"feature\": 77, \"layer\": \"4\", \"ctx_idx\": 2, \"feature_type\": "
    "\"logit\", "
    "\"token_prob\": 0.9, \"is_target_logit\": true, \"jsNodeId\": \"L_77-2\", \"clerp\": \"Output \\\" "
    "Austin\\\" (p=0.900)\", \"influence\": null, \"activation\": null}],\n"
    "\"links\": [{\"source\": \"E_5_1\", \"target\": \"0_1_2\", \"weight\": 3.0},"
    "{\"source\": \"0_1_2\", \"target\": \"2_9_2\", \"weight\": 1.25},"
    "{\"source\": \"0_1_2\", \"target\": \"2_9_2\", \"weight\": -0.5},"
    "{\"source\": \"2_9_2\", \"target\": \"4_77_2\", \"weight\": 2.0}]}";
