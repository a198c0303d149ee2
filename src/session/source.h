/*
 * source: where an engine's answers come from: a model with its transcoder and cards (from_model.c), or the
 * file of a graph (from_file.c). Each is a table of functions, so that the rest of session/ treats both
 * alike.
 */
#ifndef CT_SESSION_SOURCE_H
#define CT_SESSION_SOURCE_H

#include "ctrace.h"
#include "share/graph_json.h"

struct ct_source {
	/* CT_OK, or a code and the reason why nothing can be computed. */
	int (*need_model)(struct ct_error *err);

	/*
	 * As in ctrace.h: ct_engine_token, _raw_text, _complete, _feature_name, _label, _label_f1,
	 * _label_typed, _card.
	 */
	const char *(*token)(const struct ct_engine *e, int id);
	char *(*raw_text)(const struct ct_engine *e, const int *ids, int n);
	int (*complete)(const struct ct_engine *e, const char *prefix, int *ids, int max);
	const char *(*feature_name)(const struct ct_engine *e, int layer, int feature, char *buf,
	    size_t size);
	const char *(*label)(const struct ct_engine *e, int layer, int feature);
	double (*label_f1)(const struct ct_engine *e, int layer, int feature);
	const char *(*label_typed)(const struct ct_engine *e, int layer, int feature);
	const struct ct_card *(*card)(struct ct_engine *e, int layer, int feature, struct ct_error *err);
	/* The number of features in a layer. */
	int (*features)(const struct ct_engine *e, int layer);

	/* Prepares a new session, before any request. */
	int (*begin)(struct ct_session *s, struct ct_error *err);
	/* As in ctrace.h: ct_session_top, _prob, _activation. */
	int (*top)(struct ct_session *s, enum ct_run which, int pos, struct ct_top *out, int n);
	float (*prob)(struct ct_session *s, enum ct_run which, int pos, int token);
	float (*activation)(const struct ct_session *s, int layer, int feature, int pos);
	/* The number of features active in the prompt, and the i-th one. */
	int (*n_active)(const struct ct_session *s);
	void (*active)(const struct ct_session *s, int i, int *layer, int *pos, int *feature);
	/* Names that a graph's file has in addition to the graph. */
	struct ct_graph_names (*names)(const struct ct_session *s);
};

extern const struct ct_source ct_source_model, ct_source_file;

#endif
