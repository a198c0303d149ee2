/* windows: see windows.h. */
#include "corpus/windows.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/random.h"
#include "base/text.h"
#include "corpus/text.h"
#include "io/sniff.h"

enum {
	PIECE = 1 << 15,		/* bytes after which a text may be cut to be encoded */
	LEAST = 4,			/* tokens of a window that is kept */
	MOST_BOS = 16
};
static const size_t most_bytes = (size_t)1 << 30;

struct settings {
	int window, block, sample, seed;
	double validation, held_out;
};

struct reader {
	const struct ct_yaml_doc *doc;
	const struct ct_yaml *corpus;
	struct settings o;
	const struct ct_tokenizer *t;
	const char *model;
	int V;
	int bos[MOST_BOS], n_bos;
	struct ct_token_span *spans;
	size_t n_spans;
	int *ids;			/* of all files, one after the other */
	size_t n, room;
	size_t *ends;			/* (n_files) where each file's ids end */
	int n_files;
};

bool
ct_windows_wanted(const struct ct_yaml_doc *recipe)
{
	const struct ct_yaml *root = ct_yaml_root(recipe);
	const struct ct_yaml *corpus = root->kind == CT_YAML_MAP ? ct_yaml_get(root, "corpus") : NULL;

	return corpus && corpus->kind == CT_YAML_MAP && ct_yaml_get(corpus, "text");
}

static int
read_settings(struct reader *r, int context, struct ct_error *err)
{
	static const char *const keys[] = { "text", "window", "block", "validation", "held out", "sample",
		"seed", NULL };
	const struct ct_yaml_doc *d = r->doc;
	const struct ct_yaml *map = r->corpus, *at;
	struct settings *o = &r->o;
	int code;

	*o = (struct settings){ .window = context < 128 ? context : 128, .block = 8, .sample = 256, .seed = 1,
		.held_out = .05 };
	if ((code = ct_yaml_only(d, map, keys, err)) < 0 ||
	    (code = ct_yaml_int(d, map, "window", false, LEAST, INT_MAX, &o->window, err)) < 0 ||
	    (code = ct_yaml_int(d, map, "block", false, 1, INT_MAX, &o->block, err)) < 0 ||
	    (code = ct_yaml_int(d, map, "sample", false, 1, CT_CORPUS_MAX_SENTENCES, &o->sample, err)) < 0 ||
	    (code = ct_yaml_int(d, map, "seed", false, 0, INT_MAX, &o->seed, err)) < 0 ||
	    (code = ct_yaml_double(d, map, "validation", false, 0, .5, &o->validation, err)) < 0 ||
	    (code = ct_yaml_double(d, map, "held out", false, 0, .5, &o->held_out, err)) < 0)
		return code;
	at = ct_yaml_get(map, "window");
	if (o->window > context)
		return ct_yaml_fail(d, at ? at : map, CT_EINVAL, err,
		    "a window of %d tokens is longer than the context of %s, which is %d", o->window,
		    r->model, context);
	return CT_OK;
}

char *
ct_recipe_path(const struct ct_yaml_doc *doc, const char *name)
{
	char *dir, *path;

	if (*name == '/')
		return strdup(name);
	dir = ct_path_folder(ct_yaml_path(doc));
	path = dir ? ct_path_join(dir, name) : NULL;
	free(dir);
	return path;
}

static int
check_utf8(const char *path, const char *text, size_t n, struct ct_error *err)
{
	for (size_t at = 0; at < n;) {
		uint32_t cp;
		int length = ct_utf8_decode(text + at, n - at, &cp);

		if (cp == 0)
			return ct_fail(err, CT_EFORMAT, "%s has a NUL byte at %zu: it is not a text file",
			    path, at);
		if (cp == 0xFFFD && length == 1)
			return ct_fail(err, CT_EFORMAT,
			    "%s is not UTF-8: invalid byte 0x%02x at %zu; convert "
			    "it, for example with iconv -t UTF-8", path, (unsigned char)text[at], at);
		at += (size_t)length;
	}
	return CT_OK;
}

/*
 * The end of the piece of text[0..n) that is encoded at once: after a line break that no blank follows, since
 * no tokenizer in use joins text across it. A text without such a place is one piece.
 */
static size_t
piece_end(const char *text, size_t n)
{
	for (size_t at = PIECE; at + 1 < n; at++)
		if (text[at] == '\n' && !strchr(" \t\r\n", text[at - 1]) && !strchr(" \t\r\n", text[at + 1]))
			return at + 1;
	return n;
}

static int
need(void *list, size_t *room, size_t wanted, size_t size, const char *what, struct ct_error *err)
{
	void **p = list, *grown;
	size_t n = wanted > 2 * *room ? wanted : 2 * *room;

	if (wanted <= *room)
		return CT_OK;
	grown = realloc(*p, n * size);
	if (!grown)
		return ct_fail_memory(err, n * size, what);
	*p = grown;
	*room = n;
	return CT_OK;
}

