/* turn: see turn.h. */
#include "tui/lesson/turn.h"

#include "tui/app.h"
#include "tui/lesson/lesson.h"

int
turn_choices(const struct app *a)
{
	const struct player *p = &a->player;

	return p->lesson && !p->choice ? p->lesson->step[p->step].predict.n : 0;
}

bool
turn_has_keys(const struct app *a)
{
	return a->player.lesson && (a->focus == VIEW_TREE || a->view != VIEW_TREE) && a->focus != VIEW_HELP;
}

bool
turn_is_done(const struct app *a)
{
	const struct player *p = &a->player;

	for (int i = 0; i < p->lesson->step[p->step].n_checks; i++)
		if (!p->met[i])
			return false;
	return !turn_choices(a);
}
