/*
 * What nodes, targets, clamps and labels are called, in both directions, and every way to get it wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

#define NO_FEATURE "names no feature; expected L1#249@8, L1#249@8.., L1#249@* or \"label\"@8, where a " \
	"token may stand for 8"

static void
test_parse_target(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *message;
	} bad[] = {
		{ "", CT_EINVAL, "expected tokens as TOK, TOK,TOK or A-B, or a feature as L1#249@8" },
		{ ",", CT_EINVAL, "expected tokens as TOK, TOK,TOK or A-B, or a feature as L1#249@8" },
		{ "w1,,w2", CT_EINVAL, "expected tokens as TOK, TOK,TOK or A-B, or a feature as L1#249@8" },
		{ "w1,w1", CT_EINVAL, "the target \"w1\" is named twice" },
		{ "w1-", CT_ENOTFOUND, NULL },
		{ "-w1", CT_ENOTFOUND, NULL },
		{ "w1-w77", CT_ENOTFOUND, NULL },
		{ "Dallas", CT_ENOTFOUND, "\"Dallas\" is not a token of this model" },
		{ "L1", CT_ENOTFOUND, "\"L1\" is not a token of this model; nearest: \"w1\"" },
		{ "Lw#1", CT_ENOTFOUND, NULL },
		{ "#40", CT_ENOTFOUND, NULL },
		{ "#3,w3", CT_EINVAL, "the target \"w3\" is named twice" },
		{ "L1#2", CT_EINVAL,
		    "\"L1#2\" " NO_FEATURE },
		{ "L1#2@*", CT_EINVAL, "a target feature needs one position, as in L1#249@8" },
		{ "L1#2@3..", CT_EINVAL, "a target feature needs one position, as in L1#249@8" },
		{ "L1#2@3x", CT_EINVAL, "a target feature needs one position, as in L1#249@8" },
		{ "L1#2@0", CT_EINVAL, "position 0 is BOS, which has no features: positions start at 1" },
		{ "L3#2@1", CT_ENOTFOUND, "no layer 3: this model has layers 0 to 2" },
		{ "L1#48@1", CT_ENOTFOUND, "no feature L1#48: layer 1 has features 0 to 47" },
		{ "L1#2@9", CT_ENOTFOUND, "no position 9: the prompt has positions 0 to 8" },
	};
	struct world *w = *state;
	struct ct_error err = { 0 };
	struct ct_targets t;

	world_prompt(w->s, PROMPT);
	world_ok(ct_session_parse_targets(w->s, "w3", 5, &t, &err), &err);
	assert_true(t.n == 1 && ct_target_same(&t.list[0], &(struct ct_target){ .pos = 5, .index = 3 }));
	world_ok(ct_session_parse_targets(w->s, "w3,w4,<bos>", -1, &t, &err), &err);
	assert_int_equal(t.n, 3);
	assert_true(ct_target_same(&t.list[1], &(struct ct_target){ .pos = -1, .index = 4 }));
	assert_true(ct_target_same(&t.list[2], &(struct ct_target){ .pos = -1, .index = 0 }));
	world_ok(ct_session_parse_targets(w->s, "w3-w14", 2, &t, &err), &err);
	assert_true(t.n == 1 && ct_target_same(&t.list[0], &(struct ct_target){ .kind = CT_TARGET_DIFFERENCE,
		.pos = 2, .index = 3, .other = 14 }));
	/* tokens by their ids */
	world_ok(ct_session_parse_targets(w->s, "w3,#39,#0", -1, &t, &err), &err);
	assert_int_equal(t.n, 3);
	assert_true(ct_target_same(&t.list[1], &(struct ct_target){ .pos = -1, .index = 39 }));
	assert_true(ct_target_same(&t.list[2], &(struct ct_target){ .pos = -1, .index = 0 }));
	world_ok(ct_session_parse_targets(w->s, "#3-#14", 2, &t, &err), &err);
	assert_true(t.n == 1 && ct_target_same(&t.list[0], &(struct ct_target){ .kind = CT_TARGET_DIFFERENCE,
		.pos = 2, .index = 3, .other = 14 }));
	world_ok(ct_session_parse_targets(w->s, "L2#47@8", 3, &t, &err), &err);
	assert_true(t.n == 1 && ct_target_same(&t.list[0], &(struct ct_target){ .kind = CT_TARGET_FEATURE,
		.layer = 2, .pos = 8, .index = 47 }));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(ct_session_parse_targets(w->s, bad[i].text, -1, &t, &err), bad[i].code);
		if (bad[i].message)
			assert_string_equal(err.msg, bad[i].message);
	}
}

