/*
 * holdout: which sentences are never trained on.
 *
 * The unit is a pair of values, such as (Dallas, capital): all sentences of the named templates with these
 * values go together. Pairs are drawn at random until the share is reached, but never the last pair in
 * training that has some value, nor the last one that states some fact (an answer's cell): what is held out
 * must follow from what was learned. A share of the held-out pairs, those of `always:` first, is for
 * validation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "corpus/templates.h"

struct member {
	int instance, pair, left, right, fact;
};

struct choice {
	struct ct_plan *p;
	const struct ct_yaml_doc *doc;
	const char *paths[2];
	double share, validation;
	int seed;
	struct ct_arena arena;
	struct ct_names pairs, lefts, rights, facts;
	struct member *members;		/* sorted by pair */
	int n;
	int *first;			/* (pairs + 1) into members */
	int *n_left, *n_right, *n_fact;	/* instances in training with this value, with this fact */
	char *out;			/* (pairs) whether it is held out */
	int *taken;			/* (pairs) the held-out ones, in the order in which they were taken */
	int n_taken;
};

static int
read_settings(struct choice *h, const struct ct_yaml *node, bool *chosen, struct ct_error *err)
{
	static const char *const keys[] = {
		"sentences", "pairs", "share", "seed", "always", "validation", NULL
	};
	const struct ct_yaml *list;
	int code;

	if (node->kind != CT_YAML_MAP)
		return ct_yaml_fail(h->doc, node, CT_EFORMAT, err,
		    "`hold_out:` is a map with `sentences:`, `pairs:`, `share:` and `seed:`");
	if ((code = ct_yaml_only(h->doc, node, keys, err)) < 0 ||
	    (code = ct_yaml_double(h->doc, node, "share", true, 0, 0.9, &h->share, err)) < 0 ||
	    (code = ct_yaml_double(h->doc, node, "validation", false, 0, 0.9, &h->validation, err)) < 0 ||
	    (code = ct_yaml_int(h->doc, node, "seed", true, 0, 1000000000, &h->seed, err)) < 0)
		return code;
	list = ct_yaml_get(node, "pairs");
	if (!list || list->kind != CT_YAML_LIST || list->n != 2 || list->items[0].kind != CT_YAML_SCALAR ||
	    list->items[1].kind != CT_YAML_SCALAR)
		return ct_yaml_fail(h->doc, list ? list : node, CT_EFORMAT, err,
		    "`hold_out:` needs `pairs:`, two slots such as [city, relation]");
	h->paths[0] = list->items[0].text;
	h->paths[1] = list->items[1].text;
	list = ct_yaml_get(node, "sentences");
	if (!list || list->kind != CT_YAML_LIST || list->n == 0)
		return ct_yaml_fail(h->doc, list ? list : node, CT_EFORMAT, err,
		    "`hold_out:` needs `sentences:`, a list of their names");
	for (int i = 0; i < list->n; i++) {
		int t = 0;

		while (t < h->p->n_templates && (list->items[i].kind != CT_YAML_SCALAR ||
		    strcmp(h->p->templates[t].name, list->items[i].text) != 0))
			t++;
		if (t == h->p->n_templates)
			return ct_yaml_fail(h->doc, &list->items[i], CT_EFORMAT, err,
			    "no sentence is called \"%s\"",
			    list->items[i].kind == CT_YAML_SCALAR ? list->items[i].text : "[]");
		if (h->p->templates[t].answer < 0)
			return ct_yaml_fail(h->doc, &list->items[i], CT_EFORMAT, err,
			    "\"%s\" has no `answer:`, so it cannot be graded when held out",
			    h->p->templates[t].name);
		chosen[t] = true;
	}
	return CT_OK;
}

/* The value of a side of the pair: the relation's name, or a slot's. */
static int
side_value(const struct choice *h, const struct ct_instance *in, int side, const struct ct_yaml *at,
    const char **out, struct ct_error *err)
{
	const struct ct_template *t = &h->p->templates[in->template];
	struct ct_slot slot;
	int code;

	if (strcmp(h->paths[side], "relation") == 0 && in->relation >= 0) {
		*out = t->relations[in->relation];
		return CT_OK;
	}
	code = ct_slot_parse(&slot, h->p->world, &t->over, h->paths[side], strlen(h->paths[side]),
	    &(struct ct_relations){ t->relations, t->n_relations }, at, err);
	if (code == CT_OK)
		*out = ct_fact_text(h->p->world, ct_instance_fact(h->p, in, &slot));
	return code;
}

