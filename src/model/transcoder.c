/* transcoder: see transcoder.h. */
#include "model/transcoder.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "io/yaml.h"
#include "math/blas.h"
#include "model/model.h"

enum { PIECE = 1024 }; /* floats converted at a time */

struct loader {
	struct ct_transcoder *tc;
	const struct ct_model *model;
	const char *dir;
	struct ct_error *err;
};

static int
open_file(struct loader *ld, const char *name, struct ct_tensors **out)
{
	char *path = name[0] == '/' ? ct_path_join("/", name + 1) : ct_path_join(ld->dir, name);
	int r;

	if (!path)
		return ct_fail_memory(ld->err, strlen(ld->dir) + strlen(name) + 2, "a path");
	r = ct_tensors_open(out, path, ld->err);
	if (r == CT_OK)
		ld->tc->files[ld->tc->n_files++] = *out;
	free(path);
	return r;
}

/* Finds a tensor and checks its shape (rank dims follow; -1 accepts any size). NULL: err is set. */
static const struct ct_tensor *
want(struct loader *ld, const struct ct_tensors *f, const char *name, int rank, ...)
{
	const struct ct_tensor *t = ct_tensors_find(f, name);
	char found[128] = "", expected[128] = "";
	size_t nf = 0, ne = 0;
	bool same;
	va_list ap;

	if (!t) {
		const struct ct_tensor *first = ct_tensors_count(f) ? ct_tensors_at(f, 0) : NULL;

		ct_fail(ld->err, CT_EFORMAT,
		    "%s: no tensor %s, expected in this kind of transcoder (the file has %d tensors)",
		    first ? first->file : ld->dir, name, ct_tensors_count(f));
		return NULL;
	}
	same = t->rank == rank;
	va_start(ap, rank);
	for (int i = 0; i < rank; i++) {
		int n = va_arg(ap, int);

		if (i < t->rank && n >= 0 && t->dim[i] != (size_t)n)
			same = false;
		if (ne < sizeof expected)
			ne += (size_t)snprintf(
			    expected + ne, sizeof expected - ne, n < 0 ? "%sF" : "%s%d", i ? "," : "", n);
	}
	va_end(ap);
	for (int i = 0; i < t->rank && nf < sizeof found; i++)
		nf += (size_t)snprintf(found + nf, sizeof found - nf, "%s%zu", i ? "," : "", t->dim[i]);
	if (!same) {
		ct_fail(ld->err, CT_EFORMAT,
		    "%s: tensor %s has shape [%s], expected [%s]: was this transcoder made for another "
		    "model?",
		    t->file, name, found, expected);
		return NULL;
	}
	return t;
}

/* The tensor as floats: in place when possible, else a copy in the arena. NULL: err is set. */
static const float *
floats(struct loader *ld, const struct ct_tensor *t, bool check)
{
	const float *in_place = ct_tensor_f32(t);
	float *copy;

	if (check && !ld->tc->allow_nonfinite) {
		long long bad = ct_tensor_nonfinite(t, 0, t->count);

		if (bad >= 0) {
			ct_fail(ld->err, CT_EFORMAT,
			    "%s: tensor %s is not finite at index %lld (--allow-nonfinite overrides)",
			    t->file, t->name, bad);
			return NULL;
		}
	}
	if (in_place)
		return in_place;
	copy = ct_arena_need(&ld->tc->arena, t->count, sizeof *copy, t->name, ld->err);
	if (copy)
		ct_tensor_read(copy, t, 0, t->count);
	return copy;
}

/* Names differ between the two layouts; l < 0: no suffix. */
static const char *
tensor_name(char *buf, size_t size, const char *stem, int l)
{
	if (l < 0)
		snprintf(buf, size, "%s", stem);
	else
		snprintf(buf, size, "%s_%d", stem, l);
	return buf;
}

