/* pins: see pins.h. */
#include "tui/study/pins.h"

#include <stdio.h>
#include <string.h>

const struct ct_parts *
pins_parts(const struct study *s)
{
	const struct ct_parts *parts;
	struct ct_error err;

	if (!s->graph || !ct_session_subgraph(s->session)->n_pins ||
	    ct_session_parts(s->session, &parts, &err))
		return NULL;
	return parts;
}

const char *
pins_count(const struct study *s, char *buf, size_t size)
{
	const struct ct_subgraph *sg = ct_session_subgraph(s->session);

	if (!sg->n_pins)
		snprintf(buf, size, "nothing is pinned");
	else
		snprintf(buf, size, "%d node%s pinned, %d supernode%s", sg->n_pins,
		    sg->n_pins == 1 ? "" : "s", sg->n_supernodes, sg->n_supernodes == 1 ? "" : "s");
	return buf;
}

bool
pins_has(const struct study *s, int node)
{
	const struct ct_node *n = study_node(s, node);
	struct ct_pin p;

	if (!n)
		return false;
	p = ct_pin_of(n);
	return ct_subgraph_find(ct_session_subgraph(s->session), &p) >= 0;
}

const char *
pins_name(const struct study *s, const struct ct_pin *p, char *buf, size_t size)
{
	int node = s->graph ? ct_pin_node(s->graph, p) : -1;

	if (node >= 0)
		return study_name(s, node, buf, size);
	ct_session_pin_text(s->session, p, buf, size);
	return buf;
}

const char *
pins_note(const struct study *s, const struct ct_pin *p, char *buf, size_t size)
{
	buf[0] = '\0';
	if (ct_node_traits(p->kind)->has_label)
		study_label(s, p->layer, p->index, buf, size, NULL);
	else if (p->kind == CT_NODE_EMBEDDING)
		snprintf(buf, size, "input");
	return buf;
}

bool
pins_feature(const struct ct_pin *p, struct ct_clamp *out)
{
	if (!ct_node_traits(p->kind)->can_clamp)
		return false;
	*out = (struct ct_clamp){ .layer = p->layer, .feature = p->index, .pos = p->pos };
	return true;
}

int
pins_clamps(const struct study *s, int supernode, int clamp[STUDY_CLAMPS])
{
	const struct ct_subgraph *sg = ct_session_subgraph(s->session);
	const struct clamp_set *set = study_clamps(s);
	int n = 0;

	for (int i = 0; i < set->n; i++) {
		bool member = false;

		for (int k = 0; k < sg->n_pins && !member; k++)
			member = sg->pin[k].supernode == supernode &&
			    ct_clamp_reaches(&set->clamp[i], &sg->pin[k]);
		if (member)
			clamp[n++] = i;
	}
	return n;
}

/* Whether a pinned feature has the same clamp as c at its position. */
static bool
clamped_alike(const struct clamp_set *set, const struct ct_pin *p, const struct ct_clamp *c)
{
	for (int i = 0; i < set->n; i++) {
		const struct ct_clamp *d = &set->clamp[i];

		if (ct_clamp_reaches(d, p) && d->pos == p->pos && !d->onwards && d->unit == c->unit &&
		    d->amount == c->amount && d->off == c->off)
			return true;
	}
	return false;
}

int
pins_whole(const struct study *s, int clamp)
{
	const struct ct_subgraph *sg = ct_session_subgraph(s->session);
	const struct clamp_set *set = study_clamps(s);
	const struct ct_clamp *c = &set->clamp[clamp];
	const char *name = c->onwards || c->pos == CT_ALL_POSITIONS ? NULL :
	    ct_session_clamp_supernode(s->session, c);
	int supernode = name ? ct_subgraph_supernode(sg, name) : -1;

	for (int i = 0; i < sg->n_pins && supernode >= 0; i++)
		if (sg->pin[i].supernode == supernode && ct_node_traits(sg->pin[i].kind)->can_clamp &&
		    !clamped_alike(set, &sg->pin[i], c))
			return -1;
	return supernode;
}

bool
pins_clamp_text(const struct study *s, int i, char *text, size_t size, char *label, size_t label_size)
{
	const struct ct_clamp *c = &study_clamps(s)->clamp[i];
	int supernode = pins_whole(s, i);
	char alone[80];

	for (int k = 0; supernode >= 0 && k < i; k++)
		if (pins_whole(s, k) == supernode)
			return false;
	label[0] = '\0';
	study_clamp_text(c, alone, sizeof alone);
	if (supernode >= 0)
		snprintf(text, size, "\"%s\"%s", ct_session_subgraph(s->session)->name[supernode],
		    alone + strcspn(alone, "=x+-"));
	else {
		snprintf(text, size, "%s", alone);
		study_label(s, c->layer, c->feature, label, label_size, NULL);
	}
	return true;
}

/* Words of a prompt may contain commas and quotes; such names need a line of their own. */
static bool
fits_in_list(const struct ct_pin *p)
{
	return p->kind == CT_NODE_FEATURE || p->kind == CT_NODE_ERROR;
}

/*
 * Writes as many members of a supernode, from the i-th pin on, as fit in one line; returns the pin after
 * them, or -1.
 */
static int
group_line(const struct study *s, int supernode, int i, char *buf, size_t size)
{
	const struct ct_subgraph *sg = ct_session_subgraph(s->session);
	size_t at = 0;
	bool more = true;

	for (; i < sg->n_pins && more && at + STUDY_NAME < size; i++) {
		char name[STUDY_NAME];

		if (sg->pin[i].supernode != supernode)
			continue;
		if (at && !fits_in_list(&sg->pin[i]))
			break;
		more = fits_in_list(&sg->pin[i]);
		ct_session_pin_text(s->session, &sg->pin[i], name, sizeof name);
		if (at)
			at += (size_t)snprintf(buf + at, size - at, ", %s", name);
		else
			at = (size_t)snprintf(buf, size, "group \"%s\" %s", sg->name[supernode], name);
	}
	return at ? i : -1;
}

bool
pins_command(const struct study *s, int i, char *buf, size_t size)
{
	const struct ct_subgraph *sg = ct_session_subgraph(s->session);

	for (int g = 0; g < sg->n_supernodes; g++)
		for (int at = 0; (at = group_line(s, g, at, buf, size)) >= 0;)
			if (i-- == 0)
				return true;
	for (int k = 0; k < sg->n_pins; k++) {
		char name[1200];

		if (sg->pin[k].supernode >= 0 || i-- > 0)
			continue;
		ct_session_pin_text(s->session, &sg->pin[k], name, sizeof name);
		snprintf(buf, size, "pin %s", name);
		return true;
	}
	return false;
}
