/* dictionary: see dictionary.h. */
#include "train/dictionary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"
#include "math/solve.h"

enum {
	ROUNDS = 40,	/* of coefficients and of atoms in turn */
	SWEEPS = 3,	/* of coordinate descent over the coefficients, in each round */
	FITS = 8,	/* rounds of an encoder's regression */
	BLOCK = 512	/* rows whose products with all atoms are kept at a time */
};
static const double member = .25;	/* of an atom's largest coefficient, from which a row is its own */
static const double close_by = .12;	/* value from which an encoder's wrong input counts more */
static const double ridge = 1e-5;	/* as a fraction of the mean diagonal */
/* Weights of inputs in an encoder's regression; of a wrong one: times what the encoder answers. */
static const double of_all = .3, of_own = 4, of_wrong = 10;

struct dictionary {
	int N, D, K;
	float *row;		/* (N,D) outputs less b_dec, times root; their mean square length is 1 */
	float *root;		/* (N) of importance */
	float *atom;		/* (K,D) of length 1 */
	float *coef;		/* (N,K) >= 0 */
	float *gram;		/* (K,K) products of atoms */
	float *product;		/* (BLOCK,K) products of rows and atoms */
	float *squares;		/* (K,K) products of the atoms' coefficients, summed over rows */
	float *sum;		/* (K,D) rows, times each atom's coefficients */
	int *active;		/* (K) the atoms of one row */
	float *rest;		/* (D) what they leave of it */
	bool *taken;		/* (N) the row has become an atom */
};

static void *
need(struct ct_arena *arena, size_t n, size_t size, struct ct_error *err)
{
	return ct_arena_need(arena, n, size, "a dictionary", err);
}

static int
open_dictionary(struct dictionary *d, struct ct_arena *arena, struct ct_error *err)
{
	size_t N = (size_t)d->N, D = (size_t)d->D, K = (size_t)d->K;

	d->row = need(arena, N * D, sizeof(float), err);
	d->root = need(arena, N, sizeof(float), err);
	d->atom = need(arena, K * D, sizeof(float), err);
	d->coef = need(arena, N * K, sizeof(float), err);
	d->gram = need(arena, K * K, sizeof(float), err);
	d->product = need(arena, BLOCK * K, sizeof(float), err);
	d->squares = need(arena, K * K, sizeof(float), err);
	d->sum = need(arena, K * D, sizeof(float), err);
	d->active = need(arena, K, sizeof(int), err);
	d->rest = need(arena, D, sizeof(float), err);
	d->taken = need(arena, N, sizeof(bool), err);
	return d->row && d->root && d->atom && d->coef && d->gram && d->product && d->squares && d->sum &&
	    d->active && d->rest && d->taken ? CT_OK : CT_ENOMEM;
}

static void
collect_rows(struct dictionary *d, const struct ct_mlp_rows *a, int l, const float *b_dec,
    const float *importance)
{
	size_t n = (size_t)d->N * (size_t)d->D;
	double sum = 0;
	float scale;

	for (int t = 0; t < d->N; t++) {
		const float *y = a->y + ((size_t)t * (size_t)a->L + (size_t)l) * (size_t)d->D;

		d->root[t] = sqrtf(importance[t]);
		for (int i = 0; i < d->D; i++)
			d->row[(size_t)t * (size_t)d->D + i] = d->root[t] * (y[i] - b_dec[i]);
	}
	for (size_t i = 0; i < n; i++)
		sum += (double)d->row[i] * (double)d->row[i];
	scale = sum > 0 ? (float)sqrt(d->N / sum) : 1;
	for (size_t i = 0; i < n; i++)
		d->row[i] *= scale;
	for (int t = 0; t < d->N; t++)
		d->root[t] *= scale;
}

static void
set_length(int n, float *x)
{
	float length = sqrtf(ct_sdot(n, x, x));

	for (int i = 0; i < n && length > 0; i++)
		x[i] /= length;
}

static void
take_row(struct dictionary *d, size_t t, int k)
{
	float *atom = d->atom + (size_t)k * (size_t)d->D;

	d->taken[t] = true;
	memcpy(atom, d->row + t * (size_t)d->D, (size_t)d->D * sizeof *atom);
	set_length(d->D, atom);
}

