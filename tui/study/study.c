/* study: see study.h. */
#include "tui/study/study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "tui/terminal/fmt.h"

static void
reset(struct study *s, const struct ct_engine_options *opt)
{
	*s = (struct study){
		.node = -1, .options = *opt, .job = s->job,
		.how = s->defaults.how, .defaults = s->defaults
	};
	s->trace.node_threshold = s->defaults.node_threshold;
	s->trace.edge_threshold = s->defaults.edge_threshold;
	s->trace.pace = s->defaults.pace;
}

/* Begins a study once the engine is open. */
static int
begin(struct study *s, struct ct_error *err)
{
	int code;

	s->info = ct_engine_info(s->engine);
	s->undo = calloc(1, sizeof *s->undo);
	s->words = calloc(1, sizeof *s->words);
	code = s->undo && s->words ? ct_session_open(&s->session, s->engine, err) :
	    ct_fail_memory(err, sizeof *s->undo, "the undo list");
	s->first = s->session;
	if (code != CT_OK)
		study_close(s);
	else
		study_forget(s);
	return code;
}

int
study_open(struct study *s, const char *model, const struct ct_engine_options *opt, struct ct_error *err)
{
	int code;

	reset(s, opt);
	code = ct_engine_open(&s->engine, model, opt, err);
	if (code != CT_OK)
		return code;
	s->options.transcoder_dir = NULL;
	return begin(s, err);
}

void
study_close(struct study *s)
{
	study_fold_error(s);
	if (s->session != s->first)
		ct_session_close(s->session);
	ct_session_close(s->first);
	ct_engine_close(s->engine);
	free(s->undo);
	free(s->words);
	s->undo = NULL;
	s->words = NULL;
	s->session = s->first = NULL;
	s->engine = NULL;
	s->graph = NULL;
}

/* Computes how much of the answer comes from words, features and errors. */
static void
split_answer(struct study *s)
{
	struct ct_arena scratch = { .blocks = NULL };
	struct ct_error err;

	if (!s->graph || ct_direct_targets(&s->split, s->graph, &scratch, &err))
		for (int i = 0; i < CT_DIRECT_SOURCES; i++)
			s->split.net[i] = s->split.absolute[i] = NAN;
	ct_arena_free(&scratch);
}

void
study_load_graph(struct study *s, const struct ct_node *was)
{
	s->graph = ct_session_graph(s->session);
	s->node = -1;
	s->has_absent = false;
	memset(s->words->slot, 0, sizeof s->words->slot);	/* what features write depends on the run */
	split_answer(s);
	if (!s->graph)
		return;
	if (was)
		s->node = ct_graph_find(s->graph, was->kind, was->layer, was->pos, was->index);
	if (s->node < 0 && s->graph->n_targets)
		s->node = s->graph->n_nodes - s->graph->n_targets;
}

int
study_open_graph(struct study *s, const char *path, struct ct_error *err)
{
	int code;

	reset(s, &s->options);
	code = ct_engine_open_graph(&s->engine, path, &s->job, err);
	if (code != CT_OK)
		return code;
	code = begin(s, err);
	if (code != CT_OK)
		return code;
	study_load_graph(s, NULL);
	s->T = ct_session_length(s->session);
	s->pos = s->graph->pos;
	s->trace.node_threshold = s->graph->node_threshold;
	s->trace.edge_threshold = s->graph->edge_threshold;
	return CT_OK;
}

/* Closes the session on the clamped run. */
static void
drop_now(struct study *s)
{
	if (s->session != s->first)
		ct_session_close(s->session);
	s->session = s->first;
	s->stale = false;
}

bool
study_shows_now(const struct study *s)
{
	return s->session != s->first;
}

const struct ct_graph *
study_first_graph(const struct study *s)
{
	return s->first ? ct_session_graph(s->first) : NULL;
}

float
study_prob_then(const struct study *s, const struct ct_node *n)
{
	return study_shows_now(s) ? ct_session_prob(s->first, CT_RUN_ORIGINAL, n->pos, n->index) : n->prob;
}

int
study_node_then(const struct study *s, int node)
{
	return node < 0 || !study_shows_now(s) ? node :
	    ct_graph_counterpart(study_first_graph(s), &s->graph->nodes[node], s->graph->nodes[node].pos);
}

int
study_node_now(const struct study *s, int node)
{
	const struct ct_graph *g = study_first_graph(s);

	return node < 0 || !study_shows_now(s) ? node : ct_graph_counterpart(s->graph, &g->nodes[node],
	    g->nodes[node].pos);
}

/* A copy of the selected node, to find it in another graph. */
static const struct ct_node *
selected(const struct study *s, struct ct_node *was)
{
	if (!s->graph || s->node < 0)
		return NULL;
	*was = s->graph->nodes[s->node];
	return was;
}

int
study_now(struct study *s, struct ct_error *err)
{
	struct ct_trace_options opt = s->trace;
	struct ct_session *now;
	struct ct_node was;
	const struct ct_node *at = selected(s, &was);
	int code = ct_session_now(&now, s->first, &opt, s->trace.targets.n == 0, &s->job, err);

	if (code != CT_OK)
		return code;
	drop_now(s);
	s->session = now;
	study_load_graph(s, at);
	return CT_OK;
}

