/* measure: see measure.h. */
#include "train/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"
#include "train/pack.h"
#include "train/vector.h"

struct task {
	struct ct_pack pack;
	struct ct_train_pass *pass;
	struct ct_train_transcoder_pass *transcoder_pass;
	const float *yhat;
	struct ct_train_transcoder_sums sums;
	float *kept;			/* (max_sentences,V) answers of the model, as probabilities */
	struct ct_answer_score s;	/* sums, not shares */
};

struct measure {
	const struct ct_net *net;
	const struct ct_train_transcoder *transcoder;
	const struct ct_corpus *corpus;
	const int *list;
	int n, n_tasks;
	struct task *tasks;
};

struct hook {
	const struct measure *m;
	struct task *t;
};

/* All rows but those of position 0 get the transcoder's output. */
static void
replace(void *ctx, int layer, const struct ct_batch *b, const float *mid, float *out)
{
	struct hook *h = ctx;
	const struct ct_train_transcoder *c = h->m->transcoder;
	int L = c->s.L, D = c->s.D, row = 0;

	if (layer == 0)
		h->t->yhat = ct_train_transcoder_begin(h->t->transcoder_pass, c, b->R);
	ct_train_transcoder_layer(h->t->transcoder_pass, c, layer, b->R, mid, D, &h->t->sums, NULL);
	for (int i = 0; i < b->n; row += b->len[i++])
		for (int t = 0; t < b->len[i]; t++) {
			const float *yhat = h->t->yhat + ((size_t)(row + t) * L + layer) * D;

			if (t > 0)
				memcpy(out + (size_t)(row + t) * D, yhat, (size_t)D * sizeof(float));
		}
}

static void
run(void *ctx, int index, int worker)
{
	struct measure *m = ctx;
	struct task *t = &m->tasks[index];
	struct hook h = { .m = m, .t = t };
	int at = (int)((long)m->n * index / m->n_tasks), end = (int)((long)m->n * (index + 1) / m->n_tasks);
	int V = m->net->s.V;

	(void)worker;
	while (at < end) {
		const float *logits;

		at += ct_pack_fill(&t->pack, m->corpus, m->list + at, end - at, 1, CT_PACK_PLAIN);
		logits = ct_train_pass_forward(t->pass, m->net, &t->pack.b, NULL, NULL);
		for (int i = 0; i < t->pack.b.n; i++) {
			int row = ct_pack_answer(&t->pack, m->corpus, i);
			float *keep = t->kept + (size_t)i * V;

			if (row < 0)
				continue;
			memcpy(keep, logits + (size_t)row * V, (size_t)V * sizeof *keep);
			t->s.n++;
			t->s.accuracy += ct_vec_first(V, keep, ct_vec_max(V, keep)) == t->pack.targets[row];
			ct_vec_softmax(V, keep);
		}
		if (!m->transcoder)
			continue;
		logits = ct_train_pass_forward(t->pass, m->net, &t->pack.b, replace, &h);
		for (int i = 0; i < t->pack.b.n; i++) {
			int row = ct_pack_answer(&t->pack, m->corpus, i), top;
			const float *p = t->kept + (size_t)i * V;
			const float *q = logits + (size_t)(row < 0 ? 0 : row) * V;
			float most;
			double log_sum = 0;

			if (row < 0)
				continue;
			most = ct_vec_max(V, q);
			top = ct_vec_first(V, q, most);
			t->s.accuracy_replaced += top == t->pack.targets[row];
			t->s.agreement += top == ct_vec_first(V, p, ct_vec_max(V, p));
			for (int v = 0; v < V; v++)
				log_sum += exp((double)q[v] - most);
			log_sum = log(log_sum) + most;
			for (int v = 0; v < V; v++)
				if (p[v] > 0)
					t->s.kl += p[v] * (log(p[v]) - (q[v] - log_sum));
		}
	}
}

