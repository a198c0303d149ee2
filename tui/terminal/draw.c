/* draw: see draw.h. */
#include "tui/terminal/draw.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

bool
grid_resize(struct grid *g, int cols, int rows)
{
	struct cell *cells;

	if (cols < 1 || rows < 1)
		return false;
	cells = calloc((size_t)cols * (size_t)rows, sizeof *cells);
	if (!cells)
		return false;
	free(g->cells);
	g->cells = cells;
	g->cols = cols;
	g->rows = rows;
	grid_clear(g);
	return true;
}

void
grid_free(struct grid *g)
{
	free(g->cells);
	*g = (struct grid){ .cells = NULL };
}

void
grid_clear(struct grid *g)
{
	for (int i = 0; i < g->cols * g->rows; i++)
		g->cells[i] = (struct cell){ .cp = ' ', .style = ST_TEXT };
	g->cursor_x = g->cursor_y = -1;
}

static void
print_cp(FILE *out, uint32_t cp)
{
	char utf8[4];
	int n = ct_utf8_encode(cp, utf8);

	fwrite(utf8, 1, (size_t)n, out);
}

static int
used_columns(const struct cell *row, int cols)
{
	while (cols > 0 && row[cols - 1].cp == ' ')
		cols--;
	return cols;
}

/* Prints the cells of a row from column x on. */
static void
print_row(const struct grid *g, int y, int x, FILE *out)
{
	const struct cell *row = g->cells + (size_t)y * (size_t)g->cols;
	int n = used_columns(row, g->cols);

	for (; x < n; x++) {
		if (row[x].cp)
			print_cp(out, row[x].cp);
		if (row[x].mark)
			print_cp(out, row[x].mark);
	}
	fputc('\n', out);
}

void
grid_print(const struct grid *g, FILE *out)
{
	for (int y = 0; y < g->rows; y++)
		print_row(g, y, 0, out);
}

void
grid_print_cursor(const struct grid *g, FILE *out)
{
	if (g->cursor_x < 0) {
		fputs("no cursor\n", out);
		return;
	}
	fprintf(out, "%d,%d ", g->cursor_y + 1, g->cursor_x + 1);
	print_row(g, g->cursor_y, g->cursor_x, out);
}

/* A blank shows only whether it is selected ('_'); other selected cells have a capital letter. */
static char
cell_letter(const struct cell *c, bool mono)
{
	char letter = mono ? theme_mono_letter((enum style)c->style, c->selected) :
	    theme_letter((enum style)c->style);

	if (c->cp == ' ')
		return c->selected ? '_' : ' ';
	return c->selected && letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
}

void
grid_print_styles(const struct grid *g, FILE *out, bool mono)
{
	for (int y = 0; y < g->rows; y++) {
		const struct cell *row = g->cells + (size_t)y * (size_t)g->cols;
		int n = used_columns(row, g->cols);

		for (int x = 0; x < n; x++)
			fputc(cell_letter(&row[x], mono), out);
		fputc('\n', out);
	}
}

struct area
area_of(struct grid *g)
{
	return (struct area){ .grid = g, .x = 0, .y = 0, .w = g->cols, .h = g->rows };
}

struct area
area_sub(const struct area *a, int x, int y, int w, int h)
{
	struct area sub = { .grid = a->grid, .x = a->x + x, .y = a->y + y, .w = w, .h = h };

	if (x + w > a->w)
		sub.w = a->w - x;
	if (y + h > a->h)
		sub.h = a->h - y;
	if (sub.w < 0)
		sub.w = 0;
	if (sub.h < 0)
		sub.h = 0;
	return sub;
}

static struct cell *
cell_at(const struct area *a, int x, int y)
{
	if (x < 0 || y < 0 || x >= a->w || y >= a->h)
		return NULL;
	x += a->x;
	y += a->y;
	if (x < 0 || y < 0 || x >= a->grid->cols || y >= a->grid->rows)
		return NULL;
	return &a->grid->cells[(size_t)y * (size_t)a->grid->cols + (size_t)x];
}

