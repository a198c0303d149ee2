/* study_opened: splits an error node into neurons. A part of study.h. */
#include "tui/study/study.h"

int
study_open_error(struct study *s, int error, int into, struct ct_error *err)
{
	struct study_opened fresh = { .is_open = true, .error = error, .into = into };
	int code = ct_session_open_error(s->session, into, error, &fresh.parts, &fresh.arena, &s->job, err);

	if (code < 0) {
		ct_arena_free(&fresh.arena);
		return code;
	}
	study_fold_error(s);
	s->opened = fresh;
	return CT_OK;
}

void
study_fold_error(struct study *s)
{
	ct_arena_free(&s->opened.arena);
	s->opened = (struct study_opened){ .is_open = false };
}
