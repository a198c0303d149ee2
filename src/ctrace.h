/*
 * ctrace: the facade: everything that the two programs may call to look into a model.
 *
 * engine   a model, its tokenizer, transcoder and feature cards; opened once, then constant
 * session  one prompt: its run, graph and clamps; owned by its caller, used by one thread at a time
 *
 * What getters return is lent: valid until the next call that changes the session. Functions that can take
 * long take a job (NULL: none). When its progress function returns false, the work is cancelled and the
 * session stays as it was. The work runs on the engine's threads, whatever pool the job names.
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
#include "session/auto_groups.h"
#include "session/explanation.h"
#include "session/inputs.h"
#include "session/query.h"
#include "trace/clamp.h"
#include "trace/compare.h"
#include "trace/direct.h"
#include "trace/graph.h"
#include "trace/heads.h"
#include "trace/inactive.h"
#include "trace/opened.h"
#include "trace/paths.h"
#include "trace/qk.h"
#include "trace/subgraph.h"
#include "trace/weights.h"

struct ct_engine;
struct ct_session;

/* The libraries in use with their versions, one on each line. Returns dst. */
enum { CT_LIBRARIES_SIZE = 512 };
const char *ct_libraries(char *dst, size_t size);

struct ct_engine_options {
	const char *transcoder_dir;	/* NULL: model/transcoder, else model/transcoder-plt */
	bool per_layer;			/* prefer model/transcoder-plt to model/transcoder */
	bool neurons;			/* no transcoder: the model's own neurons (model/neurons.h) */
	bool allow_nonfinite;
	/* k of a TopK transcoder whose config lacks it; with neurons, how many are chosen (0: 4096) */
	int k;
	int threads;			/* 0: one per processor */
};

struct ct_engine_info {
	bool from_file;			/* a graph without a model: see ct_engine_open_graph */
	const char *name;		/* the directory's last part, or the graph's name */
	const char *dir;		/* the model's directory, or the graph's file */
	int lost_pins;			/* pins of the graph's file for which there was no room */
	int absent_pins;		/* pins of the file that name none of its nodes; shown as absent */
	int left_out;			/* invalid nodes and links of the file, which were ignored */
	const char *trouble;		/* what is wrong with the first of them; "": none */
	const char *family;		/* "llama" */
	const char *transcoder;		/* "CLT", "PLT" or "neurons"; "" if a graph's file does not say */
	const char *transcoder_dir;	/* "" with neurons */
	bool neurons;			/* features are the model's own neurons */
	const char *activation;		/* "JumpReLU", "ReLU", "TopK"; with neurons, the MLP's */
	const char *scan;
	int L, D, H, V, context;
	int F;				/* features per layer */
	/* tokens carry their own blanks (BPE); if not, texts have one blank between tokens */
	bool spaced;
	bool has_cards;
	const char *cards_trouble;	/* why the existing cards are not shown, or "" */
	bool has_other_transcoder;	/* the model has both a CLT and a PLT */
	bool has_transcoder;		/* the model's directory has one, in use or not */
	const char *demo;		/* demo prompt from recipe.yaml, or "" */
};

/*
 * model: a directory, or a name on the search path ($CTRACE_MODEL_PATH, $XDG_DATA_HOME/ctrace/models, ...).
 */
int ct_engine_open(struct ct_engine **out, const char *model, const struct ct_engine_options *opt,
    struct ct_error *err);
/*
 * Opens a graph from a file in place of a model: graph JSON of ctrace, circuit-tracer, Neuronpedia or
 * Anthropic's frontend. Each session has this graph from the start. Calls that need a model fail and say so.
 */
int ct_engine_open_graph(struct ct_engine **out, const char *path, const struct ct_job *job,
    struct ct_error *err);
void ct_engine_close(struct ct_engine *e);
const struct ct_engine_info *ct_engine_info(const struct ct_engine *e);
/* Contents of the model's files that were ignored and that a reader should know about. */
const struct ct_notes *ct_engine_notes(const struct ct_engine *e);
/*
 * Checksums of the weights, the transcoder and the tokenizer in use (model/fingerprint.h); "" for a graph
 * without a model. ct_engine_made_for fails, and says what differs, if a saved file was made with other
 * files.
 */
const char *ct_engine_fingerprint(struct ct_engine *e);
int ct_engine_made_for(struct ct_engine *e, const char *fingerprint, struct ct_error *err);

