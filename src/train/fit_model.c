/* fit_model: see fit_model.h. */
#include "train/fit_model.h"

#include <stdlib.h>

#include "base/sort.h"
#include "train/number_codes.h"
#include "train/pack.h"

/* A worker's share of every batch, with all that it writes. */
struct share {
	struct ct_pack pack;
	struct ct_train_pass *pass;
	float *grad;
	const int *list;		/* its sentences of this step */
	const int *bottleneck;		/* where their attention ends, or NULL */
	const uint32_t *seeds;		/* of their signs and noise, or NULL */
	int n;
	double loss;
	int right;
};

/* The next n of an endless sequence of shuffled passes through list[0..size). */
struct deck {
	int *list;
	int size, at;
	struct ct_rng rng;
};

/*
 * Sentences of one template that are about the same thing and ask for the same: a model should see them alike.
 * Groups lie behind one another in mates; sentence i's is mates[first[i] .. first[i] + size[i]).
 */
struct groups {
	int *mates, *first, *size;
};

struct fit {
	struct ct_net *net;
	const struct ct_corpus *corpus;
	const struct ct_model_options *o;
	struct ct_pool *pool;
	struct ct_reporter *reporter;
	struct ct_adam adam;
	struct share *shares;
	int n_shares;
	float **grads;			/* of the shares */
	struct deck deck;
	struct groups groups;
	int *batch;
	int *bottleneck;			/* of its sentences; see draw_bottlenecks */
	uint32_t *seeds;		/* of its sentences' signs and noise */
	double scale;			/* 1 / weights of the batch */
	struct ct_prices prices;	/* in units of scale */
	struct sums {			/* since the last report */
		double loss, weights;
		int right, graded;
	} sums;
	struct ct_part_state *state;
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
		    f->o->pairs > 0 ? CT_PACK_PAIRS : CT_PACK_PLAIN);
		s->pack.b.bottleneck = s->bottleneck ? s->bottleneck + at - s->pack.b.n : NULL;
		if (s->seeds)
			ct_pack_draw(&s->pack, s->seeds + at - s->pack.b.n, f->o->noise);
		ct_train_pass_forward(s->pass, f->net, &s->pack.b, NULL, NULL);
		s->loss += ct_train_pass_backward(s->pass, f->net, &s->pack.b, f->scale, &f->prices,
		    s->grad, &s->right);
	}
}

/* Shares begin at even sentences, so that pairs stay together. */
static int
share_start(int batch, int k, int shares)
{
	return k == shares ? batch : (int)((long)batch * k / shares) & ~1;
}

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
	ct_sort(g->mates, (size_t)n, sizeof *g->mates, compare, (void *)c);
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
draw_bottlenecks(int *bottleneck, struct ct_rng *rng, const struct ct_corpus *c, const int *batch, int n, double share)
{
	for (int k = 0; k < n; k++) {
		int at = c->sentences[batch[k]].plan_at;

		bottleneck[k] = at > 0 && ct_rng_uniform(rng) < share ? at : 0;
	}
}

static int
open_fit(struct fit *f, struct ct_error *err)
{
	const struct ct_model_options *o = f->o;
	struct ct_arena *arena = &f->net->params.arena;
	int code;

	f->adam = (struct ct_adam){ .beta1 = o->beta1, .beta2 = o->beta2, .eps = 1e-8, .decay = o->decay,
		.clip = o->clip };
	ct_rng_seed(&f->deck.rng, (uint64_t)o->seed, 1);
	ct_net_init(f->net, o->init, o->embed, &f->deck.rng);
	if (o->codes && (code = ct_number_codes_build(f->net, f->corpus, o->embed, &f->deck.rng, err)) != CT_OK)
		return code;
	if (o->frozen)
		f->net->params.list[0].rate = 0;	/* the embedding */
	f->n_shares = ct_pool_threads(f->pool);
	f->deck.list = ct_corpus_select(arena, f->corpus, false, true, &f->deck.size);
	f->batch = ct_arena_need(arena, (size_t)o->batch, sizeof *f->batch, "a batch", err);
	f->bottleneck = ct_arena_need(arena, (size_t)o->batch, sizeof *f->bottleneck, "a batch", err);
	f->seeds = ct_arena_need(arena, (size_t)o->batch, sizeof *f->seeds, "a batch", err);
	f->grads = ct_arena_need(arena, (size_t)f->n_shares, sizeof *f->grads, "gradients", err);
	f->shares = calloc((size_t)f->n_shares, sizeof *f->shares);
	if (!f->deck.list || !f->batch || !f->bottleneck || !f->seeds || !f->grads || !f->shares)
		return ct_fail_memory(err, (size_t)o->batch * sizeof *f->batch, "a batch");
	if (f->deck.size == 0)
		return ct_fail(err, CT_EINVAL, "the corpus has no sentence to train on: all are held out");
	for (int k = 0; k < f->n_shares; k++) {
		struct share *s = &f->shares[k];

		if ((code = ct_pack_open(&s->pack, f->corpus, err)) != CT_OK ||
		    (o->noise > 0 && (code = ct_pack_add_noise(&s->pack, f->net->s.L + 1, f->net->s.D,
		    err)) != CT_OK) ||
		    (code = ct_train_pass_open(&s->pass, f->net, s->pack.max_rows, s->pack.max_sentences, err)) != CT_OK)
			return code;
		s->grad = f->grads[k] = ct_params_buffer(&f->net->params, "a gradient", err);
		if (!s->grad)
			return CT_ENOMEM;
	}
	if (o->pairs > 0 && (code = find_groups(&f->groups, arena, f->corpus, err)) != CT_OK)
		return code;
	return ct_adam_init(&f->adam, &f->net->params, err);
}

