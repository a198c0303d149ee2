/* pins: the facade's pinned nodes and supernodes: which there are, their sums, and their names. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "session/names_feature.h"

enum { NAME = 1200 };

const struct ct_subgraph *
ct_session_subgraph(const struct ct_session *s)
{
	return &s->subgraph;
}

void
ct_session_drop_parts(struct ct_session *s)
{
	ct_arena_free(&s->parts_arena);
	s->parts = NULL;
}

void
ct_session_set_subgraph(struct ct_session *s, const struct ct_subgraph *sg)
{
	if (sg != &s->subgraph)
		s->subgraph = *sg;
	ct_session_drop_parts(s);
}

int
ct_session_parts(struct ct_session *s, const struct ct_parts **out, struct ct_error *err)
{
	struct ct_arena arena = { 0 };
	struct ct_parts *parts;
	int code;

	*out = s->parts;
	if (s->parts)
		return CT_OK;
	if (!s->graph)
		return ct_session_no_graph(err);
	parts = ct_arena_need(&arena, 1, sizeof *parts, "a subgraph", err);
	code = parts ? ct_parts_init(parts, &s->subgraph, s->graph, &arena, err) : CT_ENOMEM;
	if (code < 0) {
		ct_arena_free(&arena);
		return code;
	}
	s->parts_arena = arena;
	*out = s->parts = parts;
	return CT_OK;
}

/* ct_session_level for the graph of a clamped run: its activations relative to the run without clamps. */
static double
level_now(const struct ct_session *s, const struct ct_subgraph_part *p)
{
	double sum = 0;
	int n = 0;

	for (int k = 0; k < p->n; k++) {
		const struct ct_pin *f = &s->subgraph.pin[p->pin[k]];
		float then = f->kind == CT_NODE_FEATURE ?
		    ct_session_activation(s->of_clamps, f->layer, f->index, f->pos) : 0;

		if (then == 0)
			continue;
		sum += (double)ct_session_activation(s, f->layer, f->index, f->pos) / (double)then;
		n++;
	}
	return n ? sum / n : NAN;
}

double
ct_session_level(const struct ct_session *s, const struct ct_subgraph_part *p)
{
	double sum = 0;
	int n = 0;

	/* In the graph of a clamped run, the first session has the activations without clamps. */
	if (s->of_clamps)
		return level_now(s, p);
	for (int k = 0; k < p->n && s->n_clamps; k++) {
		const struct ct_node *f = p->node[k] < 0 ? NULL : &s->graph->nodes[p->node[k]];

		if (!f || f->kind != CT_NODE_FEATURE || f->activation == 0)
			continue;
		sum += (double)ct_session_clamped_activation(s, f->layer, f->index,
		    f->pos) / (double)f->activation;
		n++;
	}
	return n ? sum / n : NAN;
}

bool
ct_clamp_reaches(const struct ct_clamp *c, const struct ct_pin *p)
{
	return ct_node_traits(p->kind)->can_clamp && c->layer == p->layer && c->feature == p->index &&
	       (c->pos == p->pos || c->pos == CT_ALL_POSITIONS || (c->onwards && c->pos <= p->pos));
}

const char *
ct_session_clamp_supernode(const struct ct_session *s, const struct ct_clamp *c)
{
	const struct ct_subgraph *sg = &s->subgraph;

	for (int i = 0; i < sg->n_pins; i++)
		if (sg->pin[i].supernode >= 0 && ct_clamp_reaches(c, &sg->pin[i]))
			return sg->name[sg->pin[i].supernode];
	return NULL;
}

int
ct_session_pin_text(const struct ct_session *s, const struct ct_pin *p, char *buf, size_t size)
{
	struct ct_node n = { .kind = p->kind, .layer = p->layer, .pos = p->pos, .index = p->index,
	    .other = p->other };
	char name[NAME];

	if (p->kind != CT_NODE_TARGET)
		return ct_session_node_text(s, &n, buf, size);
	n.target = p->other < 0 ? CT_TARGET_LOGIT : CT_TARGET_DIFFERENCE;
	ct_session_node_text(s, &n, name, sizeof name);
	return snprintf(buf, size, "%s@%d", name, p->pos);
}

/* Reads "@8", which must end the text. */
static bool
read_position(const char *p, int *pos)
{
	long v;

	if (*p != '@' || !isdigit((unsigned char)p[1]) || !ct_text_long(p + 1, &v) || v > 1 << 30)
		return false;
	*pos = (int)v;
	return true;
}