/* The directory of a model's name or path, to be freed by the caller. */
int ct_model_find(char **dir, const char *model, struct ct_error *err);
/*
 * The directories of all models on the search path, each once, ended by NULL; free with ct_model_list_free.
 */
char **ct_model_list(void);
void ct_model_list_free(char **list);

/* Display text of a token, sanitised; "?" for an id out of range. Lent until the engine closes. */
const char *ct_engine_token(const struct ct_engine *e, int id);
/* The text of several tokens, sanitised, to be freed by the caller; NULL: out of memory. */
char *ct_engine_text(const struct ct_engine *e, const int *ids, int n);
/* The same as raw bytes, for data; not to be shown. */
char *ct_engine_raw_text(const struct ct_engine *e, const int *ids, int n);
/* The token of the same word with a leading blank; if it has one, the token without; -1: none. */
int ct_engine_other_spelling(const struct ct_engine *e, int token);
/* Vocabulary entries that begin with prefix: returns how many there are, and fills in at most max. */
int ct_engine_complete(const struct ct_engine *e, const char *prefix, int *ids, int max);

/* How a prompt is split into tokens, without running it. */
struct ct_span {
	int id;				/* -1: not in the vocabulary */
	size_t start, end;		/* bytes of the text */
};
/* Returns the number of tokens (BOS included), or a code. If a word is unknown, *bad says where it is. */
int ct_engine_tokenize(const struct ct_engine *e, const char *text, struct ct_span *out, int max,
    struct ct_span *bad, struct ct_error *err);

/* The label of a feature: the one that a person typed, else the automatic one; "": none. Lent. */
const char *ct_engine_label(const struct ct_engine *e, int layer, int feature);
#define CT_GUESS_F1 .25		/* a guess that fits worse is not shown */
/*
 * The label in few words, in buf. For a mixed label it is the best guess, marked as one: "≈ Texas" (*guess,
 * which may be NULL, is then true), or "" if that is worse than CT_GUESS_F1. Returns buf.
 */
const char *ct_engine_label_short(const struct ct_engine *e, int layer, int feature, char *buf, size_t size,
    bool *guess);
/* "L1#249"; "L1#?" if a graph's file has no number; "lorsa L1#9" for other programs' nodes. Returns buf. */
const char *ct_engine_feature_name(const struct ct_engine *e, int layer, int feature, char *buf, size_t size);
double ct_engine_label_f1(const struct ct_engine *e, int layer, int feature);	/* NAN: typed or unknown */
/* Whether the label of a feature fits a query that ct_query_parse has read. */
bool ct_engine_label_fits(const struct ct_engine *e, int layer, int feature, const struct ct_query *q);
/*
 * What a feature does in every prompt: its weights from and to other features and words (trace/weights.h),
 * alone and multiplied by how often both features are active on the same token of the corpus. The latter
 * needs the model's corpus, which the first call runs. Everything in out is from the arena.
 */
