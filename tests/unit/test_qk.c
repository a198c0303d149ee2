/*
 * Splitting an attention score: every term of a query and of a key followed through the frozen network by the
 * naive program, all in double, and their products.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "naive.h"
#include "trace/qk.h"

/* A side of the score, by the naive program. */
struct half {
	const struct fixture *f;
	enum ct_score_side which;
	int layer, head, pos;	/* head of H, or of H_kv */
	double *whole;		/* (head) the query or key of the run */
	int n;
	struct ct_qk_term *term;	/* without marginals; the constants last */
	double *vector;		/* (n,head) */
};

static const struct ct_linear *
projection(const struct half *h)
{
	const struct ct_layer *ly = &h->f->m->layers[h->layer];

	return h->which == CT_QUERIES ? &ly->q : &ly->k;
}

/* out (head) = W y, of the head's rows. */
static void
project(const struct half *h, const double *y, double *out)
{
	const struct ct_config *c = &h->f->m->cfg;

	for (int e = 0; e < c->head; e++) {
		out[e] = 0;
		for (int d = 0; d < c->D; d++)
			out[e] += (double)ct_matrix_at(&projection(h)->w, h->head * c->head + e, d) * y[d];
	}
}

static void
norm(const struct ct_config *c, const struct ct_norm *n, double scale, const double *x, double *y)
{
	double mean = 0;

	for (int d = 0; d < n->width && c->norm == CT_LAYERNORM; d++)
		mean += x[d] / n->width;
	for (int d = 0; d < n->width; d++)
		y[d] = (x[d] - mean) * scale * (double)n->w[d];
}

/*
 * From a row (D) of the stream to a row (head) of the score's side. live: with all biases, and the scale of
 * its norm is set.
 */
static void
follow(const struct half *h, const double *x, bool live, double *scale, double *out)
{
	const struct ct_model *m = h->f->m;
	const struct ct_config *c = &m->cfg;
	const struct ct_layer *ly = &m->layers[h->layer];
	const struct ct_norm *own = h->which == CT_QUERIES ? &ly->q_norm : &ly->k_norm;
	double *y = malloc((size_t)c->D * sizeof *y), square = 0;

	norm(c, &ly->norm1, (double)h->f->prompt->lrm.pass->scale1[h->layer * h->f->T + h->pos], x, y);
	for (int d = 0; d < c->D && live && ly->norm1.b; d++)
		y[d] += (double)ly->norm1.b[d];
	project(h, y, out);
	for (int e = 0; e < c->head; e++) {
		if (live && projection(h)->b)
			out[e] += (double)projection(h)->b[h->head * c->head + e];
		square += out[e] * out[e] / c->head;
	}
	if (live)
		*scale = 1 / sqrt(square + c->eps);
	if (own->w)
		norm(c, own, *scale, out, out);
	if (c->position == CT_ROPE)
		naive_rotate(c, h->layer, 1, h->pos, out);
	free(y);
}

/* One term: what a source writes (out, embed: all zeros but for it), followed. */
static void
add_term(struct half *h, struct ct_qk_term term, const double *out, const double *embed, double scale)
{
	const struct ct_config *c = &h->f->m->cfg;
	double *x = malloc((size_t)(h->f->T * c->D) * sizeof *x);

	naive_stream(&h->f->prompt->lrm, h->layer, out, embed, x);
	follow(h, x + h->pos * c->D, false, &scale, h->vector + (size_t)h->n * c->head);
	h->term[h->n++] = term;
	free(x);
}

static void
list_features(struct half *h, double *out, const double *embed, double scale)
{
	const struct fixture *f = h->f;
	int D = f->m->cfg.D, T = f->T;
	float *row = malloc((size_t)D * sizeof *row);

	for (int i = 0; i < f->prompt->lrm.n; i++) {
		const struct ct_active *a = &f->prompt->lrm.active[i];

		if (a->layer >= h->layer || a->pos > h->pos)
			continue;
		memset(out, 0, (size_t)(f->m->cfg.L * T * D) * sizeof *out);
		for (int m = a->layer; m < a->layer + ct_transcoder_reach(f->tc, a->layer); m++) {
			double *to = out + ((size_t)m * T + a->pos) * D;

			ct_transcoder_decoder_row(f->tc, a->layer, a->feature, m, row);
			for (int d = 0; d < D; d++)
				to[d] = (double)a->act * (double)row[d];
			naive_write(&f->prompt->lrm, m, a->pos, to);
		}
		add_term(h, (struct ct_qk_term){ CT_QK_FEATURES, a->layer, a->pos, a->feature, 0 }, out,
		    embed, scale);
	}
	free(row);
}

