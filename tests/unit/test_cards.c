/* cards: records, the store, labels by people, and the choice of automatic labels. */
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

#include "base/arena.h"
#include "base/file.h"
#include "base/random.h"
#include "cards/match.h"
#include "cards/store.h"
#include "io/deflate.h"
#include "scratch.h"

enum { F = 5 };

static const char store_dir[] = "features";

static void
spoil(const char *name, const void *data, size_t n)
{
	struct ct_error err;

	assert_int_equal(ct_file_replace(name, data, n, &err), CT_OK);
}

/* A card with something in every field; feature tells them apart. */
static struct ct_card *
sample(int layer, int feature)
{
	static const char *tokens[] = {"the", "state", "caf\xc3\xa9", "is"};
	static float acts[] = {0, 0.25f, 1.5f, 0}, values[] = {0.25f, 1, 1.5f}, histogram[] = {3, 0, 7};
	static struct ct_card_example examples[] = {{.n = 4, .tokens = tokens, .acts = acts, .peak = 2},
	    {.n = 2, .tokens = tokens, .acts = acts, .peak = 1}};
	static struct ct_card_quantile quantiles[] =
	    {{.name = "Top activations", .n = 2, .examples = examples},
	    {.name = "Subsample interval 0", .n = 0}};
	static struct ct_card_logit top[] = {{"Austin", 0.5f}, {"Texas", 0.25f}}, bottom[] = {{"is", -1}};
	struct ct_card *c = ct_card_new(layer, feature);

	assert_non_null(c);
	c->label = feature == 1 ? "" : "in Texas";
	c->f1 = feature == 1 ? NAN : 0.9375;
	c->n_candidates = 2;
	c->candidates[0] = "in Texas";
	c->candidates[1] = "a city";
	c->candidate_f1[0] = 0.9375;
	c->candidate_f1[1] = 0.5;
	if (feature == 2)
		c->rewrite = (struct ct_card_rewrite){ .layer = layer + 2, .first = 3, .second = 4,
		    .share = 0.5f,
			.cosine = 0.75f };
	c->frequency = 0.015625 * (feature + 1);
	c->act_min = 0.25f;
	c->act_max = 1.5f;
	c->n_values = 3;
	c->values = values;
	c->n_histogram = 3;
	c->histogram = histogram;
	c->n_quantiles = 2;
	c->quantiles = quantiles;
	c->n_top = 2;
	c->top = top;
	c->n_bottom = 1;
	c->bottom = bottom;
	return c;
}

static void
assert_same(const struct ct_card *a, const struct ct_card *b)
{
	int i;

	assert_int_equal(a->layer, b->layer);
	assert_int_equal(a->feature, b->feature);
	assert_string_equal(a->label, b->label);
	assert_true(a->f1 == b->f1 || (isnan(a->f1) && isnan(b->f1)));
	assert_int_equal(a->rewrite.layer, b->rewrite.layer);
	assert_int_equal(a->rewrite.first, b->rewrite.first);
	assert_int_equal(a->rewrite.second, b->rewrite.second);
	assert_true(a->rewrite.share == b->rewrite.share && a->rewrite.cosine == b->rewrite.cosine);
	assert_int_equal(a->n_candidates, b->n_candidates);
	assert_string_equal(a->candidates[1], b->candidates[1]);
	assert_true(a->candidate_f1[1] == b->candidate_f1[1]);
	assert_true(a->frequency == b->frequency && a->act_min == b->act_min && a->act_max == b->act_max);
	assert_int_equal(a->n_values, b->n_values);
	assert_memory_equal(a->values, b->values, (size_t)a->n_values * sizeof(float));
	assert_int_equal(a->n_histogram, b->n_histogram);
	assert_memory_equal(a->histogram, b->histogram, (size_t)a->n_histogram * sizeof(float));
	assert_int_equal(a->n_top, b->n_top);
	assert_int_equal(a->n_bottom, b->n_bottom);
	assert_string_equal(a->top[1].token, b->top[1].token);
	assert_true(a->top[1].weight == b->top[1].weight && a->bottom[0].weight == b->bottom[0].weight);
	assert_int_equal(a->n_quantiles, b->n_quantiles);
	assert_string_equal(a->quantiles[1].name, b->quantiles[1].name);
	assert_int_equal(a->quantiles[0].n, b->quantiles[0].n);
	for (i = 0; i < 4; i++) {
		assert_string_equal(a->quantiles[0].examples[0].tokens[i],
		    b->quantiles[0].examples[0].tokens[i]);
		assert_true(a->quantiles[0].examples[0].acts[i] == b->quantiles[0].examples[0].acts[i]);
	}
	assert_int_equal(a->quantiles[0].examples[1].n, b->quantiles[0].examples[1].n);
	assert_int_equal(a->quantiles[0].examples[0].peak, b->quantiles[0].examples[0].peak);
}

