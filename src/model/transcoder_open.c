/*
 * transcoder_open: which layout a directory has, and what all layouts are checked for; see
 * transcoder_load.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "io/folder.h"
#include "model/transcoder_load.h"

void
ct_tc_layer_name(char *buf, size_t size, const struct ct_tc_loader *ld, int l)
{
	snprintf(buf, size, "%s%d%s", ld->stem, l, ld->layout->suffix);
}

static void
close_file(struct ct_tc_file *f)
{
	ct_tensors_close(f->tensors);
	ct_npz_close(f->npz);
	free(f->path);
	*f = (struct ct_tc_file){ 0 };
}

/*
 * The first layout that fits is used. Those that are recognised by more details come before more general
 * ones.
 */
static const struct ct_tc_layout *const layouts[] = {
	&ct_tc_sparsify, &ct_tc_scope2_clt, &ct_tc_clt, &ct_tc_scope1, &ct_tc_scope2_plt, &ct_tc_plt,
};

static int
no_layout(struct ct_tc_loader *ld)
{
	const char *hint = "";

	if (!ld->has_config) {
		int code = ct_folder_explain(ld->dir, CT_FOLDER_TRANSCODER, ld->err);

		if (code == CT_OK)
			code = ct_fail(ld->err, CT_ENOTFOUND, "%s: no transcoder: there is neither a "
			    "config.yaml, as circuit-tracer has it, nor layers.0.mlp/cfg.json, as sparsify "
			    "has it", ld->dir);
		return code;
	}
	if (ld->tc->kind == CT_CLT) {
		if (ct_tc_exists(ld, "layer_0.safetensors"))
			hint = "; layer_0.safetensors is of a transcoder_set";
		return ct_fail(ld->err, CT_ENOTFOUND, "%s: there is neither W_enc_0.safetensors nor "
		    "params_layer_0.safetensors%s", ld->dir, hint);
	}
	if (ct_tc_exists(ld, "W_enc_0.safetensors"))
		hint = "; W_enc_0.safetensors is of a cross_layer_transcoder";
	return ct_fail(ld->err, CT_ENOTFOUND, "%s: there is no layer_0.safetensors, and config.yaml lists no "
	    "files under \"transcoders\"%s", ld->dir, hint);
}

static int
choose(struct ct_tc_loader *ld)
{
	int code = CT_OK;

	ld->layout = &ct_tc_plt;
	ld->stem = ct_tc_plt.stem;
	if (ld->has_config && ld->tc->kind == CT_PLT) {
		if (!ld->paths && !ct_tc_exists(ld, "layer_0.safetensors"))
			return no_layout(ld);
		code = ct_tc_open_layer(ld, 0, &ld->first);
		if (code != CT_OK)
			return code;
	}
	ld->layout = NULL;
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts && !ld->layout; i++)
		if (layouts[i]->fits(ld))
			ld->layout = layouts[i];
	if (ld->first)
		close_file(&ld->tc->files[--ld->tc->n_files]);
	ld->first = NULL;
	if (!ld->layout)
		return no_layout(ld);
	ld->stem = ld->layout->stem;
	return CT_OK;
}

/* Looks for a layer beyond the model's last: no other check would notice it. */
static int
check_end(struct ct_tc_loader *ld)
{
	char name[64];

	ct_tc_layer_name(name, sizeof name, ld, ld->tc->L);
	if (ld->paths || !ct_tc_exists(ld, name))
		return CT_OK;
	return ct_fail(ld->err, CT_EFORMAT, "%s/%s: a layer that the model, which has %d, lacks: was this "
	    "transcoder made for another model?", ld->dir, name, ld->tc->L);
}

/* Stops at the first number that is not 0, so for a matrix in use it stops at once. */
static bool
all_zero(const struct ct_tensor *t)
{
	enum { PIECE = 1024 };
	float x[PIECE];

	for (size_t at = 0; at < t->count; at += PIECE) {
		size_t n = t->count - at < PIECE ? t->count - at : PIECE;

		ct_tensor_read(x, t, at, n);
		for (size_t i = 0; i < n; i++)
			if (x[i] != 0)
				return false;
	}
	return true;
}

