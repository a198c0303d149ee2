/* names_feature: see names_feature.h. */
#include "session/names_feature.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

bool
ct_name_int(const char **p, int *out)
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

int
ct_member_none(const char *text, struct ct_error *err)
{
	char clean[120];

	ct_text_clean(clean, sizeof clean, text, strlen(text));
	return ct_fail(err, CT_EINVAL,
	    "\"%s\" names no feature; expected L1#249@8, L1#249@8.., L1#249@* or \"label\"@8, "
	    "where a token may stand for 8", clean);
}

/* Whether a scope may end here: a strength, another member or the end follows. */
static bool
scope_ends(const char *p)
{
	if (*p == 'x')
		return isdigit((unsigned char)p[1]) || (p[1] && strchr("+-.", p[1]));
	return !*p || strchr(" ,;=+-", *p) || (p[0] == '.' && p[1] == '.');
}

/* The length of "/12" at p if that is this position: how the screen tells equal tokens apart. */
static size_t
ordinal_at(const char *p, int pos)
{
	char text[16];
	int n = snprintf(text, sizeof text, "/%d", pos);

	return strncmp(p, text, (size_t)n) == 0 && scope_ends(p + n) ? (size_t)n : 0;
}

/*
 * The length of the token at a position if it is written at p, perhaps with its position, else 0. A blank
 * before the token may be missing.
 */
static size_t
token_at(const struct ct_session *s, int pos, const char *p, bool quoted)
{
	char token[512];
	size_t n = strlen(ct_text_word(token, sizeof token, ct_session_token_text(s, pos)));

	if (n == 0 || strncmp(p, token, n) != 0)
		return 0;
	if (quoted)
		return p[n] == '"' ? n : 0;
	return scope_ends(p + n) ? n : ordinal_at(p + n, pos) ? n + ordinal_at(p + n, pos) : 0;
}

/* Reads Dallas, New York, "8" or the/12 at *p: the position of that token. */
static int
read_token(const struct ct_session *s, const char **p, int *pos, struct ct_error *err)
{
	bool quoted = **p == '"';
	const char *q = *p + quoted;
	size_t best = 0, n;
	char clean[80], places[80] = "";
	int found = 0;

	for (int i = 1; i < s->T; i++) {
		n = token_at(s, i, q, quoted);
		if (n == 0 || n < best)
			continue;
		if (n > best) {
			found = 0;
			places[0] = '\0';
		}
		best = n;
		*pos = i;
		n = strlen(places);
		snprintf(places + n, sizeof places - n, "%s%d", found++ ? ", " : "", i);
	}
	n = best;
	while (!best && q[n] && (n == 0 || (quoted ? q[n] != '"' : !scope_ends(q + n))))
		n++;
	ct_text_clean(clean, sizeof clean, q, n);
	if (s->T == 0)
		return ct_fail(err, CT_EINVAL, "@%s: no prompt yet, so no token has this name", clean);
	if (found == 0)
		return ct_fail(err, CT_ENOTFOUND, "@%s: the prompt has no such token; a place is one of its "
		    "tokens, a position such as @8, @8.. (from there on) or @* (everywhere)", clean);
	if (found > 1)
		return ct_fail(err, CT_EINVAL, "@%s: this token is at positions %s: name one", clean, places);
	*p = q + best + quoted;
	return CT_OK;
}

/* Reads @8, @8.., @*, @Dallas or @Dallas.. at *p, if there is a scope. */
static int
read_scope(const struct ct_session *s, const char *all, const char **p, struct ct_member *m,
    struct ct_error *err)
{
	const char *q = *p + 1;
	int code;

	m->scoped = **p == '@';
	if (!m->scoped)
		return CT_OK;
	if (*q == '*') {
		*p = q + 1;
		return CT_OK;
	}
	if (scope_ends(q))
		return ct_member_none(all, err);
	if (isdigit((unsigned char)*q) && q[strspn(q, "0123456789")] != '/')
		code = ct_name_int(&q, &m->c.pos) ? CT_OK : ct_member_none(all, err);
	else
		code = read_token(s, &q, &m->c.pos, err);
	if (code < 0)
		return code;
	if (q[0] == '.' && q[1] == '.') {
		m->c.onwards = true;
		q += 2;
	}
	*p = q;
	return CT_OK;
}

int
ct_place_read(const struct ct_session *s, const char *text, struct ct_clamp *out, struct ct_error *err)
{
	struct ct_member m = { .c.pos = CT_ALL_POSITIONS };
	char with[512];
	const char *p = with;
	int code;

	snprintf(with, sizeof with, "%s%s", *text == '@' ? "" : "@", text);
	code = read_scope(s, with, &p, &m, err);
	if (code == CT_OK && (*p || m.c.pos == CT_ALL_POSITIONS))
		code = ct_fail(err, CT_EINVAL, "expected one place, as @8, @8.. or @Dallas; found "
		    "\"%.60s\"", text);
	if (code == CT_OK && m.c.pos >= s->T)
		code = ct_fail(err, CT_ENOTFOUND, "no position %d: the prompt has positions 0 to %d",
		    m.c.pos, s->T - 1);
	*out = m.c;
	return code;
}

