/* nfc: see nfc.h. */
#include "model/nfc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/nfc_table.h"

/* Hangul syllables are computed: (lead, vowel) or (lead, vowel, trail). Trails begin after TRAIL. */
enum { SYLLABLE = 0xAC00, SYLLABLES = 11172, LEAD = 0x1100, VOWEL = 0x1161, TRAIL = 0x11A7, LEADS = 19,
	VOWELS = 21, TRAILS = 28, MOST_PARTS = 4 };

/* A code point with its class. Sorting is stable and moves only marks, past marks of other classes. */
struct mark {
	uint32_t cp, class;
	size_t at;
};

struct stretch {
	struct mark *c;
	size_t n;
};

/* The row that begins with cp in a table of rows of `size` bytes. */
static const void *
find(const void *table, size_t n, size_t size, uint32_t cp)
{
	const unsigned char *rows = table;
	size_t low = 0;

	while (low < n) {
		size_t middle = low + (n - low) / 2;
		uint32_t first = *(const uint32_t *)(const void *)(rows + middle * size);

		if (first == cp)
			return rows + middle * size;
		if (first < cp)
			low = middle + 1;
		else
			n = middle;
	}
	return NULL;
}

static uint32_t
class_of(uint32_t cp)
{
	size_t low = 0, high = ct_nfc_marks_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cp > ct_nfc_marks[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ct_nfc_marks_n && cp >= ct_nfc_marks[low].first ? ct_nfc_marks[low].class : 0;
}

/* Whether it may change, or combine with what is before it. */
static bool
uncertain(uint32_t cp)
{
	return cp >= 0x300 && ct_cp_inside(ct_nfc_uncertain, ct_nfc_uncertain_n, cp);
}

static void
take_apart(struct stretch *s, uint32_t cp)
{
	const struct ct_nfc_parts *p = find(ct_nfc_pairs, ct_nfc_pairs_n, sizeof *p, cp);
	const struct ct_nfc_single *other = find(ct_nfc_singles, ct_nfc_singles_n, sizeof *other, cp);
	uint32_t syllable = cp - SYLLABLE;

	if (!p)
		p = find(ct_nfc_apart, ct_nfc_apart_n, sizeof *p, cp);
	if (p) {
		take_apart(s, p->a);
		take_apart(s, p->b);
	} else if (other) {
		take_apart(s, other->to);
	} else if (cp >= SYLLABLE && syllable < SYLLABLES) {
		take_apart(s, LEAD + syllable / TRAILS / VOWELS);
		take_apart(s, VOWEL + syllable / TRAILS % VOWELS);
		if (syllable % TRAILS)
			take_apart(s, TRAIL + syllable % TRAILS);
	} else {
		s->c[s->n] = (struct mark){ .cp = cp, .class = class_of(cp), .at = s->n };
		s->n++;
	}
}

static int
by_class(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void
sort_marks(struct stretch *s)
{
	for (size_t i = 0, end; i < s->n; i = end) {
		for (end = i + 1; end < s->n && s->c[i].class && s->c[end].class;)
			end++;
		qsort(s->c + i, end - i, sizeof *s->c, by_class);
	}
}

/* The character that a and b combine to; 0: none. */
static uint32_t
together(uint32_t a, uint32_t b)
{
	if (a - LEAD < LEADS && b - VOWEL < VOWELS)
		return SYLLABLE + ((a - LEAD) * VOWELS + b - VOWEL) * TRAILS;
	if (a - SYLLABLE < SYLLABLES && (a - SYLLABLE) % TRAILS == 0 && b > TRAIL && b - TRAIL < TRAILS)
		return a + b - TRAIL;
	if (!uncertain(b))
		return 0;
	for (size_t i = 0; i < ct_nfc_pairs_n; i++)
		if (ct_nfc_pairs[i].a == a && ct_nfc_pairs[i].b == b)
			return ct_nfc_pairs[i].cp;
	return 0;
}

/*
 * A mark joins the last character before it that is not a mark, unless a mark of its class or a higher one is
 * between.
 */
static void
put_together(struct stretch *s)
{
	size_t n = 0, base = 0;
	bool has_base = false;

	for (size_t i = 0; i < s->n; i++) {
		struct mark c = s->c[i];
		bool blocked = !has_base || (n > base + 1 && s->c[n - 1].class >= c.class);
		uint32_t both = blocked ? 0 : together(s->c[base].cp, c.cp);

		if (both) {
			s->c[base].cp = both;
			continue;
		}
		if (c.class == 0) {
			base = n;
			has_base = true;
		}
		s->c[n++] = c;
	}
	s->n = n;
}

/* Whether the characters are those of the text. */
static bool
unchanged(const struct stretch *s, const char *text, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < s->n; i++) {
		char own[4];
		size_t len = (size_t)ct_utf8_encode(s->c[i].cp, own);

		if (len > n - at || memcmp(own, text + at, len) != 0)
			return false;
		at += len;
	}
	return at == n;
}

static int
normalize(const struct ct_piece *in, size_t from, size_t to, struct ct_changed_text *out,
    struct ct_error *err)
{
	struct stretch s = { .c = calloc((to - from) * MOST_PARTS, sizeof *s.c) };
	int code = CT_OK;
	uint32_t cp;
	char text[4];

	if (!s.c)
		return ct_fail_memory(err, (to - from) * MOST_PARTS * sizeof *s.c, "normalization");
	for (size_t i = from; i < to;) {
		i += (size_t)ct_utf8_decode(in->s + i, to - i, &cp);
		take_apart(&s, cp);
	}
	sort_marks(&s);
	put_together(&s);
	if (unchanged(&s, in->s + from, to - from)) {
		free(s.c);
		return ct_changed_copy(out, in, from, to, err);
	}
	for (size_t i = 0; i < s.n && code == CT_OK; i++)
		code = ct_changed_put(out, text, (size_t)ct_utf8_encode(s.c[i].cp, text), in, from, err);
	free(s.c);
	return code;
}

/*
 * The end of the stretch that begins at `from`: no character after it can change one before. *as_is: it is in
 * form C already.
 */
static size_t
stretch_end(const struct ct_piece *in, size_t from, bool *as_is)
{
	uint32_t before = 0, cp;
	size_t i = from;

	*as_is = true;
	while (i < in->n) {
		size_t n = (size_t)ct_utf8_decode(in->s + i, in->n - i, &cp);
		bool broken = cp == 0xFFFD && n == 1, may = uncertain(cp);
		uint32_t class = cp < 0x300 ? 0 : class_of(cp);

		if (i > from && class == 0 && !may)
			break;
		i += n;
		if (broken)
			break;
		if (may || (class && class < before))
			*as_is = false;
		before = class;
	}
	return i;
}

int
ct_nfc_run(const struct ct_piece *in, struct ct_changed_text *out, struct ct_error *err)
{
	size_t copied = 0;
	int code = CT_OK;

	for (size_t i = 0, end; i < in->n && code == CT_OK; i = end) {
		bool as_is;

		end = stretch_end(in, i, &as_is);
		if (as_is)
			continue;
		code = ct_changed_copy(out, in, copied, i, err);
		if (code == CT_OK)
			code = normalize(in, i, end, out, err);
		copied = end;
	}
	return code == CT_OK ? ct_changed_copy(out, in, copied, in->n, err) : code;
}