/* Each character becomes one column, so that an ASCII screen has the same layout. */
static uint32_t
to_ascii(uint32_t cp)
{
	static const struct {
		uint32_t cp;
		char ascii;
	} map[] = {
		{ 0x2500, '-' }, { 0x2502, '|' }, { 0x252c, '+' }, { 0x2534, '+' }, { 0x251c, '+' },
		    { 0x253c, '+' }, { 0x2524, '+' },
		{ 0x250c, '+' }, { 0x2510, '+' }, { 0x2514, '+' }, { 0x2518, '+' },
		{ 0x2026, '~' }, { 0x2212, '-' }, { 0x2192, '>' }, { 0x2190, '<' }, { 0x2191, '^' },
		{ 0x2193, 'v' }, { 0x25b8, '+' }, { 0x25be, '-' },
		{ 0x203a, '>' }, { 0x25c6, '*' }, { 0x00b7, '.' },
		{ 0x2591, ':' }, { 0x2592, '%' }, { 0x2593, '#' }, { 0x25b2, '^' }, { 0x25bc, 'v' },
		{ 0x2713, '+' }, { 0x2717, 'x' }, { 0x2423, '_' }, { 0x25cf, 'o' },
		{ 0x00d7, 'x' }, { 0x2265, '>' }, { 0x2264, '<' }, { 0x23ce, '$' }, { 0x21e5, '>' },
		{ 0x2021, '+' }, { 0x2022, '*' }, { 0x2581, '_' }, { 0x2014, '-' }, { 0x2013, '-' },
	};

	if (cp < 0x7f)
		return cp;
	for (size_t i = 0; i < sizeof map / sizeof *map; i++)
		if (map[i].cp == cp)
			return (uint32_t)map[i].ascii;
	if (cp == 0x2588)
		return '#';
	if (cp >= 0x2582 && cp <= 0x258c)	/* more than half of a block */
		return '=';
	if (cp >= 0x258d && cp <= 0x258f)
		return '.';
	return '?';
}

static void
put(const struct area *a, int x, int y, enum style style, uint32_t cp, int width)
{
	struct cell *c = cell_at(a, x, y);

	if (!c)
		return;
	if (a->grid->ascii && cp)
		cp = to_ascii(cp);
	/* Overwriting one half of a wide character leaves a blank in place of the other. */
	if (!c->cp && x + a->x > 0)
		c[-1].cp = ' ';
	*c = (struct cell){ .cp = cp, .style = (uint8_t)style, .selected = c->selected };
	if (width == 2) {
		struct cell *right = cell_at(a, x + 1, y);

		if (a->grid->ascii || !right)
			c->cp = '?';
		if (right)
			*right = (struct cell){ .cp = a->grid->ascii ? ' ' : 0, .style = (uint8_t)style };
	}
}

enum { TEXT_MAX = 4096 };	/* bytes of one text on the screen, more than any row needs */

/* A last guard: texts that are clean already stay as they are, and no other text can control the terminal. */
static const char *
cleaned(char buf[TEXT_MAX], const char *s)
{
	ct_text_clean(buf, TEXT_MAX, s, strlen(s));
	return buf;
}

int
draw_prefix(const struct area *a, int x, int y, int max, enum style style, const char *text)
{
	char buf[TEXT_MAX];
	const char *s = cleaned(buf, text);
	size_t n = strlen(s), i = 0;
	int used = 0;

	while (i < n) {
		uint32_t cp;
		int width;

		i += (size_t)ct_utf8_decode(s + i, n - i, &cp);
		width = ct_cp_width(cp);
		if (width == 0) {
			struct cell *c = used ? cell_at(a, x + used - 1, y) : NULL;

			if (c && c->cp && !a->grid->ascii)
				c->mark = cp;
			continue;
		}
		if (used + width > max)
			break;
		put(a, x + used, y, style, cp, width);
		used += width;
	}
	return used;
}

