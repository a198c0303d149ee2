/* control: see control.h. */
#include "eval/control.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "base/random.h"
#include "base/sort.h"
#include "math/blas.h"
#include "math/solve.h"
#include "trace/prompt.h"

enum { MOST_ROWS = 8000, SEED = 6 };
static const double ridge = 1e-6;	/* of the mean diagonal */

/* What MLPs read and write at tokens of the corpus: BOS left out. */
struct rows {
	const struct ct_transcoder *like;
	const struct ct_model *m;
	const struct ct_corpus *c;
	int *sentences, n_sentences;
	int *first;			/* (n_sentences) a sentence's first row */
	int N, L, D;
	float *x, *y;			/* (L,N,D) */
	long *active;			/* (n_sentences, L) features of `like` */
};

static int
collect_sentence(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	struct rows *r = ctx;
	const struct ct_sentence *s = &r->c->sentences[r->sentences[item]];
	size_t D = (size_t)r->D, T = (size_t)s->n, start = (size_t)ct_sentence_start(s);
	struct ct_prompt *p;
	int code = ct_prompt_run(&p, r->m, r->like, r->c->tokens + s->first, s->n, a, NULL, err);

	(void)worker;
	if (code != CT_OK)
		return code;
	for (int i = 0; i < p->lrm.n; i++)
		r->active[(size_t)item * (size_t)r->L + (size_t)p->lrm.active[i].layer]++;
	for (size_t l = 0; l < (size_t)r->L; l++) {
		for (size_t t = start; t < T; t++) {
			size_t to = (l * (size_t)r->N + (size_t)r->first[item] + t - start) * D;
			size_t from = (l * T + t) * D;

			memcpy(r->x + to, p->lrm.read + from, D * sizeof *r->x);
			for (size_t d = 0; d < D; d++)
				r->y[to + d] = p->lrm.recon[from + d] + p->lrm.error[from + d];
		}
	}
	return CT_OK;
}

static int
rows_of(const struct ct_sentence *s)
{
	return s->n - ct_sentence_start(s);
}

/* Training sentences, evenly spread over the corpus; as many as there is room for. */
static int
choose_sentences(struct rows *r, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_corpus *c = r->c;
	long rows = 0;
	int every;

	for (int i = 0; i < c->n_sentences; i++)
		rows += c->sentences[i].held_out ? 0 : rows_of(&c->sentences[i]);
	every = (int)(rows / MOST_ROWS) + 1;
	r->sentences = ct_arena_need(a, (size_t)c->n_sentences, sizeof *r->sentences, "sentences", err);
	r->first = ct_arena_need(a, (size_t)c->n_sentences, sizeof *r->first, "sentences", err);
	if (!r->sentences || !r->first)
		return CT_ENOMEM;
	for (int i = 0, k = 0; i < c->n_sentences; i++) {
		if (c->sentences[i].held_out || k++ % every)
			continue;
		r->first[r->n_sentences] = r->N;
		r->sentences[r->n_sentences++] = i;
		r->N += rows_of(&c->sentences[i]);
	}
	if (r->N > 1)
		return CT_OK;
	return ct_fail(err, CT_EINVAL, "the corpus has no training sentence to fit a control on");
}

static int
collect_rows(struct rows *r, struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	size_t n;
	int code = choose_sentences(r, a, err);

	if (code != CT_OK)
		return code;
	n = (size_t)r->L * (size_t)r->N * (size_t)r->D;
	r->x = ct_arena_need(a, n, sizeof *r->x, "what MLPs read", err);
	r->y = ct_arena_need(a, n, sizeof *r->y, "what MLPs write", err);
	r->active = ct_arena_need(a, (size_t)r->n_sentences * (size_t)r->L, sizeof *r->active, "counts", err);
	if (!r->x || !r->y || !r->active)
		return CT_ENOMEM;
	return ct_parallel_run(job, r->n_sentences, collect_sentence, r, "control", err);
}

static int
descending(const void *a, const void *b, void *ctx)
{
	float x = *(const float *)a, y = *(const float *)b;

	(void)ctx;
	return (x < y) - (x > y);
}

/* A layer of the control while it is made and can be written. */
struct draft {
	float *enc, *threshold, *dec, *b_dec;
	float *acts;			/* (N,F) */
};

/*
 * A threshold between the keep-th of descending values and the next larger one that differs by more than
 * rounding.
 */
