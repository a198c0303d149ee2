/*
 * A session as the two programs use it: prompts, tokens, targets, pruning, clamps and undo, cancelling.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "world.h"

static void
test_prompt(void **state)
{
	static const int ids[] = { 0, 19, 10, 9, 7, 39, 16, 31, 17 };
	struct world *w = *state;

	assert_int_equal(ct_session_length(w->s), 0);
	assert_string_equal(ct_session_text(w->s), "");
	world_prompt(w->s, PROMPT);
	assert_int_equal(ct_session_length(w->s), T);
	assert_string_equal(ct_session_text(w->s), PROMPT);
	for (int i = 0; i < T; i++)
		assert_int_equal(ct_session_token(w->s, i), ids[i]);
	assert_int_equal(ct_session_token(w->s, T), -1);
	assert_int_equal(ct_session_token(w->s, -1), -1);
	/* BOS typed is BOS, not a second one. */
	world_prompt(w->s, "<bos> w1");
	assert_int_equal(ct_session_length(w->s), 2);
}

/* A prompt that fails leaves everything of the old one: text, graph, clamps. */
static void
test_bad_prompts(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *message;
	} list[] = {
		{ "", CT_EINVAL, "the prompt is empty: type some words" },
		{ "  \t ", CT_EINVAL, "the prompt is empty: type some words" },
		{ "w1 Dallas", CT_ENOTFOUND,
		    "unknown word \"Dallas\" at byte 3; nothing in the vocabulary is like it" },
		{ "w1 \xff", CT_EINVAL, "the text is not UTF-8: byte 3 is 0xff" },
		{ "w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1",
		    CT_EINVAL, "the prompt has 28 tokens, but this model's context holds 24; shorten it" },
	};
	struct world *w = *state;
	struct ct_clamp c = { .layer = 1, .feature = 43, .pos = 8 };
	const struct ct_effects *effects;
	const struct ct_graph *g;
	struct ct_error err = { 0 };

	world_prompt(w->s, PROMPT);
	g = world_trace(w->s, NULL);
	world_ok(ct_session_clamp(w->s, &c, 1, NULL, NULL, &err), &err);
	effects = ct_session_effects(w->s);
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		assert_int_equal(ct_session_prompt(w->s, list[i].text, NULL, &err), list[i].code);
		assert_string_equal(err.msg, list[i].message);
		assert_string_equal(ct_session_text(w->s), PROMPT);
		assert_int_equal(ct_session_length(w->s), T);
		assert_ptr_equal(ct_session_graph(w->s), g);
		assert_ptr_equal(ct_session_effects(w->s), effects);
	}
	/* The longest that fits does, and a new prompt drops graph and clamps. */
	world_prompt(w->s, "w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1 w1");
	assert_int_equal(ct_session_length(w->s), CONTEXT);
	assert_null(ct_session_graph(w->s));
	assert_null(ct_session_effects(w->s));
}

/* Before there is a prompt everything says so. */
static void
test_no_prompt(void **state)
{
	struct world *w = *state;
	struct ct_trace_options opt = { .targets = { .pos = -1 } };
	struct ct_generate_options gen = { 0 };
	struct ct_clamp c = { .pos = 1 };
	struct ct_error err = { 0 };
	struct ct_buffer b = { 0 };
	struct ct_top top[3];
	int id;

	assert_int_equal(ct_session_trace(w->s, &opt, NULL, &err), CT_EINVAL);
	assert_string_equal(err.msg, "no prompt yet");
	assert_int_equal(ct_session_clamp(w->s, &c, 1, NULL, NULL, &err), CT_EINVAL);
	assert_int_equal(ct_session_generate(w->s, &gen, &id, 1, NULL, &err), CT_EINVAL);
	assert_string_equal(err.msg, "no prompt yet");
	assert_int_equal(ct_session_prune(w->s, 0.5, 0.5, &err), CT_EINVAL);
	assert_string_equal(err.msg, "no graph yet: trace the prompt first");
	assert_int_equal(ct_session_find_node(w->s, "L0#1@1", &err), CT_EINVAL);
	assert_string_equal(err.msg, "no graph yet: trace the prompt first");
	assert_int_equal(ct_session_graph_json(w->s, world_gather, &b, &err), CT_EINVAL);
	assert_true(ct_session_top(w->s, CT_RUN_ORIGINAL, 0, top, 3) < 0);
	assert_true(isnan(ct_session_logit(w->s, CT_RUN_REPLACEMENT, 0, 0)));
	assert_true(isnan(ct_session_prob(w->s, CT_RUN_CLAMPED, 0, 0)));
	assert_true(isnan(ct_session_preactivation(w->s, 0, 0, 0)));
	assert_true(ct_session_activation(w->s, 0, 0, 0) == 0);
}

