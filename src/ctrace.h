/*
 * ctrace: the facade. All that the two programs may call to look into a model.
 *
 *   engine   a model, its tokenizer, transcoder and feature cards: opened once, constant
 *   session  one prompt: run, graph, clamps. Owned by its caller, used by one thread at a time
 *
 * Getters lend memory until the next call that changes the session. Functions that can take long take a job
 * (NULL: none), whose progress function cancels when it returns false and leaves the session as it was. They
 * run on the engine's threads, whatever pool the job names.
 */
#ifndef CTRACE_H
#define CTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/job.h"
#include "base/notes.h"
#include "cards/card.h"
#include "cards/plot.h"
#include "eval/swap_table.h"
#include "session/inputs.h"
#include "session/query.h"
#include "trace/clamp.h"
#include "trace/compare.h"
#include "trace/direct.h"
#include "trace/graph.h"
#include "trace/heads.h"
#include "trace/judge.h"
#include "trace/qk.h"
#include "trace/weights.h"
#include "trace/inactive.h"
#include "trace/opened.h"
#include "trace/paths.h"
#include "trace/subgraph.h"

struct ct_engine;
struct ct_session;

/* The libraries in use with their versions, one a line. Returns dst. */
enum { CT_LIBRARIES_SIZE = 512 };
const char *ct_libraries(char *dst, size_t size);

struct ct_engine_options {
	const char *transcoder_dir;	/* NULL: model/transcoder, else model/transcoder-plt */
	bool per_layer;			/* prefer model/transcoder-plt */
	bool neurons;			/* no transcoder: the model's own neurons (model/neurons.h) */
	bool allow_nonfinite;
	/* features that stay active, for a TopK that lacks it; neurons that are features, 0: 4096 */
	int k;
	int threads;			/* 0: one per processor */
};

struct ct_engine_info {
	bool from_file;			/* a graph without a model: see ct_engine_open_graph */
	const char *name;		/* last part of the directory, or the graph's name */
	const char *dir;		/* or the graph's file */
	int lost_pins;			/* of the graph's file: more than there can be */
	int absent_pins;		/* ids that name no node of the file: pinned, and shown as absent */
	int left_out;			/* nodes and links of the file that make no sense */
	const char *trouble;		/* why the first of them does not; "" */
	const char *family;		/* "llama" */
	const char *transcoder;		/* "CLT", "PLT" or "neurons"; of a graph's file also "" */
	const char *transcoder_dir;	/* "": neurons have none */
	bool neurons;			/* its features are the model's own neurons */
	const char *activation;		/* "JumpReLU", "ReLU", "TopK"; of neurons the MLP's */
	const char *scan;
	int L, D, H, V, context;
	int F;				/* features per layer */
	/* tokens carry their own blanks (BPE); else texts have one between them */
	bool spaced;
	bool has_cards;
	const char *cards_trouble;	/* why the cards that are there are not shown, or "" */
	bool has_other_transcoder;			/* the model has the other kind of transcoder too */
	bool has_transcoder;		/* one lies in its directory, whatever is looked through */
	const char *demo;		/* demo prompt from recipe.yaml, or "" */
};

/*
 * model: a directory, or a name on the search path ($CTRACE_MODEL_PATH, $XDG_DATA_HOME/ctrace/models, ...).
 */
int ct_engine_open(struct ct_engine **out, const char *model, const struct ct_engine_options *opt,
    struct ct_error *err);
/*
 * A graph from a file (graph JSON of ours, circuit-tracer's, Neuronpedia's or Anthropic's frontend) in place
 * of a model. Each session on it has that graph from the start; what would need a model fails and says so.
 */
int ct_engine_open_graph(struct ct_engine **out, const char *path, const struct ct_job *job,
    struct ct_error *err);
void ct_engine_close(struct ct_engine *e);
const struct ct_engine_info *ct_engine_info(const struct ct_engine *e);
/* What the model's files hold and was ignored, for the reader to know. */
const struct ct_notes *ct_engine_notes(const struct ct_engine *e);
/*
 * What this is made with: checksums of the weights, the transcoder and the tokenizer (model/fingerprint.h);
 * "" for a graph without a model. ct_engine_made_for fails, and says what differs, where something that was
 * saved names features of another one.
 */
const char *ct_engine_fingerprint(struct ct_engine *e);
int ct_engine_made_for(struct ct_engine *e, const char *fingerprint, struct ct_error *err);

