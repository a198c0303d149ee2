/*
 * transcoder_sparsify: the layout of EleutherAI's sparsify, layers.{l}.mlp/cfg.json and sae.safetensors.
 *
 * encoder.weight (F,D), encoder.bias (F), W_dec (F,D), b_dec (D), and W_skip (D,D) if cfg.json says
 * skip_connection. The folder names the module, whose input is read and whose output is written:
 * mlp.hook_in and mlp.hook_out. Active are the k largest relu(pre) (topk), or the largest in each of k groups
 * (groupmax). Without "transcode", b_dec is subtracted from the input; the skip path adds x W_skip'. Source:
 * sparsify, sparse_coder.py, fused_encoder.py, config.py.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "io/json.h"
#include "model/transcoder_load.h"

enum { MAX_CFG = 1 << 20, MAX_K = 1 << 24 };

static const char *const stems[] = { "layers.", "h.", "model.layers.", "transformer.h." };

/* What a cfg.json says. Missing keys have the defaults of sparsify's class. */
struct cfg {
	enum ct_tc_act act;
	int d_in, k, num_latents, expansion;
	bool skip, transcode;
};

static const char *
stem_of(const struct ct_tc_loader *ld)
{
	for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
		char name[64];

		snprintf(name, sizeof name, "%s0.mlp/cfg.json", stems[i]);
		if (ct_tc_exists(ld, name))
			return stems[i];
	}
	return NULL;
}

static bool
fits(const struct ct_tc_loader *ld)
{
	return !ld->has_config && stem_of(ld);
}

/* An unknown key does nothing if it is off. */
static bool
is_off(const json_t *v)
{
	const char *text = json_string_value(v);

	return json_is_false(v) || json_is_null(v) || (json_is_number(v) && json_number_value(v) == 0) ||
	    (text && (!*text || strcmp(text, "none") == 0));
}

static int
check_keys(const json_t *root, const char *path, struct ct_error *err)
{
	static const char *const known[] = {
		"activation", "d_in", "expansion_factor", "k", "num_latents", "skip_connection", "transcode",
		/* Keys that only concern the training, or say where the weights come from. */
		"dtype", "gram_table_hash", "lookup_max_order", "multi_topk", "normalize_decoder",
	};
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)root, key, v) {
		char shown[80];
		bool is_known = false;

		for (size_t i = 0; i < sizeof known / sizeof *known && !is_known; i++)
			is_known = strcmp(key, known[i]) == 0;
		if (is_known || is_off(v))
			continue;
		ct_text_clean(shown, sizeof shown, key, strlen(key));
		return ct_fail(err, CT_EUNSUPPORTED, "%s: the key \"%s\" is unknown, and might change the "
		    "numbers", path, shown);
	}
	return CT_OK;
}

static int
read_act(struct ct_tc_loader *ld, const json_t *root, const char *path, struct cfg *c)
{
	const char *name = "topk";
	int code = ct_json_string(root, path, "activation", false, &name, ld->err);

	if (code != CT_OK)
		return code;
	if (strcmp(name, "topk") == 0)
		c->act = CT_TC_TOPK_RELU;
	else if (strcmp(name, "groupmax") == 0)
		c->act = CT_TC_GROUPMAX;
	else if (strcmp(name, "batchtopk") == 0)
		c->act = CT_TC_BATCHTOPK;
	else
		return ct_fail(ld->err, CT_EUNSUPPORTED, "%s: \"activation\" is \"%.60s\", expected topk, "
		    "groupmax or batchtopk", path, name);
	c->k = ld->opt->k;
	code = ct_json_int(root, path, "k", false, 1, MAX_K, &c->k, ld->err);
	if (code != CT_OK)
		return code;
	if (!c->k)
		return ct_fail(ld->err, CT_EFORMAT, "%s: \"k\", the number of features that stay active, is "
		    "missing; give it as --k N", path);
	if (ld->opt->k && ld->opt->k != c->k)
		return ct_fail(ld->err, CT_EINVAL, "%s: \"k\" is %d, but --k %d is given", path, c->k,
		    ld->opt->k);
	return CT_OK;
}

