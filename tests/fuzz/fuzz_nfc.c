/*
 * Fuzzes Unicode's normalization form C. What is in form C stays as it is; marks of different classes may
 * change places; each byte of the result comes from a place in the text that never goes back; and a text cut
 * before a letter gives the same in two parts.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "model/nfc.h"
#include "model/nfc_table.h"

static struct ct_piece
normal(const char *s, size_t n, struct ct_changed_text *own)
{
	struct ct_piece in = { .s = s, .n = n }, out;
	struct ct_error err;

	*own = (struct ct_changed_text){ 0 };
	if (ct_nfc_run(&in, own, &err) != CT_OK || ct_changed_end(own, &in, &out, &err) != CT_OK)
		abort();
	return out;
}

static bool
same(const struct ct_piece *a, const char *s, size_t n)
{
	return a->n == n && (n == 0 || memcmp(a->s, s, n) == 0);
}

static uint32_t
class_of(uint32_t cp)
{
	for (size_t i = 0; i < ct_nfc_marks_n; i++)
		if (cp >= ct_nfc_marks[i].first && cp <= ct_nfc_marks[i].last)
			return ct_nfc_marks[i].class;
	return 0;
}

/* The first two neighbours that are marks of different classes change places; false: there are none. */
static bool
swap_marks(char *to, const char *text, size_t n)
{
	uint32_t a, b;

	memcpy(to, text, n);
	for (size_t i = 0, n_a, n_b; i < n; i += n_a) {
		n_a = (size_t)ct_utf8_decode(text + i, n - i, &a);
		if (i + n_a == n || !class_of(a))
			continue;
		n_b = (size_t)ct_utf8_decode(text + i + n_a, n - i - n_a, &b);
		if (!class_of(b) || class_of(a) == class_of(b))
			continue;
		memcpy(to + i, text + i + n_a, n_b);
		memcpy(to + i + n_b, text + i, n_a);
		return true;
	}
	return false;
}

static void
check_swapped(const char *text, size_t n, const struct ct_piece *want)
{
	char *swapped = malloc(n + 1);
	struct ct_changed_text own = { 0 };
	struct ct_piece got;

	if (swapped && swap_marks(swapped, text, n)) {
		got = normal(swapped, n, &own);
		if (!same(&got, want->s, want->n))
			abort();
	}
	ct_changed_free(&own);
	free(swapped);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data;
	struct ct_changed_text own, own_again, own_first, own_last;
	struct ct_piece once = normal(text, n, &own), again = normal(once.s, once.n, &own_again), first, last;
	size_t cut = n / 2;

	if (!same(&again, once.s, once.n))
		abort();
	for (size_t i = 0; i < once.n; i++)
		if (ct_piece_at(&once, i) > ct_piece_at(&once, i + 1) || ct_piece_at(&once, i + 1) > n)
			abort();
	check_swapped(text, n, &once);
	while (cut < n && !(text[cut] >= 'a' && text[cut] <= 'z'))
		cut++;
	first = normal(text, cut, &own_first);
	last = normal(text + cut, n - cut, &own_last);
	if (first.n > once.n || !same(&first, once.s, first.n) ||
	    !same(&last, once.s + first.n, once.n - first.n))
		abort();
	ct_changed_free(&own);
	ct_changed_free(&own_again);
	ct_changed_free(&own_first);
	ct_changed_free(&own_last);
	return 0;
}