static int
bind_layer(struct loader *ld, int l, struct ct_tensors *enc, struct ct_tensors *dec)
{
	struct ct_transcoder *tc = ld->tc;
	struct ct_tc_layer *ly = &tc->layers[l];
	int suffix = tc->kind == CT_CLT ? l : -1, D = tc->D, F;
	const struct ct_tensor *t;
	char name[64];
	struct {
		const char *stem;
		int n;
		const float **to;
		bool optional;
	} vectors[] = {
		{ "b_enc", 0, &ly->b_enc, false },
		{ "b_dec", D, &ly->b_dec, false },
		{ tc->kind == CT_CLT ? "threshold" : "activation_function.threshold", 0, &ly->threshold,
		    true },
	};

	t = want(ld, enc, tensor_name(name, sizeof name, "W_enc", suffix), 2, -1, D);
	if (!t)
		return CT_EFORMAT;
	if (t->dim[0] == 0 || t->dim[0] > 1 << 26)
		return ct_fail(ld->err, CT_EFORMAT, "%s: tensor %s has %zu features, expected 1 to %d",
		    t->file, t->name, t->dim[0], 1 << 26);
	F = (int)t->dim[0];
	ly->F = F;
	ly->enc = t;
	if (F > tc->F)
		tc->F = F;
	tensor_name(name, sizeof name, "W_dec", suffix);
	ly->dec = tc->kind == CT_CLT ? want(ld, dec, name, 3, F, tc->L - l, D) : want(ld, dec, name, 2, F, D);
	if (!ly->dec)
		return CT_EFORMAT;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		tensor_name(name, sizeof name, vectors[i].stem, suffix);
		if (vectors[i].optional && !ct_tensors_find(enc, name))
			continue;
		t = want(ld, enc, name, 1, vectors[i].n ? vectors[i].n : F);
		if (!t || !(*vectors[i].to = floats(ld, t, true)))
			return ld->err ? ld->err->code : CT_EFORMAT;
	}
	if (ct_tensors_find(enc, "W_skip")) {
		t = want(ld, enc, "W_skip", 2, D, D);
		if (!t || !(ly->w_skip = floats(ld, t, true)))
			return ld->err ? ld->err->code : CT_EFORMAT;
		tc->skip = true;
	}
	ly->w_enc = ct_tensor_f32(ly->enc);
	return CT_OK;
}

/* Layers of its own kind beyond the model's: nothing in the others would tell. (A CLT's shapes do.) */
static int
check_end(struct loader *ld)
{
	char name[64], *path;
	int r = CT_OK;

	snprintf(name, sizeof name, "layer_%d.safetensors", ld->tc->L);
	path = ct_path_join(ld->dir, name);
	if (!path)
		return ct_fail_memory(ld->err, strlen(ld->dir) + sizeof name, "a path");
	if (ct_file_exists(path))
		r = ct_fail(ld->err, CT_EFORMAT,
		    "%s: a layer that the model, which has %d, lacks: was this transcoder made for another "
		    "model?",
		    path, ld->tc->L);
	free(path);
	return r;
}

/*
 * The file of an entry of `transcoders:` inside the directory. Published lists may name files on the Hugging Face hub,
 * "hf://owner/repository/folder/file?revision=main": `hf download` puts that at folder/file.
 */
static const char *
listed_file(const char *entry, char *buf, size_t size)
{
	const char *p = entry;

	if (strncmp(entry, "hf://", 5) != 0)
		return entry;
	p += 5;
	for (int i = 0; i < 2; i++)
		p += strcspn(p, "/") + (p[strcspn(p, "/")] == '/');
	snprintf(buf, size, "%.*s", (int)strcspn(p, "?"), p);
	return buf;
}

