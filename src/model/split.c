/*
 * split: see split.h.
 */
#include "model/split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Rust's \s and \w as explicit sets: those of PCRE2 differ a little from version to version. */
#define SPACE "\\t-\\r\\x{20}\\x{85}\\x{A0}\\x{1680}" \
	"\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}"
#define WORD "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{200C}\\x{200D}\\x{24B6}-\\x{24E9}\\x{1F130}-\\x{1F149}" \
	"\\x{1F150}-\\x{1F169}\\x{1F170}-\\x{1F189}"

static const char whitespace[] = "[" WORD "]+|[^" WORD SPACE "]+";
static const char whitespace_split[] = "[" SPACE "]";
static const char gpt2[] = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|"
    " ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

static const struct {
	const char *name;
	enum ct_split_behavior behavior;
} behaviors[] = {
	{ "Removed", CT_SPLIT_REMOVED },
	{ "Isolated", CT_SPLIT_ISOLATED },
	{ "Contiguous", CT_SPLIT_CONTIGUOUS },
	{ "MergedWithPrevious", CT_SPLIT_WITH_PREVIOUS },
	{ "MergedWithNext", CT_SPLIT_WITH_NEXT },
};

static int
add_step(struct ct_split *s, const char *pattern, enum ct_regex_syntax syntax,
    enum ct_split_behavior behavior, const char *path, struct ct_error *err)
{
	struct ct_split_step *step = &s->steps[s->n];

	if (s->n == CT_MAX_STEPS)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: pre_tokenizer: more than %d steps", path,
		    CT_MAX_STEPS);
	if (s->byte_level)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: pre_tokenizer: a step after ByteLevel is not "
		    "supported", path);
	*step = (struct ct_split_step){ .behavior = behavior };
	s->n++;
	return pattern ? ct_regex_compile(&step->find, pattern, syntax, path, err) : CT_OK;
}

static int
read_byte_level(struct ct_split *s, const json_t *json, const char *path, struct ct_error *err)
{
	bool regex = true, space = true;
	int code = ct_json_bool(json, path, "use_regex", false, &regex, err);

	if (code == CT_OK)
		code = ct_json_bool(json, path, "add_prefix_space", true, &space, err);
	if (code == CT_OK)
		code = add_step(s, regex ? gpt2 : NULL, CT_REGEX_ONIGURUMA, CT_SPLIT_ISOLATED, path, err);
	if (code == CT_OK) {
		s->steps[s->n - 1].prepend = space ? CT_PREPEND_ALWAYS : CT_PREPEND_NEVER;
		s->byte_level = true;
	}
	return code;
}

static int
read_split(struct ct_split *s, const json_t *json, const char *path, struct ct_error *err)
{
	const json_t *pattern = json_object_get(json, "pattern");
	const char *regex = json_string_value(json_object_get(pattern, "Regex"));
	const char *string = json_string_value(json_object_get(pattern, "String"));
	const char *behavior = "";
	char shown[48];
	bool invert = false;
	int code = ct_json_string(json, path, "behavior", true, &behavior, err);

	if (code == CT_OK)
		code = ct_json_bool(json, path, "invert", true, &invert, err);
	if (code != CT_OK)
		return code;
	if (!regex == !string)
		return ct_fail(err, CT_EFORMAT, "%s: pre_tokenizer: Split: expected a \"pattern\" with Regex "
		    "or String", path);
	for (size_t i = 0; i < sizeof behaviors / sizeof *behaviors; i++) {
		if (strcmp(behaviors[i].name, behavior) != 0)
			continue;
		code = add_step(s, regex ? regex : string, regex ? CT_REGEX_ONIGURUMA : CT_REGEX_LITERAL,
		    behaviors[i].behavior, path, err);
		if (code == CT_OK)
			s->steps[s->n - 1].invert = invert;
		return code;
	}
	ct_text_clean(shown, sizeof shown, behavior, strlen(behavior));
	return ct_fail(err, CT_EUNSUPPORTED, "%s: pre_tokenizer: Split with behavior \"%s\" is not supported "
	    "(supported: Removed, Isolated, Contiguous, MergedWithPrevious, MergedWithNext)", path, shown);
}

static int
read_digits(struct ct_split *s, const json_t *json, const char *path, struct ct_error *err)
{
	bool individual = false;
	int code = ct_json_bool(json, path, "individual_digits", true, &individual, err);

	if (code != CT_OK)
		return code;
	return add_step(s, individual ? "\\p{N}" : "\\p{N}+", CT_REGEX_ONIGURUMA, CT_SPLIT_ISOLATED, path,
	    err);
}

