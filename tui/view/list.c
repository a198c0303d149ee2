/* list: see list.h. */
#include "tui/view/list.h"

void
list_select(struct list *l, int row)
{
	if (row >= l->n)
		row = l->n - 1;
	l->sel = row < 0 ? 0 : row;
	if (l->sel < l->top)
		l->top = l->sel;
	if (l->h > 0 && l->sel >= l->top + l->h)
		l->top = l->sel - l->h + 1;
}

void
list_resize(struct list *l, int n, int h)
{
	l->n = n;
	l->h = h;
	if (l->top > n - h)
		l->top = n - h;
	if (l->top < 0)
		l->top = 0;
	list_select(l, l->sel);
}

bool
list_more_above(const struct list *l)
{
	return l->top > 0;
}

bool
list_more_below(const struct list *l)
{
	return l->top + l->h < l->n;
}
