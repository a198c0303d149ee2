/* sweep: see sweep.h. */
#include "cli/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/json_out.h"

enum { MAX_STEPS = 1000, MAX_MARK = 4, LEVELS = 8, DIGITS = 10 };

int
cli_sweep_parse(const char *text, struct cli_sweep *out)
{
	const char *a = strchr(text, ':'), *b = a ? strchr(a + 1, ':') : NULL;
	char from[64], to[64];

	if (!b || (size_t)(a - text) >= sizeof from || (size_t)(b - a) > sizeof to) {
		cli_error("--sweep: expected FROM:TO:STEPS such as -2:2:9, found '%s'", text);
		return -1;
	}
	snprintf(from, sizeof from, "%.*s", (int)(a - text), text);
	snprintf(to, sizeof to, "%.*s", (int)(b - a - 1), a + 1);
	if (cli_double(from, "--sweep FROM", -1e30, 1e30, &out->from) < 0 ||
	    cli_double(to, "--sweep TO", -1e30, 1e30, &out->to) < 0)
		return -1;
	return cli_int(b + 1, "--sweep STEPS", 2, MAX_STEPS, &out->steps);
}

/* Whether the locale is UTF-8; if not, sparklines are written as digits (tenths). */
static bool
utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return ct_text_search(v, "utf-8") || ct_text_search(v, "utf8");
	}
	return false;
}

static void
spark(const struct ct_sweep *w, int row, int token, bool blocks, char *dst)
{
	static const char *const block[LEVELS] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

	for (int i = 0; i < w->n_steps; i++) {
		double p = (double)w->prob[((size_t)row * w->n_steps + i) * w->n_tokens + token];
		int levels = blocks ? LEVELS : DIGITS, level = (int)(p * levels);

		level = level < 0 ? 0 : level >= levels ? levels - 1 : level;
		if (blocks)
			dst += snprintf(dst, MAX_MARK, "%s", block[level]);
		else
			dst += snprintf(dst, MAX_MARK, "%d", level);
	}
}

static void
row_text(const struct ct_sweep *w, int row, char *dst, size_t size)
{
	char mode[64];

	ct_mode_text(&w->options, mode, sizeof mode);
	if (w->last[row] < 0)
		snprintf(dst, size, "mode %s", mode);
	else
		snprintf(dst, size, "MLPs frozen up to layer %d", w->last[row]);
}

static void
strength_text(double v, enum ct_unit unit, char *dst, size_t size)
{
	if (unit == CT_ABSOLUTE)
		snprintf(dst, size, "=%.4g", v);
	else if (unit == CT_MULTIPLE)
		snprintf(dst, size, "x%.4g", v);
	else
		snprintf(dst, size, "%+.4g", v);
}

static void
show_flips(const struct cli_model *m, const struct ct_sweep *w, int row, enum ct_unit unit)
{
	const int *top = w->top + (size_t)row * w->n_steps;
	int flips = 0;
	char at[48];

	for (int i = 1; i < w->n_steps; i++) {
		if (top[i] == top[i - 1])
			continue;
		strength_text(w->strength[i], unit, at, sizeof at);
		cli_line("  from %s on the answer is %s, no longer %s", at,
		    ct_engine_token(m->engine, top[i]), ct_engine_token(m->engine, top[i - 1]));
		flips++;
	}
	if (flips == 0)
		cli_line("  the answer stays %s", ct_engine_token(m->engine, top[0]));
}

void
cli_sweep_show(const struct cli_model *m, const struct ct_sweep *w, enum ct_unit unit, int tokens)
{
	bool blocks = utf8();
	char line[MAX_STEPS * MAX_MARK + 1], text[200], column[200], from[48], to[48];

	strength_text(w->strength[0], unit, from, sizeof from);
	strength_text(w->strength[w->n_steps - 1], unit, to, sizeof to);
	cli_line("sweep  %s to %s in %d steps; probabilities of the next token%s", from, to, w->n_steps,
	    blocks ? "" : ", in tenths");
	for (int row = 0; row < w->n_rows; row++) {
		row_text(w, row, text, sizeof text);
		cli_line("%s", text);
		for (int k = 0; k < w->n_tokens && k < tokens; k++) {
			const float *p = w->prob + (size_t)row * w->n_steps * w->n_tokens + k;

			spark(w, row, k, blocks, line);
			cli_line("  %s %s  %5.1f%% to %5.1f%%",
			    cli_column(column, sizeof column, ct_engine_token(m->engine, w->tokens[k]), 20),
			    line,
			    100 * (double)p[0], 100 * (double)p[(size_t)(w->n_steps - 1) * w->n_tokens]);
		}
		show_flips(m, w, row, unit);
	}
	cli_line("time   %.1f ms, %.0f clamped runs per second", 1e3 * w->seconds,
	    w->n_rows * w->n_steps / w->seconds);
}

