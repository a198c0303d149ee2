/* page: the data of a page of HTML apart from the graph: cards, clamps with what they changed, notes. */
#ifndef CT_SESSION_PAGE_H
#define CT_SESSION_PAGE_H

#include "session/engine.h"
#include "share/page.h"

/* Everything in out is lent by the arena, the session and its engine. */
int ct_session_page(struct ct_page *out, struct ct_session *s, const struct ct_export_options *opt,
    struct ct_arena *a, struct ct_error *err);

#endif
