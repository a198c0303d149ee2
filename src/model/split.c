/*
 * split: see split.h.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "model/split.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Rust's \s and \w, spelt out: PCRE2's own differ a little from version to version. */
#define SPACE "\\t-\\r\\x{20}\\x{85}\\x{A0}\\x{1680}" \
	"\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}"
#define WORD "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{200C}\\x{200D}\\x{24B6}-\\x{24E9}\\x{1F130}-\\x{1F149}" \
	"\\x{1F150}-\\x{1F169}\\x{1F170}-\\x{1F189}"

static const char whitespace[] = "[" WORD "]+|[^" WORD SPACE "]+";
static const char whitespace_split[] = "[" SPACE "]+";
static const char gpt2[] = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|"
    " ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/* A pattern that needs more than this for one match of a prompt is an attack or a mistake. */
enum { MATCH_LIMIT = 10 * 1000 * 1000, HEAP_LIMIT_KIB = 64 << 10 };

static int
compile(void **out, const char *pattern, bool literal, const char *path, struct ct_error *err)
{
	uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | (literal ? PCRE2_LITERAL : PCRE2_UCP);
	PCRE2_UCHAR why[120];
	PCRE2_SIZE at;
	int code;

	*out = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &at, NULL);
	if (*out)
		return CT_OK;
	pcre2_get_error_message(code, why, sizeof why);
	return ct_fail(err, CT_EFORMAT, "%s: pre_tokenizer: the pattern \"%.100s\" fails at byte %zu: %s",
	    path, pattern, at, (const char *)why);
}

static int
add_step(struct ct_split *s, const char *pattern, bool literal, bool keep_match, bool keep_gap,
    const char *path, struct ct_error *err)
{
	struct ct_split_step *step = &s->steps[s->n];

	if (s->n == CT_MAX_STEPS)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: pre_tokenizer: more than %d steps", path,
		    CT_MAX_STEPS);
	if (s->byte_level)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: pre_tokenizer: a step after ByteLevel is not "
		    "supported", path);
	*step = (struct ct_split_step){ .keep_match = keep_match, .keep_gap = keep_gap };
	s->n++;
	return pattern ? compile(&step->code, pattern, literal, path, err) : CT_OK;
}

static int
read_byte_level(struct ct_split *s, const json_t *json, const char *path, struct ct_error *err)
{
	bool regex = true, space = true;
	int code = ct_json_bool(json, path, "use_regex", false, &regex, err);

	if (code == CT_OK)
		code = ct_json_bool(json, path, "add_prefix_space", false, &space, err);
	if (code == CT_OK)
		code = add_step(s, regex ? gpt2 : NULL, false, true, true, path, err);
	if (code == CT_OK) {
		s->steps[s->n - 1].prefix_space = space;
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
	bool invert = false, isolated;
	int code = ct_json_string(json, path, "behavior", true, &behavior, err);

	if (code == CT_OK)
		code = ct_json_bool(json, path, "invert", false, &invert, err);
	if (code != CT_OK)
		return code;
	if (!regex && !string)
		return ct_fail(err, CT_EFORMAT, "%s: pre_tokenizer: Split: expected a \"pattern\" with Regex "
		    "or String", path);
	isolated = strcmp(behavior, "Isolated") == 0;
	if (!isolated && strcmp(behavior, "Removed") != 0)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: pre_tokenizer: Split with behavior \"%.40s\" is "
		    "not supported (supported: Isolated, Removed)", path, behavior);
	return add_step(s, regex ? regex : string, !regex, isolated || invert, isolated || !invert, path,
	    err);
}

static int
read_digits(struct ct_split *s, const json_t *json, const char *path, struct ct_error *err)
{
	bool individual = false;
	int code = ct_json_bool(json, path, "individual_digits", false, &individual, err);

	if (code != CT_OK)
		return code;
	return add_step(s, individual ? "\\p{N}" : "\\p{N}+", false, true, true, path, err);
}

static int
read_one(struct ct_split *s, const json_t *json, const char *path, bool nested, struct ct_error *err)
{
	const json_t *list = json_object_get(json, "pretokenizers"), *child;
	const char *type = "";
	size_t i;
	int code;

	if (!json_is_object(json))
		return ct_fail(err, CT_EFORMAT, "%s: pre_tokenizer: expected an object", path);
	code = ct_json_string(json, path, "type", true, &type, err);
	if (code != CT_OK)
		return code;
	if (strcmp(type, "WhitespaceSplit") == 0)
		return add_step(s, whitespace_split, false, false, true, path, err);
	if (strcmp(type, "Whitespace") == 0)
		return add_step(s, whitespace, false, true, false, path, err);
	if (strcmp(type, "ByteLevel") == 0)
		return read_byte_level(s, json, path, err);
	if (strcmp(type, "Split") == 0)
		return read_split(s, json, path, err);
	if (strcmp(type, "Digits") == 0)
		return read_digits(s, json, path, err);
	if (strcmp(type, "Sequence") != 0 || nested || !json_is_array(list))
		return ct_fail(err, CT_EUNSUPPORTED, "%s: pre_tokenizer \"%.40s\" is not supported "
		    "(supported: Whitespace, WhitespaceSplit, ByteLevel, Split, Digits, and one Sequence of "
		    "these)", path, type);
	json_array_foreach(list, i, child) {
		code = read_one(s, child, path, true, err);
		if (code != CT_OK)
			return code;
	}
	return CT_OK;
}

