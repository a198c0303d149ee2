/* input: see input.h. */
#include "tui/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/cmd.h"
#include "tui/keys.h"

static const struct {
	const char *label;	/* before the line */
	const char *command;	/* what a finished line becomes */
	const char *hint;	/* beside it, when there is room */
} kinds[] = {
	[INPUT_NONE] = { "", "", "" },
	[INPUT_PROMPT] = { "", "prompt", "Enter trace  Tab complete  ↑ history  Esc give up" },
	[INPUT_COMMAND] = { ":", NULL, "" },
	[INPUT_SEARCH] = { "find ", "search", "" },
	[INPUT_CLAMP] = { "clamp ", "clamp",
	    "=v set  xk times  +d -d shift  @* everywhere  @8.. from 8 on  \"Texas\"*@8" },
	[INPUT_TARGET] = { "target ", "target", "A  A,B  A-B (difference)  L1#249@8  Tab completes" },
	[INPUT_LABEL] = { "label ", "label", "empty removes the typed label" },
	[INPUT_FILTER] = { "only ", "filter", "empty shows all" },
};

static void
drop_candidates(struct input *in)
{
	for (int i = 0; i < in->n_candidates; i++)
		free(in->candidate[i]);
	in->n_candidates = 0;
	in->shown = -1;
}

/* The word being typed is not wrong yet while some word begins like it. */
static bool
still_growing(struct app *a, size_t start, size_t end)
{
	const struct prompt *p = &a->input.line;
	char word[256];

	if (end != p->len || p->cur != p->len || end - start >= sizeof word)
		return false;
	memcpy(word, p->text + start, end - start);
	word[end - start] = '\0';
	return ct_engine_complete(a->study.engine, word, NULL, 0) > 0;
}

static void
check_words(struct app *a)
{
	struct input *in = &a->input;
	struct ct_span out[512], bad;
	struct ct_error err;
	size_t from = 0;

	in->n_bad = 0;
	if (in->kind != INPUT_PROMPT)
		return;
	while (from < in->line.len && in->n_bad < INPUT_BAD) {
		bad.start = bad.end = 0;
		if (ct_engine_tokenize(a->study.engine, in->line.text + from, out, 512, &bad, &err)
			!= CT_ENOTFOUND
		    || bad.end <= bad.start)
			return;
		if (!still_growing(a, from + bad.start, from + bad.end)) {
			in->bad[in->n_bad].start = from + bad.start;
			in->bad[in->n_bad++].end = from + bad.end;
		}
		from += bad.end;
	}
}

void
input_open(struct app *a, enum input_kind kind, const char *text)
{
	struct history *history = kind == INPUT_PROMPT ? &a->prompts
	    : kind == INPUT_COMMAND		       ? &a->commands
						       : NULL;

	drop_candidates(&a->input);
	a->input.kind = kind;
	prompt_start(&a->input.line, text, history);
	a->input.strength = 0;
	check_words(a);
}

void
input_close(struct app *a)
{
	drop_candidates(&a->input);
	a->input.kind = INPUT_NONE;
	a->input.n_bad = 0;
}

static int
submit(struct app *a)
{
	struct input *in = &a->input;
	enum input_kind kind = in->kind;
	const char *text = in->line.text + strspn(in->line.text, " ");
	char line[PROMPT_MAX + 32];
	int did;

	if (kind == INPUT_COMMAND)
		snprintf(line, sizeof line, "%s", text);
	else if (kind == INPUT_LABEL)
		snprintf(line, sizeof line, "label \"%s\"", text);
	else if (!*text && kind != INPUT_PROMPT && kind != INPUT_FILTER)
		line[0] = '\0';
	else if (!*text && kind == INPUT_FILTER)
		snprintf(line, sizeof line, "filter *");
	else
		snprintf(line, sizeof line, "%s %s", kinds[kind].command, text);
	if (kind == INPUT_PROMPT && !*text)
		return app_fail(a, "the prompt is empty: type words that the model knows (Tab completes)");
	in->kind = INPUT_NONE;	/* the command may open another line */
	did = line[0] ? cmd_run(a, line) : DID_CHANGE;
	if (did & DID_FAIL) {
		if (in->kind == INPUT_NONE)
			in->kind = kind;
		return did;
	}
	if (in->kind == INPUT_NONE)
		input_close(a);
	if (kind == INPUT_COMMAND)
		history_add(&a->commands, text);
	return did;
}

