/*
 * clamp: interventions on features, their predicted and their observed effects, as plain data.
 */
#ifndef CT_TRACE_CLAMP_H
#define CT_TRACE_CLAMP_H

#include <stdbool.h>

enum ct_unit { CT_ABSOLUTE, CT_MULTIPLE, CT_DELTA };	/* =v, xk, +d / -d */
enum ct_mode { CT_FROZEN, CT_FREE, CT_DIRECT, CT_RANGE };
enum ct_through { CT_MODEL, CT_REPLACEMENT };

enum { CT_ALL_POSITIONS = -1 };

struct ct_clamp {
	int layer, feature;
	int pos;		/* position, or CT_ALL_POSITIONS */
	bool onwards;		/* from pos on, generated tokens included */
	enum ct_unit unit;
	double amount;
	bool off;		/* kept in the list but not applied */
};

struct ct_clamp_options {
	enum ct_mode mode;
	int first, last;	/* CT_RANGE: layers whose MLP outputs are frozen */
	enum ct_through through;
};

/* One quantity before and after; predictions come from the graph's linear model. */
struct ct_effect {
	int node;		/* of the graph: an active feature or a target */
	float before, after;	/* pre-activation; targets: logit minus the vocabulary's mean */
	float observed;		/* after - before */
	float predicted_direct;
	float predicted_total;
	bool clamped;		/* this node is clamped itself */
};

struct ct_agreement {
	double spearman, pearson;	/* of the knock-on part; NAN when n < 3 or constant */
	int n;
};

struct ct_outcome {
	struct ct_clamp_options options;
	int n_effects, n_targets;
	struct ct_effect *effects;	/* the targets in the graph's order, then features by |observed| */
	struct ct_agreement agreement;
	int overridden;			/* times that a later clamp on the same feature and position replaced one */
	const int *lost;		/* (clamps) the same, by the clamp that was replaced */
	/*
	 * Where all that edges take as frozen is frozen (direct, or a range over all layers): max over effects of
	 * |observed - sum of edge * (new / original - 1)| / max |observed|, so that the run and the edges, found in
	 * opposite directions, check each other. NAN elsewhere.
	 */
	double max_direct_error;
};

/* One feature of the pruned graph set to 0: frozen, through the model. */
struct ct_ablation {
	int node;
	double influence;		/* raw, on the graph's targets */
	double kl;			/* of the next token at the graph's position, model || ablated, in nats */
	float effect;			/* change of the first target, as ct_effect's observed */
};

struct ct_survey {
	int n;
	struct ct_ablation *items;	/* largest KL first; ties by node */
	double spearman_kl;		/* influence against kl; NAN when n < 3 or one side is constant */
	double spearman_effect;		/* influence against |effect| */
	double seconds;			/* wall clock: n / seconds clamps per second */
};

#endif
