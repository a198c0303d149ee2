/* options: see options.h. */
#include "train/options.h"

#include <limits.h>
#include <string.h>

static const struct ct_model_options model_defaults = {
	.shape = { .L = 4, .D = 128, .H = 4, .context = 32, .eps = 1e-5, .theta = 10000 },
	.init = .02, .seed = 1, .steps = 600, .batch = 256, .rate = 2e-3, .beta1 = .9, .beta2 = .98, .decay = .1,
	.clip = 1, .warmup = .05, .cooldown = .2, .answer_weight = 1,
};
static const struct ct_coder_options coder_defaults = {
	.features = 1024, .seed = 1, .steps = 4000, .batch = 2048, .rate = 1e-3, .beta1 = .9, .beta2 = .999,
	.warmup = .01, .cooldown = .2, .sparsity = .6, .ramp = 1, .sharpness = 4, .threshold = .03,
	.active = .02, .bandwidth = .06, .revive = 1e-3, .dead_after = 100000, .common = .5,
};

/* One number of a section: exactly one of i and d says where it goes. */
struct number {
	const char *key;
	int *i;
	double *d;
	double min, max;
};

/* Reads a section's numbers; unknown keys are errors. */
static int
read_numbers(const struct ct_yaml_doc *doc, const struct ct_yaml *map, const struct number *list, int n,
    struct ct_error *err)
{
	const char *keys[32];
	int code = CT_OK, k = 0;

	if (map->kind != CT_YAML_MAP)
		return ct_yaml_fail(doc, map, CT_EFORMAT, err, "%s must be a map of keys to numbers", map->key);
	for (int i = 0; i < n; i++)
		keys[k++] = list[i].key;
	keys[k] = NULL;
	code = ct_yaml_only(doc, map, keys, err);
	for (int i = 0; i < n && code == CT_OK; i++) {
		const struct number *q = &list[i];

		if (q->i)
			code = ct_yaml_int(doc, map, q->key, false, (int)q->min, (int)q->max, q->i, err);
		else
			code = ct_yaml_double(doc, map, q->key, false, q->min, q->max, q->d, err);
	}
	return code;
}

static int
read_model(struct ct_model_options *o, const struct ct_yaml_doc *doc, const struct ct_yaml *root,
    struct ct_error *err)
{
	struct ct_net_shape *s = &o->shape;
	const struct ct_yaml *model = ct_yaml_get(root, "model"), *train = ct_yaml_get(root, "train");
	const struct number sizes[] = {
		{ "layers", &s->L, NULL, 1, 64 },
		{ "width", &s->D, NULL, 2, 4096 },
		{ "heads", &s->H, NULL, 1, 256 },
		{ "kv heads", &s->H_kv, NULL, 1, 256 },
		{ "head width", &s->head, NULL, 2, 1024 },
		{ "mlp", &s->mlp, NULL, 1, 65536 },
		{ "context", &s->context, NULL, 1, 65536 },
		{ "rope theta", NULL, &s->theta, 1, 1e9 },
		{ "norm eps", NULL, &s->eps, 1e-12, 1 },
		{ "init", NULL, &o->init, 1e-6, 10 },
	};
	const struct number steps[] = {
		{ "seed", &o->seed, NULL, 0, INT_MAX },
		{ "steps", &o->steps, NULL, 0, 10000000 },
		{ "batch", &o->batch, NULL, 1, 65536 },
		{ "rate", NULL, &o->rate, 0, 1 },
		{ "beta1", NULL, &o->beta1, 0, .99999 },
		{ "beta2", NULL, &o->beta2, 0, .99999 },
		{ "weight decay", NULL, &o->decay, 0, 10 },
		{ "clip", NULL, &o->clip, 0, 1e9 },
		{ "warmup", NULL, &o->warmup, 0, 1 },
		{ "cooldown", NULL, &o->cooldown, 0, 1 },
		{ "answer weight", NULL, &o->answer_weight, 0, 1e6 },
	};
	int code;

	*o = model_defaults;
	if (model && (code = read_numbers(doc, model, sizes, sizeof sizes / sizeof *sizes, err)) != CT_OK)
		return code;
	if (train && (code = read_numbers(doc, train, steps, sizeof steps / sizeof *steps, err)) != CT_OK)
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

static int
read_coder(struct ct_coder_options *o, const struct ct_yaml_doc *doc, const struct ct_yaml *root, bool per_layer,
    struct ct_error *err)
{
	const struct ct_yaml *map = ct_yaml_get(root, per_layer ? "transcoder-plt" : "transcoder");
	const struct number list[] = {
		{ "features", &o->features, NULL, 1, 1 << 20 },
		{ "seed", &o->seed, NULL, 0, INT_MAX },
		{ "steps", &o->steps, NULL, 0, 10000000 },
		{ "batch", &o->batch, NULL, 1, 1 << 20 },
		{ "rate", NULL, &o->rate, 0, 1 },
		{ "beta1", NULL, &o->beta1, 0, .99999 },
		{ "beta2", NULL, &o->beta2, 0, .99999 },
		{ "warmup", NULL, &o->warmup, 0, 1 },
		{ "cooldown", NULL, &o->cooldown, 0, 1 },
		{ "sparsity", NULL, &o->sparsity, 0, 1e6 },
		{ "ramp", NULL, &o->ramp, 0, 1 },
		{ "sharpness", NULL, &o->sharpness, 0, 1e6 },
		{ "threshold", NULL, &o->threshold, 1e-6, 1e3 },
		{ "active", NULL, &o->active, 0, 1 },
		{ "bandwidth", NULL, &o->bandwidth, 1e-6, 1e3 },
		{ "revive", NULL, &o->revive, 0, 1e6 },
		{ "dead after", &o->dead_after, NULL, 1, INT_MAX },
		{ "common", NULL, &o->common, 0, 1 },
	};

	*o = coder_defaults;
	o->per_layer = per_layer;
	if (!map)
		return CT_OK;
	o->wanted = true;
	return read_numbers(doc, map, list, sizeof list / sizeof *list, err);
}

int
ct_train_recipe_read(struct ct_train_recipe *out, const struct ct_yaml_doc *doc, struct ct_error *err)
{
	const struct ct_yaml *root = ct_yaml_root(doc);
	int code;

	memset(out, 0, sizeof *out);
	code = read_model(&out->model, doc, root, err);
	if (code == CT_OK)
		code = read_coder(&out->clt, doc, root, false, err);
	if (code == CT_OK)
		code = read_coder(&out->plt, doc, root, true, err);
	return code;
}

double
ct_train_schedule(int step, int steps, double warmup, double cooldown)
{
	double up = warmup * steps, down = cooldown * steps, at = step + 1;

	if (at < up)
		return at / up;
	if (steps - step < down)
		return (steps - step) / down;
	return 1;
}
