/* judge: see judge.h. */
#include "trace/judge.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "base/random.h"
#include "base/sort.h"
#include "math/blas.h"
#include "math/kernels.h"
#include "trace/answer.h"

enum { NEAREST = 8 };			/* a random feature is one of so many that are nearest in size */

/* Which features each run leaves out. */
enum item { WITHOUT, ALONE, DRAWS };

struct judge {
	const struct ct_prompt *p;
	const struct ct_judge_plan *plan;
	struct ct_judgement *out;
	struct ct_judged *run;		/* (items) */
	bool *drawn;			/* (draws, lrm->n) random features, each set for two runs */
};

static bool
counts(const struct ct_local_model *lrm, const struct ct_judge_plan *plan, int i)
{
	return lrm->active[i].pos <= plan->pos;
}

/* size (lrm->n) of what each active feature writes: the norm over all outputs. */
static void
measure_sizes(const struct ct_local_model *lrm, double *size, float *tile)
{
	int T = lrm->T, D = lrm->m->cfg.D;

	for (int cell = 0; cell < lrm->m->cfg.L * T; cell++) {
		int m = cell / T, t = cell % T;
		const float *row = ct_local_model_decoders(lrm, m, t, tile);

		for (int l = lrm->tc->kind == CT_CLT ? 0 : m; l <= m; l++)
			for (int i = lrm->first[l * T + t]; i < lrm->first[l * T + t + 1]; i++, row += D)
				size[i] += (double)ct_sdot(D, row, row);
	}
}

/* The features that are not in the explanation, sorted by size. */
struct outside {
	const double *size;
	int n;
	int *active;		/* (n) */
	bool *used;		/* (n) */
};

static int
by_size(const void *a, const void *b, void *ctx)
{
	const double *size = ctx;
	int x = *(const int *)a, y = *(const int *)b;

	if (size[x] != size[y])
		return size[x] < size[y] ? -1 : 1;
	return (x > y) - (x < y);
}

/* A random one of the unused features that are nearest in size; -1: there is none. */
static int
draw_near(struct outside *o, double size, struct ct_rng *rng)
{
	int near[NEAREST], n = 0, low = 0, high = o->n, up;

	while (low < high) {
		int mid = (low + high) / 2;

		if (o->size[o->active[mid]] < size)
			low = mid + 1;
		else
			high = mid;
	}
	for (up = low--; n < NEAREST && (low >= 0 || up < o->n);) {
		bool lower = up >= o->n || (low >= 0 && size - o->size[o->active[low]] <
		    o->size[o->active[up]] - size);
		int at = lower ? low-- : up++;

		if (!o->used[at])
			near[n++] = at;
	}
	if (!n)
		return -1;
	n = near[ct_rng_below(rng, (uint32_t)n)];
	o->used[n] = true;
	return o->active[n];
}

int
ct_judge_draw(const struct ct_local_model *lrm, const struct ct_judge_plan *plan, int draw, bool *chosen,
    struct ct_arena *scratch, struct ct_error *err)
{
	double *size = ct_arena_need(scratch, (size_t)lrm->n, sizeof *size, "random features", err);
	float *tile = ct_arena_need(scratch, (size_t)lrm->dec_most * lrm->m->cfg.D, sizeof *tile,
	    "decoder rows", err);
	int *order = ct_arena_need(scratch, (size_t)lrm->n, sizeof *order, "random features", err);
	struct outside o = { .size = size };
	struct ct_rng rng;
	int n = 0, drawn = 0, at;

	o.active = ct_arena_need(scratch, (size_t)lrm->n, sizeof *o.active, "random features", err);
	o.used = ct_arena_need(scratch, (size_t)lrm->n, sizeof *o.used, "random features", err);
	if (!size || !order || !o.active || !o.used || !tile)
		return CT_ENOMEM;
	measure_sizes(lrm, size, tile);
	for (int i = 0; i < lrm->n; i++) {
		chosen[i] = false;
		if (counts(lrm, plan, i) && plan->inside[i])
			order[n++] = i;
		else if (counts(lrm, plan, i))
			o.active[o.n++] = i;
	}
	ct_sort(o.active, (size_t)o.n, sizeof *o.active, by_size, size);
	ct_rng_seed(&rng, 1, (uint64_t)draw);
	/* In random order, since the last ones have the least choice. */
	ct_rng_shuffle(&rng, order, n);
	for (int i = 0; i < n && (at = draw_near(&o, size[order[i]], &rng)) >= 0; i++) {
		chosen[at] = true;
		drawn++;
	}
	return drawn;
}

