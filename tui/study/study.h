/*
 * study: what is being looked at: a model, a prompt, its graph, and clamps, pins and labels with their undo.
 *
 * Owns the engine and the session, and keeps all of this consistent. It knows nothing about screens. Every
 * change either succeeds or leaves everything as it was.
 */
#ifndef TUI_STUDY_H
#define TUI_STUDY_H

#include "base/arena.h"
#include "ctrace.h"

enum { STUDY_CLAMPS = 2 * CT_MAX_MEMBERS, UNDO_STEPS = 64, STUDY_NAME = 256, STUDY_GENERATED = 64,
    STUDY_KEPT = 16 };

struct clamp_set {
	char name[32];			/* the name of a kept set; "" in the undo list */
	int n;
	struct ct_clamp clamp[STUDY_CLAMPS];
};

/* A label that a person changed. */
struct label_change {
	bool made;
	int layer, feature;
	char before[CT_LABEL_TEXT], after[CT_LABEL_TEXT];	/* "": the automatic one */
};

/* All clamps and pins in force after a change; and the change itself if it was one of a label. */
struct undo_step {
	struct clamp_set clamps;
	struct ct_subgraph pins;
	struct label_change label;
};

struct undo {
	int at, depth;			/* step[at] is in force; there are `depth` steps */
	struct undo_step step[UNDO_STEPS];
};

/* The words of features without a label, as far as they were computed. */
enum { STUDY_WORDS = 1024, STUDY_WORDS_NEAR = 8 };
struct study_word {
	bool known, negative;		/* negative: words of a negative activation */
	int layer, feature;
	enum ct_words kind;
	char text[64];
};
struct study_words {
	double until;			/* compute no more after this time; 0: no limit */
	bool missing;			/* something was not computed for lack of time */
	unsigned turn;			/* which of the slots near a feature's place is replaced next */
	struct study_word slot[STUDY_WORDS];
};

/* Options with which every study begins. */
struct study_defaults {
	double node_threshold, edge_threshold;	/* 0,0: the engine's defaults */
	enum ct_pace pace;
	struct ct_clamp_options how;
};

/* The parts of an error node in its edge into `into`, after a person asked for them. */
struct study_opened {
	bool is_open;
	int error, into;
	struct ct_opened parts;
	struct ct_arena arena;		/* has the parts */
};

struct study {
	struct ct_engine *engine;
	const struct ct_engine_info *info;
	struct ct_session *session;		/* of the shown graph: `first`, or one on a clamped run */
	struct ct_session *first;		/* of the prompt; clamps are set in it */
	int clampings;				/* how often clamps were changed */
	bool stale;				/* the shown clamped run no longer has the present clamps */
	const struct ct_graph *graph;		/* lent by the session; NULL: nothing is traced */
	struct ct_direct split;			/* of the answer; NAN: unknown */
	int T;					/* tokens, BOS included; 0: no prompt */
	int pos;				/* the selected position */
	int node;				/* the selected node of the graph; -1: none */
	/* A feature that is not active, and so no node: the card shows it in place of the selected node. */
	bool has_absent;
	struct ct_node absent;
	struct ct_trace_options trace;		/* options of the graph */
	struct ct_clamp_options how;
	struct undo *undo;
	struct study_words *words;
	struct study_opened opened;
	struct clamp_set kept[STUDY_KEPT];	/* named sets of clamps, which outlive prompts */
	int n_kept;
	int generated[STUDY_GENERATED];		/* tokens that were generated last */
	int n_generated;
	/* without the transcoder's directory, which may not exist any more */
	struct ct_engine_options options;
	struct study_defaults defaults;
	struct ct_job job;			/* for everything that takes long */
};

int study_open(struct study *s, const char *model, const struct ct_engine_options *opt, struct ct_error *err);
/* Opens a graph from a file, without a model. */
int study_open_graph(struct study *s, const char *path, struct ct_error *err);
void study_close(struct study *s);

/*
 * Splits an error node's edge into a node over neurons, and forgets the error that was split before.
 * study_fold_error only forgets it.
 */
int study_open_error(struct study *s, int error, int into, struct ct_error *err);
void study_fold_error(struct study *s);

int study_prompt(struct study *s, const char *text, struct ct_error *err);
/* Appends the first n generated tokens to the prompt. Clamps stay, but can no longer be undone. */
int study_take(struct study *s, int n, struct ct_error *err);
int study_trace(struct study *s, const struct ct_targets *targets, struct ct_error *err);
/*
 * Shows the graph of the clamped run (ct_session_now), for the tokens that are likeliest now unless targets
 * were named; study_then goes back to the graph without clamps.
 */
int study_now(struct study *s, struct ct_error *err);
void study_then(struct study *s);
bool study_shows_now(const struct study *s);
/*
 * To be called after clamps have changed: traces the clamped run again, or without clamps shows the first
 * graph. Returns CT_OK; 1 if the graph has changed; or a code, and then shows the first graph.
 */
int study_refresh(struct study *s, struct ct_error *err);
/* The graph without clamps. For a node of the shown graph, the same node there, and the reverse; -1: none. */
const struct ct_graph *study_first_graph(const struct study *s);
int study_node_then(const struct study *s, int node);
/* The probability of a token that the shown graph explains, without clamps. */
float study_prob_then(const struct study *s, const struct ct_node *n);
int study_node_now(const struct study *s, int node);