/* Two layers, of F and F-2 features. */
static void
write_store(void)
{
	unsigned char *records[2][F];
	size_t sizes[2][F];
	const char *labels[2][F];
	double f1[2][F];
	struct ct_store_layer layers[2];
	struct ct_error err;
	int l, f;

	for (l = 0; l < 2; l++) {
		layers[l] = (struct ct_store_layer){.F = F - 2 * l, .records = records[l], .sizes = sizes[l],
		    .labels = labels[l], .f1 = f1[l], .weights = 0xdeadbeef + (uint32_t)l};
		for (f = 0; f < layers[l].F; f++) {
			struct ct_card *c = sample(l, f);

			assert_int_equal(ct_record_write(&records[l][f], &sizes[l][f], c, &err), CT_OK);
			labels[l][f] = c->label;
			f1[l][f] = c->f1;
			ct_card_free(c);
		}
	}
	assert_int_equal(ct_store_write(store_dir, layers, 2, &err), CT_OK);
	for (l = 0; l < 2; l++) {
		for (f = 0; f < layers[l].F; f++)
			free(records[l][f]);
	}
}

/* A label can name a token that is no UTF-8; the labels of other features stay with their features. */
static void
test_labels_of_any_bytes(void **state)
{
	static const char *const want[] = { "first", "\\xe6 (input)", "third" };
	const char *labels[] = { "first", "\xe6 (input)", "third" };
	double f1[] = { .9, .8, .7 };
	unsigned char *records[3];
	size_t sizes[3];
	struct ct_store_layer layer = { .F = 3, .records = records, .sizes = sizes, .labels = labels,
		.f1 = f1 };
	struct ct_store *s;
	struct ct_error err;

	(void)state;
	for (int f = 0; f < 3; f++) {
		struct ct_card *c = sample(0, f);

		assert_int_equal(ct_record_write(&records[f], &sizes[f], c, &err), CT_OK);
		ct_card_free(c);
	}
	assert_int_equal(ct_store_write(store_dir, &layer, 1, &err), CT_OK);
	assert_int_equal(ct_store_open(&s, store_dir, &err), CT_OK);
	for (int f = 0; f < 3; f++) {
		assert_string_equal(ct_store_label(s, 0, f), want[f]);
		free(records[f]);
	}
	ct_store_close(s);
}

