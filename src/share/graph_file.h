/*
 * graph_file: graph JSON read into a graph, without a model.
 *
 * Owns the graph, everything else in the file (words, labels, pins and groups), and the file's text, from
 * which graph_again.h writes it again, including what this program does not know. Reads what circuit-tracer,
 * Neuronpedia, Llamascopium, Anthropic's frontend and ct_graph_json_write write. An invalid node or link is
 * left out, and `trouble` says so; a file that is not JSON is an error that names the place.
 */
#ifndef CT_SHARE_GRAPH_FILE_H
#define CT_SHARE_GRAPH_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/job.h"
#include "share/export.h"
#include "share/graph_raw.h"
#include "trace/graph.h"
#include "trace/subgraph.h"

struct ct_graph_file {
	struct ct_graph graph;
	const int *tokens;		/* (T) ids; made up if the file has none */
	const char *prompt, *slug, *scan;	/* as in the file, not sanitised */
	const char *model, *transcoder;	/* "" if the file does not say */
	/*
	 * features of a layer: as many as the file says or needs. Indices from F on are for nodes whose
	 * feature number the file does not have.
	 */
	int F;
	/* tokens do not include the blanks between them in the prompt */
	bool apart;
	/* the file has the nodes' influence; else it was computed from the links */
	bool has_cumulative;
	struct ct_subgraph subgraph;
	int lost_pins;			/* pins beyond what a subgraph can hold */
	/* (n_absent) pinned ids that name no node of this file: see ct_pin.index */
	const char **absent;
	int n_absent;
	int left_out;			/* invalid nodes and links */
	const char *trouble;		/* what is wrong with the first of them; "" */
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
	/* The file as it is. */
	char *text;			/* n_text bytes, then a NUL */
	size_t n_text;
	struct ct_raw_field *fields;	/* (n_fields) of the file's object, in its order */
	int n_fields;
	struct ct_graph_there {		/* (n_there) nodes in the order of the file */
		const char *id, *type;
		int number;		/* number of the feature or token; -1: not known */
		int node;		/* of the graph */
		struct ct_stream_span span;
	} *there;
	int n_there;
	int *own;			/* indices in there[], for nodes with numbers from F on */
	int *place;			/* (n_nodes) index in there[]; -1: the file lacks this node */
	struct ct_stream_span *link_at;	/* the places of the graph's edges, in their order */
	struct ct_arena arena;
};

int ct_graph_file_open(struct ct_graph_file **out, const char *path, const struct ct_job *job,
    struct ct_error *err);
/*
 * Reads a text of n bytes and a NUL, allocated with malloc, and takes it over. `where` names it in messages.
 */
int ct_graph_file_parse(struct ct_graph_file **out, const char *where, char *text, size_t n,
    const struct ct_job *job, struct ct_error *err);
void ct_graph_file_close(struct ct_graph_file *f);

/* The index of a token in words[], or of a feature in labels[]; -1: none. */
int ct_graph_file_word(const struct ct_graph_file *f, int token);
int ct_graph_file_label(const struct ct_graph_file *f, int layer, int feature);
/* The file's text for a node without a feature number; NULL: it has one. */
const struct ct_graph_there *ct_graph_file_there(const struct ct_graph_file *f, int index);
/* The names of tokens and features, for the writers of share/. */
struct ct_graph_names ct_graph_file_names(const struct ct_graph_file *f);

#endif
