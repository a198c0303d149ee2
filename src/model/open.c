/*
 * open: opening a model, of model.h, and the binder that hands tensors to a family, of family.h.
 */
#include "model/model.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "model/family.h"

struct ct_binder {
	struct ct_model *m;
	const char *dir;
	const char *prefix;
	bool allow_nonfinite;
	int missing;
	char names[3600];		/* missing tensors, as many as a message has room for */
	struct ct_error fault;		/* the first error of another kind */
};

void
ct_bind_prefix(struct ct_binder *b, const char *prefix, const char *probe)
{
	char name[128];

	snprintf(name, sizeof name, "%s%s", prefix, probe);
	b->prefix = ct_bind_exists(b, name) || !ct_bind_exists(b, probe) ? prefix : "";
}

bool
ct_bind_exists(const struct ct_binder *b, const char *name)
{
	return ct_tensors_find(b->m->tensors, name) || ct_tensors_unread(b->m->tensors, name);
}

static void
add_missing(struct ct_binder *b, const char *name)
{
	size_t used = strlen(b->names);

	if (used + strlen(name) + 3 < sizeof b->names)
		snprintf(b->names + used, sizeof b->names - used, "%s%s", used ? ", " : "", name);
	b->missing++;
}

/* "[3,4]" */
static void
shape_text(char *buf, size_t size, const struct ct_tensor *t)
{
	size_t at = (size_t)snprintf(buf, size, "[");

	for (int i = 0; i < t->rank && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%zu", i ? "," : "", t->dim[i]);
	if (at < size)
		snprintf(buf + at, size - at, "]");
}

static int
check_shape(const struct ct_tensor *t, int rows, int cols, struct ct_error *err)
{
	char found[200], wanted[40];

	if (t->rank == (cols ? 2 : 1) && t->dim[0] == (size_t)rows && (!cols || t->dim[1] == (size_t)cols))
		return CT_OK;
	shape_text(found, sizeof found, t);
	if (cols)
		snprintf(wanted, sizeof wanted, "[%d,%d]", rows, cols);
	else
		snprintf(wanted, sizeof wanted, "[%d]", rows);
	return ct_fail(err, CT_EFORMAT, "%s: tensor %s: expected shape %s by config.json, found %s", t->file,
	    t->name, wanted, found);
}

/* A vector is small enough to be checked, and to be copied if it is not floats. */
static int
load(struct ct_binder *b, const float **out, const struct ct_tensor *t, struct ct_error *err)
{
	long long bad = b->allow_nonfinite ? -1 : ct_tensor_nonfinite(t);
	float *copy;

	if (bad >= 0) {
		float x;

		ct_tensor_read(&x, t, (size_t)bad, 1);
		return ct_fail(err, CT_EFORMAT, "%s: tensor %s: element %lld is %g; expected finite weights "
		    "(--allow-nonfinite reads it anyway)", t->file, t->name, bad, (double)x);
	}
	*out = ct_tensor_f32(t);
	if (*out)
		return CT_OK;
	copy = ct_arena_need(&b->m->arena, t->count, sizeof *copy, t->name, err);
	if (!copy)
		return CT_ENOMEM;
	ct_tensor_read(copy, t, 0, t->count);
	*out = copy;
	return CT_OK;
}

/*
 * The tensor, if it exists with this shape: (rows, cols), or (rows) when cols is 0. NULL: the binder has
 * recorded why not.
 */
static const struct ct_tensor *
want(struct ct_binder *b, int rows, int cols, const char *name)
{
	const struct ct_tensor *t = ct_tensors_find(b->m->tensors, name);
	const char *unread = ct_tensors_unread(b->m->tensors, name);

	ct_tensors_mark(b->m->tensors, name);
	if (unread && b->fault.code == CT_OK)
		ct_fail(&b->fault, CT_EUNSUPPORTED, "%s: tensor %s: dtype %s is not supported for weights "
		    "(supported: F32, F16, BF16, F64)", b->dir, name, unread);
	else if (!t && !unread)
		add_missing(b, name);
	if (!t || b->missing || b->fault.code != CT_OK || check_shape(t, rows, cols, &b->fault) != CT_OK)
		return NULL;
	return t;
}

/* A matrix of the embedding's shape, under a name without prefix. */
static void
bind_table(struct ct_binder *b, struct ct_matrix *out, const char *name)
{
	const struct ct_tensor *t = want(b, b->m->cfg.V, b->m->cfg.D, name);

	if (t)
		*out = ct_matrix_of_tensor(t, false);
}

/* fmt's name with the prefix. */
static void
full_name(const struct ct_binder *b, char *name, size_t size, const char *fmt, va_list ap)
{
	size_t n = (size_t)snprintf(name, size, "%s", b->prefix);

	vsnprintf(name + n, size - n, fmt, ap);
}

void
ct_bind(struct ct_binder *b, const float **out, int n, const char *fmt, ...)
{
	const struct ct_tensor *t;
	char name[160];
	va_list ap;

	va_start(ap, fmt);
	full_name(b, name, sizeof name, fmt, ap);
	va_end(ap);
	*out = NULL;
	t = want(b, n, 0, name);
	if (t)
		load(b, out, t, &b->fault);
}

void
ct_bind_norm(struct ct_binder *b, struct ct_norm *out, int width, const char *fmt, ...)
{
	const struct ct_tensor *t;
	char name[160];
	va_list ap;
	float *w;

	va_start(ap, fmt);
	full_name(b, name, sizeof name, fmt, ap);
	va_end(ap);
	t = want(b, width, 0, name);
	if (!t || load(b, &out->w, t, &b->fault) != CT_OK || !b->m->cfg.unit_norm)
		return;
	w = ct_arena_need(&b->m->arena, (size_t)width, sizeof *w, t->name, &b->fault);
	for (int d = 0; w && d < width; d++)
		w[d] = 1 + out->w[d];
	out->w = w;
}

void
ct_bind_matrix(struct ct_binder *b, struct ct_matrix *out, int rows, int cols, bool flipped, const char *fmt,
    ...)
{
	const struct ct_tensor *t;
	char name[160];
	va_list ap;

	va_start(ap, fmt);
	full_name(b, name, sizeof name, fmt, ap);
	va_end(ap);
	*out = (struct ct_matrix){ 0 };
	t = want(b, flipped ? cols : rows, flipped ? rows : cols, name);
	if (t)
		*out = ct_matrix_of_tensor(t, flipped);
}

/* The index of the first element in which two matrices of one shape differ, or -1. */
static long long
first_difference(const struct ct_tensor *a, const struct ct_tensor *b)
{
	enum { BLOCK = 512 };
	float x[BLOCK], y[BLOCK];

	for (size_t at = 0; at < a->count; at += BLOCK) {
		size_t n = a->count - at < BLOCK ? a->count - at : BLOCK;

		ct_tensor_read(x, a, at, n);
		ct_tensor_read(y, b, at, n);
		for (size_t i = 0; memcmp(x, y, n * sizeof *x) != 0 && i < n; i++)
			if (memcmp(&x[i], &y[i], sizeof *x) != 0)
				return (long long)(at + i);
	}
	return -1;
}

/* A file of a tied model may have the matrix under both names: then both must be equal. */
static void
check_tied(struct ct_binder *b, const char *embed)
{
	const struct ct_tensor *e = ct_tensors_find(b->m->tensors, embed);
	const struct ct_tensor *u = ct_tensors_find(b->m->tensors, "lm_head.weight");
	long long at;

	ct_tensors_mark(b->m->tensors, "lm_head.weight");
	if (!e || !u || b->missing || b->fault.code != CT_OK)
		return;
	if (check_shape(u, b->m->cfg.V, b->m->cfg.D, &b->fault) != CT_OK)
		return;
	at = first_difference(e, u);
	if (at >= 0)
		ct_fail(&b->fault, CT_EFORMAT, "%s: tie_word_embeddings is true, but lm_head.weight differs "
		    "from %s at "
		    "element %lld; which of them counts is not known. Set it to false if the model has both",
		    b->dir, embed, at);
}

void
ct_bind_embedding(struct ct_binder *b, const char *name)
{
	struct ct_model *m = b->m;
	char full[160];

	snprintf(full, sizeof full, "%s%s", b->prefix, name);
	if (!m->cfg.tied) {
		bind_table(b, &m->embed, full);
		bind_table(b, &m->unembed, "lm_head.weight");
	} else if (!ct_bind_exists(b, full) && ct_bind_exists(b, "lm_head.weight")) {
		bind_table(b, &m->embed, "lm_head.weight");
	} else {
		bind_table(b, &m->embed, full);
		if (ct_bind_exists(b, "lm_head.weight"))
			check_tied(b, full);
	}
}

/* Lists names of tensors for a message, as many as there is room for. */
struct leftover {
	int n, shown;
	char names[240];
};

static void
add_leftover(struct leftover *l, const char *name)
{
	size_t used = strlen(l->names);

	l->n++;
	if (used + strlen(name) + 3 >= sizeof l->names)
		return;
	snprintf(l->names + used, sizeof l->names - used, "%s%s", used ? ", " : "", name);
	l->shown++;
}

static const char *
and_more(char *buf, size_t size, const struct leftover *l)
{
	*buf = '\0';
	if (l->n > l->shown)
		snprintf(buf, size, " and %d more", l->n - l->shown);
	return buf;
}

/*
 * Whether a name is of a part of a block, "layers.3." or "h.3.", with or without the prefix that files of a
 * whole model have.
 */
static bool
in_block(const char *name)
{
	static const char *const before[] = { "model.", "transformer.", "language_model.model.",
		"model.language_model.", "" };
	static const char *const blocks[] = { "layers.", "h." };

	for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
		size_t n = strlen(before[i]);

		for (size_t k = 0; strncmp(name, before[i], n) == 0 && k < sizeof blocks / sizeof *blocks;
		    k++)
			if (strncmp(name + n, blocks[k], strlen(blocks[k])) == 0 &&
			    isdigit((unsigned char)name[n + strlen(blocks[k])]))
				return true;
	}
	return false;
}