/* The supernode that has this quoted name; -1: none. */
static int
find_supernode(const struct ct_session *s, const struct ct_member *m)
{
	const struct ct_subgraph *sg = &s->subgraph;

	for (int i = 0; !m->q.exact && m->q.above < 0 && i < sg->n_supernodes; i++)
		if (strlen(sg->name[i]) == m->q.n && strncmp(sg->name[i], m->q.text, m->q.n) == 0)
			return i;
	return -1;
}

int
ct_member_read(struct ct_member *m, const struct ct_session *s, const char *all, const char **p,
    struct ct_error *err)
{
	const char *q = *p;
	int code;

	*m = (struct ct_member){ .c.pos = CT_ALL_POSITIONS, .supernode = -1, .text = *p };
	if (*q == '"') {
		if (!strchr(q + 1, '"'))
			return ct_member_none(all, err);
		m->labelled = true;
		code = ct_query_read(&m->q, &q, err);
		if (code < 0)
			return code;
		m->n = (size_t)(q - m->text);
		m->supernode = find_supernode(s, m);
		/* "Texas"* meant all features of a label in old sessions; labels mean that now */
		q += *q == '*';
	} else {
		if (toupper((unsigned char)*q) != 'L')
			return ct_member_none(all, err);
		q++;
		if (!ct_name_int(&q, &m->c.layer) || *q++ != '#' || !ct_name_int(&q, &m->c.feature))
			return ct_member_none(all, err);
		m->n = (size_t)(q - m->text);
	}
	code = read_scope(s, all, &q, m, err);
	if (code == CT_OK)
		*p = q;
	return code;
}

static int
check_feature(const struct ct_session *s, const struct ct_clamp *c, struct ct_error *err)
{
	int L = s->e->info.L, F;

	if (c->layer >= L)
		return ct_fail(err, CT_ENOTFOUND, "no layer %d: this model has layers 0 to %d", c->layer,
		    L - 1);
	F = s->e->source->features(s->e, c->layer);
	if (c->feature >= F)
		return ct_fail(err, CT_ENOTFOUND, "no feature L%d#%d: layer %d has features 0 to %d",
		    c->layer, c->feature, c->layer, F - 1);
	if (!c->onwards && c->pos != CT_ALL_POSITIONS && s->T && c->pos >= s->T)
		return ct_fail(err, CT_ENOTFOUND, "no position %d: the prompt has positions 0 to %d", c->pos,
		    s->T - 1);
	if (c->pos == 0 && !c->onwards && ct_session_start(s))
		return ct_fail(
		    err, CT_EINVAL, "position 0 is BOS, which has no features: positions start at 1");
	return CT_OK;
}

static void
take(const struct ct_member *m, int layer, int feature, struct ct_clamp *out, int max, int *n)
{
	if (*n < max) {
		out[*n] = m->c;
		out[*n].layer = layer;
		out[*n].feature = feature;
	}
	++*n;
}

static bool
in_scope(const struct ct_clamp *c, int pos)
{
	return c->pos == CT_ALL_POSITIONS || c->pos == pos || (c->onwards && pos > c->pos);
}

/* The features that are active in the member's scope and fit its label, each once. */
static int
find_active(const struct ct_session *s, const struct ct_member *m, struct ct_clamp *out, int max)
{
	int n = 0, layer, pos, feature, l, p, f;

	for (int i = 0; i < s->e->source->n_active(s); i++) {
		bool again = false;

		s->e->source->active(s, i, &layer, &pos, &feature);
		if (!in_scope(&m->c, pos) || !ct_engine_label_fits(s->e, layer, feature, &m->q))
			continue;
		for (int k = i - 1; k >= 0 && !again; k--) {
			s->e->source->active(s, k, &l, &p, &f);
			if (l != layer)
				break;
			again = f == feature && in_scope(&m->c, p);
		}
		if (!again)
			take(m, layer, feature, out, max, &n);
	}
	return n;
}

static int
find_anywhere(const struct ct_session *s, const struct ct_member *m, struct ct_clamp *out, int max)
{
	int n = 0;

	for (int l = 0; s->e->transcoder && l < s->e->transcoder->L; l++)
		for (int f = 0; f < s->e->transcoder->layers[l].F; f++)
			if (ct_engine_label_fits(s->e, l, f, &m->q))
				take(m, l, f, out, max, &n);
	return n;
}

/* Of two labels the shorter one, if the new one contains the text. */
static const char *
closer(const char *best, const char *label, const char *text)
{
	return ct_text_search(label, text) && (!best || strlen(label) < strlen(best)) ? label : best;
}

/* The shortest label that contains the text, preferring active features; NULL: none. */
static const char *
similar_label(const struct ct_session *s, const struct ct_member *m)
{
	const char *active = NULL, *any = NULL;
	char text[120];
	int layer, pos, feature;

	ct_text_clean(text, sizeof text, m->q.text, m->q.n);
	for (int i = 0; *text && i < s->e->source->n_active(s); i++) {
		s->e->source->active(s, i, &layer, &pos, &feature);
		if (in_scope(&m->c, pos))
			active = closer(active, ct_engine_label(s->e, layer, feature), text);
	}
	for (int l = 0; *text && s->e->transcoder && l < s->e->transcoder->L; l++)
		for (int f = 0; f < s->e->transcoder->layers[l].F; f++)
			any = closer(any, ct_engine_label(s->e, l, f), text);
	return active ? active : any;
}