/* The first atoms: random rows, different ones while there are enough, and noise so that no two are equal. */
static void
choose_atoms(struct dictionary *d, struct ct_rng *rng)
{
	float size = .3f / sqrtf((float)d->D);

	for (int k = 0; k < d->K; k++) {
		float *atom = d->atom + (size_t)k * (size_t)d->D;
		size_t t;

		do
			t = ct_rng_u32(rng) % (unsigned)d->N;
		while (k < d->N && d->taken[t]);
		take_row(d, t, k);
		for (int i = 0; i < d->D; i++)
			atom[i] += size * (2 * ct_rng_uniform(rng) - 1);
		set_length(d->D, atom);
	}
}

/*
 * Coordinate descent for one row: 1/2 |row - sum coef atom|^2 + price sum coef, coef >= 0. left (K): products
 * of the row, less what is explained, with all atoms; kept up to date. With used_only, coefficients that are
 * 0 stay 0.
 */
static void
descend(const struct dictionary *d, float price, bool used_only, float *left, float *coef)
{
	size_t K = (size_t)d->K;

	for (int sweep = 0; sweep < SWEEPS; sweep++)
		for (size_t k = 0; k < K; k++) {
			float c = left[k] + coef[k] - price, change;

			if ((used_only && !(coef[k] > 0)) || (!(coef[k] > 0) && c <= 0))
				continue;
			change = (c > 0 ? c : 0) - coef[k];
			coef[k] += change;
			ct_saxpy(d->K, -change, d->gram + k * K, left);
		}
}

/* Better coefficients for all rows. */
static void
find_coefficients(struct dictionary *d, float price, bool used_only)
{
	size_t D = (size_t)d->D, K = (size_t)d->K;

	ct_sgemm(false, true, d->K, d->K, d->D, 1, d->atom, d->D, d->atom, d->D, 0, d->gram, d->K);
	for (int from = 0; from < d->N; from += BLOCK) {
		int n = d->N - from < BLOCK ? d->N - from : BLOCK;

		ct_sgemm(false, true, n, d->K, d->D, 1, d->row + (size_t)from * D, d->D, d->atom, d->D, 0,
		    d->product, d->K);
		for (int i = 0; i < n; i++) {
			float *coef = d->coef + (size_t)(from + i) * K, *left = d->product + (size_t)i * K;

			for (size_t k = 0; k < K; k++)
				if (coef[k] > 0)
					ct_saxpy(d->K, -coef[k], d->gram + k * K, left);
			descend(d, price, used_only, left, coef);
		}
	}
}

static void
sum_coefficients(struct dictionary *d)
{
	size_t D = (size_t)d->D, K = (size_t)d->K;

	memset(d->squares, 0, K * K * sizeof *d->squares);
	memset(d->sum, 0, K * D * sizeof *d->sum);
	for (int t = 0; t < d->N; t++) {
		const float *coef = d->coef + (size_t)t * K;
		int n = 0;

		for (int k = 0; k < d->K; k++)
			if (coef[k] > 0)
				d->active[n++] = k;
		for (int i = 0; i < n; i++) {
			size_t k = (size_t)d->active[i];

			ct_saxpy(d->D, coef[k], d->row + (size_t)t * D, d->sum + k * D);
			for (int j = 0; j < n; j++)
				d->squares[k * K + (size_t)d->active[j]] += coef[k] * coef[d->active[j]];
		}
	}
}

/* The square of what the atoms leave of row t. */
static float
unexplained(struct dictionary *d, int t)
{
	const float *coef = d->coef + (size_t)t * (size_t)d->K;

	memcpy(d->rest, d->row + (size_t)t * (size_t)d->D, (size_t)d->D * sizeof *d->rest);
	for (int k = 0; k < d->K; k++)
		if (coef[k] > 0)
			ct_saxpy(d->D, -coef[k], d->atom + (size_t)k * (size_t)d->D, d->rest);
	return ct_sdot(d->D, d->rest, d->rest);
}

/* An atom that no row uses becomes the row that is explained least, of those not taken in this round. */
static void
replace_atom(struct dictionary *d, int k)
{
	float most = 0;
	int worst = -1;

	for (int t = 0; t < d->N; t++) {
		float left = d->taken[t] ? 0 : unexplained(d, t);

		if (left > most) {
			most = left;
			worst = t;
		}
	}
	if (worst >= 0)
		take_row(d, (size_t)worst, k);
}