/* Reads error L1@8. */
static int
read_error(const struct ct_session *s, const char *text, struct ct_pin *out, struct ct_error *err)
{
	char *end;
	long layer = toupper((unsigned char)*text) == 'L' ? strtol(text + 1, &end, 10) : -1;
	int pos;

	if (layer < 0 || end == text + 1 || !read_position(end, &pos))
		return ct_fail(err, CT_EINVAL, "expected an error node as error L1@8");
	if (layer >= s->e->info.L)
		return ct_fail(err, CT_ENOTFOUND, "no layer %ld: this model has layers 0 to %d", layer,
		    s->e->info.L - 1);
	if (pos < ct_session_start(s))
		return ct_fail(err, CT_EINVAL, "position 0 is BOS, which has no error: positions start at 1");
	*out = (struct ct_pin){ CT_NODE_ERROR, (int)layer, pos, -1, -1, -1 };
	return ct_session_check_position(s, pos, err);
}

/* Reads "Dallas"@6; the quoted text of n bytes must be the token at that position. */
static int
read_input(const struct ct_session *s, const char *word, size_t n, int pos, struct ct_pin *out,
    struct ct_error *err)
{
	const char *here;
	int code = ct_session_check_position(s, pos, err);

	if (code < 0)
		return code;
	here = ct_engine_token(s->e, s->ids[pos]);
	if (strlen(here) != n || strncmp(here, word, n) != 0)
		return ct_fail(err, CT_ENOTFOUND, "position %d holds \"%s\", not that input", pos, here);
	*out = (struct ct_pin){ CT_NODE_EMBEDDING, -1, pos, s->ids[pos], -1, -1 };
	return CT_OK;
}

static int
token_shown_as(const struct ct_session *s, const char *word, size_t n)
{
	for (int id = 0; id < s->e->info.V; id++) {
		const char *t = ct_engine_token(s->e, id);

		if (strlen(t) == n && strncmp(t, word, n) == 0)
			return id;
	}
	return -1;
}

/* Reads Austin, or Austin" - "Houston: the text between the first and the last quote. */
static int
read_output(const struct ct_session *s, const char *words, size_t n, int pos, struct ct_pin *out,
    struct ct_error *err)
{
	static const char minus[] = "\" - \"";
	const char *cut = ct_text_within(words, n, minus);
	size_t first = cut ? (size_t)(cut - words) : n, skip = first + sizeof minus - 1;
	int a = token_shown_as(s, words, first);
	int b = cut ? token_shown_as(s, words + skip, n - skip) : -1, code;

	if ((code = ct_session_check_position(s, pos, err)) < 0)
		return code;
	if (a < 0 || (cut && b < 0))
		return ct_fail(err, CT_ENOTFOUND, "that output is no token of this model");
	*out = (struct ct_pin){ CT_NODE_TARGET, s->e->info.L, pos, a, b, -1 };
	return CT_OK;
}

/*
 * Reads input "Dallas"@6, output "Austin" or output "Austin" - "Houston", the latter two with @8 or without.
 */
static int
read_quoted(const struct ct_session *s, const char *text, bool input, struct ct_pin *out,
    struct ct_error *err)
{
	const char *last = strrchr(text, '"');
	int pos = s->graph ? s->graph->pos : s->T - 1;

	if (*text != '"' || last == text || (input ? !read_position(last + 1, &pos)
						   : last[1] && !read_position(last + 1, &pos)))
		return ct_fail(err, CT_EINVAL, "expected input \"Dallas\"@6, or output \"Austin\" with @8 or "
		    "without");
	return (input ? read_input : read_output)(s, text + 1, (size_t)(last - text - 1), pos, out, err);
}

/* Reads absent "gone": a pin of a graph's file that names no node of it. */
static int
read_absent(const struct ct_session *s, const char *text, struct ct_pin *out, struct ct_error *err)
{
	/* Those of the file, since the session may have dropped some. */
	const struct ct_subgraph *sg = s->e->file ? &s->e->file->subgraph : &s->subgraph;
	char name[NAME];

	for (int i = 0; i < sg->n_pins; i++) {
		if (sg->pin[i].kind != CT_NODE_OTHER || sg->pin[i].layer != CT_PIN_ABSENT)
			continue;
		ct_session_pin_text(s, &sg->pin[i], name, sizeof name);
		if (strcmp(name, text) == 0) {
			*out = sg->pin[i];
			out->supernode = -1;
			return CT_OK;
		}
	}
	return ct_fail(err, CT_ENOTFOUND, "no absent pin has that name");
}

