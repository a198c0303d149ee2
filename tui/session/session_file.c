/* session_file: see session_file.h. */
#include "tui/session/session_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/language/input.h"
#include "tui/lesson/lesson.h"
#include "tui/session/session_list.h"
#include "tui/study/lines.h"
#include "tui/study/pins.h"
#include "tui/view/tree.h"
#include "tui/view/view.h"

/* Writes the name that finds the model, or its path. */
static void
write_model(struct app *a, struct lines *out)
{
	const struct ct_engine_info *info = a->study.info;
	char *found = NULL, own[PATH_MAX], other[PATH_MAX];
	struct ct_error err;

	if (!realpath(info->dir, own))
		snprintf(own, sizeof own, "%s", info->dir);
	if (info->from_file) {
		lines_add(out, "graph %s", own);
		return;
	}
	if (!strchr(info->name, '/') && !ct_model_find(&found, info->name, &err) && realpath(found, other) &&
	    strcmp(own, other) == 0)
		lines_add(out, "model %s", info->name);
	else
		lines_add(out, "model %s", own);
	free(found);
	if (!study_transcoder_is_own(&a->study) && realpath(info->transcoder_dir, other))
		lines_add(out, "transcoder %s", other);
	else if (*info->transcoder)
		lines_add(out, "transcoder %s", info->neurons ? "neurons" :
		    strcmp(info->transcoder, "PLT") != 0 ? "clt" : "plt");
	/* The lines that follow name features by number. */
	lines_add(out, "fingerprint %s", ct_engine_fingerprint(a->study.engine));
}

static void
write_lesson(struct app *a, struct lines *out)
{
	char path[PATH_MAX];

	if (!a->player.lesson || !realpath(a->player.lesson->path, path))
		return;
	lines_add(out, "lesson %s", path);
	if (a->player.step)
		lines_add(out, "lesson %d", a->player.step + 1);
}

/* Writes the prompt, in quotes if a line would change it or a terminal would not show it. */
static void
write_prompt(struct app *a, struct lines *out)
{
	const char *text = ct_session_text(a->study.session);
	size_t n = strlen(text), size = 4 * n + 1, at = 0;
	char *quoted = malloc(size);

	if (!a->study.T || a->study.info->from_file)
		goto out;
	if (!quoted) {
		out->failed = true;
		return;
	}
	ct_text_clean(quoted, size, text, n);
	if (n && strcmp(quoted, text) == 0 && text[0] != ' ' && text[n - 1] != ' ') {
		lines_add(out, "prompt %s", text);
		goto out;
	}
	for (const char *p = text; *p; p++)
		if (*p == '"' || *p == '\\')
			at += (size_t)snprintf(quoted + at, size - at, "\\%c", *p);
		else if (*p == '\n' || *p == '\t')
			at += (size_t)snprintf(quoted + at, size - at, "\\%c", *p == '\n' ? 'n' : 't');
		else if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			at += (size_t)snprintf(quoted + at, size - at, "\\x%02x",
			    (unsigned)(unsigned char)*p);
		else
			quoted[at++] = *p;
	quoted[at] = '\0';
	lines_add(out, "prompt-text \"%s\"", quoted);
out:
	free(quoted);
}

/* Whether the text would be read as these targets. */
static bool
reads_as(const struct study *s, const char *text, const struct ct_targets *t)
{
	struct ct_targets again;
	struct ct_error err;
	bool same = !ct_session_parse_targets(s->session, text, t->pos, &again, &err) && again.n == t->n;

	for (int i = 0; same && i < t->n; i++)
		same = ct_target_same(&again.list[i], &t->list[i]);
	return same;
}

/* A token of a target, as #ID or as text. */
static int
write_token(const struct study *s, bool id, int token, char *buf, size_t size)
{
	return id ? snprintf(buf, size, "#%d", token)
		  : snprintf(buf, size, "%s", ct_engine_token(s->engine, token));
}

/* Writes the targets, at their position; by id if their text would be read otherwise. */
static void
write_target(struct app *a, struct lines *out)
{
	const struct study *s = &a->study;
	const struct ct_targets *t = &s->trace.targets;
	char text[CT_MAX_TARGETS * 80] = "";

	if (s->graph->pos != s->T - 1 || t->n)
		lines_add(out, "at %d", s->graph->pos);
	if (t->n && t->list[0].kind == CT_TARGET_FEATURE) {
		lines_add(out, "target L%d#%d@%d", t->list[0].layer, t->list[0].index, s->graph->pos);
		return;
	}
	if (t->n == 0) {
		if (s->graph->pos != s->T - 1)
			lines_add(out, "attribute");
		return;
	}
	for (int ids = 0; ids < 2; ids++) {
		size_t at = 0;

		for (int i = 0; i < t->n && at < sizeof text - 1; i++) {
			const struct ct_target *x = &t->list[i];

			if (i)
				text[at++] = ',';
			at += (size_t)write_token(s, ids, x->index, text + at, sizeof text - at);
			if (x->kind == CT_TARGET_DIFFERENCE && at < sizeof text - 1) {
				text[at++] = '-';
				at += (size_t)write_token(s, ids, x->other, text + at, sizeof text - at);
			}
		}
		if (at < sizeof text && *text != ' ' && text[at - 1] != ' ' && reads_as(s, text, t))
			break;
	}
	lines_add(out, "target %s", text);
}

static void
write_graph(struct app *a, struct lines *out)
{
	const struct study *s = &a->study;
	char mode[64];

	if (!s->graph)
		return;
	lines_add(out, "prune %.9g,%.9g", s->graph->node_threshold, s->graph->edge_threshold);
	if (s->info->from_file)
		return;
	write_target(a, out);
	ct_mode_text(&s->how, mode, sizeof mode);
	lines_add(out, "mode %s", mode);
	lines_add(out, "through %s", ct_through_name(s->how.through));
}

