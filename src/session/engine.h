/*
 * engine: the private structures behind ctrace.h, for the files of this folder only.
 */
#ifndef CT_SESSION_ENGINE_H
#define CT_SESSION_ENGINE_H

#include "base/arena.h"
#include "base/job.h"
#include "cards/cards.h"
#include "ctrace.h"
#include "model/fingerprint.h"
#include "model/model.h"
#include "model/tokenizer.h"
#include "model/transcoder.h"
#include "session/source.h"
#include "share/graph_file.h"
#include "trace/influence.h"
#include "trace/intervene.h"
#include "trace/prompt.h"
#include "trace/subgraph.h"

struct ct_engine {
	const struct ct_source *source;	/* where answers come from: the model, or a graph's file */
	struct ct_engine_info info;
	struct ct_notes notes;
	struct ct_model *model;
	struct ct_tokenizer *tokenizer;
	struct ct_transcoder *transcoder;
	struct ct_pool *pool;
	char fingerprint[CT_FINGERPRINT];	/* "": not computed yet */
	struct ct_cards *cards;		/* cards and labels; NULL: none */
	const char **tokens;		/* (V) sanitised */
	struct ct_corpus *corpus;	/* the corpus of its recipe (swap.c); NULL: not opened yet */
	struct ct_classes *classes;	/* of its recipe's tables (group_line.c); NULL: not opened yet */
	/* when features are active in the corpus (weights.c); NULL: not computed yet */
	struct ct_activity *activity;
	struct ct_swaps *swaps;		/* swaps over the corpus (swap.c); NULL: not computed yet */
	/* a graph instead of the model; tokens[i] is then its i-th word */
	struct ct_graph_file *file;
	const char **labels;		/* the file's labels, in its order, sanitised */
	struct ct_arena arena;
};

/* The caller's job, on the engine's threads. */
static inline struct ct_job
ct_engine_job(const struct ct_engine *e, const struct ct_job *job)
{
	return (struct ct_job){ e->pool, job ? job->progress : NULL, job ? job->ctx : NULL };
}

/* The logits of one run, computed at each position at the first request. */
struct ct_logits {
	const float *final;		/* (T,D) */
	float **row;			/* (T) of V each, in the run's arena; NULL: not asked for */
};

/* Sums over all sets of clamps so far. Each set counts once: undo and redo add no evidence. */
enum { CT_RUNNING_SETS = 1024 };
struct ct_running {
	int n;				/* sets whose agreement is finite */
	double spearman, pearson;	/* sums */
	int n_seen;
	unsigned long long seen[CT_RUNNING_SETS];
};

struct ct_session {
	struct ct_engine *e;
	/* The prompt, which is replaced as a whole. */
	struct ct_arena prompt_arena;
	char *text;
	int T;
	const int *ids;			/* (T) of the prompt, or from the file */
	/* (T) display texts in the prompt, sanitised; NULL: those of single tokens */
	const char **words;
	struct ct_prompt *prompt;	/* NULL: none has run, or the graph is from a file */
	/*
	 * With neurons: the local model for the default targets. For other targets it is in the graph's
	 * arena.
	 */
	struct ct_local_model by_default;
	struct ct_logits original, replacement;
	double prompt_seconds;
	struct ct_session *of_clamps;	/* on a clamped run (now.c): the session whose memory this one uses */
	char note[240];			/* a warning about the prompt's features, or "" */
	/* The graph, and the list of edges that the last pruning kept. */
	struct ct_arena graph_arena, pruned_arena;
	struct ct_graph *graph;
	struct ct_building *building;	/* of a partial graph; NULL: it is complete */
	double looked_at, look_seconds;	/* when influence was last computed, and how long that took */
	double trace_seconds;
	const struct ct_qk **qk;	/* (nodes) in the graph's arena, from ct_session_trace_qk; or NULL */
	/*
	 * What a person pinned, and its sums in the graph (pins.c), which are computed at the first request.
	 */
	struct ct_subgraph subgraph;
	struct ct_arena parts_arena;
	struct ct_parts *parts;
	/* The clamps in force. */
	struct ct_arena clamp_arena;
	struct ct_clamp *clamps;
	int n_clamps;
	struct ct_clamp_options clamp_options;
	struct ct_effects *effects;
	struct ct_clamp_sites sites;
	struct ct_changed changed;
	struct ct_logits clamped;
	/* Experiments (experiments.c), run at the first request. */
	struct ct_arena survey_arena, sweep_arena;
	struct ct_survey *survey;		/* of the present graph and pruning */
	struct ct_contrast *contrast;		/* of the clamps in force, in their arena */
	struct ct_operands_run *operands;	/* of the prompt (operands.c) */
	struct ct_written *written;		/* of the prompt, in its arena (written.c) */
	struct ct_running running;		/* over all prompts of the session */
};

