/* names: names of nodes, targets and clamps: writes and parses them. See ctrace.h. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/label.h"
#include "base/text.h"
#include "session/engine.h"

const char *
ct_engine_feature_name(const struct ct_engine *e, int layer, int feature, char *buf, size_t size)
{
	return e->source->feature_name(e, layer, feature, buf, size);
}

/* A pin of the file that names no node of it. */
static int
absent_text(const struct ct_graph_file *f, const struct ct_node *n, char *buf, size_t size)
{
	char clean[200];

	ct_text_clean(clean, sizeof clean, f->absent[n->index], strlen(f->absent[n->index]));
	return snprintf(buf, size, "absent \"%s\"", clean);
}

int
ct_session_node_text(const struct ct_session *s, const struct ct_node *n, char *buf, size_t size)
{
	const struct ct_engine *e = s->e;
	const char *label = n->kind == CT_NODE_TARGET ? ct_target_label(n->target) :
	    ct_node_traits(n->kind)->label;
	char name[256];

	switch (n->kind) {
	case CT_NODE_OTHER:
		if (n->layer == CT_PIN_ABSENT)
			return absent_text(e->file, n, buf, size);
		/* fall through */
	case CT_NODE_FEATURE:
		return snprintf(buf, size, "%s@%d",
		    ct_engine_feature_name(e, n->layer, n->index, name, sizeof name),
		    n->pos);
	case CT_NODE_ERROR:
		return snprintf(buf, size, "%sL%d@%d", label, n->layer, n->pos);
	case CT_NODE_EMBEDDING:
		return snprintf(buf, size, "%s\"%s\"@%d", label, ct_engine_token(e, n->index), n->pos);
	case CT_NODE_TARGET:
		break;
	}
	switch (n->target) {
	case CT_TARGET_FEATURE:
		return snprintf(buf, size, "%sL%d#%d@%d", label, n->layer, n->index, n->pos);
	case CT_TARGET_DIFFERENCE:
		return snprintf(buf, size, "%s\"%s\" - \"%s\"", label, ct_engine_token(e, n->index),
		    ct_engine_token(e, n->other));
	case CT_TARGET_LOGIT:
		break;
	}
	return snprintf(buf, size, "%s\"%s\"", label, ct_engine_token(e, n->index));
}

const char *
ct_engine_label_short(const struct ct_engine *e, int layer, int feature, char *buf, size_t size, bool *guess)
{
	bool is_mixed = ct_label_short(buf, size, ct_engine_label(e, layer, feature));

	/* worse than this, what the feature writes says more */
	if (is_mixed && size > 0 && ct_engine_label_f1(e, layer, feature) < CT_GUESS_F1)
		*buf = '\0';
	if (guess)
		*guess = is_mixed;
	return buf;
}

int
ct_session_node_name(const struct ct_session *s, int node, char *buf, size_t size)
{
	return ct_session_node_text(s, &s->graph->nodes[node], buf, size);
}

int
ct_engine_other_spelling(const struct ct_engine *e, int token)
{
	size_t n = 0, other;
	const char *text = e->tokenizer ? ct_tokenizer_text(e->tokenizer, token, &n) : NULL, *found;
	char spaced[512];
	int id;

	if (!text || !e->info.spaced || n + 2 > sizeof spaced)
		return -1;
	snprintf(spaced, sizeof spaced, " %.*s", (int)n, text);
	id = ct_tokenizer_find(e->tokenizer, *text == ' ' ? text + 1 : spaced);
	found = id < 0 || id == token ? NULL : ct_tokenizer_text(e->tokenizer, id, &other);
	if (!found || other != (*text == ' ' ? n - 1 : n + 1))
		return -1;
	return id;
}

/*
 * The token that a target's text names: as written; with a blank before it, if that token is likelier at pos;
 * or #ID, for a token whose text cannot be typed. -1: none.
 */
static int
target_token(struct ct_session *s, const char *text, int pos)
{
	int id = ct_tokenizer_find(s->e->tokenizer, text), other;
	long given;

	if (id < 0 && *text == '#' && ct_text_long(text + 1, &given) && given >= 0 &&
	    given < s->e->model->cfg.V)
		return (int)given;
	other = id < 0 || *text == ' ' ? -1 : ct_engine_other_spelling(s->e, id);
	pos = pos < 0 ? s->T - 1 : pos;
	if (other < 0 || pos < 0 || pos >= s->T)
		return id;
	return ct_session_prob(s, CT_RUN_ORIGINAL, pos, other) > ct_session_prob(s, CT_RUN_ORIGINAL, pos,
	    id) ? other : id;
}

/*
 * Reads TOK-TOK. Tokens may contain hyphens, so it takes the first hyphen that leaves a token on both sides.
 */