void
ct_judge_kept(const struct ct_local_model *lrm, const struct ct_graph *g, bool *inside)
{
	int node = 0;

	/* Both lists are sorted by layer, position and number; the graph may lack some features. */
	for (int i = 0; i < lrm->n; i++) {
		const struct ct_active *f = &lrm->active[i];
		const struct ct_node *n = &g->nodes[node];

		inside[i] = node < g->n_features && n->layer == f->layer && n->pos == f->pos &&
		    n->index == f->feature;
		if (inside[i]) {
			inside[i] = n->kept;
			node++;
		}
	}
}

double
ct_judge_overlap(const struct ct_graph *a, const struct ct_graph *b)
{
	int both = 0, n[2] = { 0 };

	for (int i = 0; i < a->n_features; i++) {
		const struct ct_node *f = &a->nodes[i];
		int at = ct_graph_find(b, CT_NODE_FEATURE, f->layer, f->pos - a->pos + b->pos, f->index);

		n[0] += f->kept;
		both += f->kept && at >= 0 && b->nodes[at].kept;
	}
	for (int i = 0; i < b->n_features; i++)
		n[1] += b->nodes[i].kept;
	return n[0] + n[1] > both ? (double)both / (n[0] + n[1] - both) : NAN;
}

static struct ct_judged
read_answer(const struct judge *j, const float *logits)
{
	const struct ct_judgement *out = j->out;
	int V = j->p->pass.m->cfg.V;

	return (struct ct_judged){ .lead = (double)logits[out->answer] - (double)logits[out->against],
		.prob = ct_probability(V, logits, out->answer),
		.said = ct_likeliest(V, logits) };
}

static struct ct_clamp
ablation(int layer, int pos, int feature)
{
	return (struct ct_clamp){ .layer = layer, .feature = feature, .pos = pos, .unit = CT_MULTIPLE };
}

/* The most clamps that a run can have: with neurons, those that are no features are set to 0 too. */
static size_t
most_clamps(const struct ct_local_model *lrm)
{
	return lrm->tc->neurons ? (size_t)lrm->tc->L * lrm->T * lrm->tc->F : (size_t)lrm->n;
}

/* The neurons at positions up to the answer's that are not in the set, whether or not they are features. */
static int
other_neurons(const struct judge *j, const bool *set, struct ct_clamp *clamps)
{
	const struct ct_local_model *lrm = &j->p->lrm;
	int n = 0;

	for (int l = 0; l < lrm->tc->L; l++)
		for (int t = lrm->pass->start; t <= j->plan->pos; t++) {
			int i = lrm->first[l * lrm->T + t], end = lrm->first[l * lrm->T + t + 1];

			for (int f = 0; f < lrm->tc->F; f++) {
				while (i < end && lrm->active[i].feature < f)
					i++;
				if (i == end || lrm->active[i].feature != f || !set[i])
					clamps[n++] = ablation(l, t, f);
			}
		}
	return n;
}

/* Clamps that ablate a set (lrm->n), or everything outside it. Returns how many. */
static int
list_clamps(const struct judge *j, const bool *set, bool others, struct ct_clamp *clamps)
{
	const struct ct_local_model *lrm = &j->p->lrm;
	int n = 0;

	if (others && lrm->tc->neurons)
		return other_neurons(j, set, clamps);
	for (int i = 0; i < lrm->n; i++) {
		const struct ct_active *f = &lrm->active[i];

		if (set[i] != others && counts(lrm, j->plan, i))
			clamps[n++] = ablation(f->layer, f->pos, f->feature);
	}
	return n;
}

/* Which features run `item` leaves out. Draws come in pairs: without these features, and with these alone. */
static int
leave_out(const struct judge *j, int item, struct ct_clamp *clamps, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_local_model *lrm = &j->p->lrm;
	const struct ct_judge_plan *plan = j->plan;
	int part = item - DRAWS - 2 * plan->draws;
	bool *set;

	if (item < DRAWS)
		return list_clamps(j, plan->inside, item == ALONE, clamps);
	if (part < 0)
		return list_clamps(j, j->drawn + (size_t)((item - DRAWS) / 2) * (size_t)lrm->n,
		    (item - DRAWS) % 2, clamps);
	set = ct_arena_need(a, (size_t)lrm->n, sizeof *set, "features", err);
	if (!set)
		return CT_ENOMEM;
	for (int i = 0; i < lrm->n; i++)
		set[i] = plan->part[i] == part;
	return list_clamps(j, set, false, clamps);
}