static float
cut(const float *h, int keep)
{
	float at = h[keep], slack = 1e-4f * fabsf(h[0]);

	while (keep > 0 && h[keep - 1] - at < slack)
		keep--;
	return fmaxf(keep > 0 ? (h[keep - 1] + at) / 2 : at + slack, 1e-6f);
}

/* Random encoder rows of a layer, and thresholds that leave `active` features per row. */
static int
make_encoder(const struct rows *r, int l, int F, double active, struct draft *draft, struct ct_rng *rng,
    struct ct_error *err)
{
	int N = r->N, D = r->D, keep = (int)(active / F * N + .5);
	const float *x = r->x + (size_t)l * (size_t)N * (size_t)D;
	float *h = malloc((size_t)N * sizeof *h);

	if (!h)
		return ct_fail_memory(err, (size_t)N * sizeof *h, "a control's feature");
	for (int f = 0; f < F; f++) {
		float *w = draft->enc + (size_t)f * (size_t)D, least;

		for (int d = 0; d < D; d++)
			w[d] = ct_rng_normal(rng);
		for (int t = 0; t < N; t++)
			h[t] = draft->acts[(size_t)t * (size_t)F + (size_t)f] =
			    ct_sdot(D, w, x + (size_t)t * (size_t)D);
		ct_sort(h, (size_t)N, sizeof *h, descending, NULL);
		least = draft->threshold[f] = cut(h, keep < N ? keep : N - 1);
		for (int t = 0; t < N; t++)
			if (!(draft->acts[(size_t)t * (size_t)F + (size_t)f] > least))
				draft->acts[(size_t)t * (size_t)F + (size_t)f] = 0;
	}
	free(h);
	return CT_OK;
}

/*
 * The active features of a row in layers from..m, and the constant, as columns of the fit. Returns how many.
 */
static int
active_of(const struct ct_transcoder *tc, const struct draft *draft, int from, int m, int t, int *column,
    double *value)
{
	int n = 0, at = 0;

	for (int l = from; l <= m; at += tc->layers[l++].F)
		for (int f = 0; f < tc->layers[l].F; f++) {
			float a = draft[l].acts[(size_t)t * (size_t)tc->layers[l].F + (size_t)f];

			if (a == 0)
				continue;
			column[n] = at + f;
			value[n++] = (double)a;
		}
	column[n] = at;
	value[n++] = 1;
	return n;
}

/*
 * Least squares: fits what MLP m writes by the active features of layers from..m; solution (n,D), the
 * constant last.
 */
static int
fit(const struct rows *r, const struct ct_transcoder *tc, const struct draft *draft, int from, int m,
    double *solution, int n, struct ct_error *err)
{
	size_t N = (size_t)n, D = (size_t)r->D;
	double *A = calloc(N * N, sizeof *A), *value = malloc(N * sizeof *value), trace = 0;
	int *column = malloc(N * sizeof *column), code = CT_OK;

	if (!A || !value || !column) {
		code = ct_fail_memory(err, N * N * sizeof *A, "the fit of a control");
		goto done;
	}
	for (int t = 0; t < r->N; t++) {
		const float *y = r->y + ((size_t)m * (size_t)r->N + (size_t)t) * D;
		int k = active_of(tc, draft, from, m, t, column, value);

		for (int i = 0; i < k; i++) {
			for (int j = 0; j < k; j++)
				A[(size_t)column[i] * N + (size_t)column[j]] += value[i] * value[j];
			for (size_t d = 0; d < D; d++)
				solution[(size_t)column[i] * D + d] += value[i] * (double)y[d];
		}
	}
	for (size_t i = 0; i < N; i++)
		trace += A[i * N + i];
	if (!ct_solve_ridge(n, r->D, ridge * trace / n + 1e-12, A, solution))
		code = ct_fail(err, CT_EINVAL, "a control cannot be fitted: its features do not differ");
done:
	free(A);
	free(value);
	free(column);
	return code;
}

