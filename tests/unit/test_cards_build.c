/*
 * cards over a small corpus on the golden models: activity, cards, fidelity, each against a plain
 * recomputation.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "cards/build.h"
#include "cards/cards.h"
#include "cards/rewrite.h"
#include "cards/store.h"
#include "eval/fidelity.h"
#include "fixture.h"

enum { SENTENCES = 60, LONGEST = 12, TOKENS = SENTENCES * LONGEST, VOCAB = 40 };

static const char *const golden[] = {"llama-clt", "gpt2-plt", "llama-skip"};
enum { N_GOLDEN = sizeof golden / sizeof golden[0] };

/*
 * Random sentences, each third one said twice; every token is labelled with itself and with the one before.
 */
struct world {
	struct ct_corpus c;
	struct ct_sentence sentences[SENTENCES];
	int tokens[TOKENS], start[TOKENS + 1], of[2 * TOKENS];
	char text[3 * VOCAB][24];
	const char *words[VOCAB], *labels[2 * VOCAB];
};

static void
make_world(struct world *w)
{
	struct ct_rng r;
	int s, t, n = 0, n_labels = 0;

	memset(w, 0, sizeof *w);
	ct_rng_seed(&r, 11, 1);
	for (t = 0; t < VOCAB; t++) {
		snprintf(w->text[t], sizeof w->text[0], "w%d", t);
		snprintf(w->text[VOCAB + t], sizeof w->text[0], "at w%d", t);
		snprintf(w->text[2 * VOCAB + t], sizeof w->text[0], "after w%d", t);
		w->words[t] = w->text[t];
		w->labels[t] = w->text[VOCAB + t];
		w->labels[VOCAB + t] = w->text[2 * VOCAB + t];
	}
	for (s = 0; s < SENTENCES; s++) {
		struct ct_sentence *x = &w->sentences[s];

		x->first = n;
		x->n = s % 3 == 1 ? w->sentences[s - 1].n : 3 + (int)ct_rng_below(&r, LONGEST - 2);
		x->held_out = s % 2 == 0;
		x->answer = x->held_out ? x->n - 2 : -1;
		w->tokens[n++] = 0;
		for (t = 1; t < x->n; t++, n++)
			w->tokens[n] = s % 3 == 1 ? w->tokens[n - x->n] : 1 +
			    (int)ct_rng_below(&r, VOCAB - 1);
	}
	for (t = 0; t < n; t++) {
		w->start[t] = n_labels;
		w->of[n_labels++] = w->tokens[t];
		if (t > 0)
			w->of[n_labels++] = VOCAB + w->tokens[t - 1];
	}
	w->start[n] = n_labels;
	w->c = (struct ct_corpus){.n_words = VOCAB, .words = w->words, .n_sentences = SENTENCES,
	    .sentences = w->sentences, .n_tokens = n, .tokens = w->tokens, .n_labels = 2 * VOCAB,
	    .labels = w->labels, .label_start = w->start, .label_of = w->of};
}

struct ct_activity_want {
	float *act;		/* (L, n_tokens, F) */
	int L, n_tokens, F;
};

static float *
cell(const struct ct_activity_want *w, int l, int token, int f)
{
	return &w->act[((size_t)l * (size_t)w->n_tokens + (size_t)token) * (size_t)w->F + (size_t)f];
}

/* Dense, sentence by sentence, from the local replacement model's list of active features. */
static void
naive_activity(struct ct_activity_want *want, struct fixture *f, const struct world *w)
{
	int s, i;

	want->L = f->tc->L;
	want->F = f->tc->F;
	want->n_tokens = w->c.n_tokens;
	want->act = calloc((size_t)want->L * (size_t)want->n_tokens * (size_t)want->F, sizeof(float));
	assert_non_null(want->act);
	for (s = 0; s < SENTENCES; s++) {
		fixture_run(f, w->tokens + w->sentences[s].first, w->sentences[s].n);
		for (i = 0; i < f->prompt->lrm.n; i++) {
			const struct ct_active *a = &f->prompt->lrm.active[i];

			*cell(want, a->layer, w->sentences[s].first + a->pos, a->feature) = a->act;
		}
	}
}