/* Notes what may be intended, but probably is not. */
static void
note_oddities(const struct ct_tc_loader *ld, int l)
{
	const struct ct_tc_layer *ly = &ld->tc->layers[l];
	const struct ct_tensor *both[] = { ly->enc_tensor, ly->dec_tensor };
	int negative = 0;

	for (int i = 0; i < 2; i++)
		if (all_zero(both[i]))
			ct_note(&ld->tc->notes, "%s: all %zu numbers of %s are 0: the %d features of layer "
			    "%d %s", both[i]->file, both[i]->count, both[i]->name, ly->F, l,
			    i ? "write nothing" : "read nothing");
	for (int f = 0; ly->threshold && f < ly->F; f++)
		negative += ly->threshold[f] < 0;
	if (negative > ly->F / 2)
		ct_note(&ld->tc->notes, "%s: %d of %d thresholds of layer %d are below 0: those features are "
		    "active at most tokens", both[0]->file, negative, ly->F, l);
}

/* With thresholds, ReLU becomes JumpReLU; config.yaml must not contradict them. */
static int
settle_act(struct ct_tc_loader *ld)
{
	struct ct_transcoder *tc = ld->tc;
	const char *found = tc->layers[0].threshold ? "thresholds" : "no thresholds";

	for (int l = 1; l < tc->L; l++)
		if (!tc->layers[l].threshold != !tc->layers[0].threshold)
			return ct_fail(ld->err, CT_EFORMAT, "%s: layer %d %s thresholds, layer 0 %s: all "
			    "layers must agree", ld->dir, l, tc->layers[l].threshold ? "has" : "lacks",
			    tc->layers[0].threshold ? "has" : "lacks");
	if (ld->says_act && (ld->act == CT_TC_JUMPRELU) != (tc->layers[0].threshold != NULL))
		return ct_fail(ld->err, CT_EFORMAT, "%s/config.yaml: activation is %s, but the files have "
		    "%s", ld->dir, ct_tc_act_name(ld->act), found);
	tc->act = tc->layers[0].threshold ? CT_TC_JUMPRELU : ld->says_act ? ld->act : CT_TC_RELU;
	return CT_OK;
}

static void
note_expanded(struct ct_transcoder *tc, const char *dir)
{
	size_t bytes = 0;

	for (int i = 0; i < tc->n_files; i++)
		bytes += tc->files[i].npz ? ct_npz_expanded(tc->files[i].npz) : 0;
	if (bytes)
		ct_note(&tc->notes, "%s: its archives are compressed, so %.1f MB of them are held in memory; "
		    "saved by numpy.savez they would stay in the files", dir, (double)bytes / (1 << 20));
}

static int
bind_layers(struct ct_tc_loader *ld)
{
	int code = CT_OK;

	ld->tc->layout = ld->layout->name;
	for (int l = 0; l < ld->tc->L && code == CT_OK; l++) {
		code = ld->layout->bind(ld, l);
		if (code == CT_OK)
			note_oddities(ld, l);
	}
	note_expanded(ld->tc, ld->dir);
	if (code == CT_OK)
		code = check_end(ld);
	return code == CT_OK && !ld->layout->has_act ? settle_act(ld) : code;
}

static int
open_dir(struct ct_tc_loader *ld, struct ct_yaml_doc **doc)
{
	char *path = ct_path_join(ld->dir, "config.yaml");
	int code;

	if (!path)
		return ct_fail_memory(ld->err, strlen(ld->dir), "a path");
	ld->has_config = !ct_file_missing(path);
	code = ld->has_config ? ct_yaml_open(doc, path, NULL, 0, ld->err) : CT_OK;
	if (code == CT_OK && ld->has_config)
		code = ct_tc_read_config(ld, *doc);
	if (code == CT_OK)
		code = choose(ld);
	free(path);
	if (code == CT_OK)
		code = bind_layers(ld);
	if (code == CT_OK && !ld->tc->scan) {
		ld->tc->scan = ct_arena_strdup(&ld->tc->arena, ld->layout->name);
		if (!ld->tc->scan)
			code = ct_fail_memory(ld->err, 64, "the scan name");
	}
	return code;
}