static int
open_layers(struct loader *ld, const struct ct_yaml *paths)
{
	struct ct_transcoder *tc = ld->tc;
	char name[512];
	int r = CT_OK;

	for (int l = 0; l < tc->L && r == CT_OK; l++) {
		struct ct_tensors *enc = NULL, *dec = NULL;

		if (tc->kind == CT_CLT) {
			snprintf(name, sizeof name, "W_enc_%d.safetensors", l);
			r = open_file(ld, name, &enc);
			snprintf(name, sizeof name, "W_dec_%d.safetensors", l);
			if (r == CT_OK)
				r = open_file(ld, name, &dec);
		} else {
			snprintf(name, sizeof name, "layer_%d.safetensors", l);
			r = open_file(ld, paths ? listed_file(paths->items[l].text, name, sizeof name) : name, &enc);
			dec = enc;
		}
		if (r == CT_OK)
			r = bind_layer(ld, l, enc, dec);
	}
	if (r == CT_OK && tc->kind == CT_PLT && !paths)
		r = check_end(ld);
	for (int l = 1; l < tc->L && r == CT_OK; l++)
		if (!tc->layers[l].threshold != !tc->layers[0].threshold)
			r = ct_fail(ld->err, CT_EFORMAT,
			    "%s: layer %d %s thresholds, layer 0 %s: all layers must agree", ld->dir, l,
			    tc->layers[l].threshold ? "has" : "lacks",
			    tc->layers[0].threshold ? "has" : "lacks");
	if (r == CT_OK && tc->act != CT_TC_TOPK)
		tc->act = tc->layers[0].threshold ? CT_TC_JUMPRELU : CT_TC_RELU;
	return r;
}

/* A hook's name without "blocks.{layer}." in front. */
static const char *
hook_name(const char *text)
{
	static const char block[] = "blocks.{layer}.";

	return strncmp(text, block, sizeof block - 1) == 0 ? text + sizeof block - 1 : text;
}

/* Both hooks decide what the numbers mean: neither has a default. */
static int
read_hooks(struct loader *ld, const struct ct_yaml_doc *doc)
{
	static const char *const inputs[] = {
		[CT_READ_MID] = "hook_resid_mid", [CT_READ_NORM2] = "mlp.hook_in",
		[CT_READ_NORM2_BARE] = "ln2.hook_normalized",
	};
	static const char *const outputs[] = {
		[CT_WRITE_STREAM] = "hook_mlp_out", [CT_WRITE_MLP] = "mlp.hook_out",
	};
	const struct ct_yaml *root = ct_yaml_root(doc);
	const char *in = NULL, *out = NULL;
	size_t i = 0, o = 0, n_in = sizeof inputs / sizeof *inputs, n_out = sizeof outputs / sizeof *outputs;
	int r;

	if ((r = ct_yaml_string(doc, root, "feature_input_hook", true, &in, ld->err)) < 0 ||
	    (r = ct_yaml_string(doc, root, "feature_output_hook", true, &out, ld->err)) < 0)
		return r;
	while (i < n_in && strcmp(hook_name(in), inputs[i]) != 0)
		i++;
	while (o < n_out && strcmp(hook_name(out), outputs[o]) != 0)
		o++;
	if (i == n_in)
		return ct_yaml_fail(doc, ct_yaml_get(root, "feature_input_hook"), CT_EUNSUPPORTED, ld->err,
		    "feature_input_hook is \"%.60s\", expected hook_resid_mid, mlp.hook_in or ln2.hook_normalized", in);
	if (o == n_out)
		return ct_yaml_fail(doc, ct_yaml_get(root, "feature_output_hook"), CT_EUNSUPPORTED, ld->err,
		    "feature_output_hook is \"%.60s\", expected hook_mlp_out or mlp.hook_out", out);
	ld->tc->read = (enum ct_read_point)i;
	if (ld->tc->read == CT_READ_NORM2_BARE && ld->model->cfg.norm == CT_LAYERNORM)
		ld->tc->read = CT_READ_NORM2;
	ld->tc->write = (enum ct_write_point)o;
	return CT_OK;
}

