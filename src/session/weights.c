/* weights: the facade's question what a feature does in every prompt: see trace/weights.h. */
#include <math.h>
#include <stdlib.h>

#include "cards/activity.h"
#include "session/engine.h"
#include "trace/weights_init.h"

int
ct_engine_count(struct ct_engine *e, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(e, job);
	const struct ct_corpus *corpus;
	int code = e->activity ? CT_OK : ct_engine_check(e, err);

	if (code < 0 || e->activity)
		return code;
	/* Without a recipe there is no corpus; the weights alone are shown then. */
	if ((code = ct_engine_corpus(e, &corpus, err)) < 0)
		return code == CT_ENOTFOUND ? CT_OK : code;
	return ct_activity_collect(&e->activity, e->model, e->transcoder, corpus, &own, err);
}

static int
by_size(const void *x, const void *y)
{
	const struct ct_weight_row *a = x, *b = y;
	double u = fabs(isnan(a->adds) ? a->weight : a->adds), v = fabs(isnan(b->adds) ? b->weight : b->adds);

	if (u != v)
		return u > v ? -1 : 1;
	if (fabs(a->weight) != fabs(b->weight))
		return fabs(a->weight) > fabs(b->weight) ? -1 : 1;
	if (a->layer != b->layer)
		return a->layer < b->layer ? -1 : 1;
	return (a->feature > b->feature) - (a->feature < b->feature);
}

static long
count_active(const struct ct_activity *x, int layer, int feature)
{
	const size_t *start = x->layers[layer].start;

	return (long)(start[feature + 1] - start[feature]);
}

/* The features at the other end of the strongest weights into (inputs) or out of this feature. */
static struct ct_weight_row *
list_rows(const struct ct_engine *e, const struct ct_feature_weights *out, bool inputs, struct ct_arena *a,
    struct ct_error *err)
{
	const struct ct_weights *w = &out->all;
	const struct ct_weight *from = inputs ? w->in : w->out;
	int n = inputs ? w->n_in : w->n_out;
	struct ct_weight_row *rows = ct_arena_need(a, (size_t)n, sizeof *rows, "weights", err);

	for (int i = 0; rows && i < n; i++) {
		const struct ct_weight *x = &from[i];
		struct ct_together both;
		long targets;

		rows[i] = (struct ct_weight_row){ x->layer, x->feature, (double)x->weight, NAN, NAN };
		if (!out->n_active)
			continue;
		if (inputs)
			both = ct_activity_together(e->activity, w->layer, w->feature, x->layer, x->feature);
		else
			both = ct_activity_together(e->activity, x->layer, x->feature, w->layer, w->feature);
		targets = inputs ? out->n_active : count_active(e->activity, x->layer, x->feature);
		rows[i].together = (double)both.n / (double)out->n_active;
		rows[i].adds = targets && both.n ? rows[i].weight * both.sum / (double)targets : 0;
	}
	if (rows && n)
		qsort(rows, (size_t)n, sizeof *rows, by_size);
	return rows;
}

/* Splits the mean pre-activation into its parts. */
static void
split_mean(const struct ct_engine *e, struct ct_feature_weights *out)
{
	const struct ct_weights *w = &out->all;
	const struct ct_activity_layer *layer = &e->activity->layers[w->layer];

	out->mean = out->from_features = out->from_word = 0;
	for (size_t i = layer->start[w->feature]; i < layer->start[w->feature + 1]; i++) {
		int token = e->corpus->tokens[layer->tokens[i]];

		out->mean += (double)layer->acts[i] / (double)out->n_active;
		out->from_word += (double)w->read[token] / (double)out->n_active;
	}
	for (int i = 0; i < out->n_in; i++)
		out->from_features += out->in[i].adds;
	out->rest = out->mean - out->from_features - out->from_word - (double)w->bias;
}

int
ct_engine_weights_known(struct ct_engine *e, int layer, int feature, struct ct_feature_weights *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	const struct ct_job own = ct_engine_job(e, job);
	int code = ct_engine_check(e, err);

	*out = (struct ct_feature_weights){
		.mean = NAN, .from_features = NAN, .from_word = NAN, .rest = NAN
	};
	if (code < 0)
		return code;
	if (layer < 0 || layer >= e->info.L || feature < 0 || feature >= e->transcoder->layers[layer].F)
		return ct_fail(err, CT_ENOTFOUND, "no feature L%d#%d: this model has layers 0 to %d, with %d "
		    "features at most", layer, feature, e->info.L - 1, e->transcoder->F);
	code = ct_weights_init(&out->all, e->model, e->transcoder, layer, feature, a, &own, err);
	if (code < 0)
		return code;
	out->counted = e->activity;
	out->n_active = out->counted ? count_active(e->activity, layer, feature) : 0;
	out->n_in = out->all.n_in;
	out->n_out = out->all.n_out;
	out->in = list_rows(e, out, true, a, err);
	out->out = out->in ? list_rows(e, out, false, a, err) : NULL;
	if (!out->in || !out->out)
		return CT_ENOMEM;
	if (out->all.exact && out->n_active)
		split_mean(e, out);
	return ct_engine_check(e, err);
}

/* A feature that is none is said before the corpus is run. */
int
ct_engine_weights(struct ct_engine *e, int layer, int feature, struct ct_feature_weights *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err)
{
	int code = ct_engine_weights_known(e, layer, feature, out, a, job, err);

	if (code < 0 || out->counted)
		return code;
	if ((code = ct_engine_count(e, job, err)) < 0 || !e->activity)
		return code;
	return ct_engine_weights_known(e, layer, feature, out, a, job, err);
}
