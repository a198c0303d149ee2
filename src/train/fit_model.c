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
	const int *neck;		/* where their attention ends, or NULL */
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
	struct ct_prices prices;	/* in units of scale */
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
		at += ct_pack_fill(&s->pack, f->corpus, s->list + at, s->n - at, f->o->answer_weight,
		    f->o->twins > 0 ? CT_PACK_TWINS : CT_PACK_PLAIN);
		s->pack.b.neck = s->neck ? s->neck + at - s->pack.b.n : NULL;
		ct_pass_forward(s->pass, f->net, &s->pack.b, NULL, NULL);
		s->loss += ct_pass_backward(s->pass, f->net, &s->pack.b, f->scale, &f->prices,
		    s->grad, &s->right);
	}
}

/* Shares begin at even sentences, so that twins stay together. */
static int
share_start(int batch, int k, int shares)
{
	return k == shares ? batch : (int)((long)batch * k / shares) & ~1;
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

/*
 * Sentences of one template that are about the same thing and ask for the same: a model should see them alike.
 * Groups lie behind one another in mates; sentence i's is mates[first[i] .. first[i] + size[i]).
 */
struct groups {
	int *mates, *first, *size;
};

static int
order(const struct ct_sentence *s, const struct ct_sentence *t)
{
	int d = s->kind != t->kind ? s->kind - t->kind : s->about - t->about;

	return d ? d : s->relation - t->relation;
}

static int
compare(const void *a, const void *b, void *ctx)
{
	const struct ct_corpus *c = ctx;
	int i = *(const int *)a, j = *(const int *)b, d = order(&c->sentences[i], &c->sentences[j]);

	return d ? d : (i > j) - (i < j);
}

static int
find_groups(struct groups *g, struct ct_arena *arena, const struct ct_corpus *c, struct ct_error *err)
{
	size_t sentences = (size_t)c->n_sentences;
	int n;

	g->mates = ct_corpus_select(arena, c, false, false, &n);
	g->first = ct_arena_need(arena, sentences, sizeof *g->first, "groups of sentences", err);
	g->size = ct_arena_need(arena, sentences, sizeof *g->size, "groups of sentences", err);
	if (!g->first || !g->size)
		return CT_ENOMEM;
	if (!g->mates)
		return ct_fail_memory(err, sentences * sizeof *g->mates, "groups of sentences");
	qsort_r(g->mates, (size_t)n, sizeof *g->mates, compare, (void *)c);
	for (int at = 0, end; at < n; at = end) {
		const struct ct_sentence *s = &c->sentences[g->mates[at]];

		for (end = at + 1; end < n && s->about >= 0 && order(s, &c->sentences[g->mates[end]]) == 0;)
			end++;
		for (int k = at; k < end; k++) {
			g->first[g->mates[k]] = at;
			g->size[g->mates[k]] = end - at;
		}
	}
	return CT_OK;
}

/* Every second sentence of a batch becomes one of the kind of that before it. Returns how many rows differ. */
static int
pair_up(const struct groups *g, struct ct_rng *rng, const struct ct_corpus *c, int *batch, int n)
{
	int rows = 0;

	for (int k = 0; k + 1 < n; k += 2) {
		int i = batch[k], j = g->mates[g->first[i] + (int)ct_rng_below(rng, (uint32_t)g->size[i])], t = 0;
		const struct ct_sentence *s = &c->sentences[i], *u = &c->sentences[j];

		batch[k + 1] = j;
		if (s->n != u->n)
			continue;
		while (t < s->n - 1 && c->tokens[s->first + t] == c->tokens[u->first + t])
			t++;
		rows += s->n - 1 - t;
	}
	return rows;
}

/* Where attention ends in each sentence of a batch: at its plan in a share of them, nowhere (0) in the others. */
static void
draw_necks(int *neck, struct ct_rng *rng, const struct ct_corpus *c, const int *batch, int n, double share)
{
	for (int k = 0; k < n; k++) {
		int at = c->sentences[batch[k]].plan_at;

		neck[k] = at > 0 && ct_rng_uniform(rng) < share ? at : 0;
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
	struct groups groups = { 0 };
	float **grads = NULL;
	int *batch, *neck, code = CT_ENOMEM, right = 0, graded = 0;
	double loss = 0, weights = 0;

	ct_rng_seed(&deck.rng, (uint64_t)o->seed, 1);
	ct_net_init(net, o->init, o->embed, &deck.rng);
	if (o->frozen)
		net->params.list[0].rate = 0;	/* the embedding */
	deck.list = ct_corpus_select(arena, corpus, false, true, &deck.size);
	batch = ct_arena_need(arena, (size_t)o->batch, sizeof *batch, "a batch", err);
	neck = ct_arena_need(arena, (size_t)o->batch, sizeof *neck, "a batch", err);
	grads = ct_arena_need(arena, (size_t)f.n_shares, sizeof *grads, "gradients", err);
	f.shares = calloc((size_t)f.n_shares, sizeof *f.shares);
	if (!deck.list || !batch || !neck || !grads || !f.shares) {
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
	if (o->twins > 0 && (code = find_groups(&groups, arena, corpus, err)) != CT_OK)
		goto done;
	if ((code = ct_adam_init(&adam, &net->params, err)) != CT_OK)
		goto done;

	for (int step = 0; step < o->steps; step++) {
		double total = 0;
		int rows = 0, apart = 0;

		deal(&deck, batch, o->batch);
		if (o->twins > 0)
			apart = pair_up(&groups, &deck.rng, corpus, batch, o->batch);
		if (o->bottleneck > 0)
			draw_necks(neck, &deck.rng, corpus, batch, o->batch, o->bottleneck);
		for (int k = 0; k < o->batch; k++) {
			const struct ct_sentence *s = &corpus->sentences[batch[k]];
			bool answer = s->answer >= 0 && s->answer < s->n - 1;

			rows += s->n - 1;
			total += s->n - 1 + (answer ? o->answer_weight - 1 : 0);
			graded += answer;
		}
		f.scale = 1 / total;
		f.prices.activity = rows > o->batch ? o->activity * total / (rows - o->batch) : 0;
		f.prices.twins = apart > 0 ? o->twins * total / apart : 0;
		for (int k = 0; k < f.n_shares; k++) {
			int first = share_start(o->batch, k, f.n_shares);

			f.shares[k].list = batch + first;
			f.shares[k].neck = o->bottleneck > 0 ? neck + first : NULL;
			f.shares[k].n = share_start(o->batch, k + 1, f.n_shares) - first;
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