int
ct_session_parse_pin(const struct ct_session *s, const char *text, struct ct_pin *out, struct ct_error *err)
{
	static const char absent[] = "absent ";
	struct ct_clamp f;
	char clean[120];
	const char *p = text, *rest;
	int code;

	if (s->T == 0)
		return ct_session_no_prompt(err);
	if (strncmp(text, absent, sizeof absent - 1) == 0)
		return read_absent(s, text, out, err);
	if ((rest = ct_node_after_label(text, ct_node_traits(CT_NODE_ERROR)->label)))
		return read_error(s, rest, out, err);
	if ((rest = ct_node_after_label(text, ct_node_traits(CT_NODE_EMBEDDING)->label)))
		return read_quoted(s, rest, true, out, err);
	if ((rest = ct_node_after_label(text, ct_node_traits(CT_NODE_TARGET)->label)))
		return read_quoted(s, rest, false, out, err);
	if ((rest = ct_node_after_label(text, ct_target_label(CT_TARGET_FEATURE))))
		p = rest;
	if (toupper((unsigned char)*p) == 'L' || *p == '"') {
		if ((code = ct_session_read_feature(s, text, &p, &f, err)) < 0)
			return code;
		if (!*p && f.pos >= ct_session_start(s) && !f.onwards) {
			*out = (struct ct_pin){ CT_NODE_FEATURE, f.layer, f.pos, f.feature, -1, -1 };
			return CT_OK;
		}
	}
	ct_text_clean(clean, sizeof clean, text, strlen(text));
	return ct_fail(err, CT_EINVAL,
	    "\"%s\" names no node; expected L1#249@8, error L1@8, input \"Dallas\"@6 or output \"Austin\"",
	    clean);
}

static int
take(struct ct_subgraph *sg, const struct ct_pin *p, const char *supernode, struct ct_error *err)
{
	int at = ct_subgraph_pin(sg, p, err), code = at;

	if (at >= 0 && supernode)
		code = ct_subgraph_group(sg, at, supernode, err);
	return code < 0 ? code : CT_OK;
}

/*
 * Pins the features of the pruned graph that fit a label in its scope; *of grows by how many the whole graph
 * has.
 */
static int
take_label(const struct ct_session *s, struct ct_subgraph *sg, const struct ct_member *m,
    const char *supernode, int *of, struct ct_error *err)
{
	const struct ct_graph *g = s->graph;
	const struct ct_clamp *at = &m->c;
	char clean[120];
	int found = 0, all = 0, code;

	for (int i = 0; g && i < g->n_features; i++) {
		const struct ct_node *n = &g->nodes[i];
		struct ct_pin p = ct_pin_of(n);

		if ((at->pos >= 0 && n->pos != at->pos && !(at->onwards && n->pos > at->pos)) ||
		    !ct_engine_label_fits(s->e, n->layer, n->index, &m->q))
			continue;
		all++;
		if (!n->kept)
			continue;
		if ((code = take(sg, &p, supernode, err)) < 0)
			return code;
		found++;
	}
	*of += all;
	ct_text_clean(clean, sizeof clean, m->text, m->n);
	if (found)
		return found;
	if (all)
		return ct_fail(err, CT_ENOTFOUND, "none of the %d features that fit %s is in the pruned "
		    "graph: prune less", all, clean);
	return ct_fail(err, CT_ENOTFOUND, "no feature of this graph fits %s%s", clean,
	    at->pos >= 0 ? " at that place" : "");
}

/* Pins one member of a list: a node, or the features of a label. */
static int
take_member(const struct ct_session *s, struct ct_subgraph *sg, const char *text, const char *supernode,
    int *of, struct ct_error *err)
{
	const char *p = text;
	struct ct_member m;
	struct ct_pin pin;
	int code;

	if (*text == '"') {
		code = ct_member_read(&m, s, text, &p, err);
		if (code == CT_OK && *p)
			code = ct_member_none(text, err);
		return code < 0 ? code : take_label(s, sg, &m, supernode, of, err);
	}
	code = ct_session_parse_pin(s, text, &pin, err);
	if (code == CT_OK)
		code = take(sg, &pin, supernode, err);
	++*of;
	return code < 0 ? code : 1;
}

int
ct_session_pin_all(const struct ct_session *s, struct ct_subgraph *sg, const char *text,
    const char *supernode, int *of, struct ct_error *err)
{
	struct ct_pin whole;
	char member[NAME];
	int n = 0, all = 0, code;

	of = of ? of : &all;
	*of = 0;
	/* Tokens may contain commas and quotes, so a text that is a node's name as a whole is one. */
	if (*text != '"' && ct_session_parse_pin(s, text, &whole, NULL) == CT_OK) {
		*of = 1;
		return (code = take(sg, &whole, supernode, err)) < 0 ? code : 1;
	}
	for (const char *p = text, *end; ; p = end + 1) {
		bool quoted = false;

		p += strspn(p, " ");
		for (end = p; *end && (quoted || *end != ','); end++)
			quoted ^= *end == '"';
		if ((size_t)(end - p) >= sizeof member)
			return ct_fail(err, CT_EINVAL, "a node's name has at most %zu bytes",
			    sizeof member - 1);
		snprintf(member, sizeof member, "%.*s", (int)(end - p), p);
		if ((code = take_member(s, sg, member, supernode, of, err)) < 0)
			return code;
		n += code;
		if (!*end)
			return n;
	}
}
