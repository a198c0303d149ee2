/* build: see build.h. */
#include "cards/build.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/best.h"
#include "base/label.h"
#include "base/parallel.h"
#include "cards/match.h"
#include "cards/operands.h"
#include "cards/record.h"
#include "cards/store.h"
#include "model/linear.h"

enum {
	BATCH = 64,			/* features of one task */
	LOGIT_ROOM = 4 << 20		/* floats of logits a worker may hold */
};

static const double sure_f1 = 0.9, least_f1 = 0.5;

/* A sentence as an example, with the token at which the feature is strongest. */
struct peak {
	int sentence, token;
	float act;
};

struct job {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	const struct ct_corpus *c;
	const struct ct_activity *activity;
	const struct ct_card_rewrite *rewrites;	/* or NULL */
	const char *fingerprint;	/* or NULL */
	struct ct_matcher *matcher;
	struct ct_operand_form operands;
	const int *sentence_of;		/* (n_tokens) */
	const bool *repeated;		/* (n_sentences) whether an earlier sentence has the same tokens */
	struct ct_pass unit;		/* ct_linear_unit */
	int layer;
	struct ct_store_layer *out;
};

/* The tokens with the largest x (V), which is sign * logits. */
static int
list_tokens(const struct job *j, const float *x, float sign, struct ct_card_logit *out)
{
	int token[CT_BUILD_LOGITS], n = ct_best_largest(j->m->cfg.V, x, CT_BUILD_LOGITS, token);

	for (int i = 0; i < n; i++)
		out[i] = (struct ct_card_logit){ j->c->words[token[i]], sign * x[token[i]] };
	return n;
}

/* Leaves the logits negated. */
static bool
output_tokens(const struct job *j, float *logits, struct ct_card *card)
{
	card->top = ct_arena_alloc(card->memory, CT_BUILD_LOGITS, sizeof *card->top);
	card->bottom = ct_arena_alloc(card->memory, CT_BUILD_LOGITS, sizeof *card->bottom);
	if (!card->top || !card->bottom)
		return false;
	card->n_top = list_tokens(j, logits, 1, card->top);
	for (int v = 0; v < j->m->cfg.V; v++)
		logits[v] = -logits[v];
	card->n_bottom = list_tokens(j, logits, -1, card->bottom);
	return true;
}

/*
 * logits (n,V) = sum over the layers written to of the decoder rows of features first.., through the final
 * norm with the scale 1 (its gain), times W_U.
 */
static bool
decoder_logits(const struct job *j, int first, int n, struct ct_arena *a, float **logits)
{
	int D = j->m->cfg.D, V = j->m->cfg.V, l = j->layer, f, m, d;
	float *sum = ct_arena_alloc(a, (size_t)n * (size_t)D, sizeof *sum);
	float *row = ct_arena_alloc(a, (size_t)D, sizeof *row);

	*logits = ct_arena_alloc(a, (size_t)n * (size_t)V, sizeof **logits);
	if (!sum || !row || *logits == NULL)
		return false;
	for (f = 0; f < n; f++) {
		for (m = l; m < l + ct_transcoder_reach(j->tc, l); m++) {
			ct_transcoder_decoder_row(j->tc, l, first + f, m, row);
			ct_write_frozen(&j->unit, j->tc, m, 0, row, row);
			for (d = 0; d < D; d++)
				sum[(size_t)f * (size_t)D + (size_t)d] += row[d];
		}
		ct_final_frozen(&j->unit, 0, sum + (size_t)f * (size_t)D, sum + (size_t)f * (size_t)D);
	}
	ct_unembed(j->m, n, sum, *logits);
	return true;
}