/* Every node is found again by its name, for every kind of target. */
static void
test_names(void **state)
{
	static const char *const targets[] = { NULL, "w3,w26,<bos>", "w10-w26", "L2#8@8", "L1#0@3" };
	static const char *const bad[] = { "", "L1#43", "L1#43@*", "L1#43@8..", "L1#43@8 ", "error L9@8",
		"input \"w1\"@1", "output \"nothing\"", "L0#0@8x" };
	struct world *w = *state;
	struct ct_error err = { 0 };

	world_prompt(w->s, PROMPT);
	for (size_t k = 0; k < sizeof targets / sizeof *targets; k++) {
		struct ct_trace_options opt = { .targets = { .pos = -1 } };
		const struct ct_graph *g;

		if (targets[k])
			world_ok(ct_session_parse_targets(w->s, targets[k], -1, &opt.targets, &err), &err);
		g = world_trace(w->s, &opt);
		for (int i = 0; i < g->n_nodes; i++) {
			char name[80], small[6];
			int n = ct_session_node_name(w->s, i, name, sizeof name);

			assert_int_equal(n, strlen(name));
			assert_int_equal(ct_session_find_node(w->s, name, &err), i);
			if (name[0] == 'L' && g->nodes[g->n_nodes - 1].target != CT_TARGET_FEATURE) {
				name[0] = 'l';		/* which a target feature would answer to first */
				assert_int_equal(ct_session_find_node(w->s, name, &err), i);
				name[0] = 'L';
			}
			assert_int_equal(ct_session_node_name(w->s, i, small, sizeof small), n);
			assert_memory_equal(small, name, 5);
			assert_int_equal(small[5], '\0');
		}
		for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
			assert_true(ct_session_find_node(w->s, bad[i], &err) < 0);
	}
	assert_int_equal(ct_session_find_node(w->s, "no\033such", &err), CT_EINVAL);
	assert_string_equal(err.msg,
	    "\"no\\x1bsuch\" names no node; expected L1#249@8, error L1@8, input "
	    "\"Dallas\"@6 or output \"Austin\"");
	assert_true(ct_session_find_node(w->s, "l1#43@8", &err) >= 0);
}

/* A feature of a layer that is not active at a position. */
static int
inactive(const struct world *w, int layer, int pos)
{
	for (int f = 0; f < F; f++)
		if (ct_session_activation(w->s, layer, f, pos) == 0)
			return f;
	fail_msg("every feature is active");
	return -1;
}

static void
check_fails(const struct world *w, const char *text, int code, const char *message)
{
	struct ct_clamp many[4];
	struct ct_error err = { 0 };

	assert_int_equal(ct_session_parse_clamps(w->s, text, many, 4, &err), code);
	assert_string_equal(err.msg, message);
}