static void
test_store_round_trip(void **state)
{
	struct ct_store *s;
	struct ct_card *card, *want;
	struct ct_error err;
	int l, f;

	(void)state;
	write_store();
	assert_int_equal(ct_store_open(&s, store_dir, &err), CT_OK);
	assert_int_equal(ct_store_layers(s), 2);
	assert_int_equal(ct_store_features(s, 0), F);
	assert_int_equal(ct_store_features(s, 1), F - 2);
	for (l = 1; l >= 0; l--) {
		for (f = ct_store_features(s, l) - 1; f >= 0; f--) {	/* backwards: any order works */
			want = sample(l, f);
			assert_int_equal(ct_store_card(&card, s, l, f, &err), CT_OK);
			assert_same(card, want);
			assert_string_equal(ct_store_label(s, l, f), want->label);
			assert_true(f == 1 ? isnan(ct_store_label_f1(s, l, f))
				    : fabs(ct_store_label_f1(s, l, f) - want->f1) < 1e-3);
			ct_card_free(card);
			ct_card_free(want);
		}
	}
	assert_int_equal(ct_store_weights(s, 1), 0xdeadbef0);
	assert_int_equal(ct_store_card(&card, s, 1, F - 2, &err), CT_ENOTFOUND);
	assert_string_equal(err.msg, "no card for feature L1#3");
	assert_int_equal(ct_store_card(&card, s, -1, 0, &err), CT_ENOTFOUND);
	assert_string_equal(ct_store_label(s, 7, 7), "");
	ct_store_close(s);
}

static void
test_store_export(void **state)
{
	struct ct_store *s;
	struct ct_error err;
	char *text;
	size_t n;

	(void)state;
	write_store();
	assert_int_equal(ct_store_open(&s, store_dir, &err), CT_OK);
	assert_int_equal(ct_store_export(s, "json", false, NULL, &err), CT_OK);
	/* cantor(1, 2) = 3 * 4 / 2 + 2 = 8 */
	assert_int_equal(ct_file_read(&text, &n, "json/8.json", 1 << 20, &err), CT_OK);
	assert_non_null(strstr(text, "\"index\":2,\"label\":\"in Texas\""));
	assert_non_null(strstr(text, "\"tokens_acts_list\":[0,0.25,1.5,0],\"train_token_ind\":2"));
	assert_non_null(strstr(text, "\"top_logits\":[\"Austin\",\"Texas\"]"));
	free(text);
	for (n = 0; n < 9; n++) {
		char name[32];

		snprintf(name, sizeof name, "json/%zu.json", (size_t[]){0, 1, 2, 4, 5, 8, 9, 14, 12}[n]);
		remove(name);
	}
	assert_int_equal(rmdir("json"), 0);	/* these eight and no other */
	ct_store_close(s);
}

/* Writes an index that says what `json` says, in place of the right one. */
static int
open_with_index(const char *json, struct ct_error *err)
{
	struct ct_store *s;
	unsigned char *packed;
	size_t n;
	int rc;

	assert_int_equal(ct_deflate(&packed, &n, json, strlen(json), CT_GZIP, err), CT_OK);
	spoil("features/index.json.gz", packed, n);
	free(packed);
	rc = ct_store_open(&s, store_dir, err);
	ct_store_close(s);
	return rc;
}

static void
assert_says(const struct ct_error *err, const char *what)
{
	if (strstr(err->msg, what) == NULL)
		fail_msg("expected \"%s\" in \"%s\"", what, err->msg);
	assert_null(strchr(err->msg, '\n'));
}