static int
ascending(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static bool
distribution(const float *acts, int n, struct ct_arena *a, struct ct_card *card)
{
	float *sorted = ct_arena_alloc(a, (size_t)n, sizeof *sorted), step;
	int i, bin;

	card->values = ct_arena_alloc(card->memory, CT_BUILD_VALUES, sizeof *card->values);
	card->histogram = ct_arena_alloc(card->memory, CT_BUILD_BINS, sizeof *card->histogram);
	if (!sorted || !card->values || !card->histogram)
		return false;
	memcpy(sorted, acts, (size_t)n * sizeof *sorted);
	qsort(sorted, (size_t)n, sizeof *sorted, ascending);
	card->act_min = sorted[0];
	card->act_max = sorted[n - 1];
	card->n_values = CT_BUILD_VALUES;
	for (i = 0; i < CT_BUILD_VALUES; i++)
		card->values[i] = sorted[(size_t)(n - 1) * (size_t)i / (CT_BUILD_VALUES - 1)];
	card->n_histogram = CT_BUILD_BINS;
	step = (card->act_max - card->act_min) / CT_BUILD_BINS;
	for (i = 0; i < n; i++) {
		bin = step > 0 ? (int)((acts[i] - card->act_min) / step) : 0;
		card->histogram[bin < CT_BUILD_BINS ? bin : CT_BUILD_BINS - 1]++;
	}
	return true;
}

static int
strongest_first(const void *a, const void *b)
{
	const struct peak *x = a, *y = b;

	if (x->act != y->act)
		return x->act > y->act ? -1 : 1;
	return (x->sentence > y->sentence) - (x->sentence < y->sentence);
}

/* One peak for each distinct sentence, the strongest first. */
static int
find_peaks(const struct job *j, const int *tokens, const float *acts, int n, struct peak *peaks)
{
	int i, s, n_peaks = 0;

	for (i = 0; i < n; i++) {
		s = j->sentence_of[tokens[i]];
		if (j->repeated[s])
			continue;
		if (n_peaks == 0 || peaks[n_peaks - 1].sentence != s)
			peaks[n_peaks++] = (struct peak){ .sentence = s, .token = tokens[i], .act = acts[i] };
		else if (acts[i] > peaks[n_peaks - 1].act)
			peaks[n_peaks - 1] = (struct peak){ .sentence = s, .token = tokens[i],
				.act = acts[i] };
	}
	qsort(peaks, (size_t)n_peaks, sizeof *peaks, strongest_first);
	return n_peaks;
}

/* The sentence without its BOS; if it is long, a window that ends a little after the peak. */
static bool
fill_example(const struct job *j, const struct peak *p, const int *tokens, const float *acts, int n,
    struct ct_arena *memory, struct ct_card_example *e)
{
	const struct ct_sentence *s = &j->c->sentences[p->sentence];
	int first = s->first + ct_sentence_start(s), end = s->first + s->n, i;

	if (end - first > CT_BUILD_WINDOW) {
		if (end > p->token + CT_BUILD_WINDOW / 4)
			end = p->token + CT_BUILD_WINDOW / 4;
		if (end - first > CT_BUILD_WINDOW)
			first = end - CT_BUILD_WINDOW;
		else
			end = first + CT_BUILD_WINDOW;
	}
	e->n = end - first;
	e->peak = p->token - first;
	e->tokens = ct_arena_alloc(memory, (size_t)e->n, sizeof *e->tokens);
	e->acts = ct_arena_alloc(memory, (size_t)e->n, sizeof *e->acts);
	if (!e->tokens || !e->acts)
		return false;
	for (i = 0; i < e->n; i++)
		e->tokens[i] = j->c->words[j->c->tokens[first + i]];
	for (i = 0; i < n; i++) {
		if (tokens[i] >= first && tokens[i] < end)
			e->acts[tokens[i] - first] = acts[i];
	}
	return true;
}

/* The strongest peaks, then three equal parts of the others, of which peaks at even distances are shown. */
static bool
examples(const struct job *j, const int *tokens, const float *acts, int n, struct ct_arena *a,
    struct ct_card *card)
{
	static const char *const names[CT_BUILD_QUANTILES] = {"Top activations", "Subsample interval 0",
	    "Subsample interval 1", "Subsample interval 2"};
	struct peak *peaks = ct_arena_alloc(a, (size_t)n, sizeof *peaks);
	int n_peaks, q, i, from, to, take;

	card->quantiles = ct_arena_alloc(card->memory, CT_BUILD_QUANTILES, sizeof *card->quantiles);
	if (!peaks || !card->quantiles)
		return false;
	n_peaks = find_peaks(j, tokens, acts, n, peaks);
	for (q = 0, to = 0; q < CT_BUILD_QUANTILES; q++) {
		struct ct_card_quantile *out = &card->quantiles[card->n_quantiles];
		int rest = n_peaks > CT_BUILD_EXAMPLES ? n_peaks - CT_BUILD_EXAMPLES : 0;

		from = to;
		to = q == 0 ? n_peaks - rest
			    : n_peaks - rest + (int)((long)rest * q / (CT_BUILD_QUANTILES - 1));
		take = to - from < CT_BUILD_EXAMPLES ? to - from : CT_BUILD_EXAMPLES;
		if (take == 0)
			continue;
		card->n_quantiles++;
		out->name = names[q];
		out->n = take;
		out->examples = ct_arena_alloc(card->memory, (size_t)take, sizeof *out->examples);
		if (!out->examples)
			return false;
		for (i = 0; i < take; i++) {
			const struct peak *p = &peaks[from + (int)((long)(to - from) * i / take)];

			if (!fill_example(j, p, tokens, acts, n, card->memory, &out->examples[i]))
				return false;
		}
	}
	return true;
}

static bool
label(const struct job *j, int worker, const int *tokens, int n, struct ct_card *card)
{
	struct ct_match match;
	char mixed[256];
	int i, used;

	ct_matcher_best(j->matcher, worker, tokens, n, &match);
	if (match.n == 0)
		return true;
	card->f1 = match.best[0].f1;
	if (card->f1 >= least_f1) {
		card->label = j->c->labels[match.best[0].label];
		return true;
	}
	used = snprintf(mixed, sizeof mixed, "%s", CT_LABEL_MIXED);
	card->n_candidates = match.n;
	for (i = 0; i < match.n; i++) {
		card->candidates[i] = j->c->labels[match.best[i].label];
		card->candidate_f1[i] = match.best[i].f1;
		if (used < (int)sizeof mixed)
			used += snprintf(mixed + used, sizeof mixed - (size_t)used, "%s%s",
			    i == 0 ? "" : CT_LABEL_OR, card->candidates[i]);
	}
	card->label = ct_arena_strdup(card->memory, mixed);
	return card->label;
}

static int
build_card(
    const struct job *j, int worker, int f, float *logits, struct ct_arena *a, struct ct_error *err)
{
	const struct ct_activity_layer *layer = &j->activity->layers[j->layer];
	const int *tokens = layer->tokens + layer->start[f];
	const float *acts = layer->acts + layer->start[f];
	struct ct_card *card = ct_card_new(j->layer, f);
	int n = (int)(layer->start[f + 1] - layer->start[f]), code;
	char *kept;

	if (!card)
		return ct_fail_memory(err, sizeof *card, "a feature card");
	card->frequency = (double)n / (double)j->activity->n_tokens;
	if (j->rewrites)
		card->rewrite = j->rewrites[(size_t)j->layer * (size_t)j->tc->F + (size_t)f];
	if (!output_tokens(j, logits, card) || (n > 0 && (!distribution(acts, n, a, card) ||
	    !examples(j, tokens, acts, n, a, card) || !label(j, worker, tokens, n, card) ||
	    !ct_operands_fill(card, &j->operands, j->c, j->sentence_of, tokens, acts, n)))) {
		ct_card_free(card);
		return ct_fail_memory(err, (size_t)n * sizeof(struct peak), "a feature card");
	}
	code = ct_record_write(&j->out->records[f], &j->out->sizes[f], card, err);
	kept = code == CT_OK ? strdup(card->label) : NULL;
	j->out->labels[f] = kept;
	j->out->f1[f] = card->f1;
	ct_card_free(card);
	return code == CT_OK && !kept ? ct_fail_memory(err, 256, "a label") : code;
}

/* Features per task, so that a worker's logits fit LOGIT_ROOM. */
static int
batch_size(const struct ct_model *m)
{
	int n = LOGIT_ROOM / m->cfg.V;

	return n < 1 ? 1 : n < BATCH ? n : BATCH;
}

static int
build_batch(void *ctx, int batch, int worker, struct ct_arena *scratch, struct ct_error *err)
{
	const struct job *j = ctx;
	struct ct_arena_mark mark;
	int size = batch_size(j->m), first = batch * size, i, code = CT_OK;
	int n = j->out->F - first < size ? j->out->F - first : size;
	float *logits;

	if (!decoder_logits(j, first, n, scratch, &logits))
		return ct_fail_memory(err, (size_t)n * (size_t)j->m->cfg.V * sizeof *logits,
		    "the output tokens of features");
	for (i = 0; i < n && code == CT_OK; i++) {
		mark = ct_arena_mark(scratch);
		code = build_card(j, worker, first + i, logits + (size_t)i * (size_t)j->m->cfg.V, scratch,
		    err);
		ct_arena_release(scratch, mark);
	}
	return code;
}

static void
free_layer(struct ct_store_layer *l)
{
	int f;

	for (f = 0; f < l->F; f++) {
		if (l->records)
			free(l->records[f]);
		if (l->labels)
			free((char *)(uintptr_t)l->labels[f]);	/* strdup'd in build_card */
	}
	free(l->records);
	free(l->sizes);
	free(l->labels);
	free(l->f1);
}

static int
build_layer(struct job *j, const struct ct_job *job, struct ct_error *err)
{
	struct ct_store_layer *out = j->out;
	size_t F = (size_t)j->tc->layers[j->layer].F;
	int size = batch_size(j->m);

	out->F = (int)F;
	out->weights = ct_store_checksum(j->tc, j->layer);
	out->made_with = j->fingerprint;
	out->records = calloc(F, sizeof *out->records);
	out->sizes = calloc(F, sizeof *out->sizes);
	out->labels = calloc(F, sizeof *out->labels);
	out->f1 = calloc(F, sizeof *out->f1);
	if (!out->records || !out->sizes || !out->labels || !out->f1)
		return ct_fail_memory(err, F * sizeof *out->records, "feature cards");
	return ct_parallel_run(job, (out->F + size - 1) / size, build_batch, j, "cards", err);
}

struct hashed {
	uint64_t hash;
	int sentence;
};

static int
by_hash(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->sentence > y->sentence) - (x->sentence < y->sentence);
}

