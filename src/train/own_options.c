/* own_options: see own_options.h. */
#include "train/own_options.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "corpus/windows.h"

static const struct ct_own_transcoder defaults = {
	.features = 2048, .l0 = 32, .topk = true, .read = CT_READ_NORM2, .write = CT_WRITE_STREAM, .seed = 1,
	.steps = 1000, .batch = 1024, .rate = 3e-3, .beta1 = .9, .beta2 = .999, .warmup = .02, .cooldown = .3,
	.buffer = 32768, .passes = 4, .dead_after = 50000, .bandwidth = .3,
	.threshold_rate = 1, .sharpness = 4,
};
static const char *const read_names[] = {
	[CT_READ_MID] = "hook_resid_mid", [CT_READ_NORM2] = "mlp.hook_in",
	[CT_READ_NORM2_BARE] = "ln2.hook_normalized", NULL
};
static const char *const write_names[] = {
	[CT_WRITE_STREAM] = "hook_mlp_out", [CT_WRITE_MLP] = "mlp.hook_out", NULL
};
static const char *const activations[] = { "batchtopk", "jumprelu", NULL };

const char *
ct_own_read_name(enum ct_read_point read)
{
	return read_names[read];
}

const char *
ct_own_write_name(enum ct_write_point write)
{
	return write_names[write];
}

bool
ct_own_wanted(const struct ct_yaml_doc *doc)
{
	const struct ct_yaml *root = ct_yaml_root(doc);
	const struct ct_yaml *model = root->kind == CT_YAML_MAP ? ct_yaml_get(root, "model") : NULL;

	return ct_windows_wanted(doc) || (model && model->kind == CT_YAML_MAP && ct_yaml_get(model, "from"));
}

/* A value that must be one of the names: *out becomes its index. */
static int
read_name(const struct ct_yaml_doc *doc, const struct ct_yaml *map, const char *key, const char *const *names,
    int *out, struct ct_error *err)
{
	const char *text = NULL;
	char list[128] = "";
	size_t n = 0;
	int code = ct_yaml_string(doc, map, key, false, &text, err);

	if (code < 0 || !text)
		return code;
	for (int i = 0; names[i]; i++) {
		if (strcmp(names[i], text) == 0) {
			*out = i;
			return CT_OK;
		}
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", names[i]);
	}
	return ct_yaml_fail(doc, ct_yaml_get(map, key), CT_EINVAL, err, "%s is \"%s\"; expected one of: %s",
	    key, text, list);
}

static int
read_ints(struct ct_own_transcoder *o, const struct ct_yaml_doc *doc, const struct ct_yaml *map,
    struct ct_error *err)
{
	const struct {
		const char *key;
		int *value, min, max;
	} list[] = {
		{ "features", &o->features, 1, 1 << 20 },
		{ "l0", &o->l0, 1, 1 << 20 },
		{ "seed", &o->seed, 0, INT_MAX },
		{ "steps", &o->steps, 1, 10000000 },
		{ "batch", &o->batch, 1, 1 << 20 },
		{ "buffer", &o->buffer, 1, INT_MAX / 2 },
		{ "passes", &o->passes, 1, 1000 },
		{ "dead after", &o->dead_after, 1, INT_MAX / 2 },
	};
	int code = CT_OK;

	for (size_t i = 0; i < sizeof list / sizeof *list && code == CT_OK; i++)
		code = ct_yaml_int(doc, map, list[i].key, false, list[i].min, list[i].max, list[i].value,
		    err);
	return code;
}

static int
read_doubles(struct ct_own_transcoder *o, const struct ct_yaml_doc *doc, const struct ct_yaml *map,
    struct ct_error *err)
{
	const struct {
		const char *key;
		double *value, min, max;
		bool jumprelu;		/* not allowed for BatchTopK */
	} list[] = {
		{ "rate", &o->rate, 0, 1, false },
		{ "beta1", &o->beta1, 0, .99999, false },
		{ "beta2", &o->beta2, 0, .99999, false },
		{ "warmup", &o->warmup, 0, 1, false },
		{ "cooldown", &o->cooldown, 0, 1, false },
		{ "bandwidth", &o->bandwidth, 1e-6, 1e3, true },
		{ "threshold rate", &o->threshold_rate, 0, 100, true },
		{ "sharpness", &o->sharpness, 1e-6, 1e6, true },
	};
	int code = CT_OK;

