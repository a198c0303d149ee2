/* regex: see regex.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "model/regex.h"

#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/onig.h"

/* A pattern that needs more steps than this for one match in a prompt is an attack or a mistake. */
enum { MATCH_LIMIT = 10 * 1000 * 1000, HEAP_LIMIT_KIB = 64 << 10 };

struct ct_regex {
	pcre2_code *code;
	bool needs_tables;
};

static int
compile(struct ct_regex *r, const char *pattern, const char *written, const char *path, struct ct_error *err)
{
	const uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
	pcre2_compile_context *lines = pcre2_compile_context_create(NULL);
	PCRE2_UCHAR why[120];
	char shown[160];
	PCRE2_SIZE at;
	int code;

	if (!lines)
		return ct_fail_memory(err, strlen(pattern), path);
	pcre2_set_newline(lines, PCRE2_NEWLINE_LF);
	r->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &at, lines);
	pcre2_compile_context_free(lines);
	if (r->code)
		return CT_OK;
	if (code == PCRE2_ERROR_NOMEMORY || code == 121)	/* 121: out of memory while compiling */
		return ct_fail_memory(err, strlen(pattern), path);
	pcre2_get_error_message(code, why, sizeof why);
	ct_text_clean(shown, sizeof shown, written, strlen(written) < 120 ? strlen(written) : 120);
	return ct_fail(err, CT_EUNSUPPORTED, "%s: the pattern \"%s\" is not supported: %s", path, shown,
	    (const char *)why);
}

int
ct_regex_compile(struct ct_regex **out, const char *pattern, enum ct_regex_syntax syntax, const char *path,
    struct ct_error *err)
{
	struct ct_regex *r = calloc(1, sizeof *r);
	char *translated = NULL;
	int code = CT_OK;

	*out = NULL;
	if (!r)
		return ct_fail_memory(err, sizeof *r, path);
	if (syntax == CT_REGEX_ONIGURUMA)
		code = ct_onig_translate(&translated, &r->needs_tables, pattern, path, err);
	else if (syntax == CT_REGEX_LITERAL)
		code = ct_onig_literal(&translated, pattern, path, err);
	else
		r->needs_tables = strchr(pattern, 'p') != NULL;
	if (code == CT_OK)
		code = compile(r, translated ? translated : pattern, pattern, path, err);
	free(translated);
	if (code != CT_OK) {
		ct_regex_free(r);
		return code;
	}
	*out = r;
	return CT_OK;
}

void
ct_regex_free(struct ct_regex *r)
{
	if (!r)
		return;
	pcre2_code_free(r->code);
	free(r);
}

bool
ct_regex_needs_tables(const struct ct_regex *r)
{
	return r->needs_tables;
}

struct search {
	pcre2_match_data *match;
	pcre2_match_context *limits;
};

static int
start(struct search *s, struct ct_error *err)
{
	s->match = pcre2_match_data_create(1, NULL);
	s->limits = pcre2_match_context_create(NULL);
	if (!s->match || !s->limits)
		return ct_fail_memory(err, sizeof *s, "matching");
	pcre2_set_match_limit(s->limits, MATCH_LIMIT);
	pcre2_set_heap_limit(s->limits, HEAP_LIMIT_KIB);
	return CT_OK;
}

static int
each(const struct ct_regex *r, const struct search *q, const char *s, size_t n, size_t at, ct_regex_fn fn,
    void *ctx, struct ct_error *err)
{
	const PCRE2_SIZE *span = pcre2_get_ovector_pointer(q->match);
	size_t done = 0, from = 0, last = SIZE_MAX;	/* last: where the last match ended */
	int code = CT_OK;

	while (code == CT_OK && from <= n) {
		int found = pcre2_match(r->code, (PCRE2_SPTR)s, n, from, PCRE2_NO_UTF_CHECK, q->match,
		    q->limits);

		if (found == PCRE2_ERROR_NOMATCH)
			break;
		if (found < 0 || span[0] < done || span[1] < span[0])
			return ct_fail(err, CT_EFORMAT, "the tokenizer's pattern takes too many steps on "
			    "this text at byte %zu", at + from);
		if (span[0] == span[1] && span[1] == last) {
			uint32_t cp;

			if (from >= n)
				break;
			from += (size_t)ct_utf8_decode(s + from, n - from, &cp);
			continue;
		}
		if (span[0] > done)
			code = fn(ctx, done, span[0], false, err);
		if (code == CT_OK)
			code = fn(ctx, span[0], span[1], true, err);
		done = from = last = span[1];
	}
	if (code == CT_OK && done < n)
		code = fn(ctx, done, n, false, err);
	return code;
}

int
ct_regex_each(const struct ct_regex *r, const char *s, size_t n, size_t at, ct_regex_fn fn, void *ctx,
    struct ct_error *err)
{
	struct search q = { 0 };
	int code = start(&q, err);

	if (code == CT_OK)
		code = each(r, &q, s, n, at, fn, ctx, err);
	pcre2_match_context_free(q.limits);
	pcre2_match_data_free(q.match);
	return code;
}

bool
ct_regex_begins(const struct ct_regex *r, const char *s, size_t n)
{
	pcre2_match_data *m = pcre2_match_data_create(1, NULL);
	bool is = m && pcre2_match(r->code, (PCRE2_SPTR)s, n, 0, PCRE2_ANCHORED, m, NULL) >= 0;

	pcre2_match_data_free(m);
	return is;
}
