/* mlp_rows: see mlp_rows.h. */
#include "train/mlp_rows.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "train/pack.h"

/* Sentence i of the sorted list has its first `shared` tokens in common with the sentence before it. */
struct entry {
	int sentence;
	int shared;
	int first;		/* the row of its token `shared`, or if that is BOS, of token 1 */
};

static int
compare(const void *a, const void *b, void *ctx)
{
	const struct ct_corpus *c = ctx;
	const struct ct_sentence *s = &c->sentences[*(const int *)a], *t = &c->sentences[*(const int *)b];
	int n = s->n < t->n ? s->n : t->n;

	for (int i = 0; i < n; i++) {
		int u = c->tokens[s->first + i], v = c->tokens[t->first + i];

		if (u != v)
			return u < v ? -1 : 1;
	}
	if (s->n != t->n)
		return s->n < t->n ? -1 : 1;
	return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

struct collect {
	struct ct_mlp_rows *a;
	const struct ct_net *net;
	const struct ct_corpus *corpus;
	struct entry *entries;
	const int *list;		/* sentences, in the order of entries */
	int n;
	int n_tasks;
	struct ct_pack *packs;
	struct ct_train_pass **passes;
	struct view {			/* what the hook of a task needs */
		struct collect *c;
		const struct ct_pack *pack;
		const struct entry *entries;	/* of the pack's first sentence */
	} *views;
};

static void
copy_rows(void *ctx, int layer, const struct ct_batch *b, const float *mid, float *out)
{
	const struct view *v = ctx;
	struct ct_mlp_rows *a = v->c->a;
	size_t D = (size_t)a->D, row = 0;

	for (int i = 0; i < b->n; row += (size_t)b->len[i++]) {
		const struct entry *e = &v->entries[i];
		int from = e->shared > 0 ? e->shared : 1;

		for (int t = from; t < b->len[i]; t++) {
			size_t to = ((size_t)(e->first + t - from) * a->L + layer) * D;

			memcpy(a->x + to, mid + (row + t) * D, D * sizeof(float));
			memcpy(a->y + to, out + (row + t) * D, D * sizeof(float));
		}
	}
}

static void
run(void *ctx, int task, int worker)
{
	struct collect *c = ctx;
	int at = (int)((long)c->n * task / c->n_tasks), end = (int)((long)c->n * (task + 1) / c->n_tasks);

	(void)worker;
	while (at < end) {
		int k = ct_pack_fill(&c->packs[task], c->corpus, c->list + at, end - at, 1, CT_PACK_WHOLE);

		c->views[task] = (struct view){ .c = c, .pack = &c->packs[task], .entries = c->entries + at };
		ct_train_pass_forward(c->passes[task], c->net, &c->packs[task].b, copy_rows, &c->views[task]);
		at += k;
	}
}

/* Finds the rows of each sentence, and how many sentences share each row. Returns the number of rows. */
static int
plan(const struct ct_corpus *corpus, struct entry *entries, const int *list, int n, float *count,
    unsigned char *place)
{
	int rows = 0, *path, longest = ct_corpus_longest(corpus);

	path = malloc((size_t)longest * sizeof *path);	/* row of each position of the current prefix */
	if (!path)
		return -1;
	for (int i = 0; i < n; i++) {
		const struct ct_sentence *s = &corpus->sentences[list[i]];
		int shared = 0;

		if (i > 0) {
			const struct ct_sentence *t = &corpus->sentences[list[i - 1]];
			int most = s->n < t->n ? s->n : t->n;

			while (shared < most && corpus->tokens[s->first + shared] == corpus->tokens[t->first +
			    shared])
				shared++;
		}
		entries[i] = (struct entry){ .sentence = list[i], .shared = shared, .first = rows };
		for (int t = shared > 0 ? shared : 1; t < s->n; t++)
			path[t] = rows++;
		for (int t = 1; count && t < s->n; t++)
			count[path[t]] += (float)s->repeat;
		if (place && s->answer > 0 && s->answer < s->n - 1)
			place[path[s->answer]] = CT_ROW_ANSWER;
		if (place && s->plan_at > 0)
			place[path[s->plan_at]] = CT_ROW_PLAN;
		if (place && s->n > 1 && place[path[s->n - 1]] == CT_ROW_INSIDE)
			place[path[s->n - 1]] = CT_ROW_END;
	}
	free(path);
	return rows;
}

/* Weighs layer l's rows and divides them by their weighted root mean square. */
static void
normalise(struct ct_mlp_rows *a, int l)
{
	size_t D = (size_t)a->D, wide = (size_t)a->L * D;
	double xx = 0, yy = 0, total = 0;
	float *x = a->x + l * D, *y = a->y + l * D, *mean = a->y_mean + l * D, *weight = a->weight + l;

	for (int t = 0; t < a->N; t++) {
		const float *u = x + t * wide, *v = y + t * wide;
		double stream = 0, read = 0, write = 0;

		for (size_t d = 0; d < D; d++) {
			double sum = (double)u[d] + v[d];

			read += (double)u[d] * u[d];
			write += (double)v[d] * v[d];
			stream += sum * sum;
		}
		stream = fmax(stream, 1e-20);
		weight[(size_t)t * a->L] = (float)(1 / stream);
		xx += read / stream;
		yy += write / stream;
		total += 1 / stream;
	}
	a->x_scale[l] = xx > 0 ? (float)sqrt(xx / total / (double)D) : 1;
	a->y_scale[l] = yy > 0 ? (float)sqrt(yy / total / (double)D) : 1;
	for (int t = 0; t < a->N; t++) {
		weight[(size_t)t * a->L] *= (float)(a->N / total);
		for (size_t d = 0; d < D; d++) {
			x[t * wide + d] /= a->x_scale[l];
			y[t * wide + d] /= a->y_scale[l];
			mean[d] += weight[(size_t)t * a->L] * y[t * wide + d] / (float)a->N;
		}
	}
	for (int t = 0; t < a->N; t++)
		for (size_t d = 0; d < D; d++)
			a->variance[l] += weight[(size_t)t * a->L] *
			    pow((double)y[t * wide + d] - mean[d], 2) / a->N;
}

/* Room for the rows of all N positions. */
static bool
alloc_rows(struct ct_mlp_rows *a)
{
	size_t N = (size_t)a->N, L = (size_t)a->L, D = (size_t)a->D;

	a->x = ct_arena_alloc(&a->arena, N * L * D, sizeof(float));
	a->y = ct_arena_alloc(&a->arena, N * L * D, sizeof(float));
	a->weight = ct_arena_alloc(&a->arena, N * L, sizeof(float));
	a->count = ct_arena_alloc(&a->arena, N, sizeof(float));
	a->place = ct_arena_alloc(&a->arena, N, 1);
	a->x_scale = ct_arena_alloc(&a->arena, L, sizeof(float));
	a->y_scale = ct_arena_alloc(&a->arena, L, sizeof(float));
	a->variance = ct_arena_alloc(&a->arena, L, sizeof(double));
	a->y_mean = ct_arena_alloc(&a->arena, L * D, sizeof(float));
	return a->x && a->y && a->weight && a->count && a->place && a->x_scale && a->y_scale && a->variance &&
	    a->y_mean;
}

int
ct_mlp_rows_collect(struct ct_mlp_rows *a, const struct ct_net *net, const struct ct_corpus *corpus,
    struct ct_pool *pool, struct ct_error *err)
{
	struct collect c = { .a = a, .net = net, .corpus = corpus, .n_tasks = ct_pool_threads(pool) };
	size_t L = (size_t)net->s.L, D = (size_t)net->s.D, N, tasks = (size_t)c.n_tasks;
	struct ct_arena scratch = { 0 };
	int *list, rows, code = CT_ENOMEM;

	memset(a, 0, sizeof *a);
	a->L = net->s.L;
	a->D = net->s.D;
	list = ct_corpus_select(&scratch, corpus, false, false, &c.n);
	c.entries = ct_arena_alloc(&scratch, (size_t)c.n, sizeof *c.entries);
	c.packs = ct_arena_alloc(&scratch, tasks, sizeof *c.packs);
	c.passes = ct_arena_alloc(&scratch, tasks, sizeof(struct ct_train_pass *));
	c.views = ct_arena_alloc(&scratch, tasks, sizeof *c.views);
	if (!list || !c.entries || !c.packs || !c.passes || !c.views) {
		ct_fail_memory(err, scratch.used, "the order of the sentences");
		goto done;
	}
	ct_sort(list, (size_t)c.n, sizeof *list, compare, (void *)corpus);
	c.list = list;
	rows = plan(corpus, c.entries, list, c.n, NULL, NULL);
	if (rows == 0) {
		code = ct_fail(err, CT_EINVAL, "the corpus has no position to train a transcoder on");
		goto done;
	}
	N = rows > 0 ? (size_t)rows : 0;
	a->N = rows;
	if (rows < 0 || !alloc_rows(a) || plan(corpus, c.entries, list, c.n, a->count, a->place) < 0) {
		ct_fail_memory(err, 2 * N * L * D * sizeof(float), "the activations of the corpus");
		goto done;
	}
	for (int k = 0; k < c.n_tasks; k++) {
		if ((code = ct_pack_open(&c.packs[k], corpus, err)) != CT_OK ||
		    (code = ct_train_pass_open(&c.passes[k], net, c.packs[k].max_rows,
		    c.packs[k].max_sentences, err)) != CT_OK)
			goto done;
	}
	ct_pool_run(pool, c.n_tasks, run, &c);
	for (int l = 0; l < a->L; l++)
		normalise(a, l);
	code = CT_OK;
done:
	for (int k = 0; c.packs && c.passes && k < c.n_tasks; k++) {
		ct_pack_close(&c.packs[k]);
		ct_train_pass_close(c.passes[k]);
	}
	ct_arena_free(&scratch);
	if (code != CT_OK)
		ct_mlp_rows_free(a);
	return code;
}

void
ct_mlp_rows_free(struct ct_mlp_rows *a)
{
	ct_arena_free(&a->arena);
	memset(a, 0, sizeof *a);
}