/* Marks sentences that have the tokens of an earlier one, since examples would show them twice. */
static int
find_repeats(const struct ct_corpus *c, bool *repeated, struct ct_error *err)
{
	struct hashed *list = calloc((size_t)c->n_sentences + 1, sizeof *list);
	const struct ct_sentence *s, *before;
	int i, k;

	if (!list)
		return ct_fail_memory(err, (size_t)c->n_sentences * sizeof *list, "sentences");
	for (i = 0; i < c->n_sentences; i++) {
		list[i] = (struct hashed){ .hash = 14695981039346656037u, .sentence = i };	/* FNV-1a */
		for (k = 0; k < c->sentences[i].n; k++)
			list[i].hash = (list[i].hash ^ (uint64_t)c->tokens[c->sentences[i].first + k]) *
				       1099511628211u;
	}
	qsort(list, (size_t)c->n_sentences, sizeof *list, by_hash);
	for (i = 1; i < c->n_sentences; i++) {
		s = &c->sentences[list[i].sentence];
		before = &c->sentences[list[i - 1].sentence];
		repeated[list[i].sentence] = list[i].hash == list[i - 1].hash && s->n == before->n &&
					     memcmp(c->tokens + s->first, c->tokens + before->first,
						 (size_t)s->n * sizeof *c->tokens) == 0;
	}
	free(list);
	return CT_OK;
}

