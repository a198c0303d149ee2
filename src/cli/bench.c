/*
 * bench: `ctrace bench`: how fast graphs are computed, as fractions of the speed of matrix products and of
 * memory that is measured in the same process.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/pool.h"
#include "base/random.h"
#include "cli/waits.h"
#include "io/json_out.h"
#include "math/blas.h"
#include "trace/measure.h"

enum { FORMAT = 3 };			/* version of this command's JSON */
enum { KEY_SHAPE = CLI_LONG };
enum { MAX_PHASES = 12, MAX_SHAPES = 16, RUNS = 3 };
static const double enough = 1.0;	/* seconds for which each measurement is repeated */

struct phase {
	char name[40];
	double seconds;
};

/* Times the phases of the work, which are recognised by the names in its progress reports. */
struct stopwatch {
	struct phase phases[MAX_PHASES];
	int n, now;			/* phases[now] is running; -1: none yet */
	double since;
};

struct shape {
	char name[64];
	int tokens, targets;
	double gflop, seconds, fraction;
	struct stopwatch watch;		/* the fastest run's */
};

/* Shapes with random weights: `tokens` tokens after BOS, each with k active features in every layer. */
static const struct random_shape {
	const char *name;
	int L, D, H, tokens, F, k;
} random_shapes[] = {
	{ "gpt2-small", 12, 768, 12, 16, 512, 40 },
	{ "8l-d256", 8, 256, 8, 32, 512, 16 },
};
enum { N_RANDOM = sizeof random_shapes / sizeof *random_shapes };

struct limits {
	int threads;
	double sgemm_gflops, copy_gbs;
};

static bool
watch(void *ctx, const char *phase, long done, long total)
{
	struct stopwatch *w = ctx;
	double now = ct_seconds();
	int i = 0;

	(void)done;
	(void)total;
	if (w->now >= 0)
		w->phases[w->now].seconds += now - w->since;
	w->since = now;
	while (i < w->n && strcmp(w->phases[i].name, phase) != 0)
		i++;
	if (i == w->n && w->n < MAX_PHASES)
		snprintf(w->phases[w->n++].name, sizeof w->phases->name, "%s", phase);
	w->now = i < w->n ? i : -1;
	return !cli_interrupted();
}

/*
 * sum over targets at (l,t) of sum_{m<l} 4 T'D^2 + 2 T'^2 D + 2 n_active(m, <=t) D, with T' = t + 1: the work
 * that the method needs, however the program does it. n_active counts the decoder rows that write to layer m.
 */
static int
needed_gflop(const struct ct_graph *g, int d_model, bool per_layer, double *out, struct ct_error *err)
{
	size_t cells = (size_t)g->L * (size_t)g->T;
	double *active = calloc(cells, sizeof *active), flop = 0, D = d_model;

	if (!active)
		return ct_fail_memory(err, cells * sizeof *active, "counting active features");
	for (int i = 0; i < g->n_features; i++) {
		const struct ct_node *n = &g->nodes[i];

		for (int m = n->layer; m < (per_layer ? n->layer + 1 : g->L); m++)
			active[m * g->T + n->pos]++;
	}
	for (int m = 0; m < g->L; m++)
		for (int t = 1; t < g->T; t++)
			active[m * g->T + t] += active[m * g->T + t - 1];
	for (int i = 0; i < g->n_nodes; i++) {
		const struct ct_node *n = &g->nodes[i];
		double span = n->pos + 1;

		if (!n->attributed)
			continue;
		for (int m = 0; m < n->layer; m++)
			flop += 4 * span * D * D + 2 * span * span * D + 2 * active[m * g->T + n->pos] * D;
	}
	free(active);
	*out = flop * 1e-9;
	return CT_OK;
}

static int
describe(struct shape *out, const char *name, const struct ct_graph *g, int d_model, bool per_layer,
    struct ct_error *err)
{
	snprintf(out->name, sizeof out->name, "%s", name);
	out->tokens = g->T;
	for (int i = 0; i < g->n_nodes; i++)
		out->targets += g->nodes[i].attributed;
	return needed_gflop(g, d_model, per_layer, &out->gflop, err);
}

