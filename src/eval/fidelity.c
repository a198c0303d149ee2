/* fidelity: see fidelity.h. */
#include "eval/fidelity.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "cards/card.h"
#include "math/kernels.h"
#include "model/transformer.h"
#include "trace/prompt.h"

enum { CHUNK = 16 };	/* sentences of one item of work */

/* What one chunk found. Chunks are summed in order, so the figures do not depend on who ran them. */
struct sums {
	long answers, right, agree, agree_all, predictions, tokens;
	double kl, kl_all;
	double *error2, *square;	/* (L) sum |mlp_out - yhat|^2, sum |mlp_out|^2 */
	double *mean;			/* (L,D) sum mlp_out */
	long *active;			/* (L) */
};

struct job {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	const struct ct_corpus *c;
	const int *held_out;		/* (n) sentences */
	int n;
	struct sums *sums;		/* (chunks) */
};

static void
add_layers(const struct job *j, const struct ct_local_model *lrm, struct sums *s)
{
	int D = j->m->cfg.D, T = lrm->T, l, i;
	size_t at, end;

	for (i = 0; i < lrm->n; i++)
		s->active[lrm->active[i].layer]++;
	for (l = 0; l < j->tc->L; l++) {
		double *mean = s->mean + (size_t)l * (size_t)D;

		at = ((size_t)l * (size_t)T + (size_t)lrm->pass->start) * (size_t)D;
		end = ((size_t)l + 1) * (size_t)T * (size_t)D;
		for (i = 0; at < end; at++, i = i + 1 < D ? i + 1 : 0) {
			double y = (double)lrm->pass->mlp_out[at], e = (double)lrm->error[at];

			mean[i] += y;
			s->square[l] += y * y;
			s->error2[l] += e * e;
		}
	}
	s->tokens += T - lrm->pass->start;
}

static void
add_predictions(const struct job *j, const struct ct_sentence *sentence, const float *original,
    const float *replaced, struct sums *s)
{
	const int *ids = j->c->tokens + sentence->first;
	int V = j->m->cfg.V, t;

	for (t = ct_sentence_start(sentence); t < sentence->n - 1; t++) {
		const float *p = original + (size_t)t * (size_t)V, *q = replaced + (size_t)t * (size_t)V;
		double kl = ct_kl_logits(V, p, q);

		s->kl_all += kl;
		s->agree_all += ct_likeliest(V, p) == ct_likeliest(V, q);
		s->predictions++;
		if (t == sentence->answer) {
			s->kl += kl;
			s->answers++;
			s->right += ct_likeliest(V, p) == ids[t + 1];
			s->agree += ct_likeliest(V, p) == ct_likeliest(V, q);
		}
	}
}

static int
measure_sentence(const struct job *j, const struct ct_sentence *sentence, struct ct_arena *a, struct sums *s,
    struct ct_error *err)
{
	const struct ct_model *m = j->m;
	const int *ids = j->c->tokens + sentence->first;
	struct ct_prompt *p;
	int T = sentence->n, code;
	size_t n_logits = (size_t)T * (size_t)m->cfg.V;
	float *final, *original, *replaced;

	final = ct_arena_need(a, (size_t)T * (size_t)m->cfg.D, sizeof *final, "a forward pass", err);
	original = ct_arena_need(a, n_logits, sizeof *original, "logits", err);
	replaced = ct_arena_need(a, n_logits, sizeof *replaced, "logits", err);
	if (!final || !original || !replaced)
		return CT_ENOMEM;
	code = ct_prompt_run(&p, m, j->tc, ids, T, a, NULL, err);
	if (code == CT_OK)
		code = ct_replacement_run(p->lrm.tc, &p->pass, final, a, err);
	if (code != CT_OK)
		return code;
	ct_logits(m, T, p->pass.final, original);
	ct_logits(m, T, final, replaced);
	add_layers(j, &p->lrm, s);
	add_predictions(j, sentence, original, replaced, s);
	return CT_OK;
}

static int
measure_chunk(void *ctx, int chunk, int worker, struct ct_arena *scratch, struct ct_error *err)
{
	const struct job *j = ctx;
	int i, end = (chunk + 1) * CHUNK < j->n ? (chunk + 1) * CHUNK : j->n, code = CT_OK;

	(void)worker;
	for (i = chunk * CHUNK; i < end && code == CT_OK; i++) {
		struct ct_arena_mark mark = ct_arena_mark(scratch);

		code = measure_sentence(j, &j->c->sentences[j->held_out[i]], scratch, &j->sums[chunk], err);
		ct_arena_release(scratch, mark);
	}
	return code;
}

static int
alloc_sums(struct sums *s, int L, int D)
{
	s->error2 = calloc((size_t)L, sizeof *s->error2);
	s->square = calloc((size_t)L, sizeof *s->square);
	s->mean = calloc((size_t)L * (size_t)D, sizeof *s->mean);
	s->active = calloc((size_t)L, sizeof *s->active);
	return s->error2 && s->square && s->mean && s->active ? CT_OK
											      : CT_ENOMEM;
}