/* The directory of a model name or path, to be freed by the caller. */
int ct_model_find(char **dir, const char *model, struct ct_error *err);
/* Directories of all models on the search path, each once, NULL-ended; free with ct_model_list_free. */
char **ct_model_list(void);
void ct_model_list_free(char **list);

/* Display text of a token, sanitised; "?" for an id out of range. Lent until the engine closes. */
const char *ct_engine_token(const struct ct_engine *e, int id);
/* Tokens as one text, sanitised, to be freed by the caller; NULL: out of memory. */
char *ct_engine_text(const struct ct_engine *e, const int *ids, int n);
/* The same for data: the bytes that they stand for, not to be shown. */
char *ct_engine_raw_text(const struct ct_engine *e, const int *ids, int n);
/* The same word with a blank before it, or without: the other token, or -1. */
int ct_engine_other_spelling(const struct ct_engine *e, int token);
/* Vocabulary entries that begin with prefix; returns how many there are and fills at most max. */
int ct_engine_complete(const struct ct_engine *e, const char *prefix, int *ids, int max);

/* How a prompt would be split, without running it. */
struct ct_span {
	int id;				/* -1: not in the vocabulary */
	size_t start, end;		/* bytes of the text */
};
/* Returns the number of tokens (BOS included), or a code. On an unknown word *bad says where it is. */
int ct_engine_tokenize(const struct ct_engine *e, const char *text, struct ct_span *out, int max,
    struct ct_span *bad, struct ct_error *err);

/* Label of a feature ("" when there is none): what a person typed, else the automatic one. Lent. */
const char *ct_engine_label(const struct ct_engine *e, int layer, int feature);
/*
 * The same in few words, in buf: of a mixed label the best candidate, marked so: "≈ Texas" (*guess, which may
 * be NULL, says so). Returns buf.
 */
const char *ct_engine_label_short(const struct ct_engine *e, int layer, int feature, char *buf, size_t size,
    bool *guess);
/*
 * "L1#249"; of a file that does not say which feature it is "L1#?", and of another program's kind "lorsa
 * L1#9". Returns buf.
 */
const char *ct_engine_feature_name(const struct ct_engine *e, int layer, int feature, char *buf, size_t size);
double ct_engine_label_f1(const struct ct_engine *e, int layer, int feature);	/* NAN: typed or unknown */
/* Does the label of a feature fit a query, which ct_query_parse reads? */
bool ct_engine_label_fits(const struct ct_engine *e, int layer, int feature, const struct ct_query *q);
/*
 * What a feature does everywhere: its weights from and to other features and words (trace/weights.h), alone
 * and by how often both are active on one token of the model's corpus, where it has one: the first call then
 * runs the corpus. Everything in out is from the arena.
 */
int ct_engine_weights(struct ct_engine *e, int layer, int feature, struct ct_feature_weights *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);

/* The whole card; NULL with CT_ENOTFOUND when the model has no cards. The engine keeps the last few. */
const struct ct_card *ct_engine_card(struct ct_engine *e, int layer, int feature, struct ct_error *err);
/* by a person; "": none was */
const char *ct_engine_label_typed(const struct ct_engine *e, int layer, int feature);
/* Stores a label in labels.yaml beside the model ("" removes it). */
int ct_engine_set_label(struct ct_engine *e, int layer, int feature, const char *label, struct ct_error *err);

int ct_session_open(struct ct_session **out, struct ct_engine *e, struct ct_error *err);
void ct_session_close(struct ct_session *s);
const struct ct_engine *ct_session_engine(const struct ct_session *s);
/*
 * Fails when a file of the model has changed since it was opened. What computes says so itself; getters
 * cannot, and what they computed since may be missing.
 */
int ct_session_check(const struct ct_session *s, struct ct_error *err);

/* Tokenizes and runs the prompt; graph and clamps of the old one are gone. On failure the old one stays. */
int ct_session_prompt(struct ct_session *s, const char *text, const struct ct_job *job,
    struct ct_error *err);
const char *ct_session_text(const struct ct_session *s);
const char *ct_session_note(const struct ct_session *s);	/* what is odd about its features, or "" */
int ct_session_length(const struct ct_session *s);		/* T, BOS included; 0: no prompt yet */
/* The first position that can have features: 1 where a special token such as BOS stands at 0, else 0. */
int ct_session_start(const struct ct_session *s);
int ct_session_token(const struct ct_session *s, int pos);	/* id */
/*
 * The display text of a token where it stands: a character of several tokens is on the last one, the others
 * have "…".
 */
