/* study_rows: computes rows of the graph between keys. A part of study.h. */
#include "tui/study/study.h"

int
study_open_row(struct study *s, int node, struct ct_error *err)
{
	return s->graph && s->graph->partial ? ct_session_open_row(s->session, node, &s->job, err) : CT_OK;
}

int
study_work(struct study *s, double seconds, const struct ct_job *job, struct ct_error *err)
{
	struct ct_node was;
	bool had = s->graph && s->node >= 0;
	int code;

	if (had)
		was = s->graph->nodes[s->node];
	code = ct_session_work(s->session, seconds, job, err);
	if (code == CT_WORK_FINISHED)
		study_load_graph(s, had ? &was : NULL);
	return code;
}

int
study_finish(struct study *s, const struct ct_job *job, struct ct_error *err)
{
	struct ct_node was;
	bool had = s->graph && s->node >= 0;
	int code;

	if (had)
		was = s->graph->nodes[s->node];
	code = ct_session_finish(s->session, job, err);
	if (code < 0)
		return code;
	study_load_graph(s, had ? &was : NULL);
	return CT_WORK_FINISHED;
}