static int
read_config(struct loader *ld, const struct ct_yaml_doc *doc, const struct ct_yaml **paths)
{
	const struct ct_yaml *root = ct_yaml_root(doc);
	struct ct_transcoder *tc = ld->tc;
	struct ct_error *err = ld->err;
	const char *kind = NULL, *activation = "", *scan = NULL, *model = "";
	int r;

	if (root->kind != CT_YAML_MAP)
		return ct_yaml_fail(
		    doc, root, CT_EFORMAT, err, "expected a map with model_kind, feature_input_hook, ...");
	if ((r = ct_yaml_string(doc, root, "model_kind", true, &kind, err)) < 0 ||
	    (r = ct_yaml_string(doc, root, "activation", false, &activation, err)) < 0 ||
	    (r = ct_yaml_string(doc, root, "model_name", false, &model, err)) < 0 ||
	    (r = ct_yaml_string(doc, root, "scan", false, &scan, err)) < 0)
		return r;
	if (strcmp(kind, "cross_layer_transcoder") == 0)
		tc->kind = CT_CLT;
	else if (strcmp(kind, "transcoder_set") == 0)
		tc->kind = CT_PLT;
	else
		return ct_yaml_fail(doc, ct_yaml_get(root, "model_kind"), CT_EUNSUPPORTED, err,
		    "model_kind is \"%.60s\", expected cross_layer_transcoder or transcoder_set", kind);
	if ((r = read_hooks(ld, doc)) < 0)
		return r;
	if (strcmp(activation, "topk") == 0) {
		tc->act = CT_TC_TOPK;
		if ((r = ct_yaml_int(doc, root, "k", true, 1, 1 << 24, &tc->k, err)) < 0)
			return r;
	} else if (*activation && strcmp(activation, "relu") != 0 && strcmp(activation, "jump_relu") != 0 &&
		   strcmp(activation, "jumprelu") != 0) {
		return ct_yaml_fail(doc, ct_yaml_get(root, "activation"), CT_EUNSUPPORTED, err,
		    "activation is \"%.60s\", expected relu, jump_relu or topk", activation);
	}
	*paths = ct_yaml_get(root, "transcoders");
	if (*paths && tc->kind == CT_CLT)
		*paths = NULL;
	if (*paths) {
		if ((*paths)->kind != CT_YAML_LIST || (*paths)->n != tc->L)
			return ct_yaml_fail(doc, *paths, CT_EFORMAT, err,
			    "transcoders: expected a list of %d paths, one per layer of the model", tc->L);
		for (int i = 0; i < tc->L; i++)
			if ((*paths)->items[i].kind != CT_YAML_SCALAR)
				return ct_yaml_fail(doc, &(*paths)->items[i], CT_EFORMAT, err,
				    "transcoders: expected a path");
	}
	tc->scan = ct_arena_strdup(&tc->arena, scan ? scan : model);
	return tc->scan ? CT_OK : ct_fail_memory(err, 64, "the scan name");
}

int
ct_transcoder_open(struct ct_transcoder **out, const char *dir, const struct ct_model *m,
    bool allow_nonfinite, struct ct_error *err)
{
	struct ct_transcoder *tc = calloc(1, sizeof *tc);
	struct loader ld = { .tc = tc, .model = m, .dir = dir, .err = err };
	const struct ct_yaml *paths = NULL;
	struct ct_yaml_doc *doc = NULL;
	char *path = NULL;
	int r = CT_ENOMEM;

	*out = NULL;
	if (!tc)
		return ct_fail_memory(err, sizeof *tc, "a transcoder");
	tc->L = m->cfg.L;
	tc->D = m->cfg.D;
	tc->allow_nonfinite = allow_nonfinite;
	tc->layers = ct_arena_need(&tc->arena, (size_t)tc->L, sizeof *tc->layers, "transcoder layers", err);
	tc->files = ct_arena_need(&tc->arena, 2 * (size_t)tc->L, sizeof *tc->files, "transcoder files", err);
	path = ct_path_join(dir, "config.yaml");
	if (!path)
		ct_fail_memory(err, strlen(dir), "a path");
	if (!tc->layers || !tc->files || !path)
		goto fail;
	if ((r = ct_yaml_open(&doc, path, NULL, 0, err)) < 0 || (r = read_config(&ld, doc, &paths)) < 0 ||
	    (r = open_layers(&ld, paths)) < 0)
		goto fail;
	ct_yaml_close(doc);
	free(path);
	*out = tc;
	return CT_OK;
fail:
	ct_yaml_close(doc);
	free(path);
	ct_transcoder_close(tc);
	return r;
}

