/* notes: see notes.h. */
#include "base/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
ct_note(struct ct_notes *notes, const char *fmt, ...)
{
	char line[CT_NOTE_SIZE];
	va_list ap;

	if (!notes)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	for (int i = 0; i < notes->n; i++)
		if (strcmp(notes->text[i], line) == 0)
			return;
	if (notes->n == CT_MAX_NOTES)
		notes->more++;
	else
		memcpy(notes->text[notes->n++], line, sizeof line);
}

void
ct_notes_add(struct ct_notes *notes, const struct ct_notes *more)
{
	for (int i = 0; i < more->n; i++)
		ct_note(notes, "%s", more->text[i]);
	notes->more += more->more;
}
