/* fold: see fold.h. */
#include "tui/view/fold.h"

#include <stdlib.h>

void
fold_free(struct fold *f)
{
	free(f->row);
	*f = (struct fold){ .row = NULL };
}

void
fold_clear(struct fold *f)
{
	f->list.n = 0;
}

bool
fold_add(struct fold *f, struct fold_row row)
{
	if (f->list.n == f->capacity) {
		int capacity = f->capacity ? 2 * f->capacity : 64;
		struct fold_row *grown = realloc(f->row, (size_t)capacity * sizeof *grown);

		if (!grown)
			return false;
		f->row = grown;
		f->capacity = capacity;
	}
	f->row[f->list.n++] = row;
	return true;
}

const struct fold_row *
fold_selected(const struct fold *f)
{
	return f->list.n ? &f->row[f->list.sel] : NULL;
}

int
fold_parent(const struct fold *f, int i)
{
	int depth = f->row[i].depth;

	while (i >= 0 && f->row[i].depth >= depth)
		i--;
	return i;
}

static int
mark_column(const struct fold_row *r)
{
	return FOLD_GUTTER + r->depth * FOLD_INDENT;
}

int
fold_draw(const struct fold *f, const struct area *a, int y, int i)
{
	const struct fold_row *r = &f->row[i];
	int x = mark_column(r);

	if (r->opens)
		draw_cell(a, x, y, ST_DIM, r->open ? 0x25be : 0x25b8);
	return x + FOLD_INDENT;
}

bool
fold_mark_at(const struct fold *f, int i, int x)
{
	return f->row[i].opens && x == mark_column(&f->row[i]);
}
