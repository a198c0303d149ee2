/* alone: see alone.h. */
#include "eval/alone.h"

#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "math/blas.h"
#include "math/kernels.h"
#include "model/linear.h"
#include "model/transformer.h"
#include "trace/prompt.h"

struct job {
	const struct ct_model *m;
	const struct ct_transcoder *tc;
	const struct ct_corpus *c;
	const int *sentences;
	double *kl;			/* (sentences,L) sums over positions */
	long *same;			/* (sentences,L) */
};

/* Buffers of a run from one layer on. */
struct run {
	float *x, *mid, *in, *out, *scratch;	/* (T,D) */
	struct ct_layer_rows rows;
};

static int
open_run(struct run *r, const struct ct_model *m, int T, struct ct_arena *a, struct ct_error *err)
{
	size_t TD = (size_t)T * (size_t)m->cfg.D;

	r->x = ct_arena_need(a, TD, sizeof(float), "a run", err);
	r->mid = ct_arena_need(a, TD, sizeof(float), "a run", err);
	r->in = ct_arena_need(a, TD, sizeof(float), "a run", err);
	r->out = ct_arena_need(a, TD, sizeof(float), "a run", err);
	r->scratch = ct_arena_need(a, ct_layer_scratch(m, T), sizeof(float), "a run", err);
	if (!r->x || !r->mid || !r->in || !r->out || !r->scratch)
		return CT_ENOMEM;
	return ct_layer_rows_init(&r->rows, m, 0, T, a, err);
}

/*
 * Sets r->out to what the transcoder adds to the stream at layer l; a norm after the MLP is computed, not
 * frozen.
 */
static void
write_layer(struct run *r, const struct ct_prompt *p, int l)
{
	const struct ct_local_model *lrm = &p->lrm;
	const struct ct_transcoder *tc = lrm->tc;
	int T = lrm->T, D = tc->D;
	float *row = r->in;		/* (D) of it is unused here */

	for (int t = 0; t < T; t++)
		memcpy(r->out + (size_t)t * D, ct_transcoder_offset(tc, l), (size_t)D * sizeof *r->out);
	ct_skip_frozen(tc, l, T, lrm->read + (size_t)l * T * D, r->out);
	for (int from = tc->kind == CT_CLT ? 0 : l; from <= l; from++)
		for (int i = lrm->first[from * T]; i < lrm->first[(from + 1) * T]; i++) {
			const struct ct_active *f = &lrm->active[i];

			ct_transcoder_decoder_row(tc, from, f->feature, l, row);
			ct_saxpy(D, f->act, row, r->out + (size_t)f->pos * D);
		}
	ct_from_write_point(lrm->m, tc, l, T, r->out, r->rows.post2);
}

/* Sets r->x to the stream after layer l with the transcoder's output in it, then runs the later layers. */
static void
run_on(struct run *r, const struct ct_prompt *p, int l)
{
	const struct ct_pass *pass = &p->pass;
	const struct ct_model *m = pass->m;
	int T = pass->T;
	size_t D = (size_t)m->cfg.D, TD = (size_t)T * D, start = (size_t)pass->start * D;

	write_layer(r, p, l);
	for (size_t i = 0; i < TD; i++)
		r->x[i] = pass->mid[(size_t)l * TD + i] + (i < start ? pass->mlp_out[(size_t)l * TD + i] :
		    r->out[i]);
	for (int k = l + 1; k < m->cfg.L; k++) {
		ct_layer_attention(m, k, &r->rows, r->x, r->mid, r->scratch);
		ct_layer_mlp(m, k, T, r->mid, r->in, r->rows.scale2, r->out, r->scratch);
		ct_layer_mlp_out(m, k, T, r->out, r->out, r->rows.post2);
		for (size_t i = 0; i < TD; i++)
			r->x[i] = r->mid[i] + r->out[i];
	}
	ct_final_norm(m, T, r->x, r->mid, r->rows.scale2);
}

