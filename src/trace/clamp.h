/*
 * clamp: interventions on features, their predicted and their observed effects, as plain data.
 */
#ifndef CT_TRACE_CLAMP_H
#define CT_TRACE_CLAMP_H

#include <stdbool.h>

enum ct_unit { CT_ABSOLUTE, CT_MULTIPLE, CT_DELTA };	/* =v, xk, +d / -d */
enum ct_mode { CT_FROZEN, CT_FREE, CT_DIRECT, CT_RANGE };
enum ct_through { CT_MODEL, CT_REPLACEMENT };

/* What they are called in options, commands and files. */
const char *ct_unit_name(enum ct_unit unit);
const char *ct_mode_name(enum ct_mode mode);
const char *ct_through_name(enum ct_through through);
/* False: nothing is called that. */
bool ct_through_find(const char *name, enum ct_through *out);

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
	bool unpredicted;	/* effects are observed only: predictions and agreement are NAN */
};

/* One quantity before and after. Predictions come from the graph's linear model. */
struct ct_effect {
	int node;		/* of the graph: an active feature or a target */
	float before, after;	/* pre-activation; targets: logit minus the vocabulary's mean */
	float observed;		/* after - before */
	float predicted_direct;
	float predicted_total;
	bool clamped;		/* this node is clamped itself */
};

/* A rank correlation of fewer features says nothing: of three, one order in six agrees by chance. */
enum { CT_RANK_LEAST = 5 };

struct ct_agreement {
	double spearman, pearson;	/* of the knock-on part; NAN when n < 3 or constant */
	int n;
};

struct ct_effects {
	struct ct_clamp_options options;
	int n_effects, n_targets;
	struct ct_effect *effects;	/* the targets in the graph's order, then features by |observed| */
	struct ct_agreement agreement;
	/* how often a later clamp on the same feature and position replaced an earlier one */
	int overridden;
	const int *lost;		/* (clamps) for each clamp, how often it was replaced */
	/*
	 * In direct mode, or with a range over all layers, a run freezes all that edges take as frozen. This
	 * is then the max over effects of |observed - sum of edge * (new / original - 1)| / max |observed|:
	 * the run goes forwards and the edges were computed backwards, so they check each other. NAN in other
	 * modes.
	 */
	double max_direct_error;
};

/*
 * The prediction to compare with e->observed: the total effect over all paths, or if all other paths are
 * frozen, the direct effect.
 */
float ct_predicted(const struct ct_effects *o, const struct ct_effect *e);

/*
 * The same clamps with attention patterns frozen and free. Graphs have no effects that pass through patterns.
 */
struct ct_contrast {
	struct ct_effects frozen, free;		/* the same targets in the same order */
	float *prob_frozen, *prob_free;		/* (V) of the next token at the graph's position */
	double kl_frozen, kl_free;		/* model || clamped, in nats */
	/*
	 * Over targets, sum |free - frozen| / (sum |frozen| + sum |free - frozen|); NAN when nothing moved.
	 */
	double pattern_share;
};

/*
 * Each strength in turn replaces the amount of every clamp. Rows: first the mode in force, then range mode
 * with the MLP outputs frozen up to an end layer, which goes from the lowest clamped layer to the last one
 * (the last row is direct mode).
 */
struct ct_sweep {
	struct ct_clamp_options options;	/* of the first row: the mode in force */
	int n_steps, n_rows, n_tokens;
	double *strength;		/* (steps) */
	int *last;			/* (rows) end layer; -1: the mode in force */
	/* the graph's target tokens and every run's likeliest token, by how much their probability changes */
	int *tokens;
	/* (rows,steps,tokens) at the graph's position; logits minus the vocabulary's mean */
	float *prob, *logit;
	float *kl;			/* (rows,steps) model || clamped, in nats */
	int *top;			/* (rows,steps) likeliest token */
	double seconds;			/* wall clock */
};

/* One feature of the pruned graph set to 0: frozen, through the model. */
struct ct_ablation {
	int node;
	double influence;		/* share of that of all nodes */
	/* of the next token at the graph's position, model || ablated, in nats */
	double kl;
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