/* A label stands for its features that are active at the place. */
static void
test_labels(void **state)
{
	struct world *w = *state;
	struct ct_error err = { 0 };
	struct ct_clamp c, many[4];

	world_prompt(w->s, PROMPT);
	assert_string_equal(ct_engine_label(w->e, 1, 43), "");
	world_ok(ct_engine_set_label(w->e, 1, 43, "bridge Texas", &err), &err);
	assert_string_equal(ct_engine_label(w->e, 1, 43), "bridge Texas");
	assert_true(isnan(ct_engine_label_f1(w->e, 1, 43)));
	world_ok(ct_session_parse_clamp(w->s, "\"Texas\"@8x0", &c, &err), &err);
	assert_true(c.layer == 1 && c.feature == 43 && c.pos == 8 && c.unit == CT_MULTIPLE && c.amount == 0);
	world_trace(w->s, NULL);
	assert_int_equal(ct_session_find_node(w->s, "\"Texas\"@8", &err),
	    ct_graph_find(ct_session_graph(w->s), CT_NODE_FEATURE, 1, 8, 43));
	/* One that is not active there is not meant; one that is makes two of them. */
	world_ok(ct_engine_set_label(w->e, 2, inactive(w, 2, 8), "Texas", &err), &err);
	world_ok(ct_session_parse_clamp(w->s, "\"Texas\"@8=1", &c, &err), &err);
	assert_true(c.layer == 1 && c.feature == 43);
	world_ok(ct_engine_set_label(w->e, 2, 8, "in Texas", &err), &err);
	for (int i = 0; i < 3; i++) {
		static const char *const texts[] = { "\"Texas\"@8x2", "\"texas\"*@8x2",
		    "\"Texas\">.9@w17x2" };

		assert_int_equal(ct_session_parse_clamps(w->s, texts[i], many, 4, &err), 2);
		assert_true(many[0].layer == 1 && many[0].feature == 43 && many[0].pos == 8);
		assert_true(many[1].layer == 2 && many[1].feature == 8 && many[1].pos == 8);
		assert_true(many[0].unit == CT_MULTIPLE && many[1].amount == 2);
	}
	world_ok(ct_session_parse_clamp(w->s, "\"=in Texas\"@8=1", &c, &err), &err);
	assert_true(c.layer == 2 && c.feature == 8);
	world_ok(ct_session_parse_clamp(w->s, "\"Texas bridge\"@8=1", &c, &err), &err);
	assert_true(c.layer == 1 && c.feature == 43);
	/* Where one is expected. */
	assert_int_equal(ct_session_parse_clamps(w->s, "\"Texas\"@8x2", many, 1, &err), CT_EINVAL);
	assert_string_equal(err.msg, "\"\"Texas\"@8x2\" names more than 1 feature: one is expected here");
	assert_int_equal(ct_session_find_node(w->s, "\"Texas\"@8", &err), CT_EINVAL);
	assert_string_equal(err.msg, "2 features fit \"Texas\": give one of them, L1#43, L2#8");
	check_fails(w, "\"Mars\n\"@8=1", CT_ENOTFOUND, "no feature has a label that fits \"Mars\u23ce\"");
	check_fails(w, "\"Tex\"@8=1", CT_ENOTFOUND, "no feature has a label that fits \"Tex\"; did you mean "
	    "\"in Texas\"?");
	check_fails(w, "\"\"@8=1", CT_EINVAL, "\"\" names no label: expected words of a label, as "
	    "\"Texas\", or a whole label, as \"=bridge Texas\"");
	assert_int_equal(ct_engine_set_label(w->e, 3, 0, "x", &err), CT_ENOTFOUND);
	assert_string_equal(err.msg, "no feature L3#0 to label");
	world_ok(ct_engine_set_label(w->e, 1, 43, "", &err), &err);
	assert_string_equal(ct_engine_label(w->e, 1, 43), "");
}

/* Where no feature of a label is active, they can be set, but a multiple of nothing is nothing. */
static void
test_inactive_labels(void **state)
{
	struct world *w = *state;
	struct ct_error err = { 0 };
	struct ct_clamp many[4];
	int f, pos = -1;

	world_prompt(w->s, PROMPT);
	f = inactive(w, 0, 8);
	for (int t = 1; t < 8; t++)
		if (ct_session_activation(w->s, 0, f, t) != 0)
			pos = t;
	world_ok(ct_engine_set_label(w->e, 0, f, "quiet", &err), &err);
	assert_int_equal(ct_session_parse_clamps(w->s, "\"quiet\"@8=3", many, 4, &err), 1);
	assert_true(many[0].layer == 0 && many[0].feature == f && many[0].pos == 8);
	assert_int_equal(ct_session_parse_clamps(w->s, "\"quiet\"@8+1", many, 4, &err), 1);
	if (pos > 0)
		check_fails(w, "\"quiet\"@8x0", CT_ENOTFOUND,
		    "no feature active at 8 fits \"quiet\"; elsewhere in this prompt 1 does");
	else
		check_fails(w, "\"quiet\"@8x0", CT_ENOTFOUND,
		    "no feature active at 8 fits \"quiet\"; of the model's features 1 does, and can be set "
		    "to a value there, as in \"quiet\"@8=2");
}

