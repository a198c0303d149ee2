/*
 * steer: `ctrace steer`: clamps features, shows what the model says then, and compares that with what the
 * graph predicted.
 */
#include "cli/cli.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/group.h"
#include "cli/sweep.h"
#include "io/json_out.h"

enum {
	KEY_CLAMP = CLI_LONG, KEY_GROUP, KEY_MODE, KEY_THROUGH, KEY_GENERATE, KEY_TEMPERATURE, KEY_SEED,
	    KEY_SWEEP, KEY_NO_PREDICT
};
enum { MAX_CLAMPS = 256 };
enum { FORMAT = 3 };			/* version of this command's JSON */

struct request {
	struct cli_query ask;		/* its top: how many tokens and effects to show */
	const char *mode;		/* NULL: frozen */
	struct ct_clamp_options how;
	const char *specs[MAX_CLAMPS], *groups[CT_MAX_SUPERNODES];
	int n_specs, n_groups;
	/* index after the last clamp of each --clamp, which may have named several features */
	int spec_end[MAX_CLAMPS];
	struct ct_clamp clamps[MAX_CLAMPS];
	int n_clamps;
	struct cli_sweep sweep;
	int generate;			/* tokens to generate */
	struct ct_generate_options generation;
	const char *prompt;
};

static json_t *
top_json(const struct request *q, enum ct_run which, int pos)
{
	struct ct_top *top = malloc((size_t)q->ask.top * sizeof *top);
	int n = top ? ct_session_top(q->ask.m.session, which, pos, top, q->ask.top) : 0;
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:o, s:i, s:o, s:o}",
		    "token", cli_token_json(q->ask.m.engine, top[i].token),
		    "id", top[i].token,
		    "logit", ct_json_out_number((double)top[i].logit),
		    "prob", ct_json_out_number((double)top[i].prob)));
	free(top);
	return list;
}

static json_t *
effects_json(const struct request *q, const struct ct_effects *o)
{
	json_t *list = json_array();

	for (int i = 0; i < o->n_effects; i++) {
		const struct ct_effect *f = &o->effects[i];
		char name[160];

		ct_session_node_name(q->ask.m.session, f->node, name, sizeof name);
		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b}",
		    "node", ct_json_out_string(name),
		    "before", ct_json_out_number((double)f->before),
		    "after", ct_json_out_number((double)f->after),
		    "predicted_direct", ct_json_out_number((double)f->predicted_direct),
		    "predicted_total", ct_json_out_number((double)f->predicted_total),
		    "observed", ct_json_out_number((double)f->observed),
		    "clamped", f->clamped));
	}
	return list;
}

/* Generated text: q->generate tokens after the prompt, or as many as the context has room for. */
struct text {
	int n, *ids;
	char *shown, *raw;		/* shown: sanitised, for the screen; raw: for JSON */
};

static int
go_on(const struct request *q, bool clamped, struct text *out, struct ct_error *err)
{
	struct ct_generate_options opt = q->generation;
	struct cli_progress progress = { 0 };
	const struct ct_job job = cli_job(&progress);

	opt.clamped = clamped;
	out->ids = malloc((size_t)q->generate * sizeof *out->ids);
	if (!out->ids)
		return ct_fail_memory(err, (size_t)q->generate * sizeof *out->ids, "generated tokens");
	out->n = ct_session_generate(q->ask.m.session, &opt, out->ids, q->generate, &job, err);
	cli_progress_end(&progress);
	if (out->n < 0)
		return out->n;
	out->shown = ct_engine_text(q->ask.m.engine, out->ids, out->n);
	out->raw = ct_engine_raw_text(q->ask.m.engine, out->ids, out->n);
	return out->shown && out->raw ? CT_OK : ct_fail_memory(err, (size_t)out->n, "generated tokens");
}

static void
text_free(struct text *t)
{
	free(t->ids);
	free(t->shown);
	free(t->raw);
}

/* What the command found, in addition to the session's effects. */
struct results {
	const struct ct_effects *effects;
	const struct ct_contrast *contrast;
	const struct ct_parts *parts;		/* NULL: no supernodes */
	const struct ct_sweep *sweep;		/* NULL: not asked for */
	struct text unclamped, clamped;		/* generated text, if asked for */
};