void
ct_transcoder_close(struct ct_transcoder *tc)
{
	if (!tc)
		return;
	for (int i = 0; i < tc->n_files; i++)
		ct_tensors_close(tc->files[i]);
	ct_arena_free(&tc->arena);
	free(tc);
}

int
ct_transcoder_check(const struct ct_transcoder *tc, const struct ct_model *m, struct ct_error *err)
{
	int r = ct_tensors_check(m->tensors, err);

	for (int i = 0; i < tc->n_files && r == CT_OK; i++)
		r = ct_tensors_check(tc->files[i], err);
	return r;
}

const float *
ct_transcoder_offset(const struct ct_transcoder *tc, int l)
{
	return tc->layers[l].b_dec;
}

int
ct_transcoder_reach(const struct ct_transcoder *tc, int l)
{
	return tc->kind == CT_CLT ? tc->L - l : 1;
}

/* <row f, x> of a tensor that is not float in memory, converted a piece at a time. */
static float
converted_dot(const struct ct_tensor *t, int f, int D, const float *x)
{
	float piece[PIECE], sum = 0;

	for (int d = 0; d < D; d += PIECE) {
		int n = D - d < PIECE ? D - d : PIECE;

		ct_tensor_read(piece, t, (size_t)f * (size_t)D + (size_t)d, (size_t)n);
		sum += ct_sdot(n, piece, x + d);
	}
	return sum;
}

void
ct_transcoder_encode(const struct ct_transcoder *tc, int l, int T, const float *x, float *restrict pre)
{
	const struct ct_tc_layer *ly = &tc->layers[l];
	int F = ly->F, D = tc->D;

	for (int t = 0; t < T; t++)
		memcpy(pre + (size_t)t * F, ly->b_enc, (size_t)F * sizeof *pre);
	if (ly->w_enc) {
		ct_sgemm(false, true, T, F, D, 1, x, D, ly->w_enc, D, 1, pre, F);
		return;
	}
	for (int f = 0; f < F; f++)
		for (int d = 0; d < D; d += PIECE) {
			int n = D - d < PIECE ? D - d : PIECE;
			float piece[PIECE];

			ct_tensor_read(piece, ly->enc, (size_t)f * (size_t)D + (size_t)d, (size_t)n);
			for (int t = 0; t < T; t++)
				pre[(size_t)t * F + f] += ct_sdot(n, piece, x + (size_t)t * D + d);
		}
}

float
ct_transcoder_encode_one(const struct ct_transcoder *tc, int l, int f, const float *x)
{
	const struct ct_tc_layer *ly = &tc->layers[l];

	if (ly->w_enc)
		return ct_sdot(tc->D, ly->w_enc + (size_t)f * tc->D, x);
	return converted_dot(ly->enc, f, tc->D, x);
}

float
ct_transcoder_preactivation(const struct ct_transcoder *tc, int l, int f, const float *x)
{
	return tc->layers[l].b_enc[f] + ct_transcoder_encode_one(tc, l, f, x);
}

