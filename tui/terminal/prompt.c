/* prompt: see prompt.h. */
#include "tui/terminal/prompt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "tui/terminal/key.h"

enum { HISTORY_MAX = 500 };

static size_t
step_left(const struct prompt *p, size_t at)
{
	while (at > 0 && ((unsigned char)p->text[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t
step_right(const struct prompt *p, size_t at)
{
	if (at < p->len)
		at++;
	while (at < p->len && ((unsigned char)p->text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || c == '_';
}

static size_t
word_left(const struct prompt *p, size_t at)
{
	while (at > 0 && !is_word(p->text[at - 1]))
		at--;
	while (at > 0 && is_word(p->text[at - 1]))
		at--;
	return at;
}

static size_t
word_right(const struct prompt *p, size_t at)
{
	while (at < p->len && !is_word(p->text[at]))
		at++;
	while (at < p->len && is_word(p->text[at]))
		at++;
	return at;
}

static size_t
blank_left(const struct prompt *p, size_t at)
{
	while (at > 0 && p->text[at - 1] == ' ')
		at--;
	while (at > 0 && p->text[at - 1] != ' ')
		at--;
	return at;
}

static void
erase(struct prompt *p, size_t from, size_t to, bool keep)
{
	if (from >= to)
		return;
	if (keep) {
		memcpy(p->cut, p->text + from, to - from);
		p->cut[to - from] = '\0';
	}
	memmove(p->text + from, p->text + to, p->len - to + 1);
	p->len -= to - from;
	p->cur = from;
}

void
prompt_start(struct prompt *p, const char *text, struct history *history)
{
	p->len = p->cur = 0;
	p->text[0] = '\0';
	p->history = history;
	p->at = history ? history->n : 0;
	p->draft[0] = '\0';
	/* A line taken from the history is already its last one: Up goes to the one before it. */
	if (p->at > 0 && strcmp(history->lines[p->at - 1], text) == 0)
		p->at--;
	prompt_insert(p, text, strlen(text));
}

void
prompt_insert(struct prompt *p, const char *s, size_t n)
{
	while (n > 0) {
		uint32_t cp;
		size_t k = (size_t)ct_utf8_decode(s, n, &cp);

		if (p->len + k >= sizeof p->text)
			return;
		if (cp >= 0x20 && cp != 0x7f && !(cp >= 0x80 && cp < 0xa0) && cp != 0xfffd) {
			memmove(p->text + p->cur + k, p->text + p->cur, p->len - p->cur + 1);
			memcpy(p->text + p->cur, s, k);
			p->cur += k;
			p->len += k;
		}
		s += k;
		n -= k;
	}
}

void
prompt_replace(struct prompt *p, size_t start, const char *s)
{
	erase(p, start, p->cur, false);
	prompt_insert(p, s, strlen(s));
}

static void
walk_history(struct prompt *p, int step)
{
	struct history *h = p->history;
	const char *line;

	if (!h || p->at + step < 0 || p->at + step > h->n)
		return;
	if (p->at == h->n)
		memcpy(p->draft, p->text, p->len + 1);
	p->at += step;
	line = p->at == h->n ? p->draft : h->lines[p->at];
	p->len = p->cur = 0;
	p->text[0] = '\0';
	prompt_insert(p, line, strlen(line));
}

static void
transpose(struct prompt *p)
{
	size_t mid, left, right;
	char c[4];

	if (p->cur == 0 || p->len < 2)
		return;
	right = p->cur < p->len ? step_right(p, p->cur) : p->len;
	mid = step_left(p, right);
	left = step_left(p, mid);
	if (mid == left)
		return;
	memcpy(c, p->text + mid, right - mid);
	memmove(p->text + left + (right - mid), p->text + left, mid - left);
	memcpy(p->text + left, c, right - mid);
	p->cur = right;
}

enum action {
	DONE, CANCEL, COMPLETE, LEFT, RIGHT, WORD_LEFT, WORD_RIGHT, HOME, END, OLDER, NEWER, ERASE_LEFT,
	ERASE_RIGHT, CUT_WORD, CUT_BLANK, CUT_WORD_RIGHT, CUT_LINE, CUT_REST, YANK, SWAP
};

static const struct {
	int key;
	enum action action;
	const char *name, *note;	/* NULL: one more key of the row above */
} edit_keys[] = {
	{ K_ENTER, DONE, "Enter", "accept the line" },
	{ K_CTRL | 'j', DONE, NULL, NULL },
	{ K_ESC, CANCEL, "Esc, Ctrl-c", "cancel and keep what was there before" },
	{ K_CTRL | 'c', CANCEL, NULL, NULL },
	{ K_CTRL | 'g', CANCEL, NULL, NULL },
	{ K_TAB, COMPLETE, "Tab", "complete; again: the next candidate" },
	{ K_LEFT, LEFT, "←, Ctrl-b", "left" },
	{ K_CTRL | 'b', LEFT, NULL, NULL },
	{ K_RIGHT, RIGHT, "→, Ctrl-f", "right" },
	{ K_CTRL | 'f', RIGHT, NULL, NULL },
	{ K_ALT | 'b', WORD_LEFT, "Alt-b, Ctrl-←", "a word to the left" },
	{ K_CTRL | K_LEFT, WORD_LEFT, NULL, NULL },
	{ K_ALT | 'f', WORD_RIGHT, "Alt-f, Ctrl-→", "a word to the right" },
	{ K_CTRL | K_RIGHT, WORD_RIGHT, NULL, NULL },
	{ K_HOME, HOME, "Home, Ctrl-a", "to the start" },
	{ K_CTRL | 'a', HOME, NULL, NULL },
	{ K_END, END, "End, Ctrl-e", "to the end" },
	{ K_CTRL | 'e', END, NULL, NULL },
	{ K_UP, OLDER, "↑, Ctrl-p", "the previous line of the history" },
	{ K_CTRL | 'p', OLDER, NULL, NULL },
	{ K_DOWN, NEWER, "↓, Ctrl-n", "the next line of the history" },
	{ K_CTRL | 'n', NEWER, NULL, NULL },
	{ K_BACKSPACE, ERASE_LEFT, "Backspace", "erase to the left" },
	{ K_CTRL | 'h', ERASE_LEFT, NULL, NULL },
	{ K_DELETE, ERASE_RIGHT, "Delete, Ctrl-d", "erase to the right" },
	{ K_CTRL | 'd', ERASE_RIGHT, NULL, NULL },
	{ K_CTRL | 'w', CUT_BLANK, "Ctrl-w", "cut back to a blank" },
	{ K_ALT | K_BACKSPACE, CUT_WORD, "Alt-Backspace", "cut the word to the left" },
	{ K_ALT | 'd', CUT_WORD_RIGHT, "Alt-d", "cut the word to the right" },
	{ K_CTRL | 'u', CUT_LINE, "Ctrl-u", "cut everything to the left" },
	{ K_CTRL | 'k', CUT_REST, "Ctrl-k", "cut everything to the right" },
	{ K_CTRL | 'y', YANK, "Ctrl-y", "put back what was cut last" },
	{ K_CTRL | 't', SWAP, "Ctrl-t", "swap two characters" },
};

const char *
prompt_help(int i, const char **note)
{
	for (size_t k = 0; k < sizeof edit_keys / sizeof *edit_keys; k++) {
		if (!edit_keys[k].name || i-- > 0)
			continue;
		*note = edit_keys[k].note;
		return edit_keys[k].name;
	}
	return NULL;
}

/* Does the actions that change the text. */
static enum prompt_result
edit(struct prompt *p, enum action action)
{
	size_t len = p->len;

	switch (action) {
	case ERASE_LEFT:
		erase(p, step_left(p, p->cur), p->cur, false);
		break;
	case ERASE_RIGHT:
		erase(p, p->cur, step_right(p, p->cur), false);
		break;
	case CUT_WORD:
		erase(p, word_left(p, p->cur), p->cur, true);
		break;
	case CUT_BLANK:
		erase(p, blank_left(p, p->cur), p->cur, true);
		break;
	case CUT_WORD_RIGHT:
		erase(p, p->cur, word_right(p, p->cur), true);
		break;
	case CUT_LINE:
		erase(p, 0, p->cur, true);
		break;
	case CUT_REST:
		erase(p, p->cur, p->len, true);
		break;
	case YANK:
		prompt_insert(p, p->cut, strlen(p->cut));
		break;
	case SWAP:
		transpose(p);
		return PROMPT_CHANGED;
	default:
		break;
	}
	return p->len != len ? PROMPT_CHANGED : PROMPT_MOVED;
}

static enum prompt_result
act(struct prompt *p, enum action action)
{
	switch (action) {
	case DONE:
		return PROMPT_DONE;
	case CANCEL:
		return PROMPT_CANCEL;
	case COMPLETE:
		return PROMPT_COMPLETE;
	case LEFT:
		p->cur = step_left(p, p->cur);
		return PROMPT_MOVED;
	case RIGHT:
		p->cur = step_right(p, p->cur);
		return PROMPT_MOVED;
	case WORD_LEFT:
		p->cur = word_left(p, p->cur);
		return PROMPT_MOVED;
	case WORD_RIGHT:
		p->cur = word_right(p, p->cur);
		return PROMPT_MOVED;
	case HOME:
		p->cur = 0;
		return PROMPT_MOVED;
	case END:
		p->cur = p->len;
		return PROMPT_MOVED;
	case OLDER:
		walk_history(p, -1);
		return PROMPT_CHANGED;
	case NEWER:
		walk_history(p, 1);
		return PROMPT_CHANGED;
	default:
		return edit(p, action);
	}
}

enum prompt_result
prompt_key(struct prompt *p, int key)
{
	char utf8[4];

	for (size_t i = 0; i < sizeof edit_keys / sizeof *edit_keys; i++)
		if (edit_keys[i].key == key)
			return act(p, edit_keys[i].action);
	if (key < 0x20 || key >= K_SPECIAL)
		return PROMPT_IGNORED;
	prompt_insert(p, utf8, (size_t)ct_utf8_encode((uint32_t)key, utf8));
	return PROMPT_CHANGED;
}

bool
history_add(struct history *h, const char *line)
{
	char **lines, *copy;

	if (!*line || (h->n && strcmp(h->lines[h->n - 1], line) == 0))
		return true;
	copy = strdup(line);
	if (!copy)
		return false;
	if (h->n == HISTORY_MAX) {
		free(h->lines[0]);
		memmove(h->lines, h->lines + 1, (HISTORY_MAX - 1) * sizeof *h->lines);
		h->lines[HISTORY_MAX - 1] = copy;
		h->fresh += h->fresh < h->n;
		return true;
	}
	lines = realloc(h->lines, (size_t)(h->n + 1) * sizeof *lines);
	if (!lines) {
		free(copy);
		return false;
	}
	h->lines = lines;
	h->lines[h->n++] = copy;
	h->fresh++;
	return true;
}

int
history_load(struct history *h, const char *path, struct ct_error *err)
{
	char *data, *line, *next;
	size_t n;
	int code;

	if (!ct_file_exists(path))
		return CT_OK;
	code = ct_file_read(&data, &n, path, 4 << 20, err);
	if (code != CT_OK)
		return code;
	for (line = data; line && *line && code == CT_OK; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!history_add(h, line))
			code = ct_fail_memory(err, strlen(line), "the history");
	}
	h->fresh = 0;
	free(data);
	return code;
}

static int
write_lines(const struct history *h, const char *path, struct ct_error *err)
{
	size_t size = 1, at = 0;
	char *data;
	int code;

	for (int i = 0; i < h->n; i++)
		size += strlen(h->lines[i]) + 1;
	data = malloc(size);
	if (!data)
		return ct_fail_memory(err, size, "the history");
	for (int i = 0; i < h->n; i++) {
		size_t n = strlen(h->lines[i]);

		memcpy(data + at, h->lines[i], n);
		at += n;
		data[at++] = '\n';
	}
	code = ct_file_replace(path, data, at, err);
	free(data);
	return code;
}

int
history_keep(struct history *h, const char *path, struct ct_error *err)
{
	struct history all = { .lines = NULL };
	int lock, code = ct_file_lock(&lock, path, err);

	if (code != CT_OK)
		return code;
	code = history_load(&all, path, err);
	for (int i = h->n - h->fresh; i < h->n && code == CT_OK; i++)
		if (!history_add(&all, h->lines[i]))
			code = ct_fail_memory(err, strlen(h->lines[i]), "the history");
	if (code == CT_OK)
		code = write_lines(&all, path, err);
	if (code == CT_OK)
		h->fresh = 0;
	ct_file_unlock(lock);
	history_free(&all);
	return code;
}

void
history_free(struct history *h)
{
	for (int i = 0; i < h->n; i++)
		free(h->lines[i]);
	free(h->lines);
	*h = (struct history){ .lines = NULL };
}