static int
by_pair(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->pair != y->pair ? (x->pair < y->pair ? -1 : 1) : (x->instance > y->instance) -
	    (x->instance < y->instance);
}

static int
pair_name(struct choice *h, const char *a, const char *b, bool add)
{
	char text[2 * CT_MAX_CELL + 4];

	snprintf(text, sizeof text, "%s / %s", a, b);
	return add ? ct_names_add(&h->pairs, text) : ct_names_find(&h->pairs, text);
}

static int
add_member(struct choice *h, int instance, const struct ct_yaml *at, struct ct_error *err)
{
	const struct ct_instance *in = &h->p->instances[instance];
	const struct ct_template *t = &h->p->templates[in->template];
	struct ct_fact f = ct_instance_fact(h->p, in, &t->pieces[t->answer].slot);
	const struct ct_table *table = &h->p->world->tables[f.table];
	struct member *m = &h->members[h->n++];
	const char *left = "", *right = "";
	char fact[2 * CT_MAX_CELL + 8];
	int code;

	if ((code = side_value(h, in, 0, at, &left, err)) < 0 ||
	    (code = side_value(h, in, 1, at, &right, err)) < 0)
		return code;
	snprintf(fact, sizeof fact, "%s of %s", f.col ? table->cols[f.col] : table->name,
	    table->cells[(size_t)f.row * table->n_cols]);
	*m = (struct member){
		.instance = instance,
		.pair = pair_name(h, left, right, true),
		.left = ct_names_add(&h->lefts, left),
		.right = ct_names_add(&h->rights, right),
		.fact = ct_names_add(&h->facts, fact),
	};
	if (m->pair < 0 || m->left < 0 || m->right < 0 || m->fact < 0)
		return ct_fail_memory(err, sizeof fact, "the hold-out");
	return CT_OK;
}

static int
collect(struct choice *h, const bool *chosen, const struct ct_yaml *node, struct ct_error *err)
{
	const struct ct_yaml *at = ct_yaml_get(node, "pairs");
	int code, pair = 0;

	for (int i = 0; i < h->p->n; i++)
		if (chosen[h->p->instances[i].template] && (code = add_member(h, i, at, err)) < 0)
			return code;
	qsort(h->members, (size_t)h->n, sizeof *h->members, by_pair);
	h->first = ct_arena_need(&h->arena, (size_t)h->pairs.n + 1, sizeof(int), "the hold-out", err);
	h->n_left = ct_arena_need(&h->arena, (size_t)h->lefts.n, sizeof(int), "the hold-out", err);
	h->n_right = ct_arena_need(&h->arena, (size_t)h->rights.n, sizeof(int), "the hold-out", err);
	h->n_fact = ct_arena_need(&h->arena, (size_t)h->facts.n, sizeof(int), "the hold-out", err);
	h->out = ct_arena_need(&h->arena, (size_t)h->pairs.n, 1, "the hold-out", err);
	h->taken = ct_arena_need(&h->arena, (size_t)h->pairs.n, sizeof(int), "the hold-out", err);
	if (!h->first || !h->n_left || !h->n_right || !h->n_fact || !h->out || !h->taken)
		return CT_ENOMEM;
	for (int i = 0; i < h->n; i++) {
		while (pair < h->members[i].pair)
			h->first[++pair] = i;
		h->n_left[h->members[i].left]++;
		h->n_right[h->members[i].right]++;
		h->n_fact[h->members[i].fact]++;
	}
	h->first[h->pairs.n] = h->n;
	return CT_OK;
}

static void
count(struct choice *h, int pair, int by)
{
	for (int i = h->first[pair]; i < h->first[pair + 1]; i++) {
		h->n_left[h->members[i].left] += by;
		h->n_right[h->members[i].right] += by;
		h->n_fact[h->members[i].fact] += by;
	}
}

/* Takes the pair out of training. If it is the last with one of its values or facts, says which instead. */
static const char *
take(struct choice *h, int pair)
{
	const char *last = NULL;

	count(h, pair, -1);
	for (int i = h->first[pair]; i < h->first[pair + 1] && !last; i++) {
		const struct member *m = &h->members[i];

		if (h->n_fact[m->fact] == 0)
			last = h->facts.text[m->fact];
		else if (h->n_left[m->left] == 0)
			last = h->lefts.text[m->left];
		else if (h->n_right[m->right] == 0)
			last = h->rights.text[m->right];
	}
	if (last) {
		count(h, pair, 1);
	} else {
		h->out[pair] = 1;
		h->taken[h->n_taken++] = pair;
	}
	return last;
}

