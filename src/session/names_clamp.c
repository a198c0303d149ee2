/* names_clamp: what clamps and the features in them are called, in both directions. See ctrace.h. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "session/engine.h"

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

/* A feature, or the features of a label or a supernode, and where: one member of what a clamp names. */
struct member {
	const char *label;		/* in the text, n bytes; NULL: layer and feature are given */
	size_t n;
	bool all;			/* "label"*: all features of that label */
	int supernode;			/* that the name stands for; -1: none */
	bool scoped;
	struct ct_clamp c;
};

static bool
labelled(const struct ct_session *s, const struct member *m, int layer, int feature)
{
	const char *text = ct_engine_label(s->e, layer, feature);

	return strlen(text) == m->n && strncmp(text, m->label, m->n) == 0;
}

static void
take(const struct member *m, int layer, int feature, struct ct_clamp *out, int max, int *n)
{
	if (*n < max) {
		out[*n] = m->c;
		out[*n].layer = layer;
		out[*n].feature = feature;
	}
	++*n;
}

/* The same in a graph without a model: the features of the graph are all there are. */
static int
find_known_label(const struct ct_session *s, const struct member *m, struct ct_clamp *out, int max)
{
	int pos = m->c.onwards ? CT_ALL_POSITIONS : m->c.pos, n = 0;

	for (int i = 0; i < s->graph->n_features; i++) {
		const struct ct_node *x = &s->graph->nodes[i];
		bool again = false;

		if ((pos >= 0 && x->pos != pos) || !labelled(s, m, x->layer, x->index))
			continue;
		for (int k = 0; pos < 0 && k < i && !again; k++)
			again = s->graph->nodes[k].layer == x->layer && s->graph->nodes[k].index == x->index;
		if (!again)
			take(m, x->layer, x->index, out, max, &n);
	}
	return n;
}

/* Active features of the prompt; none before the first. */
static int
n_active(const struct ct_session *s)
{
	return s->prompt ? s->prompt->lrm.n : 0;
}

/*
 * The features that carry a label; returns how many, of which at most max are written. With a position, only features
 * that are active there are asked first: "Texas"@8 usually means the one that fires there.
 */
static int
find_label(const struct ct_session *s, const struct member *m, struct ct_clamp *out, int max, bool *active)
{
	int pos = m->c.onwards ? CT_ALL_POSITIONS : m->c.pos, n = 0;

	if (s->e->file) {
		n = find_known_label(s, m, out, max);
		*active = n > 0;
		return n;
	}
	for (int i = 0; i < n_active(s); i++) {
		const struct ct_active *a = &s->prompt->lrm.active[i];
		bool again = false;

		if ((pos >= 0 && a->pos != pos) || !labelled(s, m, a->layer, a->feature))
			continue;
		/* Active at several positions it is still one feature. */
		for (int k = s->prompt->lrm.first[a->layer * s->T]; pos < 0 && k < i && !again; k++)
			again = s->prompt->lrm.active[k].feature == a->feature;
		if (!again)
			take(m, a->layer, a->feature, out, max, &n);
	}
	*active = n > 0;
	for (int l = 0; l < s->e->transcoder->L && !*active; l++)
		for (int f = 0; f < s->e->transcoder->layers[l].F; f++)
			if (labelled(s, m, l, f))
				take(m, l, f, out, max, &n);
	return n;
}

/* The shorter one of two labels, if the new one holds the text. */
static const char *
closer(const char *best, const char *label, const char *text)
{
	return ct_text_search(label, text) && (!best || strlen(label) < strlen(best)) ? label : best;
}

/* The shortest label that holds the text, of features that are active where they are meant first; NULL: none. */
static const char *
similar_label(const struct ct_session *s, const struct member *m, const char *text)
{
	int pos = m->c.onwards ? CT_ALL_POSITIONS : m->c.pos;
	const char *active = NULL, *any = NULL;

	for (int i = 0; *text && i < n_active(s); i++) {
		const struct ct_active *a = &s->prompt->lrm.active[i];

		if (pos < 0 || a->pos == pos)
			active = closer(active, ct_engine_label(s->e, a->layer, a->feature), text);
	}
	for (int l = 0; *text && l < s->e->transcoder->L; l++)
		for (int f = 0; f < s->e->transcoder->layers[l].F; f++)
			any = closer(any, ct_engine_label(s->e, l, f), text);
	return active ? active : any;
}

