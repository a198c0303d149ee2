/* onig: see onig.h. A recursive descent over the pattern; the result needs no flags except UTF and UCP. */
#include "model/onig.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/onig_reader.h"

enum { MAX_PATTERN = 16 << 10 };

static int read_alternatives(struct ct_onig *t, struct ct_buffer *out);

/* A ( or (?...) whose contents have the usual syntax. */
static int
read_inside(struct ct_onig *t, struct ct_buffer *out, const char *at, const char *before)
{
	int code;

	ct_buffer_puts(out, before);
	code = read_alternatives(t, out);
	if (code == CT_OK && *t->p != ')')
		code = ct_onig_refuse(t, at, "a group without )");
	ct_buffer_puts(out, ")");
	t->p += code == CT_OK;
	return code;
}

/*
 * (?imx-imx:...) and (?imx), which in Ruby holds up to the end of the enclosing group, alternatives included.
 */
static int
read_options(struct ct_onig *t, struct ct_buffer *out, const char *at)
{
	struct ct_onig old = *t;
	bool on = true;
	int code;

	for (; *t->p && *t->p != ':' && *t->p != ')'; t->p++) {
		bool *flag = *t->p == 'i' ? &t->icase : *t->p == 'm' ? &t->dotall : *t->p == 'x' ?
		    &t->extended : NULL;

		if (*t->p == '-' && on)
			on = false;
		else if (flag)
			*flag = on;
		else
			return ct_onig_refuse(t, at, "this (? is not supported");
	}
	if (!*t->p)
		return ct_onig_refuse(t, at, "a group without )");
	if (*t->p++ == ':') {
		code = read_inside(t, out, at, t->icase ? "(?i:" : "(?-i:");
	} else {
		ct_buffer_puts(out, t->icase ? "(?i:" : "(?-i:");
		code = read_alternatives(t, out);
		ct_buffer_puts(out, ")");
	}
	t->icase = old.icase;
	t->dotall = old.dotall;
	t->extended = old.extended;
	return code;
}

/* t->p is after the (. */
static int
read_group(struct ct_onig *t, struct ct_buffer *out)
{
	static const char *const kinds[] = { "?:", "?=", "?!", "?>", "?<=", "?<!" };
	const char *at = t->p - 1, *end;
	int code;

	if (++t->depth > CT_ONIG_DEPTH)
		return ct_onig_refuse(t, at, "nested too deeply");
	if (*t->p != '?') {
		code = read_inside(t, out, at, "(?:");
	} else if (t->p[1] == '#') {
		end = strchr(t->p, ')');
		if (!end)
			return ct_onig_refuse(t, at, "a comment without )");
		t->p = end + 1;
		code = CT_OK;
	} else {
		size_t i = 0, n = 0;

		while (i < sizeof kinds / sizeof *kinds && strncmp(t->p, kinds[i], strlen(kinds[i])) != 0)
			i++;
		if (i < sizeof kinds / sizeof *kinds) {
			char before[8];

			n = strlen(kinds[i]);
			snprintf(before, sizeof before, "(%s", kinds[i]);
			t->p += n;
			code = read_inside(t, out, at, before);
		} else if (t->p[1] == '<' && (isalpha((unsigned char)t->p[2]) || t->p[2] == '_')) {
			end = strchr(t->p, '>');
			if (!end)
				return ct_onig_refuse(t, at, "a name without >");
			t->p = end + 1;
			code = read_inside(t, out, at, "(?:");
		} else {
			t->p++;
			code = read_options(t, out, at);
		}
	}
	t->depth--;
	return code;
}

/*
 * Two letters that a single character folds to, as ß folds to ss: a pattern that ignores case would also
 * match that character.
 */
static bool
folds_together(unsigned a, unsigned b)
{
	static const char *const pairs[] = { "ss", "ff", "fi", "fl", "st" };

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if ((unsigned char)pairs[i][0] == a && (unsigned char)pairs[i][1] == b)
			return true;
	return false;
}

