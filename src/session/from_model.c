/* from_model: the source that is a model with its transcoder and cards (see source.h). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/best.h"
#include "math/kernels.h"
#include "session/engine.h"

static int
need_model(struct ct_error *err)
{
	(void)err;
	return CT_OK;
}

static const char *
token(const struct ct_engine *e, int id)
{
	return id >= 0 && id < ct_tokenizer_size(e->tokenizer) ? e->tokens[id] : "?";
}

static char *
raw_text(const struct ct_engine *e, const int *ids, int n)
{
	size_t len = ct_tokenizer_decode(e->tokenizer, ids, n, NULL, 0);
	char *raw = malloc(len + 1);

	if (raw)
		ct_tokenizer_decode(e->tokenizer, ids, n, raw, len + 1);
	return raw;
}

static int
complete(const struct ct_engine *e, const char *prefix, int *ids, int max)
{
	return ct_tokenizer_complete(e->tokenizer, prefix, ids, max);
}

static const char *
feature_name(const struct ct_engine *e, int layer, int feature, char *buf, size_t size)
{
	(void)e;
	snprintf(buf, size, "L%d#%d", layer, feature);
	return buf;
}

static const char *
label(const struct ct_engine *e, int layer, int feature)
{
	return ct_cards_label(e->cards, layer, feature);
}

static double
label_f1(const struct ct_engine *e, int layer, int feature)
{
	return ct_cards_label_f1(e->cards, layer, feature);
}

static const char *
label_typed(const struct ct_engine *e, int layer, int feature)
{
	return ct_cards_label_typed(e->cards, layer, feature);
}

static const struct ct_card *
card(struct ct_engine *e, int layer, int feature, struct ct_error *err)
{
	return ct_cards_get(e->cards, layer, feature, err);
}

static int
features(const struct ct_engine *e, int layer)
{
	return e->transcoder->layers[layer].F;
}

static int
begin(struct ct_session *s, struct ct_error *err)
{
	(void)s;
	(void)err;
	return CT_OK;
}

static int
by_logit(const void *a, const void *b, void *ctx)
{
	const struct ct_top *x = a, *y = b;

	(void)ctx;
	return (x->logit < y->logit) - (x->logit > y->logit);
}

static int
top(struct ct_session *s, enum ct_run which, int pos, struct ct_top *out, int n)
{
	const float *logits = ct_session_logits(s, which, pos, NULL);
	int V = s->e->info.V, found = 0;
	double max, sum;

	if (!logits)
		return CT_EINVAL;
	sum = ct_softmax_sum(V, logits, &max);
	for (int v = 0; v < V; v++)
		ct_best_keep(out, &found, n, &(struct ct_top){ v, logits[v], 0 }, sizeof *out, by_logit,
		    NULL);
	for (int i = 0; i < found; i++)
		out[i].prob = (float)(exp((double)out[i].logit - max) / sum);
	return found;
}

static float
prob(struct ct_session *s, enum ct_run which, int pos, int token)
{
	const float *logits = ct_session_logits(s, which, pos, NULL);
	int V = s->e->info.V;

	return logits && token >= 0 && token < V ? (float)ct_probability(V, logits, token) : NAN;
}

static float
activation(const struct ct_session *s, int layer, int feature, int pos)
{
	int i;

	if (layer < 0 || layer >= s->e->transcoder->L || pos < 0 || pos >= s->T)
		return 0;
	if ((i = ct_local_model_active(&s->prompt->lrm, layer, pos, feature)) >= 0)
		return s->prompt->lrm.active[i].act;
	/* All neurons are active, also those that are not nodes. */
	if (s->e->info.neurons && pos >= s->prompt->pass.start)
		return ct_session_preactivation(s, layer, feature, pos);
	return 0;
}

static int
n_active(const struct ct_session *s)
{
	return s->prompt ? s->prompt->lrm.n : 0;
}

static void
active(const struct ct_session *s, int i, int *layer, int *pos, int *feature)
{
	const struct ct_active *a = &s->prompt->lrm.active[i];

	*layer = a->layer;
	*pos = a->pos;
	*feature = a->feature;
}

/* A token as it is in texts, without sanitising. */
static const char *
word(const void *ctx, int id)
{
	const struct ct_engine *e = ctx;
	const char *text = ct_tokenizer_text(e->tokenizer, id, &(size_t){ 0 });

	return text ? text : "?";
}

static const char *
label_of(const void *ctx, int layer, int feature)
{
	return ct_engine_label(ctx, layer, feature);
}

static struct ct_graph_names
names(const struct ct_session *s)
{
	const struct ct_engine_info *info = &s->e->info;

	return (struct ct_graph_names){
		.model = info->name, .scan = info->scan, .transcoder = info->transcoder, .features = info->F,
		.prompt = ct_session_text(s), .apart = !info->spaced, .tokens = s->ids, .token = word,
		.label = label_of, .ctx = s->e
	};
}

const struct ct_source ct_source_model = {
	.need_model = need_model, .token = token, .raw_text = raw_text, .complete = complete,
	.feature_name = feature_name, .label = label, .label_f1 = label_f1, .label_typed = label_typed,
	    .card = card,
	.features = features, .begin = begin, .top = top, .prob = prob, .activation = activation,
	.n_active = n_active, .active = active, .names = names
};