static int
no_label(const struct ct_session *s, const struct member *m, const char *clean, struct ct_error *err)
{
	const char *label = s->e->file ? NULL : similar_label(s, m, clean);
	char other[120];

	if (!label)
		return ct_fail(err, CT_ENOTFOUND, "no feature is labelled \"%s\"", clean);
	ct_text_clean(other, sizeof other, label, strlen(label));
	return ct_fail(err, CT_ENOTFOUND, "no feature is labelled \"%s\"; did you mean \"%s\"?", clean, other);
}

/* FEATURE, "label" or "label"*, and maybe @SCOPE, at *p; false when it is none of these. */
static bool
read_member(const char **p, struct member *m)
{
	const char *q = *p;

	*m = (struct member){ .c.pos = CT_ALL_POSITIONS, .supernode = -1 };
	if (*q == '"') {
		const char *end = strchr(q + 1, '"');

		if (!end)
			return false;
		m->label = q + 1;
		m->n = (size_t)(end - m->label);
		q = end + 1;
		m->all = *q == '*';
		q += m->all;
	} else {
		if (toupper((unsigned char)*q) != 'L')
			return false;
		q++;
		if (!read_int(&q, &m->c.layer) || *q++ != '#' || !read_int(&q, &m->c.feature))
			return false;
	}
	if (*q == '@') {
		q++;
		m->scoped = true;
		if (*q == '*') {
			q++;
		} else {
			if (!read_int(&q, &m->c.pos))
				return false;
			if (q[0] == '.' && q[1] == '.') {
				m->c.onwards = true;
				q += 2;
			}
		}
	}
	*p = q;
	return true;
}

static int
check_feature(const struct ct_session *s, const struct ct_clamp *c, struct ct_error *err)
{
	int L = s->e->info.L, F;

	if (c->layer >= L)
		return ct_fail(err, CT_ENOTFOUND, "no layer %d: this model has layers 0 to %d", c->layer, L - 1);
	F = s->e->file ? s->e->info.F : s->e->transcoder->layers[c->layer].F;
	if (c->feature >= F)
		return ct_fail(err, CT_ENOTFOUND, "no feature L%d#%d: layer %d has features 0 to %d", c->layer,
		    c->feature, c->layer, F - 1);
	if (!c->onwards && c->pos != CT_ALL_POSITIONS && s->T && c->pos >= s->T)
		return ct_fail(err, CT_ENOTFOUND, "no position %d: the prompt has positions 0 to %d", c->pos,
		    s->T - 1);
	if (c->pos == 0 && !c->onwards)
		return ct_fail(
		    err, CT_EINVAL, "position 0 is BOS, which has no features: positions start at 1");
	return CT_OK;
}

/* The supernode that a name stands for comes before a label. */
static int
find_supernode(const struct ct_session *s, const struct member *m)
{
	const struct ct_subgraph *sg = &s->subgraph;

	for (int i = 0; m->label && !m->all && i < sg->n_supernodes; i++)
		if (strlen(sg->name[i]) == m->n && strncmp(sg->name[i], m->label, m->n) == 0)
			return i;
	return -1;
}

/* The features of a supernode where they are pinned, or in the scope that was given. Returns how many. */
static int
take_supernode(const struct ct_session *s, const struct member *m, struct ct_clamp *out, int max)
{
	int n = 0;

	for (int i = 0; i < s->subgraph.n_pins; i++) {
		const struct ct_pin *p = &s->subgraph.pin[i];
		struct member at = *m;
		bool again = false;

		if (p->supernode != m->supernode || p->kind != CT_NODE_FEATURE)
			continue;
		if (!m->scoped)
			at.c.pos = p->pos;
		for (int k = 0; k < n && k < max && !again; k++)
			again = out[k].layer == p->layer && out[k].feature == p->index && out[k].pos == at.c.pos;
		if (!again)
			take(&at, p->layer, p->index, out, max, &n);
	}
	return n;
}

