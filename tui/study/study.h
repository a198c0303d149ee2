/*
 * study: what is being looked at: a model, a prompt, its graph, and clamps, pins and labels with their undo.
 *
 * Owns the engine and the session, and keeps the program's idea of them in step. It knows nothing of
 * screens. Every change either succeeds or leaves all as it was.
 */
#ifndef TUI_STUDY_H
#define TUI_STUDY_H

#include "base/arena.h"
#include "ctrace.h"

enum { STUDY_CLAMPS = 2 * CT_MAX_MEMBERS, UNDO_STEPS = 64, STUDY_NAME = 256, STUDY_GENERATED = 64,
    STUDY_KEPT = 16 };

struct clamp_set {
	char name[32];			/* under which it is kept; "" in the undo list */
	int n;
	struct ct_clamp clamp[STUDY_CLAMPS];
};

/* A label that a person changed. */
struct label_change {
	bool made;
	int layer, feature;
	char before[CT_LABEL_TEXT], after[CT_LABEL_TEXT];	/* "": the automatic one */
};

/*
 * What was in force after a change, of the one or the other; and the change itself, if it was one of a label.
 */
struct undo_step {
	struct clamp_set clamps;
	struct ct_subgraph pins;
	struct label_change label;
};

struct undo {
	int at, depth;			/* step[at] is in force, of 0..depth-1 */
	struct undo_step step[UNDO_STEPS];
};

/* What features without a label write, as far as it was looked up. */
enum { STUDY_WORDS = 1024 };
struct study_word {
	bool known;
	int layer, feature;
	enum ct_words kind;
	char text[64];
};
struct study_words {
	double until;			/* look no further up then; 0: it may take as long as it does */
	bool missing;			/* something was not looked up */
	struct study_word slot[STUDY_WORDS];
};

/* How every study begins. */
struct study_defaults {
	double node_threshold, edge_threshold;	/* 0,0: the engine's */
	enum ct_pace pace;
	struct ct_clamp_options how;
};

/* What an error node is made of, as it feeds `into`, once that was asked for. */
struct study_opened {
	bool is_open;
	int error, into;
	struct ct_opened parts;
	struct ct_arena arena;		/* of the parts */
};

struct study {
	struct ct_engine *engine;
	const struct ct_engine_info *info;
	struct ct_session *session;		/* of the graph that is shown: first, or a clamped run's */
	struct ct_session *first;		/* of the prompt; clamps are put on it */
	int clampings;				/* how often clamps were put in force */
	bool stale;				/* the clamps are not those of the run that is shown */
	const struct ct_graph *graph;		/* lent by the session; NULL: nothing traced */
	struct ct_direct split;			/* of the answer; NAN: unknown */
	int T;					/* tokens, BOS included; 0: no prompt */
	int pos;				/* chosen position */
	int node;				/* selected node of the graph, -1: none */
	/* A feature that is no node, since it is not active, has the card in place of that node. */
	bool has_absent;
	struct ct_node absent;
	struct ct_trace_options trace;		/* of the graph */
	struct ct_clamp_options how;
	struct undo *undo;
	struct study_words *words;
	struct study_opened opened;
	struct clamp_set kept[STUDY_KEPT];	/* sets that were given names, prompts long */
	int n_kept;
	int generated[STUDY_GENERATED];		/* tokens after the prompt, as last generated */
	int n_generated;
	struct ct_engine_options options;	/* without the transcoder's directory: it may be gone */
	struct study_defaults defaults;
	struct ct_job job;			/* of everything that takes long */
};

int study_open(struct study *s, const char *model, const struct ct_engine_options *opt, struct ct_error *err);
/* A graph from a file, without a model. */
int study_open_graph(struct study *s, const char *path, struct ct_error *err);
void study_close(struct study *s);

/* Splits an error node's edge into a node over neurons, in place of the error that was open; folds that. */
int study_open_error(struct study *s, int error, int into, struct ct_error *err);
void study_fold_error(struct study *s);

int study_prompt(struct study *s, const char *text, struct ct_error *err);
/* The first n of the generated tokens become part of the prompt; clamps stay, with nothing to undo. */
int study_take(struct study *s, int n, struct ct_error *err);
int study_trace(struct study *s, const struct ct_targets *targets, struct ct_error *err);
/*
 * Shows the graph of the clamped run (ct_session_now), towards what is likeliest then unless targets were
 * named; and back to the graph without clamps.
 */
int study_now(struct study *s, struct ct_error *err);
void study_then(struct study *s);
bool study_shows_now(const struct study *s);
/*
 * After clamps have changed: the graph of the clamped run anew, or without clamps the first one. CT_OK, 1 if
 * the graph is another one now, or a code: then the first graph is shown.
 */
int study_refresh(struct study *s, struct ct_error *err);
/* The graph without clamps. A node of the graph that is shown there; and one of it here; -1: it has none. */
const struct ct_graph *study_first_graph(const struct study *s);
int study_node_then(const struct study *s, int node);
int study_node_now(const struct study *s, int node);