int
ct_transcoder_check_rows(const struct ct_transcoder *tc, int l, int f, struct ct_error *err)
{
	const struct ct_tc_layer *ly = &tc->layers[l];
	size_t row = (size_t)ct_transcoder_reach(tc, l) * (size_t)tc->D;
	const struct ct_tensor *t = ly->enc;
	long long bad = tc->allow_nonfinite
			    ? -1
			    : ct_tensor_nonfinite(t, (size_t)f * (size_t)tc->D, (size_t)tc->D);

	if (bad < 0 && !tc->allow_nonfinite) {
		t = ly->dec;
		bad = ct_tensor_nonfinite(t, (size_t)f * row, row);
	}
	if (bad < 0)
		return CT_OK;
	return ct_fail(err, CT_EFORMAT,
	    "%s: tensor %s is not finite at index %lld, of feature L%d#%d "
	    "(--allow-nonfinite overrides)",
	    t->file, t->name, bad, l, f);
}

/* The k-th largest of v[0..n), which is reordered (Hoare's selection). */
static float
kth_largest(float *v, int n, int k)
{
	int lo = 0, hi = n - 1, want_at = k - 1;

	while (lo < hi) {
		float pivot = v[lo + (hi - lo) / 2];
		int i = lo, j = hi;

		while (i <= j) {
			while (v[i] > pivot)
				i++;
			while (v[j] < pivot)
				j--;
			if (i <= j) {
				float t = v[i];

				v[i++] = v[j];
				v[j--] = t;
			}
		}
		if (want_at <= j)
			hi = j;
		else if (want_at >= i)
			lo = i;
		else
			break;
	}
	return v[want_at];
}

void
ct_transcoder_activate(const struct ct_transcoder *tc, int l, const float *pre, float *a, float *scratch)
{
	const struct ct_tc_layer *ly = &tc->layers[l];

	switch (tc->act) {
	case CT_TC_RELU:
		for (int f = 0; f < ly->F; f++)
			a[f] = pre[f] > 0 ? pre[f] : 0;
		break;
	case CT_TC_JUMPRELU:
		for (int f = 0; f < ly->F; f++)
			a[f] = pre[f] > ly->threshold[f] ? pre[f] : 0;
		break;
	case CT_TC_TOPK: {
		int left = tc->k < ly->F ? tc->k : ly->F;
		float cut;

		memcpy(scratch, pre, (size_t)ly->F * sizeof *scratch);
		cut = kth_largest(scratch, ly->F, left);
		for (int f = 0; f < ly->F; f++)
			left -= pre[f] > cut;
		/* Of those that tie at the cut the lowest indices are kept. */
		for (int f = 0; f < ly->F; f++) {
			bool keep = pre[f] > cut || (pre[f] == cut && left-- > 0);

			a[f] = keep ? pre[f] : 0;
		}
		break;
	}
	}
}

float
ct_transcoder_activate_one(
    const struct ct_transcoder *tc, int l, int f, const float *x, float *pre, float *scratch)
{
	const struct ct_tc_layer *ly = &tc->layers[l];
	float h;

	if (tc->act == CT_TC_TOPK) {
		ct_transcoder_encode(tc, l, 1, x, pre);
		ct_transcoder_activate(tc, l, pre, pre, scratch);
		return pre[f];
	}
	h = ly->b_enc[f] + ct_transcoder_encode_one(tc, l, f, x);
	return h > (tc->act == CT_TC_JUMPRELU ? ly->threshold[f] : 0) ? h : 0;
}

void
ct_transcoder_encoder_row(const struct ct_transcoder *tc, int l, int f, float *dst)
{
	ct_tensor_read(dst, tc->layers[l].enc, (size_t)f * (size_t)tc->D, (size_t)tc->D);
}

void
ct_transcoder_decoder_row(const struct ct_transcoder *tc, int l, int f, int m, float *dst)
{
	size_t reach = (size_t)ct_transcoder_reach(tc, l), row = (size_t)f * reach + (size_t)(m - l);

	ct_tensor_read(dst, tc->layers[l].dec, row * (size_t)tc->D, (size_t)tc->D);
}
