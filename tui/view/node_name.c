/* node_name: see node_name.h. */
#include "tui/view/node_name.h"

#include <stdio.h>

#include "base/text.h"
#include "tui/app.h"

enum { LABEL_LEAST = 12 };	/* columns of a label that its place leaves free */

enum style
node_name_style(struct app *a, int node)
{
	const struct ct_node *n = study_node(&a->study, node);

	switch (n->kind) {
	case CT_NODE_TARGET:
		return ST_STRONG;
	case CT_NODE_ERROR:
		return ST_REST;
	case CT_NODE_EMBEDDING:
		return ST_INPUT;
	case CT_NODE_OTHER:
		break;
	case CT_NODE_FEATURE:
		if (study_clamp_find(&a->study, n->layer, n->index, n->pos) >= 0)
			return ST_CLAMP;
	}
	return n->kept ? ST_TEXT : ST_DIM;
}

/* The label comes first; then number and place, or if there is little room only the place. */
static int
draw_labelled(struct app *a, const struct area *area, int x, int y, int max, int node)
{
	char label[STUDY_NAME], name[STUDY_NAME];
	enum style style = node_name_style(a, node);
	int w, used;

	study_name(&a->study, node, name, sizeof name);
	study_note(&a->study, node, label, sizeof label);
	if (!*label)
		return draw_cut(area, x, y, max, style, name);
	/* no room for the number, which the card shows */
	if (ct_text_width(label) + 2 + ct_text_width(name) > max)
		study_place(&a->study, study_node(&a->study, node)->pos, name, sizeof name);
	w = max - 2 - ct_text_width(name);
	if (w < LABEL_LEAST)
		w = max < LABEL_LEAST ? max : LABEL_LEAST;
	if (style == ST_TEXT && study_guess(&a->study, node))
		style = ST_DIM;
	used = draw_cut(area, x, y, w, style, label);
	if (max - used < 5)
		return used;
	return used + 2 + draw_cut(area, x + used + 2, y, max - used - 2, ST_DIM, name);
}

int
node_name_draw(struct app *a, const struct area *area, int x, int y, int max, int node)
{
	const struct ct_node *n = study_node(&a->study, node);
	char name[STUDY_NAME];
	int used;

	if (max <= 0)
		return 0;
	if (study_is_feature(n))
		return draw_labelled(a, area, x, y, max, node);
	study_name(&a->study, node, name, sizeof name);
	used = draw_cut(area, x, y, max, node_name_style(a, node), name);
	if (n->kind == CT_NODE_EMBEDDING && max - used > 5)
		used += 2 + draw_cut(area, x + used + 2, y, max - used - 2, ST_DIM, "word");
	return used;
}

const char *
node_name_text(struct app *a, int node, char *buf, size_t size)
{
	char name[STUDY_NAME], note[STUDY_NAME], place[STUDY_NAME];
	const struct ct_node *n = study_node(&a->study, node);

	study_note(&a->study, node, note, sizeof note);
	if (study_is_feature(n) && *note)
		snprintf(buf, size, "%s %s", note, study_place(&a->study, n->pos, place, sizeof place));
	else
		snprintf(buf, size, "%s", study_name(&a->study, node, name, sizeof name));
	return buf;
}
