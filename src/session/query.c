/* query: see query.h. */
#include "session/query.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/label.h"
#include "base/text.h"

/* A letter or digit of any script. */
static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* The next word before `end` at *p, which moves past it. Returns its length; 0: there is none. */
static size_t
next_word(const char **p, const char *end, const char **word)
{
	const char *q = *p;

	while (q < end && !is_word(*q))
		q++;
	*word = q;
	while (q < end && is_word(*q))
		q++;
	*p = q;
	return (size_t)(q - *word);
}

static int
check_text(const struct ct_query *q, struct ct_error *err)
{
	const char *p = q->text, *word;
	char clean[120];

	if (q->exact ? q->n > 0 : next_word(&p, q->text + q->n, &word) > 0)
		return CT_OK;
	ct_text_clean(clean, sizeof clean, q->text, q->n);
	return ct_fail(err, CT_EINVAL, "\"%s\" names no label: expected words of a label, as \"Texas\", or a "
	    "whole label, as \"=bridge Texas\"", clean);
}

/* Reads >F1 at *p, if there is one. */
static int
read_above(struct ct_query *out, const char **p, struct ct_error *err)
{
	char number[16];
	size_t n;

	out->above = -1;
	if (**p != '>')
		return CT_OK;
	n = strspn(*p + 1, "0123456789.");
	snprintf(number, sizeof number, "%.*s", (int)n, *p + 1);
	if (n == 0 || n >= sizeof number || !ct_text_double(number, &out->above) || out->above > 1)
		return ct_fail(err, CT_EINVAL, "after > expected an F1 from 0 to 1, as in \"Texas\">.8");
	*p += 1 + n;
	return CT_OK;
}

int
ct_query_read(struct ct_query *out, const char **p, struct ct_error *err)
{
	const char *end = **p == '"' ? strchr(*p + 1, '"') : NULL;
	int code;

	if (!end)
		return ct_fail(err, CT_EINVAL, "expected a label in quotes, as \"Texas\"");
	*out = (struct ct_query){ .exact = (*p)[1] == '=' };
	out->text = *p + 1 + out->exact;
	out->n = (size_t)(end - out->text);
	code = check_text(out, err);
	if (code < 0)
		return code;
	*p = end + 1;
	return read_above(out, p, err);
}

int
ct_query_parse(struct ct_query *out, const char *text, struct ct_error *err)
{
	const char *p = text;
	int code;

	if (*text != '"') {
		*out = (struct ct_query){ .exact = *text == '=', .above = -1 };
		out->text = text + out->exact;
		out->n = strlen(out->text);
		return check_text(out, err);
	}
	code = ct_query_read(out, &p, err);
	if (code == CT_OK && *p)
		code = ct_fail(err, CT_EINVAL, "expected nothing after the label, found '%.60s'", p);
	return code;
}

static bool
has_word(const char *label, const char *word, size_t n)
{
	const char *end = label + strlen(label), *found;
	size_t len;

	while ((len = next_word(&label, end, &found)) > 0)
		if (len == n && strncasecmp(found, word, n) == 0)
			return true;
	return false;
}

bool
ct_query_matches(const struct ct_query *q, const char *label, double f1)
{
	const char *p = q->text, *end = q->text + q->n, *word;
	char guess[1024];
	size_t n;

	if (!*label || f1 <= q->above)		/* false for NAN, so labels that a person typed always fit */
		return false;
	ct_label_words(guess, sizeof guess, label);
	if (q->exact)
		return strlen(guess) == q->n && strncmp(guess, q->text, q->n) == 0;
	while ((n = next_word(&p, end, &word)) > 0)
		if (!has_word(guess, word, n))
			return false;
	return true;
}
