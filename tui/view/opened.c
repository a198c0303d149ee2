/* opened: see opened.h. The card shows the parts of the opened error node. */
#include "tui/view/opened.h"

#include "tui/app.h"
#include "tui/terminal/fmt.h"

int
opened_toggle(struct app *a, int error, int into)
{
	const struct study_opened *o = &a->study.opened;
	char neurons[FMT_SIZE], features[FMT_SIZE], gap[FMT_SIZE];
	struct ct_error err;

	if (o->is_open && o->error == error && o->into == into) {
		study_fold_error(&a->study);
		return DID_CHANGE;
	}
	if (study_open_error(&a->study, error, into, &err))
		return app_error(a, &err);
	app_say(a, "neurons %s, less features %s: the parts add up within %s; Enter folds it",
	    fmt_signed(neurons, sizeof neurons, o->parts.neurons_sum),
	    fmt_signed(features, sizeof features, o->parts.features), fmt_tiny(gap, sizeof gap,
	    o->parts.residual));
	return DID_CHANGE;
}