static void
test_bad_index(void **state)
{
	static const struct {
		const char *json, *says;
	} bad[] = {
	    {"[]", "expected an object"},
	    {"{\"0\":{}}", "layer 0: expected filename"},
	    {"{\"0\":{\"filename\":\"../secret\",\"offsets\":[0]}}", "layer 0: expected filename"},
	    {"{\"0\":{\"filename\":\"/etc/passwd\",\"offsets\":[0]}}", "layer 0: expected filename"},
	    {"{\"0\":{\"filename\":\"a\"}}", "expected a list offsets"},
	    {"{\"0\":{\"filename\":\"a\",\"offsets\":[0,9,8]}}", "offsets[2] must be an integer >= 9"},
	    {"{\"0\":{\"filename\":\"a\",\"offsets\":[-1]}}", "offsets[0] must be an integer >= 0"},
	    {"{\"0\":{\"filename\":\"a\",\"offsets\":[0,\"1\"]}}", "offsets[1] must be an integer"},
	    {"{\"0\":{\"filename\":\"a\",\"offsets\":[0,1],\"labels\":[]}}", "one entry for each of its 1 "
	    "features"},
	    {"{\"0\":{\"filename\":\"a\",\"offsets\":[0,1],\"labels\":[3]}}", "labels[0] must be text"},
	    {"{\"0\":", "index.json.gz"},
	};
	struct ct_store *s;
	struct ct_card *card;
	struct ct_error err;
	char *bomb;
	size_t i;

	(void)state;
	write_store();
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(open_with_index(bad[i].json, &err), CT_EFORMAT);
		assert_says(&err, bad[i].says);
	}
	bomb = malloc(2000000);
	assert_non_null(bomb);
	memset(bomb, ' ', 2000000);
	memcpy(bomb + 1999997, "{}", 3);
	assert_int_equal(open_with_index(bomb, &err), CT_EFORMAT);
	assert_says(&err, "index.json.gz: more than");
	free(bomb);
	spoil("features/index.json.gz", "hello", 5);
	assert_int_equal(ct_store_open(&s, store_dir, &err), CT_EFORMAT);
	assert_says(&err, "index.json.gz: damaged compressed data");
	/*
	 * An index by others: no labels, entries that are no layers, a layer left out, a feature without a
	 * card.
	 */
	assert_int_equal(open_with_index("{\"version\":\"1.0\",\"1\":{\"filename\":\"layer_0.bin\","
	    "\"offsets\":[0,0,9]}}", &err), CT_OK);
	assert_int_equal(ct_store_open(&s, store_dir, &err), CT_OK);
	assert_int_equal(ct_store_card(&card, s, 1, 0, &err), CT_ENOTFOUND);
	assert_string_equal(err.msg, "no card for feature L1#0");
	assert_int_equal(ct_store_card(&card, s, 1, 1, &err), CT_EFORMAT);
	assert_int_equal(ct_store_card(&card, s, 0, 0, &err), CT_ENOTFOUND);
	ct_store_close(s);
}

/* Every truncation and every flipped byte of a layer file: an error in one line, or a card. */
static void
test_damaged_records(void **state)
{
	struct ct_store *s;
	struct ct_card *card;
	struct ct_error err;
	char *bytes;
	size_t n, i;
	int rc, failures = 0;

	(void)state;
	write_store();
	assert_int_equal(ct_store_open(&s, store_dir, &err), CT_OK);
	assert_int_equal(ct_file_read(&bytes, &n, "features/layer_0.bin", 1 << 20, &err), CT_OK);
	for (i = 0; i < n; i += 7) {
		spoil("features/layer_0.bin", bytes, i);
		assert_true(ct_store_card(&card, s, 0, F - 1, &err) < 0);
		assert_says(&err, "layer_0.bin");
	}
	for (i = 0; i < n; i += 3) {
		bytes[i] ^= 0x15;
		spoil("features/layer_0.bin", bytes, n);
		bytes[i] ^= 0x15;
		rc = ct_store_card(&card, s, 0, 0, &err);
		if (rc == CT_OK) {
			ct_card_free(card);
		} else {
			assert_says(&err, "layer_0.bin: feature 0 at byte 0");
			failures++;
		}
	}
	assert_true(failures > 10);	/* the flips that lie in its record */
	free(bytes);
	ct_store_close(s);
}

static int
read_json(const char *json, struct ct_card **card, struct ct_error *err)
{
	unsigned char *packed, *record;
	size_t n, i;
	int rc;

	assert_int_equal(ct_deflate(&packed, &n, json, strlen(json), CT_GZIP, err), CT_OK);
	record = malloc(n + 4);
	assert_non_null(record);
	for (i = 0; i < 4; i++)
		record[i] = (unsigned char)(n >> (8 * i));
	memcpy(record + 4, packed, n);
	rc = ct_record_read(card, record, n + 4, 0, 0, "here", err);
	free(record);
	free(packed);
	return rc;
}