/* Takes the fastest of a few runs: the first one also waits for memory from the system. */
static int
measure_random(struct shape *out, const struct random_shape *r, struct ct_pool *pool, struct ct_error *err)
{
	const struct ct_shape shape = {
		.cfg = { .D = r->D, .L = r->L, .H = r->H, .H_kv = r->H, .head = r->D / r->H, .mlp = 4 * r->D,
		    .V = 1000, .context = r->tokens + 1, .norm = CT_LAYERNORM, .act = CT_GELU_TANH,
		    .position = CT_LEARNED, .eps = 1e-5, .tied = true, .attn_bias = true, .mlp_bias = true },
		.kind = CT_CLT, .act = CT_TC_TOPK, .read = CT_READ_NORM2, .F = r->F, .k = r->k, .seed = 1
	};
	int code = CT_OK;

	for (int i = 0; i < RUNS && code == CT_OK; i++) {
		struct stopwatch w = { .now = -1 };
		struct ct_arena arena = { 0 };
		struct ct_measured m;

		code = ct_measure_shape(&m, &shape, r->tokens + 1, &arena,
		    &(struct ct_job){ pool, watch, &w }, err);
		watch(&w, "", 0, 0);
		if (code == CT_OK && (i == 0 || m.seconds < out->seconds)) {
			out->targets = 0;
			code = describe(out, r->name, m.graph, r->D, false, err);
			out->seconds = m.seconds;
			out->watch = w;
		}
		ct_arena_free(&arena);
	}
	return code;
}

struct request {
	struct cli_model m;		/* .model NULL: all that are installed */
	const char *shape;		/* NULL: all */
	const char *json;
};

static int
measure_model(
    struct shape *out, const char *model, const struct request *q, struct ct_error *err)
{
	struct cli_model m = q->m;
	const struct ct_engine_info *info;
	double start;
	int code;

	m.model = model;
	m.transcoder = q->m.model ? q->m.transcoder : NULL;
	code = cli_model_open(&m, NULL, err);
	if (code < 0)
		goto done;
	info = ct_engine_info(m.engine);
	if (!*info->demo) {
		code = ct_fail(err, CT_EUNSUPPORTED, "%s: its recipe names no demo prompt to trace",
		    info->dir);
		goto done;
	}
	code = ct_session_open(&m.session, m.engine, err);
	start = ct_seconds();
	for (int i = 0; code == CT_OK && (i < 3 || ct_seconds() - start < enough); i++) {
		struct ct_trace_options opt = { .targets.pos = -1 };
		struct stopwatch w = { .now = -1 };
		double seconds;

		watch(&w, "run and features", 0, 1);
		code = ct_session_prompt(m.session, info->demo, NULL, err);
		watch(&w, "attribution", 0, 1);
		if (code == CT_OK)
			code = ct_session_trace(m.session, &opt, &(struct ct_job){ NULL, watch, &w }, err);
		watch(&w, "", 0, 0);
		seconds = code == CT_OK ? ct_session_trace_seconds(m.session) : 0;
		if (i == 0 || seconds < out->seconds) {
			out->seconds = seconds;
			out->watch = w;
		}
	}
	if (code < 0)
		goto done;
	code = describe(out, info->name, ct_session_graph(m.session), info->D,
	    strcmp(info->transcoder, "PLT") == 0, err);
done:
	cli_model_close(&m);
	return code;
}

/* The speed of the fastest square matrix product among a few sizes, in GFLOP/s. */
static int
measure_sgemm(struct limits *lim, struct ct_error *err)
{
	static const int sizes[] = { 256, 512, 1024, 1536 };
	size_t n = 1536 * 1536;
	float *a = calloc(3 * n, sizeof *a);
	struct ct_rng rng;

	if (!a)
		return ct_fail_memory(err, 3 * n * sizeof *a, "the matrix product to compare with");
	ct_rng_seed(&rng, 1, 1);
	for (size_t i = 0; i < 2 * n; i++)
		a[i] = ct_rng_uniform(&rng) - 0.5f;
	ct_blas_threads(lim->threads);
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		int N = sizes[k];
		double start = ct_seconds();

		for (int i = 0; i < 3 || ct_seconds() - start < enough / 4; i++) {
			double t = ct_seconds(), rate;

			ct_sgemm(false, false, N, N, N, 1, a, N, a + n, N, 0, a + 2 * n, N);
			rate = 2e-9 * N * N * N / (ct_seconds() - t);
			if (rate > lim->sgemm_gflops)
				lim->sgemm_gflops = rate;
		}
	}
	ct_blas_threads(1);
	free(a);
	return CT_OK;
}

