/* cmd_ask: commands that ask about the graph, each answered by a view; see cmd_exec.h. */
#include "tui/language/cmd_exec.h"

#include <stdio.h>
#include <string.h>

#include "tui/app.h"
#include "tui/view/compare.h"
#include "tui/view/heads.h"
#include "tui/view/inactive.h"
#include "tui/view/judge.h"
#include "tui/view/paths.h"
#include "tui/view/qk.h"
#include "tui/view/view.h"
#include "tui/view/weights.h"

int
do_card(struct app *a, const char *arg)
{
	struct ct_clamp f;
	struct ct_error err;
	int node;

	if (*arg) {
		struct ct_pin p;

		if (ct_session_parse_pin(a->study.session, arg, &p, &err) < 0)
			return app_error(a, &err);
		f = (struct ct_clamp){ .layer = p.kind == CT_NODE_FEATURE ? p.layer : -1, .feature = p.index,
			.pos = p.pos };
	} else if (!cmd_feature(a, &f)) {
		f.layer = -1;
	}
	if (f.layer < 0 || f.pos < 0)
		return app_fail(a, "card: expected a feature at a position, such as L1#249@8; or select a "
		    "feature first");
	node = ct_graph_find(a->study.graph, CT_NODE_FEATURE, f.layer, f.pos, f.feature);
	if (node >= 0) {
		view_select(a, node);
	} else {
		a->study.absent = (struct ct_node){ .kind = CT_NODE_FEATURE, .layer = f.layer, .pos = f.pos,
			.index = f.feature, .other = -1 };
		a->study.has_absent = true;
		view_changed(a, CHANGED_NODE);
	}
	view_show(a, VIEW_CARD);
	return DID_CHANGE;
}

int
do_compare(struct app *a, const char *arg)
{
	return compare_show(a, arg);
}

int
do_paths(struct app *a, const char *arg)
{
	int n = 0;

	if (*arg && (!cmd_parse_int(arg, &n) || n < 1 || n > PATHS_MOST))
		return app_fail(a, "paths: expected how many, 1 to %d; found \"%.60s\"", PATHS_MOST, arg);
	return paths_show(a, n);
}

/* The word "to" outside of quotes; what is before it goes to `from`. NULL: there is none. */
static const char *
find_to(const char *arg, char *from, size_t size)
{
	bool quoted = false;

	for (const char *p = arg; *p; p++) {
		quoted ^= *p == '"';
		if (quoted || strncmp(p, "to ", 3) != 0 || (p > arg && p[-1] != ' '))
			continue;
		snprintf(from, size, "%.*s", (int)(p > arg ? p - arg - 1 : 0), arg);
		return p + 3 + strspn(p + 3, " ");
	}
	snprintf(from, size, "%s", arg);
	return NULL;
}

int
do_heads(struct app *a, const char *arg)
{
	struct ct_heads_question q;
	struct ct_error err;
	char from[STUDY_NAME];
	const char *to;

	if (!*arg)
		return heads_show(a, NULL);
	if (strlen(arg) >= sizeof from)
		return app_fail(a, "heads: expected [FROM] [to NODE], such as @Dallas to L1#3@8");
	to = find_to(arg, from, sizeof from);
	if (strcmp(from, "all") == 0 && !to)
		from[0] = '\0';
	if (ct_session_parse_heads(a->study.session, *from ? from : NULL, to, &q, &err))
		return app_error(a, &err);
	return heads_show(a, &q);
}

int
do_qk(struct app *a, const char *arg)
{
	const char *query = NULL, *key = NULL;
	struct ct_qk_question q;
	char word[3][64] = { "", "", "" };
	struct ct_error err;
	int n = 0;

	if (!*arg)
		return qk_show(a, NULL);
	if (strcmp(arg, "next") == 0 || strcmp(arg, "back") == 0)
		return qk_turn(a, *arg == 'n' ? 1 : -1);
	for (; *arg && n < 3; n++) {
		size_t size = strcspn(arg, " ");

		snprintf(word[n], sizeof word[n], "%.*s", (int)size, arg);
		arg += size;
		arg += strspn(arg, " ");
	}
	if (*arg)
		return app_fail(a, "qk: expected a head, and perhaps two tokens, such as L1H2 @is @Dallas");
	if (n > 1)
		key = word[n - 1];
	if (n > 2)
		query = word[1];
	if (ct_session_parse_qk(a->study.session, word[0], query, key, &q, &a->study.job, &err))
		return app_error(a, &err);
	return qk_show(a, &q);
}

int
do_judge(struct app *a, const char *arg)
{
	if (*arg && strcmp(arg, "pins") != 0 && strcmp(arg, "graph") != 0)
		return app_fail(a, "judge: expected pins, graph, or nothing; found \"%.60s\"", arg);
	return judge_show(a, !*arg ? JUDGE_EITHER : *arg == 'p' ? JUDGE_PINS : JUDGE_GRAPH);
}

int
do_inactive(struct app *a, const char *arg)
{
	struct ct_heads_question q = { .pos = -1 };
	struct ct_error err;
	char place[STUDY_NAME];

	if (*arg) {
		snprintf(place, sizeof place, "%s%.120s", *arg == '@' ? "" : "@", arg);
		if (ct_session_parse_heads(a->study.session, place, NULL, &q, &err))
			return app_error(a, &err);
	}
	return inactive_show(a, q.pos);
}

/* A feature as FEATURE@8; without a place it is at the chosen token. */
static int
parse_feature(struct app *a, const char *arg, struct ct_clamp *out, struct ct_error *err)
{
	const char *quote = strrchr(arg, '"');
	int start = ct_session_start(a->study.session);
	char text[STUDY_NAME];
	struct ct_pin p;
	int code;

	snprintf(text, sizeof text, "%.200s", arg);
	if (!strchr(quote ? quote : arg, '@'))
		snprintf(text, sizeof text, "%.200s@%d", arg,
		    a->study.pos < start ? a->study.graph->pos : a->study.pos);
	code = ct_session_parse_pin(a->study.session, text, &p, err);
	if (code == CT_OK && p.kind != CT_NODE_FEATURE)
		code = ct_fail(err, CT_EINVAL, "weights: expected a feature, such as L1#249 or L1#249@8");
	*out = (struct ct_clamp){ .layer = p.layer, .feature = p.index, .pos = p.pos };
	return code;
}

int
do_weights(struct app *a, const char *arg)
{
	struct ct_clamp f;
	struct ct_error err;

	if (strcmp(arg, "next") == 0 || strcmp(arg, "back") == 0)
		return weights_turn(a, *arg == 'n' ? 1 : -1);
	if (*arg && parse_feature(a, arg, &f, &err) < 0)
		return app_error(a, &err);
	if (!*arg && !cmd_feature(a, &f))
		return app_fail(a, "only features have weights to others: select one, or name it as in "
		    "weights L1#249");
	return weights_show(a, &f);
}
