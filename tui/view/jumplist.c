/* jumplist: see jumplist.h. */
#include "tui/view/jumplist.h"

#include <string.h>

#include "tui/app.h"

static bool
is_at(const struct jumplist *t, const struct ct_node *n)
{
	return t->n && t->mark[t->here].kind == (int)n->kind && t->mark[t->here].layer == n->layer &&
	    t->mark[t->here].pos == n->pos && t->mark[t->here].index == n->index;
}

void
jumplist_note(struct app *a, bool step)
{
	struct jumplist *t = &a->jumplist;
	const struct ct_node *n = study_node(&a->study, a->study.node);

	if (!n)
		return;
	if (is_at(t, n)) {
		t->keep |= !step;
		return;
	}
	if (t->n && (t->keep || !step)) {
		if (t->here == JUMPLIST_MAX - 1)
			memmove(t->mark, t->mark + 1, (JUMPLIST_MAX - 1) * sizeof *t->mark);
		else
			t->here++;
	}
	t->mark[t->here].kind = (int)n->kind;
	t->mark[t->here].layer = n->layer;
	t->mark[t->here].pos = n->pos;
	t->mark[t->here].index = n->index;
	t->n = t->here + 1;
	t->keep = !step;
}

int
jumplist_go(struct app *a, int step)
{
	struct jumplist *t = &a->jumplist;
	int node;

	for (int i = t->here + step; a->study.graph && i >= 0 && i < t->n; i += step) {
		node = ct_graph_find(a->study.graph, (enum ct_node_kind)t->mark[i].kind, t->mark[i].layer,
		    t->mark[i].pos, t->mark[i].index);
		if (node < 0 || node == a->study.node)
			continue;
		t->here = i;
		t->keep = true;
		return node;
	}
	return -1;
}
