/* why: see why.h. */
#include "cli/why.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

int
cli_why_clamp(struct cli_why *w, const char *spec)
{
	if (w->n_specs == CLI_WHY_CLAMPS) {
		cli_error("more than %d clamps", CLI_WHY_CLAMPS);
		return -1;
	}
	w->spec[w->n_specs++] = spec;
	return 0;
}

int
cli_why_trace(struct cli_why *w, struct cli_model *m, const struct ct_trace_options *opt, bool follow,
    const struct ct_job *job, struct ct_error *err)
{
	struct ct_session *s = m->session, *now;
	int code = CT_OK;

	if (w->mode && (code = ct_mode_parse(w->mode, ct_engine_info(m->engine)->L, &w->how, err)) < 0)
		return code;
	for (int i = 0; i < w->n_specs; i++) {
		int n = ct_session_parse_clamps(s, w->spec[i], w->clamp + w->n, CLI_WHY_CLAMPS - w->n, err);

		if (n < 0)
			return n;
		w->n += n;
	}
	if ((code = ct_session_clamp(s, w->clamp, w->n, &w->how, job, err)) < 0 ||
	    (code = ct_session_now(&now, s, opt, follow, job, err)) < 0)
		return code;
	w->then = s;
	m->session = now;
	return CT_OK;
}

void
cli_why_show(const struct cli_why *w, const struct cli_model *m)
{
	char mode[64], clamp[96], percent[16];
	struct ct_buffer b = { 0 };
	struct ct_top top[5];
	int n = ct_session_top(w->then, CT_RUN_ORIGINAL, ct_session_graph(m->session)->pos, top, 5);

	for (int i = 0; i < n; i++)
		ct_buffer_printf(&b, "%s%s %s", i ? "  " : "", ct_engine_token(m->engine, top[i].token),
		    cli_percent(percent, (double)top[i].prob));
	cli_line("then  %s", b.lost ? "out of memory" : n > 0 ? b.text : "");
	ct_buffer_free(&b);
	ct_mode_text(&w->how, mode, sizeof mode);
	for (int i = 0; i < w->n; i++) {
		ct_clamp_text(&w->clamp[i], clamp, sizeof clamp);
		ct_buffer_printf(&b, "%s%s", i ? ", " : "", clamp);
	}
	cli_line("clamps  %s; %s, through the %s", b.lost ? "out of memory" : b.text, mode,
	    ct_through_name(w->how.through));
	ct_buffer_free(&b);
}

/* The activation of a feature: of its node if the graph has one, else of the graph's run. */
static double
activation(const struct ct_session *s, int node, const struct ct_node *feature)
{
	if (node >= 0)
		return (double)ct_session_graph(s)->nodes[node].activation;
	return (double)ct_session_activation(s, feature->layer, feature->index, feature->pos);
}

void
cli_why_row(const struct cli_why *w, const struct cli_model *m, int node, char *dst, size_t size)
{
	const struct ct_graph *g = ct_session_graph(m->session), *old = ct_session_graph(w->then);
	const struct ct_node *n = &g->nodes[node];
	int same = ct_graph_counterpart(old, n, n->pos);
	char active[48] = "", was[16], is[16];

	if (n->kind == CT_NODE_FEATURE)
		snprintf(active, sizeof active, "%.2f > %.2f", activation(w->then, same, n),
		    (double)n->activation);
	cli_percent(was, ct_graph_influence_share(old, same));
	cli_percent(is, ct_graph_influence_share(g, node));
	snprintf(dst, size, "%14s %6s > %s%s", active, was, is, n->set ? "  set by hand" : "");
}

struct gone {
	int node;
	double influence;
};

static int
by_influence(const void *x, const void *y)
{
	const struct gone *a = x, *b = y;

	if (a->influence != b->influence)
		return a->influence > b->influence ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

void
cli_why_gone(const struct cli_why *w, const struct cli_model *m, int top)
{
	const struct ct_graph *g = ct_session_graph(m->session), *old = ct_session_graph(w->then);
	struct gone *list = malloc((size_t)old->n_nodes * sizeof *list);
	int n = 0;

	for (int i = 0; list && i < old->n_features; i++) {
		const struct ct_node *x = &old->nodes[i];
		int same = ct_graph_counterpart(g, x, x->pos);

		if (x->kept && (same < 0 || !g->nodes[same].kept))
			list[n++] = (struct gone){ i, x->influence };
	}
	if (n)
		qsort(list, (size_t)n, sizeof *list, by_influence);
	cli_line("%s", "");
	cli_line("gone  %d feature%s of the graph without clamps", n, n == 1 ? "" : "s");
	for (int i = 0; i < n && i < top; i++) {
		const struct ct_node *x = &old->nodes[list[i].node];
		int same = ct_graph_counterpart(g, x, x->pos);
		char name[160], words[160], text[400], column[256], percent[16];

		ct_session_node_name(w->then, list[i].node, name, sizeof name);
		ct_session_words(w->then, x->layer, x->index, x->pos, words, sizeof words);
		snprintf(text, sizeof text, "%s%s%s %s", words, *words ? "  " : "", name,
		    ct_session_token_text(w->then, x->pos));
		cli_line("  %s %6.2f > %.2f   %6s%s", cli_column(column, sizeof column, text, 48),
		    (double)x->activation, activation(m->session, same, x),
		    cli_percent(percent, ct_graph_influence_share(old, list[i].node)),
		    same >= 0 && g->nodes[same].set ? "  set by hand" : "");
	}
	free(list);
}

void
cli_why_close(struct cli_why *w, struct cli_model *m)
{
	if (!w->then)
		return;
	ct_session_close(m->session);
	m->session = w->then;
	w->then = NULL;
}
