/*
 * Pins and supernodes of a session: names in both directions, what keeps them and what drops them, clamps on
 * supernodes, and what graph JSON says of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graphs.h"
#include "scratch.h"
#include "world.h"

static struct ct_error err;

/* Pins what is named, into a supernode or none. */
static void
pin(struct world *w, const char *text, const char *supernode)
{
	static struct ct_subgraph sg;

	sg = *ct_session_subgraph(w->s);
	world_ok(ct_session_pin_all(w->s, &sg, text, supernode, NULL, &err), &err);
	ct_session_set_subgraph(w->s, &sg);
}

/* Every node's name is that of a pin which is that node again, whatever the graph explains. */
static void
test_names(void **state)
{
	static const char *const targets[] = { NULL, "w5,w12", "w9-w7", "L1#43@8" };
	struct world *w = *state;
	struct ct_pin p, q;

	world_prompt(w->s, PROMPT);
	for (size_t k = 0; k < sizeof targets / sizeof *targets; k++) {
		struct ct_trace_options opt = { .targets = { .pos = -1 } };
		const struct ct_graph *g;

		if (targets[k])
			world_ok(ct_session_parse_targets(w->s, targets[k], -1, &opt.targets, &err), &err);
		g = world_trace(w->s, &opt);
		for (int i = 0; i < g->n_nodes; i++) {
			struct ct_pin of = ct_pin_of(&g->nodes[i]);
			char name[120], node[120];

			if (g->nodes[i].kind == CT_NODE_ERROR && g->nodes[i].pos == 0)
				continue;
			ct_session_pin_text(w->s, &of, name, sizeof name);
			world_ok(ct_session_parse_pin(w->s, name, &p, &err), &err);
			assert_memory_equal(&p, &of, sizeof p);
			assert_int_equal(ct_pin_node(g, &p), ct_pin_node(g, &of));
			ct_session_node_name(w->s, i, node, sizeof node);
			world_ok(ct_session_parse_pin(w->s, node, &q, &err), &err);
			assert_memory_equal(&q, &of, sizeof q);
		}
	}
}

static void
test_bad_names(void **state)
{
	static const struct {
		const char *text, *says;
	} list[] = {
		{ "", "names no node" },
		{ "Texas", "names no node" },
		{ "L1#43", "names no" },
		{ "L1#43@*", "names no node" },
		{ "L1#43@8..", "names no node" },
		{ "L1#43@8x0", "names no node" },
		{ "L9#43@8", "no layer 9" },
		{ "L1#48@8", "no feature L1#48" },
		{ "L1#43@9", "no position 9" },
		{ "L1#43@0", "BOS" },
		{ "error L1", "expected an error node as error L1@8" },
		{ "error L1@", "expected an error node" },
		{ "error L3@8", "no layer 3" },
		{ "error L1@0", "BOS" },
		{ "error L1@9", "position 9" },
		{ "input \"w9\"", "expected input \"Dallas\"@6" },
		{ "input \"w9\"@4", "position 4 holds \"w7\"" },
		{ "input \"w9\"@44", "position 44" },
		{ "output Austin", "expected input" },
		{ "output \"Austin\"", "no token" },
		{ "output \"w9\" - \"Austin\"", "no token" },
		{ "output \"w9\"@x", "expected input" },
		{ "\"no such label\"@8", "no feature has a label that fits \"no such label\"" },
		{ "L1#43@w19x", "@w19x: the prompt has no such token" },
	};
	static struct ct_subgraph sg;
	struct world *w = *state;
	struct ct_pin p;

	assert_int_equal(ct_session_parse_pin(w->s, "L1#43@8", &p, &err), CT_EINVAL);	/* no prompt yet */
	world_prompt(w->s, PROMPT);
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		assert_true(ct_session_parse_pin(w->s, list[i].text, &p, &err) < 0);
		if (!strstr(err.msg, list[i].says))
			fail_msg("\"%s\": expected \"%s\", found \"%s\"", list[i].text, list[i].says,
			    err.msg);
	}
	sg = (struct ct_subgraph){ 0 };
	assert_true(ct_session_pin_all(w->s, &sg, "L1#43@8, L1#44@8, nothing", NULL, NULL, &err) < 0);
	assert_true(ct_session_pin_all(w->s, &sg, "L1#43@8,", NULL, NULL, &err) < 0);
	assert_int_equal(ct_session_pin_all(w->s, &sg, "\"nobody\"*@8", NULL, NULL, &err), CT_ENOTFOUND);
	assert_int_equal(ct_session_pin_all(w->s, &sg, "L1#43@8", " ", NULL, &err), CT_EINVAL);
}

/*
 * Pins stay over pruning, tracing anew and a longer prompt; another prompt, and only one that works, drops
 * them.
 */