static int
put_literal(struct ct_onig *t, struct ct_buffer *out, const char *at, long cp)
{
	unsigned letter = cp < 0x80 && isalpha((int)cp) ? (unsigned)tolower((int)cp) : 0;

	if (ct_onig_cased_beyond_ascii(t, cp))
		return ct_onig_refuse(t, at, "letters beyond ASCII that ignore case are not supported");
	if (t->icase && letter && folds_together(t->letter, letter))
		return ct_onig_refuse(t, at, "these two letters may be one character when case is ignored; "
		    "not supported");
	ct_onig_put_code(out, (unsigned)cp);
	t->letter = letter;
	return CT_OK;
}

/* \ outside of classes. *quantifiable: it matches characters, so that a quantifier may follow. */
static int
read_outer_escape(struct ct_onig *t, struct ct_buffer *out, bool *quantifiable)
{
	static const char word[] = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
	const char *at = t->p - 1;
	struct ct_buffer members = { 0 };
	bool negated;
	long cp;
	int code;

	if (*t->p == 'R' || *t->p == 'A' || *t->p == 'z' || *t->p == 'Z' || *t->p == 'G') {
		*quantifiable = *t->p == 'R';
		ct_buffer_printf(out, "\\%c", *t->p++);
		return CT_OK;
	}
	if (*t->p == 'b' || *t->p == 'B') {
		const char *yes = *t->p == 'b' ? "(?:(?<=W)(?!W)|(?<!W)(?=W))" :
		    "(?:(?<=W)(?=W)|(?<!W)(?!W))";

		*quantifiable = false;
		*t->newer = true;
		t->p++;
		for (; *yes; yes++)
			if (*yes == 'W')
				ct_buffer_printf(out, "%s\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}]", word);
			else
				ct_buffer_add(out, yes, 1);
		return CT_OK;
	}
	code = ct_onig_escape(t, &members, false, &cp, &negated);
	if (code == CT_OK && cp >= 0)
		code = put_literal(t, out, at, cp);
	else if (code == CT_OK)
		ct_buffer_printf(out, negated ? "[^%s]" : "[%s]", members.text ? members.text : "");
	if (members.lost)
		code = ct_fail_memory(t->err, members.n, t->path);
	ct_buffer_free(&members);
	return code;
}

/* "{n}", "{n,m}", "{n,}" or "{,m}" at p; returns its length, or 0: then the { is literal. */
static size_t
interval(const char *p, bool *exact, char low[8], char high[8])
{
	const char *start = p++;
	size_t n = 0, m = 0;

	for (; isdigit((unsigned char)*p) && n < 6; p++)
		low[n++] = *p;
	low[n] = high[0] = '\0';
	*exact = *p == '}';
	if (*p == ',')
		for (p++; isdigit((unsigned char)*p) && m < 6; p++)
			high[m++] = *p;
	high[m] = '\0';
	if (*p != '}' || (!n && !m))
		return 0;
	return (size_t)(p + 1 - start);
}

/* A quantifier after the atom that begins at out[from]. */
static int
read_quantifier(struct ct_onig *t, struct ct_buffer *out, struct ct_buffer *atom, bool *found)
{
	char low[8], high[8];
	bool exact = false;
	size_t n = *t->p == '{' ? interval(t->p, &exact, low, high) : 0;
	const char *at = t->p;

	*found = n > 0 || (*t->p && strchr("*+?", *t->p));
	if (!*found)
		return CT_OK;
	if (n && (strlen(low) > 3 || strlen(high) > 3))
		return ct_onig_refuse(t, at, "1000 repetitions and more are not supported");
	if (!n) {
		ct_buffer_printf(out, "%s%c", atom->text, *t->p++);
		if (*t->p == '?' || *t->p == '+')
			ct_buffer_add(out, t->p++, 1);
	} else {
		char text[24];

		snprintf(text, sizeof text, exact ? "{%s}" : "{%s,%s}", *low ? low : "0", high);
		t->p += n;
		if (*t->p == '+' || (*t->p == '?' && exact)) {
			/* In Ruby, {n,m}+ repeats the quantified atom, and {n}? makes it optional. */
			ct_buffer_printf(out, "(?:%s%s)%c", atom->text, text, *t->p++);
		} else {
			ct_buffer_printf(out, "%s%s", atom->text, text);
			if (*t->p == '?')
				ct_buffer_add(out, t->p++, 1);
		}
	}
	if (*t->p && (strchr("*+?", *t->p) || (*t->p == '{' && interval(t->p, &exact, low, high))))
		return ct_onig_refuse(t, t->p, "a quantifier after a quantifier is not supported");
	t->letter = 0;
	return CT_OK;
}

