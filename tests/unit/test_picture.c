/*
 * Pictures of graphs: which edges are drawn, against their definition; and that boxes, slots and edges are
 * where a reader expects them, on random graphs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "graphs.h"
#include "share/picture_layout.h"

/* The nodes of the picture that an edge of its content joins; false: one of them is not drawn. */
static bool
ends(const struct picture *p, const struct ct_content_edge *e, int *source, int *target)
{
	*source = *target = -1;
	for (int i = 0; i < (int)p->n_nodes; i++) {
		*source = strcmp(p->nodes[i].id, p->content.part[e->source].id) ? *source : i;
		*target = strcmp(p->nodes[i].id, p->content.part[e->target].id) ? *target : i;
	}
	return *source >= 0 && *target >= 0;
}

struct arrow {
	int source, target;
	double weight, share;		/* of the absolute weights into the target */
	bool needed;
};

/* How many of the others have a larger share: of all, of the same source, of the same target. */
static void
rank(const struct arrow *list, int n, int i, int *all, int *from, int *into)
{
	*all = *from = *into = 0;
	for (int k = 0; k < n; k++)
		if (list[k].share > list[i].share) {
			++*all;
			*from += list[k].source == list[i].source;
			*into += list[k].target == list[i].target;
		}
}

static bool
is_drawn(const struct picture *p, const struct arrow *a)
{
	int times = 0;

	for (size_t i = 0; i < p->n_links; i++)
		if (p->links[i].source == a->source && p->links[i].target == a->target) {
			assert_true(p->links[i].weight == a->weight);
			times++;
		}
	assert_in_range(times, 0, 1);
	return times == 1;
}

/*
 * Each node keeps its strongest edge out and its two strongest in; and the strongest of the rest are drawn
 * until there are twice as many edges as nodes.
 */
static int
check_arrows(const struct picture *p)
{
	struct arrow *list = calloc(p->content.n_edges + 1, sizeof *list);
	double *sum = calloc(p->n_nodes + 1, sizeof *sum), weakest = INFINITY, strongest = 0;
	size_t needed = 0;
	int n = 0, all, from, into;

	for (size_t i = 0; i < p->content.n_edges; i++)
		if (ends(p, &p->content.edge[i], &list[n].source, &list[n].target)) {
			list[n].weight = p->content.edge[i].weight;
			sum[list[n].target] += fabs(list[n].weight);
			n++;
		}
	for (int i = 0; i < n; i++)
		list[i].share = fabs(list[i].weight) / sum[list[i].target];
	for (int i = 0; i < n; i++) {
		rank(list, n, i, &all, &from, &into);
		list[i].needed = from == 0 || into < 2;
		needed += list[i].needed;
		if (is_drawn(p, &list[i])) {
			weakest = list[i].needed ? weakest : fmin(weakest, list[i].share);
		} else {
			assert_false(list[i].needed);
			strongest = fmax(strongest, list[i].share);
		}
	}
	assert_true(weakest >= strongest);
	if (n > 2 * (int)p->n_nodes)
		assert_int_equal(p->n_links, needed > 2 * p->n_nodes ? needed : 2 * p->n_nodes);
	else
		assert_int_equal(p->n_links, n);
	free(list);
	free(sum);
	return n > (int)p->n_links;
}

/*
 * A graph of features at the last of two positions, layer by layer. Weights into one node are alike, those
 * into another are of another magnitude: a weak edge may be all that a node has.
 */