static void
test_kept(void **state)
{
	struct ct_trace_options other = { .targets = { .pos = 5 } };
	const struct ct_parts *parts;
	const int more[] = { 3 };
	struct world *w = *state;
	double replacement;

	assert_int_equal(ct_session_parts(w->s, &parts, &err), CT_EINVAL);
	world_prompt(w->s, PROMPT);
	world_trace(w->s, NULL);
	pin(w, "L1#43@8, L1#45@8", "both");
	pin(w, "input \"w9\"@3", NULL);
	world_ok(ct_session_parts(w->s, &parts, &err), &err);
	assert_int_equal(parts->n, 2);
	assert_int_equal(parts->n_features, 2);
	replacement = parts->scores.replacement;
	world_ok(ct_session_prune(w->s, .3, .5, &err), &err);
	world_ok(ct_session_parts(w->s, &parts, &err), &err);
	assert_true(parts->scores.replacement == replacement);

	world_trace(w->s, &other);
	world_ok(ct_session_parts(w->s, &parts, &err), &err);
	assert_int_equal(parts->n, 2);
	world_trace(w->s, NULL);
	world_ok(ct_session_parts(w->s, &parts, &err), &err);
	assert_true(parts->scores.replacement == replacement);

	world_ok(ct_session_extend(w->s, more, 1, NULL, NULL, &err), &err);
	assert_int_equal(ct_session_subgraph(w->s)->n_pins, 3);
	assert_true(ct_session_prompt(w->s, "nosuchword", NULL, &err) < 0);
	assert_int_equal(ct_session_subgraph(w->s)->n_pins, 3);
	world_prompt(w->s, PROMPT);
	assert_int_equal(ct_session_subgraph(w->s)->n_pins, 0);
	assert_int_equal(ct_session_subgraph(w->s)->n_supernodes, 0);
}

/* A supernode's name stands for its features, where they are pinned or in the scope that is given. */
static void
test_clamps(void **state)
{
	static const struct {
		const char *text;
		int n;
		const char *clamps[4];
	} good[] = {
		{ "\"both\"x0", 2, { "L1#43@8x0", "L1#45@7x0" } },
		{ "\"both\"@8..=2", 2, { "L1#43@8..=2", "L1#45@8..=2" } },
		{ "\"both\",L2#8@8+1", 3, { "L1#43@8+1", "L1#45@7+1", "L2#8@8+1" } },
		{ "L2#8@8,\"both\"-1", 3, { "L2#8@8-1", "L1#43@8-1", "L1#45@7-1" } },
	};
	struct world *w = *state;
	struct ct_clamp c[4], group[2], single[2];
	struct ct_clamp_options how = { .mode = CT_FREE };
	char text[120];
	float now[T * V], want[T * V];

	world_prompt(w->s, PROMPT);
	world_trace(w->s, NULL);
	pin(w, "L1#43@8, L1#45@7, input \"w9\"@3", "both");
	pin(w, "error L1@8", "none");
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(ct_session_parse_clamps(w->s, good[i].text, c, 4, &err), good[i].n);
		for (int k = 0; k < good[i].n; k++) {
			ct_clamp_text(&c[k], text, sizeof text);
			assert_string_equal(text, good[i].clamps[k]);
		}
	}
	assert_int_equal(ct_session_parse_clamps(w->s, "\"none\"x0", c, 4, &err), CT_EINVAL);
	assert_string_equal(err.msg, "the supernode \"none\" has no feature: only features can be clamped");
	assert_int_equal(ct_session_parse_clamps(w->s, "\"both\"", c, 4, &err), CT_EINVAL);
	assert_int_equal(ct_session_parse_clamps(w->s, "L2#8,\"both\"x0", c, 4, &err), CT_EINVAL);
	assert_int_equal(ct_session_parse_clamps(w->s, "\"both\"x0", c, 1, &err), CT_EINVAL);

	/* The same run as with its members one by one. */
	assert_int_equal(ct_session_parse_clamps(w->s, "\"both\"x-1", group, 2, &err), 2);
	world_ok(ct_session_clamp(w->s, group, 2, &how, NULL, &err), &err);
	world_logits(w->s, CT_RUN_CLAMPED, now);
	world_ok(ct_session_parse_clamp(w->s, "L1#45@7x-1", &single[0], &err), &err);
	world_ok(ct_session_parse_clamp(w->s, "L1#43@8x-1", &single[1], &err), &err);
	world_ok(ct_session_clamp(w->s, single, 2, &how, NULL, &err), &err);
	world_logits(w->s, CT_RUN_CLAMPED, want);
	assert_memory_equal(now, want, sizeof now);
}