struct copy {
	char *from, *to;
	size_t slice;
};

static void
copy_slice(void *ctx, int task, int worker)
{
	const struct copy *c = ctx;

	(void)worker;
	memcpy(c->to + (size_t)task * c->slice, c->from + (size_t)task * c->slice, c->slice);
}

/* Bytes read and written per second when memory larger than any cache is copied. */
static int
measure_copy(struct limits *lim, struct ct_pool *pool, struct ct_error *err)
{
	struct copy c = { .slice = (size_t)64 << 20 };
	size_t total = c.slice * (size_t)lim->threads;
	int code = CT_OK;

	c.from = malloc(total);
	c.to = malloc(total);
	if (!c.from || !c.to) {
		code = ct_fail_memory(err, 2 * total, "the copy to compare with");
		goto done;
	}
	memset(c.from, 1, total);
	memset(c.to, 2, total);
	for (int i = 0; i < 5; i++) {
		double t = ct_seconds(), rate;

		ct_pool_run(pool, lim->threads, copy_slice, &c);
		rate = 2e-9 * (double)total / (ct_seconds() - t);
		if (rate > lim->copy_gbs)
			lim->copy_gbs = rate;
	}
done:
	free(c.from);
	free(c.to);
	return code;
}


static int
show_json(const char *file, const struct limits *lim, const struct shape *shapes, int n,
    const struct cli_waits *waits, int n_waits)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++) {
		const struct shape *s = &shapes[i];
		json_t *phases = json_object();

		for (int k = 0; k < s->watch.n; k++)
			if (*s->watch.phases[k].name)
				json_object_set_new(phases, s->watch.phases[k].name,
				    json_real(s->watch.phases[k].seconds));
		json_array_append_new(list, json_pack("{s:o, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:o}",
		    "name", ct_json_out_string(s->name), "tokens", s->tokens, "targets", s->targets,
		    "gflop", s->gflop, "seconds", s->seconds, "sgemm_gflops", lim->sgemm_gflops,
		    "copy_gbs", lim->copy_gbs, "fraction", s->fraction, "phases", phases));
	}
	return cli_json(file, FORMAT, json_pack("{s:i, s:o, s:o}", "threads", lim->threads, "shapes", list,
	    "waits", cli_waits_json(waits, n_waits)));
}

static void
show(const struct limits *lim, const struct shape *shapes, int n)
{
	cli_line("threads %d  sgemm %.1f GFLOP/s  copy %.1f GB/s", lim->threads, lim->sgemm_gflops,
	    lim->copy_gbs);
	cli_line("%-16s %6s %7s %9s %9s %9s %9s  %s", "graph", "tokens", "targets", "GFLOP", "ms", "GFLOP/s",
	    "of sgemm", "phases (ms)");
	for (int i = 0; i < n; i++) {
		const struct shape *s = &shapes[i];
		char phases[400] = "";
		size_t used = 0;

		for (int k = 0; k < s->watch.n && used < sizeof phases; k++)
			if (*s->watch.phases[k].name)
				used += (size_t)snprintf(phases + used, sizeof phases - used, "%s%s %.2f",
				    used ? ", " : "", s->watch.phases[k].name,
				    1e3 * s->watch.phases[k].seconds);
		cli_line("%-16s %6d %7d %9.4f %9.2f %9.1f %8.0f%%  %s", s->name, s->tokens, s->targets,
		    s->gflop, 1e3 * s->seconds, s->gflop / s->seconds, 100 * s->fraction, phases);
	}
}

static bool
known_shape(const char *name)
{
	for (int i = 0; i < N_RANDOM; i++)
		if (strcmp(name, random_shapes[i].name) == 0)
			return true;
	return cli_waits_know(name);
}

/*
 * Fills shapes[]; returns how many, or a code. A model whose recipe has no demo prompt is skipped unless it
 * was named.
 */
static int
measure(struct shape *shapes, const struct request *q, const struct limits *lim, struct ct_pool *pool,
    struct ct_error *err)
{
	bool all = !q->m.model && !q->shape;
	char **list = all ? ct_model_list() : NULL;
	int n = 0, code = CT_OK;