/* The features that a member stands for; returns how many, of which at most max are written, or a code. */
static int
resolve(const struct ct_session *s, const struct member *m, struct ct_clamp *out, int max, struct ct_error *err)
{
	char clean[120];
	bool active;
	int n = 1, r;

	if (m->supernode >= 0) {
		n = take_supernode(s, m, out, max);
		if (n == 0)
			return ct_fail(err, CT_EINVAL,
			    "the supernode \"%s\" has no feature: only features can be clamped",
			    s->subgraph.name[m->supernode]);
	} else if (m->label) {
		n = find_label(s, m, out, max, &active);
		ct_text_clean(clean, sizeof clean, m->label, m->n);
		if (n == 0)
			return no_label(s, m, clean, err);
		if (n > 1 && !m->all)
			return ct_fail(err, CT_EINVAL,
			    "%d features%s are labelled \"%s\": name one as L1#249, or clamp all of them with "
			    "\"%s\"*",
			    n, active ? " active here" : "", clean, clean);
	} else if (max > 0) {
		out[0] = m->c;
	}
	for (int i = 0; i < n && i < max; i++)
		if ((r = check_feature(s, &out[i], err)) < 0)
			return r;
	return n;
}

static int
no_feature(const char *text, struct ct_error *err)
{
	char clean[120];

	ct_text_clean(clean, sizeof clean, text, strlen(text));
	return ct_fail(err, CT_EINVAL,
	    "\"%s\" names no feature; expected L1#249@8, L1#249@*, L1#249@8.. or \"label\"@8", clean);
}

int
ct_session_read_feature(
    const struct ct_session *s, const char *all, const char **p, struct ct_clamp *out, struct ct_error *err)
{
	const char *q = *p;
	struct member m;
	int r;

	if (!read_member(&q, &m) || !m.scoped || m.all)
		return no_feature(all, err);
	if ((r = resolve(s, &m, out, 1, err)) < 0)
		return r;
	*p = q;
	return CT_OK;
}

/* =0, x-1, +2.5, -2.5 up to the end of the text. */
static bool
read_strength(const char *p, struct ct_clamp *out)
{
	switch (*p) {
	case '=':
		out->unit = CT_ABSOLUTE;
		p++;
		break;
	case 'x':
		out->unit = CT_MULTIPLE;
		p++;
		break;
	case '+':
	case '-':
		out->unit = CT_DELTA;
		break;
	default:
		return false;
	}
	return ct_text_double(p, &out->amount);
}

/* Names of nodes that cannot be clamped, as node_text writes them; a reason that says what can. */
static int
check_clampable(const char *text, struct ct_error *err)
{
	static const struct {
		const char *begins, *what;
	} others[] = {
		{ "error ", "an error node is what the features leave unexplained" },
		{ "input ", "an input is the prompt itself, which can be edited" },
		{ "output ", "an output is what clamps are measured by" },
		{ "target ", "a target is what clamps are measured by" },
	};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strncasecmp(text, others[i].begins, strlen(others[i].begins)) == 0)
			return ct_fail(err, CT_EINVAL,
			    "%s: only features can be clamped, as L1#249@8=0 or \"label\"@8x0", others[i].what);
	return CT_OK;
}