/* One quantity of one token at all strengths. */
static json_t *
series(const struct ct_sweep *w, const float *v, int row, int token)
{
	json_t *list = json_array();

	for (int i = 0; i < w->n_steps; i++)
		json_array_append_new(
		    list, ct_json_out_number((double)v[((size_t)row * w->n_steps + i) * w->n_tokens +
		    token]));
	return list;
}

static json_t *
row_json(const struct cli_model *m, const struct ct_sweep *w, int row)
{
	const int *top = w->top + (size_t)row * w->n_steps;
	struct ct_clamp_options how = w->options;
	json_t *tops = json_array(), *kl = json_array(), *tokens = json_array(), *flips = json_array();
	char mode[64];

	if (w->last[row] >= 0)
		how = (struct ct_clamp_options){ .mode = CT_RANGE, .last = w->last[row],
			.through = w->options.through };
	ct_mode_text(&how, mode, sizeof mode);
	for (int i = 0; i < w->n_steps; i++) {
		json_array_append_new(tops, cli_token_json(m->engine, top[i]));
		json_array_append_new(kl, ct_json_out_number((double)w->kl[(size_t)row * w->n_steps + i]));
		if (i > 0 && top[i] != top[i - 1])
			json_array_append_new(flips, json_pack("{s:o, s:o, s:i, s:o, s:i}",
			    "strength", ct_json_out_number(w->strength[i]),
			    "from", cli_token_json(m->engine, top[i - 1]), "from_id", top[i - 1],
			    "to", cli_token_json(m->engine, top[i]), "to_id", top[i]));
	}
	for (int k = 0; k < w->n_tokens; k++)
		json_array_append_new(tokens, json_pack("{s:o, s:i, s:o, s:o}",
		    "token", cli_token_json(m->engine, w->tokens[k]),
		    "id", w->tokens[k],
		    "prob", series(w, w->prob, row, k),
		    "logit", series(w, w->logit, row, k)));
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "mode", mode,
	    "end_layer", w->last[row] < 0 ? json_null() : json_integer(w->last[row]),
	    "top", tops,
	    "top_ids", cli_ids_json(top, w->n_steps),
	    "flips", flips,
	    "kl", kl,
	    "tokens", tokens);
}

json_t *
cli_sweep_json(const struct cli_model *m, const struct ct_sweep *w, bool times)
{
	json_t *rows = json_array(), *strengths = json_array(), *root;

	for (int i = 0; i < w->n_steps; i++)
		json_array_append_new(strengths, ct_json_out_number(w->strength[i]));
	for (int i = 0; i < w->n_rows; i++)
		json_array_append_new(rows, row_json(m, w, i));
	root = json_pack("{s:o, s:o}", "strengths", strengths, "rows", rows);
	if (times)
		json_object_set_new(root, "seconds", ct_json_out_number(w->seconds));
	return root;
}

void
cli_contrast_show(const struct cli_model *m, const struct ct_contrast *x, int targets)
{
	char name[160], column[240];

	cli_line("%-40s %9s %9s %9s", "attention patterns", "frozen", "free", "apart");
	for (int i = 0; i < x->frozen.n_targets && i < targets; i++) {
		double frozen = (double)x->frozen.effects[i].observed;
		double live = (double)x->free.effects[i].observed;

		ct_session_node_name(m->session, x->frozen.effects[i].node, name, sizeof name);
		cli_line("%s %+9.3f %+9.3f %+9.3f", cli_column(column, sizeof column, name, 40), frozen, live,
		    live - frozen);
	}
	cli_line("%-40s %9.3f %9.3f", "KL of the next token", x->kl_frozen, x->kl_free);
	if (isfinite(x->pattern_share))
		cli_line("%.0f%% of the effect on targets goes through attention patterns, which the graph "
		    "keeps frozen", 100 * x->pattern_share);
}
