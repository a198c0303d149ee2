/* names: what nodes, targets and clamps are called, in both directions. See ctrace.h. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine.h"

static int
node_text(const struct ct_session *s, const struct ct_node *n, char *buf, size_t size)
{
	const struct ct_engine *e = s->e;

	switch (n->kind) {
	case CT_NODE_FEATURE:
		return snprintf(buf, size, "L%d#%d@%d", n->layer, n->index, n->pos);
	case CT_NODE_ERROR:
		return snprintf(buf, size, "error L%d@%d", n->layer, n->pos);
	case CT_NODE_EMBEDDING:
		return snprintf(buf, size, "input \"%s\"@%d", ct_engine_token(e, n->index), n->pos);
	case CT_NODE_TARGET:
		break;
	}
	switch (n->target) {
	case CT_TARGET_FEATURE:
		return snprintf(buf, size, "target L%d#%d@%d", n->layer, n->index, n->pos);
	case CT_TARGET_DIFFERENCE:
		return snprintf(buf, size, "output \"%s\" - \"%s\"", ct_engine_token(e, n->index),
		    ct_engine_token(e, n->other));
	case CT_TARGET_LOGIT:
		break;
	}
	return snprintf(buf, size, "output \"%s\"", ct_engine_token(e, n->index));
}

int
ct_session_node_name(const struct ct_session *s, int node, char *buf, size_t size)
{
	return node_text(s, &s->graph->nodes[node], buf, size);
}

/* ---- reading */

/* A non-negative integer at *p, which moves behind it. */
static bool
read_int(const char **p, int *out)
{
	char *end;
	long v;

	if (!isdigit((unsigned char)**p))
		return false;
	errno = 0;
	v = strtol(*p, &end, 10);
	if (errno || v > 1 << 30)
		return false;
	*out = (int)v;
	*p = end;
	return true;
}

/*
 * The feature that carries a label, which must be unique. With a position, only features that are active there
 * are asked first: "Texas"@8 usually means the one that fires there.
 */
static int
find_label(const struct ct_session *s, const char *label, size_t n, int pos, struct ct_clamp *out,
    struct ct_error *err)
{
	const struct ct_engine *e = s->e;
	char clean[120];
	bool active;
	int found = 0;

	for (int i = 0; i < s->local.n; i++) {
		const struct ct_active *a = &s->local.active[i];
		const char *text = ct_engine_label(e, a->layer, a->feature);
		bool again = false;

		if ((pos >= 0 && a->pos != pos) || strlen(text) != n || strncmp(text, label, n) != 0)
			continue;
		/* Active at several positions it is still one feature. */
		for (int k = s->local.first[a->layer * s->T]; pos < 0 && k < i && !again; k++)
			again = s->local.active[k].feature == a->feature;
		if (again)
			continue;
		out->layer = a->layer;
		out->feature = a->feature;
		found++;
	}
	active = found > 0;
	for (int l = 0; l < e->coder->L && !active; l++)
		for (int f = 0; f < e->coder->layers[l].F; f++) {
			const char *text = ct_engine_label(e, l, f);

			if (strlen(text) == n && strncmp(text, label, n) == 0) {
				out->layer = l;
				out->feature = f;
				found++;
			}
		}
	if (found == 1)
		return CT_OK;
	ct_text_clean(clean, sizeof clean, label, n);
	if (found == 0)
		return ct_fail(err, CT_ENOTFOUND, "no feature is labelled \"%s\"", clean);
	return ct_fail(err, CT_EINVAL, "%d features%s are labelled \"%s\": name one as L1#249", found,
	    active ? " active here" : "", clean);
}

/* FEATURE@SCOPE at *p: layer, feature, pos, onwards. */
static int
read_feature(
    const struct ct_session *s, const char *all, const char **p, struct ct_clamp *out, struct ct_error *err)
{
	const char *label = NULL, *q = *p;
	size_t label_n = 0;
	char clean[120];

	*out = (struct ct_clamp){ .pos = CT_ALL_POSITIONS };
	if (*q == '"') {
		const char *end = strchr(q + 1, '"');

		if (!end)
			goto bad;
		label = q + 1;
		label_n = (size_t)(end - label);
		q = end + 1;
	} else {
		if (toupper((unsigned char)*q) != 'L')
			goto bad;
		q++;
		if (!read_int(&q, &out->layer) || *q++ != '#' || !read_int(&q, &out->feature))
			goto bad;
	}
	if (*q++ != '@')
		goto bad;
	if (*q == '*') {
		q++;
	} else {
		if (!read_int(&q, &out->pos))
			goto bad;
		if (q[0] == '.' && q[1] == '.') {
			out->onwards = true;
			q += 2;
		}
	}
	if (label) {
		int r = find_label(s, label, label_n, out->onwards ? -1 : out->pos, out, err);

		if (r < 0)
			return r;
	}
	if (out->layer >= s->e->coder->L)
		return ct_fail(err, CT_ENOTFOUND, "no layer %d: this model has layers 0 to %d", out->layer,
		    s->e->coder->L - 1);
	if (out->feature >= s->e->coder->layers[out->layer].F)
		return ct_fail(err, CT_ENOTFOUND, "no feature L%d#%d: layer %d has features 0 to %d",
		    out->layer, out->feature, out->layer, s->e->coder->layers[out->layer].F - 1);
	if (!out->onwards && out->pos != CT_ALL_POSITIONS && s->T && out->pos >= s->T)
		return ct_fail(err, CT_ENOTFOUND, "no position %d: the prompt has positions 0 to %d",
		    out->pos, s->T - 1);
	if (out->pos == 0 && !out->onwards)
		return ct_fail(
		    err, CT_EINVAL, "position 0 is BOS, which has no features: positions start at 1");
	*p = q;
	return CT_OK;
bad:
	ct_text_clean(clean, sizeof clean, all, strlen(all));
	return ct_fail(err, CT_EINVAL,
	    "\"%s\" names no feature; expected L1#249@8, L1#249@*, L1#249@8.. or \"label\"@8", clean);
}

