/* fit_model: see fit_model.h. */
#include "train/fit_model.h"

#include <stdlib.h>

#include "train/pack.h"

/* A worker's share of every batch, with all that it writes. */
struct share {
	struct ct_pack pack;
	struct ct_pass *pass;
	float *grad;
	const int *list;		/* its sentences of this step */
	int n;
	double loss;
	int right;
};

struct fit {
	struct ct_net *net;
	const struct ct_corpus *corpus;
	const struct ct_model_options *o;
	struct share *shares;
	int n_shares;
	double scale;			/* 1 / weights of the batch */
	double activity;		/* in units of scale */
};

static void
run_share(void *ctx, int task, int worker)
{
	struct fit *f = ctx;
	struct share *s = &f->shares[task];

	(void)worker;
	s->loss = 0;
	s->right = 0;
	for (int at = 0; at < s->n;) {
		at += ct_pack_fill(&s->pack, f->corpus, s->list + at, s->n - at, f->o->answer_weight);
		ct_pass_forward(s->pass, f->net, &s->pack.b, NULL, NULL);
		s->loss += ct_pass_backward(s->pass, f->net, &s->pack.b, f->scale, f->activity,
		    s->grad, &s->right);
	}
}

/* The next n of an endless sequence of shuffled passes through list[0..size). */
struct deck {
	int *list;
	int size, at;
	struct ct_rng rng;
};

static void
deal(struct deck *d, int *out, int n)
{
	for (int k = 0; k < n; k++) {
		int j, keep;

		if (d->at == d->size)
			d->at = 0;
		j = d->at + (int)ct_rng_below(&d->rng, (uint32_t)(d->size - d->at));
		keep = d->list[j];
		d->list[j] = d->list[d->at];
		d->list[d->at++] = keep;
		out[k] = keep;
	}
}

static void
close_shares(struct share *s, int n)
{
	for (int k = 0; s && k < n; k++) {
		ct_pack_close(&s[k].pack);
		ct_pass_close(s[k].pass);
	}
	free(s);
}

int
ct_fit_model(struct ct_net *net, const struct ct_corpus *corpus, const struct ct_model_options *o,
    struct ct_pool *pool, struct ct_watch *watch, struct ct_error *err)
{
	struct fit f = { .net = net, .corpus = corpus, .o = o, .n_shares = ct_pool_threads(pool) };
	struct ct_adam adam = { .beta1 = o->beta1, .beta2 = o->beta2, .eps = 1e-8, .decay = o->decay,
		.clip = o->clip };
	struct ct_arena *arena = &net->params.arena;
	struct deck deck = { 0 };
	float **grads = NULL;
	int *batch, code = CT_ENOMEM, right = 0, graded = 0;
	double loss = 0, weights = 0;

	ct_rng_seed(&deck.rng, (uint64_t)o->seed, 1);
	ct_net_init(net, o->init, o->embed, &deck.rng);
	if (o->frozen)
		net->params.list[0].rate = 0;	/* the embedding */
	deck.list = ct_corpus_select(arena, corpus, false, true, &deck.size);
	batch = ct_arena_need(arena, (size_t)o->batch, sizeof *batch, "a batch", err);
	grads = ct_arena_need(arena, (size_t)f.n_shares, sizeof *grads, "gradients", err);
	f.shares = calloc((size_t)f.n_shares, sizeof *f.shares);
	if (!deck.list || !batch || !grads || !f.shares) {
		ct_fail_memory(err, (size_t)o->batch * sizeof *batch, "a batch");
		goto done;
	}
	if (deck.size == 0) {
		code = ct_fail(err, CT_EINVAL, "the corpus has no sentence to train on: all are held out");
		goto done;
	}
	for (int k = 0; k < f.n_shares; k++) {
		struct share *s = &f.shares[k];

		if ((code = ct_pack_open(&s->pack, corpus, err)) != CT_OK ||
		    (code = ct_pass_open(&s->pass, net, s->pack.max_rows, s->pack.max_sentences, err)) != CT_OK)
			goto done;
		code = CT_ENOMEM;
		s->grad = grads[k] = ct_params_buffer(&net->params, "a gradient", err);
		if (!s->grad)
			goto done;
	}
	if ((code = ct_adam_init(&adam, &net->params, err)) != CT_OK)
		goto done;

	for (int step = 0; step < o->steps; step++) {
		double total = 0;
		int rows = 0;

		deal(&deck, batch, o->batch);
		for (int k = 0; k < o->batch; k++) {
			const struct ct_sentence *s = &corpus->sentences[batch[k]];
			bool answer = s->answer >= 0 && s->answer < s->n - 1;

			rows += s->n - 1;
			total += s->n - 1 + (answer ? o->answer_weight - 1 : 0);
			graded += answer;
		}
		f.scale = 1 / total;
		f.activity = rows > o->batch ? o->activity * total / (rows - o->batch) : 0;
		for (int k = 0; k < f.n_shares; k++) {
			int first = (int)((long)o->batch * k / f.n_shares);

			f.shares[k].list = batch + first;
			f.shares[k].n = (int)((long)o->batch * (k + 1) / f.n_shares) - first;
		}
		ct_pool_run(pool, f.n_shares, run_share, &f);
		adam.rate = o->rate * ct_train_schedule(step, o->steps, o->warmup, o->cooldown);
		ct_adam_step(&adam, &net->params, grads, f.n_shares, pool);

		weights += total;
		for (int k = 0; k < f.n_shares; k++) {
			loss += f.shares[k].loss;
			right += f.shares[k].right;
		}
		if (!ct_watch_due(watch, step, rows))
			continue;
		watch->live.loss = loss / weights;
		watch->live.accuracy = graded ? (double)right / graded : 0;
		loss = weights = 0;
		right = graded = 0;
		if (!ct_watch_report(watch, step)) {
			code = ct_fail(err, CT_ECANCELLED, "training was cancelled at step %d of %d", step + 1,
			    o->steps);
			goto done;
		}
	}
	code = CT_OK;
done:
	close_shares(f.shares, f.n_shares);
	return code;
}
