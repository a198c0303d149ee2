/* tree_item: see tree_item.h. */
#include "tui/view/tree_item.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "tui/study/lines.h"

const char *
tree_by_name(enum ct_inputs_by by)
{
	static const char *const names[] = {
		[CT_BY_KIND] = "node", [CT_BY_TOKEN] = "token", [CT_BY_LAYER] = "layer"
	};

	return names[by];
}

const char *
tree_order_name(enum tree_order order)
{
	static const char *const names[] = {
		[ORDER_SIZE] = "size", [ORDER_FOR] = "for", [ORDER_AGAINST] = "against"
	};

	return names[order];
}

void
tree_item_free(struct tree_item *t, int n)
{
	for (int i = 0; i < n; i++)
		tree_item_free(t[i].child, t[i].n + t[i].n_folds);
	free(t);
}

void
tree_item_forget(struct tree_item *t)
{
	tree_item_free(t->child, t->n + t->n_folds);
	t->child = NULL;
	t->n = t->n_folds = t->shown = 0;
	t->open = t->known = false;
}

double
tree_item_weight(const struct tree_item *t)
{
	return t->plus + t->minus;
}

int
tree_item_target(const struct tree_item *t)
{
	const struct tree_item *up = t->parent;

	while (up && up->node < 0)
		up = up->parent;
	return up ? up->node : -1;
}

static int
by_rank(const struct tree_item *a, const struct tree_item *b)
{
	return a->rank - b->rank;
}

static int
most_for(const void *left, const void *right)
{
	const struct tree_item *a = left, *b = right;
	double x = tree_item_weight(a), y = tree_item_weight(b);

	return x != y ? (x > y ? -1 : 1) : by_rank(a, b);
}

static int
most_against(const void *left, const void *right)
{
	const struct tree_item *a = left, *b = right;
	double x = tree_item_weight(a), y = tree_item_weight(b);

	return x != y ? (x < y ? -1 : 1) : by_rank(a, b);
}

/* Adds the members of a fold. They are nodes whose own inputs are not known yet. */
static bool
add_members(struct tree_item *fold, const struct ct_input *in)
{
	fold->child = calloc((size_t)in->n + 1, sizeof *fold->child);
	if (!fold->child)
		return false;
	for (int i = 0; i < in->n; i++) {
		double w = (double)in->edge[i].weight;

		fold->child[i] = (struct tree_item){ .kind = CT_INPUT_NODE, .node = in->edge[i].source,
			.key = in->edge[i].source, .rank = i, .kept = in->kept, .plus = w > 0 ? w : 0,
			.minus = w < 0 ? w : 0 };
		fold->largest = fmax(fold->largest, fabs(w));
	}
	fold->n = in->n;
	fold->known = true;
	return true;
}

/* Words, errors and what is left out come after the features, in any order of these. */
static bool
comes_after(const struct tree_shape *shape, const struct ct_input *in)
{
	return shape->by == CT_BY_KIND && (in->kind == CT_INPUT_WORDS || in->kind == CT_INPUT_ERRORS ||
	    in->kind == CT_INPUT_LEFT_OUT);
}

static bool
add_children(struct tree_item *t, const struct tree_shape *shape, const struct ct_inputs *in)
{
	t->child = calloc((size_t)in->n + 1, sizeof *t->child);
	for (int pass = 0; t->child && pass < 2; pass++)
		for (int i = 0; i < in->n; i++) {
			const struct ct_input *row = &in->input[i];
			struct tree_item *c = &t->child[t->n + t->n_folds];

			if (comes_after(shape, row) != (pass == 1))
				continue;
			*c = (struct tree_item){ .kind = row->kind,
				.node = row->kind == CT_INPUT_NODE ? row->key : -1, .key = row->key,
				.size = row->n, .plus = row->plus, .minus = row->minus, .kept = row->kept };
			*(pass ? &t->n_folds : &t->n) += 1;
			if (c->node < 0 && !add_members(c, row))
				return false;
			t->largest = fmax(t->largest, fabs(tree_item_weight(c)));
		}
	return t->child;
}

/* Sorting moves the children, so their own children need the new address. */
static void
set_parents(struct tree_item *t)
{
	for (int i = 0; i < t->n + t->n_folds; i++) {
		struct tree_item *c = &t->child[i];

		c->parent = t;
		for (int k = 0; k < c->n + c->n_folds; k++)
			c->child[k].parent = c;
	}
}

