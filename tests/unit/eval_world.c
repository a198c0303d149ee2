/* eval_world: see eval_world.h. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "eval_world.h"
#include "math/kernels.h"

int
answer_of(int value, int relation)
{
	return 20 + value * RELATIONS + relation;
}

void
make_world(struct world *w)
{
	int v, city, r, s = 0, t;

	memset(w, 0, sizeof *w);
	for (v = 0; v < VALUES; v++) {
		snprintf(w->text[v], sizeof w->text[0], "about V%d", v);
		w->labels[v] = w->text[v];
		for (city = 0; city < CITIES; city++) {
			for (r = 0; r < RELATIONS; r++, s++) {
				const int ids[LENGTH] = {0, 1 + r, 5 + v * CITIES + city, 4, answer_of(v, r)};

				memcpy(w->tokens + s * LENGTH, ids, sizeof ids);
				w->sentences[s] = (struct ct_sentence){
				    .first = s * LENGTH, .n = LENGTH, .answer = ANSWER,
				    .about = v, .relation = r, .row = v * CITIES + city,
				    .held_out = (city + r) % 3 == 0, .repeat = 1};
			}
		}
	}
	for (t = 0; t < TOKENS; t++) {
		w->start[t] = 2 * t;
		w->of[2 * t] = t / (LENGTH * CITIES * RELATIONS);
		w->of[2 * t + 1] = VALUES + t / LENGTH % RELATIONS;
	}
	w->start[TOKENS] = 2 * TOKENS;
	w->labels[VALUES] = "asks for the first";
	w->labels[VALUES + 1] = "asks for the second";
	w->parts[0] = (struct ct_corpus_part){.name = "value", .value = "about V*"};
	w->parts[1] = (struct ct_corpus_part){.name = "question", .value = "asks *"};
	for (t = 0; t < VOCAB; t++)
		w->words[t] = "w";
	w->c = (struct ct_corpus){.n_words = VOCAB, .words = w->words, .n_sentences = SENTENCES,
	    .sentences = w->sentences, .n_relations = RELATIONS, .n_tokens = TOKENS, .tokens = w->tokens,
	    .n_labels = VALUES + RELATIONS, .labels = w->labels, .label_start = w->start, .label_of = w->of};
}

void
run_clamped(struct fixture *f, const struct ct_clamp *clamps, int n, enum ct_mode mode, float *logits)
{
	struct ct_clamp_options how = {.mode = mode, .through = CT_MODEL};
	struct ct_clamp_sites sites;
	struct ct_changed changed;
	struct ct_error err;

	assert_int_equal(ct_clamp_sites_init(&sites, &f->prompt->lrm, clamps, n, &f->scratch, &err), CT_OK);
	assert_int_equal(ct_intervene(&changed, &f->prompt->lrm, &sites, &how, &f->scratch, &err), CT_OK);
	ct_logits(f->m, 1, changed.final + (f->T - 1) * f->m->cfg.D, logits);
}

float
activation(const struct fixture *f, int layer, int feature, int pos)
{
	int i;

	for (i = 0; i < f->prompt->lrm.n; i++) {
		const struct ct_active *a = &f->prompt->lrm.active[i];

		if (a->layer == layer && a->feature == feature && a->pos == pos)
			return a->act;
	}
	return 0;
}

float
decoder_length(const struct fixture *f, int l, int x)
{
	float row[64];
	double sum = 0;
	int m, d;

	for (m = l; m < l + ct_transcoder_reach(f->tc, l); m++) {
		ct_transcoder_decoder_row(f->tc, l, x, m, row);
		for (d = 0; d < f->m->cfg.D; d++)
			sum += (double)row[d] * (double)row[d];
	}
	return (float)sqrt(sum);
}

void
answer_as_the_model(struct fixture *f, struct world *w, int answers[VALUES][RELATIONS])
{
	float logits[VOCAB];
	int s, *answer;

	for (s = 0; s < SENTENCES; s++) {
		answer = &answers[w->sentences[s].about][w->sentences[s].relation];
		if (s % (CITIES * RELATIONS) < RELATIONS) {
			fixture_run(f, w->tokens + s * LENGTH, ANSWER + 1);
			ct_logits(f->m, 1, f->prompt->pass.final + ANSWER * f->m->cfg.D, logits);
			*answer = ct_likeliest(VOCAB, logits);
		}
		w->tokens[s * LENGTH + ANSWER + 1] = *answer;
	}
}

void
naive_means(struct fixture *f, const struct world *w, float mean[VALUES][LENGTH][3][64])
{
	int s, l, x, t, n_training[VALUES] = {0};

	for (s = 0; s < SENTENCES; s++)
		n_training[w->sentences[s].about] += !w->sentences[s].held_out;
	for (s = 0; s < SENTENCES; s++) {
		if (w->sentences[s].held_out)
			continue;
		fixture_run(f, w->tokens + s * LENGTH, ANSWER + 1);
		for (t = 1; t <= ANSWER; t++) {
			for (l = 0; l < 3; l++) {
				for (x = 0; x < f->tc->layers[l].F; x++)
					mean[w->sentences[s].about][t][l][x] +=
					    activation(f, l, x, t) / (float)n_training[w->sentences[s].about];
			}
		}
	}
}

int
naive_clamps(const struct fixture *f, float from[LENGTH][3][64], float to[LENGTH][3][64], int first, int last,
    double strength, float least, struct ct_clamp *out)
{
	float most = 0, d, size;
	int pass, t, l, x, n = 0;

	for (pass = 0; pass < 2; pass++) {
		for (t = first; t <= last; t++) {
			for (l = 0; l < 3; l++) {
				for (x = 0; x < f->tc->layers[l].F; x++) {
					d = to[t][l][x] - from[t][l][x];
					size = fabsf(d) * decoder_length(f, l, x);
					if (pass == 0)
						most = fmaxf(most, size);
					else if (size >= least * most)
						out[n++] =
						    (struct ct_clamp){.layer = l, .feature = x, .pos = t,
						    .unit = CT_DELTA, .amount = strength * (double)d};
				}
			}
		}
	}
	return n;
}