	if (q->m.model)
		code = measure_model(&shapes[n++], q->m.model, q, err);
	for (int i = 0; list && list[i] && n < MAX_SHAPES - N_RANDOM && code == CT_OK; i++) {
		code = measure_model(&shapes[n], list[i], q, err);
		if (code == CT_EUNSUPPORTED) {
			cli_error("%s: left out", err->msg);
			code = CT_OK;
		} else {
			n++;
		}
	}
	ct_model_list_free(list);
	for (int i = 0; i < N_RANDOM && code == CT_OK; i++)
		if (all || (q->shape && strcmp(q->shape, random_shapes[i].name) == 0))
			code = measure_random(&shapes[n++], &random_shapes[i], pool, err);
	for (int i = 0; i < n && code == CT_OK; i++)
		shapes[i].fraction = shapes[i].gflop / shapes[i].seconds / lim->sgemm_gflops;
	return code == CT_OK ? n : code;
}

static int
run(struct cli *c)
{
	struct request q = { 0 };
	struct limits lim = { 0 };
	struct shape shapes[MAX_SHAPES] = { 0 };
	struct cli_waits waits[CLI_MAX_WAITS];
	struct ct_pool *pool = NULL;
	struct ct_error err = { 0 };
	const char *value;
	int key, n, n_waits = 0, status = CLI_OK;

	while ((key = cli_next(c, &value)) > 0)
		switch (key) {
		case KEY_SHAPE: q.shape = value; break;
		case CLI_JSON: q.json = value; break;
		default:
			if (cli_model_option(&q.m, key, value) < 0)
				return CLI_ERROR;
		}
	if (key < 0)
		return c->status;
	if (c->argc > 0) {
		cli_error("bench takes no operand, found '%s'; see ctrace bench --help", c->argv[0]);
		return CLI_ERROR;
	}
	if (q.shape && !known_shape(q.shape)) {
		cli_error("--shape: expected gpt2-small, 8l-d256, smollm2-135m or gemma-2-2b, found '%s'",
		    q.shape);
		return CLI_ERROR;
	}
	if (ct_pool_open(&pool, 0, &err) < 0)	/* as many threads as an engine uses */
		return cli_fail(&err);
	lim.threads = ct_pool_threads(pool);
	n = measure_sgemm(&lim, &err);
	if (n == CT_OK)
		n = measure_copy(&lim, pool, &err);
	if (n == CT_OK)
		n = measure(shapes, &q, &lim, pool, &err);
	if (n >= 0 && !q.m.model)
		n_waits = cli_waits_measure(waits, q.shape, &(struct ct_job){ .pool = pool }, &err);
	if (n_waits < 0)
		n = n_waits;
	ct_pool_close(pool);
	if (n < 0)
		return cli_fail(&err);
	if (q.json)
		status = show_json(q.json, &lim, shapes, n, waits, n_waits);
	else if (n)
		show(&lim, shapes, n);
	if (!q.json && n_waits)
		cli_waits_show(waits, n_waits);
	return status;
}

static const struct cli_option options[] = {
	{ 'm', "model", "MODEL", "trace the demo prompt of this model only" },
	{ CLI_TRANSCODER, "transcoder", "DIR", "the transcoder in this directory" },
	CLI_K_ROW,
	CLI_NONFINITE_ROW,
	{ KEY_SHAPE, "shape", "NAME", "random weights of this shape only: gpt2-small, 8l-d256, "
	    "smollm2-135m or gemma-2-2b" },
	CLI_JSON_ROW,
	{ 0 }
};

const struct cli_command cli_bench = {
	.name = "bench",
	.synopsis = "[-m MODEL] [--transcoder DIR] [--k N] [--allow-nonfinite] [--shape NAME]\n[--json FILE]",
	.summary = "speed, as fractions of limits measured in the same process",
	.details = "Traces the demo prompt of each installed model for a second, and each shape with random\n"
	    "weights three times; the fastest run counts. GFLOP is the work that the method needs; sgemm\n"
	    "is the best square matrix product with as many threads, and copy the bytes that memory\n"
	    "moves, read and written. For the shapes of real models it also shows what a reader waits\n"
	    "for, in ms: the first tree and its ratio to the prompt alone, an opened node and its ratio\n"
	    "to its row, and the cost of a clamped run in forward passes.",
	.options = options,
	.run = run
};