/* The weights of a layer, still empty, in the transcoder's arena. */
static int
make_layer(struct ct_transcoder *tc, int l, int F, struct draft *draft, struct ct_error *err)
{
	struct ct_arena *a = &tc->arena;
	int rows = tc->kind == CT_CLT ? tc->L - l : 1;
	size_t D = (size_t)tc->D, n = (size_t)F;
	float *b_enc = ct_arena_need(a, n, sizeof *b_enc, "a control", err);

	draft->threshold = ct_arena_need(a, n, sizeof(float), "a control", err);
	draft->b_dec = ct_arena_need(a, D, sizeof(float), "a control", err);
	draft->enc = ct_arena_need(a, n * D, sizeof(float), "a control", err);
	draft->dec = ct_arena_need(a, n * (size_t)rows * D, sizeof(float), "a control", err);
	if (!b_enc || !draft->threshold || !draft->b_dec || !draft->enc || !draft->dec)
		return CT_ENOMEM;
	tc->layers[l] = (struct ct_tc_layer){ .F = F, .enc = ct_matrix_of(draft->enc, F, tc->D),
		.dec = ct_matrix_of(draft->dec, F, rows * tc->D), .dec_rows = rows, .dec_first = l,
		.b_enc = b_enc, .threshold = draft->threshold, .b_dec = draft->b_dec };
	return CT_OK;
}

static int
fit_decoders(const struct rows *r, const struct ct_transcoder *tc, const struct draft *draft, int m,
    struct ct_error *err)
{
	size_t D = (size_t)tc->D;
	int from = tc->kind == CT_CLT ? 0 : m, n = 1, code;
	double *solution, *at;

	for (int l = from; l <= m; l++)
		n += tc->layers[l].F;
	at = solution = calloc((size_t)n * D, sizeof *solution);
	if (!solution)
		return ct_fail_memory(err, (size_t)n * D * sizeof *solution, "the fit of a control");
	code = fit(r, tc, draft, from, m, solution, n, err);
	for (int l = from; code == CT_OK && l <= m; l++) {
		size_t rows = (size_t)tc->layers[l].dec_rows, row = (size_t)(m - l);

		for (size_t f = 0; f < (size_t)tc->layers[l].F; f++)
			for (size_t d = 0; d < D; d++)
				draft[l].dec[(f * rows + row) * D + d] = (float)*at++;
	}
	for (size_t d = 0; code == CT_OK && d < D; d++)
		draft[m].b_dec[d] = (float)*at++;
	free(solution);
	return code;
}

static int
build(const struct rows *r, struct ct_transcoder *tc, struct ct_arena *a, struct ct_error *err)
{
	struct draft *draft = ct_arena_need(a, (size_t)tc->L, sizeof *draft, "a control", err);
	struct ct_rng rng;
	int code = draft ? CT_OK : CT_ENOMEM;

	ct_rng_seed(&rng, SEED, 0);
	for (int l = 0; l < tc->L && code == CT_OK; l++) {
		int F = r->like->layers[l].F;
		double active = 0;

		for (int i = 0; i < r->n_sentences; i++)
			active += (double)r->active[(size_t)i * (size_t)r->L + (size_t)l] / r->N;
		draft[l].acts = ct_arena_need(a, (size_t)r->N * (size_t)F, sizeof(float),
		    "activations of a control", err);
		if (!draft[l].acts)
			return CT_ENOMEM;
		if ((code = make_layer(tc, l, F, &draft[l], err)) == CT_OK)
			code = make_encoder(r, l, F, active, &draft[l], &rng, err);
	}
	for (int m = 0; m < tc->L && code == CT_OK; m++)
		code = fit_decoders(r, tc, draft, m, err);
	return code;
}

int
ct_control_build(struct ct_transcoder **out, const struct ct_transcoder *like, const struct ct_model *m,
    const struct ct_corpus *c, const struct ct_job *job, struct ct_error *err)
{
	struct rows r = { .like = like, .m = m, .c = c, .L = like->L, .D = like->D };
	struct ct_transcoder *tc = calloc(1, sizeof *tc);
	struct ct_arena scratch = { 0 };
	int code;

	*out = NULL;
	if (!tc)
		return ct_fail_memory(err, sizeof *tc, "a control");
	*tc = (struct ct_transcoder){ .kind = like->kind, .act = CT_TC_JUMPRELU, .read = like->read,
		.write = like->write, .L = like->L, .D = like->D, .F = like->F, .layout = "a control" };
	tc->layers = ct_arena_need(&tc->arena, (size_t)tc->L, sizeof *tc->layers, "a control", err);
	tc->scan = ct_arena_strdup(&tc->arena, "control");
	code = tc->layers && tc->scan ? collect_rows(&r, &scratch, job, err) : CT_ENOMEM;
	if (code == CT_OK)
		code = build(&r, tc, &scratch, err);
	ct_arena_free(&scratch);
	if (code != CT_OK) {
		ct_transcoder_close(tc);
		return code;
	}
	*out = tc;
	return CT_OK;
}