/* A token of the prompt is a place, where the prompt has it once. */
static void
test_token_scopes(void **state)
{
	static const char no_token[] = ": the prompt has no such token; a place is one of its tokens, a "
	    "position such as @8, @8.. (from there on) or @* (everywhere)";
	struct world *w = *state;
	struct ct_error err = { 0 };
	struct ct_clamp c;
	char want[200];

	world_prompt(w->s, PROMPT);
	world_ok(ct_session_parse_clamp(w->s, "L1#43@w31x0", &c, &err), &err);
	assert_true(c.pos == 7 && !c.onwards && c.amount == 0);
	world_ok(ct_session_parse_clamp(w->s, "L1#43@w31..-2.5", &c, &err), &err);
	assert_true(c.pos == 7 && c.onwards && c.unit == CT_DELTA && c.amount == -2.5);
	world_ok(ct_session_parse_clamp(w->s, "L1#43@\"w31\"=2", &c, &err), &err);
	assert_true(c.pos == 7 && c.unit == CT_ABSOLUTE);
	snprintf(want, sizeof want, "@w3%s", no_token);
	check_fails(w, "L1#43@w3=1", CT_ENOTFOUND, want);
	snprintf(want, sizeof want, "@Dallas%s", no_token);
	check_fails(w, "L1#43@Dallas=1", CT_ENOTFOUND, want);
	world_prompt(w->s, "w9 w7 w9 w9");
	check_fails(w, "L1#43@w9=1", CT_EINVAL, "@w9: this token is at positions 1, 3, 4: name one");
	world_ok(ct_session_parse_clamp(w->s, "L1#43@w9/3=1", &c, &err), &err);
	assert_int_equal(c.pos, 3);
	world_ok(ct_session_parse_clamp(w->s, "L1#43@w9/4..x0", &c, &err), &err);
	assert_true(c.pos == 4 && c.onwards);
	snprintf(want, sizeof want, "@w9/2%s", no_token);
	check_fails(w, "L1#43@w9/2=1", CT_ENOTFOUND, want);
	world_ok(ct_session_parse_clamp(w->s, "L1#43@w7=1", &c, &err), &err);
	assert_int_equal(c.pos, 2);
}

/* However often a feature is active, @* counts it once; no scope at all is @*. */
static void
test_label_everywhere(void **state)
{
	struct world *w = *state;
	struct ct_error err = { 0 };
	struct ct_clamp c;
	struct ct_reach r;
	int best = 0, most = 0, kept = 0;

	world_prompt(w->s, PROMPT);
	world_trace(w->s, NULL);
	for (int f = 0; f < F; f++) {
		int n = 0;

		for (int t = 0; t < T; t++)
			n += ct_session_activation(w->s, 1, f, t) != 0;
		if (n > most) {
			best = f;
			most = n;
		}
	}
	assert_true(most > 1);
	for (int i = 0; i < ct_session_graph(w->s)->n_features; i++) {
		const struct ct_node *n = &ct_session_graph(w->s)->nodes[i];

		kept += n->layer == 1 && n->index == best && n->kept;
	}
	world_ok(ct_engine_set_label(w->e, 1, best, "often", &err), &err);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ct_session_parse_clamps(w->s, i ? "\"often\"=1" : "\"often\"@*=1", &c, 1,
		    &err), 1);
		assert_true(c.layer == 1 && c.feature == best && c.pos == CT_ALL_POSITIONS);
	}
	c.unit = CT_MULTIPLE;
	r = ct_session_reach(w->s, &c, 1);
	assert_true(r.places == most && r.active == most && r.kept == kept);
	c.unit = CT_ABSOLUTE;
	r = ct_session_reach(w->s, &c, 1);
	assert_true(r.places == T - 1 && r.active == most && r.kept == kept);
}

/*
 * What clamps reach: each place once, none that is off or beyond the prompt, none that a multiple leaves at
 * 0.
 */
static void
test_reach(void **state)
{
	static const struct {
		struct ct_clamp c;
		int places;
	} list[] = {
		{ { 1, 43, 8, false, CT_MULTIPLE, 0, false }, 1 },
		{ { 1, 43, 8, false, CT_MULTIPLE, 0, true }, 0 },
		{ { 1, 43, 20, true, CT_ABSOLUTE, 5, false }, 0 },
		{ { 1, 43, 7, true, CT_ABSOLUTE, 5, false }, 2 },
		{ { 1, 43, CT_ALL_POSITIONS, false, CT_DELTA, 1, false }, T - 1 },
	};
	struct world *w = *state;
	struct ct_clamp both[3] = { list[0].c, list[3].c, list[0].c };
	struct ct_clamp quiet = { .layer = 2, .pos = 8, .unit = CT_MULTIPLE, .amount = 2 };
	struct ct_reach r;

	world_prompt(w->s, PROMPT);
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		assert_int_equal(ct_session_reach(w->s, &list[i].c, 1).places, list[i].places);
	r = ct_session_reach(w->s, both, 3);
	assert_true(r.places == 2 && r.kept == 0 && r.features == 1);
	world_trace(w->s, NULL);
	assert_int_equal(ct_session_reach(w->s, both, 1).kept,
	    ct_session_graph(w->s)->nodes[ct_graph_find(ct_session_graph(w->s), CT_NODE_FEATURE, 1, 8,
	    43)].kept);
	quiet.feature = inactive(w, 2, 8);
	assert_int_equal(ct_session_reach(w->s, &quiet, 1).places, 0);
	quiet.unit = CT_DELTA;
	r = ct_session_reach(w->s, &quiet, 1);
	assert_true(r.places == 1 && r.active == 0);
	quiet.amount = 0;
	assert_int_equal(ct_session_reach(w->s, &quiet, 1).places, 0);
}