/* "at 8", "from 8 on" or "in this prompt". */
static const char *
place_text(const struct ct_clamp *c, char *buf, size_t size)
{
	if (c->pos == CT_ALL_POSITIONS)
		snprintf(buf, size, "in this prompt");
	else
		snprintf(buf, size, c->onwards ? "from %d on" : "at %d", c->pos);
	return buf;
}

/* Fails with the reason why no active feature fits. */
static int
no_label(const struct ct_session *s, const struct ct_member *m, struct ct_error *err)
{
	struct ct_member wider = *m;
	const char *label;
	char clean[120], other[120], place[40];
	int n;

	ct_text_clean(clean, sizeof clean, m->text, m->n);
	place_text(&m->c, place, sizeof place);
	wider.c.pos = CT_ALL_POSITIONS;
	n = find_active(s, &wider, NULL, 0);
	if (n > 0)
		return ct_fail(err, CT_ENOTFOUND, "no feature active %s fits %s; elsewhere in this prompt "
		    "%d do%s", place, clean, n, n == 1 ? "es" : "");
	n = find_anywhere(s, &wider, NULL, 0);
	if (n > 0)
		return ct_fail(err, CT_ENOTFOUND, "no feature active %s fits %s; of the model's features %d "
		    "do%s, and can be set to a value there, as in %s@8=2", place, clean, n,
		    n == 1 ? "es" : "", clean);
	label = similar_label(s, m);
	if (!label)
		return ct_fail(err, CT_ENOTFOUND, "no feature has a label that fits %s", clean);
	ct_text_clean(other, sizeof other, label, strlen(label));
	return ct_fail(err, CT_ENOTFOUND, "no feature has a label that fits %s; did you mean \"%s\"?",
	    clean, other);
}

/* The features of a supernode, where they are pinned or in the given scope. Returns how many. */
static int
take_supernode(const struct ct_session *s, const struct ct_member *m, struct ct_clamp *out, int max)
{
	int n = 0;

	for (int i = 0; i < s->subgraph.n_pins; i++) {
		const struct ct_pin *p = &s->subgraph.pin[i];
		struct ct_member at = *m;
		bool again = false;

		if (p->supernode != m->supernode || p->kind != CT_NODE_FEATURE)
			continue;
		if (!m->scoped)
			at.c.pos = p->pos;
		for (int k = 0; k < n && k < max && !again; k++)
			again = out[k].layer == p->layer && out[k].feature == p->index &&
			    out[k].pos == at.c.pos;
		if (!again)
			take(&at, p->layer, p->index, out, max, &n);
	}
	return n;
}

int
ct_member_resolve(const struct ct_session *s, const struct ct_member *m, bool any, struct ct_clamp *out,
    int max, struct ct_error *err)
{
	int n = 1, code;

	if (m->supernode >= 0) {
		n = take_supernode(s, m, out, max);
		if (n == 0)
			return ct_fail(err, CT_EINVAL,
			    "the supernode \"%s\" has no feature: only features can be clamped",
			    s->subgraph.name[m->supernode]);
	} else if (m->labelled) {
		n = find_active(s, m, out, max);
		if (n == 0 && any)
			n = find_anywhere(s, m, out, max);
		if (n == 0)
			return no_label(s, m, err);
	} else if (max > 0) {
		out[0] = m->c;
	}
	for (int i = 0; i < n && i < max; i++)
		if ((code = check_feature(s, &out[i], err)) < 0)
			return code;
	return n;
}

/* Several features fit where one is expected. first: as many of them as are named. */
static int
several(const struct ct_member *m, const struct ct_clamp *first, int named, int n, struct ct_error *err)
{
	char clean[120], list[120] = "";
	size_t used = 0;

	ct_text_clean(clean, sizeof clean, m->text, m->n);
	for (int i = 0; i < named && i < n && used < sizeof list; i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "%sL%d#%d", i ? ", " : "",
		    first[i].layer, first[i].feature);
	return ct_fail(err, CT_EINVAL, "%d features fit %s: give one of them, %s%s", n, clean, list,
	    n > named ? " ..." : "");
}

int
ct_session_read_feature(
    const struct ct_session *s, const char *all, const char **p, struct ct_clamp *out, struct ct_error *err)
{
	enum { NAMED = 5 };
	struct ct_clamp fits[NAMED];
	const char *q = *p;
	struct ct_member m;
	int n = ct_member_read(&m, s, all, &q, err);

	if (n == CT_OK && !m.scoped)
		n = ct_member_none(all, err);
	else if (n == CT_OK)
		n = ct_member_resolve(s, &m, true, fits, NAMED, err);
	if (n < 0)
		return n;
	if (n > 1)
		return several(&m, fits, NAMED, n, err);
	*out = fits[0];
	*p = q;
	return CT_OK;
}
