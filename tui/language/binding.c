/* binding: see binding.h. */
#include "tui/language/binding.h"

#include <string.h>

#include "tui/app.h"
#include "tui/language/keys.h"
#include "tui/lesson/turn.h"
#include "tui/view/view.h"

/* The keys of a lesson come first while the lesson has them, and last while another pane has the keys. */
const struct key_entry *
binding_of(const struct app *a, int key)
{
	const struct key_entry *own = NULL, *here = NULL;

	if (a->player.lesson)
		own = key_bound_in(view_ops(VIEW_LESSON)->name, key);
	if (own && strncmp(own->command, "lesson choose ", 14) == 0 &&
	    own->command[14] - '0' > turn_choices(a))
		own = NULL;
	if (!own || !turn_has_keys(a))
		here = view_key(a, key);
	return here ? here : own;
}