static int
take_always(struct choice *h, const struct ct_yaml *node, int *taken, struct ct_error *err)
{
	const struct ct_yaml *list = ct_yaml_get(node, "always");

	if (list && list->kind != CT_YAML_LIST)
		return ct_yaml_fail(h->doc, list, CT_EFORMAT, err, "`always:` is a list of pairs");
	for (int i = 0; list && i < list->n; i++) {
		const struct ct_yaml *e = &list->items[i];
		const char *last;
		int pair;

		if (e->kind != CT_YAML_LIST || e->n != 2 || e->items[0].kind != CT_YAML_SCALAR ||
		    e->items[1].kind != CT_YAML_SCALAR || strlen(e->items[0].text) > CT_MAX_CELL ||
		    strlen(e->items[1].text) > CT_MAX_CELL)
			return ct_yaml_fail(
			    h->doc, e, CT_EFORMAT, err, "a pair is two values such as [Dallas, capital]");
		pair = pair_name(h, e->items[0].text, e->items[1].text, false);
		if (pair < 0)
			return ct_yaml_fail(h->doc, e, CT_EFORMAT, err, "no sentence has the pair %s / %s",
			    e->items[0].text, e->items[1].text);
		if (h->out[pair])
			continue;
		last = take(h, pair);
		if (last)
			return ct_yaml_fail(h->doc, e, CT_EFORMAT, err,
			    "holding out %s / %s leaves no sentence to learn \"%s\" from; give it another "
			    "row or take the pair off the list", e->items[0].text, e->items[1].text, last);
		++*taken;
	}
	return CT_OK;
}

static int
take_share(struct choice *h, const struct ct_yaml *node, int taken, struct ct_error *err)
{
	int want = (int)(h->share * h->pairs.n + 0.5), n = h->pairs.n;
	int *order = ct_arena_need(&h->arena, (size_t)n, sizeof *order, "the hold-out", err);
	const char *last = NULL;
	struct ct_rng rng;

	if (!order)
		return CT_ENOMEM;
	ct_rng_seed(&rng, (uint64_t)h->seed, 0);
	for (int i = 0; i < n; i++) {
		int j = (int)ct_rng_below(&rng, (uint32_t)i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	for (int i = 0; i < n && taken < want; i++) {
		const char *why;

		if (h->out[order[i]])
			continue;
		why = take(h, order[i]);
		if (why)
			last = why;
		else
			taken++;
	}
	if (taken < want)
		return ct_yaml_fail(h->doc, ct_yaml_get(node, "share"), CT_EINVAL, err,
		    "only %d of the %d pairs can be held out, %d wanted: more would leave nothing to learn "
		    "\"%s\" from; lower `share:` or add rows", taken, n, want, last);
	return CT_OK;
}

int
ct_plan_hold_out(struct ct_plan *p, const struct ct_yaml *node, struct ct_error *err)
{
	struct choice h = { .p = p, .doc = p->world->doc };
	bool *chosen;
	int code = CT_ENOMEM, taken = 0;

	if (!node)
		return CT_OK;
	h.pairs.arena = h.lefts.arena = h.rights.arena = h.facts.arena = &h.arena;
	chosen = ct_arena_need(&h.arena, (size_t)p->n_templates, sizeof *chosen, "the hold-out", err);
	h.members = ct_arena_need(&h.arena, (size_t)p->n, sizeof *h.members, "the hold-out", err);
	if (!chosen || !h.members)
		goto done;
	if ((code = read_settings(&h, node, chosen, err)) < 0 ||
	    (code = collect(&h, chosen, node, err)) < 0 ||
	    (code = take_always(&h, node, &taken, err)) < 0 || (code = take_share(&h, node, taken, err)) < 0)
		goto done;
	for (int i = 0; i < (int)(h.validation * h.n_taken + 0.5); i++)
		h.out[h.taken[i]] = 2;
	for (int i = 0; i < h.n; i++) {
		p->instances[h.members[i].instance].held_out = h.out[h.members[i].pair] > 0;
		p->instances[h.members[i].instance].validation = h.out[h.members[i].pair] > 1;
	}
done:
	ct_names_free(&h.pairs);
	ct_names_free(&h.lefts);
	ct_names_free(&h.rights);
	ct_names_free(&h.facts);
	ct_arena_free(&h.arena);
	return code;
}
