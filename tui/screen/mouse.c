/* mouse: see mouse.h. */
#include "tui/screen/mouse.h"

#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/screen/frame.h"
#include "tui/terminal/term.h"
#include "tui/view/layout.h"
#include "tui/view/view.h"

/* Selects and returns the row at a line of the focused pane; -1: there is none. */
static int
select_row(struct app *a, int y)
{
	const struct view_ops *ops = view_ops(a->focus);
	struct list *l = ops->list ? ops->list(a, a->state[a->focus]) : NULL;

	if (!l || y < l->y || y - l->y >= l->h || l->top + y - l->y >= l->n)
		return -1;
	list_select(l, l->top + y - l->y);
	if (ops->moved)
		ops->moved(a, a->state[a->focus]);
	return l->sel;
}

/* Moves the rule that the mouse drags to where the mouse is. */
static int
drag(struct app *a, const struct event *ev)
{
	if (ev->kind == EV_CLICK || ev->kind == EV_DOUBLE)
		a->dragged = layout_rule_at(a, ev->x, ev->y) + 1;
	if (!a->dragged || ev->kind == EV_RELEASE) {
		a->dragged = 0;
		return DID_NOTHING;
	}
	layout_move_rule(a, a->dragged - 1, ev->x, ev->y);
	return DID_CHANGE;
}

int
mouse_event(struct app *a, const struct event *ev)
{
	struct frame_spot spot = frame_at(a, ev->x, ev->y);
	bool wheel = ev->kind == EV_WHEEL_UP || ev->kind == EV_WHEEL_DOWN;
	const struct view_ops *ops;
	int row;

	if (a->input.kind != INPUT_NONE)
		return DID_NOTHING;
	if (!wheel && ((drag(a, ev) & DID_CHANGE) || ev->kind == EV_DRAG || ev->kind == EV_RELEASE))
		return DID_CHANGE;
	a->message[0] = '\0';
	if (spot.pos >= 0 && !wheel) {
		a->study.pos = spot.pos;
		return DID_CHANGE;
	}
	if (!spot.in_view)
		return DID_CHANGE;
	a->focus = spot.view;
	ops = view_ops(spot.view);
	if (wheel)
		return cmd_run(a, ev->kind == EV_WHEEL_UP ? "up 3" : "down 3");
	if (ops->click) {
		ops->click(a, a->state[spot.view], spot.x, spot.y);
	} else {
		row = select_row(a, spot.y);
		if (row >= 0 && ops->marker && ops->marker(a, a->state[spot.view], row, spot.x))
			return cmd_run(a, "enter");
	}
	return ev->kind == EV_DOUBLE ? cmd_run(a, "enter") : DID_CHANGE;
}