void
study_then(struct study *s)
{
	struct ct_node was;
	const struct ct_node *at = selected(s, &was);

	drop_now(s);
	study_load_graph(s, at);
}

int
study_refresh(struct study *s, struct ct_error *err)
{
	int code;

	if (!s->stale)
		return CT_OK;
	s->stale = false;
	if (!study_clamps(s)->n) {
		study_then(s);
		return 1;
	}
	code = study_now(s, err);
	if (code != CT_OK)
		study_then(s);
	return code != CT_OK ? code : 1;
}

int
study_trace(struct study *s, const struct ct_targets *targets, struct ct_error *err)
{
	struct ct_trace_options opt = s->trace;
	struct ct_node was;
	bool had = s->graph && s->node >= 0;
	int code;

	if (had)
		was = s->graph->nodes[s->node];
	opt.targets = *targets;
	code = ct_session_trace(s->session, &opt, &s->job, err);
	if (code != CT_OK)
		return code;
	s->trace = opt;
	study_load_graph(s, had ? &was : NULL);
	return CT_OK;
}

int
study_prompt(struct study *s, const char *text, struct ct_error *err)
{
	struct ct_trace_options opt = s->trace;
	int code;

	opt.targets = (struct ct_targets){ .pos = -1 };
	code = ct_session_begin(s->first, text, &opt, &s->job, err);
	if (code != CT_OK)
		return code;
	drop_now(s);
	s->trace = opt;
	s->T = ct_session_length(s->session);
	s->pos = s->T - 1;
	study_load_graph(s, NULL);
	s->undo->step[s->undo->at].clamps.n = 0;
	study_forget(s);
	s->n_generated = 0;
	return CT_OK;
}

int
study_take(struct study *s, int n, struct ct_error *err)
{
	struct ct_trace_options opt = s->trace;
	int code;

	opt.targets = (struct ct_targets){ .pos = -1 };
	code = ct_session_extend(s->first, s->generated, n, &opt, &s->job, err);
	if (code != CT_OK)
		return code;
	drop_now(s);
	study_forget(s);
	s->n_generated = 0;
	s->T = ct_session_length(s->session);
	s->pos = s->T - 1;
	s->trace = opt;
	study_load_graph(s, NULL);
	return CT_OK;
}

int
study_prune(struct study *s, double node_threshold, double edge_threshold, struct ct_error *err)
{
	int code = ct_session_prune(s->session, node_threshold, edge_threshold, err);

	if (code == CT_OK && study_shows_now(s))
		code = ct_session_prune(s->first, node_threshold, edge_threshold, err);
	if (code != CT_OK)
		return code;
	s->trace.node_threshold = node_threshold;
	s->trace.edge_threshold = edge_threshold;
	s->graph = ct_session_graph(s->session);
	return CT_OK;
}

const struct ct_node *
study_node(const struct study *s, int node)
{
	return s->graph && node >= 0 && node < s->graph->n_nodes ? &s->graph->nodes[node] : NULL;
}

bool
study_is_feature(const struct ct_node *n)
{
	return ct_node_traits(ct_node_subject(n))->has_label;
}

const char *
study_label(const struct study *s, int layer, int feature, char *buf, size_t size, bool *guess)
{
	return ct_engine_label_short(s->engine, layer, feature, buf, size, guess);
}

/*
 * Where the words of a feature are, or are to be: in one of several slots, because features that share one
 * would replace each other's words at every redraw of a screen that shows both, for ever.
 */
static struct study_word *
word_slot(struct study_words *w, int layer, int feature, bool negative)
{
	unsigned home = (unsigned)layer * 40503u + (unsigned)feature;

	for (unsigned i = 0; i < STUDY_WORDS_NEAR; i++) {
		struct study_word *slot = &w->slot[(home + i) % STUDY_WORDS];

		if (!slot->known || (slot->layer == layer && slot->feature == feature &&
		    slot->negative == negative))
			return slot;
	}
	return &w->slot[(home + w->turn % STUDY_WORDS_NEAR) % STUDY_WORDS];
}

/*
 * The words for a feature: its label, or the tokens that it writes. These need a product with the
 * unembedding, for which no screen waits: a feature whose tokens are not known in time has no words yet.
 */
static enum ct_words
words_of(const struct study *s, const struct ct_node *n, char *buf, size_t size)
{
	struct study_words *w = s->words;
	struct study_word *slot;
	bool guess, negative;

	ct_engine_label_short(s->engine, n->layer, n->index, buf, size, &guess);
	if (*buf)
		return guess ? CT_WORDS_GUESS : CT_WORDS_LABEL;
	if (s->info->from_file || n->kind == CT_NODE_OTHER)
		return CT_WORDS_NONE;
	negative = n->activation < 0;
	slot = word_slot(w, n->layer, n->index, negative);
	if (!slot->known || slot->negative != negative || slot->layer != n->layer ||
	    slot->feature != n->index) {
		if (w->until > 0 && ct_seconds() > w->until) {
			w->missing = true;
			return CT_WORDS_NONE;
		}
		w->turn++;
		*slot = (struct study_word){ .known = true, .negative = negative, .layer = n->layer,
			.feature = n->index };
		slot->kind = ct_session_words(s->session, n->layer, n->index, n->pos, buf, size);
		snprintf(slot->text, sizeof slot->text, "%s", buf);
	}
	snprintf(buf, size, "%s", slot->text);
	return slot->kind;
}