/* All clamps in one line: one run of the model, and one step to undo. Returns buf. */
static const char *
clamps_text(const struct clamp_set *set, char *buf, size_t size)
{
	char one[64];
	size_t at = 0;

	buf[0] = '\0';
	for (int i = 0; i < set->n && at < size; i++) {
		ct_clamp_text(&set->clamp[i], one, sizeof one);
		at += (size_t)snprintf(
		    buf + at, size - at, "%s%s%s", i ? "; " : "", set->clamp[i].off ? "off " : "", one);
	}
	return buf;
}

static void
write_clamps(struct app *a, struct lines *out)
{
	const struct study *s = &a->study;
	char text[STUDY_CLAMPS * 72];

	if (!s->graph)
		return;
	for (int i = 0; i < s->n_kept; i++)
		lines_add(out, "keep %s = %s", s->kept[i].name, clamps_text(&s->kept[i], text, sizeof text));
	if (study_clamps(s)->n)
		lines_add(out, "clamp %s", clamps_text(study_clamps(s), text, sizeof text));
	if (study_shows_now(s))
		lines_add(out, "trace clamped");
}

static void
write_pins(struct app *a, struct lines *out)
{
	char line[16 * STUDY_NAME];

	if (a->study.info->from_file)
		lines_add(out, "unpin all");	/* also those that a graph's file has */
	for (int i = 0; a->study.graph && pins_command(&a->study, i, line, sizeof line); i++)
		lines_add(out, "%s", line);
}

static void
write_notes(struct app *a, struct lines *out)
{
	notes_save(&a->notes, out);
}

static void
write_views(struct app *a, struct lines *out)
{
	enum view_id shown = view_ops(a->focus)->keep ? a->focus : VIEW_TREE, there = VIEW_TREE;

	lines_add(out, "edges %s", a->shares ? "share" : "weight");
	for (int i = 0; i < VIEW_COUNT; i++) {
		size_t before = out->n;

		if (view_ops((enum view_id)i)->save)
			view_ops((enum view_id)i)->save(a, a->state[i], out);
		if (i != VIEW_TREE && out->n > before)
			there = (enum view_id)i;	/* the command that restores it shows it */
	}
	if (shown != there)
		lines_add(out, "view %s", view_ops(shown)->name);
}

static void
write_place(struct app *a, struct lines *out)
{
	const struct study *s = &a->study;
	char name[STUDY_NAME];

	if (!s->graph)
		return;
	if (s->pos != s->graph->pos)
		lines_add(out, "at %d", s->pos);
	if (s->node >= 0 && s->node != tree_saved_node(a)) {
		ct_session_node_name(s->session, s->node, name, sizeof name);
		lines_add(out, "select %s", name);
	}
}

/* In the order in which they are restored. */
static const struct part {
	void (*write)(struct app *a, struct lines *out);
	bool work;		/* a person's work, not only what is looked at */
} parts[] = {
	{ write_model, true },
	{ write_lesson, true },
	{ write_prompt, true },
	{ write_graph, true },
	{ write_pins, true },
	{ write_clamps, true },
	{ write_notes, true },
	{ write_views, false },
	{ write_place, false },
};

static bool
write_parts(struct app *a, struct lines *out, bool all)
{
	lines_add(out, "# A session of ctrace-tui: commands, one a line; its manual has them all.");
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (all || parts[i].work)
			parts[i].write(a, out);
	return !out->failed;
}

bool
session_write(struct app *a, struct lines *out)
{
	return write_parts(a, out, true);
}

bool
session_write_work(struct app *a, struct lines *out)
{
	return write_parts(a, out, false);
}

static int
run_line(struct app *a, const char *line)
{
	const struct cmd_entry *c = cmd_find(line, strcspn(line, " \t\r"));

	if (c && (c->flags & (CMD_SCRIPT | CMD_OUTSIDE)))
		return app_fail(a, "\"%s\" is not for sessions, which may come from anyone", c->name);
	return cmd_run(a, line);
}

/* Whether a line means the same whatever the features are. */
static bool
names_no_feature(const char *line)
{
	static const char *const names[] = { "prompt", "prompt-text", "prune", "mode", "through", "edges",
	    "note" };
	static const char about[] = "note on ";

	if (*line == '#' || !line[strspn(line, " \t\r")])
		return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (session_line_is(line, names[i]))
			return strncmp(line, about, sizeof about - 1) != 0;
	return false;
}

int
session_read(struct app *a, const char *path, char *text, int *failed, struct ct_error *err)
{
	struct ct_error others = { 0 };		/* why the session's features are not those of this model */
	int number = 0, left_out = 0, did;
	char *line, *next;

	*failed = 0;
	for (line = text; line && *line; line = next) {
		number++;
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line += strspn(line, " \t");
		if (others.code != CT_OK && !names_no_feature(line)) {
			left_out++;
			continue;
		}
		did = run_line(a, line);
		if ((did & DID_FAIL) && session_line_is(line, "fingerprint")) {
			ct_fail(&others, CT_EINVAL, "%s:%d: %s", path, number, a->message);
		} else if (did & DID_FAIL) {
			if (!(*failed)++)
				ct_fail(err, CT_EINVAL, "%s:%d: %s", path, number, a->message);
			if (session_line_is(line, "model") || session_line_is(line, "graph"))
				return CT_ENOTFOUND;
		}
		input_close(a);
	}
	if (others.code) {
		*failed = 1;
		ct_fail(err, CT_EINVAL, "%s; %d line%s about features %s not applied", others.msg, left_out,
		    left_out == 1 ? "" : "s", left_out == 1 ? "is" : "are");
	}
	study_forget(&a->study);
	return CT_OK;
}
