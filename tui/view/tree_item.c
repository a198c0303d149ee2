/* tree_item: see tree_item.h. */
#include "tui/view/tree_item.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/study/lines.h"

void
tree_item_free(struct tree_item *t, int n)
{
	for (int i = 0; i < n; i++)
		tree_item_free(t[i].child, t[i].n);
	free(t);
}

void
tree_item_forget(struct tree_item *t)
{
	tree_item_free(t->child, t->n);
	t->child = NULL;
	t->n = t->shown = 0;
	t->open = t->known = false;
}

bool
tree_item_grow(const struct study *s, struct tree_item *t, int shown)
{
	const struct ct_graph *g = s->graph;
	struct ct_edge *edges;
	struct tree_item *child;
	int n_kept, n;
	bool *is_kept;

	if (t->known)
		return true;
	edges = malloc((size_t)g->n_nodes * 2 * sizeof *edges);
	child = calloc((size_t)g->n_nodes, sizeof *child);
	is_kept = calloc((size_t)g->n_nodes, sizeof *is_kept);
	if (!edges || !child || !is_kept) {
		free(edges);
		free(child);
		free(is_kept);
		return false;
	}
	n_kept = ct_graph_inputs(g, t->node, true, edges, g->n_nodes);
	for (int i = 0; i < n_kept; i++)
		is_kept[edges[i].source] = true;
	n = ct_graph_inputs(g, t->node, false, edges + n_kept, g->n_nodes);
	t->n = t->shown = 0;
	t->largest = 0;
	for (int pass = 0; pass < 2; pass++)
		for (int i = n_kept; i < n_kept + n; i++) {
			bool kept = is_kept[edges[i].source];

			if (kept != (pass == 0))
				continue;
			child[t->n] = (struct tree_item){
				.node = edges[i].source, .weight = edges[i].weight, .rank = t->n, .kept = kept
			};
			t->n++;
			t->largest = fmax(t->largest, fabs((double)edges[i].weight));
		}
	for (int i = 0; i < t->n; i++)
		child[i].parent = t;
	t->child = child;
	t->known = true;
	t->shown = shown;
	if (n_kept < t->shown)
		t->shown = n_kept > 0 ? n_kept : t->n < 3 ? t->n : 3;
	free(edges);
	free(is_kept);
	return true;
}

void
tree_item_regrow(const struct study *s, struct tree_item *t)
{
	struct tree_item *old = t->child;
	int n = t->n, shown = t->shown;

	if (!t->known)
		return;
	t->known = false;
	t->child = NULL;
	if (!tree_item_grow(s, t, shown)) {
		t->child = old;
		t->n = n;
		t->known = true;
		return;
	}
	for (int i = 0; i < n; i++)
		for (int k = 0; old[i].known && k < t->n; k++)
			if (t->child[k].node == old[i].node) {
				struct tree_item *c = &t->child[k];

				c->open = old[i].open;
				c->known = true;
				c->child = old[i].child;
				c->n = old[i].n;
				c->shown = old[i].shown;
				c->largest = old[i].largest;
				for (int j = 0; j < c->n; j++)
					c->child[j].parent = c;
				old[i].n = 0;
				old[i].child = NULL;
				tree_item_regrow(s, c);
			}
	tree_item_free(old, n);
}

bool
tree_item_can_open(const struct study *s, const struct tree_item *t)
{
	const struct ct_node *n = study_node(s, t->node);

	return n && (n->kind == CT_NODE_TARGET || n->kind == CT_NODE_FEATURE) && (!t->known || t->n);
}

struct tree_item *
tree_item_promote(struct tree_item *t, int k)
{
	struct tree_item found = t->child[k];

	if (k < t->shown)
		return &t->child[k];
	memmove(t->child + t->shown + 1, t->child + t->shown, (size_t)(k - t->shown) * sizeof *t->child);
	t->child[t->shown] = found;
	for (int i = t->shown; i <= k; i++)	/* these have moved */
		for (int j = 0; j < t->child[i].n; j++)
			t->child[i].child[j].parent = &t->child[i];
	return &t->child[t->shown++];
}

int
tree_item_depth(const struct tree_item *t)
{
	int deepest = 0;

	for (int i = 0; t->open && i < t->shown; i++) {
		int d = tree_item_depth(&t->child[i]);

		if (d > deepest)
			deepest = d;
	}
	return t->open ? deepest + 1 : 0;
}

bool
tree_item_fold(struct tree_item *t, int depth)
{
	bool did = false;

	if (!t->open)
		return false;
	for (int i = 0; depth > 1 && i < t->shown; i++)
		did |= tree_item_fold(&t->child[i], depth - 1);
	if (depth <= 1) {
		t->open = false;
		did = true;
	}
	return did;
}

struct tree_item *
tree_item_named(const struct study *s, struct tree_item *t, int n, const char **text)
{
	struct tree_item *best = NULL;
	char name[STUDY_NAME];
	size_t longest = 0;

	for (int i = 0; i < n; i++) {
		const char *end = *text;
		size_t len;

		ct_session_node_name(s->session, t[i].node, name, sizeof name);
		len = strlen(name);
		if (len <= longest || strncmp(*text, name, len))
			continue;
		end += len;
		if (*end && strncmp(end, " > ", 3))
			continue;
		best = &t[i];
		longest = len;
	}
	if (best)
		*text += longest;
	if (best && **text)
		*text += 3;
	return best;
}

const char *
tree_item_path(const struct study *s, const struct tree_item *t, char *buf, size_t size)
{
	char name[STUDY_NAME];
	size_t n = 0;

	if (t->parent) {
		tree_item_path(s, t->parent, buf, size);
		n = strlen(buf);
	}
	ct_session_node_name(s->session, t->node, name, sizeof name);
	snprintf(buf + n, size - n, "%s%s", n ? " > " : "", name);
	return buf;
}

/* Was the i-th child brought up, before one that is stronger? */
static bool
is_brought_up(const struct tree_item *t, int i)
{
	for (int k = i + 1; k < t->n; k++)
		if (t->child[k].rank < t->child[i].rank)
			return true;
	return false;
}

/* Rows in their own order are a number; one that was brought up has a line of its own, where it stands. */
void
tree_item_save(const struct study *s, const struct tree_item *t, struct lines *out)
{
	char path[TREE_ITEM_PATH];
	int rows = 0;	/* that the lines so far give it */

	if (!t->open)
		return;
	for (int i = 0; i < t->shown; i++) {
		if (!is_brought_up(t, i))
			continue;
		if (i > rows || rows == 0)
			lines_add(out, "branch %d %s", i, tree_item_path(s, t, path, sizeof path));
		lines_add(out, "branch %s", tree_item_path(s, &t->child[i], path, sizeof path));
		rows = i + 1;
	}
	if (t->shown > rows)
		lines_add(out, "branch %d %s", t->shown, tree_item_path(s, t, path, sizeof path));
	for (int i = 0; i < t->shown; i++)
		tree_item_save(s, &t->child[i], out);
}