/* A better direction for each atom, given the others and all coefficients. */
static void
find_atoms(struct dictionary *d)
{
	size_t D = (size_t)d->D, K = (size_t)d->K;

	sum_coefficients(d);
	memset(d->taken, 0, (size_t)d->N * sizeof *d->taken);
	for (int k = 0; k < d->K; k++) {
		float *atom = d->atom + (size_t)k * D, *sum = d->sum + (size_t)k * D;
		const float *squares = d->squares + (size_t)k * K;

		if (!(squares[k] > 1e-8f)) {
			replace_atom(d, k);
			continue;
		}
		for (int j = 0; j < d->K; j++)
			if (squares[j] > 0 && j != k)
				ct_saxpy(d->D, -squares[j], d->atom + (size_t)j * D, sum);
		memcpy(atom, sum, D * sizeof *atom);
		set_length(d->D, atom);
	}
}

/* Buffers for the regression of one encoder. Inputs have one more element than D: a constant. */
struct regression {
	int n;			/* D + 1 */
	double one;		/* the constant, as large as an input's elements are on average */
	double *all;		/* (n,n) squares of all inputs, lower half */
	double *sum, *A;	/* (n,n) */
	double *v;		/* (n) the solution */
	double *x;		/* (n) one input */
	float *w;		/* (D) */
	double *want;		/* (N) the coefficient, as a share of the largest */
	double *weight, *h;	/* (N) */
};

static int
open_regression(struct regression *r, const struct dictionary *d, struct ct_arena *arena,
    struct ct_error *err)
{
	size_t N = (size_t)d->N, n = (size_t)d->D + 1;

	r->n = d->D + 1;
	r->all = need(arena, n * n, sizeof(double), err);
	r->sum = need(arena, n * n, sizeof(double), err);
	r->A = need(arena, n * n, sizeof(double), err);
	r->v = need(arena, n, sizeof(double), err);
	r->x = need(arena, n, sizeof(double), err);
	r->w = need(arena, n, sizeof(float), err);
	r->want = need(arena, N, sizeof(double), err);
	r->weight = need(arena, N, sizeof(double), err);
	r->h = need(arena, N, sizeof(double), err);
	return r->all && r->sum && r->A && r->v && r->x && r->w && r->want && r->weight && r->h ? CT_OK :
	    CT_ENOMEM;
}

static const float *
input(const struct ct_mlp_rows *a, int l, int t)
{
	return a->x + ((size_t)t * (size_t)a->L + (size_t)l) * (size_t)a->D;
}

/* sum += weight x x' for the input x of row t, lower half. */
static void
add_square(const struct regression *r, const float *x, double weight, double *sum)
{
	for (int i = 0; i < r->n - 1; i++)
		r->x[i] = (double)x[i];
	r->x[r->n - 1] = r->one;
	for (int i = 0; i < r->n; i++) {
		double xi = weight * r->x[i];

		for (int j = 0; j <= i; j++)
			sum[(size_t)i * (size_t)r->n + j] += xi * r->x[j];
	}
}

static void
add_all(struct regression *r, const struct ct_mlp_rows *a, int l)
{
	double square = 0, trace = 0;
	size_t n = (size_t)r->n;

	for (int t = 0; t < a->N; t++)
		square += (double)ct_sdot(a->D, input(a, l, t), input(a, l, t));
	r->one = sqrt(square / a->N / a->D);
	memset(r->all, 0, n * n * sizeof *r->all);
	for (int t = 0; t < a->N; t++)
		add_square(r, input(a, l, t), of_all, r->all);
	for (size_t i = 0; i < n; i++)
		trace += r->all[i * n + i];
	for (size_t i = 0; i < n; i++)
		r->all[i * n + i] += ridge * trace / (double)n;
}

static bool
solve(struct regression *r, const struct ct_mlp_rows *a, int l)
{
	memcpy(r->A, r->sum, (size_t)r->n * (size_t)r->n * sizeof *r->A);
	memset(r->v, 0, (size_t)r->n * sizeof *r->v);
	for (int t = 0; t < a->N; t++) {
		const float *x = input(a, l, t);

		if (!(r->want[t] > 0))
			continue;
		for (int i = 0; i < a->D; i++)
			r->v[i] += r->weight[t] * r->want[t] * (double)x[i];
		r->v[a->D] += r->weight[t] * r->want[t] * r->one;
	}
	if (!ct_solve_ridge(r->n, 1, 0, r->A, r->v))
		return false;
	for (int i = 0; i < a->D; i++)
		r->w[i] = (float)r->v[i];
	for (int t = 0; t < a->N; t++)
		r->h[t] = (double)ct_sdot(a->D, r->w, input(a, l, t)) + r->v[a->D] * r->one;
	return true;
}

