/* reach: the facade's count of what clamps reach. */
#include <stdlib.h>

#include "session/engine.h"

/*
 * Whether a clamp changes the activation of its feature at a position: 0: no; 1: it was inactive, 2: active.
 */
static int
reaches(const struct ct_session *s, const struct ct_clamp *c, int pos)
{
	if (c->pos != CT_ALL_POSITIONS && c->pos != pos && !(c->onwards && pos > c->pos))
		return 0;
	if (ct_session_activation(s, c->layer, c->feature, pos) != 0)
		return 2;
	return c->unit != CT_MULTIPLE && c->amount != 0;
}

/* Whether an earlier clamp of the list reaches the same place. */
static bool
counted(const struct ct_session *s, const struct ct_clamp *clamps, int n, int pos)
{
	for (int i = 0; i < n; i++)
		if (clamps[i].layer == clamps[n].layer && clamps[i].feature == clamps[n].feature &&
		    !clamps[i].off && reaches(s, &clamps[i], pos))
			return true;
	return false;
}

/* Whether an earlier clamp of the list has the same feature. */
static bool
named(const struct ct_clamp *clamps, int n)
{
	for (int i = 0; i < n; i++)
		if (clamps[i].layer == clamps[n].layer && clamps[i].feature == clamps[n].feature)
			return true;
	return false;
}

struct ct_reach
ct_session_reach(const struct ct_session *s, const struct ct_clamp *clamps, int n)
{
	struct ct_reach out = { 0 };

	for (int i = 0; i < n; i++) {
		out.features += !named(clamps, i);
		for (int pos = ct_session_start(s); pos < s->T && !clamps[i].off; pos++) {
			int how = reaches(s, &clamps[i], pos), node = -1;

			if (!how || counted(s, clamps, i, pos))
				continue;
			out.places++;
			out.active += how == 2;
			if (s->graph)
				node = ct_graph_find(s->graph, CT_NODE_FEATURE, clamps[i].layer, pos,
				    clamps[i].feature);
			out.kept += node >= 0 && s->graph->nodes[node].kept;
		}
	}
	return out;
}