static void
test_top(void **state)
{
	static const enum ct_run runs[] = { CT_RUN_ORIGINAL, CT_RUN_REPLACEMENT, CT_RUN_CLAMPED };
	struct world *w = *state;
	struct ct_top top[V + 5];

	world_prompt(w->s, PROMPT);
	for (int k = 0; k < 3; k++)
		for (int t = 0; t < T; t++) {
			double sum = 0;

			assert_int_equal(ct_session_top(w->s, runs[k], t, top, V + 5), V);
			for (int i = 0; i < V; i++) {
				sum += (double)top[i].prob;
				assert_true(ct_session_logit(w->s, runs[k], t, top[i].token) == top[i].logit);
				assert_true(ct_session_prob(w->s, runs[k], t, top[i].token) == top[i].prob);
				assert_true(
				    !i || top[i].logit < top[i - 1].logit ||
				    (top[i].logit == top[i - 1].logit && top[i].token > top[i - 1].token));
			}
			assert_true(fabs(sum - 1) < 1e-5);
		}
	assert_int_equal(ct_session_top(w->s, CT_RUN_ORIGINAL, T - 1, top, 2), 2);
	assert_int_equal(top[0].token, 10);
	assert_int_equal(top[1].token, 26);
	assert_true(fabs((double)top[0].prob - 0.308335833168) < 1e-5);
	assert_int_equal(ct_session_top(w->s, CT_RUN_ORIGINAL, 1, top, 0), 0);
	assert_int_equal(ct_session_top(w->s, CT_RUN_ORIGINAL, T, top, 2), CT_EINVAL);
	assert_int_equal(ct_session_top(w->s, CT_RUN_ORIGINAL, -1, top, 2), CT_EINVAL);
	assert_true(isnan(ct_session_logit(w->s, CT_RUN_ORIGINAL, 0, V)));
	assert_true(isnan(ct_session_prob(w->s, CT_RUN_ORIGINAL, 0, -1)));
}

/* Activation is pre-activation above the threshold, and 0 at BOS; both are the graph's. */
static void
test_activations(void **state)
{
	struct world *w = *state;
	const struct ct_graph *g;
	int active = 0;

	world_prompt(w->s, PROMPT);
	g = world_trace(w->s, NULL);
	for (int l = 0; l < L; l++)
		for (int f = 0; f < F; f++)
			for (int t = 0; t < T; t++) {
				float act = ct_session_activation(w->s, l, f, t);
				float pre = ct_session_preactivation(w->s, l, f, t);
				int node = ct_graph_find(g, CT_NODE_FEATURE, l, t, f);

				assert_int_equal(act != 0, node >= 0);
				active += act != 0;
				assert_true(act == 0 || (t > 0 && act == g->nodes[node].activation));
				assert_true(act == 0 ||
					    fabs((double)act - (double)pre) < 1e-5 * (1 + fabs((double)pre)));
			}
	assert_int_equal(active, g->n_features);
	assert_true(isnan(ct_session_preactivation(w->s, L, 0, 1)));
	assert_true(isnan(ct_session_preactivation(w->s, 0, F, 1)));
	assert_true(isnan(ct_session_preactivation(w->s, 0, 0, T)));
	assert_true(ct_session_activation(w->s, -1, 0, 1) == 0 && ct_session_activation(w->s, 0, F, 1) == 0);
}

static void
test_every_position(void **state)
{
	struct world *w = *state;

	world_prompt(w->s, PROMPT);
	for (int t = 0; t < T; t++) {
		struct ct_trace_options opt = { .targets = { .pos = t } };
		const struct ct_graph *g = world_trace(w->s, &opt);
		double prob = 0, last = 1;

		assert_int_equal(g->pos, t);
		assert_true(g->check.max_edge_residual < 1e-5 && g->check.max_logit_error < 1e-5);
		assert_in_range(g->n_targets, 1, 10);
		for (int i = g->n_nodes - g->n_targets; i < g->n_nodes; i++) {
			const struct ct_node *n = &g->nodes[i];

			assert_true(n->pos == t && n->layer == L && n->kept && n->weight == n->prob);
			assert_true((double)n->prob <= last);
			last = (double)n->prob;
			assert_true(g->n_targets == 10 || prob < 0.95);
			prob += last;
		}
		assert_true(prob >= 0.95 || g->n_targets == 10);
		for (int i = 0; i < g->n_nodes; i++)
			assert_true(g->nodes[i].pos <= t || g->nodes[i].influence == 0);
	}
}

