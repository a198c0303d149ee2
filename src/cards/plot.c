/* plot: see plot.h. */
#include "cards/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/best.h"

enum {
	LEFT = 4,		/* least columns of a scale next to dots, */
	NAME = 5,		/* or next to tens or ones, with their name */
	TICK = 20,		/* values between its numbers */
	DIGITS = 10,
	LEVELS = 4
};
/* as a fraction of the largest mean: if no mean is below this, the means say little */
static const float alike = .2f;

static float
act(const struct ct_operands *o, int y, int x)
{
	return o->acts && y < o->n && x < o->n ? o->acts[y * o->n + x] : 0;
}

/* How many tens the numbers have. */
static int
tens(const struct ct_operands *o)
{
	return (o->from + o->n - 1) / DIGITS - o->from / DIGITS + 1;
}

/* The tens or the ones of the i-th number: its row or column in their picture. */
static int
digit(const struct ct_operands *o, bool ones, int i)
{
	return ones ? (o->from + i) % DIGITS : (o->from + i) / DIGITS - o->from / DIGITS;
}

static float
mean(const struct ct_operands *o, bool ones, int row, int col)
{
	double sum = 0;
	int n = 0;

	for (int y = 0; y < o->n; y++) {
		if (digit(o, ones, y) != row)
			continue;
		for (int x = 0; x < o->n; x++)
			if (digit(o, ones, x) == col) {
				sum += act(o, y, x);
				n++;
			}
	}
	return n ? (float)(sum / n) : 0;
}

static int
side(const struct ct_operands *o, bool ones)
{
	return ones ? DIGITS : tens(o);
}

/* The size of a cell in dots. */
static int
dots_down(const struct ct_plot *p)
{
	return p->ascii ? 2 : 4;
}

static int
dots_across(const struct ct_plot *p)
{
	return p->ascii ? 1 : 2;
}

static int
cells_for(int n, int by, int dots)
{
	int all = (n + by - 1) / by;

	return (all + dots - 1) / dots;
}

static int
fold_width(const struct ct_plot *p, bool ones)
{
	return NAME + side(p->o, ones) * (p->tall ? 2 : 1);
}

/* Columns between tens and ones. */
static int
gap(const struct ct_plot *p)
{
	return p->tall ? 1 : 2;
}

/* Columns of the scale next to dots: for the largest number, and a mark at the prompt's number. */
static int
left(const struct ct_plot *p)
{
	int w = 2;

	for (int v = p->o->from + p->o->n - 1; v >= 10; v /= 10)
		w++;
	return w > LEFT ? w : LEFT;
}

static bool
fit_dots(struct ct_plot *p, int w, int h)
{
	for (p->by = 1; p->by <= CT_PLOT_COARSEST; p->by *= 2) {
		p->w = left(p) + cells_for(p->o->n, p->by, dots_across(p));
		p->h = 1 + cells_for(p->o->n, p->by, dots_down(p));
		if (p->w <= w && p->h <= h && p->w <= CT_PLOT_COLS)
			return true;
	}
	return false;
}

static bool
fit_folded(struct ct_plot *p, int w, int h)
{
	if (p->o->n <= DIGITS || tens(p->o) > DIGITS)
		return false;
	for (int ones = 0; ones < 2; ones++) {
		p->least[ones] = p->o->most;
		for (int y = 0; y < side(p->o, ones); y++)
			for (int x = 0; x < side(p->o, ones); x++) {
				p->least[ones] = fminf(p->least[ones], mean(p->o, ones, y, x));
				p->most[ones] = fmaxf(p->most[ones], mean(p->o, ones, y, x));
			}
	}
	for (int tall = 1; tall >= 0; tall--) {
		p->tall = tall;
		p->w = fold_width(p, false) + gap(p) + fold_width(p, true);
		p->h = 1 + (tall ? DIGITS : DIGITS / 2);
		if (p->w <= w && p->h <= h)
			return true;
	}
	return false;
}

bool
ct_plot_fit(struct ct_plot *p, enum ct_plot_form form, const struct ct_operands *o, int w, int h, bool ascii)
{
	*p = (struct ct_plot){ .o = o, .form = form, .ascii = ascii };
	return form == CT_PLOT_DOTS ? fit_dots(p, w, h) : fit_folded(p, w, h);
}

static void
put(struct ct_plot_cell *cells, enum ct_plot_ink ink, const char *text)
{
	for (; *text; text++)
		*cells++ = (struct ct_plot_cell){ (unsigned char)*text, ink };
}

/* Writes a number that ends in the column before `end`. */
static void
put_right(struct ct_plot_cell *end, enum ct_plot_ink ink, int number)
{
	char text[12];

	put(end - snprintf(text, sizeof text, "%d", number), ink, text);
}

/* The largest value among the pairs of a dot. */
static float
dot(const struct ct_plot *p, int row, int col)
{
	float most = 0;

	for (int y = row * p->by; y < (row + 1) * p->by; y++)
		for (int x = col * p->by; x < (col + 1) * p->by; x++)
			most = fmaxf(most, act(p->o, y, x));
	return most;
}

