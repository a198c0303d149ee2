/*
 * engine: the private structures behind ctrace.h, for the files of this folder only.
 */
#ifndef CT_ENGINE_H
#define CT_ENGINE_H

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
	const struct ct_source *source;	/* what its answers come from: the model, or the graph's file */
	struct ct_engine_info info;
	struct ct_notes notes;
	struct ct_model *model;
	struct ct_tokenizer *tokenizer;
	struct ct_transcoder *transcoder;
	struct ct_pool *pool;
	char fingerprint[CT_FINGERPRINT];	/* "": not asked for yet */
	struct ct_cards *cards;		/* and labels */
	const char **tokens;		/* (V) sanitised */
	struct ct_corpus *corpus;	/* of its recipe, opened when asked for (swap.c); NULL: not yet */
	struct ct_activity *activity;	/* of the features in the corpus (weights.c); NULL: not yet */
	struct ct_swaps *swaps;		/* of the corpus (swap.c), made when asked for */
	/* a graph in place of all of the above; tokens then lie as its words do */
	struct ct_graph_file *file;
	const char **labels;		/* as the file's labels lie, sanitised */
	struct ct_arena arena;
};

/* The caller's job on the engine's threads. */
static inline struct ct_job
ct_engine_job(const struct ct_engine *e, const struct ct_job *job)
{
	return (struct ct_job){ e->pool, job ? job->progress : NULL, job ? job->ctx : NULL };
}

/* Logits of one run, computed per position when asked for. */
struct ct_logits {
	const float *final;		/* (T,D) */
	float *logits;			/* (T,V) */
	bool *known;			/* (T) */
};

/* Sums over the sets of clamps so far, each counted once: undoing and redoing adds no evidence. */
enum { CT_RUNNING_SETS = 1024 };
struct ct_running {
	int n;				/* with a finite agreement */
	double spearman, pearson;	/* sums */
	int n_seen;
	unsigned long long seen[CT_RUNNING_SETS];
};

struct ct_session {
	struct ct_engine *e;
	/* The prompt: replaced as a whole. */
	struct ct_arena prompt_arena;
	char *text;
	int T;
	const int *ids;			/* (T) the prompt's, or the file's */
	const char **words;		/* (T) as they stand there, sanitised; NULL: as they stand alone */
	struct ct_prompt *prompt;	/* NULL: none has run, or the graph is from a file */
	/* Of neurons: the local model as the prompt ran; that of other targets is in the graph arena. */
	struct ct_local_model by_default;
	struct ct_logits original, replacement;
	double prompt_seconds;
	struct ct_session *of_clamps;	/* a clamped run (now.c), of this session, which lends */
	char note[240];			/* what is odd about its features, or "" */
	/* The graph, and the edge list of its last pruning. */
	struct ct_arena graph_arena, pruned_arena;
	struct ct_graph *graph;
	struct ct_building *building;	/* of a partial graph; else NULL */
	double looked_at, look_seconds;	/* when its influence was computed, and how long that took */
	double trace_seconds;
	const struct ct_qk **qk;	/* (nodes) in the graph's arena: ct_session_trace_qk; or NULL */
	/* What a person pinned, and what follows for the graph (pins.c), made when asked for. */
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
	/* Experiments (experiments.c), made when asked for. */
	struct ct_arena survey_arena, sweep_arena;
	struct ct_survey *survey;		/* of the graph and its pruning */
	struct ct_contrast *contrast;		/* of the clamps in force, in their arena */
	struct ct_operands_run *operands;	/* of the prompt (operands.c) */
	struct ct_written *written;		/* of the prompt, in its arena (written.c) */
	struct ct_running running;		/* over the session's life */
};

/* Which neurons are features, and how much that leaves out: the session's note. */
void ct_session_note_choice(struct ct_session *s);

/* Fills words, from ids. */
int ct_session_words_init(struct ct_session *s, struct ct_error *err);
int ct_session_logits_init(struct ct_logits *l, const struct ct_session *s, const float *final,
    struct ct_arena *a,
    struct ct_error *err);
/* The logits (V) of a run at a position, or NULL with the error set. */
const float *ct_session_logits(struct ct_session *s, enum ct_run which, int pos, struct ct_error *err);
int ct_session_check_position(const struct ct_session *s, int pos, struct ct_error *err);

/* Runs the clamps on a graph of the session's prompt; they are in force once this succeeds. */
int ct_session_apply_clamps(struct ct_session *s, const struct ct_graph *g, const struct ct_clamp *clamps,
    int n, const struct ct_clamp_options *opt, struct ct_error *err);
void ct_session_drop_clamps(struct ct_session *s);
void ct_session_drop_graph(struct ct_session *s);
/* Fails where rows are still missing in the graph, for what can only be said of all of it. */
int ct_session_need_whole(const struct ct_session *s, struct ct_error *err);
/* Drops the survey, when the graph or its pruning changes. */
void ct_session_drop_survey(struct ct_session *s);
/* Drops what the pins sum up to, when they or the graph change. */
void ct_session_drop_parts(struct ct_session *s);
void ct_session_drop_operands(struct ct_session *s);
void ct_engine_drop_swaps(struct ct_engine *e);
/* The sentences that the model was trained on; CT_ENOTFOUND: nothing says which. Lent by the engine. */
int ct_engine_corpus(struct ct_engine *e, const struct ct_corpus **out, struct ct_error *err);
/* Counts an effects of new clamps in the running agreement. */
void ct_session_count_effects(struct ct_session *s);

/* Fails when the run is one that clamps left: what runs the model anew would run it without them. */
int ct_session_need_first(const struct ct_session *s, struct ct_error *err);

/* Fails when there is a graph in place of a model. */
int ct_engine_need_model(const struct ct_engine *e, struct ct_error *err);

/*
 * Fails when there is no model, or a weight file has been cut off or overwritten since it was opened (see
 * base/map.h). For the start of anything that reads weights, so that it need not begin, and for the end,
 * before the results are used.
 */
int ct_engine_check(const struct ct_engine *e, struct ct_error *err);

int ct_session_node_text(const struct ct_session *s, const struct ct_node *n, char *buf, size_t size);
/* FEATURE@SCOPE, `all` or a part of it, at *p, which moves behind it: layer, feature, pos, onwards. */
int ct_session_read_feature(
    const struct ct_session *s, const char *all, const char **p, struct ct_clamp *out, struct ct_error *err);

/* The id of a word; an unknown one is an error that offers the nearest. */
int ct_engine_find_token(const struct ct_engine *e, const char *text, struct ct_error *err);

#endif