bool
study_words_missing(const struct study *s)
{
	return s->words && s->words->missing;
}

void
study_words_within(struct study *s, double seconds)
{
	if (!s->words)
		return;
	s->words->until = seconds > 0 ? ct_seconds() + seconds : 0;
	s->words->missing = false;
}

bool
study_guess(const struct study *s, int node)
{
	const struct ct_node *n = study_node(s, node);
	char text[STUDY_NAME];
	enum ct_words kind;

	if (!n || !study_is_feature(n))
		return false;
	kind = words_of(s, n, text, sizeof text);
	return kind == CT_WORDS_GUESS || kind == CT_WORDS_WRITTEN;
}

double
study_share(const struct study *s, const struct ct_edge *e)
{
	double flow = s->graph->nodes[e->target].inputs;

	return flow > 0 ? (double)e->weight / flow : 0;
}

int
study_best_output(const struct study *s, int node)
{
	const struct ct_graph *g = s->graph;
	struct ct_edge edge[256];
	double most = -1;
	int best = -1, n = ct_graph_outputs(g, node, true, edge, 256);

	if (n < 1)
		n = ct_graph_outputs(g, node, false, edge, 256);
	for (int i = 0; i < n && i < 256; i++) {
		const struct ct_node *to = &g->nodes[edge[i].target];
		double through =
		    fabs(study_share(s, &edge[i])) * (to->influence + (double)to->weight);

		if (through > most) {
			most = through;
			best = edge[i].target;
		}
	}
	return best;
}

const char *
study_token(const struct study *s, int pos)
{
	return ct_session_token_text(s->session, pos);
}

const char *
study_word(const struct study *s, int id, char *buf, size_t size)
{
	return fmt_token(buf, size, ct_engine_token(s->engine, id));
}

const char *
study_place(const struct study *s, int pos, char *buf, size_t size)
{
	char token[STUDY_NAME], other[STUDY_NAME];
	int same = 0;

	/* tokens of byte-pair vocabularies may begin with blanks */
	ct_text_word(token, sizeof token, study_token(s, pos));
	for (int i = 0; i < s->T; i++)
		same += strcmp(ct_text_word(other, sizeof other, study_token(s, i)), token) == 0;
	if (same > 1)
		snprintf(buf, size, "@%s/%d", token, pos);
	else
		snprintf(buf, size, "@%s", token);
	return buf;
}

const char *
study_name(const struct study *s, int node, char *buf, size_t size)
{
	const struct ct_node *n = study_node(s, node);
	char place[STUDY_NAME], other[STUDY_NAME];

	if (!n) {
		snprintf(buf, size, "nothing");
		return buf;
	}
	study_place(s, n->pos, place, sizeof place);
	if (study_is_feature(n))
		snprintf(buf, size, "%s %s", ct_engine_feature_name(s->engine, n->layer, n->index, other,
		    sizeof other), place);
	else if (n->kind == CT_NODE_ERROR)
		snprintf(buf, size, "error L%d %s", n->layer, place);
	else if (n->kind == CT_NODE_EMBEDDING)
		snprintf(buf, size, "%s", place + 1);
	else if (n->target == CT_TARGET_DIFFERENCE)
		snprintf(buf, size, "%s %s %s", study_word(s, n->index, place, sizeof place), "\xe2\x88\x92",
		    study_word(s, n->other, other, sizeof other));
	else
		study_word(s, n->index, buf, size);
	return buf;
}

const char *
study_note(const struct study *s, int node, char *buf, size_t size)
{
	const struct ct_node *n = study_node(s, node);

	buf[0] = '\0';
	if (!n)
		return buf;
	if (study_is_feature(n))
		words_of(s, n, buf, size);
	else if (n->kind == CT_NODE_EMBEDDING)
		snprintf(buf, size, "word");
	return buf;
}

const char *
study_how_text(const struct ct_clamp_options *how, char *buf, size_t size)
{
	const char *through = how->through == CT_REPLACEMENT ? ", through the replacement" : ", through the "
	    "model";

	switch (how->mode) {
	case CT_FROZEN:
		snprintf(buf, size, "frozen attention%s", through);
		break;
	case CT_FREE:
		snprintf(buf, size, "nothing frozen%s", through);
		break;
	case CT_DIRECT:
		snprintf(buf, size, "direct effects only: the graph itself");
		break;
	case CT_RANGE:
		snprintf(
		    buf, size, "MLPs frozen in layers %d\xe2\x80\x93%d%s", how->first, how->last, through);
		break;
	}
	return buf;
}
