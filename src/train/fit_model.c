/* fit_model: see fit_model.h. */
#include "train/fit_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "train/groups.h"
#include "train/number_codes.h"

/* One worker's share of a batch, and everything it writes. */
struct share {
	struct ct_pack pack;
	struct ct_train_pass *pass;
	float *grad;
	const int *list;		/* its sentences of this step */
	const int *bottleneck;		/* where each sentence's attention ends, or NULL */
	const uint32_t *seeds;		/* for the signs and noise of each sentence, or NULL */
	const unsigned char *group;	/* the kind of group that each begins, or NULL */
	int n;
	double loss;
	int right;
};

/* The next n elements of an endless sequence of shuffled passes through list[0..size). */
struct deck {
	int *list;
	int size, at;
	struct ct_rng rng;
};

struct fit {
	struct ct_net *net;
	const struct ct_corpus *corpus;
	const struct ct_train_model_options *o;
	struct ct_pool *pool;
	struct ct_reporter *reporter;
	struct ct_adam adam;
	struct share *shares;
	int n_shares;
	float **grads;			/* of the shares */
	struct deck deck;
	struct ct_groups groups;
	int *batch;
	int *bottleneck;			/* of each sentence; see draw_bottlenecks */
	uint32_t *seeds;		/* for the signs and noise of each sentence */
	unsigned char *group;		/* the kind of group that each begins: enum ct_group */
	bool grouped;			/* sentences are drawn in groups, to be compared */
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
		    f->grouped ? CT_PACK_GROUPS : CT_PACK_PLAIN);
		s->pack.b.group = s->group ? s->group + at - s->pack.b.n : NULL;
		s->pack.b.bottleneck = s->bottleneck ? s->bottleneck + at - s->pack.b.n : NULL;
		if (s->seeds)
			ct_pack_draw(&s->pack, s->seeds + at - s->pack.b.n, f->o->noise);
		ct_train_pass_forward(s->pass, f->net, &s->pack.b, NULL, NULL);
		s->loss += ct_train_pass_backward(s->pass, f->net, &s->pack.b, f->scale, &f->prices,
		    s->grad, &s->right);
	}
}