static void
test_foreign_records(void **state)
{
	static const struct {
		const char *json, *says;
	} bad[] = {
	    {"[]", "here: expected a JSON object"},
	    {"{\"label\":3}", "here: field label: expected text"},
	    {"{\"act_max\":\"x\"}", "here: field act_max: expected a number"},
	    {"{\"top_logits\":[3]}", "here: field top_logits: expected text"},
	    {"{\"examples_quantiles\":3}", "here: field examples_quantiles: expected a list"},
	    {"{\"examples_quantiles\":[{\"examples\":[{\"tokens\":[\"a\"],\"tokens_acts_list\":[1,2]}]}]}",
	     "here: an example has 1 tokens but 2 activations"},
	};
	struct ct_card *card;
	struct ct_error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(read_json(bad[i].json, &card, &err), CT_EFORMAT);
		assert_says(&err, bad[i].says);
		assert_null(card);
	}
	/* What others write: gzip, no label, no weights, text that would act on a terminal. */
	assert_int_equal(read_json("{\"index\":0,\"top_logits\":[\"a\\u001b[2J\"],\"act_min\":null}", &card,
	    &err), CT_OK);
	assert_string_equal(card->label, "");
	assert_string_equal(card->top[0].token, "a\\x1b[2J");
	assert_true(isnan(card->top[0].weight) && isnan(card->f1) && isnan(card->frequency));
	ct_card_free(card);
}

static void
test_inflate_limit(void **state)
{
	static char zeros[100000];
	unsigned char *packed;
	char *out;
	struct ct_error err;
	size_t n, m;

	(void)state;
	assert_int_equal(ct_deflate(&packed, &n, zeros, sizeof zeros, CT_ZLIB, &err), CT_OK);
	assert_int_equal(ct_inflate(&out, &m, packed, n, sizeof zeros - 1, "bomb", &err), CT_EFORMAT);
	assert_says(&err, "bomb: more than 99999 bytes");
	assert_int_equal(ct_inflate(&out, &m, packed, n, sizeof zeros, "all", &err), CT_OK);
	assert_int_equal(m, sizeof zeros);
	assert_memory_equal(out, zeros, sizeof zeros);
	free(out);
	assert_int_equal(ct_inflate(&out, &m, packed, n - 1, sizeof zeros, "cut", &err), CT_EFORMAT);
	assert_says(&err, "cut: compressed data ends too early");
	free(packed);
}

enum { SENTENCES = 40, LENGTH = 9, TOKENS = SENTENCES * LENGTH, LABELS = 12 };

struct world {
	struct ct_corpus c;
	struct ct_sentence sentences[SENTENCES];
	int start[TOKENS + 1], of[TOKENS * LABELS];
};

/* Labels at random, on the BOS tokens too (which may not count). */
static void
fill_world(struct world *w, struct ct_rng *r)
{
	int t, l, n = 0;

	memset(w, 0, sizeof *w);
	for (t = 0; t < SENTENCES; t++)
		w->sentences[t] = (struct ct_sentence){.first = t * LENGTH, .n = LENGTH, .answer = -1};
	for (t = 0; t < TOKENS; t++) {
		w->start[t] = n;
		for (l = 0; l < LABELS; l++) {
			if (ct_rng_below(r, (uint32_t)l + 2) == 0)
				w->of[n++] = l;
		}
	}
	w->start[TOKENS] = n;
	w->c = (struct ct_corpus){.n_sentences = SENTENCES, .sentences = w->sentences, .n_tokens = TOKENS,
	    .n_labels = LABELS, .label_start = w->start, .label_of = w->of};
}