int
draw_cut(const struct area *a, int x, int y, int max, enum style style, const char *text)
{
	char buf[TEXT_MAX];
	const char *s = cleaned(buf, text);
	int used;

	if (max < 0 || max > a->w - x)
		max = a->w - x;
	if (max <= 0)
		return 0;
	if (ct_text_width(s) <= max)
		return draw_prefix(a, x, y, max, style, s);
	used = draw_prefix(a, x, y, max - 1, style, s);
	put(a, x + used, y, style, 0x2026, 1);
	return used + 1;
}

int
draw_text(const struct area *a, int x, int y, enum style style, const char *s)
{
	return draw_cut(a, x, y, -1, style, s);
}

int
draw_wrapped(const struct area *a, int x, int y, int w, enum style style, const char *text)
{
	char buf[TEXT_MAX], line[TEXT_MAX];
	const char *s = cleaned(buf, text);
	int n = 0;

	for (; *s && w > 1; n++) {
		size_t fit = ct_text_fit(s, w), at = fit;

		while (s[fit] && at > fit / 2 && s[at] != ' ')
			at--;
		if (at > fit / 2)
			fit = at;
		snprintf(line, sizeof line, "%.*s", (int)fit, s);
		draw_cut(a, x, y + n, w, style, line);
		s += fit ? fit : strlen(s);
		s += strspn(s, " ");
	}
	return n;
}

/* Cuts a text that reaches column x, so that it does not run into the text there. */
static void
part_from(const struct area *a, int x, int y)
{
	const struct cell *c = cell_at(a, x, y), *before = cell_at(a, x - 1, y);

	if (!c || c->cp == ' ')
		return;
	put(a, x, y, ST_TEXT, ' ', 1);
	if (before && before->cp != ' ')
		put(a, x - 1, y, (enum style)before->style, 0x2026, 1);
}

int
draw_right(const struct area *a, int right, int y, enum style style, const char *text)
{
	char buf[TEXT_MAX];
	const char *s = cleaned(buf, text);
	int w = ct_text_width(s), x = right - w;

	if (w > 0 && x > 0)
		part_from(a, x - 1, y);
	return draw_cut(a, x < 0 ? 0 : x, y, w, style, s);
}

int
draw_fmt(const struct area *a, int x, int y, enum style style, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof buf, fmt, ap);
	va_end(ap);
	return draw_text(a, x, y, style, buf);
}

void
draw_cell(const struct area *a, int x, int y, enum style style, uint32_t cp)
{
	put(a, x, y, style, cp, 1);
}

void
draw_line(const struct area *a, int x, int y, int w, enum style style, uint32_t cp)
{
	for (int i = 0; i < w; i++)
		put(a, x + i, y, style, cp, 1);
}

static int
eighths(int w, double share)
{
	int n = share >= 1 ? 8 * w : (int)(share * 8 * w + 0.5);

	return n < 1 && share > 0 ? 1 : n;
}

int
draw_bar(const struct area *a, int x, int y, int w, enum style style, double share)
{
	int n = share > 0 ? eighths(w, share) : 0, i;

	for (i = 0; i < n / 8; i++)
		put(a, x + i, y, style, 0x2588, 1);
	if (n % 8)
		put(a, x + i++, y, style, 0x2590 - (uint32_t)(n % 8), 1);
	return i;
}

int
draw_hatch(const struct area *a, int x, int y, int w, enum style style, double share)
{
	int n = share > 0 ? (eighths(w, share) + 7) / 8 : 0;

	draw_line(a, x, y, n, style, 0x2591);
	return n;
}

void
draw_select(const struct area *a, int x, int y, int w)
{
	put(a, x, y, ST_KEY, 0x203a, 1);
	draw_bar_only(a, x, y, w);
	draw_cursor(a, x, y);
}

void
draw_here(const struct area *a, int x, int y)
{
	put(a, x, y, ST_KEY, 0x2022, 1);
}

void
draw_bar_only(const struct area *a, int x, int y, int w)
{
	for (int i = 0; i < w; i++) {
		struct cell *c = cell_at(a, x + i, y);

		if (c)
			c->selected = true;
	}
}

void
draw_cursor(const struct area *a, int x, int y)
{
	if (cell_at(a, x, y)) {
		a->grid->cursor_x = a->x + x;
		a->grid->cursor_y = a->y + y;
	}
}
