/* lookups: see lookups.h. */
#include "train/lookups.h"

#include <math.h>
#include <string.h>

#include "math/blas.h"
#include "math/solve.h"

enum { ROUNDS = 4 };
static const double same = .9;		/* cosine from which two inputs count as the same */
static const double least = .6;		/* value of <w, x> from which a lookup is active */
/* value of <w, x> from which an input of another group counts more in the next round */
static const double close_by = .4;
static const double ridge = 1e-4;	/* as a fraction of the mean diagonal */

/* The different inputs of an MLP. */
struct inputs {
	int n, D;
	int *row;			/* (n) in the rows of the corpus */
	int *group, n_groups;		/* (n) */
	int *leader;			/* (n_groups) each group's first input */
	float *out;			/* (n,D) what the MLP writes, less b_dec */
	double *x;			/* (n,D) */
	double *C;			/* (D,D) X'X + ridge I, lower half */
};

/* Buffers for one group at a time. */
struct scratch {
	int *member;			/* (n) */
	double *C;			/* (D,D) */
	double *z;			/* (D,n) C^-1 X_g' */
	double *A, *k;			/* (n,n), (n) */
	double *w;			/* (D) */
	double *weight;			/* (n) the cost of <w, x> for each input of other groups */
};

static double
cosine(int D, const float *x, const float *y)
{
	double xx = ct_sdot(D, x, x), yy = ct_sdot(D, y, y);

	return xx > 0 && yy > 0 ? ct_sdot(D, x, y) / sqrt(xx * yy) : 0;
}

/* Finds the inputs, and groups them by what is written for them. */
static void
find_inputs(struct inputs *in, const struct ct_mlp_rows *a, int l, const float *b_dec, double alike)
{
	size_t wide = (size_t)a->L * (size_t)a->D, D = (size_t)a->D;
	const float *xs = a->x + (size_t)l * D, *ys = a->y + (size_t)l * D;

	for (int t = 0; t < a->N; t++) {
		const float *x = xs + (size_t)t * wide;
		float *out = in->out + (size_t)in->n * D;
		bool known = !(ct_sdot(a->D, x, x) > 0);
		int g = 0;

		for (int i = 0; i < in->n && !known; i++)
			known = cosine(a->D, x, xs + (size_t)in->row[i] * wide) > same;
		if (known)
			continue;
		for (size_t d = 0; d < D; d++) {
			out[d] = ys[(size_t)t * wide + d] - b_dec[d];
			in->x[(size_t)in->n * D + d] = (double)x[d];
		}
		while (g < in->n_groups && cosine(a->D, out, in->out + (size_t)in->leader[g] * D) <= alike)
			g++;
		if (g == in->n_groups)
			in->leader[in->n_groups++] = in->n;
		in->group[in->n] = g;
		in->row[in->n++] = t;
	}
}

/* C += weight x x', lower half. */
static void
add_square(int D, double weight, const double *x, double *C)
{
	for (int d = 0; d < D; d++)
		for (int e = 0; e <= d; e++)
			C[d * D + e] += weight * x[d] * x[e];
}

static void
sum_squares(struct inputs *in)
{
	double trace = 0;

	memset(in->C, 0, (size_t)in->D * (size_t)in->D * sizeof *in->C);
	for (int i = 0; i < in->n; i++)
		add_square(in->D, 1, in->x + (size_t)i * (size_t)in->D, in->C);
	for (int d = 0; d < in->D; d++)
		trace += in->C[d * in->D + d];
	for (int d = 0; d < in->D; d++)
		in->C[d * in->D + d] += ridge * trace / in->D;
}

static double
dot(int D, const double *x, const double *y)
{
	double sum = 0;

	for (int d = 0; d < D; d++)
		sum += x[d] * y[d];
	return sum;
}

/* w with <w, x> = 1 for the m members and the least w' C w. Returns false if there is none. */
static bool
solve_group(const struct inputs *in, struct scratch *s, int m)
{
	size_t D = (size_t)in->D, M = (size_t)m;
	double *C = s->C;

	for (size_t i = 0; i < M; i++)
		for (size_t d = 0; d < D; d++)
			s->z[d * M + i] = in->x[(size_t)s->member[i] * D + d];
	if (!ct_solve_ridge(in->D, m, 0, C, s->z))
		return false;
	for (size_t i = 0; i < M; i++) {
		s->k[i] = 1;
		for (size_t j = 0; j < M; j++) {
			s->A[i * M + j] = 0;
			for (size_t d = 0; d < D; d++)
				s->A[i * M + j] += in->x[(size_t)s->member[i] * D + d] * s->z[d * M + j];
		}
	}
	/* More members than dimensions cannot all have 1 exactly. */
	if (!ct_solve_ridge(m, 1, 1e-6 * s->A[0], s->A, s->k))
		return false;
	for (size_t d = 0; d < D; d++)
		s->w[d] = dot(m, s->z + d * M, s->k);
	return true;
}