static int
encode(struct reader *r, const char *path, const char *text, size_t n, struct ct_error *err)
{
	int code = CT_OK;

	for (size_t at = 0, length; at < n && code == CT_OK; at += length) {
		int count;

		length = piece_end(text + at, n - at);
		if ((code = need(&r->spans, &r->n_spans, length + MOST_BOS, sizeof *r->spans,
		    "the tokens of a text", err)) != CT_OK)
			return code;
		count = ct_tokenizer_encode(r->t, text + at, length, r->spans, (int)r->n_spans, NULL, err);
		if (count < 0)
			return err ? ct_fail_in(err, "%s, after byte %zu", path, at) : count;
		if ((code = need(&r->ids, &r->room, r->n + (size_t)count, sizeof *r->ids,
		    "the tokens of the text", err)) != CT_OK)
			return code;
		for (int i = 0; i < count; i++)
			if (r->spans[i].end > r->spans[i].start)
				r->ids[r->n++] = r->spans[i].id;
	}
	return code;
}

static int
read_file(struct reader *r, const char *name, struct ct_error *err)
{
	char *path = ct_recipe_path(r->doc, name), *text = NULL;
	size_t n, first = r->n;
	int code;

	if (!path)
		return ct_fail_memory(err, strlen(name), "a path");
	if ((code = ct_file_read_text(&text, &n, path, most_bytes, err)) == CT_OK &&
	    (code = n > 0 ? CT_OK : ct_fail(err, CT_EFORMAT, "%s is empty", path)) == CT_OK &&
	    (code = ct_sniff_expect(path, text, n, CT_SNIFF_OTHER, "a text file", err)) == CT_OK &&
	    (code = check_utf8(path, text, n, err)) == CT_OK &&
	    (code = encode(r, path, text, n, err)) == CT_OK && r->n - first < LEAST)
		code = ct_fail(err, CT_EINVAL, "%s is too short: %zu tokens, a window has %d at least", path,
		    r->n - first, LEAST);
	for (size_t i = first; i < r->n && code == CT_OK; i++)
		if (r->ids[i] >= r->V)
			code = ct_fail(err, CT_EINVAL, "%s has token %d, the vocabulary of %s ends at %d",
			    path, r->ids[i], r->model, r->V);
	free(text);
	free(path);
	r->ends[r->n_files++] = r->n;
	return code;
}

static int
read_files(struct reader *r, struct ct_error *err)
{
	const struct ct_yaml *text = ct_yaml_get(r->corpus, "text");
	int n = text->kind == CT_YAML_LIST ? text->n : 1, code = CT_OK;
	struct ct_token_span bos[MOST_BOS];

	r->n_bos = ct_tokenizer_encode(r->t, "", 0, bos, MOST_BOS, NULL, err);
	if (r->n_bos < 0)
		return r->n_bos;
	for (int i = 0; i < r->n_bos; i++)
		r->bos[i] = bos[i].id;
	if (text->kind == CT_YAML_MAP || n == 0)
		return ct_yaml_fail(r->doc, text, CT_EFORMAT, err, "text must be a file or a list of files");
	r->ends = calloc((size_t)n, sizeof *r->ends);
	if (!r->ends)
		return ct_fail_memory(err, (size_t)n * sizeof *r->ends, "the files of the text");
	for (int i = 0; i < n && code == CT_OK; i++) {
		const struct ct_yaml *item = text->kind == CT_YAML_LIST ? &text->items[i] : text;

		if (item->kind != CT_YAML_SCALAR)
			return ct_yaml_fail(r->doc, item, CT_EFORMAT, err, "text must be a list of files");
		code = read_file(r, item->text, err);
	}
	return code;
}

/* The parts of the split: training, validation, held out. */
enum part { LEARN, VALIDATION, HELD_OUT, PARTS };

struct cut {
	size_t first;			/* in ids */
	int n;
	enum part part;
};

/* All windows of all files; a block never reaches from one file into the next. */
static int
cut(const struct reader *r, struct cut *list)
{
	int own = r->o.window - r->n_bos, n = 0;
	size_t at = 0;
	struct ct_rng rng;

	ct_rng_seed(&rng, (uint64_t)r->o.seed, 5);
	for (int f = 0; f < r->n_files; f++) {
		enum part part = LEARN;

		for (int k = 0; r->ends[f] - at >= LEAST; k++) {
			size_t left = r->ends[f] - at;
			struct cut c = { .first = at, .n = left < (size_t)own ? (int)left : own };

			if (k % r->o.block == 0) {
				double u = (double)ct_rng_uniform(&rng);

				part = u < r->o.held_out ? HELD_OUT :
				    u < r->o.held_out + r->o.validation ? VALIDATION : LEARN;
			}
			c.part = part;
			if (list)
				list[n] = c;
			n++;
			at += (size_t)c.n;
		}
		at = r->ends[f];
	}
	return n;
}