static void
add_candidate(struct input *in, const char *text, size_t len)
{
	char *copy = in->n_candidates < INPUT_CANDIDATES ? strndup(text, len) : NULL;

	if (copy)
		in->candidate[in->n_candidates++] = copy;
}

static void
vocabulary_from(struct app *a, size_t start)
{
	struct input *in = &a->input;
	char prefix[256];
	int ids[INPUT_CANDIDATES], n;

	if (in->line.cur - start >= sizeof prefix || in->line.cur == start)
		return;
	memcpy(prefix, in->line.text + start, in->line.cur - start);
	prefix[in->line.cur - start] = '\0';
	n = ct_engine_complete(a->study.engine, prefix, ids, INPUT_CANDIDATES);
	if (n > INPUT_CANDIDATES)
		n = INPUT_CANDIDATES;
	in->start = start;
	for (int i = 0; i < n; i++) {
		const char *token = ct_engine_token(a->study.engine, ids[i]);

		add_candidate(in, token, strlen(token));
	}
}

/* A token may have blanks in it ("New York"): the longest beginning that some token has wins. */
static void
find_words(struct app *a)
{
	struct input *in = &a->input;
	const char *text = in->line.text, *breaks = in->kind == INPUT_TARGET ? " ,-" : " ";
	size_t starts[3], at = in->line.cur;
	int n = 0;

	while (n < 3) {
		while (at > 0 && !strchr(breaks, text[at - 1]))
			at--;
		starts[n++] = at;
		if (at == 0 || text[at - 1] != ' ')
			break;
		at--;
	}
	while (n-- > 0 && !in->n_candidates)
		vocabulary_from(a, starts[n]);
}

static void
find_commands(struct app *a)
{
	struct input *in = &a->input;
	const char *text = in->line.text, *space = memchr(text, ' ', in->line.cur);
	const struct cmd_entry *c;
	const char *w;

	if (!space) {
		in->start = 0;
		for (int i = 0; (c = cmd_at(i)); i++)
			if (!(c->flags & CMD_SCRIPT) && !strncmp(c->name, text, in->line.cur))
				add_candidate(in, c->name, strlen(c->name));
		return;
	}
	c = cmd_find(text, (size_t)(space - text));
	if (c && (!strcmp(c->name, "prompt") || !strcmp(c->name, "patch"))) {
		find_words(a);
		return;
	}
	in->start = (size_t)(space + 1 - text);
	for (w = c && c->words ? c->words : ""; *w; w += strspn(w, " ")) {
		size_t len = strcspn(w, " ");

		if (!strncmp(w, text + in->start, in->line.cur - in->start))
			add_candidate(in, w, len);
		w += len;
	}
}

static size_t
common_length(const struct input *in)
{
	size_t n = strlen(in->candidate[0]);

	for (int i = 1; i < in->n_candidates; i++)
		for (size_t k = 0; k < n; k++)
			if (in->candidate[0][k] != in->candidate[i][k])
				n = k;
	while (n > 0 && ((unsigned char)in->candidate[0][n] & 0xc0) == 0x80)
		n--;
	return n;
}

