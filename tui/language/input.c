/* input: see input.h. */
#include "tui/language/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/app.h"
#include "tui/language/cmd.h"
#include "tui/language/complete.h"
#include "tui/language/keys.h"

static const struct {
	const char *label;	/* shown before the line */
	const char *command;	/* what a finished line becomes, before its text */
	const char *hint;	/* shown after the line if there is room */
} kinds[] = {
	[INPUT_NONE] = { "", "", "" },
	[INPUT_PROMPT] = { "", "prompt", "Enter trace  Tab complete  ↑ history  Esc cancel" },
	[INPUT_COMMAND] = { ":", NULL, "" },
	[INPUT_SEARCH] = { "find ", "search", "" },
	[INPUT_CLAMP] = { "clamp ", "clamp",
	    "3 sets it  x2 multiplies  +1 -1 shift  @*x0 all tokens  @8..x0 from 8 on" },
	[INPUT_TARGET] = { "target ", "target", "A  A,B  A-B (difference)  L1#249@8  Tab completes" },
	[INPUT_LABEL] = { "label ", "label", "empty removes the typed label" },
	[INPUT_FILTER] = { "only ", "filter", "empty shows all" },
	[INPUT_GROUP] = { "supernode ", "group", "a name; Tab: existing ones" },
	[INPUT_RENAME] = { "new name ", "rename", "" },
	[INPUT_EXPORT] = { "export to ", "export", "graph.json .dot .svg .html; then pinned: only what is "
	    "pinned" },
	[INPUT_NOTE] = { "note ", "note on here:", "about what is selected; empty removes it; :note TEXT is "
	    "about the session" },
	[INPUT_SAVE] = { "save as ", "save", "a name; with / in it: write a copy to that file" },
};

static void
drop_candidates(struct input *in)
{
	for (int i = 0; i < in->n_candidates; i++)
		free(in->candidate[i]);
	in->n_candidates = 0;
	in->shown = -1;
}

/* A word that is being typed is not an error while some word of the vocabulary begins like it. */
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
add_token(struct input *in, int id, size_t start, size_t end)
{
	if (in->n_tokens < INPUT_TOKENS)
		in->token[in->n_tokens++] = (struct ct_span){ .id = id, .start = start, .end = end };
}

/* Splits the bytes from..to into tokens; returns the result of ct_engine_tokenize. */
static int
split(struct app *a, size_t from, size_t to, struct ct_span *bad)
{
	struct input *in = &a->input;
	struct ct_span out[INPUT_TOKENS];
	struct ct_error err;
	char text[PROMPT_MAX];
	int n;

	memcpy(text, in->line.text + from, to - from);
	text[to - from] = '\0';
	bad->start = bad->end = 0;
	n = ct_engine_tokenize(a->study.engine, text, out, INPUT_TOKENS, bad, &err);
	for (int i = 0; i < n && i < INPUT_TOKENS; i++)
		if (out[i].end > out[i].start)	/* not BOS */
			add_token(in, out[i].id, from + out[i].start, from + out[i].end);
	return n;
}