static bool
read_difference(struct ct_session *s, const char *text, struct ct_targets *out)
{
	char left[512];

	for (const char *h = strchr(text, '-'); h; h = strchr(h + 1, '-')) {
		size_t n = (size_t)(h - text);
		int a, b;

		if (n == 0 || n >= sizeof left || !h[1])
			continue;
		memcpy(left, text, n);
		left[n] = '\0';
		a = target_token(s, left, out->pos);
		b = target_token(s, h + 1, out->pos);
		if (a >= 0 && b >= 0) {
			out->list[out->n++] = (struct ct_target){
				.kind = CT_TARGET_DIFFERENCE, .pos = out->pos, .index = a, .other = b
			};
			return true;
		}
	}
	return false;
}

int
ct_session_parse_targets(
    struct ct_session *s, const char *text, int pos, struct ct_targets *out, struct ct_error *err)
{
	const char *p = text;
	char word[512];
	int code = ct_engine_need_model(s->e, err);

	if (code < 0)
		return code;
	*out = (struct ct_targets){ .pos = pos };
	if (p[0] == 'L' && isdigit((unsigned char)p[1]) && strchr(p, '#')) {
		struct ct_clamp f;

		if ((code = ct_session_read_feature(s, text, &p, &f, err)) < 0)
			return code;
		if (*p || f.pos < 1 || f.onwards)
			return ct_fail(err, CT_EINVAL, "a target feature needs one position, as in L1#249@8");
		out->list[out->n++] = (struct ct_target){ .kind = CT_TARGET_FEATURE, .layer = f.layer,
			.pos = f.pos, .index = f.feature, .other = -1 };
		return CT_OK;
	}
	if (ct_tokenizer_find(s->e->tokenizer, text) < 0 && read_difference(s, text, out))
		return CT_OK;
	while (*p) {
		size_t n = strcspn(p, ",");
		int id;

		if (n == 0 || n >= sizeof word)
			return ct_fail(err, CT_EINVAL,
			    "expected tokens as TOK, TOK,TOK or A-B, or a feature as L1#249@8");
		memcpy(word, p, n);
		word[n] = '\0';
		if ((id = target_token(s, word, pos)) < 0 && (id = ct_engine_find_token(s->e, word, err)) < 0)
			return id;
		if (out->n == CT_MAX_TARGETS)
			return ct_fail(err, CT_EINVAL, "more than %d targets", CT_MAX_TARGETS);
		for (int i = 0; i < out->n; i++)
			if (out->list[i].index == id)
				return ct_fail(err, CT_EINVAL, "the target \"%s\" is named twice",
				    ct_engine_token(s->e, id));
		out->list[out->n++] =
		    (struct ct_target){ .kind = CT_TARGET_LOGIT, .pos = pos, .index = id, .other = -1 };
		p += n + (p[n] == ',');
	}
	if (out->n == 0)
		return ct_fail(
		    err, CT_EINVAL, "expected tokens as TOK, TOK,TOK or A-B, or a feature as L1#249@8");
	return CT_OK;
}

int
ct_prune_parse(const char *text, double *node_threshold, double *edge_threshold, struct ct_error *err)
{
	char part[64], clean[120];
	double node, edge = *edge_threshold;
	size_t n = strcspn(text, ",");

	if (n < sizeof part) {
		memcpy(part, text, n);
		part[n] = '\0';
		if (ct_text_double(part, &node) && node > 0 && node <= 1 &&
		    (!text[n] || (ct_text_double(text + n + 1, &edge) && edge > 0 && edge <= 1))) {
			*node_threshold = node;
			*edge_threshold = edge;
			return CT_OK;
		}
	}
	ct_text_clean(clean, sizeof clean, text, strlen(text));
	return ct_fail(err, CT_EINVAL, "expected NODE or NODE,EDGE above 0 and up to 1, such as 0.8,0.98; "
	    "found \"%s\"", clean);
}

int
ct_session_find_node(const struct ct_session *s, const char *name, struct ct_error *err)
{
	const struct ct_graph *g = s->graph;
	char text[1200], clean[120];
	struct ct_pin p;
	int code;

	if (!g)
		return ct_session_no_graph(err);
	for (int i = 0; i < g->n_nodes; i++) {
		ct_session_node_text(s, &g->nodes[i], text, sizeof text);
		if (strcmp(text, name) == 0)
			return i;
	}
	if ((code = ct_session_parse_pin(s, name, &p, err)) < 0)
		return code;
	if ((code = ct_pin_node(g, &p)) >= 0)
		return code;
	ct_text_clean(clean, sizeof clean, name, strlen(name));
	return ct_fail(err, CT_ENOTFOUND,
	    "no node \"%s\" in this graph: a feature is in it where it is active", clean);
}
