/* options: see options.h. */
#include "train/options.h"

#include <limits.h>
#include <string.h>

static const struct ct_train_model_options model_defaults = {
	.shape = { .L = 3, .D = 128, .H = 4, .context = 32, .eps = 1e-6, .theta = 10000 },
	.attention = -1, .init = .05, .embed = .3, .frozen = true, .seed = 1, .steps = 500, .batch = 256,
	    .rate = 3e-3, .beta1 = .9,
	.beta2 = .99, .decay = .3, .clip = 1, .warmup = .06, .cooldown = .3, .activity = .03,
	    .answer_weight = 8,
};
static const struct ct_train_transcoder_options transcoder_defaults = {
	.features = 512, .seed = 1, .steps = 1500, .batch = 1024, .rate = 3e-3, .beta1 = .9, .beta2 = .999,
	.warmup = .02, .cooldown = .2, .sparsity = 9, .far = 1, .alike = 1, .dictionary_price = .1,
	.last_layer = 2, .ramp = .5,
	.sharpness = 4,
	.threshold = .03, .bandwidth = .3, .threshold_rate = .3, .revive = 3e-3, .settle = .4,
	    .settle_at = .8, .settle_rank = 10,
	.dead_after = 100000, .common = .3, .answers = 4, .plans = 4, .ends = .3,
};

/* One value of a section: exactly one of i, d and b says where it goes. */
struct number {
	const char *key;
	int *i;
	double *d;
	double min, max;
	bool *b;
};

/* Reads a section's numbers; unknown keys are errors, except `other`, which the caller reads. */
static int
read_numbers(const struct ct_yaml_doc *doc, const struct ct_yaml *map, const struct number *list, int n,
    const char *other, struct ct_error *err)
{
	const char *keys[40];
	int code = CT_OK, k = 0;

	if (map->kind != CT_YAML_MAP)
		return ct_yaml_fail(doc, map, CT_EFORMAT, err, "%s must be a map of keys to values",
		    map->key);
	for (int i = 0; i < n; i++)
		keys[k++] = list[i].key;
	keys[k++] = other;
	keys[k] = NULL;
	code = ct_yaml_only(doc, map, keys, err);
	for (int i = 0; i < n && code == CT_OK; i++) {
		const struct number *q = &list[i];

		if (q->i)
			code = ct_yaml_int(doc, map, q->key, false, (int)q->min, (int)q->max, q->i, err);
		else if (q->b)
			code = ct_yaml_bool(doc, map, q->key, false, q->b, err);
		else
			code = ct_yaml_double(doc, map, q->key, false, q->min, q->max, q->d, err);
	}
	return code;
}

static int
read_sizes(struct ct_train_model_options *o, const struct ct_yaml_doc *doc, const struct ct_yaml *map,
    struct ct_error *err)
{
	struct ct_net_shape *s = &o->shape;
	const struct number sizes[] = {
		{ "layers", &s->L, NULL, 1, 64, NULL },
		{ "width", &s->D, NULL, 2, 4096, NULL },
		{ "heads", &s->H, NULL, 1, 256, NULL },
		{ "kv heads", &s->H_kv, NULL, 1, 256, NULL },
		{ "head width", &s->head, NULL, 2, 1024, NULL },
		{ "mlp", &s->mlp, NULL, 1, 65536, NULL },
		{ "context", &s->context, NULL, 1, 65536, NULL },
		{ "rope theta", NULL, &s->theta, 1, 1e9, NULL },
		{ "norm eps", NULL, &s->eps, 1e-12, 1, NULL },
		{ "init", NULL, &o->init, 1e-6, 10, NULL },
		{ "embedding init", NULL, &o->embed, 1e-6, 10, NULL },
		{ "embedding frozen", NULL, NULL, 0, 0, &o->frozen },
		{ "attention layer", &o->attention, NULL, 0, 63, NULL },
		{ "attention from", &o->attention_from, NULL, 0, 63, NULL },
		{ "number codes", NULL, NULL, 0, 0, &o->codes },
	};