static int
run_item(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct judge *j = ctx;
	int V = j->p->pass.m->cfg.V, code;
	struct ct_clamp *clamps = ct_arena_need(a, most_clamps(&j->p->lrm), sizeof *clamps, "clamps", err);
	float *logits = ct_arena_need(a, (size_t)V, sizeof *logits, "logits", err);

	(void)worker;
	if (!clamps || !logits)
		return CT_ENOMEM;
	if ((code = leave_out(j, item, clamps, a, err)) < 0 ||
	    (code = ct_answer_logits(j->p, clamps, code, 1, j->plan->pos, logits, a, err)) < 0)
		return code;
	j->run[item] = read_answer(j, logits);
	return CT_OK;
}

/* Sets what is judged: the answer of the untouched run and the runner-up. */
static int
read_whole(struct judge *j, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_judge_plan *plan = j->plan;
	const struct ct_local_model *lrm = &j->p->lrm;
	struct ct_judgement *out = j->out;
	int V = j->p->pass.m->cfg.V;
	long neurons = (long)lrm->tc->L * (plan->pos + 1 - lrm->pass->start) * lrm->tc->F;
	const float *logits = ct_prompt_logits(j->p, j->p->pass.final, plan->pos, a, err);

	if (!logits)
		return CT_ENOMEM;
	if (V < 2)
		return ct_fail(err, CT_EINVAL, "an answer must lead over another one, but the vocabulary has "
		    "only one token");
	if (lrm->tc->neurons && neurons > INT_MAX)
		return ct_fail(err, CT_EUNSUPPORTED, "the prompt has %ld neurons; at most %d can be judged: "
		    "take a shorter prompt", neurons, INT_MAX);
	out->answer = plan->answer < 0 ? ct_likeliest(V, logits) : plan->answer;
	out->against = plan->against;
	for (int v = 0; v < V && plan->against < 0; v++)
		if (v != out->answer && (out->against < 0 || logits[v] > logits[out->against]))
			out->against = v;
	out->whole = read_answer(j, logits);
	for (int i = 0; i < lrm->n; i++)
		if (counts(lrm, plan, i))
			*(plan->inside[i] ? &out->n_inside : &out->n_outside) += 1;
	out->n_random = out->n_inside < out->n_outside ? out->n_inside : out->n_outside;
	if (lrm->tc->neurons)
		out->n_outside = (int)neurons - out->n_inside;
	return CT_OK;
}

static int
draw_all(struct judge *j, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_local_model *lrm = &j->p->lrm;
	int draws = j->plan->draws, code = CT_OK;
	struct ct_arena tmp = { 0 };

	j->drawn = ct_arena_need(a, (size_t)draws * (size_t)lrm->n, sizeof *j->drawn, "random features", err);
	if (!j->drawn)
		return CT_ENOMEM;
	for (int k = 0; k < draws && code >= 0; k++)
		code = ct_judge_draw(lrm, j->plan, k, j->drawn + (size_t)k * (size_t)lrm->n, &tmp, err);
	ct_arena_free(&tmp);
	return code;
}

static void
sum_up(struct judge *j)
{
	struct ct_judgement *out = j->out;
	double lead = out->whole.lead, sum[2] = { 0 };
	int draws = j->plan->draws;

	out->without = j->run[WITHOUT];
	out->alone = j->run[ALONE];
	out->part = j->run + DRAWS + 2 * draws;
	out->draws = draws;
	out->necessity = out->sufficiency = out->random_necessity = out->random_sufficiency = NAN;
	if (!(lead >= CT_LEAST_LEAD))
		return;
	out->necessity = 1 - out->without.lead / lead;
	out->sufficiency = out->alone.lead / lead;
	for (int i = 0; i < 2 * draws; i++)
		sum[i % 2] += j->run[DRAWS + i].lead / lead;
	if (draws > 0 && out->n_random > 0) {
		out->random_necessity = 1 - sum[0] / draws;
		out->random_sufficiency = sum[1] / draws;
	}
}

int
ct_judge(struct ct_judgement *out, const struct ct_prompt *p, const struct ct_judge_plan *plan,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	int items = DRAWS + 2 * plan->draws + plan->n_parts, code;
	struct judge j = { .p = p, .plan = plan, .out = out };

	*out = (struct ct_judgement){ .n_inside = 0 };
	j.run = ct_arena_need(a, (size_t)items, sizeof *j.run, "judging", err);
	if (!j.run)
		return CT_ENOMEM;
	if ((code = read_whole(&j, a, err)) < 0 || (code = draw_all(&j, a, err)) < 0 ||
	    (code = ct_parallel_run(job, items, run_item, &j, "judging", err)) < 0)
		return code;
	sum_up(&j);
	return CT_OK;
}