static const char feature[] = NO_FEATURE;
static const char strength[] = "the strength is missing or not a number; write =0 (value), x-1 (multiple), "
    "+2.5 or -2.5 (change)";

static const struct {
	const char *text;
	const char *message;
} parse_clamp_bad[] = {
	{ "", feature },
	{ "43@8=0", feature },
	{ "L#43@8=0", feature },
	{ "L1@8=0", feature },
	{ "L1#@8=0", feature },
	{ "L1#43=0", feature },
	{ "L1#43@=0", feature },
	{ "L1#-3@8=0", feature },
	{ "L1#43@-8=0", feature },
	{ "\"Texas@8=0", feature },
	{ "L99999999999#1@8=0", feature },
	{ "L1#43@8", strength },
	{ "L1#43@8=", strength },
	{ "L1#43@8x", strength },
	{ "L1#43@8+", strength },
	{ "L1#43@8=1 ", strength },
	{ "L1#43@8= 1", strength },
	{ "L1#43@8=nan", strength },
	{ "L1#43@8=inf", strength },
	{ "L1#43@8x-inf", strength },
	{ "L1#43@8=1e999", strength },
	{ "L1#43@8*2", strength },
	{ "L1#43@8=1x", strength },
	{ "L1#43@8.=0", strength },
	{ "L1#43@8=0x10", strength },
};

static void
test_parse_clamp(void **state)
{
	static const struct {
		const char *text;
		struct ct_clamp want;
		const char *again;
	} good[] = {
		{ "L1#43@8=0", { 1, 43, 8, false, CT_ABSOLUTE, 0, false }, NULL },
		{ "L1#43@*x-1", { 1, 43, CT_ALL_POSITIONS, false, CT_MULTIPLE, -1, false }, NULL },
		{ "L0#0@8..+2.5", { 0, 0, 8, true, CT_DELTA, 2.5, false }, NULL },
		{ "L2#47@1-1e-3", { 2, 47, 1, false, CT_DELTA, -0.001, false }, "L2#47@1-0.001" },
		{ "l2#47@0..=-7", { 2, 47, 0, true, CT_ABSOLUTE, -7, false }, "L2#47@0..=-7" },
		{ "L1#43@99..x2", { 1, 43, 99, true, CT_MULTIPLE, 2, false }, NULL },
		{ "L1#43@8=0.333333333", { 1, 43, 8, false, CT_ABSOLUTE, 0.333333333, false }, NULL },
	};
	struct world *w = *state;
	struct ct_error err = { 0 };
	struct ct_clamp c;
	char text[120], want[400];

	world_prompt(w->s, PROMPT);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		world_ok(ct_session_parse_clamp(w->s, good[i].text, &c, &err), &err);
		assert_true(c.layer == good[i].want.layer && c.feature == good[i].want.feature &&
			    c.pos == good[i].want.pos && c.onwards == good[i].want.onwards &&
			    c.unit == good[i].want.unit && c.amount == good[i].want.amount && !c.off);
		ct_clamp_text(&c, text, sizeof text);
		assert_string_equal(text, good[i].again ? good[i].again : good[i].text);
	}
	for (size_t i = 0; i < sizeof parse_clamp_bad / sizeof *parse_clamp_bad; i++) {
		assert_int_equal(ct_session_parse_clamp(w->s, parse_clamp_bad[i].text, &c, &err), CT_EINVAL);
		snprintf(want, sizeof want, "\"%s\"%s%s", parse_clamp_bad[i].text,
		    parse_clamp_bad[i].message == strength ? ": " : " ", parse_clamp_bad[i].message);
		assert_string_equal(err.msg, want);
	}
	assert_int_equal(ct_session_parse_clamp(w->s, "L7#1@8=0", &c, &err), CT_ENOTFOUND);
	assert_int_equal(ct_session_parse_clamp(w->s, "L1#48@8=0", &c, &err), CT_ENOTFOUND);
	assert_int_equal(ct_session_parse_clamp(w->s, "L1#43@9=0", &c, &err), CT_ENOTFOUND);
	assert_string_equal(err.msg, "no position 9: the prompt has positions 0 to 8");
	assert_int_equal(ct_session_parse_clamp(w->s, "L1#43@0=0", &c, &err), CT_EINVAL);
}

