/* What a model of sums is told: digits in its words, and heads that bring those of both numbers to "=". */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "corpus/recipe.h"
#include "train/number_codes.h"

enum { D = 96 };
static const struct ct_net_shape shape = { .D = D, .L = 2, .H = 2, .H_kv = 2, .head = 48, .mlp = 8,
    .context = 8,
	.eps = 1e-6, .theta = 10000 };

struct world {
	struct ct_corpus *c;
	struct ct_net net;
	struct ct_train_pass *pass;
	float mid[D];			/* at "=" in the first layer */
};

static int
open_world(void **state)
{
	static const char text[] = "corpus: {generator: sums, max: 9}\n";
	struct world *w = calloc(1, sizeof *w);
	struct ct_net_shape s = shape;
	struct ct_yaml_doc *doc;
	struct ct_rng rng;

	*state = w;
	assert_int_equal(ct_yaml_open(&doc, "r.yaml", text, sizeof text - 1, NULL), CT_OK);
	assert_int_equal(ct_corpus_build(&w->c, doc, NULL), CT_OK);
	ct_yaml_close(doc);
	s.V = w->c->n_words;
	ct_rng_seed(&rng, 3, 0);
	assert_int_equal(ct_number_codes_check(&s, w->c, NULL), CT_OK);
	assert_int_equal(ct_net_open(&w->net, &s, NULL), CT_OK);
	ct_net_init(&w->net, .05, .1, &rng);
	assert_int_equal(ct_number_codes_build(&w->net, w->c, .1, &rng, NULL), CT_OK);
	assert_int_equal(ct_train_pass_open(&w->pass, &w->net, 8, 1, NULL), CT_OK);
	return 0;
}

static int
close_world(void **state)
{
	struct world *w = *state;

	ct_train_pass_close(w->pass);
	ct_net_close(&w->net);
	ct_corpus_free(w->c);
	free(w);
	return 0;
}

static const float *
row(const struct world *w, size_t table, int number)
{
	return w->net.params.w + table + (size_t)(ct_corpus_word(w->c, "0") + number) * D;
}

/* |(a - b) - (c - d)| and |a - b| */
static double
differ(const float *a, const float *b, const float *c, const float *d, double *size)
{
	double sum = 0, of = 0;

	for (int i = 0; i < D; i++) {
		double one = (double)a[i] - b[i], other = c != NULL ? (double)c[i] - d[i] : 0;

		sum += (one - other) * (one - other);
		of += one * one;
	}
	*size = sqrt(of);
	return sqrt(sum);
}

/* From 3 to 13 is as from 5 to 15, from 3 to 5 as from 13 to 15: in what goes in, and in what comes out. */
static void
words_are_sums_of_digits(void **state)
{
	const struct world *w = *state;
	const size_t tables[] = { w->net.embed, w->net.unembed };
	double size;

	for (int k = 0; k < 2; k++) {
		const float *three = row(w, tables[k], 3), *five = row(w, tables[k], 5);

		assert_true(differ(row(w, tables[k], 13), three, row(w, tables[k], 15), five, &size) < 1e-5);
		assert_true(size > 1);
		differ(three, five, NULL, NULL, &size);
		assert_true(size > 1);
	}
}

static void
keep_mid(void *ctx, int layer, const struct ct_batch *b, const float *mid, float *out)
{
	struct world *w = ctx;

	(void)out;
	if (layer == 0)
		memcpy(w->mid, mid + (size_t)(b->R - 1) * D, sizeof w->mid);
}

static void
read_sum(struct world *w, int x, int y, float *mid)
{
	int zero = ct_corpus_word(w->c, "0"), len = 5;
	int tokens[] = { w->c->bos, zero + x, ct_corpus_word(w->c, "+"), zero + y,
	    ct_corpus_word(w->c, "=") };
	struct ct_batch b = { .n = 1, .len = &len, .R = 5, .tokens = tokens, .targets = tokens };

	ct_train_pass_forward(w->pass, &w->net, &b, keep_mid, w);
	memcpy(mid, w->mid, sizeof w->mid);
}

/* Each number is there whatever the other is, and 3 + 8 is not 8 + 3. */
static void
heads_bring_both_numbers(void **state)
{
	struct world *w = *state;
	float a[D], b[D], c[D], d[D];
	double size;

	read_sum(w, 3, 8, a);
	read_sum(w, 4, 8, b);
	read_sum(w, 3, 6, c);
	read_sum(w, 4, 6, d);
	assert_true(differ(a, b, c, d, &size) < 1e-3);
	assert_true(size > 1);
	differ(a, c, NULL, NULL, &size);
	assert_true(size > 1);
	read_sum(w, 8, 3, b);
	differ(a, b, NULL, NULL, &size);
	assert_true(size > 1);
}

/* What is told stays; MLPs and the last norm learn. */
static void
only_mlps_learn(void **state)
{
	const struct world *w = *state;

	for (int k = 0; k < w->net.params.n; k++) {
		const struct ct_param *q = &w->net.params.list[k];
		bool learns = strstr(q->name, "mlp") || strstr(q->name, "post_attention") ||
		    strcmp(q->name, "model.norm.weight") == 0;

		if ((q->rate > 0) != learns)
			fail_msg("%s has rate %g", q->name, q->rate);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_sums_of_digits),
		cmocka_unit_test(heads_bring_both_numbers),
		cmocka_unit_test(only_mlps_learn),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