static int
read_cfg(struct ct_tc_loader *ld, const char *path, struct cfg *c)
{
	json_t *root = NULL;
	int code = ct_json_load(&root, path, MAX_CFG, ld->err);

	*c = (struct cfg){ .expansion = 32 };
	if (code == CT_OK && !json_is_object(root))
		code = ct_fail(ld->err, CT_EFORMAT, "%s: expected an object {...}", path);
	if (code == CT_OK)
		code = check_keys(root, path, ld->err);
	if (code == CT_OK)
		code = read_act(ld, root, path, c);
	if (code == CT_OK)
		code = ct_json_int(root, path, "d_in", true, 1, 1 << 20, &c->d_in, ld->err);
	if (code == CT_OK)
		code = ct_json_int(root, path, "num_latents", false, 0, 1 << 26, &c->num_latents, ld->err);
	if (code == CT_OK)
		code = ct_json_int(root, path, "expansion_factor", false, 1, 1 << 20, &c->expansion,
		    ld->err);
	if (code == CT_OK)
		code = ct_json_bool(root, path, "skip_connection", false, &c->skip, ld->err);
	if (code == CT_OK)
		code = ct_json_bool(root, path, "transcode", false, &c->transcode, ld->err);
	json_decref(root);
	return code;
}

/* Compares the cfg.json of a layer with the model and with layer 0's, which sets the transcoder's fields. */
static int
check_cfg(struct ct_tc_loader *ld, const char *path, const struct cfg *c, int l)
{
	struct ct_transcoder *tc = ld->tc;

	if (c->d_in != tc->D)
		return ct_fail(ld->err, CT_EFORMAT, "%s: \"d_in\" is %d, but the model has a width of %d: "
		    "was this transcoder made for another model?", path, c->d_in, tc->D);
	if (l == 0) {
		tc->act = c->act;
		tc->k = c->k;
		tc->centred = !c->transcode;
		tc->skip = c->skip;
	}
	if (tc->act != c->act || tc->k != c->k || tc->centred == c->transcode || tc->skip != c->skip)
		return ct_fail(ld->err, CT_EUNSUPPORTED, "%s: activation, k, transcode and skip_connection "
		    "must be those of layer 0", path);
	if (l == 0 && !c->transcode)
		ct_note(&ld->tc->notes, "%s: \"transcode\" is false: an autoencoder of the MLP's output, "
		    "which here reads the MLP's input, less b_dec; its replacement score tells what that is "
		    "worth", path);
	return CT_OK;
}

static int
features_of(const struct cfg *c)
{
	long long n = (long long)c->expansion * c->d_in;

	return c->num_latents ? c->num_latents : n < INT_MAX ? (int)n : INT_MAX;
}

static int
bind(struct ct_tc_loader *ld, int l)
{
	struct ct_tc_layer *ly = &ld->tc->layers[l];
	const struct ct_tc_file *f;
	char name[64], *path;
	struct cfg c;
	int D = ld->tc->D, code;

	ld->stem = stem_of(ld);
	ct_tc_layer_name(name, sizeof name, ld, l);
	path = ct_path_join(ld->dir, name);
	if (!path)
		return ct_fail_memory(ld->err, strlen(ld->dir), "a path");
	code = read_cfg(ld, path, &c);
	if (code == CT_OK)
		code = check_cfg(ld, path, &c, l);
	free(path);
	if (code != CT_OK)
		return code;
	ld->width = features_of(&c);
	snprintf(name, sizeof name, "%s%d.mlp/sae.safetensors", ld->stem, l);
	if ((code = ct_tc_open_file(ld, name, &f)) < 0 ||
	    (code = ct_tc_encoder(ld, f, "encoder.weight", false, l)) < 0 ||
	    (code = ct_tc_decoder(ld, f, "W_dec", l)) < 0 ||
	    (code = ct_tc_vector(ld, f, "encoder.bias", ly->F, &ly->b_enc)) < 0 ||
	    (code = ct_tc_vector(ld, f, "b_dec", D, &ly->b_dec)) < 0)
		return code;
	if (c.skip && (code = ct_tc_skip(ld, f, "W_skip", false, l)) < 0)
		return code;
	if (c.act == CT_TC_GROUPMAX && ly->F % c.k != 0)
		return ct_fail(ld->err, CT_EFORMAT, "%s: %d features do not make %d groups of one size",
		    f->path, ly->F, c.k);
	ld->tc->kind = CT_PLT;
	ld->tc->read = CT_READ_NORM2;
	ld->tc->write = CT_WRITE_MLP;
	return ct_tc_end_file(ld, f);
}

const struct ct_tc_layout ct_tc_sparsify = {
	.name = "sparsify",
	.tensors = "encoder.weight, encoder.bias, W_dec, b_dec, and W_skip if cfg.json says skip_connection",
	.stem = "layers.",
	.suffix = ".mlp/cfg.json",
	.has_act = true,
	.fits = fits,
	.bind = bind,
};
