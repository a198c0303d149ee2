/*
 * onig_class: escapes and character classes in Oniguruma's patterns; see onig_reader.h.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/onig_reader.h"

/* A class while it is read: members for [...], and alternatives that are classes of their own. */
struct set {
	struct ct_buffer simple, alternatives;
};

int
ct_onig_refuse(const struct ct_onig *t, const char *at, const char *what)
{
	char shown[120];

	ct_text_clean(shown, sizeof shown, t->pattern, strlen(t->pattern) < 100 ? strlen(t->pattern) : 100);
	return ct_fail(t->err, CT_EUNSUPPORTED, "%s: the pattern \"%s\": byte %zu: %s", t->path, shown,
	    (size_t)(at - t->pattern), what);
}

/* A name, up to `end`, in lower case and without blanks, '-' and '_'; a leading ^ is taken off. */
static int
read_name(struct ct_onig *t, char *name, size_t size, const char *end, bool *negated)
{
	const char *at = t->p, *stop = strstr(t->p, end);
	size_t n = 0;

	if (*t->p == '^') {
		*negated = !*negated;
		t->p++;
	}
	for (; stop && t->p < stop && n + 1 < size; t->p++)
		if (!strchr(" -_", *t->p))
			name[n++] = (char)tolower((unsigned char)*t->p);
	name[n] = '\0';
	if (!stop || t->p != stop)
		return ct_onig_refuse(t, at, "a property without a name or end");
	t->p = stop + strlen(end);
	return CT_OK;
}

/*
 * \p{...}, \P{...} and [[:...:]]: writes the members to b in the syntax of [...]. *negated: all others are
 * meant.
 */
static int
read_property(struct ct_onig *t, struct ct_buffer *b, const char *end, bool *negated)
{
	const char *at = t->p;
	char name[48];
	int code = read_name(t, name, sizeof name, end, negated);

	if (code != CT_OK)
		return code;
	if (t->icase && ct_onig_has_cases(name))
		return ct_onig_refuse(t, at, "a property of letters that ignores case is not supported");
	if (!ct_onig_put_named(b, name, t->newer))
		return ct_onig_refuse(t, at, "this property is not supported (supported: general categories, "
		    "scripts, digit, space, punct, word, upper, xdigit, cntrl, blank)");
	return CT_OK;
}

static int
read_hex(struct ct_onig *t, const char *at, unsigned *cp)
{
	char *end;
	unsigned long value;
	bool braces = *t->p == '{';
	int want = at[1] == 'u' ? 4 : 2, n = 0;

	if (braces) {
		if (!isxdigit((unsigned char)t->p[1]))
			return ct_onig_refuse(t, at, "expected \\x{H...}");
		value = strtoul(t->p + 1, &end, 16);
		if (*end != '}')
			return ct_onig_refuse(t, at, "expected \\x{H...} with one code point");
		t->p = end + 1;
	} else {
		for (value = 0; n < want && isxdigit((unsigned char)*t->p); n++, t->p++)
			value = value * 16 + (unsigned long)(isdigit((unsigned char)*t->p) ? *t->p - '0'
			    : tolower((unsigned char)*t->p) - 'a' + 10);
		if (n < want || (want == 2 && value > 0x7F))
			return ct_onig_refuse(t, at, want == 2 ? "expected \\xHH up to 7F" :
			    "expected \\uHHHH");
	}
	if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
		return ct_onig_refuse(t, at, "not a code point");
	*cp = (unsigned)value;
	return CT_OK;
}

/*
 * Reads an escape; t->p is at the letter after the \. The result is one code point (*cp), or members in b,
 * negated or not. in_class: \b is a backspace. Escapes that mean something else outside classes are read by
 * onig.c.
 */
int
ct_onig_escape(struct ct_onig *t, struct ct_buffer *b, bool in_class, long *cp, bool *negated)
{
	static const char letters[] = "tnrfvae", codes[] = "\t\n\r\f\v\a\033";
	const char *at = t->p - 1, *known;
	unsigned value = 0;
	char c = *t->p;
	int code;

	*cp = -1;
	*negated = false;
	if (!c)
		return ct_onig_refuse(t, at, "the pattern ends with \\");
	if ((unsigned char)c >= 0x80 || ispunct((unsigned char)c) || c == ' ') {
		t->p += ct_utf8_decode(t->p, strlen(t->p), &value);
		*cp = value;
		return CT_OK;
	}
	t->p++;
	known = strchr(letters, c);
	if (known || (c == 'b' && in_class)) {
		*cp = known ? (unsigned char)codes[known - letters] : '\b';
		return CT_OK;
	}
	switch (c) {
	case 'x':
	case 'u':
		code = read_hex(t, at, &value);
		*cp = value;
		return code;
	case 'p':
	case 'P':
		if (*t->p != '{')
			return ct_onig_refuse(t, at, "expected \\p{...}");
		t->p++;
		*negated = c == 'P';
		return read_property(t, b, "}", negated);
	case 'd': case 'D':
	case 's': case 'S':
	case 'h': case 'H':
	case 'w': case 'W':
		*negated = isupper((unsigned char)c) != 0;
		if (t->icase && tolower((unsigned char)c) == 'w')
			return ct_onig_refuse(t, at, "\\w that ignores case is not supported");
		c = (char)tolower((unsigned char)c);
		ct_onig_put_named(b, c == 'd' ? "digit" : c == 's' ? "space" : c == 'h' ? "xdigit" : "word",
		    t->newer);
		/* Outside classes, Oniguruma's \w includes these, which are not letters. */
		if (c == 'w' && !in_class)
			ct_buffer_puts(b, "\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}");
		return CT_OK;
	default:
		break;
	}
	return ct_onig_refuse(t, at, "this \\ and letter is not supported");
}

