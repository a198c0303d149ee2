/* swap: see swap.h. */
#include "eval/swap.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/rounds.h"
#include "eval/graphs.h"
#include "eval/prompt.h"
#include "math/blas.h"
#include "trace/intervene.h"

/* Differences below this share of the largest are noise of the means: moving them changes nothing but n. */
static const double least_share = 0.1;
enum { SPAN = 8 };	/* positions before and at the answer that a swap may touch */
const double ct_swap_strengths[CT_SWAP_STRENGTHS] = {1, 1.5, 2};

/* One value of the hidden variable, within one kind of sentence. */
struct value {
	int kind, about;	/* label "about Texas" */
	long n;			/* training sentences */
	float *mean;		/* (SPAN, total features) by distance before the answer position */
	int *answer;		/* (relations + 1) token, -1: no such sentence; the last is "no relation" */
};

struct result {
	int n, given[CT_SWAP_PLACES][CT_SWAP_STRENGTHS];
};

struct job {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	const struct ct_corpus *c;
	size_t *first_feature;	/* (L+1) of each layer in a row of means */
	float *norm;		/* (total features) length of all decoder rows together */
	struct value *values;
	int n_values;
	int *value_of;		/* (n_sentences) -1: none */
	const int *sentences;
	int others;
	struct result *results;
};

/* How many positions, the answer's being the last, know the value: from the token that determines it on. */
static int
span(const struct ct_corpus *c, const struct ct_sentence *s)
{
	int n, k, at = s->first + s->answer;

	for (n = 0; n < SPAN && at - n > s->first; n++) {
		for (k = c->label_start[at - n]; k < c->label_start[at - n + 1] && c->label_of[k] != s->about;
		     k++)
			;
		if (k == c->label_start[at - n + 1])
			break;
	}
	return n;
}

static int
relation(const struct job *j, const struct ct_sentence *s)
{
	return s->relation >= 0 ? s->relation : j->c->n_relations;
}

static int
find_value(struct job *j, const struct ct_sentence *s)
{
	int i;

	for (i = 0; i < j->n_values; i++) {
		if (j->values[i].kind == s->kind && j->values[i].about == s->about)
			return i;
	}
	return -1;
}

/* The values of all graded sentences that are about something, and their answers. */
static int
collect_values(struct job *j, struct ct_error *err)
{
	const struct ct_corpus *c = j->c;
	size_t features = j->first_feature[j->tc->L], relations = (size_t)c->n_relations + 1;
	int i, k;

	for (i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];
		struct value *grown, *v;

		j->value_of[i] = -1;
		if (s->about < 0 || s->answer <= 0 || s->answer + 1 >= s->n)
			continue;
		j->value_of[i] = find_value(j, s);
		if (j->value_of[i] < 0) {
			grown = realloc(j->values, ((size_t)j->n_values + 1) * sizeof *grown);
			if (grown == NULL)
				return ct_fail_memory(err, sizeof *grown, "values");
			j->values = grown;
			v = &grown[j->n_values];
			*v = (struct value){.kind = s->kind, .about = s->about};
			v->mean = calloc(SPAN * features + 1, sizeof *v->mean);
			v->answer = malloc(relations * sizeof *v->answer);
			j->value_of[i] = j->n_values++;
			if (v->mean == NULL || v->answer == NULL)
				return ct_fail_memory(
				    err, SPAN * features * sizeof *v->mean, "mean activations");
			for (k = 0; k < (int)relations; k++)
				v->answer[k] = -1;
		}
		v = &j->values[j->value_of[i]];
		v->answer[relation(j, s)] = c->tokens[s->first + s->answer + 1];
		v->n += !s->held_out;
	}
	return CT_OK;
}

/* Where a token stands: which value its sentence is about, and how far before the answer position. */
struct place {
	int value, before;	/* value -1: a token without a part in any mean */
};

/* Means over the training sentences, from the sparse activity. */
static int
collect_means(struct job *j, const struct ct_activity *activity, struct ct_error *err)
{
	const struct ct_corpus *c = j->c;
	struct place *places = malloc(((size_t)c->n_tokens + 1) * sizeof *places), p;
	size_t k, row = j->first_feature[j->tc->L];
	int i, n, l, f;

	if (places == NULL)
		return ct_fail_memory(err, (size_t)c->n_tokens * sizeof *places, "answer positions");
	for (i = 0; i < c->n_tokens; i++)
		places[i].value = -1;
	for (i = 0; i < c->n_sentences; i++) {
		const struct ct_sentence *s = &c->sentences[i];

		if (j->value_of[i] < 0 || s->held_out)
			continue;
		for (n = span(c, s) - 1; n >= 0; n--)
			places[s->first + s->answer - n] = (struct place){ .value = j->value_of[i],
				.before = n };
	}
	for (l = 0; l < activity->L; l++) {
		const struct ct_activity_layer *a = &activity->layers[l];

		for (f = 0; f < a->F; f++) {
			for (k = a->start[f]; k < a->start[f + 1]; k++) {
				p = places[a->tokens[k]];
				if (p.value >= 0)
					j->values[p.value].mean[(size_t)p.before * row + j->first_feature[l] +
								(size_t)f] += a->acts[k] /
									      (float)j->values[p.value].n;
			}
		}
	}
	free(places);
	return CT_OK;
}