/* The share of a dot's pairs that are active. */
static float
filled(const struct ct_plot *p, int row, int col)
{
	int n = 0;

	for (int y = row * p->by; y < (row + 1) * p->by; y++)
		for (int x = col * p->by; x < (col + 1) * p->by; x++)
			n += act(p->o, y, x) > 0;
	return (float)n / (float)(p->by * p->by);
}

/*
 * Whether a dot is drawn. One active pair of several is enough, so that lines have no gaps. But if the dot
 * and all dots around it are only partly active, as with odd and even numbers, only that share of the dots is
 * drawn; otherwise a pattern finer than the dots would become a solid block.
 */
static bool
is_drawn(const struct ct_plot *p, int row, int col)
{
	static const float part[2][2] = { { 0, .5f }, { .75f, .25f } };
	static const int side[4][2] = { { -1, 0 }, { 1, 0 }, { 0, -1 }, { 0, 1 } };
	int last = (p->o->n + p->by - 1) / p->by - 1;
	float share = filled(p, row, col);

	if (share <= 0 || share > .75f)
		return share > 0;
	for (int i = 0; i < 4; i++) {
		int r = row + side[i][0], c = col + side[i][1];
		float other = r < 0 || c < 0 || r > last || c > last ? share : filled(p, r, c);

		if (other <= 0 || other > .75f)
			return true;
	}
	return share > part[row & 1][col & 1];
}

static const unsigned char braille[4][2] = { { 1, 8 }, { 2, 16 }, { 4, 32 }, { 64, 128 } };
/* One ASCII character for two values, one above the other. */
static const char halves[] = " '.:";

static struct ct_plot_cell
dots_cell(const struct ct_plot *p, int y, int x)
{
	unsigned bits = 0, half = 0;
	float most = 0, a;

	for (int r = 0; r < dots_down(p); r++)
		for (int c = 0; c < dots_across(p); c++) {
			int row = y * dots_down(p) + r, col = x * dots_across(p) + c;

			a = is_drawn(p, row, col) ? dot(p, row, col) : 0;
			bits |= a > 0 ? braille[r][c] : 0;
			half |= a > 0 ? 1u << r : 0;
			most = fmaxf(most, a);
		}
	return (struct ct_plot_cell){ !bits ? ' ' : p->ascii ? (uint32_t)halves[half] : 0x2800 + bits,
		most * 3 > p->o->most * 2 ? CT_INK_STRONG : most * 3 > p->o->most ? CT_INK_MIDDLE :
		    CT_INK_WEAK };
}

/*
 * Whether cell i, one of cells that have so many numbers each, includes a multiple of TICK; *first is the
 * first one.
 */
static bool
has_tick(const struct ct_operands *o, int i, int numbers, int *tick)
{
	int first = o->from + i * numbers;

	*tick = (first + TICK - 1) / TICK * TICK;
	return *tick < first + numbers && *tick < o->from + o->n;
}

static bool
is_here(const struct ct_operands *o, int which, int i, int numbers)
{
	return o->value[which] >= o->from && o->value[which] < o->from + o->n &&
	    (o->value[which] - o->from) / numbers == i;
}

static void
dots_row(const struct ct_plot *p, int y, struct ct_plot_cell *cells)
{
	int across = p->by * dots_across(p), down = p->by * dots_down(p), at = left(p), tick, mark = -1, n;
	char text[12];

	if (y > 0) {
		for (int x = 0; x < p->w - at; x++)
			cells[at + x] = dots_cell(p, y - 1, x);
		if (has_tick(p->o, y - 1, down, &tick))
			put_right(cells + at - 1, CT_INK_SCALE, tick);
		if (is_here(p->o, 0, y - 1, down))
			cells[at - 1] = (struct ct_plot_cell){ '>', CT_INK_HERE };
		return;
	}
	for (int x = 0; x < p->w - at; x++)
		if (is_here(p->o, 1, x, across)) {
			cells[at + x] = (struct ct_plot_cell){ 'v', CT_INK_HERE };
			mark = x;
		}
	for (int x = 0; x < p->w - at; x++) {
		if (!has_tick(p->o, x, across, &tick))
			continue;
		n = snprintf(text, sizeof text, "%d", tick);
		if (at + x + n <= p->w && (mark < x || mark > x + n))
			put(cells + at + x, CT_INK_SCALE, text);
	}
}

static int
level(const struct ct_plot *p, bool ones, int row, int col)
{
	float most = p->most[ones];

	return most > 0 && isfinite(most) ? (int)lroundf(LEVELS * (mean(p->o, ones, row, col) / most)) : 0;
}