/*
 * Computes the encoder of group g in s->w, and its members in s->member. Returns their number; 0: no encoder.
 */
static int
encode(const struct inputs *in, struct scratch *s, int g)
{
	size_t D = (size_t)in->D, whole = D * D * sizeof *s->C;
	double *weight = s->weight;
	int m = 0;

	memset(weight, 0, (size_t)in->n * sizeof *weight);

	for (int i = 0; i < in->n; i++)
		if (in->group[i] == g)
			s->member[m++] = i;
	for (int round = 0; round < ROUNDS && m > 0; round++) {
		memcpy(s->C, in->C, whole);
		for (int i = 0; i < in->n; i++)
			if (weight[i] > 0)
				add_square(in->D, weight[i], in->x + (size_t)i * D, s->C);
		if (!solve_group(in, s, m))
			m = 0;
		for (int i = 0; i < in->n; i++) {
			double h = dot(in->D, s->w, in->x + (size_t)i * D);

			if (in->group[i] != g && h > close_by)
				weight[i] += 20 * h;
		}
	}
	return m;
}

/* Makes features from the groups. Features without a group stay inactive. */
static void
write_features(struct ct_train_transcoder *c, const struct inputs *in, int l, struct scratch *s)
{
	const struct ct_train_transcoder_layer *y = &c->layers[l];
	size_t D = (size_t)in->D, reach = (size_t)ct_train_transcoder_reach(&c->s, l) * D;
	double gain = 1 / (1 - least);
	int f = 0;

	for (int g = 0; g < in->n_groups && f < c->s.F; g++) {
		int m = encode(in, s, g);
		float *enc = c->params.w + y->enc + (size_t)f * D;
		float *dec = c->params.w + y->dec + (size_t)f * reach;

		if (m == 0)
			continue;
		memset(dec, 0, reach * sizeof *dec);
		for (size_t d = 0; d < D; d++) {
			enc[d] = (float)(gain * s->w[d]);
			for (int i = 0; i < m; i++)
				dec[d] += in->out[(size_t)s->member[i] * D + d] / (float)m;
		}
		c->params.w[y->b_enc + (size_t)f++] = (float)(-gain * least);
	}
	ct_train_transcoder_silence(c, l, f);
}

int
ct_lookups_start(struct ct_train_transcoder *c, const struct ct_mlp_rows *a, int l,
    double alike, struct ct_error *err)
{
	struct inputs in = { .D = a->D };
	struct scratch s = { 0 };
	struct ct_arena arena = { 0 };
	size_t N = (size_t)a->N, D = (size_t)a->D, n;
	int code = CT_OK;

	in.row = ct_arena_need(&arena, N, sizeof *in.row, "lookups", err);
	in.group = ct_arena_need(&arena, N, sizeof *in.group, "lookups", err);
	in.leader = ct_arena_need(&arena, N, sizeof *in.leader, "lookups", err);
	in.out = ct_arena_need(&arena, (N + 1) * D, sizeof *in.out, "lookups", err);
	in.x = ct_arena_need(&arena, N * D, sizeof *in.x, "lookups", err);
	in.C = ct_arena_need(&arena, D * D, sizeof *in.C, "lookups", err);
	if (!in.row || !in.group || !in.leader || !in.out || !in.x || !in.C) {
		code = CT_ENOMEM;
		goto done;
	}
	find_inputs(&in, a, l, c->params.w + c->layers[l].b_dec, alike);
	sum_squares(&in);
	n = (size_t)in.n + 1;
	s.member = ct_arena_need(&arena, n, sizeof *s.member, "lookups", err);
	s.C = ct_arena_need(&arena, D * D, sizeof *s.C, "lookups", err);
	s.z = ct_arena_need(&arena, n * D, sizeof *s.z, "lookups", err);
	s.A = ct_arena_need(&arena, n * n, sizeof *s.A, "lookups", err);
	s.k = ct_arena_need(&arena, n, sizeof *s.k, "lookups", err);
	s.w = ct_arena_need(&arena, D, sizeof *s.w, "lookups", err);
	s.weight = ct_arena_need(&arena, n, sizeof *s.weight, "lookups", err);
	if (!s.member || !s.C || !s.z || !s.A || !s.k || !s.w || !s.weight)
		code = CT_ENOMEM;
	else
		write_features(c, &in, l, &s);
done:
	ct_arena_free(&arena);
	return code;
}