	return map ? read_numbers(doc, map, sizes, sizeof sizes / sizeof *sizes, NULL, err) : CT_OK;
}

static int
read_steps(struct ct_train_model_options *o, const struct ct_yaml_doc *doc, const struct ct_yaml *map,
    struct ct_error *err)
{
	const struct number steps[] = {
		{ "seed", &o->seed, NULL, 0, INT_MAX, NULL },
		{ "steps", &o->steps, NULL, 0, 10000000, NULL },
		{ "batch", &o->batch, NULL, 1, 65536, NULL },
		{ "rate", NULL, &o->rate, 0, 1, NULL },
		{ "beta1", NULL, &o->beta1, 0, .99999, NULL },
		{ "beta2", NULL, &o->beta2, 0, .99999, NULL },
		{ "weight decay", NULL, &o->decay, 0, 10, NULL },
		{ "clip", NULL, &o->clip, 0, 1e9, NULL },
		{ "warmup", NULL, &o->warmup, 0, 1, NULL },
		{ "cooldown", NULL, &o->cooldown, 0, 1, NULL },
		{ "activity", NULL, &o->activity, 0, 1e6, NULL },
		{ "pairs", NULL, &o->pairs, 0, 1e6, NULL },
		{ "twins", NULL, &o->pairs, 0, 1e6, NULL },	/* its name in old recipes */
		{ "direct", NULL, &o->direct, 0, 1e6, NULL },
		{ "carry", NULL, &o->carry, 0, 1e6, NULL },
		{ "noise", NULL, &o->noise, 0, 10, NULL },
		{ "joint", NULL, &o->grids, 0, 1e6, NULL },
		{ "answer bottleneck", NULL, &o->answer_bottleneck, 0, 1, NULL },
		{ "bottleneck", NULL, &o->bottleneck, 0, 1, NULL },
		{ "smoothing", NULL, &o->smoothing, 0, .9, NULL },
		{ "answer weight", NULL, &o->answer_weight, 0, 1e6, NULL },
	};

	return map ? read_numbers(doc, map, steps, sizeof steps / sizeof *steps, NULL, err) : CT_OK;
}

static int
read_model(struct ct_train_model_options *o, const struct ct_yaml_doc *doc, const struct ct_yaml *root,
    struct ct_error *err)
{
	struct ct_net_shape *s = &o->shape;
	const struct ct_yaml *model = ct_yaml_get(root, "model");
	int code;

	*o = model_defaults;
	if ((code = read_sizes(o, doc, model, err)) != CT_OK ||
	    (code = read_steps(o, doc, ct_yaml_get(root, "train"), err)) != CT_OK)
		return code;
	if (!s->H_kv)
		s->H_kv = s->H;
	if (!s->head)
		s->head = s->D / s->H;
	if (!s->mlp)
		s->mlp = 4 * s->D;
	if (s->H % s->H_kv)
		return ct_yaml_fail(doc, ct_yaml_get(model, "kv heads"), CT_EINVAL, err,
		    "%d heads cannot share %d kv heads; expected a divisor of %d", s->H, s->H_kv, s->H);
	if (s->head < 2 || s->head % 2)
		return ct_yaml_fail(doc, model ? model : root, CT_EINVAL, err,
		    "heads are %d wide (width / heads, or head width); expected an even number, for rotary "
		    "positions", s->head);
	return CT_OK;
}

/* Atoms of the layers after the lookups. */
static int
read_dictionary(struct ct_train_transcoder_options *o, const struct ct_yaml_doc *doc,
    const struct ct_yaml *map, int layers, struct ct_error *err)
{
	int code = ct_yaml_ints(doc, map, "dictionary", CT_TRAIN_MOST_LAYERS, o->features,
	    o->dictionary, &o->n_dictionary, err);

	if (code == CT_OK && o->n_dictionary > 0 && o->lookups + o->n_dictionary > layers)
		code = ct_yaml_fail(doc, ct_yaml_get(map, "dictionary"), CT_EINVAL, err, "\"dictionary\" has "
		    "atoms for %d layers after %d of lookups; the model has only %d layers", o->n_dictionary,
		    o->lookups, layers);
	return code;
}