static void
check_words(struct app *a)
{
	struct input *in = &a->input;
	struct ct_span bad, none;
	size_t from = 0;

	in->n_bad = in->n_tokens = 0;
	if (in->kind != INPUT_PROMPT)
		return;
	while (from < in->line.len) {
		if (split(a, from, in->line.len, &bad) != CT_ENOTFOUND || bad.end <= bad.start)
			return;
		if (bad.start)
			split(a, from, from + bad.start, &none);
		add_token(in, -1, from + bad.start, from + bad.end);
		in->n_bad += !still_growing(a, from + bad.start, from + bad.end);
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
	a->input.about[0] = a->input.now[0] = '\0';
	a->input.proposed = false;
	check_words(a);
}

void
input_open_about(struct app *a, enum input_kind kind, const char *about, const char *now)
{
	input_open(a, kind, "");
	snprintf(a->input.about, sizeof a->input.about, "%s", about);
	snprintf(a->input.now, sizeof a->input.now, "%s", now);
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
	else if (!*text && kind != INPUT_PROMPT && kind != INPUT_FILTER && kind != INPUT_NOTE)
		line[0] = '\0';
	else if (!*text && kind == INPUT_FILTER)
		snprintf(line, sizeof line, "filter *");
	else
		snprintf(line, sizeof line, "%s %s", kinds[kind].command, text);
	if (kind == INPUT_PROMPT && !*text)
		return app_fail(a, "the prompt is empty: type words that the model knows (Tab completes)");
	in->kind = INPUT_NONE;	/* closed first, since the command may open another line */
	did = line[0] ? cmd_run(a, line) : DID_CHANGE;
	if (did & DID_FAIL) {
		if (in->kind == INPUT_NONE)
			in->kind = kind;
		return did;
	}
	if (in->kind == INPUT_NONE)
		input_close(a);
	if (kind == INPUT_COMMAND)
		app_remember(a, &a->commands, text);
	return did;
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

	if (in->n_candidates > 1) {	/* Tab again: the next one */
		in->shown = (in->shown + 1) % in->n_candidates;
		prompt_replace(&in->line, in->start, in->candidate[in->shown]);
		check_words(a);
		return DID_CHANGE;
	}
	drop_candidates(in);
	complete_find(a);
	if (!in->n_candidates)
		return app_fail(a, in->line.cur == 0 || in->line.text[in->line.cur - 1] == ' '
		    ? "type the beginning of a word, then Tab" : "nothing begins with this text");
	typed = in->line.cur - in->start;
	if (in->n_candidates == 1) {
		bool more = in->kind != INPUT_TARGET && !a->study.info->spaced;

		snprintf(text, sizeof text, "%s%s", in->candidate[0], more ? " " : "");
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
	if (key == K_UP && !in->line.len && *in->now) {
		prompt_insert(&in->line, in->now, strlen(in->now));
		return DID_CHANGE;
	}
	if (in->proposed && (key == K_TAB || (key >= ' ' && key < K_SPECIAL && key != 0x7f)))
		prompt_start(&in->line, "", NULL);
	in->proposed = false;
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
is_bad(struct app *a, size_t at)
{
	const struct input *in = &a->input;

	for (int i = 0; in->n_bad && i < in->n_tokens; i++)
		if (in->token[i].id < 0 && at >= in->token[i].start && at < in->token[i].end)
			return !still_growing(a, in->token[i].start, in->token[i].end);
	return false;
}

/* One character as the screen shows it. Returns its length in the text. */
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
		enum style style = is_bad(a, i) ? ST_BAD : ST_ENTRY;

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
input_label(const struct app *a, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", kinds[a->input.kind].label, a->input.about, *a->input.about ? " " : "");
	return buf;
}

/* Shows the arguments and the note of the command that is being typed. */
static void
command_hint(const struct input *in, const struct area *area, int y)
{
	const char *text = in->line.text + strspn(in->line.text, " ");
	const struct cmd_entry *c = cmd_find(text, strcspn(text, " "));
	int x = 1;

	if (!c) {
		draw_text(area, x, y, ST_DIM, "a command: Tab completes, ↑ shows the last ones, ? lists all");
		return;
	}
	x += draw_text(area, x, y, ST_KEY, *c->args ? c->args : c->name) + 2;
	draw_text(area, x, y, ST_DIM, c->note);
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
	if (in->kind == INPUT_COMMAND) {
		command_hint(in, area, y);
		return;
	}
	if (in->n_bad)
		x += draw_text(area, x, y, ST_BAD, in->n_bad > 1 ? "unknown words" : "unknown word") + 2;
	if (*in->now) {
		x += draw_text(area, x, y, ST_DIM, "now ");
		x += draw_cut(area, x, y, area->w / 2, ST_TEXT, in->now);
		x += draw_text(area, x, y, ST_DIM, " (↑ edits it)") + 2;
	}
	draw_text(area, x, y, ST_DIM, kinds[in->kind].hint);
}

/* The columns of a token in the preview, with the mark that ends it. */
static int
token_width(struct app *a, const struct ct_span *t, char *buf, size_t size)
{
	const char *text = a->input.line.text;

	ct_text_piece(buf, size, text, a->input.line.len, t->start, t->end);
	return ct_text_width(buf) + 1;
}

void
input_tokens(struct app *a, const struct area *area, int y)
{
	const struct input *in = &a->input;
	int x = 8, right, width = 0, first, last = 0, context = a->study.info->context;
	bool over = in->n_tokens + 1 > context;
	char text[256];

	snprintf(text, sizeof text, "%d of %d tokens", in->n_tokens + 1, context);
	right = area->w - 1 - ct_text_width(text) - 2;
	draw_text(area, 1, y, ST_DIM, "tokens");
	draw_right(area, area->w - 1, y, over ? ST_BAD : ST_DIM, text);
	while (last < in->n_tokens && in->token[last].start < in->line.cur)
		last++;
	for (first = last; first > 0 && width < right - x - 2; first--)
		width += token_width(a, &in->token[first - 1], text, sizeof text);
	first += width > right - x - 2;
	if (first > 0)
		x += draw_text(area, x, y, ST_DIM, "…");
	for (int i = first; i < in->n_tokens && x < right; i++) {
		bool unknown = in->token[i].id < 0 && is_bad(a, in->token[i].start);

		token_width(a, &in->token[i], text, sizeof text);
		x += draw_cut(area, x, y, right - x, unknown ? ST_BAD : ST_TOKEN, text);
		x += draw_cut(area, x, y, right - x, ST_RULE, "│");
	}
}