/* How many children get a row: those of the pruned graph, or with an order by sign, those of that sign. */
static int
count_shown(const struct tree_item *t, const struct tree_shape *shape, int shown)
{
	int wanted = 0;

	for (int i = 0; i < t->n; i++)
		wanted += shape->by != CT_BY_KIND ? 1
		    : shape->order == ORDER_FOR ? tree_item_weight(&t->child[i]) > 0
		    : shape->order == ORDER_AGAINST ? tree_item_weight(&t->child[i]) < 0
						    : t->child[i].kept;
	if (wanted < shown)
		shown = wanted > 0 ? wanted : t->n < 3 ? t->n : 3;
	return shown;
}

bool
tree_item_grow(const struct study *s, struct tree_item *t, const struct tree_shape *shape, int shown)
{
	struct ct_arena scratch = { .blocks = NULL };
	struct ct_inputs in;
	struct ct_error err;
	bool ok;

	if (t->known) {
		if (t->node < 0 && !t->shown)	/* a fold that is opened for the first time */
			t->shown = shown < t->n ? shown : t->n;
		return true;
	}
	t->n = t->n_folds = t->shown = 0;
	t->largest = 0;
	ok = ct_inputs_of(&in, s->graph, t->node, shape->by, s->graph->n_nodes, &scratch, &err) == CT_OK &&
	    add_children(t, shape, &in);
	ct_arena_free(&scratch);
	if (!ok) {
		tree_item_forget(t);
		return false;
	}
	for (int i = 0; i < t->n; i++)
		t->child[i].rank = i;
	if (shape->order != ORDER_SIZE && t->n)
		qsort(t->child, (size_t)t->n, sizeof *t->child,
		    shape->order == ORDER_FOR ? most_for : most_against);
	for (int i = 0; i < t->n; i++)
		t->child[i].rank = i;
	set_parents(t);
	t->known = true;
	t->wanted = shown;
	t->shown = count_shown(t, shape, shown);
	return true;
}

static bool
is_same(const struct tree_item *a, const struct tree_item *b)
{
	return a->kind == b->kind && a->node == b->node && a->key == b->key;
}

/* Opens below a new child what was open below the old one. */
static void
keep_open(const struct study *s, struct tree_item *now, struct tree_item *was, const struct tree_shape *shape)
{
	now->open = was->open;
	if (!was->known)
		return;
	if (now->node < 0) {	/* a fold: its members are known, but not what feeds them */
		now->shown = was->shown < now->n ? was->shown : now->n;
		for (int i = 0; i < was->n; i++)
			for (int k = 0; was->child[i].known && k < now->n; k++)
				if (is_same(&was->child[i], &now->child[k]))
					keep_open(s, &now->child[k], &was->child[i], shape);
		return;
	}
	now->known = true;
	now->child = was->child;
	now->n = was->n;
	now->n_folds = was->n_folds;
	now->shown = was->shown;
	now->wanted = was->wanted;
	now->largest = was->largest;
	was->n = was->n_folds = 0;
	was->child = NULL;
	set_parents(now);
	tree_item_regrow(s, now, shape);
}

void
tree_item_regrow(const struct study *s, struct tree_item *t, const struct tree_shape *shape)
{
	struct tree_item old = *t;

	if (!t->known || t->node < 0)
		return;
	t->known = false;
	t->child = NULL;
	if (!tree_item_grow(s, t, shape, old.wanted > old.shown ? old.wanted : old.shown)) {
		*t = old;
		return;
	}
	for (int i = 0; i < old.n + old.n_folds; i++)
		for (int k = 0; (old.child[i].known || old.child[i].open) && k < t->n + t->n_folds; k++)
			if (is_same(&t->child[k], &old.child[i])) {
				keep_open(s, &t->child[k], &old.child[i], shape);
				break;
			}
	tree_item_free(old.child, old.n + old.n_folds);
}

bool
tree_item_is_ready(const struct study *s, const struct tree_item *t)
{
	const struct ct_node *n = study_node(s, t->node);

	return n && ct_node_traits(n->kind)->has_inputs && (n->attributed || !s->graph->partial);
}

bool
tree_item_can_open(const struct study *s, const struct tree_item *t)
{
	const struct ct_node *n = study_node(s, t->node);

	if (t->node < 0)
		return t->n > 0;
	return n && ct_node_traits(n->kind)->has_inputs && (!t->known || t->n || t->n_folds);
}