/* Activations under clamps: the value that was set, the same ones where nothing reaches, others after it. */
static void
test_activations(void **state)
{
	static const int nowhere[][3] = { { 1, 2, 0 }, { 1, 2, T }, { 1, 2, -1 }, { L, 2, 5 }, { -1, 2, 5 },
		{ 1, F, 5 }, { 1, -1, 5 } };
	struct ct_clamp c = { .layer = 0, .feature = 17, .pos = 4, .unit = CT_ABSOLUTE, .amount = 3 };
	struct world *w = *state;
	const struct ct_graph *g;
	int moved = 0;

	world_prompt(w->s, PROMPT);
	g = world_trace(w->s, NULL);
	for (int i = 0; i < g->n_features; i++) {
		const struct ct_node *n = &g->nodes[i];

		assert_true(ct_session_clamped_activation(w->s, n->layer, n->index, n->pos) == n->activation);
	}
	world_ok(ct_session_clamp(w->s, &c, 1, NULL, NULL, &err), &err);
	assert_true(ct_session_clamped_activation(w->s, 0, 17, 4) == 3);
	for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
		float now = ct_session_clamped_activation(w->s, nowhere[i][0], nowhere[i][1], nowhere[i][2]);
		float was = ct_session_activation(w->s, nowhere[i][0], nowhere[i][1], nowhere[i][2]);

		assert_true(now == was || (isnan(now) && isnan(was)));
	}
	for (int i = 0; i < g->n_features; i++) {
		const struct ct_node *n = &g->nodes[i];
		float now = ct_session_clamped_activation(w->s, n->layer, n->index, n->pos);
		const struct ct_effects *o = ct_session_effects(w->s);

		if (n->layer == 0 || n->pos < 4) {
			if (n->index != 17 || n->pos != 4)
				assert_true(fabsf(now - n->activation) <= 1e-5f * n->activation);
			continue;
		}
		/* Off, or as far from what it was as its pre-activation. */
		for (int k = 0; k < o->n_effects; k++)
			if (o->effects[k].node == i && now != 0)
				assert_true(fabsf(now - o->effects[k].after) <= 1e-4f * fabsf(now) + 1e-5f);
		moved += fabsf(now - n->activation) > 1e-3f;
	}
	assert_true(moved > 0);
}

static json_t *
export_json(struct world *w)
{
	struct ct_buffer b = { 0 };
	json_t *root;

	world_ok(ct_session_graph_json(w->s, world_gather, &b, &err), &err);
	root = json_loads(b.text, 0, NULL);
	ct_buffer_free(&b);
	assert_non_null(root);
	return root;
}

static bool
has_node(const json_t *root, const char *id)
{
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(root, "nodes"), i, v)
		if (strcmp(json_string_value(json_object_get(v, "node_id")), id) == 0)
			return true;
	return false;
}

/* A pinned node is in the file though the pruning has dropped it, with its edges to other pinned ones. */
static void
test_json(void **state)
{
	struct world *w = *state;
	const struct ct_graph *g;
	const json_t *params;
	json_t *root;
	int dropped = -1, links = 0;
	char name[60], id[60];
	const json_t *v;
	size_t i, bare;

	world_prompt(w->s, PROMPT);
	world_trace(w->s, NULL);
	world_ok(ct_session_prune(w->s, .4, .5, &err), &err);
	g = ct_session_graph(w->s);
	for (int k = 0; k < g->n_features && dropped < 0; k++)
		if (!g->nodes[k].kept && ct_graph_edge(g, g->n_nodes - g->n_targets, k) != 0)
			dropped = k;
	assert_true(dropped >= 0);
	snprintf(id, sizeof id, "%d_%d_%d", g->nodes[dropped].layer, g->nodes[dropped].index,
	    g->nodes[dropped].pos);
	root = export_json(w);
	assert_false(has_node(root, id));
	bare = json_array_size(json_object_get(root, "links"));
	json_decref(root);

	ct_session_node_name(w->s, dropped, name, sizeof name);
	pin(w, name, "alone");
	ct_session_node_name(w->s, g->n_nodes - g->n_targets, name, sizeof name);
	pin(w, name, NULL);
	root = export_json(w);
	assert_true(has_node(root, id));
	json_array_foreach(json_object_get(root, "links"), i, v)
		links += strcmp(json_string_value(json_object_get(v, "source")), id) == 0;
	assert_int_equal(links, 1);
	assert_int_equal(json_array_size(json_object_get(root, "links")), bare + 1);
	params = json_object_get(root, "qParams");
	assert_int_equal(json_array_size(json_object_get(params, "pinnedIds")), 2);
	assert_string_equal(json_string_value(json_array_get(json_array_get(json_object_get(params,
	    "supernodes"), 0), 1)),
	    id);
	json_decref(root);
}

/* A pin of a graph's file that is no node of it is named in words; alone, it is in no supernode. */
static void
test_absent(void **state)
{
	struct ct_engine *e;
	struct ct_session *s;
	struct ct_pin p;
	char name[80];

	(void)state;
	scratch_text("g.json", graphs_reference);
	world_ok(ct_engine_open_graph(&e, "g.json", NULL, &err), &err);
	world_ok(ct_session_open(&s, e, &err), &err);
	world_ok(ct_session_parse_pin(s, "absent \"gone\"", &p, &err), &err);
	assert_int_equal(p.supernode, -1);
	ct_session_pin_text(s, &p, name, sizeof name);
	assert_string_equal(name, "absent \"gone\"");
	assert_int_equal(ct_session_parse_pin(s, "absent \"here\"", &p, &err), CT_ENOTFOUND);
	ct_session_close(s);
	ct_engine_close(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_names),
		WORLD_TEST(test_bad_names),
		WORLD_TEST(test_kept),
		WORLD_TEST(test_clamps),
		WORLD_TEST(test_activations),
		WORLD_TEST(test_json),
		cmocka_unit_test_setup_teardown(test_absent, scratch_enter, scratch_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