/* Members with commas between have one strength; one without a scope has that of the next. */
static void
test_parse_clamps(void **state)
{
	static const struct {
		const char *text;
		int n;
		const char *clamps[4];
	} good[] = {
		{ "L1#43@8=0", 1, { "L1#43@8=0" } },
		{ "L1#43,L2#8@8x-1", 2, { "L1#43@8x-1", "L2#8@8x-1" } },
		{ "L0#3@2,L1#43,L2#8@8..+2.5", 3, { "L0#3@2+2.5", "L1#43@8..+2.5", "L2#8@8..+2.5" } },
		{ "L0#3@*, L2#8@8-1", 2, { "L0#3@*-1", "L2#8@8-1" } },
	};
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "L1#43,L2#8x0", "names no feature" },
		{ "L1#43@8,x0", "names no feature" },
		{ "L1#43@8,L2#8@8", "the strength is missing" },
		{ "L1#43@8,L9#8@8x0", "no layer 9" },
		{ "L1#1,L1#2,L1#3,L1#4,L1#5@8x0", "names more than 4 features" },
		{ "error L1@8=0", "an error node is what the features leave unexplained: only features can "
		    "be clamped" },
		{ "input \"w9\"@3x0", "an input is the prompt itself, which can be edited: only features" },
		{ "output \"w9\"=0",
		    "an output is what clamps are measured by: only features can be clamped" },
	};
	struct world *w = *state;
	struct ct_error err = { 0 };
	struct ct_clamp c[4];
	char text[120];

	world_prompt(w->s, PROMPT);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(ct_session_parse_clamps(w->s, good[i].text, c, 4, &err), good[i].n);
		for (int k = 0; k < good[i].n; k++) {
			ct_clamp_text(&c[k], text, sizeof text);
			assert_string_equal(text, good[i].clamps[k]);
		}
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_true(ct_session_parse_clamps(w->s, bad[i].text, c, 4, &err) < 0);
		if (!strstr(err.msg, bad[i].says))
			fail_msg("%s: %s", bad[i].text, err.msg);
	}
}

static void
test_parse_prune(void **state)
{
	static const char *const bad[] = { "", ",", "x", "0", "-0.5", "1.01", ".8,", ".8,0", ".8,1.5", ".8,x",
	    ".8,.9,1", ".8 ,.9", "nan", "inf", "1e-400", "\x1b[1m" };
	double node = 0, edge = .5;
	struct ct_error err;

	(void)state;
	assert_int_equal(ct_prune_parse("0.8", &node, &edge, &err), CT_OK);
	assert_true(node == .8 && edge == .5);
	assert_int_equal(ct_prune_parse("1,1", &node, &edge, &err), CT_OK);
	assert_true(node == 1 && edge == 1);
	assert_int_equal(ct_prune_parse(".25,1e-3", &node, &edge, &err), CT_OK);
	assert_true(node == .25 && edge == 1e-3);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(ct_prune_parse(bad[i], &node, &edge, &err), CT_EINVAL);
		assert_non_null(strstr(err.msg, "expected NODE or NODE,EDGE above 0 and up to 1"));
		assert_null(strchr(err.msg, '\x1b'));
		assert_true(node == .25 && edge == 1e-3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_parse_target),
		WORLD_TEST(test_names),
		WORLD_TEST(test_labels),
		WORLD_TEST(test_inactive_labels),
		WORLD_TEST(test_token_scopes),
		WORLD_TEST(test_label_everywhere),
		WORLD_TEST(test_reach),
		WORLD_TEST(test_parse_clamp),
		WORLD_TEST(test_parse_clamps),
		cmocka_unit_test(test_parse_prune),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