/* Takes over the session's new graph: selects the same node as before, or if it is gone, the first target. */
void study_load_graph(struct study *s, const struct ct_node *was);
/* Computes missing rows of the graph between keys (ct_session_work). The finished graph is a new object. */
int study_work(struct study *s, double seconds, const struct ct_job *job, struct ct_error *err);
/* The same until the graph is complete: CT_WORK_FINISHED, or a code. */
int study_finish(struct study *s, const struct ct_job *job, struct ct_error *err);
/* Computes the row of a node at once, if it is missing. */
int study_open_row(struct study *s, int node, struct ct_error *err);
int study_prune(struct study *s, double node_threshold, double edge_threshold, struct ct_error *err);
/* Opens another model with its demo prompt in place of this one; the same model is opened again. */
int study_model(struct study *s, const char *model, struct ct_error *err);
/* Opens a graph from a file in place of what is open. */
int study_graph(struct study *s, const char *path, struct ct_error *err);
/* Opens another transcoder for the model, from any directory, and traces the same prompt. */
int study_transcoder(struct study *s, const char *dir, struct ct_error *err);
/* Whether the transcoder is the model's own, not one from another directory. */
bool study_transcoder_is_own(const struct study *s);
/* Opens the model's other transcoder, or from its neurons the first one, and traces the same prompt. */
int study_other_transcoder(struct study *s, struct ct_error *err);
/* The same with the model's own neurons as features; for another model, with its demo prompt. */
int study_neurons(struct study *s, const char *model, struct ct_error *err);

const struct clamp_set *study_clamps(const struct study *s);
/* Like ct_clamp_text, with as many digits as the screen has room for. Returns buf. */
const char *study_clamp_text(const struct ct_clamp *c, char *buf, size_t size);
bool study_same_place(const struct ct_clamp *c, const struct ct_clamp *d);	/* and same feature */
/* Adds n clamps in one step; each replaces the clamp on the same feature and place. */
int study_clamp(struct study *s, const struct ct_clamp *c, int n, struct ct_error *err);
int study_clamp_set(struct study *s, const struct clamp_set *set, struct ct_error *err);
/*
 * Clamps the features at the selected position to their activations in another prompt: at its last token if
 * the selected one is the last, else at the same position. *n: how many differ.
 */
int study_patch(struct study *s, const char *text, int *n, struct ct_error *err);
/* Keeps clamps under a name, replacing a set of that name; study_recall puts a kept set in force. */
int study_keep(struct study *s, const char *name, const struct clamp_set *set, struct ct_error *err);
int study_recall(struct study *s, const char *name, struct ct_error *err);
/* Puts pins and supernodes in force, which can be undone if they differ from the present ones. */
void study_set_pins(struct study *s, const struct ct_subgraph *pins);
/* Stores a label in labels.yaml, which can be undone; "" restores the automatic one. */
int study_set_label(struct study *s, int layer, int feature, const char *text, struct ct_error *err);
/* step: -1 undoes, 1 redoes. Returns a code, or the kind of change. *label: for labels, which one. */
enum study_undone { UNDONE_CLAMPS, UNDONE_PINS, UNDONE_LABEL };
int study_undo(struct study *s, int step, struct label_change *label, struct ct_error *err);
bool study_can_undo(const struct study *s);
void study_forget(struct study *s);	/* what is in force stays, but cannot be undone */
int study_how(struct study *s, const struct ct_clamp_options *how, struct ct_error *err);
/*
 * The index of the clamp in force on a feature at a position (or at all positions), or of one that is off, or
 * -1.
 */
int study_clamp_find(const struct study *s, int layer, int feature, int pos);

const struct ct_node *study_node(const struct study *s, int node);	/* NULL for -1 */
const char *study_token(const struct study *s, int pos);
/* A token of the vocabulary, shown by itself. */
const char *study_word(const struct study *s, int id, char *buf, size_t size);

/*
 * Sets a limit to the time for computing words of features (0: none); the second says if some were left out.
 */
void study_words_within(struct study *s, double seconds);
bool study_words_missing(const struct study *s);

bool study_is_feature(const struct ct_node *n);

/*
 * A feature's label for the screen, "" if it has none. *guess: it is the best of several that fit badly,
 * "Texas?".
 */
const char *study_label(const struct study *s, int layer, int feature, char *buf, size_t size, bool *guess);
/* Whether the words of a node are a guess. */
bool study_guess(const struct study *s, int node);

/* An edge as a fraction of everything that flows into its target, -1..1. */
double study_share(const struct study *s, const struct ct_edge *e);

/*
 * The output through which most of a node's influence passes, in the pruned graph if it has one there; or -1.
 */
int study_best_output(const struct study *s, int node);

/* Names as the screen shows them, in buf; all return it. */
const char *study_place(const struct study *s, int pos, char *buf, size_t size);	/* "@is", "@the/4" */
const char *study_name(const struct study *s, int node, char *buf, size_t size);	/* "L1#917 @is" */
/* "say a capital", "input" */
const char *study_note(const struct study *s, int node, char *buf, size_t size);
const char *study_how_text(const struct ct_clamp_options *how, char *buf, size_t size);

#endif