/* Named tokens, a difference and a feature, active or not: traced exactly, and called what they are. */
static void
test_targets(void **state)
{
	static const struct {
		const char *text;
		int pos, n, at;
		const char *name;
	} list[] = {
		{ "w3", -1, 1, 8, "output \"w3\"" },
		{ "w3,w26", 4, 2, 4, "output \"w3\"" },
		{ "w10-w26", -1, 1, 8, "output \"w10\" - \"w26\"" },
		{ "L2#8@8", -1, 1, 8, "target L2#8@8" },
		{ "L1#0@3", -1, 1, 3, "target L1#0@3" },
		{ "L0#5@1", -1, 1, 1, "target L0#5@1" },
	};
	struct world *w = *state;
	struct ct_error err = { 0 };

	world_prompt(w->s, PROMPT);
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		struct ct_trace_options opt = { 0 };
		const struct ct_graph *g;
		const struct ct_node *n;
		char name[80];
		float want;

		world_ok(ct_session_parse_targets(w->s, list[i].text, list[i].pos, &opt.targets, &err), &err);
		g = world_trace(w->s, &opt);
		n = &g->nodes[g->n_nodes - g->n_targets];
		assert_int_equal(g->n_targets, list[i].n);
		assert_int_equal(g->pos, list[i].at);
		assert_true(g->check.max_edge_residual < 1e-5);
		ct_session_node_name(w->s, g->n_nodes - g->n_targets, name, sizeof name);
		assert_string_equal(name, list[i].name);
		if (n->target == CT_TARGET_FEATURE)
			want = ct_session_preactivation(w->s, n->layer, n->index, n->pos);
		else if (n->target == CT_TARGET_DIFFERENCE)
			want = ct_session_logit(w->s, CT_RUN_ORIGINAL, n->pos, n->index) -
			       ct_session_logit(w->s, CT_RUN_ORIGINAL, n->pos, n->other);
		else {
			double mean = 0;

			for (int v = 0; v < V; v++)
				mean += (double)ct_session_logit(w->s, CT_RUN_ORIGINAL, n->pos, v) / V;
			want = (float)((double)ct_session_logit(w->s, CT_RUN_ORIGINAL, n->pos, n->index) -
				       mean);
		}
		assert_true(fabs((double)n->value - (double)want) < 2e-5 * (1 + fabs((double)want)));
		assert_true(n->target == CT_TARGET_LOGIT || n->weight == 1);
		assert_int_equal(n->other, n->target == CT_TARGET_DIFFERENCE ? 26 : -1);
		assert_true(n->target != CT_TARGET_LOGIT ||
			    n->prob == ct_session_prob(w->s, CT_RUN_ORIGINAL, n->pos, n->index));
	}
}

static void
test_bad_traces(void **state)
{
	static const struct {
		struct ct_trace_options opt;
		int code;
		const char *message;
	} list[] = {
		{ { .targets = { .pos = T } }, CT_EINVAL, "no position 9: the prompt has positions 0 to 8" },
		{ { .targets = { .n = 1, .list = { { .index = V, .pos = -1 } } } }, CT_ENOTFOUND,
		    "no token 40 in this model" },
		{ { .targets = { .n = 1, .list = { { .kind = CT_TARGET_FEATURE, .layer = 3, .pos = 1 } } } },
		    CT_ENOTFOUND, "no feature L3#0 in this transcoder" },
		{ { .targets = { .n = 1, .list = { { .kind = CT_TARGET_FEATURE, .layer = -1, .pos = 1 } } } },
		    CT_ENOTFOUND, "no feature L-1#0 in this transcoder" },
		{ { .targets = { .n = 1, .list = { { .kind = CT_TARGET_FEATURE, .layer = 2, .pos = 1,
			.index = F } } } }, CT_ENOTFOUND, "no feature L2#48 in this transcoder" },
		{ { .targets = { .n = 1, .list = { { .kind = CT_TARGET_FEATURE, .layer = 2, .pos = 1,
			.index = -1 } } } }, CT_ENOTFOUND, "no feature L2#-1 in this transcoder" },
		{ { .targets = { .n = 1, .list = { { .kind = CT_TARGET_FEATURE, .pos = 0 } } } }, CT_EINVAL,
		    "position 0 is BOS, which has no features: positions start at 1" },
		{ { .targets = { .pos = -1 }, .node_threshold = 1.5, .edge_threshold = 0.5 }, CT_EINVAL,
		    "pruning thresholds are shares above 0 and up to 1, not 1.5,0.5" },
		{ { .targets = { .pos = -1 }, .node_threshold = 0.5 }, CT_EINVAL,
		    "pruning thresholds are shares above 0 and up to 1, not 0.5,0" },
		{ { .targets = { .pos = -1 }, .node_threshold = 0.5, .edge_threshold = NAN }, CT_EINVAL,
		    NULL },
	};
	struct world *w = *state;
	struct ct_error err = { 0 };
	const struct ct_graph *g;

	world_prompt(w->s, PROMPT);
	g = world_trace(w->s, NULL);
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		assert_int_equal(ct_session_trace(w->s, &list[i].opt, NULL, &err), list[i].code);
		if (list[i].message)
			assert_string_equal(err.msg, list[i].message);
		assert_ptr_equal(ct_session_graph(w->s), g);
	}
}

