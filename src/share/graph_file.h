/*
 * graph_file: graph JSON read into a graph, without a model.
 *
 * Owns the graph and all that the file says beside it: words, labels, pins and groups. Reads what circuit-tracer,
 * Neuronpedia, Anthropic's frontend and ct_graph_to_json write. What does not hold together is refused whole, with
 * one line that names the place.
 */
#ifndef CT_SHARE_GRAPH_FILE_H
#define CT_SHARE_GRAPH_FILE_H

#include <jansson.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/progress.h"
#include "share/graph_json.h"
#include "trace/graph.h"
#include "trace/subgraph.h"

struct ct_graph_file {
	struct ct_graph graph;
	const int *tokens;		/* (T) ids; those the file does not give are made up */
	const char *prompt, *slug, *scan;	/* as the file has them: not sanitised */
	const char *model, *transcoder;	/* "" when the file does not say */
	int F;				/* features of a layer: as many as the file needs, or says */
	bool has_cumulative;		/* the file gives the nodes' influence; else it was computed from the links */
	struct ct_subgraph subgraph;
	int lost_pins;			/* ids that name no node of this file, or are more than a subgraph can hold */
	json_t *metadata;		/* as in the file */
	/* Words by token id and labels by layer and feature, both sorted. */
	struct ct_graph_word {
		int id;
		const char *text;
	} *words;
	struct ct_graph_label {
		int layer, feature;
		const char *text;
	} *labels;
	int n_words, n_labels;
	struct ct_arena arena;
};

int ct_graph_file_open(struct ct_graph_file **out, const char *path, ct_progress_fn progress, void *ctx,
    struct ct_error *err);
/* From a text of n bytes and a NUL, which is changed; `where` names it in messages. */
int ct_graph_file_parse(struct ct_graph_file **out, const char *where, char *text, size_t n, ct_progress_fn progress,
    void *ctx, struct ct_error *err);
void ct_graph_file_close(struct ct_graph_file *f);

/* Where a token is in words[], a feature in labels[]; -1: nowhere. */
int ct_graph_file_word(const struct ct_graph_file *f, int token);
int ct_graph_file_label(const struct ct_graph_file *f, int layer, int feature);
/* How ct_graph_to_json is to call things. */
struct ct_graph_names ct_graph_file_names(const struct ct_graph_file *f);

#endif