/* A share begins only where a group does, so that groups stay together. */
static int
share_start(int batch, int k, int shares)
{
	return k == shares ? batch : (int)((long)batch * k / shares) / CT_PACK_GROUP * CT_PACK_GROUP;
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

/*
 * Draws where attention ends in each sentence of a batch: at its plan in a share of the sentences, at its
 * answer in a share of the others, and nowhere (0) in the rest.
 */
static void
draw_bottlenecks(struct fit *f)
{
	const struct ct_train_model_options *o = f->o;

	for (int k = 0; k < o->batch; k++) {
		const struct ct_sentence *s = &f->corpus->sentences[f->batch[k]];
		bool plan = s->plan_at > 0;
		int at = plan ? s->plan_at : s->answer;
		double share = plan ? o->bottleneck : o->answer_bottleneck;

		f->bottleneck[k] = at > 0 && at < s->n - 1 && ct_rng_uniform(&f->deck.rng) < share ? at : 0;
	}
}

/*
 * Makes the heads of layers before `from`, and of all layers but `only` if that is not -1, do nothing; they
 * are not trained either.
 */
static void
silence_attention(struct ct_net *net, int from, int only)
{
	static const char layers[] = "model.layers.";

	for (int k = 0; k < net->params.n; k++) {
		struct ct_param *q = &net->params.list[k];
		long l;

		if (!strstr(q->name, ".self_attn."))
			continue;
		l = strtol(q->name + sizeof layers - 1, NULL, 10);
		if (l >= from && (only < 0 || l == only))
			continue;
		memset(net->params.w + q->at, 0, q->n * sizeof *net->params.w);
		q->rate = 0;
	}
}

static int
open_fit(struct fit *f, struct ct_error *err)
{
	const struct ct_train_model_options *o = f->o;
	struct ct_arena *arena = &f->net->params.arena;
	int code;

	f->adam = (struct ct_adam){ .beta1 = o->beta1, .beta2 = o->beta2, .eps = 1e-8, .decay = o->decay,
		.clip = o->clip };
	ct_rng_seed(&f->deck.rng, (uint64_t)o->seed, 1);
	ct_net_init(f->net, o->init, o->embed, &f->deck.rng);
	if (o->codes && (code = ct_number_codes_build(f->net, f->corpus, o->embed, &f->deck.rng,
	    err)) != CT_OK)
		return code;
	silence_attention(f->net, o->attention_from, o->attention);
	if (o->frozen)
		f->net->params.list[0].rate = 0;	/* the embedding */
	f->n_shares = ct_pool_threads(f->pool);
	f->deck.list = ct_corpus_select(arena, f->corpus, false, true, &f->deck.size);
	f->batch = ct_arena_need(arena, (size_t)o->batch, sizeof *f->batch, "a batch", err);
	f->bottleneck = ct_arena_need(arena, (size_t)o->batch, sizeof *f->bottleneck, "a batch", err);
	f->group = ct_arena_need(arena, (size_t)o->batch, sizeof *f->group, "a batch", err);
	f->seeds = ct_arena_need(arena, (size_t)o->batch, sizeof *f->seeds, "a batch", err);
	f->grads = ct_arena_need(arena, (size_t)f->n_shares, sizeof *f->grads, "gradients", err);
	f->shares = calloc((size_t)f->n_shares, sizeof *f->shares);
	if (!f->deck.list || !f->batch || !f->bottleneck || !f->seeds || !f->group || !f->grads || !f->shares)
		return ct_fail_memory(err, (size_t)o->batch * sizeof *f->batch, "a batch");
	if (f->deck.size == 0)
		return ct_fail(err, CT_EINVAL, "the corpus has no sentence to train on: all are held out");
	for (int k = 0; k < f->n_shares; k++) {
		struct share *s = &f->shares[k];

		if ((code = ct_pack_open(&s->pack, f->corpus, err)) != CT_OK ||
		    (o->noise > 0 && (code = ct_pack_add_noise(&s->pack, f->net->s.L + 1, f->net->s.D,
		    err)) != CT_OK) ||
		    (code = ct_train_pass_open(&s->pass, f->net, s->pack.max_rows, s->pack.max_sentences,
		    err)) != CT_OK)
			return code;
		s->grad = f->grads[k] = ct_params_buffer(&f->net->params, "a gradient", err);
		if (!s->grad)
			return CT_ENOMEM;
	}
	f->grouped = o->pairs > 0 || o->grids > 0;
	if (f->grouped && (code = ct_groups_find(&f->groups, arena, f->corpus, err)) != CT_OK)
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

/* Everything that the next step depends on. */
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

/* Draws a batch, divides it among the workers, and sets which terms of the loss count. Returns its rows. */
static int
draw_batch(struct fit *f)
{
	const struct ct_train_model_options *o = f->o;
	bool seeds = o->direct > 0 || o->carry > 0 || o->noise > 0;
	bool bottlenecks = o->bottleneck > 0 || o->answer_bottleneck > 0;
	double total = 0;
	struct ct_grouped drawn = { 0 };
	int rows = 0, answers = 0;

	deal(&f->deck, f->batch, o->batch);
	if (f->grouped)
		drawn = ct_groups_draw(&f->groups, &f->deck.rng, o->pairs > 0, o->grids > 0, f->batch,
		    f->group, o->batch);
	if (bottlenecks)
		draw_bottlenecks(f);
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
	f->prices.pairs = drawn.apart > 0 ? o->pairs * total / drawn.apart : 0;
	f->prices.grids = drawn.grids > 0 ? o->grids * total / drawn.grids : 0;
	f->prices.direct = answers > 0 ? o->direct * total / answers : 0;
	f->prices.carry = rows > o->batch ? o->carry * total / (rows - o->batch) / f->net->s.L : 0;
	f->sums.weights += total;
	for (int k = 0; k < f->n_shares; k++) {
		int first = share_start(o->batch, k, f->n_shares);

		f->shares[k].list = f->batch + first;
		f->shares[k].bottleneck = bottlenecks ? f->bottleneck + first : NULL;
		f->shares[k].group = f->grouped ? f->group + first : NULL;
		f->shares[k].seeds = seeds ? f->seeds + first : NULL;
		f->shares[k].n = share_start(o->batch, k + 1, f->n_shares) - first;
	}
	return rows;
}

/* Returns the number of rows that it has trained on. */
static int
train_step(struct fit *f)
{
	const struct ct_train_model_options *o = f->o;
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
ct_fit_model(struct ct_net *net, const struct ct_corpus *corpus, const struct ct_train_model_options *o,
    struct ct_pool *pool, struct ct_reporter *reporter, struct ct_checkpoint *checkpoint,
    struct ct_error *err)
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