const char *ct_session_token_text(const struct ct_session *s, int pos);

enum ct_run {
	CT_RUN_ORIGINAL,
	CT_RUN_REPLACEMENT,		/* all MLPs replaced, no error nodes; run on first use */
	CT_RUN_CLAMPED			/* falls back to the original while there are no clamps */
};
struct ct_top {
	int token;
	float logit;			/* raw */
	float prob;
};
/*
 * The n likeliest next tokens at a position, likeliest first (ties: lower id). Returns how many, or a code.
 */
int ct_session_top(struct ct_session *s, enum ct_run which, int pos, struct ct_top *out, int n);
float ct_session_prob(struct ct_session *s, enum ct_run which, int pos, int token);
float ct_session_logit(struct ct_session *s, enum ct_run which, int pos, int token);

/* Activation and pre-activation of any feature at a position in the original run. */
float ct_session_activation(const struct ct_session *s, int layer, int feature, int pos);
float ct_session_preactivation(const struct ct_session *s, int layer, int feature, int pos);

/*
 * The tokens that a feature writes for: those whose logits it raises most at its own position, by its
 * decoders through the frozen final norm. Returns how many of n, CT_WRITTEN at most. Those of a few rows
 * are remembered.
 */
enum { CT_WRITTEN = 8 };
int ct_session_written(struct ct_session *s, int layer, int feature, int pos, int *ids, int n,
    struct ct_error *err);
/*
 * What a person reads of a feature: its label, a guess, or without one the tokens that it writes for, in
 * buf.
 */
enum ct_words {
	CT_WORDS_NONE,
	CT_WORDS_LABEL,			/* in Texas */
	CT_WORDS_GUESS,			/* "≈ Texas" */
	CT_WORDS_WRITTEN		/* "→ Austin, Dallas" */
};
enum ct_words ct_session_words(struct ct_session *s, int layer, int feature, int pos, char *buf, size_t size);

/*
 * What to explain, each at a position of its own; -1: the last. Probability and weight are filled in by the
 * trace. None: the likeliest next tokens at pos.
 */
enum { CT_MAX_TARGETS = 64 };
struct ct_targets {
	int n, pos;
	struct ct_target list[CT_MAX_TARGETS];
};
struct ct_trace_options {
	struct ct_targets targets;
	int max_feature_nodes;		/* 0: 7500 */
	int max_targets;		/* of the default set; 0: 10 */
	double target_share;		/* that the default set is to reach; 0: .95 */
	double node_threshold, edge_threshold;	/* 0,0: .8, .98; 1,1: no pruning */
	enum ct_pace {
		CT_AT_ONCE,
		CT_BY_AND_BY,		/* where it takes more than a moment, the targets' rows alone */
		CT_ROW_BY_ROW,		/* those alone in any case */
		CT_NODES_ALONE		/* no edges at all, for clamps whose effects are all that is asked */
	} pace;
};

int ct_session_trace(struct ct_session *s, const struct ct_trace_options *opt, const struct ct_job *job,
    struct ct_error *err);
/* Prompt and trace in one: on failure the old prompt and its graph stay. */
int ct_session_begin(struct ct_session *s, const char *text, const struct ct_trace_options *opt,
    const struct ct_job *job, struct ct_error *err);
const struct ct_graph *ct_session_graph(const struct ct_session *s);	/* NULL: not traced yet */
/*
 * A graph that is traced in pieces (graph->partial) has the targets' rows, and gets the others here. work
 * goes on for so many seconds, or until the job says stop, which loses nothing. open computes the row of a
 * node at once; finish all that is missing. What was opened changes nothing in the finished graph.
 */
enum ct_work {
	CT_WORK_NONE,			/* the graph is whole */
	CT_WORK_MORE,			/* there is more to do */
	CT_WORK_CHANGED,		/* and influence, pruning and scores are others than they were */
	CT_WORK_FINISHED		/* the graph is whole; nodes may have other numbers */
};
int ct_session_work(struct ct_session *s, double seconds, const struct ct_job *job, struct ct_error *err);
int ct_session_open_row(struct ct_session *s, int node, const struct ct_job *job, struct ct_error *err);
int ct_session_finish(struct ct_session *s, const struct ct_job *job, struct ct_error *err);
int ct_session_prune(struct ct_session *s, double node_threshold, double edge_threshold,
    struct ct_error *err);