static void
list_terms(struct half *h, double scale)
{
	const struct fixture *f = h->f;
	const struct ct_config *c = &f->m->cfg;
	size_t TD = (size_t)f->T * c->D, all = TD * c->L;
	double *out = calloc(all, sizeof *out), *embed = calloc(TD, sizeof *embed);
	double *constants;

	list_features(h, out, embed, scale);
	for (int l = 0; l < h->layer; l++)
		for (int t = f->prompt->lrm.pass->start; t <= h->pos; t++) {
			size_t at = (size_t)l * TD + (size_t)t * c->D;

			memset(out, 0, all * sizeof *out);
			for (int d = 0; d < c->D; d++)
				out[at + d] = (double)f->prompt->lrm.error[at + d];
			add_term(h, (struct ct_qk_term){ CT_QK_ERRORS, l, t, -1, 0 }, out, embed, scale);
		}
	memset(out, 0, all * sizeof *out);
	for (int t = 0; t <= h->pos; t++) {
		memset(embed, 0, TD * sizeof *embed);
		for (int d = 0; d < c->D; d++)
			embed[t * c->D + d] = naive_embedding(f->m, f->ids[t], d);
		add_term(h, (struct ct_qk_term){ CT_QK_WORDS, -1, t, f->ids[t], 0 }, out, embed, scale);
	}
	constants = h->vector + (size_t)h->n * c->head;
	memcpy(constants, h->whole, (size_t)c->head * sizeof *constants);
	for (int i = 0; i < h->n; i++)
		for (int e = 0; e < c->head; e++)
			constants[e] -= h->vector[(size_t)i * c->head + e];
	h->term[h->n++] = (struct ct_qk_term){ CT_QK_CONSTANTS, -1, -1, -1, 0 };
	free(out);
	free(embed);
}

static void
make_half(struct half *h, const struct fixture *f, enum ct_score_side which, const struct ct_qk_question *at)
{
	const struct ct_config *c = &f->m->cfg;
	size_t room = (size_t)(f->prompt->lrm.n + (c->L + 1) * f->T + 1);
	double *x = malloc((size_t)c->D * sizeof *x), scale = 1;

	*h = (struct half){ .f = f,
		.which = which,
		.layer = at->layer,
		.head = which == CT_QUERIES ? at->head : at->head / (c->H / c->H_kv),
		.pos = which == CT_QUERIES ? at->query : at->key };
	h->whole = calloc((size_t)c->head, sizeof *h->whole);
	h->term = calloc(room, sizeof *h->term);
	h->vector = calloc(room * c->head, sizeof *h->vector);
	for (int d = 0; d < c->D; d++)
		x[d] = (double)f->prompt->lrm.pass->x[((size_t)h->layer * f->T + h->pos) * c->D + d];
	follow(h, x, true, &scale, h->whole);
	list_terms(h, scale);
	free(x);
}

static void
free_half(struct half *h)
{
	free(h->whole);
	free(h->term);
	free(h->vector);
}

static double
product(const struct fixture *f, const double *u, const double *v)
{
	const struct ct_config *c = &f->m->cfg;
	double sum = 0;

	for (int e = 0; e < c->head; e++)
		sum += u[e] * v[e];
	return sum * (c->query_scale > 0 ? c->query_scale : 1 / sqrt(c->head));
}

static const double *
vector_of(const struct half *h, const struct ct_qk_term *t)
{
	for (int i = 0; i < h->n; i++)
		if (h->term[i].kind == t->kind && h->term[i].layer == t->layer && h->term[i].pos == t->pos &&
		    h->term[i].index == t->index)
			return h->vector + (size_t)i * h->f->m->cfg.head;
	fail_msg("a term that the naive program has not");
	return NULL;
}

/* Marginals of one side; and no term of any size is missing. */
static void
check_terms(const struct half *h, const struct half *other, const struct ct_qk_term *terms, int n,
    double size)
{
	double sum = 0, want = 0;

	for (int i = 0; i < n; i++) {
		double marginal = product(h->f, vector_of(h, &terms[i]), other->whole);

		assert_true(fabs((double)terms[i].marginal - marginal) < 1e-5 * size);
		assert_true(i == 0 || fabsf(terms[i].marginal) <= fabsf(terms[i - 1].marginal));
		sum += fabs((double)terms[i].marginal);
	}
	for (int i = 0; i < h->n; i++)
		want += fabs(product(h->f, h->vector + (size_t)i * h->f->m->cfg.head, other->whole));
	assert_true(fabs(sum - want) < 1e-4 * size);
}

