/*
 * from_file: a source without a model: the file of a graph (see source.h). It answers what the file knows;
 * everything else fails with the message of need_model.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/best.h"
#include "base/text.h"
#include "session/engine.h"

static int
need_model(struct ct_error *err)
{
	return ct_fail(err, CT_EUNSUPPORTED,
	    "this graph was opened without a model: run -m MODEL with the prompt to trace, clamp or "
	    "generate");
}

/* A text of the file, sanitised. */
static const char *
clean(struct ct_engine *e, const char *text)
{
	char buf[512];

	ct_text_clean(buf, sizeof buf, text, strlen(text));
	return ct_arena_strdup(&e->arena, buf);
}

static int
clean_texts(struct ct_engine *e, struct ct_error *err)
{
	struct ct_graph_file *f = e->file;
	bool ok;

	e->tokens = ct_arena_need(&e->arena, (size_t)f->n_words, sizeof *e->tokens, "tokens", err);
	e->labels = ct_arena_need(&e->arena, (size_t)f->n_labels, sizeof *e->labels, "labels", err);
	ok = e->tokens && e->labels;
	for (int i = 0; ok && i < f->n_words; i++)
		ok = (e->tokens[i] = clean(e, f->words[i].text)) != NULL;
	for (int i = 0; ok && i < f->n_labels; i++)
		ok = (e->labels[i] = clean(e, f->labels[i].text)) != NULL;
	e->info.name = clean(e, *f->model ? f->model : f->slug);
	e->info.scan = clean(e, f->scan);
	e->info.transcoder = clean(e, f->transcoder);
	e->info.trouble = clean(e, f->trouble);
	if (!ok || !e->info.name || !e->info.scan || !e->info.transcoder || !e->info.trouble)
		return ct_fail_memory(err, 512, "a graph");
	return CT_OK;
}

static int
begin(struct ct_session *s, struct ct_error *err)
{
	const struct ct_graph_file *f = s->e->file;
	struct ct_graph *g = ct_arena_need(&s->graph_arena, 1, sizeof *g, "a graph", err);
	size_t n = (size_t)f->graph.n_nodes;
	int *ids = ct_arena_need(&s->prompt_arena, (size_t)f->graph.T, sizeof *ids, "a prompt", err);

	s->text = ct_arena_strdup(&s->prompt_arena, f->prompt);
	if (!g || !ids || !s->text)
		return ct_fail_memory(err, strlen(f->prompt), "a prompt");
	/* The session gets copies of the nodes and the list of edges, since pruning changes them. */
	*g = f->graph;
	g->nodes = ct_arena_need(&s->graph_arena, n, sizeof *g->nodes, "a graph", err);
	if (!g->nodes)
		return CT_ENOMEM;
	memcpy(g->nodes, f->graph.nodes, n * sizeof *g->nodes);
	memcpy(ids, f->tokens, (size_t)g->T * sizeof *ids);
	s->T = g->T;
	s->ids = ids;
	s->graph = g;
	s->subgraph = f->subgraph;
	return CT_OK;
}

static int
by_prob(const void *a, const void *b, void *ctx)
{
	const struct ct_top *x = a, *y = b;

	(void)ctx;
	return (x->prob < y->prob) - (x->prob > y->prob);
}

static int
top(struct ct_session *s, enum ct_run which, int pos, struct ct_top *out, int n)
{
	const struct ct_graph *g = s->graph;
	int found = 0;

	if (which == CT_RUN_REPLACEMENT)
		return 0;
	for (int i = g->n_nodes - g->n_targets; i < g->n_nodes; i++) {
		const struct ct_node *t = &g->nodes[i];

		if (t->target == CT_TARGET_LOGIT && t->pos == pos)
			ct_best_keep(out, &found, n, &(struct ct_top){ t->index, NAN, t->prob }, sizeof *out,
			    by_prob, NULL);
	}
	return found;
}

static const char *
feature_name(const struct ct_engine *e, int layer, int feature, char *buf, size_t size)
{
	const struct ct_graph_there *there = ct_graph_file_there(e->file, feature);
	char kind[200] = "";

	if (there && e->file->graph.nodes[there->node].kind == CT_NODE_OTHER) {
		ct_text_clean(kind, sizeof kind - 1, there->type, strlen(there->type));
		kind[strlen(kind)] = ' ';	/* the buffer is zeroed */
	}
	if (!there)
		snprintf(buf, size, "L%d#%d", layer, feature);
	else if (there->number >= 0)
		snprintf(buf, size, "%sL%d#%d", kind, layer, there->number);
	else
		snprintf(buf, size, "%sL%d%s", kind, layer, *kind ? "" : "#?");
	return buf;
}

