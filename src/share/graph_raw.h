/*
 * graph_raw: the sections of a file of graph JSON, read one by one into plain arrays.
 *
 * Each node or link is checked by itself here; graph_file checks what it means within the graph. An invalid
 * one is left out and counted. The whole file is an error only if it is not JSON, or has no nodes or links at
 * all.
 */
#ifndef CT_SHARE_GRAPH_RAW_H
#define CT_SHARE_GRAPH_RAW_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/job.h"
#include "io/json_stream.h"
#include "trace/graph.h"

enum ct_section { CT_SECTION_METADATA, CT_SECTION_QPARAMS, CT_SECTION_NODES, CT_SECTION_LINKS,
    CT_SECTION_CTRACE, CT_N_SECTIONS };

/* A field of the file's object. */
struct ct_raw_field {
	struct ct_stream_span key, value;	/* the key with its quotes */
	enum ct_section section;	/* CT_N_SECTIONS: a field of another program */
};

/* A node as in the file; its strings are in the arena. */
struct ct_raw_node {
	const char *id, *clerp, *js_id;	/* clerp, js_id: "" when missing */
	const char *type;		/* feature_type as in the file */
	struct ct_stream_span span;
	bool gone;			/* left out: another node has its id, or stands for the same */
	enum ct_node_kind kind;
	int layer;			/* -1: an embedding's */
	int pos;
	int number;			/* feature or token; -1: the file does not have it */
	int index;			/* number, or if that is -1 a made-up one: see ct_graph_file.F */
	double cumulative, activation, prob;	/* NAN when missing */
	bool is_target;			/* marked as the first target */
	int place;			/* its number in the file, from 0 */
	/* the place of an error node that has the same id (the old form); -1: none */
	int same_id;
};

struct ct_raw_graph {
	struct ct_stream s;
	struct ct_arena *scratch;
	int T;				/* positions */
	struct ct_raw_field *fields;	/* in the order of the file */
	int n_fields;
	struct ct_stream_span section[CT_N_SECTIONS];	/* the last of that name; 0, 0: missing */
	struct ct_raw_node *nodes;	/* in the order of the file */
	int n_nodes;
	int *slots;			/* hash table of ids: place + 1 */
	size_t n_slots;
	struct ct_edge *links;		/* in the order of the file; source and target are places */
	struct ct_stream_span *link_at;
	int n_links;
	int n_seen;			/* elements read so far of the present section */
	int left_out;			/* invalid nodes and links */
	struct ct_error why;		/* what is wrong with the first of them */
	const struct ct_job *job;
};

/*
 * Finds the sections of the text, n bytes and a NUL; the file must be one complete object. Strings go to
 * `strings`.
 */
int ct_raw_open(struct ct_raw_graph *p, const char *where, const char *text, size_t n,
    struct ct_arena *strings, struct ct_arena *scratch, struct ct_error *err);
void ct_raw_close(struct ct_raw_graph *p);

/* A section as a tree, for the small ones; *out is NULL when it is missing. */
int ct_raw_tree(const struct ct_raw_graph *p, enum ct_section which, json_t **out, struct ct_error *err);
/* Positions go from 0 to T - 1. */
int ct_raw_nodes(struct ct_raw_graph *p, int T, struct ct_error *err);
int ct_raw_links(struct ct_raw_graph *p, struct ct_error *err);

/* Counts a node or link as left out. The reason is given as to ct_fail, and p->why keeps the first one. */
void ct_raw_leave_out(struct ct_raw_graph *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The place of a node by its id, or -1. */
int ct_raw_find(const struct ct_raw_graph *p, const char *id);

#endif
