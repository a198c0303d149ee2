/* mdoc: see mdoc.h. */
#include "tui/language/mdoc.h"

#include <string.h>

enum { WIDTH = 70 };

static void
put(FILE *out, const char *s, size_t n)
{
	/* A single bracket or colon would be punctuation; a leading dot or quote would be a request. */
	if (n == 1 || *s == '.' || *s == '\'')
		fputs("\\&", out);
	for (; n > 0; s++, n--) {
		if (*s == '\\')
			fputs("\\e", out);
		else if (*s == '-')
			fputs("\\-", out);
		else if (*s == '"')
			fputs("\\(dq", out);
		else
			fputc(*s, out);
	}
}

static void
words(FILE *out, const char *s, size_t width)
{
	size_t used = 0;

	while (*s) {
		size_t n = strcspn(s, " ");

		if (used && width && used + 1 + n > width) {
			fputc('\n', out);
			used = 0;
		} else if (used) {
			fputc(' ', out);
		}
		put(out, s, n);
		used += 1 + n;
		s += n;
		s += strspn(s, " ");
	}
}

void
mdoc_word(FILE *out, const char *s)
{
	words(out, s, 0);
}

void
mdoc_text(FILE *out, const char *s)
{
	words(out, s, WIDTH);
	fputc('\n', out);
}