static json_t *
clamp_json(const struct request *q, int i, const struct ct_effects *o)
{
	const struct ct_clamp *c = &q->clamps[i];
	const char *supernode = ct_session_clamp_supernode(q->ask.m.session, c);
	const char *scope = c->onwards ? "onwards" : c->pos == CT_ALL_POSITIONS ? "all" : "position";

	return json_pack("{s:i, s:i, s:o, s:o, s:s, s:o, s:s, s:o, s:i}",
	    "layer", c->layer,
	    "feature", c->feature,
	    "label", ct_json_out_string(ct_engine_label(q->ask.m.engine, c->layer, c->feature)),
	    "supernode", supernode ? ct_json_out_string(supernode) : json_null(),
	    "unit", ct_unit_name(c->unit),
	    "amount", ct_json_out_number(c->amount),
	    "scope", scope,
	    "position", c->pos == CT_ALL_POSITIONS ? json_null() : json_integer(c->pos),
	    "overridden", o->lost[i]);
}

/* One side of the contrast as JSON: attention patterns frozen, or free. */
static json_t *
side_json(const struct request *q, const struct ct_effects *o, const float *prob, double kl)
{
	const struct ct_graph *g = ct_session_graph(q->ask.m.session);
	json_t *targets = json_array();

	for (int i = 0; i < o->n_targets; i++) {
		const struct ct_node *n = &g->nodes[o->effects[i].node];
		char name[160];

		ct_session_node_name(q->ask.m.session, o->effects[i].node, name, sizeof name);
		json_array_append_new(targets, json_pack("{s:o, s:o, s:o}",
		    "node", ct_json_out_string(name),
		    "observed", ct_json_out_number((double)o->effects[i].observed),
		    "prob", n->target == CT_TARGET_LOGIT ? ct_json_out_number((double)prob[n->index])
							 : json_null()));
	}
	return json_pack("{s:o, s:o}", "targets", targets, "kl", ct_json_out_number(kl));
}

static int
show_json(const struct request *q, const struct results *r, int pos)
{
	const struct ct_effects *o = r->effects;
	struct ct_reach reach = ct_session_reach(q->ask.m.session, q->clamps, q->n_clamps);
	json_t *root, *all, *clamps = json_array(), *details = json_array();
	char text[160];

	for (int i = 0; i < q->n_clamps; i++) {
		ct_clamp_text(&q->clamps[i], text, sizeof text);
		json_array_append_new(clamps, ct_json_out_string(text));
		json_array_append_new(details, clamp_json(q, i, o));
	}
	ct_mode_text(&o->options, text, sizeof text);
	root = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:i}}",
	    "mode", text,
	    "through", ct_through_name(o->options.through),
	    "clamps", clamps,
	    "before", top_json(q, CT_RUN_ORIGINAL, pos),
	    "after", top_json(q, CT_RUN_CLAMPED, pos),
	    "effects", effects_json(q, o),
	    "agreement", "spearman", ct_json_out_number(o->agreement.spearman),
	    "pearson", ct_json_out_number(o->agreement.pearson), "n", o->agreement.n);
	all = cli_prompt_json(q->ask.m.session);
	json_object_update(all, root);
	json_decref(root);
	root = all;
	json_object_set_new(root, "position", json_integer(pos));
	json_object_set_new(root, "clamp_details", details);
	json_object_set_new(root, "reach", json_pack("{s:i, s:i}", "places", reach.places, "active",
	    reach.active));
	if (r->parts)
		json_object_set_new(root, "supernodes", cli_group_json(q->ask.m.session, r->parts));
	json_object_set_new(root, "max_direct_error", ct_json_out_number(o->max_direct_error));
	if (r->contrast)
		json_object_set_new(root, "contrast", json_pack("{s:o, s:o, s:o}",
	    "frozen", side_json(q, &r->contrast->frozen, r->contrast->prob_frozen, r->contrast->kl_frozen),
	    "free", side_json(q, &r->contrast->free, r->contrast->prob_free, r->contrast->kl_free),
	    "pattern_share", ct_json_out_number(r->contrast->pattern_share)));
	if (r->sweep)
		json_object_set_new(root, "sweep", cli_sweep_json(&q->ask.m, r->sweep, q->ask.times));
	if (q->generate)
		json_object_set_new(root, "generated", json_pack("{s:i, s:o, s:o, s:o, s:o}",
		    "asked", q->generate,
		    "before", ct_json_out_string(r->unclamped.raw),
		    "before_ids", cli_ids_json(r->unclamped.ids, r->unclamped.n),
		    "after", ct_json_out_string(r->clamped.raw),
		    "after_ids", cli_ids_json(r->clamped.ids, r->clamped.n)));
	return cli_json(q->ask.json, FORMAT, root);
}