static int
measure(void *ctx, int item, int worker, struct ct_arena *a, struct ct_error *err)
{
	const struct job *j = ctx;
	const struct ct_sentence *s = &j->c->sentences[j->sentences[item]];
	int T = s->n, L = j->m->cfg.L, V = j->m->cfg.V, code;
	float *original = ct_arena_need(a, (size_t)T * (size_t)V, sizeof *original, "logits", err);
	float *replaced = ct_arena_need(a, (size_t)T * (size_t)V, sizeof *replaced, "logits", err);
	struct ct_prompt *p;
	struct run r;

	(void)worker;
	if (!original || !replaced)
		return CT_ENOMEM;
	if ((code = open_run(&r, j->m, T, a, err)) != CT_OK ||
	    (code = ct_prompt_run(&p, j->m, j->tc, j->c->tokens + s->first, T, a, NULL, err)) != CT_OK)
		return code;
	ct_logits(j->m, T, p->pass.final, original);
	for (int l = 0; l < L; l++) {
		size_t at = (size_t)item * (size_t)L + (size_t)l;

		run_on(&r, p, l);
		ct_logits(j->m, T, r.mid, replaced);
		for (int t = ct_sentence_start(s); t < T - 1; t++) {
			const float *u = original + (size_t)t * (size_t)V, *v = replaced +
			    (size_t)t * (size_t)V;

			j->kl[at] += ct_kl_logits(V, u, v);
			j->same[at] += ct_likeliest(V, u) == ct_likeliest(V, v);
		}
	}
	return CT_OK;
}

/* Lists the sentences to measure; returns how many. *positions: where they predict a token. */
static int
choose(const struct ct_corpus *c, int most, int *list, int *positions)
{
	int n = 0;

	*positions = 0;
	for (int i = 0; i < c->n_sentences && *positions < most; i++) {
		const struct ct_sentence *s = &c->sentences[i];
		int predicting = s->n - 1 - ct_sentence_start(s);

		if (s->held_out && predicting > 0) {
			list[n++] = i;
			*positions += predicting;
		}
	}
	return n;
}

static void
add_up(struct ct_alone *a, const struct job *j, int n)
{
	for (int i = 0; i < n; i++)
		for (int l = 0; l < a->L; l++) {
			a->kl[l] += j->kl[(size_t)i * (size_t)a->L + (size_t)l] / a->n;
			a->top1[l] += (double)j->same[(size_t)i * (size_t)a->L + (size_t)l] / a->n;
		}
}

int
ct_alone_measure(struct ct_alone **out, const struct ct_model *m, const struct ct_transcoder *tc,
    const struct ct_corpus *c, int most, const struct ct_job *job, struct ct_error *err)
{
	struct job j = { .m = m, .tc = tc, .c = c };
	struct ct_alone *a = calloc(1, sizeof *a);
	size_t L = (size_t)m->cfg.L;
	int *list = calloc((size_t)c->n_sentences + 1, sizeof *list), n = 0, code = CT_ENOMEM;

	*out = NULL;
	if (!a || !list)
		goto done;
	a->L = (int)L;
	n = choose(c, most, list, &a->n);
	j.sentences = list;
	j.kl = calloc((size_t)n * L + 1, sizeof *j.kl);
	j.same = calloc((size_t)n * L + 1, sizeof *j.same);
	a->kl = calloc(L, sizeof *a->kl);
	a->top1 = calloc(L, sizeof *a->top1);
	if (!j.kl || !j.same || !a->kl || !a->top1)
		goto done;
	if ((code = ct_parallel_run(job, n, measure, &j, "layers alone", err)) != CT_OK)
		goto done;
	add_up(a, &j, n);
	*out = a;
	a = NULL;
done:
	if (code == CT_ENOMEM)
		ct_fail_memory(err, ((size_t)n * L + 1) * sizeof *j.kl, "figures of layers");
	free(j.kl);
	free(j.same);
	free(list);
	ct_alone_free(a);
	return code;
}

void
ct_alone_free(struct ct_alone *a)
{
	if (!a)
		return;
	free(a->kl);
	free(a->top1);
	free(a);
}