static int
measure_decoders(struct job *j, struct ct_error *err)
{
	int l, f, m, D = j->m->cfg.D;
	size_t k = 0;
	float *row = malloc((size_t)D * sizeof *row);

	j->norm = malloc((j->first_feature[j->tc->L] + 1) * sizeof *j->norm);
	if (row == NULL || j->norm == NULL) {
		free(row);
		return ct_fail_memory(err, j->first_feature[j->tc->L] * sizeof *j->norm, "decoder lengths");
	}
	for (l = 0; l < j->tc->L; l++) {
		for (f = 0; f < j->tc->layers[l].F; f++, k++) {
			double sum = 0;

			for (m = l; m < l + ct_transcoder_reach(j->tc, l); m++) {
				ct_transcoder_decoder_row(j->tc, l, f, m, row);
				sum += (double)ct_sdot(D, row, row);
			}
			j->norm[k] = (float)sqrt(sum);
		}
	}
	free(row);
	return CT_OK;
}

/* What tells two values apart on the last n positions, as clamps of strength 1. Returns how many. */
static int
difference(const struct job *j, const struct value *from, const struct value *to, int pos, int n,
    struct ct_clamp *clamps)
{
	size_t k, row = j->first_feature[j->tc->L];
	float most = 0, d;
	int l, i, found = 0;

	for (i = 0; i < n; i++) {
		const float *a = from->mean + (size_t)i * row, *b = to->mean + (size_t)i * row;

		for (k = 0; k < row; k++)
			most = fmaxf(most, fabsf(b[k] - a[k]) * j->norm[k]);
	}
	for (i = 0; i < n; i++) {
		const float *a = from->mean + (size_t)i * row, *b = to->mean + (size_t)i * row;

		for (l = 0, k = 0; l < j->tc->L; l++) {
			for (; k < j->first_feature[l + 1]; k++) {
				d = b[k] - a[k];
				if (most > 0 && fabsf(d) * j->norm[k] >= (float)least_share * most)
					clamps[found++] = (struct ct_clamp){ .layer = l,
						.feature = (int)(k - j->first_feature[l]),
						.pos = pos - i,
						.unit = CT_DELTA,
						.amount = (double)d };
			}
		}
	}
	return found;
}

static int
try_swap(const struct job *j, const struct ct_prompt *p, const struct ct_clamp *clamps, int n,
    double strength, struct ct_arena *a, int *said, struct ct_error *err)
{
	static const struct ct_clamp_options how = {.mode = CT_FREE, .through = CT_MODEL};
	struct ct_arena_mark mark = ct_arena_mark(a);
	struct ct_clamp *moved = ct_arena_need(a, (size_t)n, sizeof *moved, "clamps", err);
	struct ct_changed changed;
	struct ct_sites sites;
	float *logits = NULL;
	int i, rc = moved != NULL ? CT_OK : CT_ENOMEM;

	for (i = 0; rc == CT_OK && i < n; i++) {
		moved[i] = clamps[i];
		moved[i].amount *= strength;
	}
	if (rc == CT_OK)
		rc = ct_sites_init(&sites, &p->local, moved, n, a, err);
	if (rc == CT_OK)
		rc = ct_intervene(&changed, &p->local, &sites, &how, a, err);
	if (rc == CT_OK) {
		logits = ct_prompt_logits(p, changed.final, a, err);
		rc = logits != NULL ? CT_OK : CT_ENOMEM;
	}
	if (rc == CT_OK)
		*said = ct_likeliest(j->m->cfg.V, logits);
	ct_arena_release(a, mark);
	return rc;
}

