/*
 * names_feature: FEATURE[@SCOPE] as clamps, pins and targets write it: L1#249@8, "Texas"@Dallas, "=bridge
 * Texas"@*.
 */
#ifndef CT_SESSION_NAMES_FEATURE_H
#define CT_SESSION_NAMES_FEATURE_H

#include "session/engine.h"
#include "session/query.h"

/* A feature, or the features of a label or a supernode, and where: one member of what a clamp names. */
struct ct_member {
	bool labelled;			/* q says which; else c.layer and c.feature */
	struct ct_query q;
	const char *text;		/* what was written, n bytes, for messages; lent */
	size_t n;
	int supernode;			/* that the name stands for; -1: none */
	bool scoped;			/* c.pos, c.onwards were given; else all positions */
	struct ct_clamp c;
};

/* A non-negative integer at *p, which moves behind it. */
bool ct_name_int(const char **p, int *out);

/* One member at *p, which moves behind it. all: the text it is a part of, for messages. */
int ct_member_read(struct ct_member *out, const struct ct_session *s, const char *all, const char **p,
    struct ct_error *err);

/*
 * The features that a member stands for. Those of a label are the ones that are active in its scope; where
 * there is none, a failure, or, with `any`, those of the whole model. Returns how many; at most max are
 * written to out.
 */
int ct_member_resolve(const struct ct_session *s, const struct ct_member *m, bool any, struct ct_clamp *out,
    int max, struct ct_error *err);

/* A place alone, with its @ or without: @8, 8.., @Dallas. All of the text. */
int ct_place_read(const struct ct_session *s, const char *text, struct ct_clamp *out, struct ct_error *err);

/* "X" names no feature; expected ... */
int ct_member_none(const char *text, struct ct_error *err);

#endif