/* Solves for the encoder of r->want; inputs that it answers wrongly count more in the next round. */
static bool
regress(struct regression *r, const struct ct_mlp_rows *a, int l)
{
	memcpy(r->sum, r->all, (size_t)r->n * (size_t)r->n * sizeof *r->sum);
	for (int t = 0; t < a->N; t++) {
		r->weight[t] = r->want[t] > 0 ? of_own : of_all;
		if (r->want[t] > 0)
			add_square(r, input(a, l, t), of_own - of_all, r->sum);
	}
	for (int round = 0; round < FITS; round++) {
		if (!solve(r, a, l))
			return false;
		for (int t = 0; t < a->N; t++)
			if (!(r->want[t] > 0) && r->h[t] > close_by)
				add_square(r, input(a, l, t), of_wrong * r->h[t], r->sum);
	}
	return true;
}

static double
best_threshold(const struct regression *r, int N)
{
	double least = INFINITY, best = 0;

	for (double threshold = .1; threshold < .8; threshold += .05) {
		double error = 0;

		for (int t = 0; t < N; t++) {
			double e = (r->h[t] > threshold ? r->h[t] : 0) - r->want[t];

			error += e * e;
		}
		if (error < least) {
			least = error;
			best = threshold;
		}
	}
	return best;
}

/* Puts the coefficients of atom k into r->want, as shares of the largest, which is returned. */
static double
coefficients(const struct dictionary *d, struct regression *r, int k)
{
	double most = 0;

	for (int t = 0; t < d->N; t++) {
		float c = d->coef[(size_t)t * (size_t)d->K + k];

		r->want[t] = c > 0 && d->root[t] > 0 ? (double)(c / d->root[t]) : 0;
		if (r->want[t] > most)
			most = r->want[t];
	}
	for (int t = 0; t < d->N && most > 0; t++)
		r->want[t] = r->want[t] > member * most ? r->want[t] / most : 0;
	return most;
}

static void
write_features(struct ct_train_transcoder *c, const struct dictionary *d, struct regression *r,
    const struct ct_mlp_rows *a, int l)
{
	const struct ct_train_transcoder_layer *y = &c->layers[l];
	size_t D = (size_t)d->D, reach = (size_t)ct_train_transcoder_reach(&c->s, l) * D;
	float *w = c->params.w;
	int f = 0;

	for (int k = 0; k < d->K && f < c->s.F; k++) {
		double most = coefficients(d, r, k);
		float *dec = w + y->dec + (size_t)f * reach;

		if (!(most > 0) || !regress(r, a, l))
			continue;
		memcpy(w + y->enc + (size_t)f * D, r->w, D * sizeof *w);
		w[y->b_enc + f] = (float)(r->v[d->D] * r->one);
		w[y->log_threshold + f] = logf((float)best_threshold(r, d->N));
		memset(dec, 0, reach * sizeof *dec);
		ct_saxpy(d->D, (float)most, d->atom + (size_t)k * D, dec);
		f++;
	}
	ct_train_transcoder_silence(c, l, f);
}

int
ct_dictionary_start(struct ct_train_transcoder *c, const struct ct_mlp_rows *a, int l,
    const float *importance, int atoms, double price, struct ct_rng *rng, struct ct_error *err)
{
	struct dictionary d = { .N = a->N, .D = a->D, .K = atoms < c->s.F ? atoms : c->s.F };
	struct regression r = { 0 };
	struct ct_arena arena = { 0 };
	int code;

	if ((code = open_dictionary(&d, &arena, err)) != CT_OK ||
	    (code = open_regression(&r, &d, &arena, err)) != CT_OK)
		goto done;
	collect_rows(&d, a, l, c->params.w + c->layers[l].b_dec, importance);
	choose_atoms(&d, rng);
	for (int round = 0; round < ROUNDS; round++) {
		find_coefficients(&d, (float)price, false);
		find_atoms(&d);
	}
	find_coefficients(&d, (float)price, false);
	find_coefficients(&d, 0, true);
	add_all(&r, a, l);
	write_features(c, &d, &r, a, l);
done:
	ct_arena_free(&arena);
	return code;
}