int
ct_transcoder_open(struct ct_transcoder **out, const char *dir, const struct ct_model *m,
    const struct ct_transcoder_options *options, struct ct_error *err)
{
	static const struct ct_transcoder_options none = { 0 };
	struct ct_transcoder *tc = calloc(1, sizeof *tc);
	struct ct_error own;
	struct ct_tc_loader ld = { .tc = tc, .model = m, .dir = dir, .opt = options ? options : &none,
		.err = err ? err : &own };
	struct ct_yaml_doc *doc = NULL;
	int code = CT_ENOMEM;

	*out = NULL;
	if (!tc)
		return ct_fail_memory(err, sizeof *tc, "a transcoder");
	tc->L = m->cfg.L;
	tc->D = m->cfg.D;
	tc->allow_nonfinite = ld.opt->allow_nonfinite;
	tc->layers = ct_arena_need(&tc->arena, (size_t)tc->L, sizeof *tc->layers, "transcoder layers", err);
	tc->files = ct_arena_need(&tc->arena, 2 * (size_t)tc->L + 1, sizeof *tc->files, "transcoder files",
	    err);
	if (tc->layers && tc->files)
		code = open_dir(&ld, &doc);
	ct_yaml_close(doc);
	if (code == CT_OK)
		*out = tc;
	else
		ct_transcoder_close(tc);
	return code;
}

int
ct_transcoder_neurons(struct ct_transcoder **out, const struct ct_model *m, struct ct_error *err)
{
	struct ct_transcoder *tc = calloc(1, sizeof *tc);
	float *zeros, *none;

	*out = NULL;
	if (!tc)
		return ct_fail_memory(err, sizeof *tc, "a transcoder");
	*tc = (struct ct_transcoder){ .kind = CT_PLT, .act = CT_TC_NEURONS, .read = CT_READ_NORM2,
		.write = CT_WRITE_MLP, .L = m->cfg.L, .D = m->cfg.D, .F = m->cfg.mlp,
		.layout = "the model's own neurons", .neurons = m };
	tc->layers = ct_arena_need(&tc->arena, (size_t)tc->L, sizeof *tc->layers, "transcoder layers", err);
	tc->scan = ct_arena_strdup(&tc->arena, "neurons");
	zeros = ct_arena_need(&tc->arena, (size_t)tc->D, sizeof *zeros, "zeros", err);
	none = ct_arena_need(&tc->arena, (size_t)tc->F, sizeof *none, "zeros", err);
	if (!tc->layers || !tc->scan || !zeros || !none) {
		ct_transcoder_close(tc);
		return ct_fail_memory(err, (size_t)m->cfg.mlp * sizeof *none, "a transcoder");
	}
	for (int l = 0; l < tc->L; l++) {
		const float *bias = m->layers[l].down.b;

		tc->layers[l] = (struct ct_tc_layer){ .F = m->cfg.mlp, .dec_rows = 1, .dec_first = l,
			.b_enc = none, .b_dec = bias ? bias : zeros };
	}
	*out = tc;
	return CT_OK;
}

void
ct_transcoder_close(struct ct_transcoder *tc)
{
	if (!tc)
		return;
	for (int i = 0; i < tc->n_files; i++)
		close_file(&tc->files[i]);
	ct_arena_free(&tc->arena);
	free(tc);
}

int
ct_transcoder_check(const struct ct_transcoder *tc, const struct ct_model *m, struct ct_error *err)
{
	int code = ct_tensors_check(m->tensors, err);

	for (int i = 0; i < tc->n_files && code == CT_OK; i++) {
		const struct ct_tc_file *f = &tc->files[i];

		code = f->npz ? ct_npz_check(f->npz, err) : ct_tensors_check(f->tensors, err);
	}
	return code;
}

uint32_t
ct_transcoder_digest(const struct ct_transcoder *tc, uint32_t digest)
{
	for (int i = 0; i < tc->n_files; i++) {
		const struct ct_tc_file *f = &tc->files[i];

		digest = f->npz ? ct_npz_digest(f->npz, digest) : ct_tensors_digest(f->tensors, digest);
	}
	return digest;
}