static void
check_parts(const struct half *q, const struct half *k, const struct ct_qk *out, double size)
{
	int head = q->f->m->cfg.head;
	double want[CT_QK_KINDS][CT_QK_KINDS] = { { 0 } };

	for (int i = 0; i < q->n; i++)
		for (int j = 0; j < k->n; j++)
			want[q->term[i].kind][k->term[j].kind] +=
			    product(q->f, q->vector + (size_t)i * head, k->vector + (size_t)j * head);
	for (int i = 0; i < CT_QK_KINDS; i++)
		for (int j = 0; j < CT_QK_KINDS; j++)
			assert_true(fabs(out->parts[i][j] - want[i][j]) < 1e-5 * size);
}

static void
check_pairs(const struct half *q, const struct half *k, const struct ct_qk *out, double size)
{
	double rest = out->score;

	assert_int_equal(out->n_pairs,
	    (out->n_query < CT_QK_STRONGEST ? out->n_query : CT_QK_STRONGEST) *
		(out->n_key < CT_QK_STRONGEST ? out->n_key : CT_QK_STRONGEST));
	for (int i = 0; i < out->n_pairs; i++) {
		const struct ct_qk_pair *p = &out->pairs[i];
		const double *u = vector_of(q, &out->query[p->query]), *v = vector_of(k, &out->key[p->key]);
		double adds = product(q->f, u, v);

		assert_true(fabs((double)p->adds - adds) < 1e-5 * size);
		assert_true(i == 0 || fabsf(p->adds) <= fabsf(p[-1].adds));
		rest -= adds;
	}
	assert_true(fabs(out->rest - rest) < 1e-4 * size);
}

static void
check_score(struct fixture *f, const struct ct_shape *s, const struct ct_qk_question *at)
{
	const struct ct_config *c = &f->m->cfg;
	struct ct_error err = { 0 };
	struct half q, k;
	struct ct_qk out;
	double size = 1e-3, score;

	assert_int_equal(ct_qk_split(&out, &f->prompt->lrm, at, &f->scratch, NULL, &err), CT_OK);
	make_half(&q, f, CT_QUERIES, at);
	make_half(&k, f, CT_KEYS, at);
	score = product(f, q.whole, k.whole);
	for (int i = 0; i < out.n_query; i++)
		size += fabs((double)out.query[i].marginal);
	for (int i = 0; i < out.n_key; i++)
		size += fabs((double)out.key[i].marginal);
	size *= fixture_rounding(s);
	assert_true(out.residual < 1e-5 * fixture_rounding(s));
	assert_true(out.pattern_error < 1e-5);
	assert_true(fabs(out.score - score) < 1e-5 * size);
	assert_true(fabs(out.capped - naive_cap(score, c->attn_softcap)) < 1e-5 * size);
	check_terms(&q, &k, out.query, out.n_query, size);
	check_terms(&k, &q, out.key, out.n_key, size);
	check_parts(&q, &k, &out, size);
	check_pairs(&q, &k, &out, size);
	free_half(&q);
	free_half(&k);
}

static void
check_shape(struct fixture *f, const struct ct_shape *s)
{
	int L = s->cfg.L, H = s->cfg.H, last = f->T - 1;

	check_score(f, s, &(struct ct_qk_question){ L - 1, H - 1, last, last - 1 });
	check_score(f, s, &(struct ct_qk_question){ L > 1, 0, last - 1, last - 1 });
	check_score(f, s, &(struct ct_qk_question){ 0, H / 2, last, last });
}

static void
test_scores(void **state)
{
	(void)state;
	fixture_each(5, check_shape);
	fixture_each(2, check_shape);
}

static void
check_refused(struct fixture *f, const struct ct_qk_question *at, const char *why)
{
	struct ct_error err = { 0 };
	struct ct_qk out;

	assert_int_equal(ct_qk_split(&out, &f->prompt->lrm, at, &f->scratch, NULL, &err), CT_EINVAL);
	assert_non_null(strstr(err.msg, why));
}

static void
test_refusals(void **state)
{
	struct fixture f;
	struct ct_shape s;

	(void)state;
	assert_true(fixture_shape(&s, &fixture_gemma2, 0));
	fixture_random(&f, &s, 6);
	check_refused(&f, &(struct ct_qk_question){ s.cfg.L, 0, 3, 2 }, "no head L");
	check_refused(&f, &(struct ct_qk_question){ 0, s.cfg.H, 3, 2 }, "no head L0H");
	check_refused(&f, &(struct ct_qk_question){ 0, 0, 2, 3 }, "@2 cannot look at @3");
	for (int l = 0; l < s.cfg.L; l++)
		if (f.m->layers[l].window > 0 && f.m->layers[l].window < 6)
			check_refused(&f, &(struct ct_qk_question){ l, 0, 5, 0 }, "tokens only");
	fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