static void
free_sums(struct sums *s)
{
	free(s->error2);
	free(s->square);
	free(s->mean);
	free(s->active);
}

static void
add_sums(struct sums *to, const struct sums *s, int L, int D)
{
	int i;

	to->answers += s->answers;
	to->right += s->right;
	to->agree += s->agree;
	to->agree_all += s->agree_all;
	to->predictions += s->predictions;
	to->tokens += s->tokens;
	to->kl += s->kl;
	to->kl_all += s->kl_all;
	for (i = 0; i < L; i++) {
		to->error2[i] += s->error2[i];
		to->square[i] += s->square[i];
		to->active[i] += s->active[i];
	}
	for (i = 0; i < L * D; i++)
		to->mean[i] += s->mean[i];
}

/* Over nothing there is no mean: NAN. */
static double
ratio(double a, double b)
{
	return b > 0 ? a / b : NAN;
}

static void
layer_figures(struct ct_fidelity_layer *out, const struct sums *s, int l, int D,
    const struct ct_activity_layer *activity, long n_tokens)
{
	double mean2 = 0;
	long dead = 0, dense = 0;
	int d, f;

	for (d = 0; d < D; d++)
		mean2 += s->mean[l * D + d] * s->mean[l * D + d];
	out->explained_variance = 1 - ratio(s->error2[l], s->square[l] - ratio(mean2, (double)s->tokens));
	out->l0 = ratio((double)s->active[l], (double)s->tokens);
	for (f = 0; f < activity->F; f++) {
		size_t n = activity->start[f + 1] - activity->start[f];

		dead += n == 0;
		dense += (double)n > CT_DENSE * (double)n_tokens;
	}
	out->dead = ratio((double)dead, activity->F);
	out->dense = ratio((double)dense, activity->F);
}

static void
figures(struct ct_fidelity *f, const struct sums *s, int D, const struct ct_activity *activity)
{
	double features = 0;
	int l;

	f->n_answers = (int)s->answers;
	f->accuracy = ratio((double)s->right, (double)s->answers);
	f->top1_agreement = ratio((double)s->agree, (double)s->answers);
	f->kl = ratio(s->kl, (double)s->answers);
	f->kl_all = ratio(s->kl_all, (double)s->predictions);
	f->top1_all = ratio((double)s->agree_all, (double)s->predictions);
	for (l = 0; l < f->L; l++) {
		layer_figures(&f->layers[l], s, l, D, &activity->layers[l], activity->n_tokens);
		f->l0_mean += f->layers[l].l0 / f->L;
		f->dead += f->layers[l].dead * activity->layers[l].F;
		features += activity->layers[l].F;
	}
	f->dead = ratio(f->dead, features);
}

int
ct_fidelity_measure(struct ct_fidelity **out, const struct ct_model *m, const struct ct_transcoder *tc,
    const struct ct_corpus *c, const struct ct_activity *activity, const struct ct_job *job,
    struct ct_error *err)
{
	struct job j = { .m = m, .tc = tc, .c = c };
	struct ct_fidelity *f = calloc(1, sizeof *f);
	int *held_out = calloc((size_t)c->n_sentences + 1, sizeof *held_out);
	int chunks = 0, i, code = ct_activity_check(m, c, err);

	*out = NULL;
	if (code != CT_OK)
		goto fail;
	for (i = 0; held_out && i < c->n_sentences; i++) {
		if (c->sentences[i].held_out)
			held_out[j.n++] = i;
	}
	chunks = (j.n + CHUNK - 1) / CHUNK;
	j.held_out = held_out;
	j.sums = calloc((size_t)chunks + 1, sizeof *j.sums);	/* the last one is the total */
	if (f)
		f->layers = calloc((size_t)tc->L, sizeof *f->layers);
	code = f && f->layers && held_out && j.sums ? CT_OK : CT_ENOMEM;
	for (i = 0; code == CT_OK && i <= chunks; i++)
		code = alloc_sums(&j.sums[i], tc->L, m->cfg.D);
	if (code != CT_OK) {
		ct_fail_memory(
		    err, (size_t)chunks * (size_t)tc->L * (size_t)m->cfg.D * sizeof(double), "figures");
		goto fail;
	}
	code = ct_parallel_run(job, chunks, measure_chunk, &j, "held-out sentences", err);
	if (code != CT_OK)
		goto fail;
	for (i = 0; i < chunks; i++)
		add_sums(&j.sums[chunks], &j.sums[i], tc->L, m->cfg.D);
	f->L = tc->L;
	figures(f, &j.sums[chunks], m->cfg.D, activity);
	*out = f;
	f = NULL;
fail:
	for (i = 0; j.sums && i <= chunks; i++)
		free_sums(&j.sums[i]);
	free(j.sums);
	free(held_out);
	ct_fidelity_free(f);
	return code;
}

void
ct_fidelity_free(struct ct_fidelity *f)
{
	if (!f)
		return;
	free(f->layers);
	free(f);
}