/*
 * What the edges into a node come from: words, features, errors. node -1: the targets together,
 * each by its weight. Over the whole graph, whatever the pruning.
 */
int ct_session_direct(const struct ct_session *s, int node, struct ct_direct *out, struct ct_error *err);
/* The strongest paths from words to a target; everything in out is from the arena. */
int ct_session_paths(const struct ct_session *s, int target, int max, struct ct_paths *out,
    struct ct_arena *a, struct ct_error *err);
/*
 * Which attention heads the edges pass (trace/heads.h): into a node (target -1: all of the pruned graph),
 * from a node (source -1: from everything, or from what was written at position pos alone). Exact: parts add
 * up, and out->residual says how closely. Names as ct_session_find_node has them; from: also a place, @8.
 */
struct ct_heads_question {
	int target, source;
	int pos;
};
int ct_session_parse_heads(const struct ct_session *s, const char *from, const char *to,
    struct ct_heads_question *q, struct ct_error *err);
int ct_session_heads(const struct ct_session *s, const struct ct_heads_question *q, struct ct_heads *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
/*
 * Why a head looked there (trace/qk.h). A question as text: the head, "L1H2", the token that looks (NULL: at
 * the graph's position) and the one it looks at (NULL: the one it sees most), as @is or @8; all NULL: what
 * carries most in the pruned graph.
 */
int ct_session_parse_qk(const struct ct_session *s, const char *head, const char *query, const char *key,
    struct ct_qk_question *q, const struct ct_job *job, struct ct_error *err);
int ct_session_qk(const struct ct_session *s, const struct ct_qk_question *q, struct ct_qk *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
/* The same for the head that carries most into each node of the pruned graph: in its JSON from then on. */
int ct_session_trace_qk(struct ct_session *s, const struct ct_job *job, struct ct_error *err);
/* What a term is called, as nodes are, or "constants"; and its node, -1: it is not in the graph. */
int ct_session_term_name(const struct ct_session *s, const struct ct_qk_term *t, char *buf, size_t size);
int ct_session_term_find(const struct ct_session *s, const struct ct_qk_term *t);
/*
 * Which neurons an error node is made of, as its edge into a target shows them (-1: the first target):
 * trace/opened.h. Exact: parts add up, and out->residual says how closely.
 */
int ct_session_open_error(const struct ct_session *s, int target, int error, struct ct_opened *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
/*
 * What is not active but nearly is, at a position (-1: at all up to the target's), and what it would do to a
 * node (-1: the first target): trace/inactive.h. What is typical is the median of a feature's card.
 */
int ct_session_inactive(const struct ct_session *s, int target, int pos, struct ct_inactives *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
double ct_session_trace_seconds(const struct ct_session *s);		/* of the last trace, wall clock */

/*
 * The pruned graph as graph JSON (the format of Anthropic's frontend, circuit-tracer and Neuronpedia, with
 * our extras under the key "ctrace"), ASCII only, one line, in pieces: base/file.h has a function that writes
 * them to a file.
 */
int ct_session_graph_json(const struct ct_session *s, ct_drain_fn write, void *ctx, struct ct_error *err);
/*
 * The pruned graph in short as one line, for many prompts: the fields of `head`, a JSON object, then those
 * that ctrace(1) lists. *text (n bytes, NUL-terminated) is freed by the caller.
 */
struct json_t;
int ct_session_line(const struct ct_session *s, const struct json_t *head, char **text, size_t *n,
    struct ct_error *err);
/* The line of a prompt that could not be traced, which has the head alone. */
int ct_session_no_line(const struct json_t *head, char **text, size_t *n, struct ct_error *err);

/* The graph as a file of another form. */
struct ct_export_options {
	const char *form;		/* "json", "dot", "svg" or "html" */
	bool pinned;			/* only what is pinned, each supernode as one node */
	bool all;			/* pictures: every node of the pruned graph, not only the strongest */
	/* (n_notes) what a page of HTML has beside the graph, its cards and the clamps in force */
	const char *const *notes;
	int n_notes;
};
int ct_session_export(struct ct_session *s, const struct ct_export_options *opt, ct_drain_fn write, void *ctx,
    struct ct_error *err);

/* `L1#249@8`, `output "Austin"`, `input "Dallas"@6`, `error L1@8`: for messages and scripts. */
int ct_session_node_name(const struct ct_session *s, int node, char *buf, size_t size);
/* The node a name stands for, or a code with the reason. */
int ct_session_find_node(const struct ct_session *s, const char *name, struct ct_error *err);

/*
 * "TOK", "TOK,TOK", "A-B", "L1#249@8" -> targets at position pos (-1: last). A token may be given by id, as
 * #17. Where tokens carry their blanks, a word without one is the likelier of both tokens, see
 * ct_engine_other_spelling.
 */
int ct_session_parse_targets(struct ct_session *s, const char *text, int pos, struct ct_targets *out,
    struct ct_error *err);

/*
 * Kept when the graph is pruned or traced anew or the prompt goes on; gone with the prompt. Change a copy,
 * and set it.
 */
const struct ct_subgraph *ct_session_subgraph(const struct ct_session *s);
void ct_session_set_subgraph(struct ct_session *s, const struct ct_subgraph *sg);
/*
 * Supernodes and single pins in the graph at hand: their sums, the edges between them, scores. Lent until
 * they change.
 */
int ct_session_parts(struct ct_session *s, const struct ct_parts **out, struct ct_error *err);
/*
 * Pins and supernodes that the program chooses for this graph: the first target, each group of features that
 * trace/groups.h finds in the pruned graph as a supernode, each word with the features that only read it as
 * one too, and what is in none of them but has 3 % of the influence. Only what on balance speaks for the
 * target: what speaks against it is counted. In *out, to be set; whatever was pinned is not in it.
 */
struct ct_auto_groups {
	int groups, members;		/* supernodes; features and words in them */
	int singles;			/* nodes by themselves, without the target */
	int left_out;			/* kept nodes that are not pinned: too weak, or no room, */
	int against;			/* or on balance against the target */
	double against_influence;	/* the share that these have */
	double influence;		/* share that what is pinned has of all kept nodes */
};
int ct_session_auto_groups(struct ct_session *s, struct ct_subgraph *out, struct ct_auto_groups *said,
    const struct ct_job *job, struct ct_error *err);

/*
 * The name of a pinned node, as ct_session_node_name has it, with the position of an output: output
 * "Austin"@8.
 */
int ct_session_pin_text(const struct ct_session *s, const struct ct_pin *p, char *buf, size_t size);
/*
 * What a name stands for, whether or not the graph at hand has it. An output without a position: the graph's.
 */
int ct_session_parse_pin(const struct ct_session *s, const char *text, struct ct_pin *out,
    struct ct_error *err);
/*
 * Pins what `text` names in sg: a node, or several with commas between; a label, "Texas" or "Texas"@8,
 * stands for its features in the pruned graph. Into a supernode, unless that is NULL. Returns how many it
 * named, and in *of, which may be NULL, how many there would be if all active features were in the pruned
 * graph; after a failure sg is to be thrown away.
 */
int ct_session_pin_all(const struct ct_session *s, struct ct_subgraph *sg, const char *text,
    const char *supernode,
    int *of, struct ct_error *err);

/*
 * Features are named alike wherever a text names them: L1#249@8, or by their labels, as session/query.h has
 * it: "Texas"@8, "Texas">.8@Dallas, "=bridge Texas"@*. A place is a position, @8; from there on, @8..; a
 * token of the prompt that it has once, @Dallas; or everywhere, @*, as is a label without a place. A label
 * stands for the features that are active there.
 *
 * "L1#249@8=0", "L1#249@*x-1", "L1#249@8..+2.5", "\"Texas\"@8x0".
 */
int ct_session_parse_clamp(const struct ct_session *s, const char *text, struct ct_clamp *out,
    struct ct_error *err);
/*
 * The same for several features with one strength, as members of a supernode have: members with commas
 * between, such as "L0#358@6,L1#585@8x0" (a member without a scope has that of the next:
 * "L1#585,L3#112@8x0"). A label stands for all of its features that are active there, or, where none is and
 * the strength is no multiple, for all of the model. The name of a supernode, "\"Texas\"x0", stands for its
 * features where they are pinned, with a scope for them there. Returns how many were written.
 */
enum { CT_MAX_MEMBERS = 64 };
int ct_session_parse_clamps(const struct ct_session *s, const char *text, struct ct_clamp *out, int max,
    struct ct_error *err);
/* What clamps reach in this prompt, each feature at each position once. Those that are off reach nothing. */
struct ct_reach {
	int features;			/* that are named, each once */
	int places;			/* features at positions whose activation is set or moved */
	int active;			/* of these: active without clamps */
	int kept;			/* of these: in the pruned graph */
};
struct ct_reach ct_session_reach(const struct ct_session *s, const struct ct_clamp *clamps, int n);
int ct_clamp_text(const struct ct_clamp *c, char *buf, size_t size);
/*
 * "frozen", "free", "direct", "range=0-2" (of L layers), in both directions; what carries the effect is left
 * alone.
 */
int ct_mode_parse(const char *text, int L, struct ct_clamp_options *out, struct ct_error *err);
int ct_mode_text(const struct ct_clamp_options *how, char *buf, size_t size);

/*
 * Replaces the clamps in force and runs the model with them; n == 0 removes them all. The caller keeps its
 * own list (undo, redo). On failure (such as activations that become non-finite) the old ones stay.
 */
int ct_session_clamp(struct ct_session *s, const struct ct_clamp *clamps, int n,
    const struct ct_clamp_options *opt, const struct ct_job *job, struct ct_error *err);
const struct ct_effects *ct_session_effects(const struct ct_session *s);	/* NULL: no clamps */
/*
 * Why the model says what it says under the clamps in force: a session of its own on the clamped run, with
 * that run's next tokens as the original ones and its graph (trace/clamped.h). follow: explain the likeliest
 * tokens now, else the same targets. It lends from s, so it is closed before s is closed or gets another
 * prompt; what would run the model anew (clamps, surveys, generation) fails on it and says so.
 */
int ct_session_now(struct ct_session **out, struct ct_session *s, const struct ct_trace_options *opt,
    bool follow, const struct ct_job *job, struct ct_error *err);
/* Is it one? */
bool ct_session_is_clamped(const struct ct_session *s);

/*
 * Two prompts held against each other: what both graphs have, what only one of them has (trace/compare.h).
 * Lent by both sessions and the arena.
 */
int ct_session_compare(const struct ct_session *here, const struct ct_session *there,
    struct ct_comparison *out, struct ct_arena *a, struct ct_error *err);
/*
 * A compared node's activation in one of the two sessions, side 0: here, 1: there. NAN: it is no feature,
 * its position has no counterpart there, or it is a neuron that was not chosen there.
 */
double ct_session_compared_activation(const struct ct_session *s, const struct ct_comparison *c,
    const struct ct_compared_node *n, int side);
/*
 * The test of a difference: features of here set to what they are there, and what the model says then. The
 * answers are what the graphs explain, if these are tokens, else the likeliest ones.
 */
int ct_session_patch(struct ct_session *here, struct ct_session *there, const struct ct_comparison *c,
    const struct ct_patch_what *what, struct ct_patch *out, struct ct_error *err);
/* The same as clamps, at most max; returns how many there are. */
int ct_session_patch_clamps(const struct ct_session *here, const struct ct_session *there,
    const struct ct_comparison *c, const struct ct_patch_what *what, struct ct_clamp *out, int max);

/* As ct_session_activation, with the clamps in force: a clamped feature has its value. */
float ct_session_clamped_activation(const struct ct_session *s, int layer, int feature, int pos);
/*
 * The mean of what the clamps leave of the activations of a part's features, 1: all of it. NAN: no clamps, no
 * features.
 */
double ct_session_level(const struct ct_session *s, const struct ct_subgraph_part *p);
/*
 * Is a clamp on a pinned feature, where it is pinned? And the name of the supernode that it is in, or NULL.
 */
bool ct_clamp_reaches(const struct ct_clamp *c, const struct ct_pin *p);
const char *ct_session_clamp_supernode(const struct ct_session *s, const struct ct_clamp *c);

/* Every feature of the pruned graph set to 0 in turn. Kept until the graph or its pruning changes. */
int ct_session_survey(struct ct_session *s, const struct ct_survey **out, const struct ct_job *job,
    struct ct_error *err);
/*
 * Is an explanation of the first target right? See trace/judge.h. pins NULL: the features of the pruned
 * graph, in automatic groups; else those that are pinned, in their supernodes; and parts of it by what is
 * lost without each. Where the prompt is a sentence of the model's corpus, also how stable the explanation
 * is: how much of it is in the pruned graphs of a few sentences with the same answer. All in out is from the
 * arena.
 */
struct ct_explained_part {
	char name[CT_SUPERNODE_NAME];	/* of a group; "": a single node */
	int node;			/* that one, or the first member; of the graph */
	int n;				/* features */
	struct ct_judged without;
	double lost;			/* of the lead; NAN: there is none */
};
struct ct_explanation {
	bool pinned;
	struct ct_judgement judged;
	int n_absent;			/* pinned features that are not active here */
	int n_other;			/* pinned nodes that are no features: nothing takes these away */
	int n_parts;
	struct ct_explained_part *part;	/* by lead that is lost, the largest first */
	int n_alike;			/* sentences with the same answer, if it is judged; means, or NAN: */
	double found;			/* share of the features that are kept there, too */
	double overlap;			/* of pruned graphs: features in both as a share of those in either */
};
int ct_session_judge(struct ct_session *s, const struct ct_subgraph *pins, struct ct_explanation *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
/*
 * The clamps in force at `steps` strengths from `from` to `to` (these take the place of their amounts: the
 * clamps must have one unit), in the mode in force and frozen up to each layer. Lent until the next sweep or
 * prompt.
 */
int ct_session_sweep(struct ct_session *s, double from, double to, int steps, const struct ct_sweep **out,
    const struct ct_job *job, struct ct_error *err);
/* The clamps in force with attention patterns frozen and free. Lent until they change. */
int ct_session_contrast(struct ct_session *s, const struct ct_contrast **out, struct ct_error *err);
/*
 * The mean agreement of the knock-on part over all sets of clamps of this session, each counted once,
 * whatever the prompt; n: how many there were. Direct modes do not count: they agree by construction.
 */
struct ct_agreement ct_session_agreement(const struct ct_session *s);

/*
 * The features of the value that the prompt hides (a sentence of the model's corpus, up to its answer) set
 * to those of another value or, to NULL, of every other one, with controls: see eval/swap.h. `at`: a place,
 * @Dallas; NULL: where the value is determined. The first call runs the whole corpus. Lent until the next
 * swap.
 */
struct ct_swap_options {
	const char *from, *to;		/* NULL: the prompt's own; all others */
	const char *at;
	double strength;		/* 1: by the difference of the means */
};
int ct_session_swap(struct ct_session *s, const struct ct_swap_options *opt, const struct ct_swap **out,
    const struct ct_job *job, struct ct_error *err);
/* The other sentence with the same value that a swap was controlled by, to be freed; NULL: there is none. */
char *ct_session_swap_same(const struct ct_session *s, const struct ct_swap *swap);
/* The same swap to one value as clamps, at most max. Returns how many. */
int ct_session_swap_clamps(struct ct_session *s, const struct ct_swap_options *opt, struct ct_clamp *out,
    int max, const struct ct_job *job, struct ct_error *err);

/*
 * A feature at a position, for all values of the prompt's first two numbers. Where the prompt is like the
 * sentences of the corpus, its card has them. Otherwise they are the whole numbers 0..n-1 of one token each
 * whose sums the vocabulary has too, CT_OPERANDS at most: the first call runs the prompt n * n times, further
 * calls for the same prompt look up what it found. Lent until the next call or prompt.
 */
int ct_session_operands(struct ct_session *s, int layer, int feature, int pos, struct ct_operands *out,
    const struct ct_job *job, struct ct_error *err);
/* The same if the card has them: false, at once, if not. */
bool ct_session_operands_known(struct ct_session *s, int layer, int feature, int pos,
    struct ct_operands *out);

/*
 * Greedy (temperature 0) or seeded sampling of up to n tokens after the prompt, under the clamps in force
 * or without them; stops at the context's end. Returns how many ids were written.
 */
struct ct_generate_options {
	bool clamped;
	double temperature;
	unsigned long long seed;
};
int ct_session_generate(struct ct_session *s, const struct ct_generate_options *opt, int *ids, int n,
    const struct ct_job *job, struct ct_error *err);
/*
 * Tokens, such as generated ones, become part of the prompt, which is traced (opt NULL: the default targets
 * after the last token); the clamps in force are kept and reach the new tokens where their scope does. On
 * failure all is as it was.
 */
int ct_session_extend(struct ct_session *s, const int *ids, int n, const struct ct_trace_options *opt,
    const struct ct_job *job, struct ct_error *err);

#endif