/* Leaves out the windows that do not belong to the evenly spaced sample. */
static void
thin(struct cut *list, int *n, int most)
{
	int of[PARTS] = { 0 }, seen[PARTS] = { 0 }, kept = 0;

	for (int i = 0; i < *n; i++)
		of[list[i].part]++;
	for (int i = 0; i < *n; i++) {
		long k = seen[list[i].part]++, all = of[list[i].part];

		if (all <= most || k == 0 || k * most / all != (k - 1) * most / all)
			list[kept++] = list[i];
	}
	*n = kept;
}

static int
fill(struct ct_corpus *c, const struct reader *r, const struct cut *list, int n, struct ct_error *err)
{
	size_t tokens = 0;

	for (int i = 0; i < n; i++)
		tokens += (size_t)(r->n_bos + list[i].n);
	if (tokens > INT_MAX || n > CT_CORPUS_MAX_SENTENCES)
		return ct_fail(err, CT_EINVAL, "%s: the text has %d windows; at most %d",
		    ct_yaml_path(r->doc), n, CT_CORPUS_MAX_SENTENCES);
	c->sentences = ct_arena_need(&c->arena, (size_t)n, sizeof *c->sentences, "windows", err);
	c->tokens = ct_arena_need(&c->arena, tokens, sizeof *c->tokens, "tokens", err);
	if (!c->sentences || !c->tokens)
		return CT_ENOMEM;
	for (int i = 0; i < n; i++) {
		int count = r->n_bos + list[i].n;

		c->sentences[c->n_sentences++] = (struct ct_sentence){ .first = c->n_tokens, .n = count,
			.no_bos = !ct_tokenizer_special(r->t,
			    r->n_bos > 0 ? r->bos[0] : r->ids[list[i].first]),
			.held_out = list[i].part != LEARN, .validation = list[i].part == VALIDATION,
			.answer = count - 2, .row = -1, .relation = -1, .about = -1, .plan = -1, .plan_at =
			    -1,
			.repeat = 1 };
		memcpy(c->tokens + c->n_tokens, r->bos, (size_t)r->n_bos * sizeof *r->bos);
		memcpy(c->tokens + c->n_tokens + r->n_bos, r->ids + list[i].first,
		    (size_t)list[i].n * sizeof *r->ids);
		c->n_tokens += count;
	}
	return CT_OK;
}

static int
make(struct ct_corpus *c, const struct reader *r, enum ct_windows_part part, struct ct_error *err)
{
	static const char *kind = "window";
	int n = cut(r, NULL), learn = 0, code;
	struct cut *list = calloc((size_t)n + 1, sizeof *list);

	if (!list)
		return ct_fail_memory(err, (size_t)n * sizeof *list, "windows");
	cut(r, list);
	for (int i = 0; i < n; i++)
		learn += list[i].part == LEARN;
	if (learn == 0 || learn == n) {
		free(list);
		return ct_yaml_fail(r->doc, r->corpus, CT_EINVAL, err,
		    "the text is too short: of its %d windows of "
		    "%d tokens, %d are left to learn from and %d held out; more text, a shorter `window:` "
		    "or a smaller `block:`, or another share `held out:`", n, r->o.window, learn, n - learn);
	}
	if (part == CT_WINDOWS_SAMPLE)
		thin(list, &n, r->o.sample);
	c->text = true;
	c->n_kinds = 1;
	c->kinds = &kind;
	code = fill(c, r, list, n, err);
	free(list);
	if (code == CT_OK)
		code = ct_corpus_name_tokens(c, r->t, r->V, err);
	return code == CT_OK && part == CT_WINDOWS_SAMPLE ? ct_corpus_annotate_text(c, err) : code;
}

int
ct_windows_build(struct ct_corpus **out, const struct ct_yaml_doc *recipe, enum ct_windows_part part,
    const struct ct_tokenizer *t, int V, int context, const char *model, struct ct_error *err)
{
	struct reader r = { .doc = recipe, .corpus = ct_yaml_get(ct_yaml_root(recipe), "corpus"), .t = t,
		.model = model, .V = V };
	struct ct_corpus *c = calloc(1, sizeof *c);
	int code = c ? CT_OK : ct_fail_memory(err, sizeof *c, "a corpus");

	*out = NULL;
	if (code == CT_OK)
		code = read_settings(&r, context, err);
	if (code == CT_OK)
		code = read_files(&r, err);
	if (code == CT_OK && r.o.window - r.n_bos < LEAST)
		code = ct_yaml_fail(recipe, ct_yaml_get(r.corpus, "window"), CT_EINVAL, err,
		    "a window of %d tokens has no room for text", r.o.window);
	if (code == CT_OK)
		code = make(c, &r, part, err);
	free(r.spans);
	free(r.ids);
	free(r.ends);
	if (code != CT_OK) {
		ct_corpus_free(c);
		return code;
	}
	*out = c;
	return CT_OK;
}
