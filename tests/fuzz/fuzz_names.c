/*
 * Fuzzes what people call things: clamps, targets, nodes. What is understood has a name that means the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctrace.h"
#include "fuzz.h"

static struct ct_session *
session(void)
{
	static struct ct_session *s;
	static struct ct_engine *e;
	const struct ct_engine_options one = { .threads = 1 };
	const struct ct_trace_options last = { .targets = { .pos = -1 } };
	struct ct_error err;

	if (!s && (ct_engine_open(&e, fuzz_model(), &one, &err) || ct_session_open(&s, e, &err) ||
		      ct_session_prompt(s, "w19 w10 w9 w7", NULL, &err) ||
		      ct_session_trace(s, &last, NULL, &err))) {
		fprintf(stderr, "%s\n", err.msg);
		abort();
	}
	return s;
}

/* A clamp's text is one that is read back as the same clamp. */
static void
check_clamp(const struct ct_session *s, const struct ct_clamp *c)
{
	struct ct_clamp again;
	struct ct_error err;
	char text[200], twice[200];

	ct_clamp_text(c, text, sizeof text);
	if (ct_session_parse_clamp(s, text, &again, &err) != CT_OK)
		abort();
	ct_clamp_text(&again, twice, sizeof twice);
	if (strcmp(text, twice) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ct_session *s = session();
	const struct ct_graph *g = ct_session_graph(s);
	struct ct_clamp clamps[CT_MAX_MEMBERS];
	struct ct_targets targets;
	struct ct_error err;
	char *text = fuzz_text(data, n), name[600];
	int found = ct_session_parse_clamps(s, text, clamps, CT_MAX_MEMBERS, &err), node;

	if (found > CT_MAX_MEMBERS)
		abort();
	for (int i = 0; i < found; i++)
		check_clamp(s, &clamps[i]);
	if (ct_session_parse_targets(s, text, -1, &targets, &err) == CT_OK &&
	    (targets.n < 1 || targets.n > CT_MAX_TARGETS))
		abort();
	node = ct_session_find_node(s, text, &err);
	if (node >= g->n_nodes)
		abort();
	if (node >= 0 && (ct_session_node_name(s, node, name, sizeof name) < 0 ||
			     ct_session_find_node(s, name, &err) < 0))
		abort();
	free(text);
	return 0;
}