static bool
is_idle(const struct ct_binder *b, const char *name)
{
	size_t n = strlen(b->prefix);
	const char *bare = strncmp(name, b->prefix, n) == 0 ? name + n : name;

	for (const char *const *p = b->m->cfg.family->idle; p && *p; p++)
		if (fnmatch(*p, bare, 0) == 0)
			return true;
	return false;
}

/*
 * A tensor in a block takes part in the arithmetic, so ignoring it would give another model. All others
 * belong to heads for other tasks or to other modules; Hugging Face warns about them and goes on.
 */
static int
check_leftover(struct ct_binder *b, struct ct_error *err)
{
	struct leftover blocks = { 0 }, rest = { 0 };
	const char *name;
	char more[32];
	int at = 0;

	while ((name = ct_tensors_unmarked(b->m->tensors, &at)))
		if (!is_idle(b, name))
			add_leftover(in_block(name) ? &blocks : &rest, name);
	if (rest.n)
		ct_note(&b->m->notes, "%s: ignored, as Hugging Face does with a warning: %s%s", b->dir,
		    rest.names, and_more(more, sizeof more, &rest));
	if (blocks.n)
		return ct_fail(err, CT_EFORMAT, "%s: config.json calls for no such tensor%s: %s%s; without "
		    "%s this would be another model. Look whether config.json belongs to these files", b->dir,
		    blocks.n > 1 ? "s" : "",
		    blocks.names, and_more(more, sizeof more, &blocks), blocks.n > 1 ? "them" : "it");
	return CT_OK;
}