int
ct_measure_answers(struct ct_answer_score *out, const struct ct_net *net,
    const struct ct_train_transcoder *transcoder,
    const struct ct_corpus *corpus, bool held_out, struct ct_pool *pool, struct ct_error *err)
{
	struct measure m = { .net = net, .transcoder = transcoder, .corpus = corpus,
	    .n_tasks = ct_pool_threads(pool) };
	struct ct_arena arena = { 0 };
	int code = CT_ENOMEM;

	memset(out, 0, sizeof *out);
	m.list = ct_corpus_select(&arena, corpus, held_out, false, &m.n);
	m.tasks = ct_arena_need(&arena, (size_t)m.n_tasks, sizeof *m.tasks, "an evaluation", err);
	if (!m.tasks)
		goto done;
	if (!m.list) {
		ct_fail_memory(err, (size_t)corpus->n_sentences * sizeof *m.list, "an evaluation");
		goto done;
	}
	for (int k = 0; k < m.n_tasks; k++) {
		struct task *t = &m.tasks[k];

		if ((code = ct_pack_open(&t->pack, corpus, err)) != CT_OK ||
		    (code = ct_train_pass_open(&t->pass, net, t->pack.max_rows, t->pack.max_sentences,
		    err)) != CT_OK ||
		    (transcoder && (code = ct_train_transcoder_pass_open(&t->transcoder_pass, &transcoder->s,
		    t->pack.max_rows, err)) !=
		    CT_OK))
			goto done;
		code = CT_ENOMEM;
		t->kept = ct_arena_need(&arena, (size_t)t->pack.max_sentences * net->s.V, sizeof(float),
		    "the answers of an evaluation", err);
		if (!t->kept)
			goto done;
	}
	ct_pool_run(pool, m.n_tasks, run, &m);
	for (int k = 0; k < m.n_tasks; k++) {
		const struct ct_answer_score *s = &m.tasks[k].s;

		out->n += s->n;
		out->accuracy += s->accuracy;
		out->accuracy_replaced += s->accuracy_replaced;
		out->agreement += s->agreement;
		out->kl += s->kl;
	}
	if (out->n > 0) {
		out->accuracy /= out->n;
		out->accuracy_replaced /= out->n;
		out->agreement /= out->n;
		out->kl /= out->n;
	}
	code = CT_OK;
done:
	for (int k = 0; m.tasks && k < m.n_tasks; k++) {
		ct_pack_close(&m.tasks[k].pack);
		ct_train_pass_close(m.tasks[k].pass);
		ct_train_transcoder_pass_close(m.tasks[k].transcoder_pass);
	}
	ct_arena_free(&arena);
	return code;
}

int
ct_measure_transcoder(double *explained, double *l0, double *dead,
    const struct ct_train_transcoder *transcoder, const struct ct_mlp_rows *a, struct ct_error *err)
{
	enum { ROWS = 256 };
	int L = a->L, D = a->D, F = transcoder->s.F, code;
	size_t wide = (size_t)L * D;
	struct ct_arena arena = { 0 };
	struct ct_train_transcoder_pass *pass = NULL;
	float *x = ct_arena_need(&arena, ROWS * wide, sizeof *x, "rows of an evaluation", err);
	uint8_t *fired = ct_arena_need(&arena, (size_t)L * F, 1, "feature flags", err);

	code = CT_ENOMEM;
	if (!x || !fired || (code = ct_train_transcoder_pass_open(&pass, &transcoder->s, ROWS, err)) != CT_OK)
		goto done;
	for (int l = 0; l < L; l++)
		explained[l] = l0[l] = dead[l] = 0;
	for (int at = 0; at < a->N; at += ROWS) {
		int B = a->N - at < ROWS ? a->N - at : ROWS;
		const float *yhat = ct_train_transcoder_begin(pass, transcoder, B);

		memcpy(x, a->x + at * wide, B * wide * sizeof *x);
		for (int l = 0; l < L; l++) {
			struct ct_train_transcoder_sums sums = { 0 };

			for (int t = 0; t < B; t++)
				for (int d = 0; d < D; d++)
					x[t * wide + (size_t)l * D + d] *= a->x_scale[l];
			ct_train_transcoder_layer(pass, transcoder, l, B, x + (size_t)l * D, (int)wide, &sums,
			    fired);
			l0[l] += sums.active;
			for (int t = 0; t < B; t++) {
				const float *p = yhat + t * wide + (size_t)l * D;
				const float *y = a->y + (at + t) * wide + (size_t)l * D;
				float weight = a->weight[(size_t)(at + t) * L + l];

				for (int d = 0; d < D; d++) {
					double off = p[d] / (double)a->y_scale[l] - y[d];

					explained[l] += weight * off * off;
				}
			}
		}
	}
	for (int l = 0; l < L; l++) {
		explained[l] = a->variance[l] > 0 ? 1 - explained[l] / a->N / a->variance[l] : 1;
		l0[l] /= a->N;
		for (int f = 0; f < F; f++)
			dead[l] += !fired[(size_t)l * F + f];
		dead[l] /= F;
	}
	code = CT_OK;
done:
	ct_train_transcoder_pass_close(pass);
	ct_arena_free(&arena);
	return code;
}