/* Other values whose answer to the same question is known and differs, in random order. */
static int
choose_others(const struct job *j, const struct ct_sentence *s, int own, int item, int *others)
{
	const struct value *mine = &j->values[own];
	int i, k, n = 0, tmp, r = relation(j, s);
	struct ct_rng rng;

	for (i = 0; i < j->n_values; i++) {
		const struct value *v = &j->values[i];

		if (v->kind == mine->kind && v->n > 0 && v->answer[r] >= 0 && v->answer[r] != mine->answer[r])
			others[n++] = i;
	}
	ct_rng_seed(&rng, 1, (uint64_t)item);
	for (i = n - 1; i > 0; i--) {
		k = (int)ct_rng_below(&rng, (uint32_t)i + 1);
		tmp = others[i];
		others[i] = others[k];
		others[k] = tmp;
	}
	return n < j->others ? n : j->others;
}

static int
measure_sentence(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct job *j = ctx;
	int sentence = j->sentences[item], own = j->value_of[sentence], n_others, n, i, k, place, said = -1,
	    rc;
	const struct ct_sentence *s = &j->c->sentences[sentence];
	struct result *r = &j->results[item];
	struct ct_clamp *clamps;
	struct ct_prompt p;
	int *others;

	(void)worker;
	if (own < 0 || j->values[own].n == 0)
		return CT_OK;
	others = ct_arena_need(a, (size_t)j->n_values, sizeof *others, "values", err);
	clamps = ct_arena_need(a, SPAN * j->first_feature[j->tc->L], sizeof *clamps, "clamps", err);
	if (others == NULL || clamps == NULL)
		return CT_ENOMEM;
	rc = ct_prompt_run(&p, j->m, j->tc, j->c->tokens + s->first, s->answer + 1, a, err);
	if (rc != CT_OK)
		return rc;
	n_others = choose_others(j, s, own, item, others);
	for (i = 0; i < n_others; i++) {
		const struct value *to = &j->values[others[i]];

		r->n++;
		for (place = 0; place < CT_SWAP_PLACES; place++) {
			n = difference(j, &j->values[own], to, s->answer,
			    place == CT_SWAP_ANSWER ? 1 : span(j->c, s), clamps);
			for (k = 0; k < CT_SWAP_STRENGTHS; k++) {
				rc = try_swap(j, &p, clamps, n, ct_swap_strengths[k], a, &said, err);
				if (rc != CT_OK)
					return rc;
				r->given[place][k] += said == to->answer[relation(j, s)];
			}
		}
	}
	return CT_OK;
}

static void
add_up(struct ct_swap_figures *out, const struct result *r, int n)
{
	int i, k, place;

	*out = (struct ct_swap_figures){0};
	for (i = 0; i < n; i++)
		out->n += r[i].n;
	for (place = 0; place < CT_SWAP_PLACES; place++) {
		for (k = 0; k < CT_SWAP_STRENGTHS; k++) {
			for (i = 0; i < n; i++)
				out->share[place][k] += r[i].given[place][k];
			out->share[place][k] = out->n > 0 ? out->share[place][k] / out->n : NAN;
		}
	}
}

int
ct_swap_measure(struct ct_swap_figures *out, const struct ct_model *m, const struct ct_transcoder *tc,
    const struct ct_corpus *c, const struct ct_activity *activity, int others, struct ct_pool *pool,
    ct_progress_fn progress, void *ctx, struct ct_error *err)
{
	struct job j = {.m = m, .tc = tc, .c = c, .others = others};
	int *sentences = NULL, n = ct_held_out_prompts(&sentences, c, 0, err), rc = n, i;

	if (n < 0)
		return n;
	j.sentences = sentences;
	j.first_feature = calloc((size_t)tc->L + 1, sizeof *j.first_feature);
	j.value_of = calloc((size_t)c->n_sentences + 1, sizeof *j.value_of);
	j.results = calloc((size_t)n + 1, sizeof *j.results);
	if (j.first_feature == NULL || j.value_of == NULL || j.results == NULL) {
		rc = ct_fail_memory(err, (size_t)c->n_sentences * sizeof *j.value_of, "figures");
		goto fail;
	}
	for (i = 0; i < tc->L; i++)
		j.first_feature[i + 1] = j.first_feature[i] + (size_t)tc->layers[i].F;
	rc = collect_values(&j, err);
	if (rc == CT_OK)
		rc = collect_means(&j, activity, err);
	if (rc == CT_OK)
		rc = measure_decoders(&j, err);
	if (rc == CT_OK)
		rc = ct_rounds_run(pool, n, measure_sentence, &j, "swaps", progress, ctx, err);
	if (rc == CT_OK)
		add_up(out, j.results, n);
fail:
	for (i = 0; i < j.n_values; i++) {
		free(j.values[i].mean);
		free(j.values[i].answer);
	}
	free(j.values);
	free(j.norm);
	free(j.results);
	free(j.value_of);
	free(j.first_feature);
	free(sentences);
	return rc;
}