static void
show_top(const struct request *q, int pos)
{
	struct ct_top before[CLI_MAX_TOP], after[CLI_MAX_TOP];
	char old[128], new[128], p[3][16];
	int n = ct_session_top(q->ask.m.session, CT_RUN_ORIGINAL, pos, before, q->ask.top);
	int k = ct_session_top(q->ask.m.session, CT_RUN_CLAMPED, pos, after, q->ask.top);

	cli_line("%-32s  %s", "before", "after");
	for (int i = 0; i < n && i < k; i++)
		cli_line("%s %7s  %s %7s  (was %s)",
		    cli_column(old, sizeof old, ct_engine_token(q->ask.m.engine, before[i].token), 24),
		    cli_percent(p[0], (double)before[i].prob),
		    cli_column(new, sizeof new, ct_engine_token(q->ask.m.engine, after[i].token), 24),
		    cli_percent(p[1], (double)after[i].prob),
		    cli_percent(p[2], (double)ct_session_prob(q->ask.m.session, CT_RUN_ORIGINAL, pos,
		    after[i].token)));
}

/* A number in at most 9 columns. */
static const char *
number(char dst[32], const char *sign, double x)
{
	if (!isfinite(x))
		snprintf(dst, 32, "%9s", "-");
	else if (fabs(x) < 99999)
		snprintf(dst, 32, *sign ? "%+9.3f" : "%9.3f", x);
	else
		snprintf(dst, 32, *sign ? "%+9.2e" : "%9.2e", x);
	return dst;
}

static void
show_effects(const struct request *q, const struct ct_effects *o)
{
	const struct ct_graph *g = ct_session_graph(q->ask.m.session);
	bool predicted = !o->options.unpredicted;

	cli_line("%-40s %9s %9s %9s%s", "effects", "before", "after", "observed",
	    predicted ? "    direct     total" : "");
	for (int i = 0; i < o->n_effects && i < q->ask.top; i++) {
		const struct ct_effect *f = &o->effects[i];
		const struct ct_node *node = &g->nodes[f->node];
		char label[160] = "", name[160], text[340], column[240], n[5][32];

		if (node->kind == CT_NODE_FEATURE)
			ct_engine_label_short(q->ask.m.engine, node->layer, node->index, label,
			    sizeof label, NULL);
		ct_session_node_name(q->ask.m.session, f->node, name, sizeof name);
		snprintf(text, sizeof text, "%s%s%s%s", name, *label ? " " : "", label,
		    f->clamped ? " (clamped)" : "");
		cli_line("%s %s %s %s%s%s%s%s", cli_column(column, sizeof column, text, 40),
		    number(n[0], "", (double)f->before), number(n[1], "", (double)f->after),
		    number(n[2], "+", (double)f->observed), predicted ? " " : "",
		    predicted ? number(n[3], "+", (double)f->predicted_direct) : "", predicted ? " " : "",
		    predicted ? number(n[4], "+", (double)f->predicted_total) : "");
	}
	if (o->n_effects > q->ask.top)
		cli_line("... %d more", o->n_effects - q->ask.top);
}

/* "clamp  L1#249@8=0  Texas: value 0 at position 8"; also how often a later clamp replaced it. */
static void
show_clamp(const struct request *q, int i, const struct ct_effects *o)
{
	const struct ct_clamp *c = &q->clamps[i];
	char label[160], text[160], strength[80], scope[80], lost[80] = "";

	ct_engine_label_short(q->ask.m.engine, c->layer, c->feature, label, sizeof label, NULL);
	ct_clamp_text(c, text, sizeof text);
	if (c->unit == CT_ABSOLUTE)
		snprintf(strength, sizeof strength, "value %.6g", c->amount);
	else if (c->unit == CT_MULTIPLE)
		snprintf(strength, sizeof strength, "%.6g times the activation", c->amount);
	else
		snprintf(strength, sizeof strength, "activation %+.6g", c->amount);
	if (c->pos == CT_ALL_POSITIONS)
		snprintf(scope, sizeof scope, "at all positions");
	else if (c->onwards)
		snprintf(scope, sizeof scope, "from position %d on", c->pos);
	else
		snprintf(scope, sizeof scope, "at position %d, where it was %.4g", c->pos,
		    (double)ct_session_activation(q->ask.m.session, c->layer, c->feature, c->pos));
	if (o->lost[i])
		snprintf(lost, sizeof lost, "; replaced at %d position%s by a later clamp", o->lost[i],
		    o->lost[i] > 1 ? "s" : "");
	cli_line("clamp  %s  %s%s%s %s%s", text, label, *label ? ": " : "", strength, scope, lost);
}

