/*
 * transcoder_files: files of weights, and the tensors that a layout asks for; see transcoder_load.h.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "model/transcoder_load.h"

enum { MAX_FEATURES = 1 << 26 };

/* An array of a file of either format. */
struct array {
	const struct ct_tensor *t;
	const char *unread;		/* the name of its type, if that is not supported */
	bool by_column;
};

static bool
array_at(const struct ct_tc_file *f, int i, struct array *a)
{
	*a = (struct array){ 0 };
	if (f->npz) {
		const struct ct_npz_array *x;

		if (i >= ct_npz_count(f->npz))
			return false;
		x = ct_npz_at(f->npz, i);
		*a = (struct array){ &x->t, x->unread, x->by_column };
		return true;
	}
	a->t = ct_tensors_any(f->tensors, i, &a->unread);
	return a->t;
}

static bool
find(const struct ct_tc_file *f, const char *name, struct array *a)
{
	for (int i = 0; array_at(f, i, a); i++)
		if (strcmp(a->t->name, name) == 0)
			return true;
	return false;
}

bool
ct_tc_has(const struct ct_tc_file *f, const char *name)
{
	struct array a;

	return find(f, name, &a);
}

/* Lists the arrays of a file, "W_enc, W_dec and b_enc", cut to fit. */
static const char *
names_of(const struct ct_tc_file *f, char *buf, size_t size)
{
	struct array a;
	size_t n = 0;

	snprintf(buf, size, "no tensor");
	for (int i = 0; array_at(f, i, &a) && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%.60s", i ? ", " : "", a.t->name);
	if (n >= size)
		memcpy(buf + size - 4, "...", 4);
	return buf;
}

/* Remembers that a name was asked for. */
static void
use(struct ct_tc_loader *ld, const char *name)
{
	if (ld->n_used < CT_TC_MAX_USED)
		ld->used[ld->n_used++] = name;
}

/* The path of a file that config.yaml lists: below the directory unless it is absolute. To be freed. */
static char *
path_of(const struct ct_tc_loader *ld, const char *name)
{
	return name[0] == '/' ? ct_path_join("/", name + 1) : ct_path_join(ld->dir, name);
}

bool
ct_tc_exists(const struct ct_tc_loader *ld, const char *name)
{
	char path[PATH_MAX];	/* not allocated, since that could fail like a missing file */
	int n = name[0] == '/' ? snprintf(path, sizeof path, "%s", name) :
	    snprintf(path, sizeof path, "%s/%s", ld->dir, name);

	return n > 0 && (size_t)n < sizeof path && ct_file_exists(path);
}

int
ct_tc_open_file(struct ct_tc_loader *ld, const char *name, const struct ct_tc_file **out)
{
	struct ct_tc_file *f = &ld->tc->files[ld->tc->n_files];
	size_t n = strlen(name);
	int code;

	*out = NULL;
	ld->n_used = 0;
	f->path = path_of(ld, name);
	if (!f->path)
		return ct_fail_memory(ld->err, strlen(ld->dir) + n + 2, "a path");
	ld->tc->n_files++;
	if (n > 4 && strcmp(name + n - 4, ".npz") == 0)
		code = ct_npz_open(&f->npz, f->path, ld->err);
	else
		code = ct_tensors_open(&f->tensors, f->path, ld->err);
	if (code == CT_OK)
		*out = f;
	return code;
}

/*
 * A listed file on the Hugging Face hub, "hf://owner/repository/folder/file?revision=main", is looked for
 * where `hf download` puts it: at folder/file below the directory, or at repository/folder/file.
 */
static int
hub_file(struct ct_tc_loader *ld, const char *entry, char *name, size_t size)
{
	const char *owner = entry + 5, *repository = owner + strcspn(owner, "/"), *file;
	int len;

	repository += *repository == '/';
	file = repository + strcspn(repository, "/");
	file += *file == '/';
	len = (int)strcspn(file, "?");
	if (!len || (size_t)len >= size)
		return ct_fail(ld->err, CT_EFORMAT, "%s: transcoders: \"%.200s\": expected "
		    "hf://owner/repository/file", ld->dir, entry);
	for (int i = 0; i < 3; i++) {
		const char *from = i == 0 ? file : i == 1 ? repository : owner;

		snprintf(name, size, "%.*s", len + (int)(file - from), from);
		if (ct_tc_exists(ld, name))
			return CT_OK;
	}
	return ct_fail(ld->err, CT_ENOTFOUND, "%s: there is no %.*s, which config.yaml lists; download it: "
	    "hf download %.*s %.*s --local-dir %s", ld->dir, len, file, (int)(file - owner - (file > owner)),
	    owner, len, file, ld->dir);
}

int
ct_tc_open_layer(struct ct_tc_loader *ld, int l, const struct ct_tc_file **out)
{
	char name[1024];

	if (!ld->paths) {
		ct_tc_layer_name(name, sizeof name, ld, l);
		return ct_tc_open_file(ld, name, out);
	}
	if (strncmp(ld->paths->items[l].text, "hf://", 5) != 0)
		return ct_tc_open_file(ld, ld->paths->items[l].text, out);
	if (hub_file(ld, ld->paths->items[l].text, name, sizeof name) != CT_OK) {
		*out = NULL;
		return ld->err ? ld->err->code : CT_ENOTFOUND;
	}
	return ct_tc_open_file(ld, name, out);
}

static int
no_tensor(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name)
{
	char names[400];

	return ct_fail(ld->err, CT_EFORMAT, "%s: no tensor %s; %s has %s, the file has %s", f->path, name,
	    ld->layout->name, ld->layout->tensors, names_of(f, names, sizeof names));
}

static void
shape_text(char *buf, size_t size, const struct ct_tensor *t)
{
	size_t n = 0;

	*buf = '\0';
	for (int i = 0; i < t->rank && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%zu", i ? "," : "", t->dim[i]);
}

/* A tensor of any shape whose type can be read. */
static int
want_any(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, struct array *a)
{
	if (!find(f, name, a))
		return no_tensor(ld, f, name);
	use(ld, a->t->name);
	if (a->unread)
		return ct_fail(ld->err, CT_EUNSUPPORTED, "%s: tensor %s is of type %s; expected F32, F16, "
		    "BF16 or F64", f->path, name, a->unread);
	return CT_OK;
}

static const struct ct_tensor *
wrong_shape(struct ct_tc_loader *ld, const struct ct_tensor *t, const char *expected)
{
	char found[128];

	shape_text(found, sizeof found, t);
	ct_fail(ld->err, CT_EFORMAT, "%s: tensor %s has shape [%s], expected [%s]: was this transcoder made "
	    "for another model?", t->file, t->name, found, expected);
	return NULL;
}

/*
 * The tensor of that name and shape; a size of -1 accepts any. NULL: the error is set, and names what the
 * file has instead.
 */
static const struct ct_tensor *
want(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, int rank, ...)
{
	char expected[128] = "";
	size_t n = 0;
	struct array a;
	bool same;
	va_list ap;

	if (want_any(ld, f, name, &a) != CT_OK)
		return NULL;
	same = a.t->rank == rank;
	va_start(ap, rank);
	for (int i = 0; i < rank; i++) {
		int dim = va_arg(ap, int);

		if (i < a.t->rank && dim >= 0 && a.t->dim[i] != (size_t)dim)
			same = false;
		if (n < sizeof expected)
			n += (size_t)snprintf(expected + n, sizeof expected - n, dim < 0 ? "%sF" : "%s%d",
			    i ? "," : "", dim);
	}
	va_end(ap);
	if (!same)
		return wrong_shape(ld, a.t, expected);
	if (a.by_column && rank != 2) {
		ct_fail(ld->err, CT_EUNSUPPORTED, "%s: array %s is in Fortran order; save "
		    "numpy.ascontiguousarray of it", f->path, name);
		return NULL;
	}
	return a.t;
}

/* The code for a tensor that is missing or differs from what was wanted. */
static int
failed(const struct ct_tc_loader *ld)
{
	return ld->err ? ld->err->code : CT_EFORMAT;
}

/* The tensor as floats: in place when possible, else a copy in the arena. NULL: the error is set. */
static const float *
floats(struct ct_tc_loader *ld, const struct ct_tensor *t)
{
	const float *in_place = ct_tensor_f32(t);
	long long bad = ld->tc->allow_nonfinite ? -1 : ct_tensor_nonfinite(t);
	float *copy;

	if (bad >= 0) {
		ct_fail(ld->err, CT_EFORMAT, "%s: tensor %s is not finite at index %lld (--allow-nonfinite "
		    "overrides)", t->file, t->name, bad);
		return NULL;
	}
	if (in_place)
		return in_place;
	copy = ct_arena_need(&ld->tc->arena, t->count, sizeof *copy, t->name, ld->err);
	if (copy)
		ct_tensor_read(copy, t, 0, t->count);
	return copy;
}

int
ct_tc_vector(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, int n, const float **out)
{
	const struct ct_tensor *t = want(ld, f, name, 1, n);

	*out = t ? floats(ld, t) : NULL;
	return *out ? CT_OK : failed(ld);
}

/* Sets or checks the number of features of layer l, from a size of a tensor. */
static int
set_features(struct ct_tc_loader *ld, const struct ct_tensor *t, size_t n, int l)
{
	if (n == 0 || n > MAX_FEATURES)
		return ct_fail(ld->err, CT_EFORMAT, "%s: tensor %s has %zu features, expected 1 to %d",
		    t->file, t->name, n, MAX_FEATURES);
	ld->tc->layers[l].F = (int)n;
	if ((int)n > ld->tc->F)
		ld->tc->F = (int)n;
	if (ld->width && ld->width != (int)n)
		return ct_fail(ld->err, CT_EFORMAT, "%s: tensor %s has %zu features, but the transcoder is "
		    "said to have %d", t->file, t->name, n, ld->width);
	return CT_OK;
}

/* The matrix of a tensor that a layout asked for; a file may store it by columns. */
static struct ct_matrix
matrix_of(const struct ct_tc_file *f, const struct ct_tensor *t, bool transposed)
{
	struct ct_matrix w = ct_matrix_of_tensor(t, false);
	struct array a;

	if (find(f, t->name, &a) && a.by_column) {
		w.flipped = true;
		w.ld = t->dim[0];
	}
	return transposed ? ct_matrix_transpose(&w) : w;
}

int
ct_tc_encoder(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, bool transposed, int l)
{
	struct ct_tc_layer *ly = &ld->tc->layers[l];
	int D = ld->tc->D, code;
	const struct ct_tensor *t = want(ld, f, name, 2, transposed ? D : -1, transposed ? -1 : D);

	if (!t)
		return failed(ld);
	if ((code = set_features(ld, t, t->dim[transposed], l)) < 0)
		return code;
	ly->enc = matrix_of(f, t, transposed);
	ly->enc_tensor = t;
	return CT_OK;
}

int
ct_tc_decoder(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, int l)
{
	struct ct_tc_layer *ly = &ld->tc->layers[l];
	const struct ct_tensor *t = want(ld, f, name, 2, ly->F, ld->tc->D);

	if (!t)
		return failed(ld);
	ly->dec = matrix_of(f, t, false);
	ly->dec_tensor = t;
	ly->dec_rows = 1;
	ly->dec_first = l;
	return CT_OK;
}

int
ct_tc_decoders(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, int first, int l)
{
	struct ct_tc_layer *ly = &ld->tc->layers[l];
	int D = ld->tc->D, rows = ld->tc->L - first;
	const struct ct_tensor *t = want(ld, f, name, 3, ly->F, rows, D);

	if (!t)
		return failed(ld);
	ly->dec = (struct ct_matrix){ .data = t->data, .type = t->dtype, .rows = ly->F, .cols = rows * D,
		.ld = (size_t)rows * (size_t)D };
	ly->dec_tensor = t;
	ly->dec_rows = rows;
	ly->dec_first = first;
	return CT_OK;
}

int
ct_tc_skip(struct ct_tc_loader *ld, const struct ct_tc_file *f, const char *name, bool transposed, int l)
{
	int D = ld->tc->D;
	const struct ct_tensor *t = want(ld, f, name, 2, D, D);
	long long bad = t && !ld->tc->allow_nonfinite ? ct_tensor_nonfinite(t) : -1;

	if (!t)
		return failed(ld);
	if (bad >= 0)
		return ct_fail(ld->err, CT_EFORMAT, "%s: tensor %s is not finite at index %lld "
		    "(--allow-nonfinite overrides)", f->path, name, bad);
	ld->tc->layers[l].skip = matrix_of(f, t, transposed);
	ld->tc->skip = true;
	return CT_OK;
}

/* What a tensor that no layout asked for probably is. */
static const char *
hint_of(const char *name)
{
	static const struct {
		const char *part, *hint;
	} hints[] = {
		{ "log_threshold", "; store exp(log_thresholds) as this layout's thresholds" },
		{ "threshold", "; it may be a threshold under a name of another layout" },
		{ "skip", "; it may be a skip path, which this layout does not define" },
		{ "scal", "; fold scaling factors into the weights" },
		{ "norm", "; fold scaling factors into the weights" },
	};

	for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
		if (strstr(name, hints[i].part))
			return hints[i].hint;
	return "";
}

int
ct_tc_end_file(struct ct_tc_loader *ld, const struct ct_tc_file *f)
{
	struct array a;
	char name[80];

	for (int i = 0; array_at(f, i, &a); i++) {
		bool used = false;

		for (int k = 0; k < ld->n_used && !used; k++)
			used = strcmp(ld->used[k], a.t->name) == 0;
		if (used)
			continue;
		ct_text_clean(name, sizeof name, a.t->name, strlen(a.t->name));
		/* The number of features that the training kept active. */
		if (strcmp(a.t->name, "k") == 0 && a.t->count == 1 && a.t->rank <= 1) {
			ct_note(&ld->tc->notes, "%s: the number k in the files is ignored; config.yaml "
			    "says which activation counts", ld->dir);
			continue;
		}
		return ct_fail(ld->err, CT_EUNSUPPORTED, "%s: tensor %s is unknown in %s, which has %s%s",
		    f->path, name, ld->layout->name, ld->layout->tensors, hint_of(a.t->name));
	}
	return CT_OK;
}