/* Older files have add_prefix_space instead of prepend_scheme; if a file has both, they must agree. */
static int
read_scheme(struct ct_split_step *step, const json_t *json, const char *path, struct ct_error *err)
{
	static const char *const names[] = { "never", "first", "always" };
	const char *scheme = "always";
	bool prefix = true;
	int code = ct_json_string(json, path, "prepend_scheme", false, &scheme, err);
	int chosen = -1;

	if (code == CT_OK)
		code = ct_json_bool(json, path, "add_prefix_space", false, &prefix, err);
	if (code != CT_OK)
		return code;
	for (int i = 0; i < 3; i++)
		if (strcmp(names[i], scheme) == 0)
			chosen = i;
	if (chosen < 0)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: pre_tokenizer: Metaspace: \"prepend_scheme\": "
		    "expected always, first or never", path);
	if (!prefix && json_object_get(json, "prepend_scheme") && chosen != CT_PREPEND_NEVER)
		return ct_fail(err, CT_EFORMAT, "%s: pre_tokenizer: Metaspace: \"add_prefix_space\" and "
		    "\"prepend_scheme\" disagree; remove the wrong one", path);
	step->prepend = prefix ? (enum ct_split_prepend)chosen : CT_PREPEND_NEVER;
	return CT_OK;
}

static int
read_metaspace(struct ct_split *s, const json_t *json, const char *path, struct ct_error *err)
{
	const char *blank = NULL;
	struct ct_split_step *step;
	bool split = true;
	uint32_t cp;
	int code = ct_json_string(json, path, "replacement", true, &blank, err);

	if (code == CT_OK)
		code = ct_json_bool(json, path, "split", false, &split, err);
	if (code != CT_OK)
		return code;
	if (!*blank || ct_utf8_decode(blank, strlen(blank), &cp) != (int)strlen(blank))
		return ct_fail(err, CT_EFORMAT, "%s: pre_tokenizer: Metaspace: \"replacement\": expected one "
		    "character", path);
	code = add_step(s, split ? blank : NULL, CT_REGEX_LITERAL, CT_SPLIT_WITH_NEXT, path, err);
	if (code != CT_OK)
		return code;
	step = &s->steps[s->n - 1];
	step->blank = strdup(blank);
	if (!step->blank)
		return ct_fail_memory(err, strlen(blank), path);
	return read_scheme(step, json, path, err);
}

static int
read_one(struct ct_split *s, const json_t *json, const char *path, int depth, struct ct_error *err)
{
	const json_t *list = json_object_get(json, "pretokenizers"), *child;
	const char *type = "";
	char shown[48];
	size_t i;
	int code;

	if (!json_is_object(json))
		return ct_fail(err, CT_EFORMAT, "%s: pre_tokenizer: expected an object", path);
	code = ct_json_string(json, path, "type", true, &type, err);
	if (code != CT_OK)
		return code;
	if (strcmp(type, "WhitespaceSplit") == 0)
		return add_step(s, whitespace_split, CT_REGEX_PCRE, CT_SPLIT_REMOVED, path, err);
	if (strcmp(type, "Whitespace") == 0) {
		code = add_step(s, whitespace, CT_REGEX_PCRE, CT_SPLIT_REMOVED, path, err);
		if (code == CT_OK)
			s->steps[s->n - 1].invert = true;
		return code;
	}
	if (strcmp(type, "ByteLevel") == 0)
		return read_byte_level(s, json, path, err);
	if (strcmp(type, "Split") == 0)
		return read_split(s, json, path, err);
	if (strcmp(type, "Digits") == 0)
		return read_digits(s, json, path, err);
	if (strcmp(type, "Metaspace") == 0)
		return read_metaspace(s, json, path, err);
	ct_text_clean(shown, sizeof shown, type, strlen(type));
	if (strcmp(type, "Sequence") != 0 || depth > 4 || !json_is_array(list))
		return ct_fail(err, CT_EUNSUPPORTED, "%s: pre_tokenizer \"%s\" is not supported "
		    "(supported: Whitespace, WhitespaceSplit, ByteLevel, Split, Digits, Metaspace, "
		    "Sequence)", path, shown);
	json_array_foreach(list, i, child) {
		code = read_one(s, child, path, depth + 1, err);
		if (code != CT_OK)
			return code;
	}
	return CT_OK;
}

int
ct_split_read(struct ct_split *s, const json_t *json, const char *path, struct ct_error *err)
{
	int code = CT_OK;

	*s = (struct ct_split){ .n = 0 };
	if (json && !json_is_null(json))
		code = read_one(s, json, path, 0, err);
	if (code != CT_OK)
		ct_split_free(s);
	return code;
}

void
ct_split_free(struct ct_split *s)
{
	for (int i = 0; i < s->n; i++) {
		ct_regex_free(s->steps[i].find);
		free(s->steps[i].blank);
	}
	*s = (struct ct_split){ .n = 0 };
}

bool
ct_split_needs_tables(const struct ct_split *s)
{
	for (int i = 0; i < s->n; i++)
		if (s->steps[i].find && ct_regex_needs_tables(s->steps[i].find))
			return true;
	return false;
}

const char *
ct_split_blank(const struct ct_split *s)
{
	for (int i = 0; i < s->n; i++)
		if (s->steps[i].blank)
			return s->steps[i].blank;
	return NULL;
}

struct stretch {
	size_t from, to;
	bool matched;
};

struct stretches {
	struct stretch *list;
	size_t n, room;
	const struct ct_split_step *step;
};

