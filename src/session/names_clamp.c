/* names_clamp: names of clamps and of the features in them: writes and parses them. See ctrace.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "session/names_feature.h"

/* Reads =0, x-1, +2.5 or -2.5, which must end the text. */
static bool
read_strength(const char *p, struct ct_clamp *out)
{
	switch (*p) {
	case '=':
		out->unit = CT_ABSOLUTE;
		p++;
		break;
	case 'x':
		out->unit = CT_MULTIPLE;
		p++;
		break;
	case '+':
	case '-':
		out->unit = CT_DELTA;
		break;
	default:
		return false;
	}
	return ct_text_double(p, &out->amount);
}

/*
 * Fails for names of nodes that cannot be clamped (as node_text writes them), and says what can be done
 * instead.
 */
static int
check_clampable(const char *text, struct ct_error *err)
{
	for (int k = 0; k <= CT_NODE_OTHER; k++) {
		const struct ct_node_traits *t = ct_node_traits((enum ct_node_kind)k);

		if (t->no_clamp && (ct_node_after_label(text, t->label) || (k == CT_NODE_TARGET &&
		    ct_node_after_label(text, ct_target_label(CT_TARGET_FEATURE)))))
			return ct_fail(err, CT_EINVAL,
			    "%s: only features can be clamped, as L1#249@8=0 or \"label\"@8x0", t->no_clamp);
	}
	return CT_OK;
}

/* Reads members separated by commas, up to the strength at *p. Returns how many. */
static int
read_members(const struct ct_session *s, const char *text, const char **p,
    struct ct_member members[CT_MAX_MEMBERS], struct ct_error *err)
{
	int n = 0, code;

	for (;; ++*p) {
		if (n == CT_MAX_MEMBERS)
			return ct_fail(err, CT_EINVAL, "a clamp names at most %d members", CT_MAX_MEMBERS);
		code = ct_member_read(&members[n], s, text, p, err);
		if (code < 0)
			return code;
		n++;
		if (**p != ',')
			break;
		while ((*p)[1] == ' ')
			++*p;
	}
	return n;
}

/*
 * Gives members without a scope that of the next member. Without one, those of a supernode stay where they
 * are pinned, and a label at the end means all positions.
 */
static int
share_scopes(const char *text, struct ct_member *members, int n, struct ct_error *err)
{
	if (!members[n - 1].scoped && !members[n - 1].labelled)
		return ct_member_none(text, err);
	for (int i = n - 2; i >= 0; i--) {
		if (members[i].scoped || members[i].supernode >= 0)
			continue;
		if (members[i + 1].supernode >= 0 && !members[i + 1].scoped)
			return ct_member_none(text, err);
		members[i].c.pos = members[i + 1].c.pos;
		members[i].c.onwards = members[i + 1].c.onwards;
	}
	return CT_OK;
}

int
ct_session_parse_clamps(
    const struct ct_session *s, const char *text, struct ct_clamp *out, int max, struct ct_error *err)
{
	struct ct_member members[CT_MAX_MEMBERS];
	struct ct_clamp strength = { 0 };
	const char *p = text;
	char clean[120];
	int n, found = 0, code = ct_engine_need_model(s->e, err);

	if (code < 0 || (code = check_clampable(text, err)) < 0 ||
	    (code = n = read_members(s, text, &p, members, err)) < 0 ||
	    (code = share_scopes(text, members, n, err)) < 0)
		return code;
	ct_text_clean(clean, sizeof clean, text, strlen(text));
	if (!read_strength(p, &strength) && strspn(p, "0123456789") > 0)
		return ct_fail(err, CT_EINVAL, "\"%s\": unexpected text after the place; places are "
		    "@8, @8.. and @*", clean);
	if (!read_strength(p, &strength))
		return ct_fail(err, CT_EINVAL,
		    "\"%s\": the strength is missing or not a number; write =0 (value), x-1 (multiple), "
		    "+2.5 or -2.5 (change)", clean);
	for (int i = 0; i < n; i++) {
		int room = found < max ? max - found : 0;

		/* A multiple of an inactive feature would change nothing. */
		code = ct_member_resolve(s, &members[i], strength.unit != CT_MULTIPLE, out + found, room,
		    err);
		if (code < 0)
			return code;
		if (code > room)
			return ct_fail(err, CT_EINVAL, "\"%s\" names more than %d feature%s", clean, max,
			    max == 1 ? ": one is expected here" : "s");
		found += code;
	}
	for (int i = 0; i < found; i++) {
		out[i].unit = strength.unit;
		out[i].amount = strength.amount;
	}
	return found;
}

int
ct_session_parse_clamp(
    const struct ct_session *s, const char *text, struct ct_clamp *out, struct ct_error *err)
{
	int n = ct_session_parse_clamps(s, text, out, 1, err);

	return n < 0 ? n : CT_OK;
}

/* With as few digits as give the same number when read. */
static const char *
amount_text(char *buf, size_t size, double v)
{
	int digits = 9;

	do
		snprintf(buf, size, "%.*g", digits, v);
	while (strtod(buf, NULL) != v && digits++ < 17);
	return buf;
}

int
ct_clamp_text(const struct ct_clamp *c, char *buf, size_t size)
{
	const char *unit = c->unit == CT_ABSOLUTE ? "=" : c->unit == CT_MULTIPLE ? "x" : signbit(c->amount) ?
	    "" : "+";
	char scope[32], amount[32];

	if (c->pos == CT_ALL_POSITIONS)
		snprintf(scope, sizeof scope, "*");
	else
		snprintf(scope, sizeof scope, "%d%s", c->pos, c->onwards ? ".." : "");
	return snprintf(buf, size, "L%d#%d@%s%s%s", c->layer, c->feature, scope, unit,
	    amount_text(amount, sizeof amount, c->amount));
}

int
ct_mode_parse(const char *text, int L, struct ct_clamp_options *out, struct ct_error *err)
{
	static const char range[] = "range=";
	const char *p = text;
	char clean[120];
	int first, last;

	for (enum ct_mode mode = CT_FROZEN; mode < CT_RANGE; mode++)
		if (strcmp(text, ct_mode_name(mode)) == 0) {
			out->mode = mode;
			return CT_OK;
		}
	if (strncmp(p, range, sizeof range - 1) == 0) {
		p += sizeof range - 1;
		if (ct_name_int(&p, &first) && *p++ == '-' && ct_name_int(&p, &last) && !*p) {
			if (first > last || last >= L)
				return ct_fail(err, CT_EINVAL, "no layer range %d-%d: this model has layers "
				    "0 to %d", first, last, L - 1);
			out->mode = CT_RANGE;
			out->first = first;
			out->last = last;
			return CT_OK;
		}
	}
	ct_text_clean(clean, sizeof clean, text, strlen(text));
	return ct_fail(err, CT_EINVAL, "expected frozen, free, direct or range=I-J, found \"%s\"", clean);
}

int
ct_mode_text(const struct ct_clamp_options *how, char *buf, size_t size)
{
	if (how->mode == CT_RANGE)
		return snprintf(buf, size, "range=%d-%d", how->first, how->last);
	return snprintf(buf, size, "%s", ct_mode_name(how->mode));
}
