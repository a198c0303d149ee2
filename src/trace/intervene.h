/*
 * intervene: runs with clamped features, and what the graph's linear model predicts for them.
 *
 * A clamp adds (new - current) * W_dec once to each MLP output it writes. What is frozen, and what carries
 * the effect on, is chosen by struct ct_clamp_options; definitions in clamp.h's enums:
 *   direct  patterns, norm scales and MLP outputs frozen: equals the graph's edges
 *   frozen  patterns frozen, norm scales and MLPs live
 *   free    nothing frozen
 *   range   MLP outputs frozen in layers first..last (clamps write only there), patterns frozen
 * If no feature's value changes, the run returns exactly the original bits.
 */
#ifndef CT_TRACE_INTERVENE_H
#define CT_TRACE_INTERVENE_H

#include "base/arena.h"
#include "base/error.h"
#include "trace/clamp.h"
#include "trace/graph.h"
#include "trace/replacement.h"

/* One feature at one position, resolved: its original and its new activation. */
struct ct_clamp_site {
	int layer, pos, feature;
	float original, value;
	int clamp;			/* index in the list of the clamp in force here */
};

struct ct_clamp_sites {
	int n;
	struct ct_clamp_site *site;		/* by (layer, pos, feature) */
	/* how often a later clamp replaced one on the same feature and position */
	int overridden;
	int *lost;			/* (clamps) the same for each clamp that was replaced */
};

/*
 * Lists the features and positions that clamps apply to. A feature that the transcoder does not have, or a
 * position outside 1..T-1, is an error.
 */
int ct_clamp_sites_init(struct ct_clamp_sites *s, const struct ct_local_model *lrm,
    const struct ct_clamp *clamps, int n, struct ct_arena *a, struct ct_error *err);

/* Whether a clamp sets this feature at this position. */
bool ct_clamp_sites_has(const struct ct_clamp_sites *s, struct ct_place at);

/* The results of a run with clamps. */
struct ct_changed {
	float *final;			/* (T,D) final norm's output */
	/* (lrm->n) pre-activations of the features that are active in the original run */
	float *pre;
	float *read;			/* (L,T,D) what the encoders see; lrm->read where nothing changed */
	float *k, *v;			/* (L,T,H_kv*head) keys and values; direct mode: the original ones */
};

/* Whether everything is frozen that edges take as frozen: in direct mode, or with a range over all layers. */
bool ct_is_direct(const struct ct_clamp_options *opt, int L);

/*
 * Memory is from the arena. If activations become infinite, the error names the place and the largest clamp.
 */
int ct_intervene(struct ct_changed *out, const struct ct_local_model *lrm, const struct ct_clamp_sites *s,
    const struct ct_clamp_options *opt, struct ct_arena *a, struct ct_error *err);

/*
 * The same; in addition the whole run is stored in `keep` (ct_pass_init), so that a graph can explain it:
 * mlp_out includes what clamps write. In direct mode, keys, values and patterns are those of the original
 * run.
 */
int ct_intervene_keep(struct ct_changed *out, struct ct_pass *keep, const struct ct_local_model *lrm,
    const struct ct_clamp_sites *s, const struct ct_clamp_options *opt, struct ct_arena *a,
    struct ct_error *err);

/*
 * The graph's prediction of the changes, by running the frozen linear network forwards on the clamps.
 *   total false: only the clamps write (the sum over clamps of unit edge * change)
 *   total true: every other active feature whose activation changes writes too
 *   dfinal out (T,D) change of the final norm's output; dpre out (lrm->n)
 */
int ct_predict(const struct ct_local_model *lrm, const struct ct_clamp_sites *s, bool total, float *dfinal,
    float *dpre, struct ct_arena *scratch, struct ct_error *err);

/*
 * Effects of a run on the graph's features and targets, both predictions of them, and how well they agree
 * (Spearman and Pearson over the knock-on part). Everything is from the arena.
 */
int ct_effects_init(struct ct_effects *out, const struct ct_local_model *lrm, const struct ct_graph *g,
    const struct ct_clamp_sites *s, const struct ct_clamp_options *opt, const struct ct_changed *run,
    struct ct_arena *a, struct ct_error *err);

/*
 * By how much a run changed one target of the graph: its logit minus the vocabulary's mean, its difference of
 * logits, or the pre-activation of its feature (active or not).
 */
float ct_target_change(const struct ct_local_model *lrm, const struct ct_graph *g,
    const struct ct_changed *run, int node);

/*
 * Rank correlation (ties share their mean rank) and linear correlation; NAN when n < 3 or one side is
 * constant.
 */
int ct_spearman(double *out, const double *x, const double *y, int n, struct ct_arena *scratch,
    struct ct_error *err);
double ct_pearson(const double *x, const double *y, int n);

#endif
