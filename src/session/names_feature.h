/*
 * names_feature: parses FEATURE[@SCOPE] in clamps, pins and targets: L1#249@8, "Texas"@Dallas, "=bridge
 * Texas"@*.
 */
#ifndef CT_SESSION_NAMES_FEATURE_H
#define CT_SESSION_NAMES_FEATURE_H

#include "session/engine.h"
#include "session/query.h"

/* One member of a clamp: a feature, or the features of a label or supernode; and where. */
struct ct_member {
	bool labelled;			/* q has the label; else c.layer and c.feature are set */
	struct ct_query q;
	const char *text;		/* the n bytes that were typed, for messages; lent */
	size_t n;
	int supernode;			/* the supernode of that name; -1: none */
	bool scoped;			/* a scope was given, in c.pos and c.onwards; else all positions */
	struct ct_clamp c;
};

/* Reads an integer of digits at *p, and moves *p past it. */
bool ct_name_int(const char **p, int *out);

/* Reads one member at *p, and moves *p past it. all: the whole text, for messages. */
int ct_member_read(struct ct_member *out, const struct ct_session *s, const char *all, const char **p,
    struct ct_error *err);

/*
 * The features that a member stands for. A label stands for those that are active in its scope; if there are
 * none this fails, or with `any` gives those of the whole model. Returns how many there are; at most max are
 * written to out.
 */
int ct_member_resolve(const struct ct_session *s, const struct ct_member *m, bool any, struct ct_clamp *out,
    int max, struct ct_error *err);

/* Parses a place alone, with or without its @: @8, 8.., @Dallas. */
int ct_place_read(const struct ct_session *s, const char *text, struct ct_clamp *out, struct ct_error *err);

/* Fails with: "X" names no feature; expected ... */
int ct_member_none(const char *text, struct ct_error *err);

#endif