/* Sets the session's note: how many neurons are features, and how much of the effect the others have. */
void ct_session_note_choice(struct ct_session *s);

/* Fills in words, from ids. */
int ct_session_words_init(struct ct_session *s, struct ct_error *err);
int ct_session_logits_init(struct ct_logits *l, const struct ct_session *s, const float *final,
    struct ct_arena *a, struct ct_error *err);
/* The logits (V) of a run at a position, or NULL with the error set. */
const float *ct_session_logits(struct ct_session *s, enum ct_run which, int pos, struct ct_error *err);
int ct_session_check_position(const struct ct_session *s, int pos, struct ct_error *err);

/* Runs clamps, and computes their effects on the nodes of a graph of this prompt; then they are in force. */
int ct_session_apply_clamps(struct ct_session *s, const struct ct_graph *g, const struct ct_clamp *clamps,
    int n, const struct ct_clamp_options *opt, struct ct_error *err);
void ct_session_drop_clamps(struct ct_session *s);
void ct_session_drop_graph(struct ct_session *s);
/* Fail with "no prompt yet", "no graph yet": what a caller checks for itself. */
int ct_session_no_prompt(struct ct_error *err);
int ct_session_no_graph(struct ct_error *err);
/* Fails if the graph still lacks rows, for questions about the whole of it. */
int ct_session_need_whole(const struct ct_session *s, struct ct_error *err);
/* Drops the survey; called when the graph or its pruning changes. */
void ct_session_drop_survey(struct ct_session *s);
/* Drops the sums of the pins; called when the pins or the graph change. */
void ct_session_drop_parts(struct ct_session *s);
void ct_session_drop_operands(struct ct_session *s);
void ct_engine_drop_swaps(struct ct_engine *e);
/* The sentences that the model was trained on; CT_ENOTFOUND: it has no recipe. Lent by the engine. */
int ct_engine_corpus(struct ct_engine *e, const struct ct_corpus **out, struct ct_error *err);
/* As ct_engine_weights, but counts only if ct_engine_count has run. */
int ct_engine_weights_known(struct ct_engine *e, int layer, int feature, struct ct_feature_weights *out,
    struct ct_arena *a, const struct ct_job *job, struct ct_error *err);
/* Names the parts of the graph for ct_session_line; said: by ct_session_auto_groups. */
struct ct_line_groups;
int ct_session_line_groups(struct ct_session *s, const struct ct_auto_groups *said,
    struct ct_line_groups *out, struct ct_arena *a, struct ct_error *err);
/* Adds the effects of new clamps to the running agreement. */
void ct_session_count_effects(struct ct_session *s);

/* Fails in a session on a clamped run, where running the model again would lose the clamps. */
int ct_session_need_first(const struct ct_session *s, struct ct_error *err);

/* Fails if a graph is opened in place of a model. */
int ct_engine_need_model(const struct ct_engine *e, struct ct_error *err);

/*
 * Fails if there is no model, or if a weight file has been cut off or overwritten since it was opened (see
 * base/map.h). Call it before reading weights, so that no work is wasted, and again before using the results.
 */
int ct_engine_check(const struct ct_engine *e, struct ct_error *err);

int ct_session_node_text(const struct ct_session *s, const struct ct_node *n, char *buf, size_t size);
/*
 * Reads FEATURE@SCOPE at *p and moves *p past it; sets layer, feature, pos, onwards. `all`: the whole text,
 * for messages.
 */
int ct_session_read_feature(const struct ct_session *s, const char *all, const char **p,
    struct ct_clamp *out, struct ct_error *err);

/* The id of a word; if it is unknown, an error that suggests the nearest one. */
int ct_engine_find_token(const struct ct_engine *e, const char *text, struct ct_error *err);

#endif