static const char *
token(const struct ct_engine *e, int id)
{
	int word = ct_graph_file_word(e->file, id);

	return word >= 0 ? e->tokens[word] : "?";
}

static char *
raw_text(const struct ct_engine *e, const int *ids, int n)
{
	(void)e;
	(void)ids;
	(void)n;
	return strdup("");
}

static int
complete(const struct ct_engine *e, const char *prefix, int *ids, int max)
{
	(void)e;
	(void)prefix;
	(void)ids;
	(void)max;
	return 0;
}

static const char *
label(const struct ct_engine *e, int layer, int feature)
{
	int at = ct_graph_file_label(e->file, layer, feature);

	return at >= 0 ? e->labels[at] : "";
}

static double
label_f1(const struct ct_engine *e, int layer, int feature)
{
	(void)e;
	(void)layer;
	(void)feature;
	return NAN;
}

static const char *
label_typed(const struct ct_engine *e, int layer, int feature)
{
	(void)e;
	(void)layer;
	(void)feature;
	return "";
}

static const struct ct_card *
card(struct ct_engine *e, int layer, int feature, struct ct_error *err)
{
	(void)e;
	(void)layer;
	(void)feature;
	ct_fail(err, CT_ENOTFOUND, "this graph was opened without a model, and so without cards");
	return NULL;
}

static int
features(const struct ct_engine *e, int layer)
{
	(void)layer;
	return e->info.F;
}

static float
prob(struct ct_session *s, enum ct_run which, int pos, int id)
{
	int target = ct_graph_find(s->graph, CT_NODE_TARGET, s->graph->L, pos, id);

	(void)which;
	return target >= 0 ? s->graph->nodes[target].prob : NAN;
}

static float
activation(const struct ct_session *s, int layer, int feature, int pos)
{
	int node = ct_graph_find(s->graph, CT_NODE_FEATURE, layer, pos, feature);

	return node >= 0 ? s->graph->nodes[node].activation : 0;
}

static int
n_active(const struct ct_session *s)
{
	return s->graph->n_features;
}

static void
active(const struct ct_session *s, int i, int *layer, int *pos, int *feature)
{
	const struct ct_node *n = &s->graph->nodes[i];

	*layer = n->layer;
	*pos = n->pos;
	*feature = n->index;
}

static struct ct_graph_names
names(const struct ct_session *s)
{
	return ct_graph_file_names(s->e->file);
}

const struct ct_source ct_source_file = {
	.need_model = need_model, .token = token, .raw_text = raw_text, .complete = complete,
	.feature_name = feature_name, .label = label, .label_f1 = label_f1, .label_typed = label_typed,
	    .card = card,
	.features = features, .begin = begin, .top = top, .prob = prob, .activation = activation,
	.n_active = n_active, .active = active, .names = names
};

int
ct_engine_open_graph(
    struct ct_engine **out, const char *path, const struct ct_job *job, struct ct_error *err)
{
	struct ct_engine *e = calloc(1, sizeof *e);
	int code;

	*out = NULL;
	if (!e)
		return ct_fail_memory(err, sizeof *e, "the engine");
	if ((code = ct_graph_file_open(&e->file, path, job, err)) < 0 || (code = clean_texts(e, err)) < 0)
		goto fail;
	e->source = &ct_source_file;
	e->info.from_file = true;
	e->info.dir = e->info.transcoder_dir = ct_arena_strdup(&e->arena, path);
	e->info.family = e->info.activation = e->info.demo = e->info.cards_trouble = "";
	e->info.L = e->file->graph.L;
	e->info.V = e->file->graph.V;
	e->info.F = e->file->F;
	e->info.lost_pins = e->file->lost_pins;
	e->info.absent_pins = e->file->n_absent;
	e->info.left_out = e->file->left_out;
	e->info.spaced = !e->file->apart;
	e->info.context = e->file->graph.T;
	if (!e->info.dir) {
		code = ct_fail_memory(err, strlen(path), "a path");
		goto fail;
	}
	*out = e;
	return CT_OK;
fail:
	ct_engine_close(e);
	return code;
}