static void
show_agreement(const struct ct_effects *o)
{
	if (isfinite(o->max_direct_error))
		cli_line("self-check  all is frozen: observed = edges within %.1e", o->max_direct_error);
	else if (o->agreement.n < CT_RANK_LEAST)
		cli_line("agreement of predicted and observed knock-on effects  too few to rank (n %d)",
		    o->agreement.n);
	else if (isfinite(o->agreement.spearman) && isfinite(o->agreement.pearson))
		cli_line("agreement of predicted and observed knock-on effects  spearman %.3f  pearson %.3f  "
		    "n %d", o->agreement.spearman, o->agreement.pearson, o->agreement.n);
	else
		cli_line("agreement of predicted and observed knock-on effects  all alike (n %d)",
		    o->agreement.n);
}

static void
show(const struct request *q, const struct results *r, int pos)
{
	struct ct_reach reach = ct_session_reach(q->ask.m.session, q->clamps, q->n_clamps);
	const struct ct_effects *o = r->effects;
	char text[160];

	cli_model_line(q->ask.m.engine);
	cli_prompt_line(q->ask.m.session, pos);
	for (int i = 0; i < q->n_clamps; i++)
		show_clamp(q, i, o);
	cli_line("reach  %d feature%s at %d place%s, %d of %d active", reach.features,
	    reach.features == 1 ? "" : "s", reach.places, reach.places == 1 ? "" : "s", reach.active,
	    reach.places);
	ct_mode_text(&o->options, text, sizeof text);
	cli_line("mode   %s, through the %s", text, ct_through_name(o->options.through));
	cli_line("%s", "");
	show_top(q, pos);
	cli_line("%s", "");
	show_effects(q, o);
	if (r->parts)
		cli_group_show(q->ask.m.session, r->parts);
	if (r->contrast) {
		cli_line("%s", "");
		cli_contrast_show(&q->ask.m, r->contrast, q->ask.top);
		cli_line("%s", "");
		show_agreement(o);
	}
	if (r->sweep) {
		cli_line("%s", "");
		cli_sweep_show(&q->ask.m, r->sweep, q->clamps[0].unit, q->ask.top);
	}
	if (q->generate) {
		cli_line("%s", "");
		cli_line("without clamps  %s", r->unclamped.shown);
		cli_line("with clamps     %s", r->clamped.shown);
	}
}

static int
parse_clamps(struct request *q, struct ct_error *err)
{
	for (int i = 0; i < q->n_specs; i++) {
		int n = ct_session_parse_clamps(
		    q->ask.m.session, q->specs[i], q->clamps + q->n_clamps, MAX_CLAMPS - q->n_clamps, err);

		if (n < 0)
			return ct_fail_in(err, "--clamp");
		q->n_clamps += n;
		q->spec_end[i] = q->n_clamps;
	}
	return CT_OK;
}