static void
test_prune(void **state)
{
	struct world *w = *state;
	struct ct_error err = { 0 };
	const struct ct_graph *g;
	int kept, pruned;

	world_prompt(w->s, PROMPT);
	g = world_trace(w->s, NULL);
	kept = g->n_kept;
	pruned = g->n_pruned;
	assert_true(g->node_threshold == 0.8 && g->edge_threshold == 0.98);
	assert_true(kept < g->n_nodes && pruned > 0);
	world_ok(ct_session_prune(w->s, 1, 1, &err), &err);
	assert_ptr_equal(ct_session_graph(w->s), g);
	assert_int_equal(g->n_kept, g->n_nodes);
	assert_int_equal(g->n_pruned, g->n_edges);
	world_ok(ct_session_prune(w->s, 0.8, 0.98, &err), &err);
	assert_true(g->n_kept == kept && g->n_pruned == pruned);
	assert_int_equal(ct_session_prune(w->s, 0, 1, &err), CT_EINVAL);
	assert_string_equal(err.msg, "pruning thresholds are shares above 0 and up to 1, not 0,1");
	assert_int_equal(ct_session_prune(w->s, 0.5, 1.1, &err), CT_EINVAL);
	assert_int_equal(ct_session_prune(w->s, NAN, 0.5, &err), CT_EINVAL);
	assert_int_equal(ct_session_prune(w->s, -1, -1, &err), CT_EINVAL);
	assert_true(g->n_kept == kept && g->n_pruned == pruned);
}

/* Undo: without clamps everything is the original again, bit for bit; the replacement was never touched. */
static void
test_undo(void **state)
{
	static const enum ct_mode modes[] = { CT_FROZEN, CT_FREE, CT_DIRECT, CT_RANGE };
	struct world *w = *state;
	static const struct ct_clamp steps[] = { { .layer = 1, .feature = 43, .pos = 8 },
		{ .layer = 0, .feature = 17, .pos = 4, .unit = CT_MULTIPLE, .amount = -1 },
		{ .layer = 2, .feature = 5, .pos = CT_ALL_POSITIONS, .unit = CT_DELTA, .amount = 2 } };
	float original[T * V], replacement[T * V], now[T * V], after[3][T * V];
	struct ct_error err = { 0 };
	struct ct_clamp c;

	world_prompt(w->s, PROMPT);
	world_logits(w->s, CT_RUN_ORIGINAL, original);
	world_logits(w->s, CT_RUN_REPLACEMENT, replacement);
	world_ok(ct_session_parse_clamp(w->s, "L1#43@8=0", &c, &err), &err);
	for (int k = 0; k < 8; k++) {
		struct ct_clamp_options opt = { .mode = modes[k / 2],
			.first = 1,
			.last = 2,
			.through = k % 2 ? CT_REPLACEMENT : CT_MODEL };
		const struct ct_effects *o;

		world_ok(ct_session_clamp(w->s, &c, 1, &opt, NULL, &err), &err);
		o = ct_session_effects(w->s);
		assert_non_null(o);
		assert_true(o->options.mode == opt.mode && o->options.through == opt.through);
		assert_int_equal(o->n_targets, ct_session_graph(w->s)->n_targets);
		world_logits(w->s, CT_RUN_CLAMPED, now);
		assert_memory_not_equal(now, original, sizeof now);
		/* What lies before the clamp is untouched. */
		assert_memory_equal(now, original, 8 * V * sizeof *now);
		world_logits(w->s, CT_RUN_ORIGINAL, now);
		assert_memory_equal(now, original, sizeof now);
		world_ok(ct_session_clamp(w->s, NULL, 0, NULL, NULL, &err), &err);
		assert_null(ct_session_effects(w->s));
		world_logits(w->s, CT_RUN_CLAMPED, now);
		assert_memory_equal(now, original, sizeof now);
		world_logits(w->s, CT_RUN_REPLACEMENT, now);
		assert_memory_equal(now, replacement, sizeof now);
	}
	/* Undone step by step, each set gives the same bits as when it was in force first. */
	for (int n = 1; n <= 3; n++) {
		world_ok(ct_session_clamp(w->s, steps, n, NULL, NULL, &err), &err);
		world_logits(w->s, CT_RUN_CLAMPED, after[n - 1]);
	}
	for (int n = 2; n >= 1; n--) {
		world_ok(ct_session_clamp(w->s, steps, n, NULL, NULL, &err), &err);
		world_logits(w->s, CT_RUN_CLAMPED, now);
		assert_memory_equal(now, after[n - 1], sizeof now);
		assert_memory_not_equal(now, after[n], sizeof now);
	}
	/* Off, or to the value it has: in the list, but without effect. */
	c.off = true;
	world_ok(ct_session_clamp(w->s, &c, 1, NULL, NULL, &err), &err);
	world_logits(w->s, CT_RUN_CLAMPED, now);
	assert_memory_equal(now, original, sizeof now);
}

