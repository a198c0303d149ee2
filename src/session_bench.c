/* session_bench: the facade's part that measures graphs of shapes nobody ships, on random weights. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"
#include "model/synthetic.h"

enum { FEATURES = 512, VOCABULARY = 512, HEAD = 64 };

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A gpt2-like decoder with a CLT whose TopK makes the number of active features exact. */
static struct ct_shape
shape_of(const struct ct_bench_shape *b)
{
	return (struct ct_shape){ .cfg = { .D = b->D, .L = b->L, .H = b->D / HEAD, .H_kv = b->D / HEAD,
					.head = HEAD, .mlp = 4 * b->D, .V = VOCABULARY,
					.context = b->tokens + 1, .norm = CT_LAYERNORM, .act = CT_GELU_TANH,
					.position = CT_LEARNED, .eps = 1e-5, .tied = true, .attn_bias = true,
					.mlp_bias = true },
		.kind = CT_CLT, .act = CT_TC_TOPK, .F = FEATURES, .k = b->active, .seed = 1 };
}

struct run {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	struct ct_pool *pool;
	struct ct_arena arena, scratch;
	struct ct_pass pass;
	struct ct_local local;
	struct ct_graph *graph;
	int T, *ids;
};

static int
graph_once(struct run *r, struct ct_bench_result *out, struct ct_error *err)
{
	struct ct_root roots[10];
	int V = r->m->cfg.V, n, rc;
	float *scratch = ct_arena_need(&r->scratch, ct_layer_scratch(r->m, r->T), sizeof *scratch, "a run", err);
	float *logits = ct_arena_need(&r->scratch, (size_t)V, sizeof *logits, "logits", err);
	double t0 = now(), t1, t2, t3, t4;

	if (!scratch || !logits || (rc = ct_pass_init(&r->pass, r->m, r->T, &r->arena, err)) < 0)
		return CT_ENOMEM;
	ct_forward(r->m, &r->pass, r->ids, scratch);
	t1 = now();
	if ((rc = ct_local_init(&r->local, r->m, r->tc, &r->pass, r->pool, &r->arena, err)) < 0)
		return rc;
	t2 = now();
	ct_logits(r->m, 1, r->pass.final + (size_t)(r->T - 1) * r->m->cfg.D, logits);
	n = ct_default_roots(logits, V, r->T - 1, roots, 10);
	rc = ct_graph_build(&r->graph, &r->local, r->ids, roots, n, r->local.n, &r->arena, r->pool, NULL, NULL,
	    err);
	if (rc < 0)
		return rc;
	t3 = now();
	if ((rc = ct_graph_prune(r->graph, 0.8, 0.98, &r->arena, &r->scratch, err)) < 0)
		return rc;
	t4 = now();
	out->seconds = t4 - t0;
	out->phases[0] = (struct ct_bench_phase){ "run", t1 - t0 };
	out->phases[1] = (struct ct_bench_phase){ "features", t2 - t1 };
	out->phases[2] = (struct ct_bench_phase){ "attribution", t3 - t2 };
	out->phases[3] = (struct ct_bench_phase){ "pruning", t4 - t3 };
	out->n_phases = 4;
	out->targets = r->graph->n_features + r->graph->n_targets;
	out->n_edges = r->graph->n_edges;
	return CT_OK;
}

/* The formula of the work a graph needs; see ctrace.h. */
double
ct_graph_gflop(const struct ct_graph *g, int D, bool per_layer)
{
	double *active = calloc((size_t)g->L * g->T, sizeof *active), flop = 0;

	if (!active)
		return 0;
	for (int i = 0; i < g->n_features; i++)
		for (int m = g->nodes[i].layer; m < (per_layer ? g->nodes[i].layer + 1 : g->L); m++)
			active[m * g->T + g->nodes[i].pos]++;
	for (int m = 0; m < g->L; m++)
		for (int t = 1; t < g->T; t++)
			active[m * g->T + t] += active[m * g->T + t - 1];
	for (int i = 0; i < g->n_nodes; i++) {
		const struct ct_node *n = &g->nodes[i];
		double span = n->pos + 1;

		for (int m = 0; n->attributed && m < n->layer; m++)
			flop += 4 * span * D * D + 2 * span * span * D + 2 * active[m * g->T + n->pos] * D;
	}
	free(active);
	return flop * 1e-9;
}

int
ct_bench_graph(const struct ct_bench_shape *b, int threads, int runs, struct ct_bench_result *out,
    struct ct_error *err)
{
	struct ct_shape shape = shape_of(b);
	struct ct_transcoder *tc = NULL;
	struct ct_model *m = NULL;
	struct run r = { .T = b->tokens + 1 };
	int rc;

	*out = (struct ct_bench_result){ 0 };
	if ((rc = ct_model_random(&m, &shape, err)) < 0 || (rc = ct_transcoder_random(&tc, &shape, err)) < 0 ||
	    (rc = ct_pool_open(&r.pool, threads, err)) < 0)
		goto done;
	r.m = m;
	r.tc = tc;
	r.ids = calloc((size_t)r.T, sizeof *r.ids);
	if (!r.ids) {
		rc = ct_fail_memory(err, (size_t)r.T * sizeof *r.ids, "a prompt");
		goto done;
	}
	for (int i = 0; i < r.T; i++)
		r.ids[i] = (i * 37 + 1) % VOCABULARY;
	for (int i = 0; i < runs && rc == CT_OK; i++) {
		struct ct_bench_result one = { 0 };

		rc = graph_once(&r, &one, err);
		if (rc == CT_OK && (i == 0 || one.seconds < out->seconds)) {
			one.gflop = ct_graph_gflop(r.graph, b->D, false);
			*out = one;
		}
		if (r.arena.peak > out->bytes)
			out->bytes = r.arena.peak;
		ct_arena_free(&r.arena);
		ct_arena_free(&r.scratch);
	}
done:
	ct_arena_free(&r.arena);
	ct_arena_free(&r.scratch);
	free(r.ids);
	ct_pool_close(r.pool);
	ct_transcoder_close(tc);
	ct_model_close(m);
	return rc;
}