static int
compute(struct request *q, struct results *r, struct cli_progress *progress, struct ct_error *err)
{
	const struct ct_job job = cli_job(progress);
	/*
	 * The edges are needed only if supernodes are to be connected, or if the run must agree with them
	 * exactly.
	 */
	bool edges = q->n_groups || (!q->how.unpredicted && q->mode &&
	    (strcmp(q->mode, "direct") == 0 || strncmp(q->mode, "range", 5) == 0));
	struct ct_trace_options trace = { .pace = edges ? CT_AT_ONCE : CT_NODES_ALONE };
	struct ct_session *s;
	int code;

	if ((code = cli_query_trace(&q->ask, q->prompt, &trace, &job, err)) < 0)
		return code;
	s = q->ask.m.session;
	if (q->mode && ct_mode_parse(q->mode, ct_engine_info(q->ask.m.engine)->L, &q->how, err) < 0)
		return ct_fail_in(err, "--mode");
	for (int i = 0; i < q->n_groups; i++)
		if (cli_group_add(s, q->groups[i], err) < 0)
			return ct_fail_in(err, "--group");
	if ((code = parse_clamps(q, err)) < 0 ||
	    (code = ct_session_clamp(s, q->clamps, q->n_clamps, &q->how, &job, err)) < 0 ||
	    (!q->how.unpredicted && (code = ct_session_contrast(s, &r->contrast, err)) < 0) ||
	    (q->n_groups && (code = ct_session_parts(s, &r->parts, err)) < 0))
		return code;
	if (q->sweep.steps && ct_session_sweep(s, q->sweep.from, q->sweep.to, q->sweep.steps, &r->sweep,
	    &job, err) < 0)
		return ct_fail_in(err, "--sweep");
	cli_progress_end(progress);
	if (q->generate && ((code = go_on(q, false, &r->unclamped, err)) < 0 ||
	    (code = go_on(q, true, &r->clamped, err)) < 0))
		return code;
	r->effects = ct_session_effects(s);
	return CT_OK;
}

/* Whether a clamp also applies to positions after the prompt, that is, to generated tokens. */
static bool
reaches_on(const struct request *q, const struct ct_clamp *c)
{
	return q->generate && (c->onwards || c->pos == CT_ALL_POSITIONS);
}

/* Writes a message for each thing that was asked for and could not be done; returns the exit status. */
static int
less_than_asked(const struct request *q, const struct results *r)
{
	int status = CLI_OK;

	for (int i = 0, first = 0; i < q->n_specs; first = q->spec_end[i++]) {
		int n = q->spec_end[i] - first;

		if (ct_session_reach(q->ask.m.session, q->clamps + first, n).places > 0 ||
		    reaches_on(q, &q->clamps[first]))
			continue;
		cli_error("--clamp %s: reaches nothing in this prompt: the feature is not active there",
		    q->specs[i]);
		status = CLI_NOTHING;
	}
	if (r->clamped.n < q->generate) {
		cli_error("--generate %d: wrote %d token%s: the prompt has %d and the model's context holds "
		    "%d", q->generate, r->clamped.n, r->clamped.n == 1 ? "" : "s",
		    ct_session_length(q->ask.m.session), ct_engine_info(q->ask.m.engine)->context);
		status = CLI_NOTHING;
	}
	return status;
}

static int
steer(struct request *q)
{
	struct cli_progress progress = { 0 };
	struct results r = { 0 };
	struct ct_error err = { 0 };
	int status = CLI_OK, pos;

	if (compute(q, &r, &progress, &err) < 0) {
		cli_progress_end(&progress);
		status = cli_fail(&err);
	} else {
		pos = ct_session_graph(q->ask.m.session)->pos;
		if (q->ask.json)
			status = show_json(q, &r, pos);
		else
			show(q, &r, pos);
		if (status == CLI_OK && ct_session_check(q->ask.m.session, &err) < 0)
			status = cli_fail(&err);
		if (status == CLI_OK)
			status = less_than_asked(q, &r);
	}
	text_free(&r.unclamped);
	text_free(&r.clamped);
	cli_model_close(&q->ask.m);
	return status;
}

/* Checks how tokens are drawn; seed and temperature are negative if they were not given. */
static int
drawing(struct request *q, int seed)
{
	double t = q->generation.temperature;

	if (!q->generate && (t >= 0 || seed >= 0)) {
		cli_error("--%s applies to generated tokens: add --generate N",
		    t >= 0 ? "temperature" : "seed");
		return -1;
	}
	if (seed >= 0 && t <= 0) {
		cli_error("--seed: nothing is drawn at temperature 0, which takes the likeliest; add "
		    "--temperature T");
		return -1;
	}
	q->generation.temperature = t > 0 ? t : 0;
	q->generation.seed = seed > 0 ? (unsigned long long)seed : 0;
	return 0;
}