int ct_engine_weights(struct ct_engine *e, int layer, int feature, struct ct_feature_weights *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
/* Runs the corpus, if there is one and it has not been run. */
int ct_engine_count(struct ct_engine *e, const struct ct_job *job, struct ct_error *err);

/*
 * The whole card; NULL with CT_ENOTFOUND if the model has no cards. Lent: the engine keeps only the last few.
 */
const struct ct_card *ct_engine_card(struct ct_engine *e, int layer, int feature, struct ct_error *err);
/* the label that a person typed; "": none */
const char *ct_engine_label_typed(const struct ct_engine *e, int layer, int feature);
/* Stores a label in labels.yaml next to the model's files ("" removes it). */
int ct_engine_set_label(struct ct_engine *e, int layer, int feature, const char *label, struct ct_error *err);

int ct_session_open(struct ct_session **out, struct ct_engine *e, struct ct_error *err);
void ct_session_close(struct ct_session *s);
const struct ct_engine *ct_session_engine(const struct ct_session *s);
/*
 * Fails if a file of the model has changed since it was opened. Functions that compute check this themselves;
 * getters cannot, so what they return may then be missing.
 */
int ct_session_check(const struct ct_session *s, struct ct_error *err);

/* Tokenizes and runs the prompt; drops the old graph and clamps. On failure the old prompt stays. */
int ct_session_prompt(struct ct_session *s, const char *text, const struct ct_job *job,
    struct ct_error *err);
const char *ct_session_text(const struct ct_session *s);
/* a warning about the prompt's features, or "" */
const char *ct_session_note(const struct ct_session *s);
int ct_session_length(const struct ct_session *s);		/* T, BOS included; 0: no prompt yet */
/* The first position that can have features: 1 if position 0 holds a special token such as BOS, else 0. */
int ct_session_start(const struct ct_session *s);
int ct_session_token(const struct ct_session *s, int pos);	/* id */
/*
 * The display text of a token in the prompt. Of several tokens that make up one character, the last shows it,
 * the others "…".
 */
const char *ct_session_token_text(const struct ct_session *s, int pos);

enum ct_run {
	CT_RUN_ORIGINAL,
	CT_RUN_REPLACEMENT,		/* all MLPs replaced, no error nodes; computed at the first request */
	CT_RUN_CLAMPED			/* with no clamps the same as the original */
};
struct ct_top {
	int token;
	float logit;			/* raw */
	float prob;
};
/* The n likeliest next tokens at a position, the likeliest first, then by id. Returns how many, or a code. */
int ct_session_top(struct ct_session *s, enum ct_run which, int pos, struct ct_top *out, int n);
float ct_session_prob(struct ct_session *s, enum ct_run which, int pos, int token);
float ct_session_logit(struct ct_session *s, enum ct_run which, int pos, int token);

/* The activation and pre-activation of any feature at a position, in the original run. */
float ct_session_activation(const struct ct_session *s, int layer, int feature, int pos);
float ct_session_preactivation(const struct ct_session *s, int layer, int feature, int pos);

/*
 * The tokens that a feature writes: those whose logits it raises most at its own position, by its decoder
 * rows and the frozen final norm. A neuron whose activation there is negative raises what its row lowers.
 * Returns how many of n, at most CT_WRITTEN. The last results are remembered.
 */
enum { CT_WRITTEN = 8 };
int ct_session_written(struct ct_session *s, int layer, int feature, int pos, int *ids, int n,
    struct ct_error *err);
/* What describes a feature to a person: its label, a guess, or if it has none the tokens that it writes. */
enum ct_words {
	CT_WORDS_NONE,
	CT_WORDS_LABEL,			/* in Texas */
	CT_WORDS_GUESS,			/* "≈ Texas" */
	CT_WORDS_WRITTEN		/* "→ Austin, Dallas" */
};
enum ct_words ct_session_words(struct ct_session *s, int layer, int feature, int pos, char *buf, size_t size);

/*
 * What to explain. Each target has a position; -1: the last one. The trace fills in probabilities and
 * weights. With no target, the likeliest next tokens at pos are explained.
 */
enum { CT_MAX_TARGETS = 64 };
struct ct_targets {
	int n, pos;
	struct ct_target list[CT_MAX_TARGETS];
};
struct ct_trace_options {
	struct ct_targets targets;
	int max_feature_nodes;		/* 0: 7500 */
	int max_targets;		/* the most default targets; 0: 10 */
	double target_share;		/* probability that the default targets reach together; 0: .95 */
	double node_threshold, edge_threshold;	/* 0,0: .8, .98; 1,1: no pruning */
	enum ct_pace {
		CT_AT_ONCE,
		/* if all rows take more than a moment, compute only the targets' rows */
		CT_BY_AND_BY,
		CT_ROW_BY_ROW,		/* compute only the targets' rows */
		/* compute no edges, for a caller who asks only for effects of clamps */
		CT_NODES_ALONE
	} pace;
};

int ct_session_trace(struct ct_session *s, const struct ct_trace_options *opt, const struct ct_job *job,
    struct ct_error *err);
/* Prompt and trace in one call: on failure the old prompt and its graph stay. */
int ct_session_begin(struct ct_session *s, const char *text, const struct ct_trace_options *opt,
    const struct ct_job *job, struct ct_error *err);
const struct ct_graph *ct_session_graph(const struct ct_session *s);	/* NULL: not traced yet */
/*
 * A graph that is traced in pieces (graph->partial) has only the targets' rows at first. ct_session_work
 * computes others, the most influential first, for so many seconds or until the job says stop, which loses
 * nothing. ct_session_open_row computes the row of one node at once, and ct_session_finish all that are
 * missing. The order in which rows are computed does not change the finished graph.
 */
enum ct_work {
	CT_WORK_NONE,			/* the graph is complete */
	CT_WORK_MORE,			/* rows are still missing */
	CT_WORK_CHANGED,		/* as MORE; influence, pruning and scores have changed */
	CT_WORK_FINISHED		/* the graph is now complete; nodes may have other numbers */
};
int ct_session_work(struct ct_session *s, double seconds, const struct ct_job *job, struct ct_error *err);
int ct_session_open_row(struct ct_session *s, int node, const struct ct_job *job, struct ct_error *err);
int ct_session_finish(struct ct_session *s, const struct ct_job *job, struct ct_error *err);
int ct_session_prune(struct ct_session *s, double node_threshold, double edge_threshold,
    struct ct_error *err);
/* Parses NODE or NODE,EDGE, both above 0 and up to 1. What is not given, or not understood, is left as is. */
int ct_prune_parse(const char *text, double *node_threshold, double *edge_threshold, struct ct_error *err);
/*
 * What the edges into a node come from: words, features, errors. node -1: all targets by weight. Pruned edges
 * count.
 */
int ct_session_direct(const struct ct_session *s, int node, struct ct_direct *out, struct ct_error *err);
/* ct_engine_weights with this graph's edges at a position; counted only if ct_engine_count has run. */
int ct_session_weights(struct ct_session *s, int layer, int feature, int pos, struct ct_weights_here *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
/* The strongest paths from words to a target. Everything in out is from the arena. */
int ct_session_paths(const struct ct_session *s, int target, int max, struct ct_paths *out,
    struct ct_arena *a, struct ct_error *err);
/*
 * Which attention heads the edges pass through (trace/heads.h): edges into a node (target -1: all nodes of
 * the pruned graph, or with to_pos those at that position, weighted by influence) from one node (source -1:
 * from everything, or with pos from all that was written at that position). The parts add up exactly;
 * out->residual says how closely. Names are those of ct_session_find_node, or places, @8.
 */
struct ct_heads_question {
	int target, source;
	int pos, to_pos;
};
int ct_session_parse_heads(const struct ct_session *s, const char *from, const char *to,
    struct ct_heads_question *q, struct ct_error *err);
int ct_session_heads(const struct ct_session *s, const struct ct_heads_question *q, struct ct_heads *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
/*
 * Why a head attended as it did (trace/qk.h). A question as text: the head, "L1H2"; the token that attends
 * (NULL: at the graph's position); and the token it attends to (NULL: the one with the most attention), as
 * @is or @8. If all are NULL: what carries most in the pruned graph.
 */
int ct_session_parse_qk(const struct ct_session *s, const char *head, const char *query, const char *key,
    struct ct_qk_question *q, const struct ct_job *job, struct ct_error *err);
int ct_session_qk(const struct ct_session *s, const struct ct_qk_question *q, struct ct_qk *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
/*
 * The same for the head that carries most into each node of the pruned graph; its JSON then has the answers.
 */
int ct_session_trace_qk(struct ct_session *s, const struct ct_job *job, struct ct_error *err);
/* The name of a term, as nodes are named, or "constants". Returns its node; -1: it is not in the graph. */
int ct_session_term_name(const struct ct_session *s, const struct ct_qk_term *t, char *buf, size_t size);
int ct_session_term_find(const struct ct_session *s, const struct ct_qk_term *t);
/*
 * Splits an error node into neurons, by its edge into a target (-1: the first target): trace/opened.h. The
 * parts add up exactly; out->residual says how closely.
 */
int ct_session_open_error(const struct ct_session *s, int target, int error, struct ct_opened *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
/*
 * Features at a position (-1: at any position up to the target's) that are not active but nearly are, and
 * what they would do to a node (-1: the first target): trace/inactive.h. A typical activation is the median
 * on a feature's card.
 */
int ct_session_inactive(const struct ct_session *s, int target, int pos, struct ct_inactives *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
/* wall-clock time of the last trace */
double ct_session_trace_seconds(const struct ct_session *s);

/*
 * The pruned graph as graph JSON (the format of Anthropic's frontend, circuit-tracer and Neuronpedia, with
 * ctrace's additions under the key "ctrace"): ASCII, one line. base/file.h has a write that makes a file.
 */
int ct_session_graph_json(const struct ct_session *s, ct_drain_fn write, void *ctx, struct ct_error *err);
/*
 * A summary of the pruned graph as one line of JSON, for batches: the fields of `head`, a JSON object, then
 * those that ctrace(1) lists. groups: what ct_session_auto_groups said about the supernodes that are pinned
 * now; the line then has these, too, and the edges between them. NULL: no groups. *text (n bytes,
 * NUL-terminated) is freed by the caller.
 */
struct json_t;
int ct_session_line(struct ct_session *s, const struct json_t *head, const struct ct_auto_groups *groups,
    char **text, size_t *n, struct ct_error *err);
/* The line of a prompt that could not be traced: it has only the fields of head. */
int ct_session_no_line(const struct json_t *head, char **text, size_t *n, struct ct_error *err);

/* Writes the graph to a file in one of several forms. */
struct ct_export_options {
	const char *form;		/* "json", "dot", "svg" or "html" */
	bool pinned;			/* only what is pinned, each supernode as one node */
	bool all;			/* pictures: every node of the pruned graph, not only the strongest */
	const char *const *notes;	/* a page of HTML ends with these */
	int n_notes;
};
int ct_session_export(struct ct_session *s, const struct ct_export_options *opt, ct_drain_fn write, void *ctx,
    struct ct_error *err);

/* `L1#249@8`, `output "Austin"`, `input "Dallas"@6`, `error L1@8`, for messages and scripts. */
int ct_session_node_name(const struct ct_session *s, int node, char *buf, size_t size);
/* The node that a name stands for, or a code and the reason. */
int ct_session_find_node(const struct ct_session *s, const char *name, struct ct_error *err);

/*
 * Parses "TOK", "TOK,TOK", "A-B" or "L1#249@8" as targets at position pos (-1: the last). A token may be
 * given by its id, as #17. If tokens carry their blanks, a word without one stands for the likelier of the
 * two tokens (ct_engine_other_spelling).
 */
int ct_session_parse_targets(struct ct_session *s, const char *text, int pos, struct ct_targets *out,
    struct ct_error *err);

/*
 * The pinned nodes. They are kept when the graph is pruned or traced again or the prompt is extended, and
 * dropped with the prompt. To change them, change a copy and set that.
 */
const struct ct_subgraph *ct_session_subgraph(const struct ct_session *s);
void ct_session_set_subgraph(struct ct_session *s, const struct ct_subgraph *sg);
/*
 * Supernodes and single pins: their sums, the edges between them, and scores. Lent until pins or graph
 * change.
 */
int ct_session_parts(struct ct_session *s, const struct ct_parts **out, struct ct_error *err);
/*
 * Chooses pins and supernodes for this graph: the first target; each group of features that trace/groups.h
 * finds in the pruned graph, as a supernode; each word, in one supernode with the features that only read it;
 * and single nodes with at least 3 % of the influence. Only what raises the target on balance is pinned; what
 * lowers it is counted. The result is in *out, to be set by the caller; earlier pins are not in it.
 */
int ct_session_auto_groups(struct ct_session *s, struct ct_subgraph *out, struct ct_auto_groups *said,
    const struct ct_job *job, struct ct_error *err);

/*
 * The name of a pinned node, as from ct_session_node_name; an output also has its position: output
 * "Austin"@8.
 */
int ct_session_pin_text(const struct ct_session *s, const struct ct_pin *p, char *buf, size_t size);
/*
 * The pin of a name, whether or not the graph has such a node. Outputs without a position are at the graph's.
 */
int ct_session_parse_pin(const struct ct_session *s, const char *text, struct ct_pin *out,
    struct ct_error *err);
/*
 * Pins in sg what `text` names: a node, or several separated by commas. A label, "Texas" or "Texas"@8, stands
 * for its features in the pruned graph. supernode: group them under this name, unless it is NULL. Returns how
 * many nodes were named; *of, which may be NULL, is how many there would be if the pruned graph had all
 * active features. After a failure, discard sg.
 */
int ct_session_pin_all(const struct ct_session *s, struct ct_subgraph *sg, const char *text,
    const char *supernode, int *of, struct ct_error *err);

/*
 * Features have the same names in every text: L1#249@8, or by their labels as session/query.h describes:
 * "Texas"@8, "Texas">.8@Dallas, "=bridge Texas"@*. After the @ is a position, @8; all from there on, @8..; a
 * token that occurs once in the prompt, @Dallas; or all positions, @*. A label without a place means @*. A
 * label stands for the features that are active there.
 *
 * A clamp is "L1#249@8=0", "L1#249@*x-1", "L1#249@8..+2.5", "\"Texas\"@8x0".
 */
int ct_session_parse_clamp(const struct ct_session *s, const char *text, struct ct_clamp *out,
    struct ct_error *err);
/*
 * The same for several features with one strength, separated by commas, such as "L0#358@6,L1#585@8x0". A
 * feature without a place takes the place of the next one: "L1#585,L3#112@8x0". A label stands for all its
 * features that are active there; if none is and the strength is not a multiple, for all its features in the
 * model. The name of a supernode, "\"Texas\"x0", stands for its features where they are pinned, or with a
 * place, for these features there. Returns how many clamps were written.
 */
enum { CT_MAX_MEMBERS = 64 };
int ct_session_parse_clamps(const struct ct_session *s, const char *text, struct ct_clamp *out, int max,
    struct ct_error *err);
/* What clamps reach in this prompt: each feature at each position counts once; clamps that are off do not. */
struct ct_reach {
	int features;			/* different features that are named */
	int places;			/* features at positions whose activation is set or changed */
	int active;			/* of these, active without clamps */
	int kept;			/* of these, in the pruned graph */
};
struct ct_reach ct_session_reach(const struct ct_session *s, const struct ct_clamp *clamps, int n);
int ct_clamp_text(const struct ct_clamp *c, char *buf, size_t size);
/*
 * Parses "frozen", "free", "direct" or "range=0-2" (of L layers); ct_mode_text writes them. What carries the
 * effect (out->through) is left as it is.
 */
int ct_mode_parse(const char *text, int L, struct ct_clamp_options *out, struct ct_error *err);
int ct_mode_text(const struct ct_clamp_options *how, char *buf, size_t size);

/*
 * Replaces the clamps in force and runs the model with the new ones; n == 0 removes all. The caller keeps its
 * own list, for undo and redo. On failure (such as activations that become infinite) the old clamps stay.
 */
int ct_session_clamp(struct ct_session *s, const struct ct_clamp *clamps, int n,
    const struct ct_clamp_options *opt, const struct ct_job *job, struct ct_error *err);
const struct ct_effects *ct_session_effects(const struct ct_session *s);	/* NULL: no clamps */
/*
 * Explains what the model says under the clamps in force: opens a session on the clamped run, whose next
 * tokens and graph are those of that run (trace/clamped.h). follow: explain the tokens that are likeliest
 * now, else the same targets. The new session uses memory of s, so close it before s is closed or gets
 * another prompt. Calls that would run the model again (clamps, surveys, generation) fail on it and say so.
 */
int ct_session_now(struct ct_session **out, struct ct_session *s, const struct ct_trace_options *opt,
    bool follow, const struct ct_job *job, struct ct_error *err);
/* Whether a session was opened by ct_session_now. */
bool ct_session_is_clamped(const struct ct_session *s);

/*
 * Compares two prompts: what both graphs have, and what only one of them has (trace/compare.h). The result
 * uses memory of both sessions and the arena.
 */
int ct_session_compare(const struct ct_session *here, const struct ct_session *there,
    struct ct_comparison *out, struct ct_arena *a, struct ct_error *err);
/*
 * The activation of a compared node in one of the two sessions (side 0: here, 1: there). NAN: it is not a
 * feature, its position has no counterpart there, or it is a neuron that was not chosen there.
 */
double ct_session_compared_activation(const struct ct_session *s, const struct ct_comparison *c,
    const struct ct_compared_node *n, int side);
/*
 * Tests a difference: sets features of `here` to their activations in `there`, and runs the model. The
 * answers are the tokens that the graphs explain, or if they explain none, the likeliest ones.
 */
int ct_session_patch(struct ct_session *here, struct ct_session *there, const struct ct_comparison *c,
    const struct ct_patch_what *what, struct ct_patch *out, struct ct_error *err);
/* The same as clamps, at most max of them; returns how many there are. */
int ct_session_patch_clamps(const struct ct_session *here, const struct ct_session *there,
    const struct ct_comparison *c, const struct ct_patch_what *what, struct ct_clamp *out, int max);

/* Like ct_session_activation, but under the clamps in force: a clamped feature has its clamped value. */
float ct_session_clamped_activation(const struct ct_session *s, int layer, int feature, int pos);
/* The mean factor to which the clamps bring a part's activations. NAN: no clamps, or no features. */
double ct_session_level(const struct ct_session *s, const struct ct_subgraph_part *p);
/* Whether a clamp applies to a pinned feature at its position; the supernode it applies to, or NULL. */
bool ct_clamp_reaches(const struct ct_clamp *c, const struct ct_pin *p);
const char *ct_session_clamp_supernode(const struct ct_session *s, const struct ct_clamp *c);

/* Ablates every feature of the pruned graph in turn. Kept until the graph or its pruning changes. */
int ct_session_survey(struct ct_session *s, const struct ct_survey **out, const struct ct_job *job,
    struct ct_error *err);
/*
 * Whether an explanation of the first target is right: see trace/judge.h. pins NULL: judges the features of
 * the pruned graph, in automatic groups; else the pinned features, in their supernodes. Its parts are ranked
 * by what is lost without each. If the prompt is a sentence of the model's corpus, it also says how stable
 * the explanation is: how much of it is in the pruned graphs of a few sentences with the same answer.
 * Everything in out is from the arena.
 */
int ct_session_judge(struct ct_session *s, const struct ct_subgraph *pins, struct ct_explanation *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
/*
 * Runs the clamps in force at `steps` strengths from `from` to `to` in place of their own (all clamps must
 * have the same unit), in the mode in force, and frozen up to each layer. Lent until the next sweep or
 * prompt.
 */
int ct_session_sweep(struct ct_session *s, double from, double to, int steps, const struct ct_sweep **out,
    const struct ct_job *job, struct ct_error *err);
/* Runs the clamps in force with attention patterns frozen, and free. Lent until the clamps change. */
int ct_session_contrast(struct ct_session *s, const struct ct_contrast **out, struct ct_error *err);
/*
 * The mean agreement of predicted and observed knock-on effects over all sets of clamps that this session
 * had, each counted once, for all its prompts; n: how many sets. Sets that move fewer than CT_RANK_LEAST
 * features are not counted, nor are direct modes, since they agree by construction.
 */
struct ct_agreement ct_session_agreement(const struct ct_session *s);

/*
 * Sets the features of the value that the prompt hides to those of another value, or of each other value in
 * turn, with controls: see eval/swap.h. The prompt must be a sentence of the model's corpus, up to its
 * answer. `at`: a place, @Dallas; NULL: where the value is determined. The first call runs the whole corpus.
 * Lent until the next swap.
 */
struct ct_swap_options {
	const char *from, *to;		/* NULL: the prompt's own value; all other values */
	const char *at;
	double strength;		/* factor of the difference between the means */
};
int ct_session_swap(struct ct_session *s, const struct ct_swap_options *opt, const struct ct_swap **out,
    const struct ct_job *job, struct ct_error *err);
/* The other sentence with the same value that served as a control, to be freed; NULL: there is none. */
char *ct_session_swap_same(const struct ct_session *s, const struct ct_swap *swap);
/* The swap to one value as clamps, at most max of them. Returns how many. */
int ct_session_swap_clamps(struct ct_session *s, const struct ct_swap_options *opt, struct ct_clamp *out,
    int max, const struct ct_job *job, struct ct_error *err);

/*
 * The activation of a feature at a position, for all values of the prompt's first two numbers. If the prompt
 * is like the sentences of the corpus, the feature's card has them. Otherwise the values are 0..n-1, the
 * whole numbers (at most CT_OPERANDS) that are one token each and whose sums are in the vocabulary too. Then
 * the first call runs the prompt n * n times, and further calls for this prompt look results up. Lent until
 * the next call or prompt.
 */
int ct_session_operands(struct ct_session *s, int layer, int feature, int pos, struct ct_operands *out,
    const struct ct_job *job, struct ct_error *err);
/* The same, at once, if the card has the values; else false. */
bool ct_session_operands_known(struct ct_session *s, int layer, int feature, int pos,
    struct ct_operands *out);

/*
 * Generates up to n tokens after the prompt, greedily (temperature 0) or by seeded sampling, with the clamps
 * in force or without; stops at the end of the context. Returns how many ids were written.
 */
struct ct_generate_options {
	bool clamped;
	double temperature;
	unsigned long long seed;
};
int ct_session_generate(struct ct_session *s, const struct ct_generate_options *opt, int *ids, int n,
    const struct ct_job *job, struct ct_error *err);
/*
 * Appends tokens, such as generated ones, to the prompt and traces it (opt NULL: with default targets after
 * the last token). The clamps in force are kept, and apply to the new tokens if their place includes them. On
 * failure all stays as it was.
 */
int ct_session_extend(struct ct_session *s, const int *ids, int n, const struct ct_trace_options *opt,
    const struct ct_job *job, struct ct_error *err);

#endif