int
ct_session_parse_clamp(
    const struct ct_session *s, const char *text, struct ct_clamp *out, struct ct_error *err)
{
	const char *p = text, *number;
	char clean[120];
	int r = read_feature(s, text, &p, out, err);

	if (r < 0)
		return r;
	number = p;
	switch (*p) {
	case '=':
		out->unit = CT_ABSOLUTE;
		number++;
		break;
	case 'x':
		out->unit = CT_MULTIPLE;
		number++;
		break;
	case '+':
	case '-':
		out->unit = CT_DELTA;
		break;
	default:
		goto bad;
	}
	if (!ct_text_double(number, &out->amount))
		goto bad;
	return CT_OK;
bad:
	ct_text_clean(clean, sizeof clean, text, strlen(text));
	return ct_fail(err, CT_EINVAL,
	    "\"%s\": the strength is missing or no number; write =0 (value), x-1 (multiple), +2.5 or -2.5 "
	    "(change)",
	    clean);
}

int
ct_clamp_text(const struct ct_clamp *c, char *buf, size_t size)
{
	char scope[32], strength[64];

	if (c->pos == CT_ALL_POSITIONS)
		snprintf(scope, sizeof scope, "*");
	else
		snprintf(scope, sizeof scope, "%d%s", c->pos, c->onwards ? ".." : "");
	switch (c->unit) {
	case CT_ABSOLUTE:
		snprintf(strength, sizeof strength, "=%.9g", c->amount);
		break;
	case CT_MULTIPLE:
		snprintf(strength, sizeof strength, "x%.9g", c->amount);
		break;
	case CT_DELTA:
		snprintf(strength, sizeof strength, "%+.9g", c->amount);
		break;
	}
	return snprintf(buf, size, "L%d#%d@%s%s", c->layer, c->feature, scope, strength);
}

/* TOK-TOK: at the hyphen that leaves a token on both sides, since tokens may have hyphens of their own. */
static bool
read_difference(const struct ct_session *s, const char *text, struct ct_target *out)
{
	char left[512];

	for (const char *h = strchr(text, '-'); h; h = strchr(h + 1, '-')) {
		size_t n = (size_t)(h - text);
		int a, b;

		if (n == 0 || n >= sizeof left || !h[1])
			continue;
		memcpy(left, text, n);
		left[n] = '\0';
		a = ct_tokenizer_find(s->e->tokenizer, left);
		b = ct_tokenizer_find(s->e->tokenizer, h + 1);
		if (a >= 0 && b >= 0) {
			out->kind = CT_TARGET_DIFFERENCE;
			out->n = 2;
			out->tokens[0] = a;
			out->tokens[1] = b;
			return true;
		}
	}
	return false;
}

int
ct_session_parse_target(
    const struct ct_session *s, const char *text, int pos, struct ct_target *out, struct ct_error *err)
{
	const char *p = text;
	char word[512];

	*out = (struct ct_target){ .kind = CT_TARGET_LOGIT, .pos = pos };
	if (p[0] == 'L' && isdigit((unsigned char)p[1]) && strchr(p, '#')) {
		struct ct_clamp f;
		int r = read_feature(s, text, &p, &f, err);

		if (r < 0)
			return r;
		if (*p || f.pos < 1 || f.onwards)
			return ct_fail(err, CT_EINVAL, "a target feature needs one position: L1#249@8");
		out->kind = CT_TARGET_FEATURE;
		out->layer = f.layer;
		out->feature = f.feature;
		out->pos = f.pos;
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
		if ((id = ct_engine_find_token(s->e, word, err)) < 0)
			return id;
		if (out->n == CT_MAX_TARGETS)
			return ct_fail(err, CT_EINVAL, "more than %d targets", CT_MAX_TARGETS);
		for (int i = 0; i < out->n; i++)
			if (out->tokens[i] == id)
				return ct_fail(err, CT_EINVAL, "the target \"%s\" is named twice",
				    ct_engine_token(s->e, id));
		out->tokens[out->n++] = id;
		p += n + (p[n] == ',');
	}
	if (out->n == 0)
		return ct_fail(
		    err, CT_EINVAL, "expected tokens as TOK, TOK,TOK or A-B, or a feature as L1#249@8");
	return CT_OK;
}

int
ct_session_find_node(const struct ct_session *s, const char *name, struct ct_error *err)
{
	const struct ct_graph *g = s->graph;
	char text[1200], clean[120];

	if (!g)
		return ct_fail(err, CT_EINVAL, "no graph yet: trace the prompt first");
	for (int i = 0; i < g->n_nodes; i++) {
		node_text(s, &g->nodes[i], text, sizeof text);
		if (strcmp(text, name) == 0)
			return i;
	}
	if (*name == '"' || toupper((unsigned char)*name) == 'L') {
		const char *p = name;
		struct ct_clamp f;
		int r = read_feature(s, name, &p, &f, err);

		if (r < 0)
			return r;
		r = f.pos > 0 && !f.onwards && !*p
			? ct_graph_find(g, CT_NODE_FEATURE, f.layer, f.pos, f.feature)
			: -1;
		if (r >= 0)
			return r;
	}
	ct_text_clean(clean, sizeof clean, name, strlen(name));
	return ct_fail(err, CT_ENOTFOUND,
	    "no node \"%s\" in this graph; expected L1#249@8, error L1@8, input \"Dallas\"@6 or output "
	    "\"Austin\"",
	    clean);
}