static int
run(struct cli *c)
{
	struct request q = { .ask = { .at = -1, .top = 10 }, .generation = { .temperature = -1 } };
	const char *value;
	char *prompt;
	int key, seed = -1, status;

	while ((key = cli_next(c, &value)) > 0) {
		int bad = 0;

		switch (key) {
		case KEY_CLAMP:
			if (q.n_specs == MAX_CLAMPS) {
				cli_error("--clamp: more than %d clamps", MAX_CLAMPS);
				return CLI_ERROR;
			}
			q.specs[q.n_specs++] = value;
			break;
		case KEY_GROUP:
			if (q.n_groups == CT_MAX_SUPERNODES) {
				cli_error("--group: more than %d supernodes", CT_MAX_SUPERNODES);
				return CLI_ERROR;
			}
			q.groups[q.n_groups++] = value;
			break;
		case KEY_MODE: q.mode = value; break;
		case KEY_THROUGH:
			bad = cli_through(value, &q.how);
			break;
		case KEY_GENERATE: bad = cli_int(value, "--generate", 1, 1 << 20, &q.generate); break;
		case KEY_TEMPERATURE:
			bad = cli_double(value, "--temperature", 0, 100, &q.generation.temperature);
			break;
		case KEY_SEED: bad = cli_int(value, "--seed", 0, INT_MAX, &seed); break;
		case KEY_NO_PREDICT: q.how.unpredicted = true; break;
		case KEY_SWEEP: bad = cli_sweep_parse(value, &q.sweep); break;
		default: bad = cli_query_option(&q.ask, key, value);
		}
		if (bad)
			return CLI_ERROR;
	}
	if (key < 0 || drawing(&q, seed) < 0)
		return key < 0 ? c->status : CLI_ERROR;
	if (q.n_specs == 0) {
		cli_error("no --clamp given, such as --clamp L1#249@8=0; ctrace trace names the features");
		return CLI_ERROR;
	}
	prompt = cli_prompt(c);
	if (!prompt)
		return CLI_ERROR;
	q.prompt = prompt;
	status = steer(&q);
	free(prompt);
	return status;
}

static const struct cli_option options[] = {
	CLI_MODEL_ROWS,
	CLI_TARGET_ROWS,
	{ KEY_CLAMP, "clamp", "SPEC", "L1#249@8=0, ...x-1, ...+2.5, ...-2.5; @* everywhere; repeatable" },
	{ KEY_GROUP, "group", "NAME=NODE,...",
	    "a supernode, which --clamp can name: '\"NAME\"x0'; repeatable" },
	{ KEY_MODE, "mode", "MODE", "what stays frozen: direct, frozen, free or range=I-J (frozen)" },
	{ KEY_THROUGH, "through", "WHAT", "what carries the effect on: model or replacement (model)" },
	{ CLI_TOP, "top", "N", "tokens and effects to show (10)" },
	{ KEY_GENERATE, "generate", "N", "generate N more tokens, without and with the clamps" },
	{ KEY_TEMPERATURE, "temperature", "T", "draw the tokens at this temperature (0: the likeliest)" },
	{ KEY_SEED, "seed", "S", "seed of the drawing (0)" },
	{ KEY_NO_PREDICT, "no-predict", NULL, "only the clamped run, without the graph's predictions" },
	{ KEY_SWEEP, "sweep", "FROM:TO:STEPS", "the clamps at many strengths and up to each layer" },
	CLI_JSON_ROW,
	CLI_TIMES_ROW,
	{ 0 }
};

const struct cli_command cli_steer = {
	.name = "steer",
	.synopsis = CLI_MODEL_SYNOPSIS CLI_TARGET_SYNOPSIS
	    "--clamp SPEC... [--group NAME=NODE,...] [--mode MODE] [--through WHAT] [--top N]\n"
	    "[--no-predict] [--generate N [--temperature T --seed S]] [--sweep FROM:TO:STEPS]\n"
	    "[--json FILE [--times]] PROMPT",
	.summary = "clamp features, and compare what the model then says with what the graph predicted",
	.details = "A clamp is L1#249@8=0 (layer, feature, position; absolute value), ...x-1 (a multiple of\n"
	    "the activation: x0 ablates, x-1 flips) or ...+2.5, ...-2.5 (added). @8.. reaches from position\n"
	    "8 on, @* everywhere. \"Texas\"@8x0 clamps all features with this label that are active there,\n"
	    "\"Texas\"x0 the features of the --group Texas, if there is one. Several features with commas\n"
	    "between share one strength: L0#358@6,L1#585@8x0. Of two clamps on one feature and position\n"
	    "the last one counts. Effects are those on pre-activations and on logits minus their mean.",
	.options = options,
	.run = run
};