int
ct_split_read(struct ct_split *s, const json_t *json, const char *path, struct ct_error *err)
{
	int code = CT_OK;

	*s = (struct ct_split){ 0 };
	if (json && !json_is_null(json))
		code = read_one(s, json, path, false, err);
	if (code != CT_OK)
		ct_split_free(s);
	return code;
}

void
ct_split_free(struct ct_split *s)
{
	for (int i = 0; i < s->n; i++)
		pcre2_code_free(s->steps[i].code);
	*s = (struct ct_split){ 0 };
}

struct run {
	const struct ct_split *split;
	pcre2_match_data *match;
	pcre2_match_context *limits;
	ct_piece_fn fn;
	void *ctx;
	struct ct_error *err;
};

static int step(struct run *r, int k, const char *s, size_t n, size_t at, bool spaced);

/* A part [from, to) of the text that step k sees goes to the next step. */
static int
part(struct run *r, int k, const char *s, size_t from, size_t to, size_t at, bool spaced)
{
	if (from == to)
		return CT_OK;
	if (from == 0)
		return step(r, k + 1, s, to, at, spaced);
	return step(r, k + 1, s + from, to - from, at + from - spaced, false);
}

static int
match(struct run *r, int k, const char *s, size_t n, size_t at, bool spaced)
{
	const struct ct_split_step *step = &r->split->steps[k];
	const PCRE2_SIZE *span = pcre2_get_ovector_pointer(r->match);
	size_t done = 0, from = 0;
	int code = CT_OK;

	while (code == CT_OK && from < n) {
		size_t start, end;
		int found = pcre2_match(step->code, (PCRE2_SPTR)s, n, from, PCRE2_NO_UTF_CHECK, r->match,
		    r->limits);

		if (found == PCRE2_ERROR_NOMATCH)
			break;
		start = span[0];
		end = span[1];
		/* \K in a lookahead can report an end before its start. */
		if (found < 0 || start < done || end < start)
			return ct_fail(r->err, CT_EFORMAT, "the tokenizer's splitting pattern gives up on "
			    "this text at byte %zu", at + from);
		if (step->keep_gap)
			code = part(r, k, s, done, start, at, spaced);
		if (code == CT_OK && step->keep_match)
			code = part(r, k, s, start, end, at, spaced);
		done = end;
		from = end;
		if (start == end) {
			uint32_t cp;

			from += (size_t)ct_utf8_decode(s + end, n - end, &cp);
		}
	}
	if (code == CT_OK && step->keep_gap)
		code = part(r, k, s, done, n, at, spaced);
	return code;
}

static int
step(struct run *r, int k, const char *s, size_t n, size_t at, bool spaced)
{
	char *longer = NULL;
	int code;

	if (k == r->split->n)
		return r->fn(r->ctx, s, n, at, spaced, r->err);
	if (r->split->steps[k].prefix_space && s[0] != ' ') {
		longer = malloc(n + 1);
		if (!longer)
			return ct_fail_memory(r->err, n + 1, "the text");
		longer[0] = ' ';
		memcpy(longer + 1, s, n);
		s = longer;
		n++;
		spaced = true;
	}
	if (r->split->steps[k].code)
		code = match(r, k, s, n, at, spaced);
	else
		code = part(r, k, s, 0, n, at, spaced);
	free(longer);
	return code;
}

int
ct_split_run(const struct ct_split *s, const char *text, size_t n, size_t at, ct_piece_fn fn, void *ctx,
    struct ct_error *err)
{
	struct run r = { .split = s, .fn = fn, .ctx = ctx, .err = err };
	int code;

	if (!n)
		return CT_OK;
	r.match = pcre2_match_data_create(1, NULL);
	r.limits = pcre2_match_context_create(NULL);
	if (!r.match || !r.limits) {
		code = ct_fail_memory(err, sizeof r, "matching");
	} else {
		pcre2_set_match_limit(r.limits, MATCH_LIMIT);
		pcre2_set_heap_limit(r.limits, HEAP_LIMIT_KIB);
		code = step(&r, 0, text, n, at, false);
	}
	pcre2_match_context_free(r.limits);
	pcre2_match_data_free(r.match);
	return code;
}

bool
ct_is_space(unsigned cp)
{
	return (cp >= 9 && cp <= 13) || cp == 0x20 || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
	    (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F ||
	    cp == 0x3000;
}

int
ct_word_class(void **code, struct ct_error *err)
{
	return compile(code, "[" WORD "]", false, "the word class", err);
}

bool
ct_is_word(const void *code, const char *s, size_t n)
{
	pcre2_match_data *m = pcre2_match_data_create(1, NULL);
	uint32_t cp;
	size_t len = (size_t)ct_utf8_decode(s, n, &cp);
	bool is = m && pcre2_match(code, (PCRE2_SPTR)s, len, 0, PCRE2_ANCHORED, m, NULL) >= 0;

	pcre2_match_data_free(m);
	return is;
}

void
ct_word_class_free(void *code)
{
	pcre2_code_free(code);
}