bool
ct_onig_cased_beyond_ascii(const struct ct_onig *t, long cp)
{
	return t->icase && cp >= 0x80;
}

/*
 * Reads one code point of a class into *cp; or, with *cp -1, members or a nested class, which are added to
 * the set.
 */
static int
read_member(struct ct_onig *t, struct set *s, long *cp)
{
	const char *at = t->p;
	struct ct_buffer members = { 0 };
	bool negated = false;
	unsigned value;
	int code = CT_OK;

	*cp = -1;
	if (t->p[0] == '[' && t->p[1] == ':') {
		t->p += 2;
		code = read_property(t, &members, ":]", &negated);
	} else if (*t->p == '[') {
		t->p++;
		ct_buffer_puts(&s->alternatives, "|");
		return ct_onig_class(t, &s->alternatives);
	} else if (*t->p == '\\') {
		t->p++;
		code = ct_onig_escape(t, &members, true, cp, &negated);
	} else {
		t->p += ct_utf8_decode(t->p, strlen(t->p), &value);
		*cp = value;
	}
	if (code == CT_OK && ct_onig_cased_beyond_ascii(t, *cp))
		code = ct_onig_refuse(t, at, "letters beyond ASCII that ignore case are not supported");
	if (code == CT_OK && *cp < 0 && members.n)
		ct_buffer_printf(negated ? &s->alternatives : &s->simple, negated ? "|[^%s]" : "%s",
		    members.text);
	if (members.lost)
		code = ct_fail_memory(t->err, members.n, t->path);
	ct_buffer_free(&members);
	return code;
}

/* Reads members up to ] or &&. */
static int
read_members(struct ct_onig *t, struct set *s)
{
	bool first = true;

	while (*t->p && *t->p != ']' && strncmp(t->p, "&&", 2) != 0) {
		const char *at = t->p;
		long from, to;
		int code = read_member(t, s, &from);

		if (code != CT_OK)
			return code;
		if (t->p[0] != '-' || t->p[1] == ']' || !t->p[1]) {
			if (from >= 0)
				ct_onig_put_code(&s->simple, (unsigned)from);
			first = false;
			continue;
		}
		if (from < 0 || (from == '-' && *at == '-' && !first) || strncmp(t->p, "-&&", 3) == 0)
			return ct_onig_refuse(t, at, "this use of - in a class is not supported; write it as "
			    "\\-");
		t->p++;
		at = t->p;
		code = read_member(t, s, &to);
		if (code != CT_OK)
			return code;
		if (to < from)
			return ct_onig_refuse(t, at, "a range in a class ends before it begins");
		ct_onig_put_code(&s->simple, (unsigned)from);
		ct_buffer_puts(&s->simple, "-");
		ct_onig_put_code(&s->simple, (unsigned)to);
		if (t->p[0] == '-' && t->p[1] != ']')
			return ct_onig_refuse(t, t->p, "this use of - in a class is not supported; write it "
			    "as \\-");
		first = false;
	}
	return CT_OK;
}

/* Writes a pattern that matches one character of the set. */
static void
put_set(struct ct_buffer *out, const struct set *s)
{
	if (!s->alternatives.n)
		ct_buffer_printf(out, "[%s]", s->simple.text);
	else if (!s->simple.n)
		ct_buffer_printf(out, "(?:%s)", s->alternatives.text + 1);
	else
		ct_buffer_printf(out, "(?:[%s]%s)", s->simple.text, s->alternatives.text);
}

/*
 * t->p is after the [. The intersection of A and B becomes "followed by A, and then B"; the complement of A
 * becomes "not followed by A, and then any character".
 */
int
ct_onig_class(struct ct_onig *t, struct ct_buffer *out)
{
	const char *at = t->p - 1;
	struct ct_buffer all = { 0 };
	bool negated = *t->p == '^';
	int code = CT_OK, parts = 0;

	if (++t->depth > CT_ONIG_DEPTH)
		return ct_onig_refuse(t, at, "nested too deeply");
	t->p += negated;
	if (*t->p == ']')
		return ct_onig_refuse(t, at, "a class that begins with ] is not supported; write it as \\]");
	for (bool more = true; more && code == CT_OK; parts++) {
		struct set s = { 0 };

		code = read_members(t, &s);
		more = code == CT_OK && strncmp(t->p, "&&", 2) == 0;
		if (code == CT_OK && !s.simple.n && !s.alternatives.n)
			code = ct_onig_refuse(t, t->p, "an empty class");
		if (code == CT_OK && negated && !parts && !more && !s.alternatives.n) {
			ct_buffer_printf(out, "[^%s]", s.simple.text ? s.simple.text : "");
			negated = false;
		} else if (code == CT_OK) {
			ct_buffer_puts(&all, more ? "(?=" : "");
			put_set(&all, &s);
			ct_buffer_puts(&all, more ? ")" : "");
		}
		if (s.simple.lost || s.alternatives.lost)
			code = ct_fail_memory(t->err, s.simple.n + s.alternatives.n, t->path);
		ct_buffer_free(&s.simple);
		ct_buffer_free(&s.alternatives);
		t->p += more ? 2 : 0;
	}
	if (code == CT_OK && *t->p != ']')
		code = ct_onig_refuse(t, at, "a class without ]");
	if (code == CT_OK)
		t->p++;
	if (code == CT_OK && all.n)
		ct_buffer_printf(out, negated ? "(?:(?!%s)(?s:.))" : parts > 1 ? "(?:%s)" : "%s", all.text);
	if (all.lost)
		code = ct_fail_memory(t->err, all.n, t->path);
	ct_buffer_free(&all);
	t->depth--;
	return code;
}