static struct ct_graph_file *
random_graph(struct ct_rng *r, int n)
{
	struct ct_buffer b = { 0 };
	struct ct_graph_file *f;
	const char *comma = "";
	char *text;

	ct_buffer_puts(&b, "{" META ",\"nodes\":[");
	for (int i = 0; i < n; i++)
		ct_buffer_printf(&b, "{\"node_id\":\"%d_%d_1\",\"feature\":%d,\"feature_type\":"
		    "\"cross layer transcoder\",\"layer\":\"%d\",\"ctx_idx\":1,\"influence\":%.2f},",
		    i, i, i, i, i / (double)n);
	ct_buffer_printf(&b, "{\"node_id\":\"%d_1_1\",\"feature_type\":\"logit\",\"layer\":\"%d\","
	    "\"ctx_idx\":1,\"token_prob\":0.5,\"clerp\":\"Output \\\"X\\\" (p=0.500)\"}],\"links\":[", n, n);
	for (int t = 1; t <= n; t++) {
		double scale = pow(10, ct_rng_below(r, 5));
		int inputs = 1 + (int)ct_rng_below(r, (uint32_t)t);

		for (int k = 0; k < inputs; k++, comma = ",")
			ct_buffer_printf(&b, "%s{\"source\":\"%d_%d_1\",\"target\":\"%d_%d_1\","
			    "\"weight\":%.6f}", comma, t - 1 - k, t - 1 - k, t, t == n ? 1 : t,
			    scale * ((double)ct_rng_uniform(r) - .5));
	}
	ct_buffer_puts(&b, "]}");
	assert_non_null(text = ct_buffer_take(&b, NULL));
	f = graphs_good(text);
	free(text);
	return f;
}

/* The output of random_graph: its word, and below it the probability. */
static void
check_output(const struct picture *p)
{
	int found = 0;

	for (size_t i = 0; i < p->n_nodes; i++)
		if (strcmp(p->nodes[i].label, "X") == 0) {
			assert_string_equal(p->nodes[i].note, "50%");
			found++;
		}
	assert_int_equal(found, 1);
}

static void
test_arrows(void **state)
{
	struct ct_error err = { 0 };
	struct ct_rng r;
	int thinned = 0;

	(void)state;
	ct_rng_seed(&r, 3, 1);
	for (int i = 0; i < 200; i++) {
		struct ct_graph_file *f = random_graph(&r, 4 + i % 12);
		struct ct_graph_names names = ct_graph_file_names(f);
		struct ct_export x = { .graph = &f->graph, .subgraph = &(struct ct_subgraph){ 0 },
			 .names = &names };
		struct ct_buffer out = { 0 };
		struct picture p;

		assert_int_equal(picture_open(&p, &out, &x, 4 + i % 9, &err), CT_OK);
		thinned += check_arrows(&p);
		check_output(&p);
		picture_close(&p);
		ct_graph_file_close(f);
	}
	assert_true(thinned > 50);
}

/* Boxes by layer and position, up to `most` in a cell. */
static int
scatter(struct picture_node *nodes, struct ct_rng *r, int layers, int T, int most)
{
	int n = 0;

	for (int l = 0; l < layers; l++)
		for (int t = 0; t < T; t++)
			for (int k = (int)ct_rng_below(r, (uint32_t)most + 1); k > 0; k--)
				nodes[n++] = (struct picture_node){ .layer = l, .pos = t };
	return n;
}

static bool
same_cell(const struct picture_node *a, const struct picture_node *b)
{
	return a->layer == b->layer && a->pos == b->pos;
}

static void
check_layout(const struct picture_layout *g, const struct picture *p)
{
	int fullest[8] = { 0 };
	bool tall = false;

	for (size_t i = 0; i < p->n_nodes; i++) {
		const struct picture_node *a = &p->nodes[i];
		int cell = 0;

		assert_true(a->x >= g->x[a->pos] && a->x + a->w <= g->x[a->pos + 1]);
		assert_true(a->y >= 0 && a->y + PICTURE_BOX_H <= g->total_h && a->x + a->w <= g->total_w);
		for (size_t k = 0; k < p->n_nodes; k++) {
			const struct picture_node *b = &p->nodes[k];

			cell += same_cell(a, b);
			tall |= same_cell(a, b) && a->row != b->row;
			if (k != i && a->row == b->row)
				assert_true(a->layer == b->layer &&
				    (a->x >= b->x + b->w || b->x >= a->x + a->w));
			if (a->layer < b->layer)
				assert_true(a->y > b->y);
		}
		fullest[a->pos] = cell > fullest[a->pos] ? cell : fullest[a->pos];
	}
	/* No slot that nothing needs; boxes of a cell stand above each other only where the page is wide. */
	for (int t = 0; t < g->T; t++)
		assert_in_range(g->columns[t], fullest[t] > 0, fullest[t] > 0 ? fullest[t] : 0);
	assert_true(!tall || g->total_w >= 1.5 * g->total_h);
}