struct tree_item *
tree_item_promote(struct tree_item *t, int k)
{
	struct tree_item found = t->child[k];

	if (k < t->shown || k >= t->n)
		return &t->child[k];
	memmove(t->child + t->shown + 1, t->child + t->shown, (size_t)(k - t->shown) * sizeof *t->child);
	t->child[t->shown] = found;
	set_parents(t);
	return &t->child[t->shown++];
}

struct tree_item *
tree_item_find(struct tree_item *t, int node, struct tree_item **fold, int *k)
{
	*fold = NULL;
	for (int i = 0; i < t->n + t->n_folds; i++) {
		struct tree_item *c = &t->child[i];

		*k = i;
		if (c->node == node)
			return c;
		for (int j = 0; c->node < 0 && j < c->n; j++)
			if (c->child[j].node == node) {
				*fold = c;
				return &c->child[j];
			}
	}
	return NULL;
}

int
tree_item_rows(const struct tree_item *t)
{
	return t->open ? t->shown + t->n_folds : 0;
}

struct tree_item *
tree_item_row(const struct tree_item *t, int i)
{
	return &t->child[i < t->shown ? i : t->n + i - t->shown];
}

int
tree_item_depth(const struct tree_item *t)
{
	int deepest = 0;

	for (int i = 0; i < tree_item_rows(t); i++) {
		int d = tree_item_depth(tree_item_row(t, i));

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
	for (int i = 0; depth > 1 && i < tree_item_rows(t); i++)
		did |= tree_item_fold(tree_item_row(t, i), depth - 1);
	if (depth <= 1) {
		t->open = false;
		did = true;
	}
	return did;
}

/* Its name in a session: the node's name, "words", "errors", "token 7", "layer 3". Returns buf. */
static const char *
item_name(const struct study *s, const struct tree_item *t, char *buf, size_t size)
{
	static const char *const names[] = { [CT_INPUT_NODE] = "", [CT_INPUT_WORDS] = "words",
		[CT_INPUT_ERRORS] = "errors", [CT_INPUT_TOKEN] = "token", [CT_INPUT_LAYER] = "layer",
		[CT_INPUT_REST] = "rest", [CT_INPUT_LEFT_OUT] = "left out" };

	if (t->node >= 0)
		ct_session_node_name(s->session, t->node, buf, size);
	else if (t->key >= 0)
		snprintf(buf, size, "%s %d", names[t->kind], t->key);
	else
		snprintf(buf, size, "%s", names[t->kind]);
	return buf;
}

const char *
tree_item_title(const struct study *s, const struct tree_item *t, char *buf, size_t size)
{
	if (t->node >= 0)
		return study_name(s, t->node, buf, size);
	if (t->kind == CT_INPUT_TOKEN)
		return study_place(s, t->key, buf, size);
	return item_name(s, t, buf, size);
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

		item_name(s, &t[i], name, sizeof name);
		len = strlen(name);
		if (len <= longest || strncmp(*text, name, len) != 0)
			continue;
		end += len;
		if (*end && strncmp(end, " > ", 3) != 0)
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
	item_name(s, t, name, sizeof name);
	snprintf(buf + n, size - n, "%s%s", n ? " > " : "", name);
	return buf;
}

/* Whether the i-th child has been promoted: it comes before a stronger one. */
static bool
is_promoted(const struct tree_item *t, int i)
{
	for (int k = i + 1; k < t->n; k++)
		if (t->child[k].rank < t->child[i].rank)
			return true;
	return false;
}

/*
 * Writes the number of rows that are in their usual order; each promoted child gets its own line, in its
 * place.
 */
void
tree_item_save(const struct study *s, const struct tree_item *t, struct lines *out)
{
	char path[TREE_ITEM_PATH];
	int rows = 0;	/* how many rows the lines so far give it */

	if (!t->open)
		return;
	for (int i = 0; i < t->shown; i++) {
		if (!is_promoted(t, i))
			continue;
		if (i > rows || rows == 0)
			lines_add(out, "branch %d %s", i, tree_item_path(s, t, path, sizeof path));
		lines_add(out, "branch %s", tree_item_path(s, &t->child[i], path, sizeof path));
		rows = i + 1;
	}
	if (t->shown > rows || !rows)
		lines_add(out, "branch %d %s", t->shown ? t->shown : 1,
		    tree_item_path(s, t, path, sizeof path));
	for (int i = 0; i < tree_item_rows(t); i++)
		tree_item_save(s, tree_item_row(t, i), out);
}