static int
complete(struct app *a)
{
	struct input *in = &a->input;
	char text[512];
	size_t typed;

	if (in->n_candidates > 1) {	/* again: the next one */
		in->shown = (in->shown + 1) % in->n_candidates;
		prompt_replace(&in->line, in->start, in->candidate[in->shown]);
		check_words(a);
		return DID_CHANGE;
	}
	drop_candidates(in);
	if (in->kind == INPUT_COMMAND)
		find_commands(a);
	else if (in->kind == INPUT_PROMPT || in->kind == INPUT_TARGET)
		find_words(a);
	if (!in->n_candidates)
		return app_fail(a, in->line.cur == 0 || in->line.text[in->line.cur - 1] == ' '
		    ? "type the beginning of a word, then Tab" : "nothing begins like this");
	typed = in->line.cur - in->start;
	if (in->n_candidates == 1) {
		snprintf(text, sizeof text, "%s%s", in->candidate[0], in->kind == INPUT_TARGET ? "" : " ");
		prompt_replace(&in->line, in->start, text);
		drop_candidates(in);
	} else if (common_length(in) > typed) {
		snprintf(text, sizeof text, "%.*s", (int)common_length(in), in->candidate[0]);
		prompt_replace(&in->line, in->start, text);
	}
	check_words(a);
	return DID_CHANGE;
}

int
input_key(struct app *a, int key)
{
	struct input *in = &a->input;

	a->message[0] = '\0';
	if (key != K_TAB)
		drop_candidates(in);
	if (in->strength && (key == '=' || key == 'x' || key == '+' || key == '-'))
		prompt_replace(&in->line, in->strength, "");
	in->strength = 0;
	switch (prompt_key(&in->line, key)) {
	case PROMPT_IGNORED:
		return DID_NOTHING;
	case PROMPT_MOVED:
		break;
	case PROMPT_CHANGED:
		check_words(a);
		break;
	case PROMPT_COMPLETE:
		return complete(a);
	case PROMPT_CANCEL:
		input_close(a);
		break;
	case PROMPT_DONE:
		return submit(a);
	}
	return DID_CHANGE;
}

int
input_paste(struct app *a, int cp)
{
	char utf8[4];

	drop_candidates(&a->input);
	prompt_insert(&a->input.line, utf8, (size_t)ct_utf8_encode((uint32_t)cp, utf8));
	check_words(a);
	return DID_CHANGE;
}

static bool
is_bad(const struct input *in, size_t at)
{
	for (int i = 0; i < in->n_bad; i++)
		if (at >= in->bad[i].start && at < in->bad[i].end)
			return true;
	return false;
}

/* One character as the screen may show it. Returns its bytes in the text. */
static size_t
shown_char(const struct prompt *p, size_t at, char *buf, size_t size)
{
	uint32_t cp;
	size_t n = (size_t)ct_utf8_decode(p->text + at, p->len - at, &cp);

	ct_text_clean(buf, size, p->text + at, n);
	return n;
}

void
input_draw(struct app *a, const struct area *area, int x, int y)
{
	const struct input *in = &a->input;
	const struct prompt *p = &in->line;
	int width = area->w - x - 1, before = 0, skip = 0, col = 0;
	char text[64];

	for (size_t i = 0; i < p->cur;) {
		i += shown_char(p, i, text, sizeof text);
		before += ct_text_width(text);
	}
	if (before >= width)
		skip = before - width / 2;
	for (size_t i = 0; i < p->len && col - skip < width;) {
		enum style style = is_bad(in, i) ? ST_BAD : ST_ENTRY;

		i += shown_char(p, i, text, sizeof text);
		if (col >= skip)
			draw_text(area, x + col - skip, y, style, text);
		col += ct_text_width(text);
	}
	if (skip)
		draw_text(area, x, y, ST_DIM, "…");
	draw_cursor(area, x + before - skip, y);
}

const char *
input_label(const struct app *a)
{
	return kinds[a->input.kind].label;
}

void
input_hint(struct app *a, const struct area *area, int y)
{
	const struct input *in = &a->input;
	int x = 1;

	if (in->n_candidates > 1) {
		for (int i = 0; i < in->n_candidates && x < area->w - 12; i++) {
			x += draw_text(area, x, y, i == in->shown ? ST_KEY : ST_DIM, in->candidate[i]) + 2;
		}
		return;
	}
	if (in->n_bad)
		x += draw_text(area, x, y, ST_BAD, in->n_bad > 1 ? "unknown words" : "unknown word") + 2;
	draw_text(area, x, y, ST_DIM, kinds[in->kind].hint);
}