static void
test_layout(void **state)
{
	enum { LAYERS = 12, POSITIONS = 5, MOST = 6 };
	static struct picture_node nodes[LAYERS * POSITIONS * MOST];
	struct ct_error err = { 0 };
	struct ct_rng r;

	(void)state;
	ct_rng_seed(&r, 5, 1);
	for (int i = 0; i < 300; i++) {
		struct picture p = { .nodes = nodes };
		struct picture_layout g;

		p.n_nodes = (size_t)scatter(nodes, &r, 1 + (int)ct_rng_below(&r, LAYERS),
		    1 + (int)ct_rng_below(&r, POSITIONS), 1 + (int)ct_rng_below(&r, MOST));
		assert_int_equal(picture_layout(&g, &p, &err), CT_OK);
		check_layout(&g, &p);
		picture_layout_free(&g);
	}
}

/* Links between random boxes, from lower layers to higher ones. */
static size_t
join(struct picture_link *links, struct ct_rng *r, const struct picture *p, size_t most)
{
	size_t n = 0;

	for (int tries = 0; n < most && tries < 100; tries++) {
		int a = (int)ct_rng_below(r, (uint32_t)p->n_nodes);
		int b = (int)ct_rng_below(r, (uint32_t)p->n_nodes);

		if (p->nodes[a].layer < p->nodes[b].layer)
			links[n++] = (struct picture_link){ .source = a, .target = b };
	}
	return n;
}

/* A link passes the rows between its boxes, if there are any, and no box of them is in its way. */
static void
check_passage(const struct picture *p, const struct picture_link *l)
{
	const struct picture_node *s = &p->nodes[l->source], *t = &p->nodes[l->target];

	assert_int_equal(isnan(l->corridor), t->row == s->row + 1);
	for (size_t i = 0; i < p->n_nodes; i++) {
		const struct picture_node *n = &p->nodes[i];

		if (n->row > s->row && n->row < t->row)
			assert_true(l->corridor < n->x || l->corridor > n->x + n->w);
	}
}

/* So few links that no gap is full never share a lane; returns how many run next to each other. */
static int
check_lanes(const struct picture *p)
{
	int near = 0;

	for (size_t i = 0; i < p->n_links; i++)
		for (size_t k = 0; k < i; k++) {
			double apart = fabs(p->links[i].corridor - p->links[k].corridor);

			assert_false(apart < 4);
			near += apart < 10;
		}
	return near;
}

static void
test_passages(void **state)
{
	enum { LAYERS = 12, POSITIONS = 2, MOST = 3, LINKS = 60, FEW = 5 };
	static struct picture_node nodes[LAYERS * POSITIONS * MOST];
	struct picture_link links[LINKS];
	struct ct_error err = { 0 };
	struct ct_rng r;
	int near = 0;

	(void)state;
	ct_rng_seed(&r, 7, 1);
	for (int i = 0; i < 300; i++) {
		struct picture p = { .nodes = nodes, .links = links };
		struct picture_layout g;

		p.n_nodes = (size_t)scatter(nodes, &r, LAYERS, POSITIONS, 1 + (int)ct_rng_below(&r, MOST));
		p.n_links = join(links, &r, &p, i % 2 ? LINKS : FEW);
		assert_int_equal(picture_layout(&g, &p, &err), CT_OK);
		for (size_t k = 0; k < p.n_links; k++)
			check_passage(&p, &links[k]);
		near += p.n_links <= FEW ? check_lanes(&p) : 0;
		picture_layout_free(&g);
	}
	assert_true(near > 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arrows),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_passages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