/*
 * Adds a stretch, or joins it to the previous one, according to the step's behaviour; With_next is handled
 * later, backwards.
 */
static int
add_stretch(void *ctx, size_t from, size_t to, bool matched, struct ct_error *err)
{
	struct stretches *x = ctx;
	struct stretch *last = x->n ? &x->list[x->n - 1] : NULL;

	matched ^= x->step->invert;
	if (last && ((x->step->behavior == CT_SPLIT_CONTIGUOUS && last->matched == matched) ||
	    (x->step->behavior == CT_SPLIT_WITH_PREVIOUS && matched && !last->matched))) {
		last->to = to;
		last->matched = matched;
		return CT_OK;
	}
	if (x->n == x->room) {
		size_t room = x->room ? 2 * x->room : 32;
		struct stretch *list = realloc(x->list, room * sizeof *list);

		if (!list)
			return ct_fail_memory(err, room * sizeof *list, "the text");
		x->list = list;
		x->room = room;
	}
	x->list[x->n++] = (struct stretch){ from, to, matched };
	return CT_OK;
}

/* A match joins the text after it, unless that is a match too. */
static void
join_with_next(struct stretches *x)
{
	size_t kept = x->n;
	bool matched = false;		/* whether the stretch after it is a match */

	for (size_t i = x->n; i-- > 0;) {
		struct stretch now = x->list[i];

		if (now.matched && !matched && kept < x->n)
			x->list[kept].from = now.from;
		else
			x->list[--kept] = now;
		matched = now.matched;
	}
	memmove(x->list, x->list + kept, (x->n - kept) * sizeof *x->list);
	x->n -= kept;
}

struct run {
	const struct ct_split *split;
	ct_piece_fn fn;
	void *ctx;
	struct ct_error *err;
};

static int step(struct run *r, int k, const struct ct_piece *p);

static int
cut(struct run *r, int k, const struct ct_piece *p)
{
	const struct ct_split_step *s = &r->split->steps[k];
	struct stretches x = { .step = s };
	int code = CT_OK;

	if (s->find)
		code = ct_regex_each(s->find, p->s, p->n, ct_piece_at(p, 0), add_stretch, &x, r->err);
	else
		code = add_stretch(&x, 0, p->n, s->invert, r->err);
	if (s->behavior == CT_SPLIT_WITH_NEXT && code == CT_OK)
		join_with_next(&x);
	for (size_t i = 0; i < x.n && code == CT_OK; i++) {
		struct ct_piece part = ct_piece_part(p, x.list[i].from, x.list[i].to);

		if (part.n && !(s->behavior == CT_SPLIT_REMOVED && x.list[i].matched))
			code = step(r, k + 1, &part);
	}
	free(x.list);
	return code;
}

/* The text with its blanks replaced, and with one put in front if the step says so. */
static int
rewrite(const struct ct_split_step *s, const struct ct_piece *p, struct ct_changed_text *c,
    struct ct_error *err)
{
	const char *blank = s->blank ? s->blank : " ";
	size_t len = strlen(blank);
	bool begins = (p->n >= len && memcmp(p->s, blank, len) == 0) || (s->blank && p->s[0] == ' ');
	int code = CT_OK;

	if (!begins && (s->prepend == CT_PREPEND_ALWAYS || (s->prepend == CT_PREPEND_FIRST && ct_piece_at(p,
	    0) == 0)))
		code = ct_changed_put(c, blank, len, p, 0, err);
	for (size_t i = 0; i < p->n && code == CT_OK; i++)
		if (s->blank && p->s[i] == ' ')
			code = ct_changed_put(c, blank, len, p, i, err);
		else
			code = ct_changed_copy(c, p, i, i + 1, err);
	return code;
}

static int
step(struct run *r, int k, const struct ct_piece *p)
{
	const struct ct_split_step *s = &r->split->steps[k];
	struct ct_changed_text changed = { 0 };
	struct ct_piece longer;
	int code;

	if (k == r->split->n)
		return r->fn(r->ctx, p, r->err);
	if (!s->blank && (s->prepend == CT_PREPEND_NEVER || p->s[0] == ' '))
		return cut(r, k, p);
	code = rewrite(s, p, &changed, r->err);
	if (code == CT_OK)
		code = ct_changed_end(&changed, p, &longer, r->err);
	if (code == CT_OK)
		code = cut(r, k, &longer);
	ct_changed_free(&changed);
	return code;
}

int
ct_split_run(const struct ct_split *s, const struct ct_piece *text, ct_piece_fn fn, void *ctx,
    struct ct_error *err)
{
	struct run r = { .split = s, .fn = fn, .ctx = ctx, .err = err };

	return text->n ? step(&r, 0, text) : CT_OK;
}

bool
ct_is_space(unsigned cp)
{
	return (cp >= 9 && cp <= 13) || cp == 0x20 || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
	    (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F ||
	    cp == 0x3000;
}

int
ct_word_class(struct ct_regex **out, struct ct_error *err)
{
	return ct_regex_compile(out, "[" WORD "]", CT_REGEX_PCRE, "the word class", err);
}
