/* screen_svg: see screen_svg.h. */
#include "tui/terminal/screen_svg.h"

#include "base/text.h"

/* Sizes in units of the picture; BASE is the height of a row's baseline. */
enum { CELL_W = 9, CELL_H = 19, BASE = 14, SIZE = 15, MARGIN = 8 };

static void
put_cp(struct ct_buffer *out, uint32_t cp)
{
	char utf8[5] = "";

	switch (cp) {
	case '&': ct_buffer_puts(out, "&amp;"); return;
	case '<': ct_buffer_puts(out, "&lt;"); return;
	case '>': ct_buffer_puts(out, "&gt;"); return;
	default: break;
	}
	utf8[ct_utf8_encode(cp, utf8)] = '\0';
	ct_buffer_puts(out, utf8);
}

static bool
same_look(const struct cell *a, const struct cell *b)
{
	return a->style == b->style && a->selected == b->selected;
}

/* The background of cells x..end of a row, which look alike, if it is not the screen's. */
static void
put_background(struct ct_buffer *out, const struct cell *c, int x, int end, int y, const struct theme *t)
{
	struct theme_colours look = theme_colours(t, (enum style)c->style, c->selected);

	if (look.background != theme_colours(t, ST_TEXT, false).background)
		ct_buffer_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n",
		    MARGIN + x * CELL_W, MARGIN + y * CELL_H, (end - x) * CELL_W, CELL_H, look.background);
}

/* Their text. Its length is given, so that columns are straight with any font. */
static void
put_run(struct ct_buffer *out, const struct cell *row, int x, int end, const struct theme *t)
{
	struct theme_colours look = theme_colours(t, (enum style)row[x].style, row[x].selected);

	ct_buffer_printf(out, "<tspan x=\"%d\" textLength=\"%d\" lengthAdjust=\"spacingAndGlyphs\" "
	    "fill=\"#%06x\"%s%s>", MARGIN + x * CELL_W, (end - x) * CELL_W, look.text,
	    look.bold ? " font-weight=\"bold\"" : "", look.underline ? " text-decoration=\"underline\"" : "");
	for (int i = x; i < end; i++) {
		if (row[i].cp)		/* skip right halves of wide characters */
			put_cp(out, row[i].cp);
		if (row[i].mark)
			put_cp(out, row[i].mark);
	}
	ct_buffer_puts(out, "</tspan>");
}

/* The first column after x whose look differs. */
static int
run_end(const struct cell *row, int x, int cols)
{
	int end = x + 1;

	while (end < cols && same_look(&row[x], &row[end]))
		end++;
	return end;
}

static void
put_row(struct ct_buffer *out, const struct grid *g, int y, const struct theme *t)
{
	const struct cell *row = g->cells + (size_t)y * (size_t)g->cols;

	for (int x = 0, end; x < g->cols; x = end) {
		end = run_end(row, x, g->cols);
		put_background(out, &row[x], x, end, y, t);
	}
	ct_buffer_printf(out, "<text y=\"%d\" xml:space=\"preserve\">", MARGIN + y * CELL_H + BASE);
	for (int x = 0, end; x < g->cols; x = end) {
		end = run_end(row, x, g->cols);
		put_run(out, row, x, end, t);
	}
	ct_buffer_puts(out, "</text>\n");
}

void
screen_svg(struct ct_buffer *out, const struct grid *g, const struct theme *t)
{
	int w = g->cols * CELL_W + 2 * MARGIN, h = g->rows * CELL_H + 2 * MARGIN;

	ct_buffer_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
	    "viewBox=\"0 0 %d %d\">\n", w, h, w, h);
	ct_buffer_printf(out, "<rect width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n", w, h,
	    theme_colours(t, ST_TEXT, false).background);
	ct_buffer_printf(out, "<g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, "
	    "monospace\" font-size=\"%d\">\n", SIZE);
	for (int y = 0; y < g->rows; y++)
		put_row(out, g, y, t);
	ct_buffer_puts(out, "</g>\n</svg>\n");
}
