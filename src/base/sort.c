/*
 * sort: see sort.h. Short runs by insertion, then merges. A merge whose shorter side fits into the buffer
 * uses it; a longer one is cut in two by a rotation, so that both parts are shorter. For many elements the
 * buffer is allocated; if memory is short, the small one on the stack is used, which is slower.
 */
#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

enum { RUN = 16, BUFFER = 16384, LARGE_BUFFER = 1 << 24 };

struct sort {
	size_t size;		/* of an element */
	ct_compare_fn compare;
	void *ctx;
	size_t room;		/* elements that the buffer holds */
	unsigned char *buffer;
};

static void
swap_blocks(unsigned char *a, unsigned char *b, size_t n)
{
	unsigned char keep[256];

	for (size_t at = 0, k; at < n; at += k) {
		k = n - at < sizeof keep ? n - at : sizeof keep;
		memcpy(keep, a + at, k);
		memcpy(a + at, b + at, k);
		memcpy(b + at, keep, k);
	}
}

static void
reverse(const struct sort *s, unsigned char *a, size_t n)
{
	for (size_t i = 0; i + 1 < n - i; i++)
		swap_blocks(a + i * s->size, a + (n - 1 - i) * s->size, s->size);
}

/* a[0..left) and a[left..left+right) change places. */
static void
rotate(struct sort *s, unsigned char *a, size_t left, size_t right)
{
	size_t shorter = left < right ? left : right;

	if (shorter == 0)
		return;
	if (shorter > s->room) {
		reverse(s, a, left);
		reverse(s, a + left * s->size, right);
		reverse(s, a, left + right);
	} else if (left <= right) {
		memcpy(s->buffer, a, left * s->size);
		memmove(a, a + left * s->size, right * s->size);
		memcpy(a + right * s->size, s->buffer, left * s->size);
	} else {
		memcpy(s->buffer, a + left * s->size, right * s->size);
		memmove(a + right * s->size, a, left * s->size);
		memcpy(a, s->buffer, right * s->size);
	}
}

/* How many of the sorted a[0..n) come before key or, if `equal`, are equal to it. */
static size_t
before(const struct sort *s, const unsigned char *a, size_t n, const unsigned char *key, int equal)
{
	size_t low = 0;

	while (low < n) {
		size_t mid = low + (n - low) / 2;

		if (s->compare(a + mid * s->size, key, s->ctx) < equal)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

/* Merges by a copy of the left side. */
static void
merge_left(struct sort *s, unsigned char *a, size_t left, size_t right)
{
	unsigned char *to = a, *r = a + left * s->size, *r_end = r + right * s->size;
	const unsigned char *l = s->buffer, *l_end = l + left * s->size;

	memcpy(s->buffer, a, left * s->size);
	while (l < l_end && r < r_end) {
		if (s->compare(r, l, s->ctx) < 0) {
			memcpy(to, r, s->size);
			r += s->size;
		} else {
			memcpy(to, l, s->size);
			l += s->size;
		}
		to += s->size;
	}
	memcpy(to, l, (size_t)(l_end - l));
}

/* Merges by a copy of the right side, from the end. */
static void
merge_right(struct sort *s, unsigned char *a, size_t left, size_t right)
{
	unsigned char *to = a + (left + right) * s->size, *l = a + left * s->size;
	const unsigned char *r = s->buffer + right * s->size;

	memcpy(s->buffer, l, right * s->size);
	while (l > a && r > s->buffer) {
		to -= s->size;
		if (s->compare(r - s->size, l - s->size, s->ctx) < 0) {
			l -= s->size;
			memcpy(to, l, s->size);
		} else {
			r -= s->size;
			memcpy(to, r, s->size);
		}
	}
	memcpy(to - (r - s->buffer), s->buffer, (size_t)(r - s->buffer));
}

/*
 * a[0..left) and a[left..left+right) are sorted. The recursion halves the longer side: it is as deep as 2
 * log2 n.
 */
static void
merge(struct sort *s, unsigned char *a, size_t left, size_t right)
{
	while (left && right) {
		unsigned char *middle = a + left * s->size;
		size_t i, j;

		if (s->compare(middle - s->size, middle, s->ctx) <= 0)
			return;
		if (left + right == 2) {
			swap_blocks(a, middle, s->size);
			return;
		}
		if (left <= s->room && left <= right) {
			merge_left(s, a, left, right);
			return;
		}
		if (right <= s->room) {
			merge_right(s, a, left, right);
			return;
		}
		if (left > right) {
			i = left / 2;
			j = before(s, middle, right, a + i * s->size, 0);
		} else {
			j = right / 2;
			i = before(s, a, left, middle + j * s->size, 1);
		}
		rotate(s, a + i * s->size, left - i, j);
		merge(s, a, i, j);
		a += (i + j) * s->size;
		left -= i;
		right -= j;
	}
}

static void
insert(struct sort *s, unsigned char *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		size_t at = before(s, a, i, a + i * s->size, 1);

		if (at < i)
			rotate(s, a + at * s->size, i - at, 1);
	}
}

void
ct_sort(void *base, size_t n, size_t size, ct_compare_fn compare, void *ctx)
{
	unsigned char small[BUFFER], *a = base, *large = NULL;
	struct sort s = { .size = size, .compare = compare, .ctx = ctx, .room = BUFFER / size,
		.buffer = small };
	size_t half = n / 2 * size;

	if (half > 4 * (size_t)BUFFER)
		large = malloc(half < LARGE_BUFFER ? half : LARGE_BUFFER);
	if (large) {
		s.buffer = large;
		s.room = (half < LARGE_BUFFER ? half : LARGE_BUFFER) / size;
	}

	for (size_t at = 0; at < n; at += RUN)
		insert(&s, a + at * size, n - at < RUN ? n - at : RUN);
	for (size_t run = RUN; run < n; run *= 2)
		for (size_t at = 0; n - at > run; at += 2 * run) {
			size_t rest = n - at - run;

			merge(&s, a + at * size, run, rest < run ? rest : run);
			if (rest <= run)
				break;
		}
	free(large);
}