static void
summarise(
    struct ct_build_summary *out, const struct ct_store_layer *layers, const struct job *j)
{
	const struct ct_activity *activity = j->activity;
	size_t F = (size_t)j->tc->F;
	int l, f;

	*out = (struct ct_build_summary){ 0 };
	for (l = 0; l < activity->L; l++) {
		const size_t *start = activity->layers[l].start;

		out->features += layers[l].F;
		for (f = 0; f < layers[l].F; f++) {
			out->dead += start[f] == start[f + 1];
			out->named += layers[l].f1[f] >= least_f1;	/* false for NAN */
			out->sure += layers[l].f1[f] >= sure_f1;
			out->rewrites += j->rewrites &&
			    j->rewrites[(size_t)l * F + (size_t)f].layer > 0;
		}
	}
}

int
ct_cards_build(const char *dir, const struct ct_cards_source *source, struct ct_build_summary *summary,
    const struct ct_job *job, struct ct_error *err)
{
	const struct ct_transcoder *tc = source->tc;
	const struct ct_corpus *c = source->corpus;
	struct job j = {.m = source->m, .tc = tc, .c = c, .activity = source->activity,
	    .rewrites = source->rewrites, .fingerprint = source->fingerprint};
	struct ct_store_layer *layers = calloc((size_t)tc->L, sizeof *layers);
	int code = CT_OK, i, k;
	int *sentence_of = calloc((size_t)c->n_tokens + 1, sizeof *sentence_of);
	bool *repeated = calloc((size_t)c->n_sentences + 1, sizeof *repeated);
	struct ct_arena memory = { 0 };

	if (!layers || !sentence_of || !repeated) {
		code = ct_fail_memory(err, (size_t)c->n_tokens * sizeof *sentence_of, "feature cards");
		goto fail;
	}
	for (i = 0; i < c->n_sentences; i++) {
		for (k = 0; k < c->sentences[i].n; k++)
			sentence_of[c->sentences[i].first + k] = i;
	}
	j.sentence_of = sentence_of;
	j.repeated = repeated;
	code = find_repeats(c, repeated, err);
	if (code == CT_OK)
		code = ct_linear_unit(&j.unit, source->m, &memory, err);
	if (code == CT_OK)
		code = ct_operand_form_find(&j.operands, c, &memory, err);
	if (code == CT_OK)
		code = ct_matcher_open(&j.matcher, c, ct_pool_threads(ct_job_pool(job)), err);
	for (j.layer = 0; code == CT_OK && j.layer < tc->L; j.layer++) {
		j.out = &layers[j.layer];
		code = build_layer(&j, job, err);
	}
	if (code == CT_OK)
		code = ct_transcoder_check(tc, source->m, err);
	if (code == CT_OK)
		code = ct_store_write(dir, layers, tc->L, err);
	if (code == CT_OK && summary)
		summarise(summary, layers, &j);
fail:
	for (i = 0; layers && i < tc->L; i++)
		free_layer(&layers[i]);
	ct_matcher_close(j.matcher);
	ct_arena_free(&memory);
	free(repeated);
	free(sentence_of);
	free(layers);
	return code;
}