/* Clamps that are refused leave those in force. */
static void
test_bad_clamps(void **state)
{
	struct world *w = *state;
	float before[T * V], now[T * V];
	struct ct_error err = { 0 };
	struct ct_clamp c = { .layer = 1, .feature = 43, .pos = 8 }, bad[] = { c, c, c, c, c };
	struct ct_clamp_options range = { .mode = CT_RANGE, .first = 0, .last = 3 };
	const struct ct_effects *o;

	world_prompt(w->s, PROMPT);
	world_ok(ct_session_clamp(w->s, &c, 1, NULL, NULL, &err), &err);
	o = ct_session_effects(w->s);
	world_logits(w->s, CT_RUN_CLAMPED, before);
	bad[0].layer = 3;
	bad[1].feature = F;
	bad[2].pos = 0;
	bad[3].amount = NAN;
	bad[4].amount = 1e300;
	for (int i = 0; i < 5; i++)
		assert_int_equal(ct_session_clamp(w->s, &bad[i], 1, NULL, NULL, &err), CT_EINVAL);
	assert_int_equal(ct_session_clamp(w->s, &c, 1, &range, NULL, &err), CT_EINVAL);
	assert_string_equal(err.msg, "no layer range 0-3: this model has layers 0 to 2");
	assert_ptr_equal(ct_session_effects(w->s), o);
	world_logits(w->s, CT_RUN_CLAMPED, now);
	assert_memory_equal(now, before, sizeof now);
}

/* A new trace keeps the clamps and compares them with the new graph's nodes. */
static void
test_trace_under_clamps(void **state)
{
	struct world *w = *state;
	struct ct_trace_options opt = { 0 };
	float before[T * V], now[T * V];
	struct ct_error err = { 0 };
	struct ct_clamp c;

	world_prompt(w->s, PROMPT);
	world_ok(ct_session_parse_clamp(w->s, "L0#5@*=3", &c, &err), &err);
	world_ok(ct_session_clamp(w->s, &c, 1, NULL, NULL, &err), &err);
	world_logits(w->s, CT_RUN_CLAMPED, before);
	world_ok(ct_session_parse_targets(w->s, "w1,w2,w3", 4, &opt.targets, &err), &err);
	world_trace(w->s, &opt);
	assert_int_equal(ct_session_effects(w->s)->n_targets, 3);
	world_logits(w->s, CT_RUN_CLAMPED, now);
	assert_memory_equal(now, before, sizeof now);
}