static int
verdict(const struct ct_binder *b, struct ct_error *err)
{
	if (b->missing) {
		int listed = 1;

		for (const char *p = b->names; (p = strstr(p, ", ")); p += 2)
			listed++;
		if (listed < b->missing)
			return ct_fail(err, CT_EFORMAT, "%s: %d tensors that config.json calls for are "
			    "missing: %s and %d more", b->dir, b->missing, b->names, b->missing - listed);
		return ct_fail(err, CT_EFORMAT, "%s: %d tensor%s that config.json calls for %s missing: %s",
		    b->dir, b->missing, b->missing > 1 ? "s" : "", b->missing > 1 ? "are" : "is", b->names);
	}
	if (b->fault.code != CT_OK)
		return ct_fail(err, b->fault.code, "%s", b->fault.msg);
	return CT_OK;
}

static int
bind(struct ct_model *m, const char *dir, const struct ct_model_options *opt, struct ct_error *err)
{
	struct ct_binder b = {
		.m = m,
		.dir = dir,
		.prefix = "",
		.allow_nonfinite = opt && opt->allow_nonfinite,
	};
	int code;

	m->allow_nonfinite = b.allow_nonfinite;
	m->layers = ct_arena_need(&m->arena, (size_t)m->cfg.L, sizeof *m->layers, "the layer table", err);
	if (!m->layers)
		return CT_ENOMEM;
	code = m->cfg.family->bind(m, &b, err);
	if (code == CT_OK)
		code = verdict(&b, err);
	if (code == CT_OK)
		code = check_leftover(&b, err);
	if (m->cfg.tied)
		m->unembed = m->embed;
	return code;
}

/* Hugging Face applies an adapter in the model's folder if peft is installed. */
static void
note_adapter(struct ct_model *m, const char *dir)
{
	char *path = ct_path_join(dir, "adapter_config.json");

	if (path && ct_file_exists(path))
		ct_note(&m->notes, "%s: the adapter in this directory is ignored; to use it, merge it "
		    "into the weights", path);
	free(path);
}

int
ct_model_open(struct ct_model **out, const char *dir, const struct ct_model_options *opt,
    struct ct_error *err)
{
	struct ct_model *m = calloc(1, sizeof *m);
	int code;

	*out = NULL;
	if (!m)
		return ct_fail_memory(err, sizeof *m, "the model");
	m->dir = ct_arena_strdup(&m->arena, dir);
	code = m->dir ? ct_config_load(&m->cfg, dir, &m->notes, err) :
	    ct_fail_memory(err, strlen(dir), "a path");
	if (code == CT_OK)
		code = ct_tensors_open_model(&m->tensors, dir, err);
	if (code == CT_OK)
		code = bind(m, dir, opt, err);
	if (code == CT_OK)
		code = ct_model_prepare(m, err);
	note_adapter(m, dir);
	if (code != CT_OK) {
		ct_model_close(m);
		return code;
	}
	*out = m;
	return CT_OK;
}

void
ct_model_close(struct ct_model *m)
{
	if (!m)
		return;
	ct_tensors_close(m->tensors);
	ct_arena_free(&m->arena);
	free(m);
}