static void
close_fit(struct fit *f)
{
	for (int k = 0; f->shares && k < f->n_shares; k++) {
		ct_pack_close(&f->shares[k].pack);
		ct_train_pass_close(f->shares[k].pass);
	}
	free(f->shares);
}

/* All that the next step depends on. */
static void
resume(struct fit *f, struct ct_checkpoint *c)
{
	struct ct_params *p = &f->net->params;
	size_t size = p->count * sizeof *p->w;

	f->state = ct_checkpoint_part(c, f->reporter->live.phase);
	ct_checkpoint_block(c, "weights", true, p->w, size);
	ct_checkpoint_block(c, "first moments", false, f->adam.m, size);
	ct_checkpoint_block(c, "second moments", false, f->adam.v, size);
	ct_checkpoint_block(c, "random", false, &f->deck.rng, sizeof f->deck.rng);
	ct_checkpoint_block(c, "dealt", false, &f->deck.at, sizeof f->deck.at);
	ct_checkpoint_block(c, "deck", false, f->deck.list, (size_t)f->deck.size * sizeof *f->deck.list);
	if (ct_checkpoint_restore(c))
		ct_reporter_resume(f->reporter, f->state);
	f->adam.step = f->state->step;
}

/* Draws a batch, shares it out and says what counts in it. Returns its rows. */
static int
draw_batch(struct fit *f)
{
	const struct ct_model_options *o = f->o;
	bool seeds = o->direct > 0 || o->carry > 0 || o->noise > 0;
	double total = 0;
	int rows = 0, apart = 0, answers = 0;

	deal(&f->deck, f->batch, o->batch);
	if (o->pairs > 0)
		apart = pair_up(&f->groups, &f->deck.rng, f->corpus, f->batch, o->batch);
	if (o->bottleneck > 0)
		draw_bottlenecks(f->bottleneck, &f->deck.rng, f->corpus, f->batch, o->batch, o->bottleneck);
	for (int k = 0; seeds && k < o->batch; k++)
		f->seeds[k] = ct_rng_u32(&f->deck.rng);
	for (int k = 0; k < o->batch; k++) {
		const struct ct_sentence *s = &f->corpus->sentences[f->batch[k]];
		bool answer = s->answer >= 0 && s->answer < s->n - 1;

		rows += s->n - 1;
		total += s->n - 1 + (answer ? o->answer_weight - 1 : 0);
		answers += answer;
	}
	f->sums.graded += answers;
	f->scale = 1 / total;
	f->prices.smoothing = o->smoothing;
	f->prices.activity = rows > o->batch ? o->activity * total / (rows - o->batch) : 0;
	f->prices.pairs = apart > 0 ? o->pairs * total / apart : 0;
	f->prices.direct = answers > 0 ? o->direct * total / answers : 0;
	f->prices.carry = rows > o->batch ? o->carry * total / (rows - o->batch) / f->net->s.L : 0;
	f->sums.weights += total;
	for (int k = 0; k < f->n_shares; k++) {
		int first = share_start(o->batch, k, f->n_shares);

		f->shares[k].list = f->batch + first;
		f->shares[k].bottleneck = o->bottleneck > 0 ? f->bottleneck + first : NULL;
		f->shares[k].seeds = seeds ? f->seeds + first : NULL;
		f->shares[k].n = share_start(o->batch, k + 1, f->n_shares) - first;
	}
	return rows;
}

/* Returns the rows it has trained on. */
static int
train_step(struct fit *f)
{
	const struct ct_model_options *o = f->o;
	int rows = draw_batch(f);

	ct_pool_run(f->pool, f->n_shares, run_share, f);
	f->adam.rate = o->rate * ct_train_schedule(f->state->step, o->steps, o->warmup, o->cooldown);
	ct_adam_step(&f->adam, &f->net->params, f->grads, f->n_shares, f->pool);
	for (int k = 0; k < f->n_shares; k++) {
		f->sums.loss += f->shares[k].loss;
		f->sums.right += f->shares[k].right;
	}
	f->state->step++;
	return rows;
}

static bool
report(struct fit *f)
{
	f->reporter->live.loss = f->sums.loss / f->sums.weights;
	f->reporter->live.accuracy = f->sums.graded ? (double)f->sums.right / f->sums.graded : 0;
	f->sums = (struct sums){ 0 };
	return ct_reporter_send(f->reporter, f->state->step);
}

int
ct_fit_model(struct ct_net *net, const struct ct_corpus *corpus, const struct ct_model_options *o,
    struct ct_pool *pool, struct ct_reporter *reporter, struct ct_checkpoint *checkpoint, struct ct_error *err)
{
	struct fit f = { .net = net, .corpus = corpus, .o = o, .pool = pool, .reporter = reporter };
	int code = open_fit(&f, err);

	if (code != CT_OK)
		goto done;
	resume(&f, checkpoint);
	while (f.state->step < o->steps) {
		int rows = train_step(&f);
		bool go_on = !ct_reporter_due(reporter, f.state->step, rows) || report(&f);

		if ((code = ct_reporter_save(reporter, f.state, checkpoint, go_on, err)) != CT_OK)
			goto done;
	}
	code = ct_reporter_finish(reporter, f.state, checkpoint, err);
done:
	close_fit(&f);
	return code;
}