	for (size_t i = 0; i < sizeof list / sizeof *list && code == CT_OK; i++) {
		const struct ct_yaml *at = ct_yaml_get(map, list[i].key);

		if (at && list[i].jumprelu && o->topk)
			return ct_yaml_fail(doc, at, CT_EINVAL, err,
			    "%s is for `activation: jumprelu`; BatchTopK "
			    "has no thresholds to learn", list[i].key);
		code = ct_yaml_double(doc, map, list[i].key, false, list[i].min, list[i].max, list[i].value,
		    err);
	}
	return code;
}

static int
read_transcoder(struct ct_own_transcoder *o, const struct ct_yaml_doc *doc, bool per_layer,
    struct ct_error *err)
{
	static const char *const keys[] = { "features", "l0", "activation", "read", "write", "seed", "steps",
		"batch", "rate", "beta1", "beta2", "warmup", "cooldown", "buffer", "passes", "dead after",
		"bandwidth", "threshold rate", "sharpness", NULL };
	const struct ct_yaml *map = ct_yaml_get(ct_yaml_root(doc), per_layer ? "transcoder-plt" :
	    "transcoder");
	int code, activation = 0, read = defaults.read, write = defaults.write;

	*o = defaults;
	o->per_layer = per_layer;
	if (!map)
		return CT_OK;
	o->wanted = true;
	if (map->kind != CT_YAML_MAP)
		return ct_yaml_fail(doc, map, CT_EFORMAT, err, "%s must be a map of keys to values",
		    map->key);
	if ((code = ct_yaml_only(doc, map, keys, err)) < 0 ||
	    (code = read_name(doc, map, "activation", activations, &activation, err)) < 0 ||
	    (code = read_name(doc, map, "read", read_names, &read, err)) < 0 ||
	    (code = read_name(doc, map, "write", write_names, &write, err)) < 0)
		return code;
	o->topk = activation == 0;
	o->read = (enum ct_read_point)read;
	o->write = (enum ct_write_point)write;
	if ((code = read_ints(o, doc, map, err)) < 0 || (code = read_doubles(o, doc, map, err)) < 0)
		return code;
	if (o->l0 >= o->features)
		return ct_yaml_fail(doc, map, CT_EINVAL, err,
		    "%s is to have %d of %d features active; expected "
		    "`l0:` below `features:`", map->key, o->l0, o->features);
	if (o->buffer < o->batch)
		return ct_yaml_fail(doc, map, CT_EINVAL, err,
		    "%s: a buffer of %d positions holds no batch of %d", map->key, o->buffer, o->batch);
	return CT_OK;
}

int
ct_own_recipe_read(struct ct_own_recipe *out, const struct ct_yaml_doc *doc, struct ct_error *err)
{
	static const char *const keys[] = { "name", "demo", "corpus", "model", "transcoder", "transcoder-plt",
		NULL };
	static const char *const world[] = { "train", "parts", NULL };
	static const char *const model_keys[] = { "from", NULL };
	const struct ct_yaml *root = ct_yaml_root(doc), *model = ct_yaml_get(root, "model");
	const struct ct_yaml *corpus = ct_yaml_get(root, "corpus");
	int code;

	memset(out, 0, sizeof *out);
	for (int i = 0; world[i]; i++)
		if (ct_yaml_get(root, world[i]))
			return ct_yaml_fail(doc, ct_yaml_get(root, world[i]), CT_EINVAL, err,
			    "%s: is only for recipes that train a model; this one has a corpus of text or "
			    "`model: {from: DIR}`", world[i]);
	if ((code = ct_yaml_only(doc, root, keys, err)) < 0 ||
	    (code = ct_yaml_string(doc, root, "name", true, &out->name, err)) < 0)
		return code;
	if (!model || model->kind != CT_YAML_MAP || !ct_yaml_get(model, "from"))
		return ct_yaml_fail(doc, model ? model : corpus, CT_EINVAL, err,
		    "a corpus of text is for a model "
		    "that exists; name its directory with `model: {from: DIR}`");
	if (!ct_windows_wanted(doc))
		return ct_yaml_fail(doc, corpus ? corpus : model, CT_EINVAL, err,
		    "a model that exists learns its transcoder from text; expected `corpus: {text: FILE}`");
	if ((code = ct_yaml_only(doc, model, model_keys, err)) < 0 ||
	    (code = ct_yaml_string(doc, model, "from", true, &out->from, err)) < 0 ||
	    (code = read_transcoder(&out->clt, doc, false, err)) < 0 ||
	    (code = read_transcoder(&out->plt, doc, true, err)) < 0)
		return code;
	if (!out->clt.wanted && !out->plt.wanted)
		return ct_yaml_fail(doc, root, CT_EINVAL, err, "nothing to train: expected a section "
		    "`transcoder-plt:` (one for each layer) or `transcoder:` (cross-layer)");
	return CT_OK;
}