/* The session's graph is another one: keeps the selected node by what it was, else takes the first target. */
void study_load_graph(struct study *s, const struct ct_node *was);
/* Computes rows of a graph that is traced between keys (ct_session_work); finished, it is another object. */
int study_work(struct study *s, double seconds, const struct ct_job *job, struct ct_error *err);
/* The same to the end: CT_WORK_FINISHED, or a code. */
int study_finish(struct study *s, const struct ct_job *job, struct ct_error *err);
/* The row of a node at once, where it is missing. */
int study_open_row(struct study *s, int node, struct ct_error *err);
int study_prune(struct study *s, double node_threshold, double edge_threshold, struct ct_error *err);
/* Opens another model with its demo prompt, in place of this one; the same one begins anew. */
int study_model(struct study *s, const char *model, struct ct_error *err);
/* Opens a graph from a file in place of what is open. */
int study_graph(struct study *s, const char *path, struct ct_error *err);
/* Opens a transcoder of the model that lies elsewhere, and traces the same prompt there. */
int study_transcoder(struct study *s, const char *dir, struct ct_error *err);
/* Is the transcoder the model's own, or one that lies elsewhere? */
bool study_transcoder_is_own(const struct study *s);
/* Opens the model's other transcoder, or from its neurons the first, and traces the same prompt there. */
int study_other_transcoder(struct study *s, struct ct_error *err);
/* The same with the model's own neurons; of another model: with its demo prompt. */
int study_neurons(struct study *s, const char *model, struct ct_error *err);

const struct clamp_set *study_clamps(const struct study *s);
/* As ct_clamp_text, with as many digits as a screen has room for. Returns buf. */
const char *study_clamp_text(const struct ct_clamp *c, char *buf, size_t size);
bool study_same_place(const struct ct_clamp *c, const struct ct_clamp *d);	/* and feature */
/* Adds n clamps in one step; each replaces the one on the same feature and place. */
int study_clamp(struct study *s, const struct ct_clamp *c, int n, struct ct_error *err);
int study_clamp_set(struct study *s, const struct clamp_set *set, struct ct_error *err);
/*
 * Clamps the features at the chosen position to what they are in another prompt: at its last token where ours
 * is the last, else at the same position. *n: how many differ.
 */
int study_patch(struct study *s, const char *text, int *n, struct ct_error *err);
/* Keeps clamps under a name, in place of what had it; and puts a kept set in force. */
int study_keep(struct study *s, const char *name, const struct clamp_set *set, struct ct_error *err);
int study_recall(struct study *s, const char *name, struct ct_error *err);
/* Puts pins and supernodes in force, a step to undo if they are others. */
void study_set_pins(struct study *s, const struct ct_subgraph *pins);
/* Stores a label in labels.yaml, a step to undo; "" brings back the automatic one. */
int study_set_label(struct study *s, int layer, int feature, const char *text, struct ct_error *err);
/*
 * step: -1 undo, 1 redo; returns a code, or what it was a change of. *label: of which label, if it was one.
 */
enum study_undone { UNDONE_CLAMPS, UNDONE_PINS, UNDONE_LABEL };
int study_undo(struct study *s, int step, struct label_change *label, struct ct_error *err);
bool study_can_undo(const struct study *s);
void study_forget(struct study *s);	/* what is in force stays, with nothing to undo */
int study_how(struct study *s, const struct ct_clamp_options *how, struct ct_error *err);
/*
 * The index of the clamp that counts on a feature at a position (or all positions), or of one that is off, or
 * -1.
 */
int study_clamp_find(const struct study *s, int layer, int feature, int pos);

const struct ct_node *study_node(const struct study *s, int node);	/* NULL for -1 */
const char *study_token(const struct study *s, int pos);
/* A token of the vocabulary as it stands alone. */
const char *study_word(const struct study *s, int id, char *buf, size_t size);

/* From now on names are looked up for at most so long (0: all of them); and was one left out since? */
void study_words_within(struct study *s, double seconds);
bool study_words_missing(const struct study *s);

bool study_is_feature(const struct ct_node *n);

/*
 * A feature's label as it is shown, "" when there is none. *guess: the best of several that fit badly,
 * "Texas?".
 */
const char *study_label(const struct study *s, int layer, int feature, char *buf, size_t size, bool *guess);
/* The same for what a node stands for: is its note a guess? */
bool study_guess(const struct study *s, int node);

/* An edge as a share of all that flows into its target, -1..1. */
double study_share(const struct study *s, const struct ct_edge *e);

/*
 * The node through which most of this one's influence passes, within the pruned graph where it has one; or
 * -1.
 */
int study_best_output(const struct study *s, int node);

/* Names as the screen shows them; all write to buf and return it. */
const char *study_place(const struct study *s, int pos, char *buf, size_t size);	/* "@is", "@the/4" */
const char *study_name(const struct study *s, int node, char *buf, size_t size);	/* "L1#917 @is" */
/* "say a capital", "input" */
const char *study_note(const struct study *s, int node, char *buf, size_t size);
const char *study_how_text(const struct ct_clamp_options *how, char *buf, size_t size);

#endif
