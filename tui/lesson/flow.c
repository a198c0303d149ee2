/* flow: see flow.h. */
#include "tui/lesson/flow.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "tui/terminal/draw.h"

/* The next word of a text, sanitised and without the quotes around keys. Returns its length in the text. */
static size_t
next_word(const char *text, char *out, size_t size)
{
	size_t n = strcspn(text, " \n\t"), kept = 0;
	char raw[256];

	for (size_t i = 0; i < n && kept < sizeof raw; i++)
		if (text[i] != '`')
			raw[kept++] = text[i];
	ct_text_clean(out, size, raw, kept);
	return n;
}

/* Draws one word; *key: whether it is between the quotes of a key. */
static void
draw_word(const struct area *area, int x, int y, enum style style, const char *word, size_t n, bool *key)
{
	size_t i = 0;

	while (i < n) {
		size_t run = 0;
		char piece[256], clean[1024];

		if (word[i] == '`') {
			*key = !*key;
			i++;
			continue;
		}
		while (i + run < n && word[i + run] != '`' && run < sizeof piece)
			run++;
		ct_text_clean(clean, sizeof clean, word + i, run);
		x += draw_text(area, x, y, *key ? ST_KEY : style, clean);
		i += run;
	}
}

int
flow_draw(const struct area *area, int x, int y, int width, enum style style, const char *text)
{
	int column = 0, line = 0;
	bool key = false;

	for (text += strspn(text, " \n\t"); *text; text += strspn(text, " \n\t")) {
		char word[1024];
		size_t n = next_word(text, word, sizeof word);
		int w = ct_text_width(word);

		if (column > 0 && column + 1 + w > width) {
			column = 0;
			line++;
		}
		column += column > 0;
		if (area)
			draw_word(area, x + column, y + line, style, text, n, &key);
		column += w;
		text += n;
	}
	return line + (column > 0);
}

int
flow_lines(const char *text, int width)
{
	return flow_draw(NULL, 0, 0, width, ST_TEXT, text);
}