static int
read_transcoder(struct ct_train_transcoder_options *o, const struct ct_yaml_doc *doc,
    const struct ct_yaml *root, bool per_layer, int layers, struct ct_error *err)
{
	const struct ct_yaml *map = ct_yaml_get(root, per_layer ? "transcoder-plt" : "transcoder");
	const struct number list[] = {
		{ "features", &o->features, NULL, 1, 1 << 20, NULL },
		{ "seed", &o->seed, NULL, 0, INT_MAX, NULL },
		{ "steps", &o->steps, NULL, 0, 10000000, NULL },
		{ "batch", &o->batch, NULL, 1, 1 << 20, NULL },
		{ "rate", NULL, &o->rate, 0, 1, NULL },
		{ "beta1", NULL, &o->beta1, 0, .99999, NULL },
		{ "beta2", NULL, &o->beta2, 0, .99999, NULL },
		{ "warmup", NULL, &o->warmup, 0, 1, NULL },
		{ "cooldown", NULL, &o->cooldown, 0, 1, NULL },
		{ "far", NULL, &o->far, 0, 1e6, NULL },
		{ "lookups", &o->lookups, NULL, 0, 64, NULL },
		{ "alike", NULL, &o->alike, 0, 1, NULL },
		{ "dictionary price", NULL, &o->dictionary_price, 0, 1, NULL },
		{ "sparsity", NULL, &o->sparsity, 0, 1e6, NULL },
		{ "last layer", NULL, &o->last_layer, 0, 1e6, NULL },
		{ "ramp", NULL, &o->ramp, 0, 1, NULL },
		{ "sharpness", NULL, &o->sharpness, 0, 1e6, NULL },
		{ "threshold", NULL, &o->threshold, 1e-6, 1e3, NULL },
		{ "bandwidth", NULL, &o->bandwidth, 1e-6, 1e3, NULL },
		{ "threshold rate", NULL, &o->threshold_rate, 0, 100, NULL },
		{ "settle", NULL, &o->settle, 0, 1, NULL },
		{ "settle at", NULL, &o->settle_at, 0, 1, NULL },
		{ "settle rank", &o->settle_rank, NULL, 1, INT_MAX, NULL },
		{ "revive", NULL, &o->revive, 0, 1e6, NULL },
		{ "dead after", &o->dead_after, NULL, 1, INT_MAX, NULL },
		{ "common", NULL, &o->common, 0, 1, NULL },
		{ "answers", NULL, &o->answers, 0, 1e6, NULL },
		{ "plans", NULL, &o->plans, 0, 1e6, NULL },
		{ "ends", NULL, &o->ends, 0, 1e6, NULL },
	};

	int code;

	*o = transcoder_defaults;
	o->per_layer = per_layer;
	if (!map)
		return CT_OK;
	o->wanted = true;
	code = read_numbers(doc, map, list, sizeof list / sizeof *list, "dictionary", err);
	return code != CT_OK ? code : read_dictionary(o, doc, map, layers, err);
}

int
ct_train_recipe_read(struct ct_train_recipe *out, const struct ct_yaml_doc *doc, struct ct_error *err)
{
	static const char *const keys[] = {
		"name", "demo", "corpus", "parts", "model", "train", "transcoder", "transcoder-plt", NULL
	};
	const struct ct_yaml *root = ct_yaml_root(doc);
	int code;

	memset(out, 0, sizeof *out);
	code = ct_yaml_only(doc, root, keys, err);
	if (code == CT_OK)
		code = read_model(&out->model, doc, root, err);
	if (code == CT_OK)
		code = read_transcoder(&out->clt, doc, root, false, out->model.shape.L, err);
	if (code == CT_OK)
		code = read_transcoder(&out->plt, doc, root, true, out->model.shape.L, err);
	return code;
}