int
ct_session_parse_clamps(
    const struct ct_session *s, const char *text, struct ct_clamp *out, int max, struct ct_error *err)
{
	struct member members[CT_MAX_MEMBERS];
	struct ct_clamp strength = { 0 };
	const char *p = text;
	char clean[120];
	int n = 0, found = 0, r = ct_engine_need_model(s->e, err);

	if (r < 0 || (r = check_clampable(text, err)) < 0)
		return r;
	for (;; p++) {
		if (n == CT_MAX_MEMBERS)
			return ct_fail(err, CT_EINVAL, "a clamp names at most %d members", CT_MAX_MEMBERS);
		if (!read_member(&p, &members[n]))
			return no_feature(text, err);
		members[n].supernode = find_supernode(s, &members[n]);
		n++;
		if (*p != ',')
			break;
		while (p[1] == ' ')
			p++;
	}
	if (!members[n - 1].scoped && members[n - 1].supernode < 0)
		return no_feature(text, err);
	/* A member without a scope has that of the next one with one; those of a supernode are where they are pinned. */
	for (int i = n - 2; i >= 0; i--)
		if (!members[i].scoped && members[i].supernode < 0) {
			if (members[i + 1].supernode >= 0 && !members[i + 1].scoped)
				return no_feature(text, err);

			members[i].c.pos = members[i + 1].c.pos;
			members[i].c.onwards = members[i + 1].c.onwards;
		}
	ct_text_clean(clean, sizeof clean, text, strlen(text));
	for (int i = 0; i < n; i++) {
		int room = found < max ? max - found : 0;

		if ((r = resolve(s, &members[i], out + found, room, err)) < 0)
			return r;
		if (r > room)
			return ct_fail(err, CT_EINVAL, "\"%s\" names more than %d feature%s", clean, max,
			    max == 1 ? ": one is expected here" : "s");
		found += r;
	}
	if (!read_strength(p, &strength))
		return ct_fail(err, CT_EINVAL,
		    "\"%s\": the strength is missing or no number; write =0 (value), x-1 (multiple), +2.5 or "
		    "-2.5 (change)",
		    clean);
	for (int i = 0; i < found; i++) {
		out[i].unit = strength.unit;
		out[i].amount = strength.amount;
	}
	return found;
}

int
ct_session_parse_clamp(
    const struct ct_session *s, const char *text, struct ct_clamp *out, struct ct_error *err)
{
	int n = ct_session_parse_clamps(s, text, out, 1, err);

	return n < 0 ? n : CT_OK;
}

/* In as few digits as bring the same number back. */
static const char *
amount_text(char *buf, size_t size, double v)
{
	int digits = 9;

	do
		snprintf(buf, size, "%.*g", digits, v);
	while (strtod(buf, NULL) != v && digits++ < 17);
	return buf;
}

int
ct_clamp_text(const struct ct_clamp *c, char *buf, size_t size)
{
	const char *unit = c->unit == CT_ABSOLUTE ? "=" : c->unit == CT_MULTIPLE ? "x" : signbit(c->amount) ? "" : "+";
	char scope[32], amount[32];

	if (c->pos == CT_ALL_POSITIONS)
		snprintf(scope, sizeof scope, "*");
	else
		snprintf(scope, sizeof scope, "%d%s", c->pos, c->onwards ? ".." : "");
	return snprintf(buf, size, "L%d#%d@%s%s%s", c->layer, c->feature, scope, unit,
	    amount_text(amount, sizeof amount, c->amount));
}

static const char *const modes[] = {
	[CT_FROZEN] = "frozen", [CT_FREE] = "free", [CT_DIRECT] = "direct", [CT_RANGE] = "range"
};

int
ct_mode_parse(const char *text, int L, struct ct_clamp_options *out, struct ct_error *err)
{
	static const char range[] = "range=";
	const char *p = text;
	char clean[120];
	int first, last;

	for (int i = 0; i < 4; i++)
		if (i != CT_RANGE && strcmp(text, modes[i]) == 0) {
			out->mode = (enum ct_mode)i;
			return CT_OK;
		}
	if (strncmp(p, range, sizeof range - 1) == 0) {
		p += sizeof range - 1;
		if (read_int(&p, &first) && *p++ == '-' && read_int(&p, &last) && !*p) {
			if (first > last || last >= L)
				return ct_fail(err, CT_EINVAL, "no layer range %d-%d: this model has layers 0 to %d",
				    first, last, L - 1);
			out->mode = CT_RANGE;
			out->first = first;
			out->last = last;
			return CT_OK;
		}
	}
	ct_text_clean(clean, sizeof clean, text, strlen(text));
	return ct_fail(err, CT_EINVAL, "expected frozen, free, direct or range=I-J, found \"%s\"", clean);
}

int
ct_mode_text(const struct ct_clamp_options *how, char *buf, size_t size)
{
	if (how->mode == CT_RANGE)
		return snprintf(buf, size, "range=%d-%d", how->first, how->last);
	return snprintf(buf, size, "%s", modes[how->mode]);
}