/* An atom, which a quantifier may follow, or an anchor. */
static int
read_atom(struct ct_onig *t, struct ct_buffer *out, bool *quantifiable)
{
	const char *at = t->p;
	unsigned before = t->letter, value;

	*quantifiable = true;
	t->letter = 0;
	switch (*t->p) {
	case '[':
		t->p++;
		return ct_onig_class(t, out);
	case '(':
		t->p++;
		return read_group(t, out);
	case '.':
		t->p++;
		ct_buffer_puts(out, t->dotall ? "(?s:.)" : "[^\\n]");
		return CT_OK;
	case '^':
	case '$':
		*quantifiable = false;
		ct_buffer_printf(out, "(?m:%c)", *t->p++);
		return CT_OK;
	case '*':
	case '+':
	case '?':
		return ct_onig_refuse(t, at, "a quantifier with nothing before it");
	case '\\':
		t->p++;
		t->letter = before;
		return read_outer_escape(t, out, quantifiable);
	default:
		t->p += ct_utf8_decode(t->p, strlen(t->p), &value);
		t->letter = before;
		return put_literal(t, out, at, value);
	}
}

static bool
skip_extended(struct ct_onig *t)
{
	const char *before = t->p;

	while (t->extended && (*t->p == '#' || isspace((unsigned char)*t->p)))
		if (*t->p == '#')
			t->p += strcspn(t->p, "\n");
		else
			t->p++;
	return t->p != before;
}

/* Up to the ) of the enclosing group, or the end. */
static int
read_alternatives(struct ct_onig *t, struct ct_buffer *out)
{
	t->letter = 0;
	while (*t->p && *t->p != ')') {
		struct ct_buffer atom = { 0 };
		bool quantifiable = true, found = false;
		int code;

		if (skip_extended(t))
			continue;
		if (*t->p == '|') {
			ct_buffer_add(out, t->p++, 1);
			t->letter = 0;
			continue;
		}
		code = read_atom(t, &atom, &quantifiable);
		skip_extended(t);
		if (code == CT_OK && quantifiable && atom.n)
			code = read_quantifier(t, out, &atom, &found);
		if (code == CT_OK && !found)
			ct_buffer_puts(out, atom.text ? atom.text : "");
		if (code == CT_OK && atom.lost)
			code = ct_fail_memory(t->err, atom.n, t->path);
		ct_buffer_free(&atom);
		if (code != CT_OK)
			return code;
	}
	return CT_OK;
}

static int
finish(char **out, struct ct_buffer *b, int code, const char *path, struct ct_error *err)
{
	size_t n = b->n;

	if (code == CT_OK) {
		*out = ct_buffer_take(b, NULL);
		if (!*out)
			code = ct_fail_memory(err, n, path);
	}
	ct_buffer_free(b);
	return code;
}

int
ct_onig_translate(char **out, bool *newer, const char *pattern, const char *path, struct ct_error *err)
{
	struct ct_onig t = { .path = path, .pattern = pattern, .p = pattern, .err = err, .newer = newer };
	struct ct_buffer b = { 0 };
	int code;

	*out = NULL;
	*newer = false;
	if (strlen(pattern) > MAX_PATTERN)
		return ct_fail(err, CT_EUNSUPPORTED, "%s: a pattern of %zu bytes; expected at most %d", path,
		    strlen(pattern), MAX_PATTERN);
	code = read_alternatives(&t, &b);
	if (code == CT_OK && *t.p)
		code = ct_onig_refuse(&t, t.p, "a ) without its (");
	return finish(out, &b, code, path, err);
}

int
ct_onig_literal(char **out, const char *text, const char *path, struct ct_error *err)
{
	struct ct_buffer b = { 0 };
	size_t n = strlen(text);

	*out = NULL;
	for (size_t i = 0; i < n;) {
		unsigned cp;

		i += (size_t)ct_utf8_decode(text + i, n - i, &cp);
		ct_onig_put_code(&b, cp);
	}
	return finish(out, &b, CT_OK, path, err);
}