static bool
has_label(const struct world *w, int token, int label)
{
	int k;

	for (k = w->start[token]; k < w->start[token + 1]; k++) {
		if (w->of[k] == label)
			return true;
	}
	return false;
}

/* F1 as its definition reads: precision and recall, token by token. */
static double
naive_f1(const struct world *w, const bool *active, int label)
{
	double both = 0, is_active = 0, is_label = 0, precision, recall;
	int t;

	for (t = 0; t < TOKENS; t++) {
		if (t % LENGTH == 0)
			continue;
		both += active[t] && has_label(w, t, label);
		is_active += active[t];
		is_label += has_label(w, t, label);
	}
	if (both == 0)
		return 0;
	precision = both / is_active;
	recall = both / is_label;
	return 2 * precision * recall / (precision + recall);
}

static void
test_match_naive(void **state)
{
	static struct world w;
	struct ct_matcher *m;
	struct ct_match match;
	struct ct_error err;
	struct ct_rng r;
	bool active[TOKENS];
	int tokens[TOKENS], trial, t, n, i, l;

	(void)state;
	ct_rng_seed(&r, 5, 1);
	fill_world(&w, &r);
	assert_int_equal(ct_matcher_open(&m, &w.c, 2, &err), CT_OK);
	for (trial = 0; trial < 200; trial++) {
		int follow = (int)ct_rng_below(&r, LABELS);

		for (t = n = 0; t < TOKENS; t++) {
			active[t] = t % LENGTH != 0 &&
			    (ct_rng_below(&r, 10) == 0 ||
			    (has_label(&w, t, follow) && ct_rng_below(&r, 4) > 0));
			if (active[t])
				tokens[n++] = t;
		}
		ct_matcher_best(m, trial % 2, tokens, n, &match);
		assert_int_equal(match.n, CT_CARD_CANDIDATES);
		for (i = 0; i < match.n; i++) {
			const struct ct_matched *b = &match.best[i];

			assert_true(fabs(b->f1 - naive_f1(&w, active, b->label)) < 1e-12);
			assert_true(i == 0 || b->f1 <= b[-1].f1);
		}
		for (l = 0; l < LABELS; l++) {
			bool listed = l == match.best[0].label || l == match.best[1].label ||
			    l == match.best[2].label;

			assert_true(listed || naive_f1(&w, active, l) <= match.best[2].f1 + 1e-12);
		}
	}
	ct_matcher_best(m, 0, tokens, 0, &match);
	assert_int_equal(match.n, 0);
	ct_matcher_close(m);
}

/* Two labels on the same tokens: the one that the corpus lists first wins. */
static void
test_match_ties(void **state)
{
	static struct world w;
	struct ct_matcher *m;
	struct ct_match match;
	struct ct_error err;
	struct ct_rng r;
	int t, n = 0, token = 4;

	(void)state;
	ct_rng_seed(&r, 1, 1);
	fill_world(&w, &r);
	for (t = 0; t < TOKENS; t++) {
		w.start[t] = n;
		if (t % LENGTH == 4) {
			w.of[n++] = 3;
			w.of[n++] = 6;
		}
	}
	w.start[TOKENS] = n;
	assert_int_equal(ct_matcher_open(&m, &w.c, 1, &err), CT_OK);
	ct_matcher_best(m, 0, &token, 1, &match);
	assert_int_equal(match.n, 2);
	assert_int_equal(match.best[0].label, 3);
	assert_true(match.best[0].f1 == 2.0 / (1 + SENTENCES));
	ct_matcher_close(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_labels_of_any_bytes, scratch_enter, scratch_leave),
cmocka_unit_test_setup_teardown(test_store_round_trip, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(test_store_export, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(test_bad_index, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(test_damaged_records, scratch_enter, scratch_leave),
	    cmocka_unit_test(test_foreign_records),
	    cmocka_unit_test(test_inflate_limit),
	    cmocka_unit_test(test_match_naive),
	    cmocka_unit_test(test_match_ties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