/* BOS alone: one position, no features; everything that makes sense works, the rest says why not. */
static void
test_one_token(void **state)
{
	struct world *w = *state;
	struct ct_generate_options gen = { 0 };
	struct ct_clamp c = { .layer = 1, .feature = 43, .pos = CT_ALL_POSITIONS };
	struct ct_targets targets;
	struct ct_error err = { 0 };
	const struct ct_graph *g;
	struct ct_top top[2];
	int ids[30];

	world_prompt(w->s, "<bos>");
	assert_int_equal(ct_session_length(w->s), 1);
	g = world_trace(w->s, NULL);
	assert_int_equal(g->n_features, 0);
	assert_true(g->check.max_edge_residual < 1e-5);
	assert_true(isnan(g->scores.replacement) && isnan(g->scores.completeness));	/* there are none */
	assert_int_equal(ct_session_top(w->s, CT_RUN_REPLACEMENT, 0, top, 2), 2);
	assert_int_equal(ct_session_parse_targets(w->s, "L1#43@1", -1, &targets, &err), CT_ENOTFOUND);
	assert_string_equal(err.msg, "no position 1: the prompt has positions 0 to 0");
	world_ok(ct_session_clamp(w->s, &c, 1, NULL, NULL, &err), &err);
	assert_int_equal(ct_session_effects(w->s)->agreement.n, 0);
	/* The clamp holds from the first generated position on. */
	assert_int_equal(ct_session_generate(w->s, &gen, ids, 30, NULL, &err), CONTEXT);
	gen.clamped = true;
	assert_int_equal(ct_session_generate(w->s, &gen, ids, 30, NULL, &err), CONTEXT);
}

/* Generation stops at the end of the context, repeats with its seed, and leaves prompt and clamps alone. */
static void
test_generate(void **state)
{
	struct world *w = *state;
	struct ct_generate_options gen = { 0 };
	struct ct_top top[1];
	struct ct_error err = { 0 };
	struct ct_clamp c;
	int a[40], b[40], n;

	world_prompt(w->s, PROMPT);
	n = ct_session_generate(w->s, &gen, a, 40, NULL, &err);
	assert_int_equal(n, CONTEXT - T + 1);
	ct_session_top(w->s, CT_RUN_ORIGINAL, T - 1, top, 1);
	assert_int_equal(a[0], top[0].token);
	assert_int_equal(ct_session_generate(w->s, &gen, b, 3, NULL, &err), 3);
	assert_memory_equal(a, b, 3 * sizeof *a);
	assert_int_equal(ct_session_generate(w->s, &gen, b, 0, NULL, &err), 0);
	/*
	 * Without clamps in force "clamped" is the same text; with one the first token follows the clamped
	 * run.
	 */
	gen.clamped = true;
	assert_int_equal(ct_session_generate(w->s, &gen, b, n, NULL, &err), n);
	assert_memory_equal(a, b, (size_t)n * sizeof *a);
	world_ok(ct_session_parse_clamp(w->s, "L1#43@*=-13", &c, &err), &err);
	world_ok(ct_session_clamp(w->s, &c, 1, NULL, NULL, &err), &err);
	assert_int_equal(ct_session_generate(w->s, &gen, b, n, NULL, &err), n);
	ct_session_top(w->s, CT_RUN_CLAMPED, T - 1, top, 1);
	assert_int_equal(b[0], top[0].token);
	assert_memory_not_equal(a, b, (size_t)n * sizeof *a);
	gen.clamped = false;
	assert_int_equal(ct_session_generate(w->s, &gen, b, n, NULL, &err), n);
	assert_memory_equal(a, b, (size_t)n * sizeof *a);
	gen.temperature = 1;
	gen.seed = 3;
	assert_int_equal(ct_session_generate(w->s, &gen, a, n, NULL, &err), n);
	assert_int_equal(ct_session_generate(w->s, &gen, b, n, NULL, &err), n);
	assert_memory_equal(a, b, (size_t)n * sizeof *a);
	gen.seed = 4;
	assert_int_equal(ct_session_generate(w->s, &gen, b, n, NULL, &err), n);
	assert_memory_not_equal(a, b, (size_t)n * sizeof *a);
	assert_int_equal(ct_session_length(w->s), T);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_prompt),
		WORLD_TEST(test_bad_prompts),
		WORLD_TEST(test_no_prompt),
		WORLD_TEST(test_top),
		WORLD_TEST(test_activations),
		WORLD_TEST(test_every_position),
		WORLD_TEST(test_targets),
		WORLD_TEST(test_bad_traces),
		WORLD_TEST(test_prune),
		WORLD_TEST(test_undo),
		WORLD_TEST(test_bad_clamps),
		WORLD_TEST(test_trace_under_clamps),
		WORLD_TEST(test_one_token),
		WORLD_TEST(test_generate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