struct setup {
	struct world w;
	struct fixture f;
	struct ct_pool *pool;
	struct ct_activity *activity;
	struct ct_activity_want want;
	struct ct_card_rewrite rewrites[256];	/* at some features of all layers but the last */
	char dir[64], features[80], labels[80];
};

static void
setup(struct setup *s, const char *name)
{
	struct ct_error err;

	make_world(&s->w);
	fixture_open(&s->f, name);
	assert_int_equal(ct_pool_open(&s->pool, 2, &err), CT_OK);
	if (ct_activity_collect(&s->activity, s->f.m, s->f.tc, &s->w.c,
	    &(struct ct_job){ s->pool, NULL, NULL }, &err) != CT_OK)
		fail_msg("%s", err.msg);
	naive_activity(&s->want, &s->f, &s->w);
	assert_in_range(s->f.tc->L * s->f.tc->F, 1, 256);
	for (int i = 0; i < 256; i++)
		s->rewrites[i] = (struct ct_card_rewrite){ .layer =
		    i < (s->f.tc->L - 1) * s->f.tc->F && i * i % 5 == 1 ? s->f.tc->L - 1 : 0 };
	snprintf(s->dir, sizeof s->dir, "/tmp/ctrace-build-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->features, sizeof s->features, "%s/features", s->dir);
	snprintf(s->labels, sizeof s->labels, "%s/labels.yaml", s->dir);
}

static void
teardown(struct setup *s)
{
	char path[160];
	int l;

	for (l = 0; l < s->f.tc->L; l++) {
		snprintf(path, sizeof path, "%s/layer_%d.bin", s->features, l);
		remove(path);
	}
	snprintf(path, sizeof path, "%s/index.json.gz", s->features);
	remove(path);
	remove(s->labels);
	remove(s->features);
	rmdir(s->dir);
	ct_activity_free(s->activity);
	ct_pool_close(s->pool);
	fixture_close(&s->f);
	free(s->want.act);
}

static int
build(struct setup *s, struct ct_build_summary *summary, struct ct_error *err)
{
	const struct ct_cards_source source = { s->f.m, s->f.tc, &s->w.c, s->activity, s->rewrites,
	    NULL };

	return ct_cards_build(s->features, &source, summary, &(struct ct_job){ s->pool, NULL, NULL }, err);
}

static void
test_activity(void **state)
{
	struct setup s;
	int g, l, f, t, found, active;
	size_t i;

	(void)state;
	for (g = 0; g < N_GOLDEN; g++) {
		setup(&s, golden[g]);
		assert_int_equal(s.activity->n_tokens, s.w.c.n_tokens - SENTENCES);
		for (l = 0, active = found = 0; l < s.want.L; l++) {
			const struct ct_activity_layer *a = &s.activity->layers[l];

			for (f = 0; f < a->F; f++) {
				for (i = a->start[f]; i < a->start[f + 1]; i++, found++) {
					assert_true(fabsf(a->acts[i] -
					    *cell(&s.want, l, a->tokens[i], f)) < 1e-5f);
					assert_true(i == a->start[f] || a->tokens[i] > a->tokens[i - 1]);
				}
				for (t = 0; t < s.w.c.n_tokens; t++)
					active += *cell(&s.want, l, t, f) != 0;
			}
		}
		assert_true(active > 100);
		assert_int_equal(found, active);
		teardown(&s);
	}
}

/* y (D) in double: the norm at scale 1. */
static void
at_scale_1(const struct ct_norm *n, double *y)
{
	double mean = 0;

	for (int d = 0; d < n->width && n->kind == CT_LAYERNORM; d++)
		mean += y[d] / n->width;
	for (int d = 0; d < n->width; d++)
		y[d] = (y[d] - mean) * (double)n->w[d];
}

/* The tokens that a feature raises and lowers most. */
static void
check_written(const struct setup *s, const struct ct_card *c)
{
	const struct ct_model *m = s->f.m;
	double above, logits[VOCAB], sum[64] = { 0 }, add[64];
	int i, v, d, layer;
	float row[64];

	for (layer = c->layer; layer < c->layer + ct_transcoder_reach(s->f.tc, c->layer); layer++) {
		ct_transcoder_decoder_row(s->f.tc, c->layer, c->feature, layer, row);
		for (d = 0; d < m->cfg.D; d++)
			add[d] = (double)row[d];
		if (m->layers[layer].post2.w && s->f.tc->write == CT_WRITE_MLP)
			at_scale_1(&m->layers[layer].post2, add);
		for (d = 0; d < m->cfg.D; d++)
			sum[d] += add[d];
	}
	at_scale_1(&m->norm_f, sum);
	for (v = 0; v < VOCAB; v++)
		for (d = 0, logits[v] = 0; d < m->cfg.D; d++)
			logits[v] += sum[d] * (double)ct_matrix_at(&m->unembed, v, d);
	assert_int_equal(c->n_top, CT_BUILD_LOGITS);
	for (i = 0; i < c->n_top; i++) {
		sscanf(c->top[i].token, "w%d", &v);
		assert_true(fabs((double)c->top[i].weight - logits[v]) < 1e-4);
		for (v = 0, above = 0; v < VOCAB; v++)
			above += logits[v] > (double)c->top[i].weight + 1e-4;
		assert_true(above <= i);
		assert_true(i == 0 || c->top[i].weight <= c->top[i - 1].weight);
		assert_true(i == 0 || c->bottom[i].weight >= c->bottom[i - 1].weight);
	}
}

static void
check_card(const struct setup *s, const struct ct_card *c)
{
	int t, n = 0, q, e, i, seen = 0;
	float lowest = INFINITY, highest = -INFINITY, sum = 0;
	double last = INFINITY;

	for (t = 0; t < s->w.c.n_tokens; t++) {
		float a = *cell(&s->want, c->layer, t, c->feature);

		if (a == 0)
			continue;
		n++;
		lowest = fminf(lowest, a);
		highest = fmaxf(highest, a);
	}
	assert_true(fabs(c->frequency - (double)n / (s->w.c.n_tokens - SENTENCES)) < 1e-5);
	check_written(s, c);
	if (n == 0) {
		assert_int_equal(c->n_quantiles, 0);
		assert_string_equal(c->label, "");
		return;
	}
	assert_true(fabsf(c->act_min - lowest) < 1e-3f * fabsf(lowest));
	assert_true(fabsf(c->act_max - highest) < 1e-3f * fabsf(highest));
	assert_true(c->values[0] == c->act_min && c->values[CT_BUILD_VALUES - 1] == c->act_max);
	for (i = 0; i < c->n_histogram; i++)
		sum += c->histogram[i];
	assert_true(sum == (float)n);
	/* Strongest first within and across quantiles, peaks at the largest activation, no sentence twice. */
	assert_string_equal(c->quantiles[0].name, "Top activations");
	for (q = 0; q < c->n_quantiles; q++) {
		for (e = 0; e < c->quantiles[q].n; e++, seen++) {
			const struct ct_card_example *x = &c->quantiles[q].examples[e];

			assert_true((double)x->acts[x->peak] <= last + 1e-3);
			last = (double)x->acts[x->peak];
			assert_true(seen > 0 || fabs(last - (double)highest) < 1e-3 * fabs((double)highest));
			for (i = 0; i < x->n; i++)
				assert_true(x->acts[i] <= x->acts[x->peak] && x->tokens[i][0] == 'w');
		}
	}
	assert_true(c->n_candidates == 0 ? c->f1 >= 0.5 : c->f1 < 0.5 &&
	    strncmp(c->label, "mixed: ", 7) == 0);
	assert_true(strncmp(c->label, "at w", 4) == 0 || strncmp(c->label, "after w", 7) == 0 ||
	    c->n_candidates > 0);
}

static void
test_cards(void **state)
{
	struct setup s;
	struct ct_store *store;
	struct ct_card *card;
	struct ct_build_summary summary;
	struct ct_error err;
	int g, l, f;
	long dead, named, rewrites;

	(void)state;
	for (g = 0; g < N_GOLDEN; g++) {
		setup(&s, golden[g]);
		assert_int_equal(build(&s, &summary, &err), CT_OK);
		assert_int_equal(ct_store_open(&store, s.features, &err), CT_OK);
		for (l = 0, dead = named = rewrites = 0; l < s.f.tc->L; l++) {
			assert_int_equal(ct_store_features(store, l), s.f.tc->layers[l].F);
			for (f = 0; f < s.f.tc->layers[l].F; f++) {
				assert_int_equal(ct_store_card(&card, store, l, f, &err), CT_OK);
				check_card(&s, card);
				assert_string_equal(card->label, ct_store_label(store, l, f));
				assert_int_equal(card->rewrite.layer, s.rewrites[l * s.f.tc->F + f].layer);
				rewrites += card->rewrite.layer > 0;
				dead += card->frequency == 0;
				named += card->f1 >= 0.5;
				ct_card_free(card);
			}
		}
		assert_int_equal(summary.dead, dead);
		assert_int_equal(summary.named, named);
		assert_int_equal(summary.rewrites, rewrites);
		ct_store_close(store);
		teardown(&s);
	}
}

static void
test_examples_differ(void **state)
{
	struct setup s;
	struct ct_store *store;
	struct ct_card *card;
	struct ct_error err;
	char text[2][256];
	int f, q, e, i, compared = 0;

	(void)state;
	setup(&s, golden[0]);
	assert_int_equal(build(&s, NULL, &err), CT_OK);
	assert_int_equal(ct_store_open(&store, s.features, &err), CT_OK);
	for (f = 0; f < ct_store_features(store, 0); f++) {
		assert_int_equal(ct_store_card(&card, store, 0, f, &err), CT_OK);
		for (q = 0; q < card->n_quantiles; q++) {
			for (e = 0; e < card->quantiles[q].n; e++) {
				const struct ct_card_example *x = &card->quantiles[q].examples[e];
				size_t used = 0;

				for (i = 0; i < x->n; i++)
					used += (size_t)snprintf(text[e % 2] + used, sizeof text[0] - used,
					    "%s ", x->tokens[i]);
				if (e > 0) {
					assert_string_not_equal(text[0], text[1]);
					compared++;
				}
			}
		}
		ct_card_free(card);
	}
	assert_true(compared > 20);
	ct_store_close(store);
	teardown(&s);
}

/* Labels by people win, in the list and on the card, and cards of other weights are ignored. */
static void
test_engine_view(void **state)
{
	struct setup s;
	struct ct_cards *cards;
	const struct ct_card *card;
	struct ct_error err;
	char automatic[300];
	int f;

	(void)state;
	setup(&s, golden[0]);
	assert_int_equal(ct_cards_open(&cards, s.features, s.labels, s.f.tc, NULL, NULL, &err), CT_OK);
	assert_false(ct_cards_present(cards));
	assert_null(ct_cards_get(cards, 0, 0, &err));
	assert_int_equal(err.code, CT_ENOTFOUND);
	assert_string_equal(ct_cards_label(cards, 0, 0), "");
	ct_cards_close(cards);
	assert_int_equal(build(&s, NULL, &err), CT_OK);
	assert_int_equal(ct_cards_open(&cards, s.features, s.labels, s.f.tc, NULL, NULL, &err), CT_OK);
	assert_true(ct_cards_present(cards));
	for (f = 0; f < s.f.tc->F && ct_cards_label(cards, 1, f)[0] == '\0'; f++)
		;
	assert_true(f < s.f.tc->F);
	snprintf(automatic, sizeof automatic, "%s", ct_cards_label(cards, 1, f));
	assert_false(isnan(ct_cards_label_f1(cards, 1, f)));
	card = ct_cards_get(cards, 1, f, &err);
	assert_non_null(card);
	assert_false(card->edited);
	assert_int_equal(ct_cards_set_label(cards, 1, f, "mine", &err), CT_OK);
	assert_string_equal(card->label, "mine");	/* the card lent before knows it too */
	assert_true(card->edited);
	assert_string_equal(ct_cards_label(cards, 1, f), "mine");
	assert_true(isnan(ct_cards_label_f1(cards, 1, f)));
	ct_cards_close(cards);
	assert_int_equal(ct_cards_open(&cards, s.features, s.labels, s.f.tc, NULL, NULL, &err), CT_OK);
	card = ct_cards_get(cards, 1, f, &err);
	assert_string_equal(card->label, "mine");
	assert_true(card->edited);
	assert_int_equal(ct_cards_set_label(cards, 1, f, "", &err), CT_OK);
	assert_string_equal(card->label, automatic);
	assert_false(card->edited);
	ct_cards_close(cards);
	teardown(&s);
}

/* Cards of a transcoder whose weights have changed since. */
static void
test_other_weights(void **state)
{
	struct setup s;
	struct ct_cards *cards;
	struct ct_error err;
	const float *kept;
	float *biases;

	(void)state;
	setup(&s, golden[0]);
	assert_int_equal(build(&s, NULL, &err), CT_OK);
	kept = s.f.tc->layers[1].b_enc;
	biases = malloc((size_t)s.f.tc->layers[1].F * sizeof *biases);
	assert_non_null(biases);
	memcpy(biases, kept, (size_t)s.f.tc->layers[1].F * sizeof *biases);
	biases[0] += 1;
	s.f.tc->layers[1].b_enc = biases;
	assert_int_equal(ct_cards_open(&cards, s.features, s.labels, s.f.tc, NULL, NULL, &err), CT_OK);
	assert_false(ct_cards_present(cards));
	assert_null(ct_cards_get(cards, 1, 0, &err));
	assert_non_null(strstr(err.msg, "made from other weights"));
	assert_string_equal(ct_cards_trouble(cards), err.msg);
	ct_cards_close(cards);
	s.f.tc->layers[1].b_enc = kept;
	free(biases);
	teardown(&s);
}

static double
softmax_prob(const float *logits, int v)
{
	double sum = 0;
	int i;

	for (i = 0; i < VOCAB; i++)
		sum += exp((double)logits[i] - (double)logits[v]);
	return 1 / sum;
}

static int
argmax(const float *logits)
{
	int i, best = 0;

	for (i = 0; i < VOCAB; i++)
		best = logits[i] > logits[best] ? i : best;
	return best;
}

/*
 * Explained variance in two passes, KL as a sum over probabilities, everything for one layer after the other.
 */
static void
check_fidelity(struct setup *s, const struct ct_fidelity *got)
{
	static float mlp[TOKENS][16], error[TOKENS][16];
	struct ct_model *m = s->f.m;
	double kl = 0, kl_all = 0, right = 0, agree = 0, answers = 0, predictions = 0, dead = 0, features = 0;
	int D = m->cfg.D, l, i, d, t, f;

	assert_int_equal(D, 16);
	for (l = 0; l < s->f.tc->L; l++) {
		double mean[16] = {0}, variance = 0, residual = 0, active = 0;
		int n = 0, layer_dead = 0, layer_dense = 0;

		for (i = 0; i < SENTENCES; i++) {
			const struct ct_sentence *x = &s->w.sentences[i];

			if (!x->held_out)
				continue;
			fixture_run(&s->f, s->w.tokens + x->first, x->n);
			for (t = 1; t < x->n; t++, n++) {
				size_t at = (size_t)(l * x->n + t) * (size_t)D;

				memcpy(mlp[n], s->f.prompt->pass.mlp_out + at, sizeof mlp[0]);
				memcpy(error[n], s->f.prompt->lrm.error + at, sizeof error[0]);
				for (f = 0; f < s->f.tc->layers[l].F; f++)
					active += *cell(&s->want, l, x->first + t, f) != 0;
			}
		}
		for (i = 0; i < n; i++) {
			for (d = 0; d < D; d++)
				mean[d] += (double)mlp[i][d] / n;
		}
		for (i = 0; i < n; i++) {
			for (d = 0; d < D; d++) {
				variance += pow((double)mlp[i][d] - mean[d], 2);
				residual += pow((double)error[i][d], 2);
			}
		}
		residual /= variance;
		assert_true(fabs(got->layers[l].explained_variance - (1 - residual)) < 1e-5 * (1 + residual));
		assert_true(fabs(got->layers[l].l0 - active / n) < 1e-9);
		for (f = 0; f < s->f.tc->layers[l].F; f++) {
			for (t = i = 0; t < s->w.c.n_tokens; t++)
				i += *cell(&s->want, l, t, f) != 0;
			layer_dead += i == 0;
			layer_dense += i > 0.1 * (s->w.c.n_tokens - SENTENCES);
		}
		dead += layer_dead;
		features += s->f.tc->layers[l].F;
		assert_true(fabs(got->layers[l].dead - (double)layer_dead / s->f.tc->layers[l].F) < 1e-9);
		assert_true(fabs(got->layers[l].dense - (double)layer_dense / s->f.tc->layers[l].F) < 1e-9);
	}
	assert_true(fabs(got->dead - dead / features) < 1e-9);
	for (i = 0; i < SENTENCES; i++) {
		const struct ct_sentence *x = &s->w.sentences[i];
		float final[LONGEST * 16], p[LONGEST * VOCAB], q[LONGEST * VOCAB];
		struct ct_error err;

		if (!x->held_out)
			continue;
		fixture_run(&s->f, s->w.tokens + x->first, x->n);
		assert_int_equal(ct_replacement_run(s->f.tc, &s->f.prompt->pass, final,
				     &s->f.scratch, &err), CT_OK);
		ct_logits(m, x->n, s->f.prompt->pass.final, p);
		ct_logits(m, x->n, final, q);
		for (t = 1; t + 1 < x->n; t++) {
			double sum = 0;

			for (d = 0; d < VOCAB; d++)
				sum += softmax_prob(p + t * VOCAB, d)
				    * log(softmax_prob(p + t * VOCAB, d) / softmax_prob(q + t * VOCAB, d));
			kl_all += sum;
			predictions++;
			if (t != x->answer)
				continue;
			kl += sum;
			answers++;
			right += argmax(p + t * VOCAB) == s->w.tokens[x->first + t + 1];
			agree += argmax(p + t * VOCAB) == argmax(q + t * VOCAB);
		}
	}
	assert_int_equal(got->n_answers, SENTENCES / 2);
	assert_true(fabs(got->accuracy - right / answers) < 1e-9);
	assert_true(fabs(got->top1_agreement - agree / answers) < 1e-9);
	assert_true(fabs(got->kl - kl / answers) < 1e-6);
	assert_true(fabs(got->kl_all - kl_all / predictions) < 1e-6);
}

static void
test_fidelity(void **state)
{
	struct setup s;
	struct ct_fidelity *two, *one;
	struct ct_error err;
	int g, l;

	(void)state;
	for (g = 0; g < N_GOLDEN; g++) {
		setup(&s, golden[g]);
		assert_int_equal(ct_fidelity_measure(&two, s.f.m, s.f.tc, &s.w.c, s.activity,
		    &(struct ct_job){ s.pool, NULL, NULL }, &err), CT_OK);
		check_fidelity(&s, two);
		assert_int_equal(ct_fidelity_measure(&one, s.f.m, s.f.tc, &s.w.c, s.activity, NULL, &err),
		    CT_OK);
		assert_true(one->kl == two->kl && one->kl_all == two->kl_all);
		for (l = 0; l < one->L; l++)
			assert_memory_equal(&one->layers[l], &two->layers[l], sizeof one->layers[l]);
		ct_fidelity_free(one);
		ct_fidelity_free(two);
		teardown(&s);
	}
}

static void
test_wrong_corpus(void **state)
{
	struct setup s;
	struct ct_activity *none;
	struct ct_error err;

	(void)state;
	setup(&s, golden[0]);
	s.w.c.n_words = VOCAB + 1;
	assert_int_equal(ct_activity_collect(&none, s.f.m, s.f.tc, &s.w.c,
	    &(struct ct_job){ s.pool, NULL, NULL }, &err), CT_EINVAL);
	assert_string_equal(err.msg, "the corpus has 41 words, the model 40: it learned from another corpus");
	s.w.c.n_words = VOCAB;
	s.w.sentences[3].n = 99;
	assert_int_equal(ct_activity_collect(&none, s.f.m, s.f.tc, &s.w.c,
	    &(struct ct_job){ s.pool, NULL, NULL }, &err), CT_EINVAL);
	assert_string_equal(err.msg, "sentence 3 of the corpus has 99 tokens, but the context holds 24");
	teardown(&s);
}

enum { TWO = 2, TINY_TOKENS = 8 };

/* A layer of two features in two dimensions. */
struct tiny {
	struct ct_tc_layer layer;
	size_t start[TWO + 1];
	int tokens[TINY_TOKENS];
	struct ct_activity_layer activity;
};

static void
tiny_layer(struct tiny *t, const float *enc, const float *dec, int reach, const char *active)
{
	int f, k = 0;

	*t = (struct tiny){ 0 };
	for (f = 0; f < TWO; f++) {	/* "123,56": token numbers of both features */
		for (; *active >= '0'; active++)
			t->tokens[k++] = *active - '0';
		active += *active == ',';
		t->start[f + 1] = (size_t)k;
	}
	t->layer = (struct ct_tc_layer){ .F = TWO, .enc = ct_matrix_of(enc, TWO, TWO),
		.dec = ct_matrix_of(dec, TWO, reach * TWO), .dec_rows = reach };
	t->activity = (struct ct_activity_layer){ .F = TWO, .start = t->start, .tokens = t->tokens };
}

/*
 * Feature 0 of layer 0 writes to layer 1, too, what the per-layer transcoder's L1#1 writes, fed by the
 * per-layer transcoder's L0#0.
 */
static void
find_rewrites(struct ct_card_rewrite found[2 * TWO], float feeds, const char *second_active, float far)
{
	static const float clt1[] = { 1, 0, 0, 1 }, plt0[] = { 0, 1, 1, 0 }, plt1[] = { 0, 1, 3, 0.3f };
	const float clt0[] = { 1, 0, far, 0, /* feature 1 */ 0, 1, 0, 0 }, enc1[] = { 0, 0, 0, feeds };
	static const float no_enc[TWO * TWO];
	struct tiny c[2], p[2];
	struct ct_tc_layer cl[2], pl[2];
	struct ct_activity_layer ca[2], pa[2];
	struct ct_transcoder clt = { .kind = CT_CLT, .L = 2, .D = TWO, .F = TWO, .layers = cl };
	struct ct_transcoder plt = { .kind = CT_PLT, .L = 2, .D = TWO, .F = TWO, .layers = pl };
	struct ct_activity ours = { .L = 2, .layers = ca, .n_positions = TINY_TOKENS };
	struct ct_activity theirs = { .L = 2, .layers = pa, .n_positions = TINY_TOKENS };
	struct ct_card_rewrite *out;
	struct ct_error err;

	tiny_layer(&c[0], no_enc, clt0, 2, "123,4");
	tiny_layer(&c[1], no_enc, clt1, 1, "5,6");
	tiny_layer(&p[0], no_enc, plt0, 1, "123,6");
	tiny_layer(&p[1], enc1, plt1, 1, second_active);
	for (int l = 0; l < 2; l++) {
		cl[l] = c[l].layer;
		ca[l] = c[l].activity;
		pl[l] = p[l].layer;
		cl[l].dec_first = pl[l].dec_first = l;
		pa[l] = p[l].activity;
	}
	assert_int_equal(ct_rewrites_find(&out, &clt, &ours, &plt, &theirs, &err), CT_OK);
	memcpy(found, out, 2 * TWO * sizeof *found);
	free(out);
}

static void
test_rewrites(void **state)
{
	struct ct_card_rewrite found[2 * TWO];
	int i;

	(void)state;
	find_rewrites(found, 1, "5,12", 1);
	assert_int_equal(found[0].layer, 1);
	assert_int_equal(found[0].first, 0);
	assert_int_equal(found[0].second, 1);
	assert_true(fabsf(found[0].share - 0.5f) < 1e-6f);
	assert_true(fabsf(found[0].cosine - 3 / sqrtf(9.09f)) < 1e-6f);
	for (i = 1; i < 2 * TWO; i++)
		assert_int_equal(found[i].layer, 0);
	find_rewrites(found, -1, "5,12", 1);	/* the first step does not feed the second */
	assert_int_equal(found[0].layer, 0);
	find_rewrites(found, 1, "12,56", 1);	/* the second is active elsewhere */
	assert_int_equal(found[0].layer, 0);
	find_rewrites(found, 1, "5,12", 0.5f);	/* a fifth of what it writes goes there */
	assert_int_equal(found[0].layer, 0);
	find_rewrites(found, 1, "5,12", -1);	/* and the contrary of it */
	assert_int_equal(found[0].layer, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_activity),
	    cmocka_unit_test(test_cards),
	    cmocka_unit_test(test_examples_differ),
	    cmocka_unit_test(test_rewrites),
	    cmocka_unit_test(test_engine_view), cmocka_unit_test(test_other_weights),
	    cmocka_unit_test(test_fidelity),
	    cmocka_unit_test(test_wrong_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