/* Two means in a cell, each as a number of dots up to LEVELS. */
static struct ct_plot_cell
folded_pair(const struct ct_plot *p, int upper, int lower)
{
	static const unsigned char above[LEVELS + 1] = { 0, 1, 1 | 16, 1 | 16 | 2, 1 | 16 | 2 | 8 },
				   below[LEVELS + 1] = { 0, 4, 4 | 128, 4 | 128 | 64, 4 | 128 | 64 | 32 };
	int most = upper > lower ? upper : lower, least = most > 1 ? 2 : 1;

	if (!most)
		return (struct ct_plot_cell){ ' ', CT_INK_MIDDLE };
	if (!p->ascii)
		return (struct ct_plot_cell){ 0x2800u + above[upper] + below[lower], CT_INK_MIDDLE };
	return (struct ct_plot_cell){ (uint32_t)halves[(upper >= least) + 2 * (lower >= least)],
		most > 2 ? CT_INK_STRONG : most > 1 ? CT_INK_MIDDLE : CT_INK_WEAK };
}

static int
here(const struct ct_operands *o, bool ones, int which)
{
	int i = o->value[which] - o->from;

	return i >= 0 && i < o->n ? digit(o, ones, i) : -1;
}

/* The name of a row or column: the last digit of the tens, or of the ones. */
static void
put_digit(const struct ct_plot *p, bool ones, int i, bool marked, struct ct_plot_cell *cell)
{
	int d = ones ? i : p->o->from / DIGITS + i;

	*cell = (struct ct_plot_cell){ (uint32_t)('0' + d % DIGITS), marked ? CT_INK_HERE : CT_INK_SCALE };
}

static void
folded_row(const struct ct_plot *p, bool ones, int y, struct ct_plot_cell *cells)
{
	static const uint32_t shades[LEVELS + 1] = { ' ', 0x2591, 0x2592, 0x2593, 0x2588 };
	static const char plain[LEVELS + 1] = { ' ', '.', ':', '+', '#' };
	int n = side(p->o, ones), step = p->tall ? 2 : 1, row = p->tall ? y - 1 : 2 * (y - 1);

	if (y == 0) {
		put(cells, CT_INK_SCALE, ones ? "ones" : "tens");
		for (int x = 0; x < n; x++)
			put_digit(p, ones, x, x == here(p->o, ones, 1), &cells[NAME + step * x]);
		return;
	}
	if (row >= n)
		return;
	if (p->least[ones] > alike * p->most[ones]) {
		if (y == (p->h + 1) / 2)
			put(cells + NAME, CT_INK_SCALE, "all alike");
		return;
	}
	put_digit(p, ones, row, row == here(p->o, ones, 0), &cells[NAME - 2]);
	if (!p->tall && row + 1 == here(p->o, ones, 0))
		put_digit(p, ones, row + 1, true, &cells[NAME - 2]);
	for (int x = 0; x < n; x++) {
		int l = level(p, ones, row, x);

		if (!p->tall) {
			cells[NAME + x] = folded_pair(p, l, row + 1 < n ? level(p, ones, row + 1, x) : 0);
			continue;
		}
		cells[NAME + 2 * x] = (struct ct_plot_cell){ p->ascii ? (uint32_t)plain[l] : shades[l],
		    CT_INK_MIDDLE };
		cells[NAME + 2 * x + 1] = cells[NAME + 2 * x];
	}
}

void
ct_plot_row(const struct ct_plot *p, int y, struct ct_plot_cell *cells)
{
	for (int x = 0; x < p->w; x++)
		cells[x] = (struct ct_plot_cell){ ' ', CT_INK_MIDDLE };
	if (p->form == CT_PLOT_DOTS) {
		dots_row(p, y, cells);
		return;
	}
	folded_row(p, false, y, cells);
	folded_row(p, true, y, cells + fold_width(p, false) + gap(p));
}

/* Appends the strongest few means, strongest first, to the n bytes that are there. */
static size_t
strongest(const struct ct_plot *p, bool ones, char *dst, size_t n, size_t size)
{
	enum { MOST = 4 };
	int n_side = side(p->o, ones), first = ones ? 0 : p->o->from / DIGITS, best[MOST], found;
	float means[DIGITS * DIGITS];

	for (int i = 0; i < n_side * n_side; i++)
		means[i] = mean(p->o, ones, i / n_side, i % n_side);
	found = ct_best_largest(n_side * n_side, means, MOST, best);
	for (int k = 0; k < found && means[best[k]] > p->most[ones] / 2 && n < size; k++)
		n += (size_t)snprintf(dst + n, size - n, " %d+%d", first + best[k] / n_side,
		    first + best[k] % n_side);
	return n;
}

const char *
ct_plot_words(const struct ct_plot *p, char *dst, size_t size)
{
	size_t n = 0;

	*dst = '\0';
	for (int ones = 0; ones < 2 && n < size; ones++) {
		n += (size_t)snprintf(dst + n, size - n, "%s%s", ones ? ", ones" : "tens",
		    p->least[ones] > alike * p->most[ones] ? " all alike" : "");
		if (n < size && p->least[ones] <= alike * p->most[ones])
			n = strongest(p, ones, dst, n, size);
	}
	return dst;
}
